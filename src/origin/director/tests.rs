//! How each kind of director chooses, over backends whose health and load the test makes.

use std::collections::BTreeMap;

use tokio::runtime::Handle;

use super::super::{BackendDefinition, OriginRequest, Registry};
use super::*;

/// Backends `a`, `b` …, and a registry that directors come from.
struct Pool {
    registry: Registry,
    backends: Vec<Arc<Backend>>,
}

/// A request with that key, which has failed at those.
#[derive(Default)]
struct Asked {
    key: u64,
    alternative: usize,
    failed: Vec<Arc<Backend>>,
}

impl Question for Asked {
    fn key(&self, _director: u32) -> u64 {
        self.key
    }

    fn alternative(&self, _director: u32) -> usize {
        self.alternative
    }

    fn failed(&self) -> &[Arc<Backend>] {
        &self.failed
    }
}

/// What a backend is called that is sick: one declared `none` is.
fn is_sick(name: &str) -> bool {
    name.starts_with("sick")
}

impl Pool {
    fn new(names: &[&str]) -> Self {
        let registry = Registry::new(Handle::current(), Arc::default());
        let backend = |name: &&str| {
            let definition = BackendDefinition::new(*name, "127.0.0.1", 80);
            let place = definition.place.clone().filter(|_| !is_sick(name));
            registry.backend(&BackendDefinition { place, ..definition })
        };
        let backends = names.iter().map(backend).collect();
        Self { registry, backends }
    }

    fn targets(&self) -> Vec<Target> {
        (0..).zip(&self.backends).map(|(number, backend)| Target::Backend(number, backend.clone())).collect()
    }

    /// A director of all of them.
    fn director(&self, way: Way, weights: &[u32]) -> Target {
        let weight = |at: usize| weights.get(at).copied().unwrap_or(1) * 1_000;
        let members = self.backends.iter().enumerate().map(|(at, backend)| (backend.name().to_owned(), weight(at)));
        let definition = DirectorDefinition { name: "pool".to_owned(), way, members: members.collect() };
        Target::Director(Arc::new(self.registry.director(0, definition, self.targets())))
    }

    fn named(&self, name: &str) -> Arc<Backend> {
        self.backends.iter().find(|backend| backend.name() == name).unwrap().clone()
    }
}

fn name(target: &Target, asked: &Asked) -> String {
    target.choose(asked).map_or_else(|| "none".to_owned(), |chosen| chosen.backend.name().to_owned())
}

/// Who is chosen for so many requests in a row.
fn names(target: &Target, count: usize) -> String {
    (0..count).map(|_| name(target, &Asked::default())).collect::<Vec<_>>().join(" ")
}

/// How often each is chosen over many keys, or many times.
fn counts(target: &Target) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for number in 0..4_000_u64 {
        let asked = Asked { key: digest(&[&number.to_le_bytes()]), ..Asked::default() };
        *counts.entry(name(target, &asked)).or_default() += 1;
    }
    counts
}

fn assert_about(counts: &BTreeMap<String, usize>, expected: &[(&str, usize)]) {
    assert_eq!(counts.len(), expected.len(), "{counts:?}");
    for (name, expected) in expected {
        let found = counts[*name];
        assert!(found.abs_diff(*expected) < 300, "{name}: {found} where about {expected} are expected");
    }
}

fn shard() -> Shard {
    Shard { replicas: 67, warmup: 0, rampup: Duration::ZERO, looks_at_chosen: true, looks_at_skipped: false }
}

#[tokio::test]
async fn round_robin_takes_turns_among_the_healthy() {
    assert_eq!(names(&Pool::new(&["a", "b", "c"]).director(Way::RoundRobin, &[]), 5), "a b c a b");
    assert_eq!(names(&Pool::new(&["a", "sick", "c"]).director(Way::RoundRobin, &[]), 4), "a c a c");
}

#[tokio::test]
async fn fallback_is_the_first_that_is_healthy() {
    let pool = Pool::new(&["sick", "b", "c"]);
    let director = pool.director(Way::Fallback { sticky: false }, &[]);
    assert_eq!(names(&director, 2), "b b");
    assert_eq!(name(&director, &Asked { failed: vec![pool.named("b")], ..Asked::default() }), "c");
    assert_eq!(names(&director, 1), "b");
}

#[tokio::test]
async fn a_sticky_fallback_stays_where_it_went() {
    let pool = Pool::new(&["a", "b"]);
    let Target::Director(director) = pool.director(Way::Fallback { sticky: true }, &[]) else { unreachable!() };
    director.state.stay_with(1);
    assert_eq!(names(&Target::Director(director.clone()), 2), "b b");
    let elsewhere = Asked { failed: vec![pool.named("b")], ..Asked::default() };
    assert_eq!(name(&Target::Director(director.clone()), &elsewhere), "a");
    assert_eq!(names(&Target::Director(director), 1), "b", "one request's trouble is not everybody's");
    let director = Pool::new(&["sick", "b"]).director(Way::Fallback { sticky: true }, &[]);
    assert_eq!(names(&director, 1), "b");
}

#[tokio::test]
async fn random_goes_by_weight() {
    assert_about(&counts(&Pool::new(&["a", "b"]).director(Way::Random, &[3, 1])), &[("a", 3_000), ("b", 1_000)]);
    let director = Pool::new(&["a", "sick", "c"]).director(Way::Random, &[1, 9, 1]);
    assert_about(&counts(&director), &[("a", 2_000), ("c", 2_000)]);
}

#[tokio::test]
async fn hash_gives_a_key_to_the_same_member_by_weight() {
    let director = Pool::new(&["a", "b"]).director(Way::Hash, &[3, 1]);
    assert_about(&counts(&director), &[("a", 3_000), ("b", 1_000)]);
    let asked = Asked { key: digest(&[b"/one"]), ..Asked::default() };
    assert_eq!(name(&director, &asked), name(&director, &asked));
}

#[tokio::test]
async fn shard_moves_only_the_keys_of_a_member_that_is_sick() {
    let all = Pool::new(&["a", "b", "c"]);
    let two = Pool::new(&["a", "sick b", "c"]);
    let before = all.director(Way::Shard(shard()), &[]);
    let members = [("a", 1_000), ("b", 1_000), ("c", 1_000)];
    let definition = DirectorDefinition {
        name: "pool".to_owned(),
        way: Way::Shard(shard()),
        members: members.map(|(name, weight)| (name.to_owned(), weight)).to_vec(),
    };
    let after = Target::Director(Arc::new(two.registry.director(0, definition, two.targets())));
    assert_about(&counts(&before), &[("a", 1_333), ("b", 1_333), ("c", 1_333)]);
    for number in 0..1_000_u64 {
        let asked = Asked { key: digest(&[&number.to_le_bytes()]), ..Asked::default() };
        let (was, is) = (name(&before, &asked), name(&after, &asked));
        assert!(was == is || was == "b", "{was} became {is}");
        assert_ne!(is, "sick b");
    }
}

#[tokio::test]
async fn shard_gives_weight_as_places_on_the_ring() {
    let director = Pool::new(&["a", "b"]).director(Way::Shard(shard()), &[3, 1]);
    assert_about(&counts(&director), &[("a", 3_000), ("b", 1_000)]);
}

#[tokio::test]
async fn shard_skips_as_many_as_it_is_told() {
    let pool = Pool::new(&["a", "b", "c"]);
    let director = pool.director(Way::Shard(shard()), &[]);
    let of = |alternative: usize| name(&director, &Asked { alternative, ..Asked::default() });
    let mut order = vec![of(0), of(1), of(2)];
    assert_eq!(of(9), order[2], "the last one when there are not so many");
    order.sort();
    assert_eq!(order, ["a", "b", "c"]);
}

#[tokio::test]
async fn whose_health_counts_for_a_shard_is_said() {
    let pool = Pool::new(&["a", "sick", "c"]);
    let with = |looks_at_chosen, looks_at_skipped| {
        pool.director(Way::Shard(Shard { looks_at_chosen, looks_at_skipped, ..shard() }), &[])
    };
    let (chosen, all, ignore) = (with(true, false), with(true, true), with(false, false));
    let of_key =
        |number: u64, alternative| Asked { key: digest(&[&number.to_le_bytes()]), alternative, ..Asked::default() };
    let sick_first = (0..1_000).find(|number| name(&ignore, &of_key(*number, 0)) == "sick").unwrap();
    assert_eq!(name(&chosen, &of_key(sick_first, 0)), name(&ignore, &of_key(sick_first, 1)));
    assert_eq!(name(&chosen, &of_key(sick_first, 1)), name(&ignore, &of_key(sick_first, 1)), "the sick one is skipped");
    assert_eq!(
        name(&all, &of_key(sick_first, 1)),
        name(&ignore, &of_key(sick_first, 2)),
        "one that is well is skipped"
    );
}

#[tokio::test]
async fn warmup_sends_a_share_to_the_next_member() {
    let pool = Pool::new(&["a", "b"]);
    let director = pool.director(Way::Shard(Shard { warmup: 250, ..shard() }), &[]);
    let first = name(&pool.director(Way::Shard(shard()), &[]), &Asked::default());
    let to_first = (0..4_000).filter(|_| name(&director, &Asked::default()) == first).count();
    assert!(to_first.abs_diff(3_000) < 300, "{to_first}");
}

/// So many requests to the backend of that name.
async fn under_way(pool: &Pool, name: &str, count: usize) -> Vec<OriginRequest> {
    let mut requests = Vec::new();
    for _ in 0..count {
        requests.push(pool.named(name).admit().await.unwrap());
    }
    requests
}

#[tokio::test]
async fn least_conn_asks_the_least_busy_by_weight() {
    let pool = Pool::new(&["a", "b", "c"]);
    let director = pool.director(Way::LeastConn, &[2, 1, 1]);
    let busy = (under_way(&pool, "a", 4).await, under_way(&pool, "b", 1).await, under_way(&pool, "c", 2).await);
    assert_eq!(names(&director, 2), "b b");
    drop(busy.0);
    assert_eq!(names(&director, 2), "a a");
}

#[tokio::test]
async fn of_equals_least_conn_asks_each_in_turn() {
    assert_eq!(names(&Pool::new(&["a", "b", "c"]).director(Way::LeastConn, &[]), 4), "a b c a");
}

#[tokio::test]
async fn p2c_avoids_the_busiest() {
    let pool = Pool::new(&["a", "b", "c"]);
    let director = pool.director(Way::P2c, &[]);
    let _busy = under_way(&pool, "b", 50).await;
    assert_about(&counts(&director), &[("a", 2_000), ("c", 2_000)]);
    let alone = Pool::new(&["a", "sick"]).director(Way::P2c, &[]);
    assert_eq!(names(&alone, 1), "a");
}

#[tokio::test]
async fn a_member_of_weight_0_gets_nothing() {
    let ways = [
        Way::Random,
        Way::Hash,
        Way::LeastConn,
        Way::P2c,
        Way::Shard(shard()),
        Way::Shard(Shard { warmup: 500, ..shard() }),
    ];
    for way in ways {
        let director = Pool::new(&["a", "drained", "c"]).director(way.clone(), &[1, 0, 1]);
        for alternative in 0..4_usize {
            let key = digest(&[&alternative.to_le_bytes()]);
            let chosen = name(&director, &Asked { key, alternative, ..Asked::default() });
            assert!(matches!(chosen.as_str(), "a" | "c"), "{way:?} chose {chosen}");
        }
        let director = Pool::new(&["sick", "drained"]).director(way.clone(), &[1, 0]);
        assert_eq!((name(&director, &Asked::default()).as_str(), director.is_healthy()), ("none", false), "{way:?}");
    }
    let whatever_health = Way::Shard(Shard { looks_at_chosen: false, looks_at_skipped: false, ..shard() });
    let director = Pool::new(&["a", "drained", "sick"]).director(whatever_health, &[1, 0, 1]);
    let of = |alternative| name(&director, &Asked { alternative, ..Asked::default() });
    let mut chosen = [of(0), of(1)];
    chosen.sort();
    assert_eq!((chosen, of(2)), (["a".to_owned(), "sick".to_owned()], of(0)));
}

#[tokio::test]
async fn without_a_member_that_can_be_asked_nobody_is_chosen() {
    let ways = [
        Way::RoundRobin,
        Way::Random,
        Way::Hash,
        Way::LeastConn,
        Way::P2c,
        Way::Shard(shard()),
        Way::Fallback { sticky: true },
    ];
    for way in ways {
        let director = Pool::new(&["sick", "sick too"]).director(way.clone(), &[]);
        assert!(!director.is_healthy());
        assert_eq!(names(&director, 1), "none", "{way:?}");
        let pool = Pool::new(&["a"]);
        let director = pool.director(way.clone(), &[]);
        assert!(director.can_serve(&[]) && !director.can_serve(&pool.backends));
        let asked = Asked { failed: pool.backends.clone(), ..Asked::default() };
        assert_eq!(name(&director, &asked), "none", "{way:?}");
    }
}

#[tokio::test]
async fn directors_are_members_of_directors() {
    let (near, far) = (Pool::new(&["sick"]), Pool::new(&["c", "d"]));
    let members = vec![near.director(Way::Random, &[]), far.director(Way::RoundRobin, &[])];
    let definition = DirectorDefinition {
        name: "all".to_owned(),
        way: Way::Fallback { sticky: false },
        members: vec![("near".to_owned(), 1_000), ("far".to_owned(), 1_000)],
    };
    let all = Target::Director(Arc::new(near.registry.director(1, definition, members)));
    assert!(all.is_healthy());
    assert_eq!(names(&all, 3), "c d c");
}

#[tokio::test]
async fn a_director_that_is_defined_alike_goes_on_where_the_last_one_was() {
    let pool = Pool::new(&["a", "b", "c"]);
    let old = pool.director(Way::RoundRobin, &[]);
    assert_eq!(names(&old, 2), "a b");
    let new = pool.director(Way::RoundRobin, &[]);
    drop(old);
    assert_eq!(names(&new, 2), "c a");
    assert_eq!(names(&pool.director(Way::RoundRobin, &[2]), 1), "a", "another one begins anew");
}

#[tokio::test]
async fn the_slowest_member_says_how_long_it_may_take() {
    let pool = Pool::new(&["quick", "slow"]);
    let of = |backend: &Backend| Duration::from_secs(if backend.name() == "slow" { 90 } else { 1 });
    let inner = pool.director(Way::Random, &[1_000, 1_000]);
    let definition = DirectorDefinition {
        name: "outer".to_owned(),
        way: Way::RoundRobin,
        members: vec![("inner".to_owned(), 1_000)],
    };
    let outer = Target::Director(Arc::new(pool.registry.director(1, definition, vec![inner])));
    assert_eq!(outer.longest(&of), Some(Duration::from_secs(90)));
    assert_eq!(pool.targets()[0].longest(&of), Some(Duration::from_secs(1)));
}
