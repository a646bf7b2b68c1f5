//! The turns of a thread that is in no hurry.
//!
//! A thread that is busy keeps its processor for some milliseconds before the system gives it to one that wakes (a
//! slice of Linux's scheduler is 2.8 ms on two processors), and so long would a request wait for a policy that is being
//! compiled. Whoever goes through the parts of a policy therefore calls [`pause`] at each: on a thread that has said
//! that it takes turns, whoever waits gets the processor every fifth of a millisecond. Elsewhere that is next to nothing.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a turn is: far less than a request may wait, and enough to pay for what it takes to come back.
const TURN: Duration = Duration::from_micros(200);

/// How many pauses share one look at the clock: they are some tens of nanoseconds to a microsecond apart.
const PAUSES: u32 = 64;

thread_local! {
    /// How many pauses there are to the next look at the clock; none on a thread that takes no turns.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    /// When the turn began.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// This thread takes turns from now on.
pub fn take_turns() {
    LEFT.set(PAUSES);
    BEGAN.set(Some(Instant::now()));
}

/// Where a thread that takes turns lets another one have its processor, once its turn is over.
#[inline]
pub fn pause() {
    match LEFT.get() {
        0 => {}
        1 => look_at_the_clock(),
        left => LEFT.set(left - 1),
    }
}

/// Frees the parts of a policy with a pause at each: ten thousand take longer than a turn.
pub fn discard<T>(parts: Vec<T>) {
    for part in parts {
        pause();
        drop(part);
    }
}

#[cold]
fn look_at_the_clock() {
    LEFT.set(PAUSES);
    if BEGAN.get().is_none_or(|began| began.elapsed() >= TURN) {
        std::thread::yield_now();
        BEGAN.set(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of the pauses behind so many of them.
    fn left_behind(pauses: u32) -> u32 {
        (0..pauses).for_each(|_| pause());
        LEFT.get()
    }

    #[test]
    fn a_thread_takes_turns_once_it_says_so() {
        let other = std::thread::spawn(|| {
            assert_eq!(left_behind(3), 0);
            take_turns();
            assert_eq!(left_behind(3), PAUSES - 3);
            assert_eq!(left_behind(PAUSES - 3), PAUSES);
        });
        other.join().unwrap();
        assert_eq!(left_behind(3), 0);
    }

    #[test]
    fn a_turn_ends_in_time_and_another_begins() {
        let thread = std::thread::spawn(|| {
            take_turns();
            let long_ago = Instant::now().checked_sub(TURN);
            BEGAN.set(long_ago);
            left_behind(PAUSES);
            assert!(BEGAN.get() > long_ago);
        });
        thread.join().unwrap();
    }
}
