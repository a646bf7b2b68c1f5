//! A client goes away while its response is fetched and stored, or has all that it asked for before that is over.
//!
//! The fetch goes on, for the store and for those who share it. But what the client would have read must
//! not wait for it: of a response too large to be stored that would be all that is still to come. And
//! what nobody reads and nobody stores is not fetched.

use std::sync::atomic::Ordering::Relaxed;

use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::ahead;
use super::ctx::RequestCtx;
use super::failure::count_fetch;
use crate::store::pingora::Wanted;
use crate::telemetry::Reason;

/// Notes that the client is gone.
pub fn note(ctx: &RequestCtx) {
    ctx.client_is_gone.store(true, Relaxed);
}

/// Gives up the place of a client that is gone among those who read, as the body goes on.
///
/// # Errors
/// When nobody else reads it and it is not stored.
pub fn check(session: &mut Session, ctx: &mut RequestCtx) -> Result<()> {
    let is_gone = ctx.client_is_gone.load(Relaxed);
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
    if is_wanted {
        return Ok(());
    }
    if !is_gone {
        // It has its response: only the fetch ends before its time.
        count_fetch(Reason::Client, ctx);
        ctx.verdict.failed = true;
    }
    Err(Error::explain(ErrorType::ConnectionClosed, "nobody reads it any more").into_down())
}
