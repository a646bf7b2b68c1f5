//! Rule tables, `normalize` and `key`.

use smol_str::SmolStr;

use crate::lang::schema::{KEY_PIECE, RuleTable};

use super::super::ast::{
    Invariant, Key, KeyPart, Name, Normalize, NormalizeClause, NormalizeOperation, RuleRow, RuleStep, RuleStepKind,
    Rules, Statement, StatementKind,
};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;

impl Builder<'_> {
    pub(super) fn rules(&mut self, node: Node<'_>) -> Option<Rules> {
        let span = node.span();
        let (mut table, mut unique, mut rows, mut otherwise) = (None, None, Vec::new(), None);
        for part in node.children() {
            match part.rule() {
                Rule::kw_request => table = Some((RuleTable::Request, part.span())),
                Rule::kw_response => table = Some((RuleTable::Response, part.span())),
                Rule::kw_unique => unique = Some(part.span()),
                Rule::row => rows.push(self.row(part)?),
                Rule::else_row => otherwise = Some(self.row(part)?),
                _ => {}
            }
        }
        let (table, table_span) = table?;
        Some(Rules { table, table_span, unique, rows, otherwise, span })
    }

    /// A row, with a condition or the last one without.
    pub(in super::super) fn row(&mut self, node: Node<'_>) -> Option<RuleRow> {
        let span = node.span();
        let steps = node.children().filter(|part| part.rule() == Rule::step).count();
        let (mut condition, mut actions) = (None, Vec::with_capacity(steps));
        for part in node.children() {
            match part.rule() {
                Rule::expression => condition = Some(self.expression(part, 0)?),
                Rule::step => actions.push(self.step(part)?),
                _ => {}
            }
        }
        Some(RuleRow { condition, actions, span })
    }

    fn step(&mut self, node: Node<'_>) -> Option<RuleStep> {
        let span = node.span();
        let part = node.children().next()?;
        let statement = |kind: StatementKind| RuleStepKind::Statement(Box::new(Statement { kind, span }));
        let kind = match part.rule() {
            Rule::set => statement(self.set(part)?),
            Rule::unset => statement(Self::unset(part)?),
            Rule::call => statement(Self::call(part)?),
            _ => self.rule_action(part)?,
        };
        Some(RuleStep { kind, span })
    }

    fn rule_action(&mut self, node: Node<'_>) -> Option<RuleStepKind> {
        let mut inner = node.children();
        let name = Self::name(&inner.next()?);
        let operands = inner.map(|operand| self.expression(operand, 0)).collect::<Option<_>>()?;
        Some(RuleStepKind::Action { name, operands })
    }

    pub(super) fn normalize(node: Node<'_>) -> Option<Normalize> {
        let span = node.span();
        let clauses = node.children().filter(|part| part.rule() == Rule::clause);
        Some(Normalize { clauses: clauses.map(Self::clause).collect::<Option<_>>()?, span })
    }

    fn clause(node: Node<'_>) -> Option<NormalizeClause> {
        let span = node.span();
        let mut inner = node.children();
        let subject = Self::name(&inner.next()?);
        let operations = inner.filter(|part| part.rule() == Rule::operation);
        let operations = operations.map(Self::operation).collect::<Option<_>>()?;
        Some(NormalizeClause { subject, operations, span })
    }

    fn operation(node: Node<'_>) -> Option<NormalizeOperation> {
        let span = node.span();
        let name = Self::name(&node.child(Rule::name)?);
        let arguments = node.child(Rule::texts).map(|texts| Self::texts(texts)).unwrap_or_default();
        Some(NormalizeOperation { name, arguments, span })
    }

    pub(super) fn key(&mut self, node: Node<'_>) -> Option<Key> {
        let span = node.span();
        let piece = Name { text: SmolStr::new_static(KEY_PIECE), span: node.child(Rule::kw_key)?.span() };
        let parts = node.children().filter(|part| part.rule() == Rule::key_part);
        Some(Key { piece, parts: parts.map(|part| self.key_part(part)).collect::<Option<_>>()?, span })
    }

    pub(super) fn invariant(&mut self, node: Node<'_>) -> Option<Invariant> {
        let span = node.span();
        let name = Self::text(&node.child(Rule::string)?);
        let mut conditions = node.children().filter(|part| part.rule() == Rule::expression);
        let first = self.expression(conditions.next()?, 0)?;
        Some(match conditions.next() {
            Some(claim) => Invariant { name, facts: Some(first), claim: self.expression(claim, 0)?, span },
            None => Invariant { name, facts: None, claim: first, span },
        })
    }

    fn key_part(&mut self, node: Node<'_>) -> Option<KeyPart> {
        let span = node.span();
        let sorted = node.child(Rule::kw_sorted).map(|word| word.span());
        Some(KeyPart { value: self.expression(node.child(Rule::expression)?, 0)?, sorted, span })
    }

    fn texts(node: Node<'_>) -> Vec<Name> {
        let strings = node.children().filter(|part| part.rule() == Rule::string);
        strings.map(|string| Self::text(&string)).collect()
    }
}
