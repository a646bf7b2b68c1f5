//! Passwords that are asked for again and again, with hashes that are made to take long.
//!
//! What was found out of a hash and a password is remembered, as a hash with a secret start: asking for the
//! same again costs nothing. What is not known is found out by one thread at a time, so that a flood of
//! wrong passwords takes one core and no more; who would have to wait behind too many others is refused.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::decision::is_password;
use crate::lang::hir::PasswordHash;

/// How many answers are remembered, right and wrong ones.
const MOST_ANSWERS: usize = 10_000;

/// How many may wait for their turn.
const MOST_WAITING: usize = 64;

/// Whether that is the password of the hash. May block for as long as the hash was made to take: the runtime
/// is told, so that others go on meanwhile.
pub fn proves(user: &[u8], hash: &PasswordHash, password: &[u8]) -> bool {
    static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);
    match hash {
        PasswordHash::Sha1(_) => is_password(hash, password),
        _ => KNOWN.answer(user, hash, password, || {
            tokio::task::block_in_place(|| KNOWN.in_turn(|| is_password(hash, password)))
        }),
    }
}

/// What is known, and who finds more out.
#[derive(Default)]
struct Known {
    seeds: (RandomState, RandomState),
    answers: Mutex<HashMap<u128, bool>>,
    turn: Mutex<()>,
    waiting: AtomicUsize,
}

impl Known {
    /// The answer that is remembered, else the one that `find_out` gives; `None` is no answer, and none is
    /// remembered.
    ///
    /// The name is a part of the question: names that are not there share a hash, and one that is answered at once where
    /// another had been asked for before would tell that it is none of the users.
    fn answer(
        &self,
        user: &[u8],
        hash: &PasswordHash,
        password: &[u8],
        find_out: impl FnOnce() -> Option<bool>,
    ) -> bool {
        let question = (user, hash, password);
        let key = u128::from(self.seeds.0.hash_one(question)) << 64 | u128::from(self.seeds.1.hash_one(question));
        if let Some(answer) = lock(&self.answers).get(&key) {
            return *answer;
        }
        let Some(answer) = find_out() else { return false };
        self.remember(key, answer);
        answer
    }

    /// Of too many answers the wrong ones are forgotten, and if that does not help, all of them.
    fn remember(&self, key: u128, answer: bool) {
        let mut answers = lock(&self.answers);
        if answers.len() >= MOST_ANSWERS {
            answers.retain(|_, answer| *answer);
        }
        if answers.len() >= MOST_ANSWERS {
            answers.clear();
        }
        answers.insert(key, answer);
    }

    /// Carries something out when nobody else does; `None` if too many wait for that already.
    fn in_turn(&self, carry_out: impl FnOnce() -> bool) -> Option<bool> {
        let waiting = self.waiting.fetch_add(1, AcqRel);
        let found = (waiting < MOST_WAITING).then(|| {
            let _turn = lock(&self.turn);
            carry_out()
        });
        self.waiting.fetch_sub(1, AcqRel);
        found
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(salt: u8) -> PasswordHash {
        PasswordHash::Bcrypt { cost: 4, salt: [salt; 16], hash: [0; 23] }
    }

    #[test]
    fn what_was_found_out_is_not_asked_again() {
        let known = Known::default();
        assert!(known.answer(b"u", &hash(1), b"a", || Some(true)));
        assert!(known.answer(b"u", &hash(1), b"a", || panic!("it is known")));
        assert!(
            !known.answer(b"u", &hash(1), b"b", || Some(false)) && !known.answer(b"u", &hash(2), b"a", || Some(false))
        );
        assert!(!known.answer(b"v", &hash(1), b"a", || Some(false)));
        assert!(!known.answer(b"u", &hash(3), b"a", || None) && known.answer(b"u", &hash(3), b"a", || Some(true)));
    }

    #[test]
    fn wrong_answers_make_room_first() {
        let known = Known::default();
        known.answer(b"u", &hash(1), b"right", || Some(true));
        for number in 0..2 * MOST_ANSWERS {
            known.answer(b"u", &hash(1), &number.to_le_bytes(), || Some(false));
        }
        assert!(lock(&known.answers).len() <= MOST_ANSWERS);
        assert!(known.answer(b"u", &hash(1), b"right", || panic!("it is known")));
    }

    #[test]
    fn who_would_wait_behind_too_many_is_refused() {
        let known = Known { waiting: AtomicUsize::new(MOST_WAITING), ..Known::default() };
        assert_eq!(known.in_turn(|| true), None);
        let known = Known { waiting: AtomicUsize::new(MOST_WAITING - 1), ..Known::default() };
        assert_eq!((known.in_turn(|| true), known.in_turn(|| false)), (Some(true), Some(false)));
    }
}
