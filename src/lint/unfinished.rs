//! What was not looked at, and the budget that ended before it was: where nothing is said there is nothing to say, unless
//! a note says otherwise.

use super::survey::Survey;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::Span;

/// What a lint has left undone.
pub(super) struct Unfinished {
    /// What was not looked for, with its codes.
    pub sought: &'static str,
    /// The budget that ended.
    pub budget: Budget,
    /// The first place that was left out; `None` if it is about the policy as a whole.
    pub span: Option<Span>,
    /// How many places were.
    pub count: usize,
}

/// A budget that ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Budget {
    /// One of the analysis, by its name.
    Of(&'static str),
    /// So many places are looked at.
    Places(usize),
}

/// A note for each thing that was not looked for everywhere, at the first place that was left out.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Diagnostic> {
    let mut told: Vec<(&'static str, Budget)> = Vec::new();
    let mut findings = Vec::new();
    for one in &survey.unfinished {
        let kind = (one.sought, one.budget);
        if !told.contains(&kind) {
            told.push(kind);
            let same = survey.unfinished.iter().filter(|other| (other.sought, other.budget) == kind);
            findings.extend(note(survey, one, same.map(|other| other.count).sum()));
        }
    }
    findings
}

fn note(survey: &Survey<'_>, first: &Unfinished, count: usize) -> Option<Diagnostic> {
    let place = survey.first_line(first.span.or_else(|| survey.first_place())?);
    let budget = match first.budget {
        Budget::Of(budget) => budget.to_owned(),
        Budget::Places(most) => format!("{most} places"),
    };
    let message = format!("not looked at to the end, for {}: the budget of {budget} is used up", first.sought);
    let finding = Diagnostic::new(Code::W0917, place, message);
    let finding = match (first.span, count) {
        (Some(_), 2..) => finding.label(format!("left out, the first of {count}")),
        (Some(_), _) => finding.label("left out"),
        (None, _) => finding,
    };
    Some(
        finding.help(
            "all else that is said holds; ask for less in one condition, or of fewer places, to have it looked at",
        ),
    )
}
