//! The `.warp` language: from text to a typed policy.
//!
//! The rooms in the order in which the data walks through them: [`source`] (files and spans),
//! [`lexer`] (lossless tokens), [`syntax`] (the tree), [`check`] (names, types, steps) and
//! [`hir`] (the resolved, typed policy), with [`schema`] as the one list of the vocabulary and
//! [`diagnostic`] as the one form of mistakes. Nothing here does I/O, reads a clock or knows the
//! proxy.

pub mod builtin;
pub mod check;
pub mod diagnostic;
pub mod hir;
pub mod lexer;
pub mod schema;
pub mod source;
pub mod suppress;
pub mod syntax;
