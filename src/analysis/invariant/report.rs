//! Decisions as diagnostics.

use super::{Counterexample, Decided, Decision};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::SourceMap;
use crate::simulate::found_in_words;

/// What is to be said of an invariant: nothing of one that is proved.
#[must_use]
pub fn report(decided: &Decided<'_>, sources: &SourceMap) -> Option<Diagnostic> {
    let (name, claim) = (&decided.invariant.name, decided.invariant.span);
    match &decided.decision {
        Decision::Proved => None,
        Decision::Undecided(bound) => {
            let message = format!("it is not known whether \"{name}\" holds of every request");
            let finding = Diagnostic::new(Code::W0771, claim, message);
            Some(
                finding.label(format!("given up: {bound}")).help(
                    "say less at once, in several invariants, or compare with what is known before a request comes",
                ),
            )
        }
        Decision::Refuted(found) => {
            let finding = Diagnostic::new(Code::E0770, claim, format!("\"{name}\" does not hold of every request"))
                .label(failed(found))
                .help(shown(found));
            let finding = match found.remark(decided.invariant) {
                Some(remark) => finding.context(decided.invariant.name_span, remark),
                None => finding,
            };
            Some(match found.rule(sources) {
                Some(rule) => finding.context(rule, "by this rule"),
                None => finding,
            })
        }
    }
}

/// What the claim asks for came to something else.
fn failed(found: &Counterexample) -> String {
    match found_in_words(&found.found) {
        nothing if nothing.is_empty() => "does not hold".to_owned(),
        values => format!("does not hold: {values}"),
    }
}

/// The request that breaks a promise, to be pasted.
fn shown(found: &Counterexample) -> String {
    let request = &found.case.request;
    if let Some(other) = &found.other {
        return format!("these two have not the same key: {request}, and {other}");
    }
    let request = format!("{request}{}", if found.is_again { " the second time" } else { "" });
    let answers = found.answers();
    if !answers.is_empty() {
        let answers =
            answers.into_iter().map(|answer| answer.map_or_else(|| "origin none".to_owned(), ToString::to_string));
        let answers = answers.collect::<Vec<_>>().join("; ");
        return format!("this request breaks it: {request}, answered by: {answers}");
    }
    match found.answer() {
        _ if found.is_unasked => format!("this request breaks it: {request}"),
        Some(answer) => format!("this request breaks it: {request}, answered by: {answer}"),
        None => format!("this request breaks it when the backend cannot be asked: {request}"),
    }
}
