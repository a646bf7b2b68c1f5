//! The turns of work that is in no hurry.
//!
//! A thread that is busy keeps its processor for some milliseconds before the system gives it to one that wakes (a
//! slice of Linux's scheduler is 2.8 ms on two processors), and so long would a request wait for a policy that is being
//! compiled. Whoever goes through the parts of a policy therefore calls [`pause`] at each: where that is done
//! [`in_turns`], whoever waits gets the processor every fifth of a millisecond. Elsewhere it is next to nothing.
//!
//! A thread of the lowest priority holds up the others least. But where requests never leave a processor alone, it waits
//! some hundred milliseconds for each turn, and one that yields waits for a whole slice of its own (Linux 6.18). So work
//! begins at its usual priority, and keeps it where a turn comes late: the turns are longer then, and a short sleep stands
//! between them, behind which nobody is made to wait so long. Otherwise it steps back, for a while.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long a turn is: far less than a request may wait, and enough to pay for what it takes to come back.
const TURN: Duration = Duration::from_micros(200);

/// How long a turn in a hurry is, and the rest behind it.
const TURN_IN_A_HURRY: Duration = Duration::from_micros(500);
const REST: Duration = Duration::from_micros(300);

/// How many turns work has at its usual priority: with less it is done.
const FIRST_TURNS: u32 = 10;

/// When a turn comes late: those that sleep now and then leave their processor sooner, and where nobody does it takes some
/// ten milliseconds.
const LATE: Duration = Duration::from_millis(6);

/// How long work is in no hurry: what takes longer is waited for by someone who has saved a file.
const PATIENCE: Duration = Duration::from_millis(250);

/// How many pauses share one look at the clock: they are some tens of nanoseconds to a microsecond apart.
const PAUSES: u32 = 128;

thread_local! {
    /// How many pauses there are to the next look at the clock; none where no turns are taken.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    static TURNS: RefCell<Option<Turns>> = const { RefCell::new(None) };
}

struct Turns {
    /// When the turn began.
    began: Instant,
    /// When the work gets in a hurry at the latest.
    end: Instant,
    stage: Stage,
    prioritize: Box<dyn Fn(Priority)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// So many turns are left until it is known that requests leave processors alone.
    First(u32),
    InNoHurry,
    InAHurry,
}

/// What work in turns wants of its thread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Priority {
    /// The one that it has without work.
    Usual,
    /// That of what all others come before.
    Lowest,
}

/// Does `work` in turns; `prioritize` is called where its thread should have another priority. It has the usual one
/// before and behind, though `work` panics.
pub fn in_turns<T>(prioritize: impl Fn(Priority) + 'static, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let stage = Stage::First(FIRST_TURNS);
    TURNS.set(Some(Turns { began, end: began + PATIENCE, stage, prioritize: Box::new(prioritize) }));
    LEFT.set(PAUSES);
    let _end = End;
    work()
}

/// Ends the turns of its thread when dropped.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        LEFT.set(0);
        if let Some(mut turns) = TURNS.take() {
            turns.hurry();
        }
    }
}

/// Where work that is done in turns lets another thread have its processor, once its turn is over.
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
    TURNS.with_borrow_mut(|turns| turns.iter_mut().for_each(Turns::go_on));
}

impl Turns {
    fn go_on(&mut self) {
        let now = Instant::now();
        if now >= self.end {
            self.hurry();
        }
        if now.duration_since(self.began) < self.turn() {
            return;
        }
        if self.stage == Stage::InAHurry {
            std::thread::sleep(REST);
        } else {
            std::thread::yield_now();
        }
        self.began = Instant::now();
        self.next_stage(self.began.duration_since(now));
    }

    const fn turn(&self) -> Duration {
        if matches!(self.stage, Stage::InAHurry) { TURN_IN_A_HURRY } else { TURN }
    }

    /// What becomes of the first turns, when the next one was waited for so long.
    fn next_stage(&mut self, waited: Duration) {
        match self.stage {
            Stage::First(_) if waited >= LATE => self.hurry(),
            Stage::First(0) => {
                self.stage = Stage::InNoHurry;
                (self.prioritize)(Priority::Lowest);
            }
            Stage::First(left) => self.stage = Stage::First(left - 1),
            Stage::InNoHurry | Stage::InAHurry => {}
        }
    }

    /// From here on the priority is the usual one.
    fn hurry(&mut self) {
        if self.stage == Stage::InNoHurry {
            (self.prioritize)(Priority::Usual);
        }
        self.stage = Stage::InAHurry;
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use super::*;

    /// What is left of the pauses behind so many of them.
    fn left_behind(pauses: u32) -> u32 {
        (0..pauses).for_each(|_| pause());
        LEFT.get()
    }

    fn with_turns<T>(what: impl FnOnce(&mut Turns) -> T) -> T {
        TURNS.with_borrow_mut(|turns| what(turns.as_mut().unwrap()))
    }

    /// Does `work`; what it wants of its thread is noted where that is told.
    fn noting(work: impl FnOnce(&dyn Fn() -> Vec<Priority>)) -> Vec<Priority> {
        let wanted = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&wanted);
        in_turns(move |priority| noted.borrow_mut().push(priority), || work(&|| wanted.borrow().clone()));
        wanted.take()
    }

    #[test]
    fn work_takes_turns_until_it_is_done() {
        assert_eq!(left_behind(3), 0);
        in_turns(drop, || {
            assert_eq!(left_behind(3), PAUSES - 3);
            assert_eq!(left_behind(PAUSES - 3), PAUSES);
            std::thread::spawn(|| assert_eq!(left_behind(3), 0)).join().unwrap();
        });
        assert_eq!(left_behind(3), 0);
    }

    #[test]
    fn a_turn_ends_in_time_and_another_begins() {
        in_turns(drop, || {
            for stage in [Stage::First(3), Stage::InNoHurry, Stage::InAHurry] {
                let long_ago = Instant::now().checked_sub(TURN_IN_A_HURRY).unwrap();
                with_turns(|turns| (turns.began, turns.stage) = (long_ago, stage));
                left_behind(PAUSES);
                assert!(with_turns(|turns| turns.began) > long_ago, "{stage:?}");
            }
        });
    }

    #[test]
    fn short_work_keeps_its_priority() {
        assert_eq!(noting(|_| assert_eq!(left_behind(PAUSES), PAUSES)), []);
    }

    #[test]
    fn behind_the_first_turns_others_come_before_until_it_takes_long() {
        let wanted = noting(|wanted| {
            with_turns(|turns| (0..=FIRST_TURNS).for_each(|_| turns.next_stage(Duration::ZERO)));
            assert_eq!(wanted(), [Priority::Lowest]);
            with_turns(|turns| turns.end = turns.began);
            left_behind(PAUSES);
            assert_eq!(wanted(), [Priority::Lowest, Priority::Usual]);
        });
        assert_eq!(wanted, [Priority::Lowest, Priority::Usual]);
    }

    #[test]
    fn the_priority_is_the_usual_one_again_behind_the_work() {
        let wanted = noting(|_| with_turns(|turns| (0..=FIRST_TURNS).for_each(|_| turns.next_stage(Duration::ZERO))));
        assert_eq!(wanted, [Priority::Lowest, Priority::Usual]);
    }

    #[test]
    fn the_priority_is_the_usual_one_again_behind_a_panic() {
        let wanted = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&wanted);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            in_turns(
                move |priority| noted.borrow_mut().push(priority),
                || {
                    with_turns(|turns| (0..=FIRST_TURNS).for_each(|_| turns.next_stage(Duration::ZERO)));
                    panic!("as work may");
                },
            );
        }));
        assert!(panicked.is_err());
        assert_eq!(*wanted.borrow(), [Priority::Lowest, Priority::Usual]);
        assert_eq!(left_behind(3), 0);
    }

    #[test]
    fn who_waits_for_the_first_turns_does_not_step_back() {
        let wanted = noting(|_| {
            with_turns(|turns| turns.next_stage(LATE));
            with_turns(|turns| (0..=FIRST_TURNS).for_each(|_| turns.next_stage(Duration::ZERO)));
        });
        assert_eq!(wanted, []);
    }
}
