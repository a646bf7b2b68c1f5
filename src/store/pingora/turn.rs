//! What a request and the lock know of each other: whose fetch it waits for, and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// Set on the key of a request, so that it learns why its waiting ended, and so that others learn from it
/// why its fetch failed. `F` is what is told of a failure.
#[derive(Debug)]
pub struct Turn<F>(Arc<Mutex<State<F>>>);

#[derive(Debug)]
struct State<F> {
    behind: Behind<F>,
    ticket: Option<u64>,
    said: Option<Said<F>>,
}

/// What a request waits for.
#[derive(Debug)]
enum Behind<F> {
    Nobody,
    Fetch(Arc<Fetch<F>>),
    /// It does not wait: too many do.
    TooMany,
}

/// What a fetch says of its end, should it end without a response for others.
#[derive(Debug)]
pub(super) enum Said<F> {
    /// It failed, and for others it would, too.
    Failed(F),
    /// It says nothing of what others would get.
    OfItselfAlone,
}

/// What came of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended<F> {
    /// There is no response to share: the origin is to be asked.
    Unshared,
    /// The fetch failed in this way.
    Failed(F),
    /// Too many wait already.
    TooMany,
}

/// A fetch that others wait for.
#[derive(Debug)]
pub(super) struct Fetch<F> {
    pub(super) began: Instant,
    /// How many fetches just before it failed while the same requests waited.
    pub(super) failed_before: usize,
    pub(super) failure: OnceLock<F>,
}

impl<F> Clone for Turn<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F> Default for Turn<F> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { behind: Behind::Nobody, ticket: None, said: None })))
    }
}

impl<F: Clone> Turn<F> {
    /// Says that the fetch failed in a way in which it would fail for others. Of no effect if a response comes
    /// in the end.
    pub fn fail(&self, failure: F) {
        self.state().said = Some(Said::Failed(failure));
    }

    /// Says that what ends the fetch lies in this request, though the origin was asked: those who wait are to
    /// ask for themselves.
    pub fn go_alone(&self) {
        self.state().said = Some(Said::OfItselfAlone);
    }

    /// Takes back what was said: the request found an answer without the origin.
    pub fn recover(&self) {
        self.state().said = None;
    }

    /// What came of waiting, for a request that pingora has sent on without the cache.
    #[must_use]
    pub fn ended(&self) -> Ended<F> {
        match &self.state().behind {
            Behind::TooMany => Ended::TooMany,
            Behind::Fetch(fetch) => fetch.failure.get().cloned().map_or(Ended::Unshared, Ended::Failed),
            Behind::Nobody => Ended::Unshared,
        }
    }

    pub(super) fn said(&self) -> Option<Said<F>> {
        self.state().said.take()
    }

    /// Waits for a fetch; the ticket is that of its first waiting.
    pub(super) fn wait_for(&self, fetch: Option<Arc<Fetch<F>>>, next_ticket: impl FnOnce() -> u64) {
        let mut state = self.state();
        state.behind = fetch.map_or(Behind::Nobody, Behind::Fetch);
        state.ticket.get_or_insert_with(next_ticket);
    }

    pub(super) fn be_refused(&self) {
        self.state().behind = Behind::TooMany;
    }

    /// Fetches itself now; tells how many fetches that it waited for have failed.
    pub(super) fn lead(&self) -> usize {
        match std::mem::replace(&mut self.state().behind, Behind::Nobody) {
            Behind::Fetch(fetch) if fetch.failure.get().is_some() => fetch.failed_before + 1,
            _ => 0,
        }
    }

    #[cfg(test)]
    pub(super) fn fetch(&self) -> Option<Arc<Fetch<F>>> {
        match &self.state().behind {
            Behind::Fetch(fetch) => Some(Arc::clone(fetch)),
            _ => None,
        }
    }

    pub(super) fn ticket(&self) -> Option<u64> {
        self.state().ticket
    }

    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
