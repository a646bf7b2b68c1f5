//! The swap, on real files.
