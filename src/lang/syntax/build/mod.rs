//! From pest's tree of one piece to ours.
//!
//! A `build` function returns `None` only when the piece nests too deep (which it reports) or when
//! the grammar and this module disagree, which the tests over the corpus would show. Numbers are
//! read here, so mistakes in them are reported here too.

mod declaration;
mod expression;
mod literal;
mod matching;
mod rules;
mod statement;

use std::ops::Range;

use pest::Span as PestSpan;

use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{FileId, Span};

use super::ast::{Declaration, Name, Path, Version};
use super::grammar::{Pair, Rule};

/// Where a piece lies in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The file.
    pub(super) file: FileId,
    /// The byte of the file at which the piece's text begins.
    pub(super) base: usize,
    /// The first byte of the file that is the piece's; spans do not reach before it.
    pub(super) start: usize,
    /// The byte of the file behind the piece; no span reaches beyond it.
    pub(super) end: usize,
}

impl Place {
    /// The span in the file of a range in the piece's text.
    pub(super) fn span(self, range: Range<usize>) -> Span {
        let clamp = |offset: usize| (self.base + offset).min(self.end).max(self.start);
        Span::new(self.file, clamp(range.start)..clamp(range.end))
    }
}

/// Builds the tree of one piece.
pub(super) struct Builder<'d> {
    place: Place,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'d> Builder<'d> {
    /// A builder for the piece at `place`.
    pub(super) fn new(place: Place, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self { place, diagnostics }
    }

    /// The declaration that `pair` is.
    pub(super) fn declaration(&mut self, pair: Pair<'_>) -> Option<Declaration> {
        Some(match pair.as_rule() {
            Rule::include => Declaration::Include(self.include(pair)?),
            Rule::constant => Declaration::Const(self.constant(pair)?),
            Rule::backend => Declaration::Backend(self.attribute_block(pair)?),
            Rule::probe => Declaration::Probe(self.attribute_block(pair)?),
            Rule::director => Declaration::Director(self.director(pair)?),
            Rule::acl => Declaration::Acl(self.acl(pair)?),
            Rule::table => Declaration::Table(self.table(pair)?),
            Rule::sub => Declaration::Sub(self.sub(pair)?),
            Rule::override_sub => Declaration::Override(self.sub(pair)?),
            Rule::rules => Declaration::Rules(self.rules(pair)?),
            Rule::normalize => Declaration::Normalize(self.normalize(pair)?),
            _ => return None,
        })
    }

    /// The version line that `pair` is; `None` if its number is no whole number.
    pub(super) fn version(&self, pair: Pair<'_>) -> Option<Version> {
        let span = self.span(&pair);
        let number = child(pair, Rule::number)?.as_str().parse().ok()?;
        Some(Version { number, span })
    }

    fn span(&self, pair: &Pair<'_>) -> Span {
        self.span_of(pair.as_span())
    }

    fn span_of(&self, span: PestSpan<'_>) -> Span {
        self.place.span(span.start()..span.end())
    }

    fn name(&self, pair: &Pair<'_>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// A dotted name as one name: `builtin.cookie`.
    fn dotted_name(&self, pair: &Pair<'_>) -> Name {
        self.name(pair)
    }

    fn path(&self, pair: Pair<'_>) -> Path {
        let span = self.span(&pair);
        let parts = pair.into_inner().filter(|part| part.as_rule() != Rule::dot);
        let parts = parts.map(|part| if part.as_rule() == Rule::string { self.text(&part) } else { self.name(&part) });
        Path { parts: parts.collect(), span }
    }

    /// A string literal: the text between the quotes, the span with them.
    fn text(&self, pair: &Pair<'_>) -> Name {
        Name { text: literal::unquote(pair.as_str()).to_owned(), span: self.span(pair) }
    }
}

/// The first child of that rule.
fn child(pair: Pair<'_>, rule: Rule) -> Option<Pair<'_>> {
    pair.into_inner().find(|inner| inner.as_rule() == rule)
}
