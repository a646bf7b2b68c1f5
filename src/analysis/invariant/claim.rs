//! Claims about an outcome as formulas.

use super::input::depends;
use super::outcome::{Key, Outcome};
use crate::analysis::compare::unchanged;
use crate::analysis::formula::{Formula, Test};
use crate::analysis::journey::Analysis;
use crate::analysis::state::Cases;
use crate::analysis::term::{Op, Term};
use crate::lang::hir::{Claim, Comparison, Expression, Input, Texts};
use crate::lang::schema::Step;

/// When a claim holds of requests that come to that.
pub(super) fn formula(analysis: &Analysis<'_>, claim: &Claim, outcome: &Outcome) -> Formula {
    match claim {
        Claim::All(parts) => Formula::all(parts.iter().map(|part| formula(analysis, part, outcome))),
        Claim::Any(parts) => Formula::any(parts.iter().map(|part| formula(analysis, part, outcome))),
        Claim::Not(inner) => formula(analysis, inner, outcome).not(),
        Claim::Holds(condition) => analysis.formula(condition, &outcome.state, Step::Recv),
        Claim::KeyContains(value) => contains(analysis, value, outcome),
        Claim::KeyExcludes(input) => excludes(analysis, input, outcome),
    }
}

/// What may hold or not.
fn open(analysis: &Analysis<'_>) -> Formula {
    Formula::of(analysis.anything(), Test::Holds)
}

fn contains(analysis: &Analysis<'_>, value: &Expression, outcome: &Outcome) -> Formula {
    let parts = match &outcome.key {
        Key::None => return Formula::Const(false),
        Key::Parts(parts) => parts,
    };
    let value = analysis.value(value, &outcome.state, Step::Recv);
    Formula::any(parts.iter().flat_map(|part| {
        part.iter().flat_map(|(guard, part)| {
            let value = value.iter();
            value.map(|(further, value)| Formula::all([guard.clone(), further.clone(), equal(analysis, part, value)]))
        })
    }))
}

/// When two texts are the same, or both unset.
fn equal(analysis: &Analysis<'_>, one: &Term, other: &Term) -> Formula {
    let is = |term: &Term, text: &[u8]| {
        let texts = [Texts::Exact(text.to_vec().into())].to_vec();
        analysis.test(&Cases::one(term.clone()), &Test::In(texts.into()))
    };
    match (one, other) {
        _ if one == other => Formula::Const(true),
        (term, Term::Text(text)) | (Term::Text(text), term) => is(term, text),
        (term, Term::Unset) | (Term::Unset, term) => analysis.test(&Cases::one(term.clone()), &Test::Set).not(),
        _ if let Some(test) = unchanged(one, other).or_else(|| unchanged(other, one)) => {
            analysis.test(&Cases::one(test.0), &test.1)
        }
        _ => {
            let of = vec![one.clone(), other.clone()];
            let compared = Term::made(Op::Compare(Comparison::Equal), of);
            let same = analysis.test(&Cases::one(compared), &Test::Holds);
            let unset = |term: &Term| analysis.test(&Cases::one(term.clone()), &Test::Set).not();
            Formula::any([same, Formula::all([unset(one), unset(other)])])
        }
    }
}

fn excludes(analysis: &Analysis<'_>, input: &Input, outcome: &Outcome) -> Formula {
    match &outcome.key {
        Key::Parts(parts) if parts.iter().any(|part| depends(part, input)) => open(analysis),
        Key::Parts(_) | Key::None => Formula::Const(true),
    }
}
