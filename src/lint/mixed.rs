//! Two requests that differ in one thing that clients say, and that are answered with one stored response.

use super::said::Said;
use super::survey::Survey;
use crate::analysis::{Answer, Formula, Witness};
use crate::simulate::Journey;

/// So many values are tried of what one request says.
const MOST_VALUES: usize = 64;

/// What is tried.
pub(super) struct Trial<'t> {
    /// The one thing that is said otherwise.
    pub said: &'t Said,
    /// Requests that are stored, to begin with.
    pub models: [Option<&'t Witness>; 2],
    /// What may be said, beside what those say.
    pub made_up: &'t [Vec<u8>],
    /// The same, of the policy's own.
    pub values: &'t [Vec<u8>],
}

impl Trial<'_> {
    /// So many values are tried beside those of the policy: of the two models, made up, and none.
    pub(super) const fn most_of_policy(made_up: usize) -> usize {
        MOST_VALUES.saturating_sub(made_up + 3)
    }

    fn all_values(&self) -> Vec<Option<Vec<u8>>> {
        let of_models = self.models.map(|witness| witness.and_then(|witness| self.said.of(&witness.request)));
        let made_up = self.made_up.iter().map(|value| Some(value.clone()));
        let of_policy = self.values.iter().map(|value| Some(value.clone()));
        let mut values: Vec<Option<Vec<u8>>> = Vec::new();
        for value in of_models.into_iter().chain(made_up).chain([None]).chain(of_policy) {
            if !values.contains(&value) && values.len() < MOST_VALUES {
                values.push(value);
            }
        }
        values
    }
}

/// Two requests that show it.
pub(super) struct Mixed {
    /// In what they differ.
    pub said: Said,
    /// The one whose answer is stored.
    pub first: Witness,
    /// The one that gets it.
    pub second: Witness,
    /// What becomes of each where nothing is stored.
    pub journeys: [Journey; 2],
}

/// Two requests that differ in what is said there alone, if two of them are mixed up; `left` is how many may be made.
pub(super) fn tried(
    survey: &mut Survey<'_>,
    trial: &Trial<'_>,
    left: &mut usize,
    is_mixed: impl Fn(&Journey, &Journey) -> bool,
) -> Option<Mixed> {
    let said = trial.said;
    let base = trial.models.into_iter().flatten().next()?;
    let mut ran: Vec<(Witness, Journey)> = Vec::new();
    for value in trial.all_values() {
        let Some(request) = said.changed(&base.request, value.as_deref()).filter(|_| *left > 0) else { continue };
        *left -= 1;
        let second = Witness { request, answer: base.answer.clone() };
        let journey = survey.replay(&second);
        if journey.stored.is_empty() || journey.has_failed() {
            continue;
        }
        let is_other = |(_, before): &(Witness, Journey)| are_one(before, &journey) && is_mixed(before, &journey);
        if let Some(at) = ran.iter().position(is_other) {
            let (one, other) = (ran.swap_remove(at), (second, journey));
            // Who says something is the one to beware of.
            let is_told = said.of(&one.0.request).is_some();
            let ((first, before), (second, journey)) = if is_told { (one, other) } else { (other, one) };
            let found = Mixed { said: said.clone(), first, second, journeys: [before, journey] };
            return survey.is_hit(&found.first, &found.second).then_some(found);
        }
        ran.push((second, journey));
    }
    None
}

/// Whether what is stored of one takes the place of what is stored of the other.
fn are_one(one: &Journey, other: &Journey) -> bool {
    match (one.stored.last(), other.stored.last()) {
        (Some(first), Some(second)) => first.replaces(second),
        _ => false,
    }
}

/// A request of which all of these hold, with its answer.
pub(super) fn model(survey: &mut Survey<'_>, parts: &[Formula]) -> Option<Witness> {
    let Answer::Possible(model) = survey.solver.solve(&Formula::all(parts.iter().cloned())) else { return None };
    model.witness()
}
