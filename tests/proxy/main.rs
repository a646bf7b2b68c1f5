//! The proxy as its users meet it: the real binary, real origins, real sockets.

#[path = "../support/mod.rs"]
mod support;

mod support_works;
