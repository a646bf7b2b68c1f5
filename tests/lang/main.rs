//! The language and its tools at the boundaries where policy authors meet them. No server.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod ci;
mod cli;
mod decision;
mod difference;
mod docs;
mod editors;
mod examples;
mod flaws;
mod lexer;
mod lint;
mod prove;
mod replay;
mod syntax;
mod testing;
