//! How much work the statements of a step may be.
//!
//! A policy has no loops, so that the number of its statements is known when it is checked. How long the texts are that
//! they work on is not: twenty statements that double one make it a million times as long. So each byte that the value of
//! a statement reads or makes is counted, and the step fails where there are too many.
//!
//! Conditions are not counted: how many of them are tested, and how often, is up to the tree. What they make has a
//! smaller limit instead. Only calls that are made exactly where they are written count in them as well.

use std::cell::Cell;

use super::{Context, Scope};
use crate::decision::facts::{CONDITION_TEXT_LIMIT_BYTES, Facts, Refused, TEXT_LIMIT_BYTES, WORK_LIMIT_BYTES};

/// To replace what a pattern matches takes so many times the work of copying it.
pub(super) const SUBSTITUTION: usize = 8;

/// To try a password is like so many bytes: hashes of passwords are made to take long.
pub(super) const PASSWORD_BYTES: usize = WORK_LIMIT_BYTES / 16;

/// A line of a field is read again with each other one: so many times that of writing it.
pub(super) const LINE: usize = 64;

/// To ban is like so many bytes: each ban is tested with what is stored.
pub(super) const BAN_BYTES: usize = WORK_LIMIT_BYTES / 128;

/// What may still be done in a run of a step.
#[derive(Debug)]
pub(in crate::decision) struct Work {
    left_bytes: Cell<usize>,
}

impl Work {
    /// All of it.
    pub fn new() -> Self {
        Self { left_bytes: Cell::new(WORK_LIMIT_BYTES) }
    }

    /// Counts bytes that were read or made; whether there were so many left.
    fn takes(&self, bytes: usize) -> bool {
        let left = self.left_bytes.get().checked_sub(bytes);
        self.left_bytes.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether there is nothing left.
    fn is_done(&self) -> bool {
        self.left_bytes.get() == 0
    }
}

/// Said in the log and in the page of the failure.
const TOO_MUCH: &str = "the step works on too much text: more than 32 MiB in all";

impl Context<'_> {
    /// Counts bytes that were read or made; whether there were so many left.
    pub(super) fn works(&self, bytes: usize) -> bool {
        self.work.is_none_or(|work| work.takes(bytes))
    }

    /// # Errors
    /// When nothing is left.
    pub(in crate::decision) fn check_work(&self) -> Result<(), Refused> {
        if self.work.is_some_and(Work::is_done) { Err(Refused(TOO_MUCH)) } else { Ok(()) }
    }
}

impl<F: Facts> Scope<'_, F> {
    /// The same for a condition, the work of which is not counted.
    pub(super) fn as_condition(&self) -> Self {
        let mut scope = *self;
        scope.context.counts = false;
        scope
    }

    /// Counts the bytes of a text that a value is made of, or that one is, if they count.
    pub(super) fn works(&self, bytes: usize) {
        if self.context.counts {
            self.context.works(bytes);
        }
    }

    /// The most bytes that a text may have that is made now.
    pub(super) fn text_limit_bytes(&self) -> usize {
        if self.context.counts {
            self.context.work.map_or(TEXT_LIMIT_BYTES, |work| work.left_bytes.get().min(TEXT_LIMIT_BYTES))
        } else {
            CONDITION_TEXT_LIMIT_BYTES
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_with_the_byte_that_is_too_many() {
        let work = Work::new();
        assert!(work.takes(WORK_LIMIT_BYTES - 1) && !work.is_done());
        assert!(!work.takes(2) && work.is_done());
        assert!(!work.takes(usize::MAX) && work.is_done());
        assert!(TOO_MUCH.contains(&format!("{} MiB", WORK_LIMIT_BYTES >> 20)));
    }
}
