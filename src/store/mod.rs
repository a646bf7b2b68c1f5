//! Where responses are kept.
