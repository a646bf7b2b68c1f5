//! From tokens to the syntax tree.
//!
//! `grammar/warp.pest` is the normative grammar. pest stops at its first error, so the file is cut
//! into declarations by tokens first, each is parsed alone, and what fails is cut further (rows of
//! a table, statements of a sub): one run reports every mistake. What names mean is left to
//! [`check`](super::check).

pub mod ast;

mod bracket;
mod build;
mod cut;
mod expected;
mod grammar;
mod head;
mod lexical;
mod limits;
mod mistake;
mod piece;
mod recover;
mod stream;
mod unit;

pub use ast::SyntaxTree;

use super::diagnostic::Diagnostic;
use super::source::{FileId, SourceFile};

use piece::Parser;
use stream::Stream;

/// Parses one file. Never fails: what cannot be understood is left out of the tree and reported.
///
/// The diagnostics come in the order of their places; there are at most 101 of them, the last one
/// saying that there is more. Time is linear in the text, whatever it holds; the depth of the tree
/// is bounded, so that walks over it may recurse.
#[must_use]
pub fn parse(file: FileId, source: &SourceFile) -> (SyntaxTree, Vec<Diagnostic>) {
    let stream = Stream::new(source.text());
    let mut parser = Parser::new(&stream, file);
    parser.run();
    let Parser { tree, mut diagnostics, stopped, .. } = parser;
    limits::settle(file, &mut diagnostics, stopped);
    (tree, diagnostics)
}
