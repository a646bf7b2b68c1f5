//! RFC 9111 as pure functions.
