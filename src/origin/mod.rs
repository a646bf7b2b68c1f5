//! Backends: where they are, how they are reached, whether they are healthy.
