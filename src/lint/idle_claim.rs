//! What a test expects and always comes, whatever becomes of its request: `expect stored or not stored`.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Claim, Comparison, Expectation, Expression, ExpressionKind, Hir};
use crate::lang::schema::Variable;
use crate::lang::source::{SourceMap, Span};

/// Of more questions in one expectation it is not found out.
const MOST_QUESTIONS: usize = 12;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let expectations = hir.tests.iter().flat_map(|test| &test.expectations);
    let idle =
        expectations.filter(|expected| always_holds(&expected.claim, sources)).map(|Expectation { span, .. }| {
            Diagnostic::new(Code::W0786, *span, "this holds whatever becomes of the request")
                .label("expects nothing")
                .help("say what is to come, such as `expect stored;`")
        });
    idle.collect()
}

fn always_holds(claim: &Claim, sources: &SourceMap) -> bool {
    let mut questions: Vec<String> = Vec::new();
    for (question, _) in claim.leaves().into_iter().filter_map(|leaf| question(leaf, sources)) {
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    let answers = |number: u32| move |at: usize| number >> at & 1 == 1;
    questions.len() <= MOST_QUESTIONS
        && (0..1_u32 << questions.len()).all(|number| holds(claim, sources, &questions, &answers(number)))
}

/// Whether a claim holds if those questions have those answers.
fn holds(claim: &Claim, sources: &SourceMap, questions: &[String], answer: &dyn Fn(usize) -> bool) -> bool {
    match claim {
        Claim::All(parts) => parts.iter().all(|part| holds(part, sources, questions, answer)),
        Claim::Any(parts) => parts.iter().any(|part| holds(part, sources, questions, answer)),
        Claim::Not(inner) => !holds(inner, sources, questions, answer),
        leaf => question(leaf, sources).is_none_or(|(question, is_opposite)| {
            questions.iter().position(|known| *known == question).is_some_and(|at| answer(at) != is_opposite)
        }),
    }
}

/// What a claim asks, and whether it asks for the opposite; `None` if it holds of everything.
fn question(leaf: &Claim, sources: &SourceMap) -> Option<(String, bool)> {
    match leaf {
        Claim::Holds(condition) => of_condition(condition, sources),
        Claim::KeyContains(value) => Some((format!("key contains {}", sources.text(value.span)), false)),
        other => Some((format!("{other:?}"), false)),
    }
}

fn of_condition(condition: &Expression, sources: &SourceMap) -> Option<(String, bool)> {
    let text = |span: Span| sources.text(span);
    let ExpressionKind::Compare(comparison, left, right) = &condition.kind else {
        return Some((text(condition.span).to_owned(), false));
    };
    let (sign, is_opposite) = match comparison {
        Comparison::Equal => ("==", false),
        Comparison::NotEqual => ("==", true),
        Comparison::Less => ("<", false),
        Comparison::GreaterOrEqual => ("<", true),
        Comparison::Greater => (">", false),
        Comparison::LessOrEqual => (">", true),
    };
    let is_ttl = matches!(left.kind, ExpressionKind::Variable(Variable::OutcomeTtl));
    // What is not stored has a `ttl` of nothing, and none is less.
    let is_all = is_ttl && sign == "<" && is_opposite && matches!(right.kind, ExpressionKind::Duration(..=0));
    (!is_all).then(|| (format!("{} {sign} {}", text(left.span), text(right.span)), is_opposite))
}
