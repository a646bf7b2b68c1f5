//! Tests in an order that costs, or counts, more than is meant: a signature that is checked before the path is looked at, a
//! rate limit before what says which requests it is for.

use std::collections::HashSet;

use super::example::{MOST_EXAMPLES, carried_out, decided_by};
use super::list::List;
use super::personal::shown;
use super::survey::Survey;
use super::walk;
use crate::analysis::{Formula, State, Witness};
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Arm, Expression, ExpressionKind, Hir, Statement, StatementKind};
use crate::lang::schema::function::{Access, Digest, Limit};
use crate::lang::schema::{Function, Step};
use crate::lang::source::{SourceMap, Span};

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let all = all_late(survey.hir);
    let tell = |(at, late): (usize, &Late<'_>)| {
        let finding = if late.is_limit {
            limit(late.part, late.plain, survey.sources)
        } else {
            costly(late.between, late.part, late.plain, survey.sources)
        };
        let Some(witness) = (at < MOST_EXAMPLES).then(|| late.request(survey)).flatten() else { return finding };
        let what = if late.is_limit { "It happens with" } else { "It is for nothing with" };
        let help = format!("{}. {what} {}", finding.help.as_deref().unwrap_or_default(), shown(&witness));
        finding.help(help)
    };
    all.iter().enumerate().map(tell).collect()
}

/// The statements with anything to be found.
pub(super) fn statements(hir: &Hir) -> HashSet<Span> {
    all_late(hir).iter().map(|late| late.statement.span).collect()
}

/// A plain test behind one that would better stand behind it.
struct Late<'h> {
    part: &'h Expression,
    plain: &'h Expression,
    /// What is asked before both, and what each part has to say so that they are.
    before: Vec<(&'h Expression, bool)>,
    /// What stands before the plain test, from the other one on.
    between: &'h [Expression],
    /// Whether one part that does not hold is enough, not one that does.
    is_and: bool,
    /// Whether it counts, and does not cost.
    is_limit: bool,
    /// The statement that asks it.
    statement: &'h Statement,
    /// The arm that asks it, and those behind it; none where it is no test of an arm.
    arms: &'h [Arm],
    /// Whether nothing but what is asked before both decides that they are.
    is_sure: bool,
}

fn all_late(hir: &Hir) -> Vec<Late<'_>> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        if let StatementKind::If { arms, .. } = &statement.kind {
            for (at, arm) in arms.iter().enumerate() {
                let arms = arms.get(at..).unwrap_or_default();
                Looking { arms, ..Looking::of(statement) }.at(&arm.condition, true, &mut found);
            }
        } else {
            let looked_at = walk::direct(statement).into_iter();
            looked_at.for_each(|expression| Looking::of(statement).at(expression, true, &mut found));
        }
    }
    found
}

/// A look at the tests of an arm, or at others.
struct Looking<'h> {
    statement: &'h Statement,
    arms: &'h [Arm],
    before: Vec<(&'h Expression, bool)>,
    is_sure: bool,
}

impl<'h> Looking<'h> {
    fn of(statement: &'h Statement) -> Self {
        Self { statement, arms: &[], before: Vec::new(), is_sure: true }
    }

    /// `holds` where the expression is asked to, not its opposite.
    fn at(&mut self, expression: &'h Expression, holds: bool, found: &mut Vec<Late<'h>>) {
        match &expression.kind {
            ExpressionKind::Not(inner) => self.at(inner, !holds, found),
            ExpressionKind::And(parts) | ExpressionKind::Or(parts) => {
                let is_and = matches!(expression.kind, ExpressionKind::And(_));
                found.extend(self.late(parts, is_and, holds));
                let before = self.before.len();
                for part in parts {
                    self.at(part, holds, found);
                    self.before.push((part, is_and));
                }
                self.before.truncate(before);
            }
            ExpressionKind::ToText(inner) | ExpressionKind::Truth(inner) => self.at(inner, holds, found),
            _ => {
                let inner = || Self { is_sure: false, ..Self::of(self.statement) };
                expression.parts().for_each(|part| inner().at(part, true, found));
            }
        }
    }

    fn late(&self, parts: &'h [Expression], is_and: bool, holds: bool) -> Option<Late<'h>> {
        let (to, plain) = parts.iter().enumerate().rev().find(|(_, part)| is_plain(part))?;
        parts.iter().enumerate().take(to).find_map(|(at, part)| {
            let is_for_some = is_and == holds || says(part, &is_limit) == Some(!holds);
            let is_limit = is_for_some && calls(part, &is_limit);
            if !is_limit && !calls(part, &is_costly) {
                return None;
            }
            let beside = parts.iter().take(at).map(|part| (part, is_and));
            let before = self.before.iter().copied().chain(beside).collect();
            let (between, Self { statement, arms, is_sure, .. }) = (parts.get(at..to)?, self);
            Some(Late { part, plain, before, between, is_and, is_limit, statement, arms, is_sure: *is_sure })
        })
    }
}

impl Late<'_> {
    /// A request that comes there, and of which the plain test alone decides.
    fn request(&self, survey: &mut Survey<'_>) -> Option<Witness> {
        let is_wanted = |function| if self.is_limit { is_limit(function) } else { is_costly(function) };
        if !self.is_sure || !calls_first(self.part, &is_wanted) {
            return None;
        }
        if self.arms.is_empty() {
            return carried_out(survey, self.statement.span, |survey, deed| {
                Some(self.decides(survey, &deed.state, deed.step))
            });
        }
        decided_by(survey, self.arms, |survey, visit, _| Some(self.decides(survey, visit.state.as_ref()?, visit.step)))
    }

    /// When the plain test alone decides.
    fn decides(&self, survey: &Survey<'_>, state: &State, step: Step) -> Formula {
        let says = |(part, holds): (&Expression, bool)| {
            let formula = survey.analysis.formula(part, state, step);
            if holds { formula } else { formula.not() }
        };
        Formula::all(self.before.iter().copied().chain([(self.plain, !self.is_and)]).map(says))
    }
}

fn limit(part: &Expression, plain: &Expression, sources: &SourceMap) -> Diagnostic {
    let message = "the limit counts all requests, also those that the tests behind it leave out";
    let finding = Diagnostic::new(Code::W0918, part.span, message)
        .context(plain.span, "asked afterwards")
        .help("write it behind what says which requests it is for; tests are made from left to right");
    with(finding, swapped(part, plain, Safety::NeedsReview, sources))
}

/// `before` has all that stands before the plain test, from the costly one on.
fn costly(before: &[Expression], part: &Expression, plain: &Expression, sources: &SourceMap) -> Diagnostic {
    let safety = if calls(part, &|function| matches!(function, Function::Access(Access::Basic))) {
        Safety::NeedsReview
    } else {
        Safety::Safe
    };
    let finding = Diagnostic::new(Code::W0919, part.span, "this is computed before a test that costs next to nothing")
        .context(plain.span, "the cheap test")
        .help("write the cheap test first: what it decides alone costs no more then");
    // What counts, or is left to chance, is asked as often as before.
    let is_of_world = |function| matches!(function, Function::Limit(_) | Function::World(_));
    let is_movable = !before.iter().any(|part| calls(part, &is_of_world));
    with(finding, swapped(part, plain, safety, sources).filter(|_| is_movable))
}

fn with(finding: Diagnostic, fix: Option<Fix>) -> Diagnostic {
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// Lets two parts change their places.
fn swapped(part: &Expression, plain: &Expression, safety: Safety, sources: &SourceMap) -> Option<Fix> {
    let is_joined = |part: &Expression| matches!(part.kind, ExpressionKind::And(_) | ExpressionKind::Or(_));
    if is_joined(part) || is_joined(plain) || part.span.file != plain.span.file || part.span.end > plain.span.start {
        return None;
    }
    let edit = |from: &Expression, to: &Expression| Edit { span: from.span, text: sources.text(to.span).to_owned() };
    let edits = vec![edit(part, plain), edit(plain, part)];
    Some(Fix { title: "let the two change places".to_owned(), edits, safety })
}

/// Whether a test only looks at what the request or the response says.
fn is_plain(test: &Expression) -> bool {
    match &test.kind {
        ExpressionKind::Not(inner) => is_plain(inner),
        ExpressionKind::InAcl(subject, _) | ExpressionKind::Matches(subject, _) | ExpressionKind::Truth(subject) => {
            is_place(subject)
        }
        ExpressionKind::Compare(_, subject, value) => is_place(subject) && value.parts().next().is_none(),
        ExpressionKind::HasQuery(..)
        | ExpressionKind::HasCookie(..)
        | ExpressionKind::AnyQuery(..)
        | ExpressionKind::AnyCookie(..) => true,
        _ => List::of(test, true).is_some(),
    }
}

fn is_place(subject: &Expression) -> bool {
    match &subject.kind {
        ExpressionKind::ToText(inner) => is_place(inner),
        kind => matches!(kind, ExpressionKind::Variable(_) | ExpressionKind::Header(..)),
    }
}

/// Whether a test calls such a function, at any depth.
fn calls(test: &Expression, wanted: &dyn Fn(Function) -> bool) -> bool {
    let itself = if let ExpressionKind::Call(function, _) = &test.kind { wanted(*function) } else { false };
    itself || test.parts().any(|part| calls(part, wanted))
}

/// Whether such a function is called each time that the test is made.
fn calls_first(test: &Expression, wanted: &dyn Fn(Function) -> bool) -> bool {
    let at_once = match &test.kind {
        ExpressionKind::Call(function, _) if wanted(*function) => return true,
        ExpressionKind::And(_) | ExpressionKind::Or(_) | ExpressionKind::Fallback(_) | ExpressionKind::Choose(..) => 1,
        _ => usize::MAX,
    };
    test.parts().take(at_once).any(|part| calls_first(part, wanted))
}

/// Whether a test holds where the function says so, or where it does not.
fn says(test: &Expression, wanted: &dyn Fn(Function) -> bool) -> Option<bool> {
    match &test.kind {
        ExpressionKind::Call(function, _) if wanted(*function) => Some(true),
        ExpressionKind::Not(inner) => says(inner, wanted).map(|holds| !holds),
        _ => None,
    }
}

fn is_limit(function: Function) -> bool {
    matches!(function, Function::Limit(Limit::Ratelimit))
}

/// Digests, signatures and passwords.
fn is_costly(function: Function) -> bool {
    match function {
        Function::Jwt(_) | Function::Access(Access::Basic | Access::SignedUrl | Access::SignUrl) => true,
        Function::Digest(digest) => matches!(
            digest,
            Digest::Md5
                | Digest::Sha1
                | Digest::Sha256
                | Digest::Sha512
                | Digest::HmacMd5
                | Digest::HmacSha1
                | Digest::HmacSha256
                | Digest::HmacSha512
                | Digest::HmacSha256Base64
        ),
        _ => false,
    }
}
