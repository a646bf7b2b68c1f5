//! A request taken through two policies: the first time, once more, and when what was stored for it is stale.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http::header::CACHE_CONTROL;

use super::change::{Change, between};
use super::worlds::World;
use crate::cache::Lifetimes;
use crate::simulate::{self, Answer, Case, Journey, Simulator, Store};

/// Which of several requests that are the same changes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The first of all.
    First,
    /// One that is made once the same was answered before.
    Again,
    /// One that is made when what was stored for the same is stale, and within its grace.
    Stale,
    /// The request with that number.
    Number(u32),
    /// One that is made so long after the first.
    After(Duration),
    /// The first of all, in such a world.
    In(World),
}

impl When {
    /// Whether the same was made before.
    #[must_use]
    pub fn is_later(self) -> bool {
        !matches!(self, Self::First | Self::In(_))
    }

    /// The world in which it is made, if that is not the usual one.
    #[must_use]
    pub fn world(self) -> Option<World> {
        if let Self::In(world) = self { Some(world) } else { None }
    }
}

/// What a request has to meet in the cache for a difference to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A response that was used so often, with this request.
    Hits(i64),
    /// A response of that age, in milliseconds.
    Age(i64),
    /// A response that is fresh for so many milliseconds.
    Left(i64),
    /// That, beside the cache.
    World(World),
}

/// So often a request is made at most.
const MOST_REQUESTS: i64 = 1_000;

/// A moment like any other, since 1970.
const SOME_MOMENT: Duration = Duration::from_secs(784_111_777);

/// The world at that moment.
pub(super) fn some_world() -> simulate::World {
    simulate::World::at(SystemTime::UNIX_EPOCH + SOME_MOMENT)
}

/// Of what is treated otherwise, when, in which regards, and what became of it by both policies then.
pub(super) type Tried = (When, Change, [Journey; 2]);

/// When a request is first treated otherwise in a way that is asked for. It is made when it meets what is said, too.
pub(super) fn trial(
    simulators: [&Simulator; 2],
    case: &Case,
    met: &[Met],
    is_asked: &dyn Fn(&Change, &[Journey; 2]) -> bool,
) -> Option<Tried> {
    let tell = |when, journeys| tell(when, journeys).filter(|(_, change, journeys)| is_asked(change, journeys));
    let usual = usual(simulators, case, &tell);
    usual.or_else(|| met.iter().find_map(|met| meeting(simulators, case, *met, &tell)))
}

/// Tells of two journeys in what they differ.
type Tell<'t> = &'t dyn Fn(When, [Journey; 2]) -> Option<Tried>;

/// A request that is made a first time, once more, and when what was stored is stale.
fn usual(simulators: [&Simulator; 2], case: &Case, tell: Tell<'_>) -> Option<Tried> {
    let mut trial = Trial::new(simulators, case);
    let first = trial.run(Duration::ZERO);
    let stale_after = first.iter().find_map(stale_after);
    tell(When::First, first)
        .or_else(|| tell(When::Again, trial.run(Duration::ZERO)))
        .or_else(|| tell(When::Stale, trial.run(stale_after?)))
}

/// A request that meets that in the cache, if it can be brought about.
fn meeting(simulators: [&Simulator; 2], case: &Case, met: Met, tell: Tell<'_>) -> Option<Tried> {
    if let Met::World(world) = met {
        return tell(When::In(world), in_world(simulators, case, world));
    }
    let mut trial = Trial::new(simulators, case);
    let first = trial.run(Duration::ZERO);
    let ttl_ms = first.iter().find_map(|journey| journey.stored.last()).map(|stored| stored.lifetimes.ttl_ms)?;
    let mut after = |ms: i64| {
        let time = Duration::from_millis(u64::try_from(ms).ok()?);
        tell(When::After(time), trial.run(time))
    };
    match met {
        Met::Age(ms) => after(ms),
        Met::Left(ms) => after(ttl_ms.checked_sub(ms)?),
        Met::Hits(hits) => (2..=hits.min(MOST_REQUESTS) + 1)
            .find_map(|number| tell(When::Number(u32::try_from(number).ok()?), trial.run(Duration::ZERO))),
        Met::World(_) => None,
    }
}

/// What becomes of a request in such a world.
fn in_world(simulators: [&Simulator; 2], case: &Case, world: World) -> [Journey; 2] {
    let world = world.at(some_world().now);
    simulators.map(|simulator| simulator.run_cold(case, &world))
}

/// The same of a request that is made so often, or so late.
pub(super) fn trial_at(simulators: [&Simulator; 2], case: &Case, when: When) -> Option<Tried> {
    let mut trial = Trial::new(simulators, case);
    let first = trial.run(Duration::ZERO);
    let journeys = match when {
        When::First => first,
        When::Again => trial.run(Duration::ZERO),
        When::Stale => {
            trial.run(Duration::ZERO);
            trial.run(first.iter().find_map(stale_after)?)
        }
        When::Number(number) => {
            (2..number).for_each(|_| _ = trial.run(Duration::ZERO));
            trial.run(Duration::ZERO)
        }
        When::After(time) => trial.run(time),
        When::In(world) => in_world(simulators, case, world),
    };
    tell(when, journeys)
}

/// A request on its way through two policies, and what they have stored for it.
struct Trial<'t> {
    simulators: [&'t Simulator; 2],
    case: &'t Case,
    stores: [Store; 2],
}

impl<'t> Trial<'t> {
    fn new(simulators: [&'t Simulator; 2], case: &'t Case) -> Self {
        Self { simulators, case, stores: [Store::default(), Store::default()] }
    }

    /// What becomes of it so long after it was made first.
    fn run(&mut self, since: Duration) -> [Journey; 2] {
        let now = some_world().now;
        let world = simulate::World::at(now.checked_add(since).unwrap_or(now));
        let ([old, new], [old_store, new_store]) = (self.simulators, &mut self.stores);
        [old.run(self.case, old_store, &world), new.run(self.case, new_store, &world)]
    }
}

fn tell(when: When, [old, new]: [Journey; 2]) -> Option<Tried> {
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
