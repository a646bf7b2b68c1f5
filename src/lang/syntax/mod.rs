//! From tokens to the syntax tree.
//!
//! `grammar/warp.pest` is the normative grammar. pest stops at its first error, so the file is cut
//! into declarations by tokens first, each is parsed alone, and what fails is cut further (rows of
//! a table, statements of a sub): one run reports every mistake.

pub mod ast;

mod build;
mod cut;
mod grammar;
mod stream;

pub use ast::SyntaxTree;

use pest::Parser as _;

use super::diagnostic::{Code, Diagnostic};
use super::source::{FileId, SourceFile};

use build::{Builder, Place};
use cut::Piece;
use grammar::{Grammar, Rule};
use stream::Stream;

/// Parses one file. Never fails: what cannot be understood is left out of the tree and reported.
#[must_use]
pub fn parse(file: FileId, source: &SourceFile) -> (SyntaxTree, Vec<Diagnostic>) {
    let stream = Stream::new(source.text());
    let mut parser = Parser {
        stream: &stream,
        tree: SyntaxTree { file, version: None, declarations: Vec::new() },
        diagnostics: Vec::new(),
    };
    for piece in cut::pieces(&stream) {
        parser.piece(&piece);
    }
    (parser.tree, parser.diagnostics)
}

struct Parser<'a, 's> {
    stream: &'a Stream<'s>,
    tree: SyntaxTree,
    diagnostics: Vec<Diagnostic>,
}

impl Parser<'_, '_> {
    fn piece(&mut self, piece: &Piece) {
        let (Some(first), Some(last)) = (self.stream.tok(piece.toks.start), self.stream.tok(piece.toks.end - 1)) else {
            return;
        };
        let place = Place { file: self.tree.file, base: first.start as usize, end: last.end as usize };
        if let Some(deep) = piece.too_deep.and_then(|deep| self.stream.tok(deep)) {
            let at = deep.start as usize - place.base;
            return self.diagnostics.push(Diagnostic::new(Code::E0108, place.span(at..at + 1), "nested too deep"));
        }
        let text = self.stream.text.get(place.base..place.end).unwrap_or_default();
        let is_version = self.stream.word(piece.toks.start) == "warp";
        let rule = if is_version { Rule::version_piece } else { Rule::declaration_piece };
        match Grammar::parse(rule, text) {
            Ok(mut pairs) => {
                let mut builder = Builder::new(place, &mut self.diagnostics);
                let Some(pair) = pairs.next() else { return };
                if is_version {
                    self.tree.version = builder.version(pair);
                } else {
                    self.tree.declarations.extend(builder.declaration(pair));
                }
            }
            Err(error) => {
                let at = match error.location {
                    pest::error::InputLocation::Pos(at) => at..at,
                    pest::error::InputLocation::Span((start, end)) => start..end,
                };
                self.diagnostics.push(Diagnostic::new(Code::E0101, place.span(at), error.variant.message()));
            }
        }
    }
}
