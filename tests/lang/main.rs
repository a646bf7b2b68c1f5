//! The language and its tools at the boundaries where policy authors meet them. No server.

mod check;
mod cli;
mod decision;
mod editors;
mod lexer;
mod syntax;
