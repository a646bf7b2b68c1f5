//! A request's way through the steps, on pingora.
