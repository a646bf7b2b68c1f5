//! What a request and the lock know of each other: why its fetch failed, and what came of its waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pingora::cache::CacheKey;
use pingora::cache::lock::LockCore;

use super::seat::Seat;
use super::storage::FillIntent;

/// Set on the key of a request, so that it learns why its waiting ended, and so that others learn from it
/// why its fetch failed. `F` is what is told of a failure.
#[derive(Debug)]
pub struct Turn<F> {
    state: Arc<Mutex<State<F>>>,
    seat: Seat,
}

#[derive(Debug)]
struct State<F> {
    ticket: Option<u64>,
    ended: Ended<F>,
    /// The failures while it waited.
    row: Option<Arc<Row<F>>>,
    said: Option<Said<F>>,
    /// What its fetch is to fill, once the origin is asked.
    intent: Option<FillIntent>,
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
    /// The request has [left](Seat::leave).
    Left,
}

/// Fetches that fail one after another while the same requests wait. Those of them who are late to hear of a failure
/// find out here how it went on.
#[derive(Debug)]
pub(super) struct Row<F>(Mutex<(usize, Option<F>)>);

impl<F> Default for Row<F> {
    fn default() -> Self {
        Self(Mutex::new((0, None)))
    }
}

impl<F: Clone> Row<F> {
    /// One more has failed; so many have by now.
    pub(super) fn add(&self) -> usize {
        let mut row = self.lock();
        row.0 += 1;
        row.0
    }

    /// It is not tried again.
    pub(super) fn give_up(&self, failure: F) {
        self.lock().1 = Some(failure);
    }

    /// The failure that all share, once it is not tried again.
    pub(super) fn shared(&self) -> Option<F> {
        self.lock().1.clone()
    }

    fn lock(&self) -> MutexGuard<'_, (usize, Option<F>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Clone for Turn<F> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), seat: self.seat.clone() }
    }
}

impl<F> Default for Turn<F> {
    fn default() -> Self {
        let state = State { ticket: None, ended: Ended::Unshared, row: None, said: None, intent: None };
        Self { state: Arc::new(Mutex::new(state)), seat: Seat::default() }
    }
}

impl<F: Clone + Send + Sync + 'static> Turn<F> {
    /// Sets it on the key of its request.
    pub fn join(&self, key: &mut CacheKey) {
        key.extensions.insert(self.clone());
        key.extensions.insert(self.seat.clone());
    }

    /// What came of waiting, for a request that pingora has sent on without the cache.
    #[must_use]
    pub fn ended(&self) -> Ended<F> {
        if self.seat.has_left() { Ended::Left } else { self.state().ended.clone() }
    }
}

impl<F> Turn<F> {
    /// Where its request waits, when it does.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

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

    /// Says that the origin is asked, to fill that. If it is purged before a response comes, those who wait have the
    /// origin asked anew, where the response is of no use to them.
    pub fn intend(&self, intent: &FillIntent) {
        self.state().intent = Some(Arc::clone(intent));
    }

    pub(super) fn intended(&self) -> Option<FillIntent> {
        self.state().intent.take()
    }

    pub(super) fn said(&self) -> Option<Said<F>> {
        self.state().said.take()
    }

    /// Waits from now on.
    pub(super) fn wait_at(&self, core: &Arc<LockCore>) {
        self.state().ended = Ended::Unshared;
        self.seat.wait_at(core);
    }

    pub(super) fn end(&self, ended: Ended<F>) {
        self.state().ended = ended;
    }

    /// The fetch that it waited for has failed, the last in this row, or ended for another reason.
    pub(super) fn note_failures(&self, row: Option<Arc<Row<F>>>) {
        self.state().row = row;
    }

    /// The failures while it waited; none where the last fetch did not fail.
    pub(super) fn row(&self) -> Option<Arc<Row<F>>> {
        self.state().row.clone()
    }

    /// That of its first waiting.
    pub(super) fn ticket(&self, next: impl FnOnce() -> u64) -> u64 {
        *self.state().ticket.get_or_insert_with(next)
    }

    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
