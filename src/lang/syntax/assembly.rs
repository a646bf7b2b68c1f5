//! Declarations put together from parts that are parsed alone: statements, arms, rows, entries.
//!
//! This is the way of a text without mistakes. The parts are those of [`unit`], each is parsed as a text of its shape
//! ([`Shapes`]), and what holds them is parsed with nothing between its braces. So memory and time are those of the
//! parts, however long a ladder or a table is. What cannot be put together is parsed whole, and mended, elsewhere.

use std::ops::Range;

use crate::lang::lexer::TokenKind;
use crate::lang::source::Span;

use super::ast::{
    Acl, AclEntry, Arm, Block, Declaration, If, Rules, Statement, StatementKind, Sub, Table, TableEntry, TableSource,
};
use super::build::{Builder, Place};
use super::grammar::Rule;
use super::parsed::{Node, Text};
use super::shape::Shapes;
use super::stream::{Stream, Tok};
use super::unit::{self, Section};

/// What declarations are put together with.
pub(super) struct Assembly<'a, 's> {
    pub(super) stream: &'a Stream<'s>,
    /// The whole file.
    pub(super) place: Place,
    pub(super) shapes: &'a mut Shapes,
    pub(super) builder: Builder<'a>,
    /// The tokens of the part that is parsed.
    pub(super) toks: Vec<Tok>,
}

impl<'a> Assembly<'a, '_> {
    /// The declaration that is made of these tokens; `None` if it is to be parsed whole. `section` is what stands
    /// between its braces.
    pub(super) fn declaration(&mut self, toks: Range<usize>, section: Option<Section>) -> Option<Declaration> {
        let body = section.filter(|section| section.is_list()).and_then(|_| self.body(&toks));
        let Some(body) = body else { return self.part(Rule::declaration_piece, toks, Builder::declaration) };
        self.take(toks.start..body.start);
        self.add(body.end..toks.end);
        let declared = self.parse(Rule::declaration_piece, Builder::declaration)?;
        self.filled(declared, body)
    }

    /// The tokens between the outermost braces.
    fn body(&self, toks: &Range<usize>) -> Option<Range<usize>> {
        let is_open = |tok: &Tok| tok.kind == TokenKind::BraceOpen;
        let opener = toks.start + self.stream.toks.get(toks.clone())?.iter().position(is_open)?;
        (opener + 1 < toks.end).then(|| opener + 1..toks.end - 1)
    }

    /// A declaration with what stands between its braces.
    fn filled(&mut self, declared: Declaration, body: Range<usize>) -> Option<Declaration> {
        Some(match declared {
            Declaration::Sub(sub) => Declaration::Sub(Sub { body: self.block(sub.body.span, body)?, ..sub }),
            Declaration::Override(sub) => Declaration::Override(Sub { body: self.block(sub.body.span, body)?, ..sub }),
            Declaration::Acl(acl) => Declaration::Acl(Acl { entries: self.entries(body)?, ..acl }),
            Declaration::Table(table) => {
                Declaration::Table(Table { source: TableSource::Entries(self.data(body)?), ..table })
            }
            Declaration::Rules(rules) => Declaration::Rules(self.rows(rules, body)?),
            _ => return None,
        })
    }

    fn entries(&mut self, body: Range<usize>) -> Option<Vec<AclEntry>> {
        let parts = unit::parts(self.stream, Section::Entries, body);
        parts.into_iter().map(|part| self.part(Rule::acl_piece, part, |_, node| Builder::acl_entry(node))).collect()
    }

    fn data(&mut self, body: Range<usize>) -> Option<Vec<TableEntry>> {
        let parts = unit::parts(self.stream, Section::Data, body);
        let mut entries = Vec::with_capacity(parts.len());
        let count = parts.len();
        for (at, part) in (1..).zip(parts) {
            // Alone, an entry that lacks the comma behind it would not be missed.
            let is_ended = at == count || self.stream.kind(part.end - 1) == Some(TokenKind::Comma);
            is_ended.then_some(())?;
            entries.extend(self.part(Rule::table_piece, part, Builder::entries)?);
        }
        Some(entries)
    }

    fn rows(&mut self, mut rules: Rules, body: Range<usize>) -> Option<Rules> {
        let parts = unit::parts(self.stream, Section::Rows, body);
        rules.rows.reserve_exact(parts.len());
        for part in parts {
            let row = self.part(Rule::row_piece, part, Builder::row)?;
            match row.condition {
                // Nothing follows the `else` row.
                _ if rules.otherwise.is_some() => return None,
                Some(_) => rules.rows.push(row),
                None => rules.otherwise = Some(row),
            }
        }
        Some(rules)
    }

    /// The block at `span`, between the braces of which `body` stands.
    fn block(&mut self, span: Span, body: Range<usize>) -> Option<Block> {
        let parts = unit::parts(self.stream, Section::Statements, body);
        let mut statements = Vec::with_capacity(parts.len());
        for part in parts {
            statements.push(self.statement(part)?);
        }
        Some(Block { statements, span })
    }

    fn statement(&mut self, part: Range<usize>) -> Option<Statement> {
        let blocks = unit::blocks(self.stream, part.clone());
        if blocks.is_empty() || self.stream.leading_word(part.start) != "if" {
            return self.part(Rule::statement_piece, part, Builder::statement);
        }
        self.ladder(part, &blocks)
    }

    /// An `if` with these blocks: each arm is parsed with its block empty, and the block apart.
    fn ladder(&mut self, part: Range<usize>, blocks: &[Range<usize>]) -> Option<Statement> {
        let (first, others) = blocks.split_first()?;
        self.take_arm(part.start, first);
        let head = self.parse(Rule::statement_piece, Builder::statement)?;
        let StatementKind::If(If { mut arms, otherwise: None }) = head.kind else { return None };
        arms.reserve_exact(others.len());
        let arm = arms.pop().filter(|_| arms.is_empty())?;
        let (mut span, mut otherwise) = (head.span, None);
        arms.push(Arm { block: self.block(arm.block.span, first.clone())?, ..arm });
        let mut next = first.end + 1;
        for block in others {
            if otherwise.is_some() {
                return None;
            }
            self.take_arm(next, block);
            if block.start - next == ELSE.len() {
                let last = self.parse(Rule::otherwise, Builder::otherwise)?;
                otherwise = Some(self.block(last.span, block.clone())?);
            } else {
                let arm = self.parse(Rule::else_if, Builder::arm)?;
                arms.push(Arm { block: self.block(arm.block.span, block.clone())?, ..arm });
            }
            next = block.end + 1;
        }
        let last = otherwise.as_ref().or(arms.last().map(|arm| &arm.block))?;
        span = span.to(last.span);
        (next == part.end).then_some(Statement { kind: StatementKind::If(If { arms, otherwise }), span })
    }

    /// Takes the tokens of an arm that begins at `start`, but for what its block holds.
    fn take_arm(&mut self, start: usize, block: &Range<usize>) {
        self.take(start..block.start);
        self.add(block.end..block.end + 1);
    }

    fn take(&mut self, toks: Range<usize>) {
        self.toks.clear();
        self.add(toks);
    }

    fn add(&mut self, toks: Range<usize>) {
        self.toks.extend_from_slice(self.stream.toks.get(toks).unwrap_or_default());
    }

    fn part<T>(
        &mut self,
        rule: Rule,
        toks: Range<usize>,
        build: fn(&mut Builder<'a>, Node<'_>) -> Option<T>,
    ) -> Option<T> {
        self.take(toks);
        self.parse(rule, build)
    }

    /// Parses the tokens that were taken, all of them.
    fn parse<T>(&mut self, rule: Rule, build: fn(&mut Builder<'a>, Node<'_>) -> Option<T>) -> Option<T> {
        let parsed = self.shapes.parse(rule, self.stream, &self.toks)?;
        let text = Text { written: self.stream.text, toks: &self.toks, place: self.place };
        build(&mut self.builder, parsed.root(&text)?)
    }
}

/// The tokens in front of the last block of an `if`.
const ELSE: [&str; 2] = ["else", "{"];
