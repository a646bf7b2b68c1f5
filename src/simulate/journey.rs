//! What became of a request.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};

use super::stored::Place;
use crate::cache::Lifetimes;
use crate::cache::lifetimes::NotStored;
use crate::decision::{Event, Explanation};
use crate::lang::builtin;
use crate::lang::hir::BackendId;
use crate::lang::schema::{Action, Step};
use crate::lang::source::{SourceMap, Span};

/// A request's way through the steps.
#[derive(Clone, Debug, Default)]
pub struct Journey {
    /// The name of the site whose policy served it; `None` for the root's.
    pub site: Option<String>,
    /// The steps in order; those of a request that began again, too.
    pub steps: Vec<Ran>,
    /// How it was treated in the end.
    pub treatment: Treatment,
    /// Whether the cache was left out for it.
    pub passed: bool,
    /// The backend or director that was to be asked last.
    pub backend: Option<BackendId>,
    /// Its name.
    pub backend_name: Option<String>,
    /// The parts of its key, if one was made last.
    pub key: Option<Vec<KeyPart>>,
    /// How many bytes of its content the policy has kept at most, if it wants any kept.
    pub kept_bytes: Option<u64>,
    /// What was asked of backends, in order.
    pub asked: Vec<Asked>,
    /// Which answer of the [`Case`](super::Case) came of asking, by how often a backend was to be asked before: the one
    /// that was stored last, or else the one that came last.
    pub answer: Option<usize>,
    /// Whether that one was stored.
    pub(super) has_stored_answer: bool,
    /// What was stored, in order.
    pub stored: Vec<Stored>,
    /// Why the last response of a backend was not stored.
    pub not_stored: Option<NotStored>,
    /// What the key is marked with since the last response was not stored.
    pub mark: Option<Mark>,
    /// The times of the last response of a backend, as the policy left them.
    pub lifetimes: Option<Lifetimes>,
    /// What the client gets.
    pub response: Response,
    /// Lines that the policy wrote to the log.
    pub log: Vec<Vec<u8>>,
    /// The fetch behind it, where a stale response was used: a request of its own, whose response nobody gets.
    pub behind: Option<Box<Journey>>,
}

impl Journey {
    /// The same and the fetch behind it.
    pub fn and_behind(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.behind.as_deref())
    }

    /// The rule by which it came so: of the verdicts, the first one that is the author's own.
    #[must_use]
    pub fn decided(&self, sources: &SourceMap) -> Option<Span> {
        let steps = [Step::Recv, Step::Miss, Step::BackendResponse, Step::Hash, Step::BackendError];
        let mut verdicts = steps.iter().flat_map(|step| self.ran(*step)).filter_map(|ran| ran.explanation.verdict.span);
        verdicts.find(|span| is_own(*span, sources))
    }

    /// The last thing that the author has it do before it is stored, but for clauses of `normalize`, which decide nothing.
    #[must_use]
    pub fn done(&self, sources: &SourceMap) -> Option<Span> {
        self.done_in(&[Step::BackendResponse, Step::Recv], sources)
    }

    /// The same before the key is made.
    #[must_use]
    pub fn done_for_key(&self, sources: &SourceMap) -> Option<Span> {
        self.done_in(&[Step::Recv, Step::Hash], sources)
    }

    fn done_in(&self, steps: &[Step], sources: &SourceMap) -> Option<Span> {
        let ran = steps.iter().flat_map(|step| self.ran(*step));
        let mut done = ran.filter_map(|ran| {
            ran.explanation.course.iter().rev().find_map(|event| match event {
                Event::Acted(span) if is_own(*span, sources) => Some(*span),
                _ => None,
            })
        });
        done.next()
    }

    fn ran(&self, step: Step) -> impl Iterator<Item = &Ran> {
        self.steps.iter().filter(move |ran| ran.step == step)
    }

    /// Whether the policy failed on the way, so that nothing that it says counts.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.steps.iter().any(|ran| ran.explanation.verdict.action == Action::Fail)
    }
}

/// Whether a place is not in the built-in policy.
fn is_own(span: Span, sources: &SourceMap) -> bool {
    sources.get(span.file).is_some_and(|file| file.name() != builtin::NAME)
}

/// A step that was run.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Which one.
    pub step: Step,
    /// How it came to its verdict.
    pub explanation: Explanation,
}

/// How a request is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Treatment {
    /// warp answers itself.
    #[default]
    Answered,
    /// A stored response was used.
    Hit,
    /// The backend is asked for what may be stored.
    Miss,
    /// The cache is left out.
    Pass,
    /// Bytes are copied both ways.
    Pipe,
    /// What is stored was removed.
    Purge {
        /// It was not, and is stale from now on.
        softly: bool,
    },
}

/// What is known of a key whose response is not stored, and for how many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// Requests do not wait for each other.
    HitForMiss(i64),
    /// Requests pass.
    HitForPass(i64),
}

/// A part of a cache key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyPart {
    /// A value.
    Value(Vec<u8>),
    /// What is unset.
    Unset,
    /// A further value of the part before it.
    Further(Vec<u8>),
}

/// A request to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the policy chose: a backend or a director.
    pub backend: Option<BackendId>,
    /// Its name.
    pub backend_name: Option<String>,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The fields, but for framing.
    pub headers: HeaderMap,
    /// The times that the policy gives this request: to connect, for the first byte, between bytes, and for all of it.
    pub timeouts: [Option<Duration>; 4],
    /// Whether it is sent again where a connection that was kept turns out to be closed.
    pub reconnects: bool,
}

/// A response that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The site, and the key under which it stands.
    pub(super) place: Place,
    /// When it was stored.
    pub(super) at: SystemTime,
    /// What requests have to agree in beside the key.
    pub(super) variant: Vec<u8>,
    /// How often it was found.
    pub(super) hits: i64,
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: HeaderMap,
    /// Its content.
    pub body: Vec<u8>,
    /// Whether `Surrogate-Control` was obeyed, so that it goes no further.
    pub(super) keeps_surrogate_control: bool,
    /// For how long.
    pub lifetimes: Lifetimes,
    /// Its tags, as the policy gave them.
    pub tags: Vec<Vec<u8>>,
}

impl Stored {
    /// The parts of the key under which it stands.
    #[must_use]
    pub fn key(&self) -> &[KeyPart] {
        &self.place.1
    }

    /// Whether it is for the same requests as another one, whose place it takes.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        (&self.place, &self.variant) == (&other.place, &other.variant)
    }
}

/// A response to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase, if the policy gave it one.
    pub reason: Option<String>,
    /// The fields, but for `Via` and `Cache-Status`.
    pub headers: HeaderMap,
    /// The content.
    pub body: Vec<u8>,
}

impl Default for Response {
    fn default() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl Response {
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, reason: None, headers: HeaderMap::new(), body: Vec::new() }
    }
}
