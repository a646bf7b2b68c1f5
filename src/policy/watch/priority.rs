//! What the thread that compiles gets of the processors.

use std::sync::Arc;

use super::Workers;
use crate::pace::{self, Priority};

/// How much a thread steps back, in the steps of `nice`: where there are not enough processors it gets about a fifth of
/// one, so that a reload comes to an end.
const STEPS: i32 = 6;

/// How much where all others come before it: a thread that serves gets nearly all of a processor that both want.
const MOST_STEPS: i32 = 19;

/// A thread that has stepped back behind those that serve. A policy is compiled a little later, and no request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unhurried {
    usual: i32,
    lowest: i32,
}

impl Unhurried {
    /// Has this thread wait for those that serve.
    ///
    /// Who may not take a step back again (on Linux without `CAP_SYS_NICE`, where `RLIMIT_NICE` is too low) takes no more
    /// of them, since what is compiled at the lowest priority may otherwise never be done.
    pub(super) fn step_back() -> Self {
        let own = niceness::of_this_thread();
        let [usual, lowest] = [STEPS, MOST_STEPS].map(|steps| niceness::behind(own, steps));
        let lowest = if niceness::can_change(lowest, usual) { lowest } else { usual };
        niceness::set(usual);
        Self { usual, lowest }
    }

    /// Does `work` in turns with the threads that serve.
    pub(super) fn give_way<T>(self, workers: &Arc<Workers>, work: impl FnOnce() -> T) -> T {
        let workers = Arc::clone(workers);
        let prioritize = move |priority| match priority {
            Priority::Usual => {
                niceness::set(self.usual);
                workers.let_go();
            }
            Priority::Lowest => {
                workers.keep_apart();
                niceness::set(self.lowest);
            }
        };
        pace::in_turns(prioritize, work)
    }
}

/// On Linux the priority is that of the thread; elsewhere it is that of the process, and is left alone.
#[cfg(target_os = "linux")]
mod niceness {
    use rustix::process::{getpriority_process, setpriority_process};

    /// There is nothing behind that.
    const MOST: i32 = 19;

    pub(super) fn of_this_thread() -> i32 {
        getpriority_process(None).unwrap_or_default()
    }

    pub(super) fn behind(own: i32, steps: i32) -> i32 {
        own.saturating_add(steps).min(MOST)
    }

    /// Whether a thread may go from the one to the other; another one tries.
    pub(super) fn can_change(from: i32, to: i32) -> bool {
        let tried = std::thread::spawn(move || {
            setpriority_process(None, from)?;
            setpriority_process(None, to)
        });
        matches!(tried.join(), Ok(Ok(())))
    }

    pub(super) fn set(niceness: i32) {
        if let Err(error) = setpriority_process(None, niceness) {
            tracing::debug!("the urgency of reloads stays as it is: {error}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod niceness {
    pub(super) const fn of_this_thread() -> i32 {
        0
    }

    pub(super) const fn behind(own: i32, _steps: i32) -> i32 {
        own
    }

    pub(super) const fn can_change(_from: i32, _to: i32) -> bool {
        false
    }

    pub(super) const fn set(_niceness: i32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `work` makes of a thread of its own.
    fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    #[test]
    fn only_the_thread_that_asks_steps_back() {
        let before = niceness::of_this_thread();
        let (thread, own) = elsewhere(|| (Unhurried::step_back(), niceness::of_this_thread()));
        assert_eq!((own, thread.usual), (niceness::behind(before, STEPS), own));
        assert_eq!(niceness::of_this_thread(), before);
    }

    #[test]
    fn nobody_steps_back_who_could_not_return() {
        let before = niceness::of_this_thread();
        let [usual, most] = [STEPS, MOST_STEPS].map(|steps| niceness::behind(before, steps));
        let can_return = elsewhere(|| {
            niceness::set(most);
            niceness::set(usual);
            niceness::of_this_thread() == usual
        });
        let lowest = if can_return { most } else { usual };
        assert_eq!(elsewhere(Unhurried::step_back), Unhurried { usual, lowest });
    }
}
