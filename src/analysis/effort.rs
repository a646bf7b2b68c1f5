//! How much is done at most to walk over all steps. Work is counted, and not time: the same policy is walked over as far each
//! time, and what is made on the way fits into memory.

use std::cell::Cell;

use super::several::made;

/// So much is done for one policy, or for two that are compared: some seconds, and some hundred megabytes. A part of a
/// condition that is made counts as one, and so do arms that follow each other and lead to the same.
pub(super) const MOST_EFFORT: usize = 5_000_000;

/// A statement that is come to by requests of one kind is as much as so many parts of conditions.
pub(super) const STATEMENT: usize = 2;

/// What was done so far.
#[derive(Debug)]
pub(super) struct Effort {
    /// So much is done.
    most: Cell<usize>,
    spent: Cell<usize>,
    /// How many parts of conditions had been made when the step began that is walked over.
    since: Cell<Option<usize>>,
}

impl Default for Effort {
    fn default() -> Self {
        Self { most: Cell::new(MOST_EFFORT), spent: Cell::default(), since: Cell::default() }
    }
}

impl Effort {
    /// A step is walked over from here on.
    pub(super) fn begin(&self) {
        self.since.set(Some(made()));
    }

    /// It ends here.
    pub(super) fn end(&self) {
        self.spent.set(self.so_far());
        self.since.set(None);
    }

    /// Something was done.
    pub(super) fn add(&self, effort: usize) {
        self.spent.set(self.spent.get().saturating_add(effort));
    }

    /// Whether so much was done that the walk ends.
    pub(super) fn is_over(&self) -> bool {
        self.so_far() >= self.most.get()
    }

    /// Whether a step is walked over, and so much was done that it ends.
    pub(super) fn ends(&self) -> bool {
        self.since.get().is_some() && self.is_over()
    }

    fn so_far(&self) -> usize {
        let made = self.since.get().map_or(0, |since| made().wrapping_sub(since));
        self.spent.get().saturating_add(made)
    }
}

#[cfg(test)]
mod tests;
