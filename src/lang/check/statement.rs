//! Statements of subs.

use super::action;
use super::chain::chained;
use super::collect::PIECE_PREFIX;
use super::scope::{Home, Scope};
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Statement, StatementKind, SubId};
use crate::lang::schema::Step;
use crate::lang::syntax::ast::{self, Binding, Block, Name};
use crate::pace;

impl<'a> Scope<'_, 'a> {
    /// The statements of a block, with a scope of its own for their locals.
    pub(super) fn block(&mut self, block: &'a Block) -> Vec<Statement> {
        let visible = self.visible();
        let mut statements = Vec::with_capacity(block.statements.len());
        for statement in &block.statements {
            let statement = self.statement(statement);
            statements.extend(self.with_those_before(statement));
        }
        self.forget(visible);
        if self.cx.as_written { statements } else { chained(statements) }
    }

    /// One statement; `None` after a finding.
    pub(super) fn statement(&mut self, statement: &'a ast::Statement) -> Option<Statement> {
        pace::pause();
        let span = statement.span;
        let kind = match &statement.kind {
            ast::StatementKind::Let(binding) => self.let_statement(binding),
            ast::StatementKind::Set { target, operator, value } => self.set(target, *operator, value, span),
            ast::StatementKind::Unset { target } => self.unset(target),
            ast::StatementKind::Call { name } => self.call(name),
            ast::StatementKind::Return(end) => self.return_statement(end, span),
            ast::StatementKind::If(ladder) => Some(self.ladder(ladder)),
            ast::StatementKind::Match(found) => Some(self.match_statement(found)),
            ast::StatementKind::Ban(condition) => self.ban(condition, span),
            ast::StatementKind::Tag(tags) => self.tag(tags, span),
            ast::StatementKind::Effect(call) => self.call_effect(call, span),
        };
        Some(self.spread(Statement { kind: kind?, span }))
    }

    fn let_statement(&mut self, binding: &'a Binding) -> Option<StatementKind> {
        let value = self.bound_value(binding).filter(|value| self.check_length(value));
        // Declared even if the value is wrong, so that its uses are not reported as well.
        let id = self.declare(binding, value.as_ref().map(|value| value.ty));
        Some(StatementKind::Let(id, value?))
    }

    fn ladder(&mut self, ladder: &'a ast::If) -> StatementKind {
        let mut arms = Vec::with_capacity(ladder.arms.len());
        for arm in &ladder.arms {
            pace::pause();
            let condition = self.condition(&arm.condition);
            let body = self.block(&arm.block);
            let span = arm.condition.span.to(arm.block.span);
            arms.extend(condition.map(|condition| Arm { condition, body, span }));
        }
        let otherwise = ladder.otherwise.as_ref().map(|block| self.block(block)).unwrap_or_default();
        StatementKind::If { arms, otherwise, rest: ladder.otherwise.as_ref().map(|block| block.span) }
    }

    fn call(&mut self, name: &Name) -> Option<StatementKind> {
        if let Some(sub) = self.cx.names.subs.refer(&name.text) {
            return Some(StatementKind::Call(SubId(super::context::number(sub))));
        }
        let text = name.text.as_str();
        let bare = text.strip_prefix("vcl_").unwrap_or(text);
        if let Some(step) = Step::find(bare) {
            let message = format!("`{}` is a step, it cannot be called", step.name());
            let help = "steps follow each other by `return (…)`; put what both need into a sub of its own";
            self.report(Diagnostic::new(Code::E0205, name.span, message).help(help));
            return None;
        }
        let finding = Diagnostic::new(Code::E0205, name.span, format!("there is no sub `{text}`"));
        let wants_piece = text.starts_with(PIECE_PREFIX);
        let subs = self.cx.names.subs.names().filter(|name| wants_piece || !name.starts_with(PIECE_PREFIX));
        self.report(unknown::suggest(self.cx.findings, finding, text, "the subs", subs));
        None
    }

    fn return_statement(&mut self, end: &ast::Return, span: crate::lang::source::Span) -> Option<StatementKind> {
        if let Some(name) = &end.action {
            return self.outcome(name, &end.arguments, span).map(|outcome| StatementKind::Return(Box::new(outcome)));
        }
        let Home::Step(step) = self.home else { return Some(StatementKind::Leave) };
        let message = format!("`return` needs an action in {}", step.name());
        let help = format!("say what comes next: {}", action::choices(&[step]));
        self.report(Diagnostic::new(Code::E0407, span, message).help(help));
        None
    }
}
