//! Lists in sentences.

use std::fmt::Display;

use crate::lang::schema::{Action, Step, StepSet};

/// More than this many names are not listed: nobody reads them.
const LISTED_AT_MOST: usize = 16;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn join<T: Display>(items: &[T], last: &str) -> String {
    let Some((end, start)) = items.split_last() else { return String::new() };
    if start.is_empty() {
        return end.to_string();
    }
    let start: Vec<String> = start.iter().map(ToString::to_string).collect();
    format!("{} {last} {end}", start.join(", "))
}

/// `` `a`, `b` or `c` ``
pub(super) fn quoted<'n>(names: impl Iterator<Item = &'n str>, last: &str) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    join(&quoted, last)
}

/// Names that lead from one to the next, those in the middle left out if they are many.
pub(super) fn chain(names: &[&str]) -> String {
    match names {
        [first @ .., last] if names.len() > LISTED_AT_MOST => {
            format!("{} -> … -> {last}", first.get(..LISTED_AT_MOST / 2).unwrap_or_default().join(" -> "))
        }
        _ => names.join(" -> "),
    }
}

/// The names of steps in a sentence.
pub(super) fn steps(steps: impl Iterator<Item = Step>, last: &str) -> String {
    let names: Vec<&str> = steps.map(Step::name).collect();
    join(&names, last)
}

/// Those of the steps that this version runs, in a sentence.
pub(super) fn running_steps(set: StepSet) -> String {
    steps(set.iter().filter(|step| step.runs()), "and")
}

/// Whether an action is carried out in all of these steps.
fn is_possible(action: Action, set: &[Step]) -> bool {
    set.iter().all(|step| action.runs().contains(*step))
}

/// The actions that all of these steps may end with, in a sentence.
pub(super) fn actions(set: &[Step]) -> String {
    let names: Vec<&str> =
        Action::ALL.iter().filter(|action| is_possible(**action, set)).map(|action| action.name()).collect();
    join(&names, "or")
}

/// A help line out of the nearest name, else of all names if they are few.
pub(super) fn suggestion(nearest: Option<&str>, kind: &str, mut names: Vec<&str>) -> Option<String> {
    if let Some(nearest) = nearest {
        return Some(format!("did you mean `{nearest}`?"));
    }
    names.sort_unstable();
    if names.is_empty() {
        return Some("none is declared".to_owned());
    }
    if names.len() > LISTED_AT_MOST {
        return None;
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("{kind}: {}", quoted.join(", ")))
}
