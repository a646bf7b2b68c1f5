//! From what pest says of one piece to our tree.
//!
//! A `build` function returns `None` only when the piece nests too deep (which it reports) or when
//! the grammar and this module disagree, which the tests over the corpus would show. Numbers are
//! read here, so mistakes in them are reported here too.

mod declaration;
mod expression;
mod function;
mod literal;
mod matching;
mod rules;
mod statement;
mod trial;

use std::ops::Range;

use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{FileId, Span};

use super::ast::{Declaration, Name, Path, Version};
use super::grammar::Rule;
use super::parsed::Node;

pub(super) use expression::{MAX_EXPRESSION_DEPTH, too_long};

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
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'d> Builder<'d> {
    /// A builder that reports there.
    pub(super) fn new(diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self { diagnostics }
    }

    /// The declaration that `node` is.
    pub(super) fn declaration(&mut self, node: Node<'_>) -> Option<Declaration> {
        Some(match node.rule() {
            Rule::include => Declaration::Include(Self::include(node)?),
            Rule::site => Declaration::Site(Self::site(node)?),
            Rule::constant => Declaration::Const(self.constant(node)?),
            Rule::backend => Declaration::Backend(self.attribute_block(node)?),
            Rule::probe => Declaration::Probe(self.attribute_block(node)?),
            Rule::director => Declaration::Director(self.director(node)?),
            Rule::acl => Declaration::Acl(Self::acl(node)?),
            Rule::table => Declaration::Table(self.table(node)?),
            Rule::function => Declaration::Function(self.function(node)?),
            Rule::sub => Declaration::Sub(self.sub(node)?),
            Rule::override_sub => Declaration::Override(self.sub(node)?),
            Rule::rules => Declaration::Rules(self.rules(node)?),
            Rule::normalize => Declaration::Normalize(Self::normalize(node)?),
            Rule::key => Declaration::Key(self.key(node)?),
            Rule::invariant => Declaration::Invariant(self.invariant(node)?),
            Rule::trial => Declaration::Test(self.trial(node)?),
            _ => return None,
        })
    }

    /// The version line that `node` is; `None` if its number is no whole number.
    pub(super) fn version(node: Node<'_>) -> Option<Version> {
        let span = node.span();
        let number = node.child(Rule::number)?.text().parse().ok()?;
        Some(Version { number, span })
    }

    fn name(node: &Node<'_>) -> Name {
        Name { text: node.text().into(), span: node.span() }
    }

    /// A dotted name as one name: `builtin.cookie`.
    fn dotted_name(node: &Node<'_>) -> Name {
        Self::name(node)
    }

    fn path(node: Node<'_>) -> Path {
        let span = node.span();
        // A dot stands between two names.
        let mut parts = Vec::with_capacity(node.tokens().div_ceil(2));
        for part in node.children() {
            match part.rule() {
                Rule::dot => {}
                Rule::string => parts.push(Self::text(&part)),
                _ => parts.push(Self::name(&part)),
            }
        }
        Path { parts, span }
    }

    /// A string literal: the text between the quotes, the span with them.
    fn text(node: &Node<'_>) -> Name {
        Name { text: literal::unquote(node.text()).into(), span: node.span() }
    }
}
