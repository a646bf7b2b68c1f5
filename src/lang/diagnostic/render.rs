//! Diagnostics as text for people (miette) and as JSON for programs.
