//! Where the threads that answer requests run while a policy is compiled.
//!
//! A thread that wakes is given an idle processor, and one with a thread that compiles is not idle to Linux (6.18), however
//! low the priority of that one is. Of two processors one is left, on which the threads that answer wait for each other, while
//! each would have the other one at once. So each is kept on a processor of its own meanwhile. No longer: what else runs on
//! the machine would have them wait in one place while another is free.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::affinity::{Kept, Thread};

/// The most processors among which one more or less is missed.
const MOST_PROCESSORS: usize = 4;

thread_local! {
    /// Whether this thread is known as one that answers.
    static IS_KNOWN: Cell<bool> = const { Cell::new(false) };
}

/// The threads that answer requests.
///
/// One that waits for something hands what it does over to another, and answers no more. Until it ends more are known than
/// there are, and they are left alone.
#[derive(Debug)]
pub struct Workers {
    count: usize,
    /// The thread that started them all: it may run where they may.
    first: Option<Thread>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    threads: Vec<Thread>,
    /// Where they run meanwhile.
    kept: Vec<Kept>,
    /// Whether a thread may have been started by one that was kept somewhere.
    were_kept: bool,
}

impl Workers {
    /// So many of them, none of which is known yet. The calling thread is to live as long as they do.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { count, first: affinity::this_thread(), known: Mutex::default() }
    }

    /// The calling thread begins: it may run where the one that started it may, which is perhaps one place for a while.
    pub fn begin(&self) {
        let known = self.known();
        if let (true, Some(first)) = (known.were_kept, self.first) {
            affinity::share_with(first);
        }
    }

    /// The calling thread has no request to answer at the moment.
    pub fn rest(&self) {
        if !IS_KNOWN.replace(true) {
            self.known().threads.extend(affinity::this_thread());
        }
    }

    /// The calling thread ends: its number may soon be that of another.
    pub fn end(&self) {
        let Some(this) = affinity::this_thread() else { return };
        let mut known = self.known();
        known.threads.retain(|thread| *thread != this);
        known.kept.retain(|kept| kept.thread != this);
    }

    /// Keeps each on a processor of its own, where there is one for each and none is kept to some of them by somebody else.
    pub(super) fn keep_apart(&self) {
        let mut known = self.known();
        if let (true, Some(first)) = (known.threads.len() == self.count && known.kept.is_empty(), self.first)
            && (2..=MOST_PROCESSORS).contains(&self.count)
        {
            known.kept = affinity::keep_apart(first, &known.threads);
            known.were_kept |= !known.kept.is_empty();
        }
    }

    /// Lets them run where they ran before.
    pub(super) fn let_go(&self) {
        std::mem::take(&mut self.known().kept).iter().for_each(affinity::let_go);
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

    /// A thread that is kept somewhere for a while.
    #[derive(Debug)]
    pub(super) struct Kept {
        pub(super) thread: Thread,
        place: CpuSet,
        usual: CpuSet,
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    pub(super) fn this_thread() -> Option<Thread> {
        Some(gettid())
    }

    /// Keeps the threads apart; none of them if there is not one processor for each that all of them may use, and the first one.
    pub(super) fn keep_apart(first: Thread, threads: &[Thread]) -> Vec<Kept> {
        let Ok(usual) = sched_getaffinity(Some(first)) else { return Vec::new() };
        let are_as_usual = threads.iter().all(|thread| sched_getaffinity(Some(*thread)) == Ok(usual));
        if !are_as_usual || processors(&usual).count() != threads.len() {
            return Vec::new();
        }
        threads
            .iter()
            .zip(processors(&usual))
            .filter_map(|(thread, processor)| keep(*thread, processor, usual))
            .collect()
    }

    fn keep(thread: Thread, processor: usize, usual: CpuSet) -> Option<Kept> {
        let mut place = CpuSet::new();
        place.set(processor);
        let kept = sched_setaffinity(Some(thread), &place);
        let kept = kept.inspect_err(|error| tracing::debug!("a thread is not kept on a processor of its own: {error}"));
        kept.is_ok().then_some(Kept { thread, place, usual })
    }

    /// Gives the thread the processors back that it had, unless somebody else has said meanwhile where it is to run.
    pub(super) fn let_go(kept: &Kept) {
        let Kept { thread, place, usual } = *kept;
        if sched_getaffinity(Some(thread)) == Ok(place) {
            told(share(thread, usual));
        }
    }

    /// Gives the calling thread the processors of another.
    pub(super) fn share_with(other: Thread) {
        if let Ok(usual) = sched_getaffinity(Some(other))
            && sched_getaffinity(None) != Ok(usual)
        {
            told(share(gettid(), usual));
        }
    }

    /// Asks for all processors first, of which the system grants those of the thread's control group: to ask for these alone
    /// would be to go without those that the group is given later.
    fn share(thread: Thread, usual: CpuSet) -> io::Result<()> {
        let mut all = CpuSet::new();
        (0..CpuSet::MAX_CPU).for_each(|processor| all.set(processor));
        sched_setaffinity(Some(thread), &all)?;
        if sched_getaffinity(Some(thread))? == usual { Ok(()) } else { sched_setaffinity(Some(thread), &usual) }
    }

    fn told(given_back: io::Result<()>) {
        if let Err(error) = given_back {
            tracing::warn!("a thread that answers requests is left on one processor: {error}");
        }
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

    #[derive(Debug)]
    pub(super) struct Kept {
        pub(super) thread: Thread,
    }

    pub(super) const fn this_thread() -> Option<Thread> {
        None
    }

    pub(super) const fn keep_apart(_first: Thread, _threads: &[Thread]) -> Vec<Kept> {
        Vec::new()
    }

    pub(super) fn let_go(_kept: &Kept) {}

    pub(super) const fn share_with(_other: Thread) {}
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

    /// One processor for each worker; where there is only one, it is for all.
    fn apart() -> Vec<CpuSet> {
        processors().map(|processor| set([processor])).collect()
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

    /// A worker that is there as long as what is returned.
    fn start<'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        workers: &'scope Workers,
        number: usize,
        first: fn(),
    ) -> impl Sized + use<> {
        let ((is_there, there), (go_on, end)) = (channel::<()>(), channel::<()>());
        scope.spawn(move || {
            if number == 0 {
                first();
            }
            workers.begin();
            workers.rest();
            workers.rest();
            drop(is_there);
            let _ = end.recv();
            workers.end();
        });
        let _ = there.recv();
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
    fn where_one_has_handed_over_what_it_did_they_are_left_alone_until_it_ends() {
        beside(
            0,
            || (),
            |workers| {
                std::thread::scope(|scope| drop(start(scope, workers, workers.count, || ())));
                workers.keep_apart();
                assert_eq!(sets(workers), apart());
                workers.let_go();
                std::thread::scope(|scope| {
                    let _more = start(scope, workers, workers.count, || ());
                    workers.keep_apart();
                    assert_eq!(sets(workers), vec![own(); workers.count + 1]);
                });
            },
        );
    }

    #[test]
    fn what_is_started_by_one_that_is_kept_is_not_kept() {
        beside(
            0,
            || (),
            |workers| {
                let usual = own();
                workers.keep_apart();
                // A thread may run where the one may that starts it.
                let started = || (own(), workers.begin(), own());
                let started_by_kept = std::thread::scope(|scope| {
                    let kept = scope.spawn(|| {
                        sched_setaffinity(None, &set(processors().take(1))).unwrap();
                        std::thread::scope(|scope| scope.spawn(started).join().unwrap())
                    });
                    kept.join().unwrap()
                });
                assert_eq!(started_by_kept.2, usual);
                workers.let_go();
            },
        );
    }

    #[test]
    fn what_somebody_says_meanwhile_is_kept_to() {
        beside(
            0,
            || (),
            |workers| {
                workers.keep_apart();
                let (first, elsewhere) = (workers.known().threads[0], set(processors().skip(1).take(1)));
                if workers.count > 1 {
                    sched_setaffinity(Some(first), &elsewhere).unwrap();
                    workers.let_go();
                    let mut sets = sets(workers);
                    assert_eq!(sets.remove(0), elsewhere);
                    assert_eq!(sets, vec![own(); workers.count - 1]);
                }
            },
        );
    }
}
