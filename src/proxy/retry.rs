//! The backend is asked once more: because the policy says `retry`, or because another connection may do better.
//!
//! What was made of the response that is given up is forgotten; `bereq` stays as the policy left it, and
//! `backend_fetch` runs on it again. All tries of a request fill one place among those who ask the backend.

use http::Method;
use pingora::Error;
use pingora::proxy::Session;

use super::ctx::{Fetch, RequestCtx};
use super::fetch::failed;
use super::query;
use super::warning;
use crate::cache::Lifetimes;
use crate::lang::source::Span;
use crate::telemetry::{OriginResult, Reason};

/// How many kept connections may turn out to be dead under one request to a backend.
const MOST_DEAD: u32 = 2;

/// How a fetch stands as to being tried again.
#[derive(Default)]
pub struct Attempts {
    /// `bereq.retries`: how often the policy has said `retry`.
    pub retries: u32,
    /// How many kept connections turned out to be dead since.
    dead: u32,
    /// Whether the backend had the request in an earlier try.
    was_sent: bool,
    /// Whether the policy has said so, and the backend was not asked since.
    is_due: bool,
    /// Why the request went forward, and the place in the policy that decided so.
    cause: Option<(Reason, Option<Span>)>,
}

/// What comes of a `retry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The backend is asked again.
    Due,
    /// It was asked too often already.
    TooOften,
    /// What was sent cannot be sent again.
    Impossible,
}

/// Before the backend is asked: whether `backend_fetch` is to speak first, which it does once for each `retry`.
pub fn begin(ctx: &mut RequestCtx) -> bool {
    let is_first = ctx.fetch.attempts.cause.is_none();
    let is_due = std::mem::take(&mut ctx.fetch.attempts.is_due);
    if is_first {
        ctx.fetch.attempts.cause = Some((ctx.verdict.reason, ctx.verdict.decided_at));
    } else if is_due {
        forget_response(ctx);
    }
    is_first || is_due
}

/// A connection died; whether another one may be tried without a word of the policy.
pub fn may_connect_again(ctx: &mut RequestCtx) -> bool {
    ctx.fetch.attempts.dead += 1;
    ctx.fetch.attempts.dead <= MOST_DEAD
}

/// The policy says `retry`.
pub fn want(session: &mut Session, ctx: &mut RequestCtx) -> Retry {
    let attempts = &mut ctx.fetch.attempts;
    attempts.retries = attempts.retries.saturating_add(1);
    let outcome = match ctx.fetch.attempts.retries > ctx.limits.most_retries {
        true => Retry::TooOften,
        false if !can_be_sent_again(session, ctx) => Retry::Impossible,
        false => Retry::Due,
    };
    ctx.fetch.attempts.is_due = outcome == Retry::Due;
    if outcome != Retry::Due
        && let Some(left_out) = warning::due("retry", None)
    {
        tracing::warn!(xid = ctx.exchange.xid, ?outcome, left_out, "the policy's retry is not carried out");
    }
    outcome
}

/// Whether the policy has just said so.
pub fn is_due(ctx: &RequestCtx) -> bool {
    ctx.fetch.attempts.is_due
}

/// The error that has pingora ask again.
pub fn ask_again() -> Box<Error> {
    let mut error = failed(503, "the policy has the backend asked again");
    error.set_retry(true);
    error
}

/// Whether a request may reach the backend twice (RFC 9110 section 9.2.2): by its method, or because the policy
/// kept its content for that. What has not been sent yet has not reached it once.
fn can_be_sent_again(session: &mut Session, ctx: &RequestCtx) -> bool {
    if ctx.fetch.sent.is_none() && !ctx.fetch.attempts.was_sent {
        return true;
    }
    let is_harmless = is_idempotent(&session.req_header().method) || ctx.exchange.keeping.kept.is_some();
    is_harmless && (session.as_mut().is_body_empty() || !session.as_ref().retry_buffer_truncated())
}

/// Whether asking twice is as asking once.
pub fn is_idempotent(method: &Method) -> bool {
    method.is_idempotent() || method.as_str() == query::METHOD
}

/// Leaves of a fetch what the next try begins with.
fn forget_response(ctx: &mut RequestCtx) {
    if let Some(asked) = ctx.fetch.asked.take() {
        let served = ctx.verdict.forward_status.unwrap_or(0) < 500;
        asked.finish(if served { OriginResult::Ok } else { OriginResult::ServerError });
    }
    let old = std::mem::take(&mut ctx.fetch);
    ctx.fetch = Fetch {
        bereq: old.bereq,
        backend: old.backend,
        connect_timeout: old.connect_timeout,
        first_byte_timeout: old.first_byte_timeout,
        between_bytes_timeout: old.between_bytes_timeout,
        reconnect: old.reconnect,
        content: old.content,
        targets: old.targets,
        passes: old.passes,
        lifetimes: Lifetimes::unsaid(old.passes),
        intent: old.intent,
        for_get: old.for_get,
        pieces: old.pieces,
        attempts: Attempts { dead: 0, was_sent: old.attempts.was_sent || old.sent.is_some(), ..old.attempts },
        ..Fetch::default()
    };
    (ctx.verdict.reason, ctx.verdict.decided_at) = ctx.fetch.attempts.cause.unwrap_or((Reason::Other, None));
    ctx.verdict.forward_status = None;
}
