//! A client goes away while its response is fetched and stored, or has all that it asked for before that is over.
//!
//! The fetch goes on, for the store and for those who share it. But what the client would have read must
//! not wait for it: of a response too large to be stored that would be all that is still to come. And
//! what nobody reads and nobody stores is not fetched.
//!
//! So a client that goes away at once, time and again, would leave any number of fetches behind. There is a limit
//! for the whole proxy: beyond it, a fetch that is left behind ends, unless others read what it brings. Those who
//! wait for one without a head proceed as for one that failed of itself: one of them fetches.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::ahead;
use super::ctx::RequestCtx;
use super::failure::count_fetch;
use crate::store::pingora::Wanted;
use crate::telemetry::{AbandonedGauges, Reason};

/// The fetches whose clients are gone.
#[derive(Debug)]
pub struct Abandoned {
    most: usize,
    now: AtomicUsize,
    ended: AtomicU64,
}

/// The fetch of a client that is gone; counted until it ends.
#[derive(Debug)]
pub struct LeftBehind {
    /// `None` for one that is not counted.
    among: Option<&'static Abandoned>,
    is_beyond_limit: bool,
}

impl Abandoned {
    /// None yet, and never more than so many.
    pub fn new(most: usize) -> Self {
        Self { most, now: AtomicUsize::new(0), ended: AtomicU64::new(0) }
    }

    /// How many there are, and how many were ended.
    pub fn gauges(&self) -> AbandonedGauges {
        AbandonedGauges { now: self.now.load(Relaxed) as u64, ended: self.ended.load(Relaxed) }
    }

    fn enter(&'static self) -> LeftBehind {
        let before = self.now.fetch_add(1, Relaxed);
        LeftBehind { among: Some(self), is_beyond_limit: before >= self.most }
    }
}

impl LeftBehind {
    /// That of a fetch in the background, which never had a client.
    const UNCOUNTED: Self = Self { among: None, is_beyond_limit: false };

    fn count_end(&self) {
        self.among.inspect(|among| _ = among.ended.fetch_add(1, Relaxed));
    }
}

impl Drop for LeftBehind {
    fn drop(&mut self) {
        self.among.inspect(|among| _ = among.now.fetch_sub(1, Relaxed));
    }
}

/// Notes that the client is gone, and ends its fetch if there are too many such. Of one whose head has just come it
/// is not known yet who else reads it: that is asked with the next bytes.
pub fn note(abandoned: &'static Abandoned, ctx: &RequestCtx) {
    let is_first = ctx.left_behind.get().is_none();
    let left =
        ctx.left_behind.get_or_init(|| if ctx.exchange.background { LeftBehind::UNCOUNTED } else { abandoned.enter() });
    let has_head = ctx.verdict.forward_status.is_some();
    let is_for_nobody = if ctx.fetch.wanted.is_some() { !is_read_by_others(ctx) } else { !has_head };
    if is_first && left.is_beyond_limit && is_for_nobody {
        ctx.fetch.reading.cut();
    }
}

/// Before the backend is asked, perhaps once more.
///
/// # Errors
/// When the client went away, and too many fetches are left behind.
pub fn check_limit(ctx: &RequestCtx) -> Result<()> {
    if is_beyond_limit(ctx) { Err(for_nobody()) } else { Ok(()) }
}

/// Gives up the place of a client that is gone among those who read, as the body goes on.
///
/// # Errors
/// When nobody else reads it and it is not stored, or too many such fetches are left behind.
pub fn check(session: &mut Session, ctx: &mut RequestCtx) -> Result<()> {
    let is_gone = ctx.left_behind.get().is_some();
    let is_first = ctx.fetch.wanted.is_none();
    if let Some(reader) = ahead::reader(session).filter(|_| is_first) {
        // Bytes may come before the head is on its way to the client.
        reader.belong_to_fetch();
    }
    let is_wanted = match ahead::reader(session) {
        Some(reader) => (!is_gone && !reader.has_left()) || reader.leave(),
        // pingora takes the reader away from a client that has its response.
        None => ctx.fetch.wanted.as_ref().is_none_or(Wanted::is_wanted),
    };
    if is_wanted && !is_too_much(ctx) {
        return Ok(());
    }
    if !is_gone {
        // It has its response: only the fetch ends before its time.
        count_fetch(Reason::Client, ctx);
        ctx.verdict.failed = true;
    }
    Err(for_nobody())
}

/// What an error that ended the fetch is to be called: the backend did nothing wrong where the fetch was ended here.
pub fn name(error: Box<Error>, ctx: &RequestCtx) -> Box<Error> {
    match ctx.left_behind.get() {
        Some(left) if is_too_much(ctx) => {
            left.count_end();
            for_nobody()
        }
        _ => error,
    }
}

fn is_beyond_limit(ctx: &RequestCtx) -> bool {
    ctx.left_behind.get().is_some_and(|left| left.is_beyond_limit)
}

/// Whether it is one too many of those that nobody reads.
fn is_too_much(ctx: &RequestCtx) -> bool {
    is_beyond_limit(ctx) && !is_read_by_others(ctx)
}

fn is_read_by_others(ctx: &RequestCtx) -> bool {
    ctx.fetch.wanted.as_ref().is_some_and(Wanted::is_read_by_others)
}

fn for_nobody() -> Box<Error> {
    Error::explain(ErrorType::ConnectionClosed, "nobody reads it any more").into_down()
}
