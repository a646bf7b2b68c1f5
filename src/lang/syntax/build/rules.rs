//! Rule tables and `normalize`.

use crate::lang::schema::RuleTable;

use super::super::ast::{
    Name, Normalize, NormalizeClause, NormalizeOperation, RuleRow, RuleStep, RuleStepKind, Rules, Statement,
    StatementKind,
};
use super::super::grammar::{Pair, Rule};
use super::{Builder, child};

impl Builder<'_> {
    pub(super) fn rules(&mut self, pair: Pair<'_>) -> Option<Rules> {
        let span = self.span(&pair);
        let (mut table, mut rows, mut otherwise) = (None, Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_request => table = Some((RuleTable::Request, self.span(&part))),
                Rule::kw_response => table = Some((RuleTable::Response, self.span(&part))),
                Rule::row => rows.push(self.row(part)?),
                Rule::else_row => otherwise = Some(self.row(part)?),
                _ => {}
            }
        }
        let (table, table_span) = table?;
        Some(Rules { table, table_span, rows, otherwise, span })
    }

    fn row(&mut self, pair: Pair<'_>) -> Option<RuleRow> {
        let span = self.span(&pair);
        let (mut condition, mut actions) = (None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = Some(self.expression(part, 0)?),
                Rule::step => actions.push(self.step(part)?),
                _ => {}
            }
        }
        Some(RuleRow { condition, actions, span })
    }

    fn step(&mut self, pair: Pair<'_>) -> Option<RuleStep> {
        let span = self.span(&pair);
        let part = pair.into_inner().next()?;
        let statement = |kind: StatementKind| RuleStepKind::Statement(Statement { kind, span });
        let kind = match part.as_rule() {
            Rule::set => statement(self.set(part)?),
            Rule::unset => statement(self.unset(part)?),
            Rule::call => statement(self.call(part)?),
            _ => self.rule_action(part)?,
        };
        Some(RuleStep { kind, span })
    }

    fn rule_action(&mut self, pair: Pair<'_>) -> Option<RuleStepKind> {
        let mut inner = pair.into_inner();
        let name = self.name(&inner.next()?);
        let operands = inner.map(|operand| self.expression(operand, 0)).collect::<Option<_>>()?;
        Some(RuleStepKind::Action { name, operands })
    }

    pub(super) fn normalize(&mut self, pair: Pair<'_>) -> Option<Normalize> {
        let span = self.span(&pair);
        let clauses = pair.into_inner().filter(|part| part.as_rule() == Rule::clause);
        Some(Normalize { clauses: clauses.map(|part| self.clause(part)).collect::<Option<_>>()?, span })
    }

    fn clause(&mut self, pair: Pair<'_>) -> Option<NormalizeClause> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let subject = self.name(&inner.next()?);
        let operations = inner.filter(|part| part.as_rule() == Rule::operation);
        let operations = operations.map(|part| self.operation(part)).collect::<Option<_>>()?;
        Some(NormalizeClause { subject, operations, span })
    }

    fn operation(&mut self, pair: Pair<'_>) -> Option<NormalizeOperation> {
        let span = self.span(&pair);
        let name = self.name(&child(pair.clone(), Rule::name)?);
        let arguments = child(pair, Rule::texts).map(|texts| self.texts(texts)).unwrap_or_default();
        Some(NormalizeOperation { name, arguments, span })
    }

    fn texts(&self, pair: Pair<'_>) -> Vec<Name> {
        let strings = pair.into_inner().filter(|part| part.as_rule() == Rule::string);
        strings.map(|string| self.text(&string)).collect()
    }
}
