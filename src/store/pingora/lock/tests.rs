use pingora::cache::CacheMeta;
use pingora::cache::lock::ReadLock;
use pingora::cache::storage::Storage;
use pingora::cache::trace::Span;
use pingora::http::ResponseHeader;
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
    turn.join(&mut key);
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
    lock.flights.is_empty()
}

/// Lets the fetches of a key have taken so long that another one is due.
fn let_be_late(lock: &Lock, key: &CacheKey) {
    lock.flights.shard(place_of(key)).values_mut().for_each(Flight::let_be_late);
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
    let [(first, leading), (second, next), (patient, turn), (behind, late)] = ["page"; 4].map(key);
    let mut permit = fetch(&lock, &first);
    let mut leading = (&first, &leading);
    for tries in 1..=MOST_TRIES {
        let (other, read) = (wait(&lock, &second), wait(&lock, &patient));
        let once = (tries == 1).then(|| wait(&lock, &behind));
        leading.1.fail("refused");
        lock.release(leading.0, permit, LockStatus::TransientError);
        if tries == MOST_TRIES {
            assert_eq!((read.lock_status(), turn.ended()), (LockStatus::GiveUp, Ended::Failed("refused")));
            assert!(is_empty(&lock));
            // One of them was still on its way when the others began to wait anew.
            assert_eq!(wait(&lock, &behind).lock_status(), LockStatus::GiveUp);
            assert_eq!(late.ended(), Ended::Failed("refused"));
            return;
        }
        assert_eq!((read.lock_status(), other.lock_status()), (LockStatus::TransientError, LockStatus::TransientError));
        leading = (&second, &next);
        drop((other, once));
        permit = fetch(&lock, leading.0);
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
fn who_leaves_goes_alone() {
    let lock = lock(Coalescing::default());
    let [(leader, _), (stays, staying), (leaves, leaving)] = ["page"; 3].map(key);
    let permit = fetch(&lock, &leader);
    let (left, read) = (wait(&lock, &leaves), wait(&lock, &stays));
    assert!(leaving.seat().is_waiting());
    leaving.seat().leave();
    assert_eq!(
        (left.lock_status(), leaving.ended(), leaving.seat().is_waiting()),
        (LockStatus::GiveUp, Ended::Left, false)
    );
    assert!(read.locked() && staying.seat().is_waiting());
    drop(left);
    assert_eq!(lock.waiting(), 1);
    lock.release(&leader, permit, LockStatus::Done);
    assert_eq!((read.lock_status(), staying.ended()), (LockStatus::Done, Ended::Unshared));
}

#[test]
fn behind_a_fetch_that_is_late_another_begins_and_the_first_to_end_is_for_all() {
    for first_ends_first in [true, false] {
        let lock = lock(Coalescing::default());
        let (key, _) = key("page");
        let first = fetch(&lock, &key);
        let patient = wait(&lock, &key);
        let_be_late(&lock, &key);
        let second = fetch(&lock, &key);
        let late = wait(&lock, &key);
        assert!(patient.locked() && late.locked());
        let (ends, goes_on) = if first_ends_first { (first, second) } else { (second, first) };
        lock.release(&key, ends, LockStatus::Done);
        assert_eq!((patient.lock_status(), late.lock_status()), (LockStatus::Done, LockStatus::Done));
        // It has nothing to do with those who come later.
        let next = fetch(&lock, &key);
        let waits = wait(&lock, &key);
        lock.release(&key, goes_on, LockStatus::GiveUp);
        assert!(waits.locked());
        lock.release(&key, next, LockStatus::Done);
        assert!(is_empty(&lock));
    }
}

#[test]
fn while_another_fetch_goes_on_a_failure_is_nobodys() {
    let lock = lock(Coalescing::default());
    let [(first, leading), (second, _), (waits, turn)] = ["page"; 3].map(key);
    let permit = fetch(&lock, &first);
    let_be_late(&lock, &first);
    let other = fetch(&lock, &second);
    let read = wait(&lock, &waits);
    leading.fail("reset");
    lock.release(&first, permit, LockStatus::TransientError);
    assert!(read.locked());
    lock.release(&second, other, LockStatus::GiveUp);
    assert_eq!((read.lock_status(), turn.ended()), (LockStatus::GiveUp, Ended::Unshared));
}

#[test]
fn each_fetch_is_given_twice_as_long_and_there_are_so_many_at_most() {
    let lock = lock(Coalescing { most_waiting: 10, most_fetches: 2 });
    let (key, _) = key("page");
    let left = || lock.flights.shard(place_of(&key)).values().map(Flight::left).max().unwrap();
    let first = fetch(&lock, &key);
    assert!(left() <= UNKNOWN && left() > UNKNOWN / 2);
    let_be_late(&lock, &key);
    let second = fetch(&lock, &key);
    assert!(left() > UNKNOWN);
    let_be_late(&lock, &key);
    assert!(wait(&lock, &key).locked());
    assert!(left() > UNKNOWN && left() <= 2 * UNKNOWN);
    lock.release(&key, second, LockStatus::Done);
    lock.release(&key, first, LockStatus::Done);
}

#[test]
fn what_is_known_of_a_key_says_when_it_is_late() {
    let lock = lock(Coalescing::default());
    let (key, _) = key("page");
    let permit = fetch(&lock, &key);
    let read = wait(&lock, &key);
    lock.release(&key, permit, LockStatus::Done);
    drop(read);
    assert_eq!(lock.patience(&key), LEAST);
    lock.known.mark(key_of(&key), Duration::from_secs(8), SystemTime::now() + REMEMBERED);
    assert_eq!(lock.patience(&key), Duration::from_secs(32));
}

#[tokio::test]
async fn what_is_too_large_is_handed_to_those_who_can_be_told() {
    let lock = lock(Coalescing::default());
    let [(leader, _), (waits, turn)] = ["page"; 2].map(key);
    let permit = fetch(&lock, &leader);
    let (told, untold) = (wait(&lock, &waits), wait(&lock, &CacheKey::new("page", "")));
    let mut head = ResponseHeader::build(200, None).unwrap();
    head.insert_header("Content-Length", 1 << 20).unwrap();
    let (now, trace) = (SystemTime::now(), Span::inactive().handle());
    let meta = CacheMeta::new(now + LEAST, now, 0, 0, head);
    let fill = lock.storage.get_miss_handler(&leader, &meta, &trace).await.unwrap();
    lock.release(&leader, permit, LockStatus::Done);
    assert_eq!((told.lock_status(), untold.lock_status()), (LockStatus::Done, LockStatus::GiveUp));
    let found = async || lock.storage.lookup(&waits, &trace).await.unwrap();
    assert!(found().await.is_some());
    assert!(found().await.is_none(), "nobody else is to find it");
    assert_eq!(turn.ended(), Ended::Unshared);
    drop(fill);
    assert!(lock.storage.unkept(&leader).is_none());
}

#[cfg(not(debug_assertions))]
#[test]
fn a_fetch_that_ends_without_a_word_is_over() {
    let lock = lock(Coalescing::default());
    let (key, _) = key("page");
    let permit = fetch(&lock, &key);
    let read = wait(&lock, &key);
    drop(permit);
    assert_eq!(read.lock_status(), LockStatus::TransientError);
    assert!(is_empty(&lock));
}

#[derive(Clone, Copy, Debug)]
enum Move {
    /// Behind a fetch that is late, if there is one.
    Come(u8, bool),
    Leave(prop::sample::Index),
    End(prop::sample::Index, u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u8..3, prop::bool::weighted(0.1)).prop_map(|(name, makes_late)| Move::Come(name, makes_late)),
        1 => any::<prop::sample::Index>().prop_map(Move::Leave),
        1 => (any::<prop::sample::Index>(), 1_u8..4).prop_map(|(which, status)| Move::End(which, status)),
    ];
    prop::collection::vec(one, 0..200)
}

proptest! {
    /// Whoever comes, goes and ends in whatever order: one fetch for each key unless one is late, never too many who
    /// wait or fetch, who waits is waited for, and nothing is left behind.
    #[test]
    fn the_table_holds_what_is_under_way(moves in moves()) {
        const MOST: usize = 4;
        let lock = lock(Coalescing { most_waiting: MOST, most_fetches: MOST });
        let (mut permits, mut waiting, mut any_was_late) = (Vec::new(), Vec::new(), false);
        for next in moves {
            any_was_late |= matches!(next, Move::Come(_, true));
            match next {
                Move::Come(name, makes_late) => {
                    let (key, _) = key(&name.to_string());
                    if makes_late {
                        let_be_late(&lock, &key);
                    }
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
            let count = |of: u8| permits.iter().filter(|(name, ..)| *name == of).count();
            prop_assert!(any_was_late || (0..3).all(|name| count(name) <= 1));
            prop_assert!(waiting.iter().all(|(name, _)| count(*name) > 0), "they wait for nobody");
            prop_assert!((0..3).all(|name| waiting.iter().filter(|(of, _)| *of == name).count() <= MOST));
            prop_assert_eq!(lock.waiting(), waiting.len());
        }
        for (_, key, permit) in permits {
            lock.release(&key, permit, LockStatus::Done);
        }
        prop_assert!(is_empty(&lock));
    }
}
