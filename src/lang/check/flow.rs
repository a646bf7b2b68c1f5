//! What is never reached: statements behind the end of their step or sub.

use super::context::Context;
use super::names::SubBody;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Hir, Statement, StatementKind, SubId};
use crate::lang::schema::{KEY_PIECE, Step};
use crate::lang::source::Span;
use crate::pace;

/// How statements end.
#[derive(Clone, Copy, Default)]
struct End {
    /// What follows them is never reached.
    always: bool,
    /// Some way leaves the sub with a bare `return;`, so that its caller goes on.
    may_leave: bool,
}

struct Flow<'f, 'a> {
    cx: &'f Context<'a>,
    hir: &'f Hir,
    /// How the subs end, as far as that is known.
    subs: Vec<End>,
}

/// Reports the first statement of each block that is never reached. In `order` each sub comes behind those that it calls.
pub(super) fn check(cx: &Context, hir: &Hir, order: &[usize]) {
    let mut flow = Flow { cx, hir, subs: vec![End::default(); hir.subs.len()] };
    for sub in order {
        flow.sub(*sub);
    }
    for step in &hir.steps {
        flow.statements(&step.body.statements);
        if step.step == Step::Hash {
            flow.key(&step.body.statements);
        }
    }
}

impl Flow<'_, '_> {
    /// Finds out how a sub ends. Those that it calls are known.
    fn sub(&mut self, sub: usize) {
        let hir = self.hir;
        let end = hir.subs.get(sub).map(|sub| self.statements(&sub.body.statements));
        if let (Some(known), Some(end)) = (self.subs.get_mut(sub), end) {
            *known = end;
        }
    }

    fn statements(&mut self, statements: &[Statement]) -> End {
        let mut whole = End::default();
        for (at, statement) in statements.iter().enumerate() {
            let end = self.statement(statement);
            whole.may_leave |= end.may_leave;
            if end.always {
                whole.always = true;
                if let Some(next) = statements.get(at + 1) {
                    self.report(statement, next);
                }
                break;
            }
        }
        whole
    }

    fn statement(&mut self, statement: &Statement) -> End {
        pace::pause();
        match &statement.kind {
            StatementKind::Return(_) => End { always: true, may_leave: false },
            StatementKind::Leave => End { always: true, may_leave: true },
            StatementKind::Call(SubId(sub)) => {
                let end = self.subs.get(*sub as usize).copied().unwrap_or_default();
                End { always: end.always && !end.may_leave, may_leave: false }
            }
            StatementKind::If { arms, otherwise, .. } => {
                let ends = arms.iter().map(|arm| self.statements(&arm.body)).collect::<Vec<_>>();
                let ends = ends.into_iter().chain([self.statements(otherwise)]);
                ends.fold(End { always: true, may_leave: false }, |all, one| End {
                    always: all.always && one.always,
                    may_leave: all.may_leave || one.may_leave,
                })
            }
            _ => End::default(),
        }
    }

    /// Reports a `key` of the user's that is never made, since the step ends before.
    fn key(&mut self, statements: &[Statement]) {
        let names = &self.cx.names.subs;
        let Some((at, key)) = names.find(KEY_PIECE).and_then(|at| Some((at, names.get(at)?))) else { return };
        let SubBody::Key(declared) = key.item else { return };
        let makes_it =
            |statement: &Statement| matches!(statement.kind, StatementKind::Call(SubId(sub)) if sub as usize == at);
        let Some(last) = statements.iter().find(|statement| makes_it(statement) || self.statement(statement).always)
        else {
            return;
        };
        if !makes_it(last) {
            let finding = Diagnostic::new(Code::W0742, declared.piece.span, "this key is never made")
                .context(self.first_line(last.span), "the step ends here, before the key is made")
                .help("leave `return (lookup);` out: the built-in policy says it behind the key");
            self.cx.findings.advise(finding);
        }
    }

    fn report(&self, last: &Statement, next: &Statement) {
        if next.span.file == self.cx.builtin {
            return;
        }
        let finding = Diagnostic::new(Code::W0501, self.first_line(next.span), "this is never reached")
            .context(self.first_line(last.span), "everything ends here")
            .help("remove it, or move it before what ends the step");
        self.cx.findings.advise(finding);
    }

    /// The part of a span that stands in its first line.
    fn first_line(&self, span: Span) -> Span {
        let line = self.cx.sources.text(span).lines().next().unwrap_or_default();
        let length = u32::try_from(line.trim_end().len()).unwrap_or(u32::MAX);
        Span { end: span.start.saturating_add(length).min(span.end), ..span }
    }
}
