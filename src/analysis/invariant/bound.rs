//! The bounds that keep an invariant from being decided, for people.

use crate::analysis::effort::MOST_EFFORT;
use crate::analysis::journey::WALK;
use crate::analysis::solve::{MOST_TESTS, MOST_TRIES, STATES, TESTS, TRIES, VIEWS};
use crate::analysis::term::Place;
use crate::analysis::text::MOST_STATES;

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

/// So many requests were tried that may break the promise, and do not.
pub(super) fn tried(requests: usize) -> String {
    format!("none of the {requests} requests that were tried breaks it")
}

/// Where all that was tried is that a backend answers in this way or in that.
pub(super) const ANOTHER_ANSWER: &str = "it may break where a backend answers otherwise when it is asked again";
