//! How much a step does at the most: without loops and recursion that is the sum of what is written, each sub as often
//! as it is called.

use super::context::Context;
use super::words;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind, StepBody, SubId};
use crate::lang::source::Span;
use crate::pace;

/// How many operations a step may come to by calling subs: a statement is one, and each part of an expression. What is
/// written no more than once may be more, as it is as long as its text.
pub(super) const WORK_LIMIT: u64 = 1_000_000;

/// What reads text is like so many operations.
const READING: u64 = 10;

/// How many calls of a chain are shown.
const SHOWN_CALLS: usize = 4;

/// What a body comes to.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    /// With all that it calls, each time that it does.
    total: u64,
    /// The call that leads to the most, all of its kind together.
    dearest: Option<(SubId, Span)>,
}

/// Reports the steps that do too much. Calls have to come to an end.
pub(super) fn check(cx: &Context, hir: &Hir) {
    // Nothing is done more often than it is written.
    if !cx.calls.are_repeated() {
        return;
    }
    let mut search = Search { hir, subs: vec![None; hir.subs.len()] };
    for step in &hir.steps {
        let work = search.body(&step.body.statements);
        let written = search.written(step);
        if work.total > WORK_LIMIT.max(written) {
            report(cx, &search, step, work);
        }
    }
}

fn report(cx: &Context, search: &Search<'_>, step: &StepBody, work: Work) {
    let Some((first, span)) = work.dearest else { return };
    let mut names = vec![step.step.name()];
    let mut finding = Diagnostic::new(Code::E0504, span, String::new())
        .label(format!("{} operations each time", search.total(first)));
    let mut next = Some((first, span));
    while let Some((sub, place)) = next {
        if names.len() > 1 && names.len() <= SHOWN_CALLS {
            finding = finding.context(place, format!("{} operations each time", search.total(sub)));
        }
        names.push(search.hir.subs.get(sub.0 as usize).map_or("", |sub| sub.name.as_str()));
        next = search.known(sub).dearest;
    }
    finding.message = format!(
        "{} may come to {} operations, of at most {WORK_LIMIT}: {}",
        step.step.name(),
        work.total,
        words::chain(&names)
    );
    cx.findings
        .report(finding.help("call the sub once, behind a condition that says for whom, or leave some of it out"));
}

struct Search<'h> {
    hir: &'h Hir,
    subs: Vec<Option<Work>>,
}

impl Search<'_> {
    /// What a sub comes to; no deeper than calls go.
    fn sub(&mut self, sub: SubId) -> Work {
        if let Some(Some(known)) = self.subs.get(sub.0 as usize) {
            return *known;
        }
        let hir = self.hir;
        let work = hir.subs.get(sub.0 as usize).map(|sub| self.body(&sub.body.statements)).unwrap_or_default();
        if let Some(known) = self.subs.get_mut(sub.0 as usize) {
            *known = Some(work);
        }
        work
    }

    fn known(&self, sub: SubId) -> Work {
        self.subs.get(sub.0 as usize).copied().flatten().unwrap_or_default()
    }

    fn total(&self, sub: SubId) -> u64 {
        self.known(sub).total
    }

    fn body(&mut self, statements: &[Statement]) -> Work {
        let mut calls = Calls::default();
        let (total, _) = self.block(statements, &mut calls);
        Work { total, dearest: calls.dearest() }
    }

    /// All that statements come to, and without what they call. Of arms that exclude each other the dearest counts.
    fn block(&mut self, statements: &[Statement], calls: &mut Calls) -> (u64, u64) {
        let each = statements.iter().map(|statement| self.statement(statement, calls));
        each.fold((0, 0), |sum: (u64, u64), one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)))
    }

    fn statement(&mut self, statement: &Statement, calls: &mut Calls) -> (u64, u64) {
        pace::pause();
        match &statement.kind {
            StatementKind::Call(sub) => {
                let total = self.sub(*sub).total.saturating_add(1);
                calls.add(*sub, statement.span, total);
                (total, 1)
            }
            StatementKind::If { arms, otherwise, .. } => {
                let tests = arms.iter().fold(1, |sum: u64, arm| sum.saturating_add(size(&arm.condition)));
                let bodies = arms.iter().map(|arm| &arm.body).chain([otherwise]).map(|body| self.block(body, calls));
                let most = bodies.fold((0, 0), |most: (u64, u64), one| (most.0.max(one.0), most.1.max(one.1)));
                (most.0.saturating_add(tests), most.1.saturating_add(tests))
            }
            kind => {
                let own = kind.expressions().fold(1, |sum: u64, one| sum.saturating_add(size(one)));
                (own, own)
            }
        }
    }

    /// What is written of a step and all subs that it reaches, each once.
    fn written(&mut self, step: &StepBody) -> u64 {
        let (mut seen, mut waiting) = (vec![false; self.hir.subs.len()], vec![&step.body.statements]);
        let mut sum = 0_u64;
        while let Some(statements) = waiting.pop() {
            let mut calls = Calls::default();
            sum = sum.saturating_add(self.block(statements, &mut calls).1);
            for sub in calls.subs() {
                let at = sub.0 as usize;
                if let Some(new) = seen.get_mut(at).filter(|seen| !**seen) {
                    *new = true;
                    waiting.extend(self.hir.subs.get(at).map(|sub| &sub.body.statements));
                }
            }
        }
        sum
    }
}

/// The calls of a body, those of one sub together.
#[derive(Default)]
struct Calls {
    of: std::collections::BTreeMap<SubId, (u64, Span)>,
}

impl Calls {
    fn add(&mut self, sub: SubId, span: Span, work: u64) {
        let sum = &mut self.of.entry(sub).or_insert((0, span)).0;
        *sum = sum.saturating_add(work);
    }

    fn dearest(&self) -> Option<(SubId, Span)> {
        // Of equally dear ones the first.
        self.of.iter().rev().max_by_key(|(_, (work, _))| *work).map(|(sub, (_, span))| (*sub, *span))
    }

    fn subs(&self) -> impl Iterator<Item = SubId> {
        self.of.keys().copied()
    }
}

/// How many operations an expression is.
fn size(expression: &Expression) -> u64 {
    let own = match expression.kind {
        ExpressionKind::Matches(..)
        | ExpressionKind::Concat(_)
        | ExpressionKind::Call(..)
        | ExpressionKind::Query(..)
        | ExpressionKind::Cookie(..)
        | ExpressionKind::HasQuery(..)
        | ExpressionKind::AnyQuery(..)
        | ExpressionKind::HasCookie(..)
        | ExpressionKind::AnyCookie(..) => READING,
        _ => 1,
    };
    expression.parts().fold(own, |sum, part| sum.saturating_add(size(part)))
}
