//! Where the threads that answer requests run while a policy is compiled.
//!
//! A thread that wakes is given an idle processor, and one with a thread that compiles is not idle to Linux (6.18), however
//! low the priority of that one is. Of two processors one is left, on which the threads that answer wait for each other, while
//! each would have the other one at once. So each is kept on a processor of its own meanwhile. No longer: what else runs on
//! the machine would have them wait in one place while another is free.

use std::sync::{Mutex, MutexGuard, PoisonError};

use self::affinity::Thread;

/// The most processors among which one more or less is missed.
const MOST_PROCESSORS: usize = 4;

/// The threads that answer requests.
///
/// A thread that waits for something hands what it does over to a new one, of which nothing is known here. Once the
/// old one ends, not all are known any more, and they are left alone.
#[derive(Debug)]
pub struct Workers {
    count: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// How many have come so far.
    came: usize,
    threads: Vec<Thread>,
    are_apart: bool,
}

impl Workers {
    /// So many of them, none of which is known yet.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { count, known: Mutex::default() }
    }

    /// Notes the calling thread. Those that come behind the last of them do something else.
    pub fn join(&self) {
        let mut known = self.known();
        if known.came < self.count {
            known.came += 1;
            known.threads.extend(affinity::this_thread());
        }
    }

    /// Forgets the calling thread, which ends: its number may soon be that of another.
    pub fn leave(&self) {
        let Some(this) = affinity::this_thread() else { return };
        self.known().threads.retain(|thread| *thread != this);
    }

    /// Keeps each on a processor of its own, where there is one for each and none is kept to some of them by somebody else.
    pub(super) fn keep_apart(&self) {
        let mut known = self.known();
        if known.threads.len() == self.count && (2..=MOST_PROCESSORS).contains(&self.count) {
            known.are_apart = affinity::keep_apart(&known.threads);
        }
    }

    /// Lets them run where they ran before.
    pub(super) fn let_go(&self) {
        let mut known = self.known();
        if std::mem::take(&mut known.are_apart) {
            affinity::let_go(&known.threads);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::io;
    pub(super) use rustix::thread::Pid as Thread;
    use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    pub(super) fn this_thread() -> Option<Thread> {
        Some(gettid())
    }

    /// Whether the threads run apart from here on. None of them does if there is not one processor for each that all of
    /// them may use, and the calling thread.
    pub(super) fn keep_apart(threads: &[Thread]) -> bool {
        let Ok(usual) = sched_getaffinity(None) else { return false };
        let are_as_usual = threads.iter().all(|thread| sched_getaffinity(Some(*thread)) == Ok(usual));
        if !are_as_usual || processors(&usual).count() != threads.len() {
            return false;
        }
        let kept = threads.iter().zip(processors(&usual)).try_for_each(|(thread, processor)| {
            let mut own = CpuSet::new();
            own.set(processor);
            sched_setaffinity(Some(*thread), &own)
        });
        kept.inspect_err(|error| {
            tracing::debug!("threads are not kept on processors of their own: {error}");
            let_go(threads);
        })
        .is_ok()
    }

    /// Gives the threads the processors that the calling one has.
    pub(super) fn let_go(threads: &[Thread]) {
        if let Err(error) = threads.iter().try_for_each(|thread| share(*thread)) {
            tracing::warn!("a thread that answers requests is left on one processor: {error}");
        }
    }

    /// Asks for all processors first, of which the system grants those of the thread's control group: to ask for these alone
    /// would be to go without those that the group is given later.
    fn share(thread: Thread) -> io::Result<()> {
        let usual = sched_getaffinity(None)?;
        let mut all = CpuSet::new();
        (0..CpuSet::MAX_CPU).for_each(|processor| all.set(processor));
        sched_setaffinity(Some(thread), &all)?;
        if sched_getaffinity(Some(thread))? == usual { Ok(()) } else { sched_setaffinity(Some(thread), &usual) }
    }

    fn processors(set: &CpuSet) -> impl Iterator<Item = usize> {
        (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor))
    }
}

/// Elsewhere threads are not told where to run.
#[cfg(not(target_os = "linux"))]
mod affinity {
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub(super) enum Thread {}

    pub(super) const fn this_thread() -> Option<Thread> {
        None
    }

    pub(super) const fn keep_apart(_threads: &[Thread]) -> bool {
        false
    }

    pub(super) const fn let_go(_threads: &[Thread]) {}
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::*;

    fn own() -> CpuSet {
        sched_getaffinity(None).unwrap()
    }

    fn sets(workers: &Workers) -> Vec<CpuSet> {
        workers.known().threads.iter().map(|thread| sched_getaffinity(Some(*thread)).unwrap()).collect()
    }

    fn processors() -> impl Iterator<Item = usize> {
        let own = own();
        (0..CpuSet::MAX_CPU).filter(move |processor| own.is_set(*processor))
    }

    fn set(processors: impl IntoIterator<Item = usize>) -> CpuSet {
        let mut set = CpuSet::new();
        processors.into_iter().for_each(|processor| set.set(processor));
        set
    }

    /// Does `what` beside a worker for each processor and `more`; all of them have no more processors than are missed, and
    /// the first calls `first`.
    fn beside(more: usize, first: fn(), what: impl FnOnce(&Workers) + Send) {
        let test = move || {
            sched_setaffinity(None, &set(processors().take(MOST_PROCESSORS))).unwrap();
            let workers = Workers::new(processors().count() + more);
            std::thread::scope(|scope| {
                // Those that wait go on when the other end is dropped, though it is by a panic.
                let go_on: Vec<_> = (0..workers.count).map(|number| start(scope, &workers, number, first)).collect();
                what(&workers);
                drop(go_on);
            });
            assert_eq!(workers.known().threads, []);
        };
        std::thread::scope(|scope| scope.spawn(test).join().unwrap());
    }

    /// A worker that has joined, and is there as long as what is returned.
    fn start<'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        workers: &'scope Workers,
        number: usize,
        first: fn(),
    ) -> impl Sized + use<> {
        let ((has_joined, joined), (go_on, end)) = (channel::<()>(), channel::<()>());
        scope.spawn(move || {
            if number == 0 {
                first();
            }
            workers.join();
            drop(has_joined);
            let _ = end.recv();
            workers.leave();
        });
        let _ = joined.recv();
        go_on
    }

    #[test]
    fn each_has_a_processor_of_its_own_for_a_while() {
        beside(
            0,
            || (),
            |workers| {
                let before = vec![own(); workers.count];
                assert_eq!(sets(workers), before);
                workers.keep_apart();
                assert_eq!(sets(workers), processors().map(|processor| set([processor])).collect::<Vec<_>>());
                workers.let_go();
                assert_eq!(sets(workers), before);
            },
        );
    }

    #[test]
    fn more_than_there_are_processors_for_are_left_alone() {
        beside(
            1,
            || (),
            |workers| {
                workers.keep_apart();
                assert_eq!(sets(workers), vec![own(); workers.count]);
            },
        );
    }

    #[test]
    fn who_is_kept_somewhere_by_another_stays_there() {
        let to_one = || sched_setaffinity(None, &set(processors().take(1))).unwrap();
        beside(0, to_one, |workers| {
            let before = sets(workers);
            workers.keep_apart();
            assert_eq!(sets(workers), before);
            workers.let_go();
            assert_eq!(sets(workers), before);
        });
    }

    #[test]
    fn where_one_has_ended_the_others_are_left_alone() {
        beside(
            0,
            || (),
            |workers| {
                let ended = workers.known().threads.pop();
                workers.keep_apart();
                assert_eq!(sets(workers), vec![own(); workers.count - 1]);
                workers.known().threads.extend(ended);
            },
        );
    }

    #[test]
    fn those_behind_the_last_are_not_noted() {
        let workers = Workers::new(1);
        std::thread::scope(|scope| scope.spawn(|| [workers.join(), workers.leave()]).join().unwrap());
        workers.join();
        assert_eq!(workers.known().threads, []);
    }
}
