//! The bounds that keep an invariant from being decided, for people.

use crate::analysis::effort::MOST_EFFORT;
use crate::analysis::journey::WALK;
use crate::analysis::model::Model;
use crate::analysis::solve::{MOST_TESTS, MOST_TRIES, STATES, TESTS, TRIES, VIEWS};
use crate::analysis::term::{Op, Place, Term};
use crate::analysis::text::MOST_STATES;
use crate::analysis::within::{Look, Within};

/// What a budget that ended is called, with how much it is; `about` is the place of a value by which it did.
pub(super) fn met(budget: &str, about: Option<&Place>) -> String {
    let of = about.map_or_else(|| "one value".to_owned(), |place| format!("`{place}`"));
    match budget {
        TRIES => format!("{MOST_TRIES} {TRIES}"),
        TESTS => format!("{MOST_TESTS} {TESTS}"),
        STATES => format!("{MOST_STATES} {STATES}, of {of}"),
        VIEWS => format!("1 value of {of} was tried, and not all holds of it that is asked at once"),
        other => other.to_owned(),
    }
}

/// What was walked over at most.
pub(super) fn walked() -> String {
    format!("{MOST_EFFORT} {WALK}")
}

/// So many values are named that were taken for anything.
const MOST_NAMED: usize = 2;

/// So many requests were tried that may break the promise, and do not; and what `model` took for anything.
pub(super) fn tried(requests: usize, model: &Model<'_>) -> String {
    let tried = match requests {
        0 => "no request was found that could be tried".to_owned(),
        1 => "the only request that was tried does not break it".to_owned(),
        _ => format!("none of the {requests} requests that were tried breaks it"),
    };
    let mut assumed: Vec<String> = model.assumed().filter_map(described).collect();
    assumed.sort_unstable();
    assumed.dedup();
    assumed.truncate(MOST_NAMED);
    match assumed.as_slice() {
        [] => tried,
        [one] => format!("{tried}, and {one} was taken for anything"),
        several => format!("{tried}, and {} were taken for anything", several.join(" and ")),
    }
}

/// A value of which nothing is known, in the words of the policy.
fn described(term: &Term) -> Option<String> {
    let of = made_of(term);
    match term {
        Term::Free(unknown) => unknown.function.map(|function| format!("what `{}` yields", function.name())),
        _ if of.is_empty() => None,
        Term::Made(made) => Some(match &made.op {
            Op::Call(function) => format!("what `{}` makes of {of}", function.name()),
            Op::Compare(_) => format!("how {of} compares"),
            Op::Lookup(_) => format!("what a table holds for {of}"),
            _ => format!("what is made of {of}"),
        }),
        _ => None,
    }
}

/// What came in, and what functions yield, that is a part of a value.
fn made_of(term: &Term) -> String {
    let mut parts: Vec<String> = Vec::new();
    Within::new(|part| {
        let name = match part {
            Term::Free(unknown) => unknown.function.map(|function| format!("`{}`", function.name())),
            _ => part.place().map(|place| format!("`{place}`")),
        };
        parts.extend(name);
        Look::Inside
    })
    .term(term);
    parts.sort_unstable();
    parts.dedup();
    parts.join(" with ")
}

/// Where all that was tried is that a backend answers in this way or in that.
pub(super) const ANOTHER_ANSWER: &str = "it may break where a backend answers otherwise when it is asked again";
