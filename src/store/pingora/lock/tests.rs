use pingora::cache::lock::ReadLock;
use proptest::prelude::*;

use super::super::turn::Ended;
use super::*;

type Lock = FetchLock<&'static str>;

fn lock(coalescing: Coalescing) -> Lock {
    let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(1 << 20)));
    FetchLock::new(storage, coalescing)
}

fn key(name: &str) -> (CacheKey, Turn<&'static str>) {
    let (mut key, turn) = (CacheKey::new(name, ""), Turn::default());
    key.extensions.insert(turn.clone());
    (key, turn)
}

fn fetch(lock: &Lock, key: &CacheKey) -> WritePermit {
    match lock.lock(key, false) {
        Locked::Write(permit) => permit,
        Locked::Read(_) => panic!("somebody else fetches"),
    }
}

fn wait(lock: &Lock, key: &CacheKey) -> ReadLock {
    match lock.lock(key, false) {
        Locked::Read(read) => read,
        Locked::Write(_) => panic!("nobody fetches"),
    }
}

fn is_empty(lock: &Lock) -> bool {
    lock.fetches.iter().all(|shard| shard.lock().unwrap().is_empty())
}

#[test]
fn one_fetches_and_the_others_wait() {
    let lock = lock(Coalescing::default());
    let (key, _) = key("page");
    let permit = fetch(&lock, &key);
    let waiting = [wait(&lock, &key), wait(&lock, &key)];
    assert!(waiting.iter().all(ReadLock::locked));
    assert_eq!(lock.waiting(), 2);
    lock.release(&key, permit, LockStatus::Done);
    assert!(waiting.iter().all(|read| !read.locked() && read.lock_status() == LockStatus::Done));
    assert_eq!(lock.waiting(), 0);
    assert!(is_empty(&lock));
}

#[test]
fn who_goes_away_is_not_counted_any_more() {
    let lock = lock(Coalescing { most_waiting: 1, most_fetches: 1 });
    let (leader, _) = key("page");
    let permit = fetch(&lock, &leader);
    drop(wait(&lock, &leader));
    let (second, turn) = key("page");
    let read = wait(&lock, &second);
    assert!(read.locked());
    assert_eq!((lock.waiting(), turn.ended()), (1, Ended::Unshared));
    drop(read);
    assert_eq!(lock.waiting(), 0);
    lock.release(&leader, permit, LockStatus::Done);
}

#[test]
fn too_many_do_not_wait() {
    let lock = lock(Coalescing { most_waiting: 1, most_fetches: 1 });
    let (leader, _) = key("page");
    let permit = fetch(&lock, &leader);
    let first = wait(&lock, &leader);
    let (refused, turn) = key("page");
    let read = wait(&lock, &refused);
    assert!(first.locked() && !read.locked());
    assert_eq!((read.lock_status(), turn.ended()), (LockStatus::GiveUp, Ended::TooMany));
    // Those of another key have nothing to do with it.
    let (other, _) = key("other");
    let permit_of_other = fetch(&lock, &other);
    assert!(wait(&lock, &other).locked());
    lock.release(&other, permit_of_other, LockStatus::Done);
    lock.release(&leader, permit, LockStatus::Done);
}

#[test]
fn a_failure_is_tried_again_and_then_shared() {
    let lock = lock(Coalescing::default());
    let (patient, turn) = key("page");
    for tries in 1..=MOST_TRIES {
        let (leader, leading) = key("page");
        // As those are who waited with the patient one.
        leading.wait_for(turn.fetch(), || 0);
        let permit = fetch(&lock, &leader);
        let read = wait(&lock, &patient);
        leading.fail("refused");
        lock.release(&leader, permit, LockStatus::TransientError);
        let expected = if tries < MOST_TRIES { LockStatus::TransientError } else { LockStatus::GiveUp };
        assert_eq!((read.lock_status(), turn.ended()), (expected, Ended::Failed("refused")), "{tries}");
    }
}

#[test]
fn what_is_the_affair_of_one_request_alone_is_not_shared() {
    let lock = lock(Coalescing::default());
    let end = |say: fn(&Turn<&'static str>)| {
        let (leader, leading) = key("page");
        let permit = fetch(&lock, &leader);
        let (waits, turn) = key("page");
        let read = wait(&lock, &waits);
        say(&leading);
        lock.release(&leader, permit, LockStatus::TransientError);
        assert_eq!(turn.ended(), Ended::Unshared);
        read.lock_status()
    };
    assert_eq!(end(|_| {}), LockStatus::TransientError, "its client went away");
    assert_eq!(end(Turn::go_alone), LockStatus::GiveUp, "its policy refused what came");
    let recovered: fn(&Turn<&'static str>) = |turn| {
        turn.fail("refused");
        turn.recover();
    };
    assert_eq!(end(recovered), LockStatus::TransientError, "something stale is served");
}

#[test]
fn a_fetch_that_ends_late_does_not_end_the_one_after_it() {
    let lock = lock(Coalescing::default());
    let (key, _) = key("page");
    let late = fetch(&lock, &key);
    // As a reader notes it whose patience is at an end.
    late_for(&lock, &key);
    let next = fetch(&lock, &key);
    lock.release(&key, late, LockStatus::Done);
    let read = wait(&lock, &key);
    assert!(read.locked());
    lock.release(&key, next, LockStatus::Done);
    assert!(is_empty(&lock));
}

/// Marks the fetch of a key as one that takes too long.
fn late_for(lock: &Lock, key: &CacheKey) {
    lock.shard(place_of(key)).values().for_each(|stub| stub.0.unlock(LockStatus::AgeTimeout));
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Come(u8),
    Leave(prop::sample::Index),
    End(prop::sample::Index, u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u8..3).prop_map(Move::Come),
        1 => any::<prop::sample::Index>().prop_map(Move::Leave),
        1 => (any::<prop::sample::Index>(), 1_u8..4).prop_map(|(which, status)| Move::End(which, status)),
    ];
    prop::collection::vec(one, 0..200)
}

proptest! {
    /// Whoever comes, goes and ends in whatever order: one fetch for each key, never too many who wait, and
    /// nothing is left behind.
    #[test]
    fn the_table_holds_what_is_under_way(moves in moves()) {
        const MOST: usize = 4;
        let lock = lock(Coalescing { most_waiting: MOST, most_fetches: 1 });
        let (mut permits, mut waiting) = (Vec::new(), Vec::new());
        for next in moves {
            match next {
                Move::Come(name) => {
                    let (key, _) = key(&name.to_string());
                    match lock.lock(&key, false) {
                        Locked::Write(permit) => permits.push((name, key, permit)),
                        Locked::Read(read) => waiting.push((name, read)),
                    }
                }
                Move::Leave(which) if !waiting.is_empty() => drop(waiting.swap_remove(which.index(waiting.len()))),
                Move::End(which, status) if !permits.is_empty() => {
                    let (_, key, permit) = permits.swap_remove(which.index(permits.len()));
                    lock.release(&key, permit, status.into());
                }
                _ => {}
            }
            waiting.retain(|(_, read)| read.locked());
            let mut names: Vec<_> = permits.iter().map(|(name, ..)| *name).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), permits.len());
            prop_assert!((0..3).all(|name| waiting.iter().filter(|(of, _)| *of == name).count() <= MOST));
            prop_assert_eq!(lock.waiting(), waiting.len());
        }
        for (_, key, permit) in permits {
            lock.release(&key, permit, LockStatus::Done);
        }
        prop_assert!(is_empty(&lock));
    }
}
