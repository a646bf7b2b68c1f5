//! What pest says of a text, with tokens for places: the same for all texts of one shape.

use std::ops::Range;

use crate::lang::source::Span;

use super::build::Place;
use super::grammar::{Pairs, Rule};
use super::stream::Tok;

/// Nodes of pest's tree, each in front of its children. Rules that stand for their only child, as most do on the way
/// from an expression down to a literal, are left out.
#[derive(Debug)]
pub(super) struct Parsed {
    nodes: Box<[Entry]>,
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    /// The number of its first token.
    first: u32,
    /// The number of its last token.
    last: u32,
    /// How many nodes it has, itself among them.
    size: u32,
}

impl Parsed {
    /// The tree that `pairs` are, over the tokens of the text; `None` if a terminal is not made of tokens, which the
    /// tests of the grammar rule out.
    pub(super) fn new(pairs: &Pairs<'_>, toks: &[Tok]) -> Option<Self> {
        let mut growing = Growing { toks, nodes: Vec::new(), open: Vec::new(), next: 0 };
        for token in pairs.clone().tokens() {
            match token {
                pest::Token::Start { rule: Rule::EOI, .. } | pest::Token::End { rule: Rule::EOI, .. } => {}
                pest::Token::Start { rule, pos } => growing.enter(rule, pos.pos())?,
                pest::Token::End { pos, .. } => growing.leave(pos.pos())?,
            }
        }
        Some(Self { nodes: growing.nodes.into() })
    }

    /// Whether it is one node made of all of so many tokens.
    pub(super) fn is_one_of(&self, tokens: usize) -> bool {
        self.nodes.first().is_some_and(|root| {
            root.size as usize == self.nodes.len() && root.first == 0 && root.last as usize + 1 == tokens
        })
    }

    /// The first node, over the tokens of a text of that shape.
    pub(super) fn root<'p>(&'p self, text: &'p Text<'p>) -> Option<Node<'p>> {
        let entry = self.nodes.first()?;
        Some(Node { parsed: self, entry, at: 0, text })
    }
}

/// A tree of which the end is not known.
struct Growing<'t> {
    toks: &'t [Tok],
    nodes: Vec<Entry>,
    /// The nodes that are not ended, outermost first.
    open: Vec<usize>,
    /// The token that comes next.
    next: usize,
}

impl Growing<'_> {
    fn enter(&mut self, rule: Rule, start: usize) -> Option<()> {
        while self.toks.get(self.next).is_some_and(|tok| (tok.start as usize) < start) {
            self.next += 1;
        }
        let first = u32::try_from(self.next).ok()?;
        self.open.push(self.nodes.len());
        self.nodes.push(Entry { rule, first, last: first, size: 1 });
        Some(())
    }

    /// Ends the innermost node. Behind its last terminal pest counts white space as part of it; here nothing is.
    fn leave(&mut self, end: usize) -> Option<()> {
        let at = self.open.pop()?;
        let size = self.nodes.len() - at;
        if size == 1 {
            self.end_terminal(at, end)?;
        }
        let last = self.nodes.last()?.last;
        let node = self.nodes.get_mut(at)?;
        (node.last, node.size) = (last, u32::try_from(size).ok()?);
        let is_alone = self.nodes.get(at + 1).is_some_and(|child| child.size as usize + 1 == size);
        if is_alone && stands_for_its_child(self.nodes.get(at)?.rule) {
            self.nodes.remove(at);
        }
        Some(())
    }

    fn end_terminal(&mut self, at: usize, end: usize) -> Option<()> {
        while self.toks.get(self.next).is_some_and(|tok| (tok.end as usize) < end) {
            self.next += 1;
        }
        self.toks.get(self.next).filter(|tok| tok.end as usize == end)?;
        self.nodes.get_mut(at)?.last = u32::try_from(self.next).ok()?;
        self.next += 1;
        Some(())
    }
}

/// Whether the rule means nothing when there is but one part of it.
fn stands_for_its_child(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::conjunction
            | Rule::negation
            | Rule::comparison
            | Rule::fallback
            | Rule::sum
            | Rule::product
            | Rule::unary
    )
}

/// The text that a tree is read over.
pub(super) struct Text<'p> {
    /// What the tokens count in.
    pub(super) written: &'p str,
    /// The tokens of the tree.
    pub(super) toks: &'p [Tok],
    /// Where the text lies in its file.
    pub(super) place: Place,
}

/// A node of a tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'p> {
    parsed: &'p Parsed,
    entry: &'p Entry,
    at: usize,
    text: &'p Text<'p>,
}

impl<'p> Node<'p> {
    /// The rule of the grammar.
    pub(super) fn rule(&self) -> Rule {
        self.entry.rule
    }

    /// Its parts in order.
    pub(super) fn children(&self) -> Children<'p> {
        let end = self.at + self.entry.size as usize;
        Children { parsed: self.parsed, at: self.at + 1, end, text: self.text }
    }

    /// Its first part of that rule.
    pub(super) fn child(&self, rule: Rule) -> Option<Self> {
        self.children().find(|child| child.rule() == rule)
    }

    /// How many tokens it is made of.
    pub(super) fn tokens(&self) -> usize {
        (self.entry.last - self.entry.first) as usize + 1
    }

    /// As written.
    pub(super) fn text(&self) -> &'p str {
        self.text.written.get(self.bytes()).unwrap_or_default()
    }

    /// Where it stands in the file.
    pub(super) fn span(&self) -> Span {
        self.text.place.span(self.bytes())
    }

    fn bytes(&self) -> Range<usize> {
        let tok = |number: u32| self.text.toks.get(number as usize);
        let start = tok(self.entry.first).map_or(0, |tok| tok.start as usize);
        start..tok(self.entry.last).map_or(start, |tok| tok.end as usize)
    }
}

/// The parts of a node.
#[derive(Clone)]
pub(super) struct Children<'p> {
    parsed: &'p Parsed,
    at: usize,
    end: usize,
    text: &'p Text<'p>,
}

impl<'p> Iterator for Children<'p> {
    type Item = Node<'p>;

    fn next(&mut self) -> Option<Node<'p>> {
        let at = self.at;
        let entry = self.parsed.nodes.get(at).filter(|_| at < self.end)?;
        self.at += entry.size as usize;
        Some(Node { parsed: self.parsed, entry, at, text: self.text })
    }
}
