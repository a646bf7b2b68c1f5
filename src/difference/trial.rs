//! A request taken through two policies: the first time, once more, and when what was stored for it is stale.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http::header::CACHE_CONTROL;

use super::change::{Change, between};
use crate::cache::Lifetimes;
use crate::simulate::{Answer, Case, Journey, Simulator, Store, World};

/// The first request of several that are the same which changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The first of all.
    First,
    /// One that is made once the same was answered before.
    Again,
    /// One that is made when what was stored for the same is stale, and within its grace.
    Stale,
}

/// A moment like any other, since 1970.
const SOME_MOMENT: Duration = Duration::from_secs(784_111_777);

/// When a request is first treated otherwise, in which regards, and what became of it by both policies then.
pub(super) fn trial(simulators: &[Simulator; 2], case: &Case) -> Option<(When, Change, [Journey; 2])> {
    let mut stores = [Store::default(), Store::default()];
    let mut run = |now: SystemTime| {
        let world = World::at(now);
        let [old, new] = simulators.each_ref();
        let [old_store, new_store] = &mut stores;
        [old.run(case, old_store, &world), new.run(case, new_store, &world)]
    };
    let now = SystemTime::UNIX_EPOCH + SOME_MOMENT;
    let first = run(now);
    let stale_after = first.iter().find_map(stale_after);
    tell(When::First, first)
        .or_else(|| tell(When::Again, run(now)))
        .or_else(|| tell(When::Stale, run(now.checked_add(stale_after?)?)))
}

fn tell(when: When, [old, new]: [Journey; 2]) -> Option<(When, Change, [Journey; 2])> {
    let change = between(&old, &new)?;
    Some((when, change, [old, new]))
}

/// After how long what was stored is stale; `None` if it is of no use then.
fn stale_after(journey: &Journey) -> Option<Duration> {
    let times = &journey.stored.last()?.lifetimes;
    let moment = Duration::from_millis(1);
    (times.may_be_stale && times.grace_ms > 0).then(|| Lifetimes::duration(times.ttl_ms) + moment)
}

/// The same answer, which may be used stale for some time.
pub(super) fn lasting(answer: &Answer) -> Answer {
    let mut lasting = answer.clone();
    lasting.headers.append(CACHE_CONTROL, HeaderValue::from_static("stale-while-revalidate=60"));
    lasting
}
