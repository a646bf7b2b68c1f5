//! Tests in an order that costs, or counts, more than is meant: a signature that is checked before the path is looked at, a
//! rate limit before what says which requests it is for.

use super::example::{MOST_EXAMPLES, decided_by};
use super::list::List;
use super::personal::shown;
use super::survey::Survey;
use super::walk;
use crate::analysis::{Formula, Witness};
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Arm, Expression, ExpressionKind, Hir, StatementKind};
use crate::lang::schema::Function;
use crate::lang::schema::function::{Access, Digest, Limit};
use crate::lang::source::SourceMap;

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

/// Whether there is anything to be found.
pub(super) fn is_found(hir: &Hir) -> bool {
    !all_late(hir).is_empty()
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
    /// The arm that asks it, and those behind it; none where it is no test of an arm.
    arms: &'h [Arm],
}

fn all_late(hir: &Hir) -> Vec<Late<'_>> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        if let StatementKind::If { arms, .. } = &statement.kind {
            for (at, arm) in arms.iter().enumerate() {
                let mut looking = Looking { arms: arms.get(at..).unwrap_or_default(), before: Vec::new() };
                looking.at(&arm.condition, true, &mut found);
            }
        } else {
            let looked_at = walk::direct(statement).into_iter();
            looked_at.for_each(|expression| Looking::default().at(expression, true, &mut found));
        }
    }
    found
}

/// A look at the tests of an arm, or at others.
#[derive(Default)]
struct Looking<'h> {
    arms: &'h [Arm],
    before: Vec<(&'h Expression, bool)>,
}

impl<'h> Looking<'h> {
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
            _ => expression.parts().for_each(|part| Looking::default().at(part, true, found)),
        }
    }

    fn late(&self, parts: &'h [Expression], is_and: bool, holds: bool) -> Option<Late<'h>> {
        parts.iter().enumerate().find_map(|(at, part)| {
            let (to, plain) = parts.iter().enumerate().skip(at + 1).rev().find(|(_, later)| is_plain(later))?;
            let is_limit = is_and == holds && calls(part, &is_limit);
            if !is_limit && !calls(part, &is_costly) {
                return None;
            }
            let beside = parts.iter().take(at).map(|part| (part, is_and));
            let before = self.before.iter().copied().chain(beside).collect();
            Some(Late { part, plain, before, between: parts.get(at..to)?, is_and, is_limit, arms: self.arms })
        })
    }
}

impl Late<'_> {
    /// A request that comes there, and of which the plain test alone decides.
    fn request(&self, survey: &mut Survey<'_>) -> Option<Witness> {
        let is_wanted = |function| if self.is_limit { is_limit(function) } else { is_costly(function) };
        if !calls_first(self.part, &is_wanted) {
            return None;
        }
        decided_by(survey, self.arms, |survey, visit, _| {
            let state = visit.state.as_ref()?;
            let says = |(part, holds): (&Expression, bool)| {
                let formula = survey.analysis.formula(part, state, visit.step);
                if holds { formula } else { formula.not() }
            };
            Some(Formula::all(self.before.iter().copied().chain([(self.plain, !self.is_and)]).map(says)))
        })
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
