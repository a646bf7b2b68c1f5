//! Sees that policy files changed, and has them loaded.
//!
//! A thread of its own: notify tells it of events in the directories of [`Targets`], it gathers a
//! burst for a few milliseconds and has the handle look again. Looking is cheap and exact (the same
//! text is not compiled twice), so that events are filtered only loosely and a half-written file is
//! simply tried again with the next event. Every two seconds the places are also looked at without
//! an event: some file systems tell nothing (network mounts), and a watch may not be granted.

mod priority;
mod stamp;
mod targets;
mod workers;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use self::priority::Unhurried;
use super::{PolicyHandle, ReloadReport};
pub(super) use stamp::Stamp;
pub(super) use targets::Targets;
pub use workers::Workers;

/// How long a burst of events is gathered at most, and how often is looked without an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) gather: Duration,
    pub(super) poll: Duration,
    /// Whether to ask the system for events at all.
    pub(super) events: bool,
}

const TIMING: Timing = Timing { gather: Duration::from_millis(10), poll: Duration::from_secs(2), events: true };

/// Files that keep changing their includes while being read, and folders that come and go, are left alone for a while
/// then.
const MAX_ROUNDS: usize = 4;

/// How long.
const PAUSE: Duration = Duration::from_millis(50);

/// As deep as the main thread's, since the same compiler runs on both.
const STACK_BYTES: usize = 8 << 20;

/// The watching thread; dropping it stops the thread and waits for it.
#[derive(Debug)]
pub struct Watcher {
    inbox: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Told(Told),
    Stop,
}

/// Why to look at the files.
enum Told {
    Event(notify::Result<Event>),
    /// Somebody wants them read, whether they seem to have changed or not.
    Reload,
}

impl Told {
    /// Whether gathering more of the burst gains nothing.
    fn is_whole(&self) -> bool {
        match self {
            Self::Event(event) => event.as_ref().is_ok_and(completes_a_file),
            Self::Reload => true,
        }
    }
}

impl Watcher {
    /// Watches the files of `handle` and reloads it when they change, in turns with `workers`. `after` is called on the
    /// watching thread behind each reload, whatever came of it.
    ///
    /// # Errors
    /// When the thread cannot be started. Events that the system does not grant are no error: the
    /// places are then looked at every two seconds.
    pub fn spawn(
        handle: Arc<PolicyHandle>,
        workers: Arc<Workers>,
        after: impl FnMut(&ReloadReport) + Send + 'static,
    ) -> io::Result<Self> {
        Self::with_timing(handle, workers, TIMING, after)
    }

    /// Has the files read whether they seem to have changed or not, and the policy compiled if they did; does not wait for it.
    pub fn reload(&self) {
        // Fails only if the thread is gone.
        let _ = self.inbox.send(Message::Told(Told::Reload));
    }

    /// Stops the thread once it is done with what it compiles; does not wait for it.
    pub fn stop(mut self) {
        self.thread = None;
    }

    pub(super) fn with_timing(
        handle: Arc<PolicyHandle>,
        workers: Arc<Workers>,
        timing: Timing,
        after: impl FnMut(&ReloadReport) + Send + 'static,
    ) -> io::Result<Self> {
        let (inbox, messages) = channel();
        let notify = if timing.events { event_source(inbox.clone()) } else { None };
        let watch = Watch {
            handle,
            workers,
            after,
            timing,
            messages,
            notify,
            is_asked: false,
            targets: Targets::default(),
            armed: BTreeSet::new(),
            stamps: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("policy-watch".to_owned()).stack_size(STACK_BYTES);
        Ok(Self { inbox, thread: Some(thread.spawn(move || watch.run(Unhurried::step_back()))?) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Both fail only if the thread is gone already.
        let _ = self.inbox.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Events of the system that may tell something.
fn event_source(inbox: Sender<Message>) -> Option<RecommendedWatcher> {
    let forward = move |event: notify::Result<Event>| {
        if !event.as_ref().is_ok_and(tells_nothing) {
            let _ = inbox.send(Message::Told(Told::Event(event)));
        }
    };
    notify::recommended_watcher(forward)
        .inspect_err(|error| tracing::warn!("no file events ({error}); policy files are looked at every two seconds"))
        .ok()
}

/// Those of reading, since our own reads would never let us rest, and the summary of a renaming, of which both ends are
/// told before: all would be read once more for it.
fn tells_nothing(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind != AccessKind::Close(AccessMode::Write),
        EventKind::Modify(ModifyKind::Name(mode)) => mode == RenameMode::Both,
        _ => false,
    }
}

/// Whether a file is whole after this event.
fn completes_a_file(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Modify(ModifyKind::Name(RenameMode::To))
    )
}

struct Watch<F> {
    handle: Arc<PolicyHandle>,
    workers: Arc<Workers>,
    after: F,
    timing: Timing,
    messages: Receiver<Message>,
    notify: Option<RecommendedWatcher>,
    /// Somebody wants the files read.
    is_asked: bool,
    targets: Targets,
    /// The directories that the system tells about.
    armed: BTreeSet<PathBuf>,
    /// What the places looked like before they were read last.
    stamps: Vec<Stamp>,
}

/// The thread has to end.
struct Stopped;

impl<F: FnMut(&ReloadReport)> Watch<F> {
    fn run(mut self, thread: Unhurried) {
        let workers = Arc::clone(&self.workers);
        let mut next_poll = thread.give_way(&workers, || self.look());
        loop {
            match self.wait_until(next_poll) {
                Err(Stopped) => return,
                Ok(true) => next_poll = next_poll.min(thread.give_way(&workers, || self.look())),
                Ok(false) => {}
            }
            if Instant::now() >= next_poll {
                next_poll = thread.give_way(&workers, || self.poll());
            }
        }
    }

    /// Waits for a burst of events that matters, at most until `deadline`.
    fn wait_until(&mut self, deadline: Instant) -> Result<bool, Stopped> {
        let Some(told) = self.next(deadline)? else { return Ok(false) };
        if !self.note(&told) {
            return Ok(false);
        }
        let mut whole = told.is_whole();
        let gathered = Instant::now() + self.timing.gather;
        while !whole {
            let Some(told) = self.next(gathered)? else { break };
            whole = self.note(&told) && told.is_whole();
        }
        Ok(true)
    }

    fn next(&self, deadline: Instant) -> Result<Option<Told>, Stopped> {
        match self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Message::Told(told)) => Ok(Some(told)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => Err(Stopped),
        }
    }

    /// Takes note of who asks and of directories that are gone; tells whether it matters.
    fn note(&mut self, told: &Told) -> bool {
        let event = match told {
            Told::Reload => {
                self.is_asked = true;
                return true;
            }
            Told::Event(Err(_)) => return true,
            Told::Event(Ok(event)) => event,
        };
        if event.need_rescan() {
            // Events were lost: what is watched may have been replaced.
            self.disarm_all();
        }
        if matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))) {
            for path in &event.paths {
                self.disarm(path);
            }
        }
        self.targets.concern(event)
    }

    /// Looks without an event, also at directories that were replaced unseen; when to look so again.
    fn poll(&mut self) -> Instant {
        self.handle.free_replaced();
        if self.targets.stamps() == self.stamps {
            return Instant::now() + self.timing.poll;
        }
        self.disarm_all();
        self.look()
    }

    /// Has the handle read again, and watches what the text now consists of. What changed between
    /// the reading and the watching is found by reading once more. Says when to look again without an event: soon,
    /// where something was changing to the last, since no event may tell of that.
    fn look(&mut self) -> Instant {
        for _ in 0..MAX_ROUNDS {
            self.stamps = self.targets.stamps();
            if let Some(report) = self.read() {
                (self.after)(&report);
            }
            let targets = self.handle.targets();
            let moved = targets != self.targets;
            self.targets = targets;
            if !self.arm() && !moved {
                return Instant::now() + self.timing.poll;
            }
        }
        // What was seen is not what is there by now.
        self.stamps.clear();
        Instant::now() + PAUSE.min(self.timing.poll)
    }

    fn read(&mut self) -> Option<ReloadReport> {
        if std::mem::take(&mut self.is_asked) { Some(self.handle.reload()) } else { self.handle.refresh() }
    }

    /// Watches the directories of the targets and no others; tells whether one was not watched before.
    fn arm(&mut self) -> bool {
        let wanted: BTreeSet<PathBuf> = self.targets.directories().map(PathBuf::from).collect();
        let stale: Vec<PathBuf> = self.armed.difference(&wanted).cloned().collect();
        for directory in stale {
            self.disarm(&directory);
        }
        let Some(notify) = &mut self.notify else { return false };
        let mut new = false;
        for directory in wanted {
            if !self.armed.contains(&directory) && notify.watch(&directory, RecursiveMode::NonRecursive).is_ok() {
                self.armed.insert(directory);
                new = true;
            }
        }
        new
    }

    fn disarm_all(&mut self) {
        for directory in std::mem::take(&mut self.armed) {
            self.forget(&directory);
        }
    }

    fn disarm(&mut self, directory: &Path) {
        if self.armed.remove(directory) {
            self.forget(directory);
        }
    }

    fn forget(&mut self, directory: &Path) {
        if let Some(notify) = &mut self.notify {
            // Fails if the system dropped the watch together with the directory.
            let _ = notify.unwatch(directory);
        }
    }
}
