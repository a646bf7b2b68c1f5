//! What a thread gets of the processors.

use crate::pace;

/// How much this thread steps back, in the steps of `nice`: where there are not enough processors it gets about a quarter
/// of what a thread that serves gets, so that a reload comes to an end.
#[cfg(target_os = "linux")]
const STEPS: i32 = 6;

/// There is nothing behind that.
#[cfg(target_os = "linux")]
const MOST_NICENESS: i32 = 19;

/// Has this thread wait for those that serve. A policy is compiled a little later, and no request is.
pub(super) fn step_back() {
    pace::take_turns();
    // On Linux the priority is that of the thread; elsewhere it is that of the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = raise_niceness() {
        tracing::debug!("reloads are as urgent as requests: {error}");
    }
}

#[cfg(target_os = "linux")]
fn raise_niceness() -> std::io::Result<()> {
    use rustix::process::{getpriority_process, setpriority_process};

    let niceness = getpriority_process(None)?.saturating_add(STEPS).min(MOST_NICENESS);
    Ok(setpriority_process(None, niceness)?)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn only_the_thread_that_asks_steps_back() {
        use rustix::process::getpriority_process;

        let before = getpriority_process(None).unwrap();
        let own = std::thread::spawn(|| {
            super::step_back();
            getpriority_process(None).unwrap()
        });
        assert_eq!(own.join().unwrap(), (before + super::STEPS).min(super::MOST_NICENESS));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
