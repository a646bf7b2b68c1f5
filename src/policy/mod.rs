//! The running policy: load, watch, swap.
