//! No usable response came: `backend_error`, and the page that the client gets instead.
//!
//! The policy is asked where the fetch fails, since it may have the backend asked again. The page that it makes
//! is kept until pingora has seen that nothing stale can be served.

use bytes::Bytes;
use http::header;
use pingora::http::ResponseHeader;
use pingora::proxy::{FailToProxy, Session};
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::WarpProxy;
use super::connection::BadChunk;
use super::ctx::{Reconnect, RequestCtx, Stage, Synthetic};
use super::retry::{self, Retry};
use super::shown::Shown;
use super::step::Messages;
use super::tags::Tags;
use super::{choose, coalesce, deliver, framing, slice, stale, storing, synth, warning};
use crate::cache::Lifetimes;
use crate::lang::schema::{Action, Step, split_status};
use crate::origin;
use crate::telemetry::{OriginResult, Outcome, Reason};

/// What `backend_error` makes in the place of a response.
pub struct Page {
    head: ResponseHeader,
    body: Bytes,
    /// Whether it was stored, so that it answers those who ask for the same.
    is_stored: bool,
}

/// A connection could not be made. Another member of the director, or another address of the same name,
/// may do better; nothing was sent yet, whatever the method.
pub fn to_connect(peer: &HttpPeer, ctx: &mut RequestCtx, mut error: Box<Error>) -> Box<Error> {
    ctx.verdict.reason = Reason::Connect;
    error.set_retry(false);
    let Some(backend) = ctx.fetch.asked.as_ref().map(|asked| asked.backend().clone()) else { return error };
    if let Some(address) = peer.address().as_inet() {
        backend.report_connect_failure(*address);
        ctx.fetch.failed_addresses.push(*address);
    }
    count_fetch(Reason::Connect, ctx);
    let is_elsewhere = backend.has_another_address(&ctx.fetch.failed_addresses) || choose::has_another(&backend, ctx);
    error.set_retry(is_elsewhere);
    error
}

/// An asking failed after the connection was made. What may be sent twice is sent again, where a kept
/// connection turned out to be closed.
pub fn while_asking(
    session: &Session,
    peer: &HttpPeer,
    error: Box<Error>,
    ctx: &mut RequestCtx,
    is_reused: bool,
) -> Box<Error> {
    if has_no_length(&error) {
        framing::note_no_length(ctx);
    }
    let mut error = error.more_context(format!("Peer: {peer}"));
    let may_be_sent_again = retry::is_idempotent(&session.req_header().method)
        && ctx.fetch.reconnect == Reconnect::Once
        && !ctx.fetch.has_timed_out()
        && !session.as_ref().retry_buffer_truncated()
        && retry::may_connect_again(ctx);
    match may_be_sent_again {
        _ if ctx.is_elsewhere() => error.set_retry(false),
        _ if retry::is_due(ctx) => error.set_retry(true),
        true => error.retry.decide_reuse(is_reused),
        false => error.set_retry(false),
    }
    error
}

/// An asking has failed. If it is not made again anyway, `backend_error` says what becomes of it.
pub fn conclude(proxy: &WarpProxy, session: &mut Session, mut error: Box<Error>, ctx: &mut RequestCtx) -> Box<Error> {
    if error.retry() || ctx.is_elsewhere() {
        return error;
    }
    if !is_of_an_answer(session, &error, ctx) && ask_policy(proxy, session, &error, ctx) == Retry::Due {
        count_fetch(reason_of(&error, ctx), ctx);
        tracing::info!(xid = ctx.exchange.xid, %error, "the policy has the backend asked again");
        error.set_retry(true);
        return error;
    }
    if ctx.fetch.stage != Stage::GivenUp {
        ctx.fetch.stage = Stage::Failed;
    }
    if ctx.fetch.page.as_ref().is_some_and(|page| page.is_stored) {
        coalesce::note_recovery(ctx);
    } else {
        coalesce::note_failure(&error, ctx);
    }
    error
}

/// Whether it is too late for a page in the place of the response, or the client is at fault.
fn is_of_an_answer(session: &Session, error: &Error, ctx: &RequestCtx) -> bool {
    matches!(error.esource(), ErrorSource::Downstream) || ctx.fetch.stage == Stage::Answered || has_answered(session)
}

fn has_answered(session: &Session) -> bool {
    session.response_written().is_some_and(|written| !written.status.is_informational())
}

/// Runs `backend_error` where there may be a use for what it says: nothing, where what is stale is served and no
/// `retry` is written in it.
fn ask_policy(proxy: &WarpProxy, session: &mut Session, error: &Error, ctx: &mut RequestCtx) -> Retry {
    ctx.verdict.reason = reason_of(error, ctx);
    if stale::is_forbidden(session, error, ctx) {
        // RFC 9111 section 5.2.2.2: only the want of an answer keeps the stored response from being used.
        ctx.fetch.error.get_or_insert((504, None));
    }
    let is_hidden = stale::would_serve(session, error, ctx);
    let may_retry = ctx.policy.program.may_end(Step::BackendError, Action::Retry);
    if ctx.fetch.stage == Stage::GivenUp || (is_hidden && !may_retry) {
        return Retry::Impossible;
    }
    match make_page(session, ctx, status_for(error)) {
        Action::Deliver if !is_hidden => store_page(proxy, session, ctx),
        Action::Retry => match retry::want(session, ctx) {
            Retry::Due => return Retry::Due,
            Retry::TooOften | Retry::Impossible => ctx.fetch.stage = Stage::GivenUp,
        },
        _ => {}
    }
    Retry::Impossible
}

/// Stores a page to which `backend_error` gave a lifetime, or notes that the policy wants none like it stored.
fn store_page(proxy: &WarpProxy, session: &Session, ctx: &mut RequestCtx) {
    let Some(mut page) = ctx.fetch.page.take() else { return };
    page.is_stored = storing::store_page(session, &page.head, &page.body, ctx);
    ctx.fetch.page = Some(page);
    proxy.marks.mark_refused(session, ctx);
}

/// Answers the client when a request failed.
pub async fn answer(session: &mut Session, error: &Error, ctx: &mut RequestCtx) -> FailToProxy {
    if ctx.is_elsewhere() {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    }
    note(error, ctx);
    let gone = matches!(error.esource(), ErrorSource::Downstream)
        && matches!(error.etype(), ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed)
        && !is_bad_body(error);
    if gone || has_answered(session) {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    }
    let status = status_for(error);
    session.set_keepalive(None);
    if let Err(error) = write_error_page(session, ctx, status).await {
        tracing::debug!(error = %Shown(error), "the error page could not be sent");
    }
    FailToProxy { error_code: status, can_reuse_downstream: false }
}

/// A client's mistake is its own status; whatever the backend did wrong is 503, as in Varnish.
fn status_for(error: &Error) -> u16 {
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, ErrorType::HTTPStatus(status)) => *status,
        (ErrorSource::Downstream, _) => 400,
        _ => 503,
    }
}

/// Notes what went wrong, for the log, the metrics and the backend's own count. Once for each request:
/// pingora tells of the same error where it is answered and where the request ends.
pub fn note(error: &Error, ctx: &mut RequestCtx) {
    if std::mem::replace(&mut ctx.verdict.failed, true) {
        return;
    }
    let reason = reason_of(error, ctx);
    count_fetch(reason, ctx);
    (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Error, reason);
    ctx.verdict.stored = ctx.fetch.page.as_ref().is_some_and(|page| page.is_stored);
    if !matches!(reason, Reason::Policy | Reason::PolicyFailure) {
        ctx.verdict.decided_at = None;
    }
    tell(reason, error, ctx);
}

/// What clients do, and what the policy says, is everyday, and where the policy fails is told already; the rest is for
/// those who look after the backend.
fn tell(reason: Reason, error: &Error, ctx: &RequestCtx) {
    let (xid, error) = (ctx.exchange.xid, Shown(error));
    if matches!(reason, Reason::Client | Reason::BadRequest | Reason::Policy | Reason::PolicyFailure) {
        tracing::debug!(xid, reason = reason.as_str(), %error, "the request failed");
    } else if let Some(left_out) = warning::due(reason.as_str(), ctx.fetch.asked_name()) {
        let help = origin::why_refused(&error.0.to_string());
        let backend = ctx.fetch.asked_name();
        tracing::warn!(xid, reason = reason.as_str(), backend, %error, help, left_out, "the request failed");
    }
}

/// Why a request failed.
pub fn reason_of(error: &Error, ctx: &RequestCtx) -> Reason {
    use ErrorType as T;
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, T::InvalidHTTPHeader) => Reason::BadRequest,
        (ErrorSource::Downstream, _) if is_bad_body(error) => Reason::BadRequest,
        (ErrorSource::Downstream, _) => Reason::Client,
        (_, T::ConnectTimedout | T::ConnectRefused | T::ConnectNoRoute | T::ConnectError | T::SocketError) => {
            Reason::Connect
        }
        // No connection by TLS: nobody was asked, so that there is no response that could be bad.
        (
            _,
            T::TLSHandshakeFailure
            | T::TLSHandshakeTimedout
            | T::TLSWantX509Lookup
            | T::HandshakeError
            | T::InvalidCert,
        ) => Reason::Connect,
        (_, T::ReadTimedout | T::WriteTimedout) => Reason::Timeout,
        // Set where the error was made: a sick backend, a policy that gave up.
        (_, T::HTTPStatus(_)) => ctx.verdict.reason,
        (ErrorSource::Upstream, _) if ctx.fetch.has_timed_out() => Reason::Timeout,
        (ErrorSource::Upstream, _) => Reason::BadResponse,
        _ => Reason::Internal,
    }
}

/// Whether pingora found no length in the head of a response that says one, or more than one.
fn has_no_length(error: &Error) -> bool {
    let context = error.context.as_ref().map(pingora::ImmutStr::as_str).unwrap_or_default();
    // Of a head that cannot be read, it begins with that head.
    let is_of_length = ["invalid Content-Length", "Content-Length"].iter().any(|start| context.starts_with(start));
    *error.etype() == ErrorType::InvalidHTTPHeader && is_of_length
}

/// Whether the client sent a body that does not end where it says.
fn is_bad_body(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.and_then(std::io::Error::get_ref).is_some_and(<dyn std::error::Error + Send + Sync>::is::<BadChunk>)
}

/// Counts the request to the backend as one that failed for this reason.
pub fn count_fetch(reason: Reason, ctx: &mut RequestCtx) {
    let Some(asked) = ctx.fetch.asked.take() else { return };
    ctx.fetch.asked_name = Some(asked.backend().name().to_owned());
    asked.finish(match reason {
        Reason::Resolve => OriginResult::Resolve,
        Reason::Connect => OriginResult::Connect,
        Reason::BackendBusy => OriginResult::Busy,
        Reason::Timeout => OriginResult::Timeout,
        Reason::BadResponse => OriginResult::BadResponse,
        Reason::StaleIfError => OriginResult::ServerError,
        _ => OriginResult::Aborted,
    });
}

/// Writes the page of `backend_error` as `deliver` leaves it; that of `synth` where the policy gave up.
async fn write_error_page(session: &mut Session, ctx: &mut RequestCtx, status: u16) -> Result<()> {
    if ctx.fetch.page.is_none() && ctx.fetch.stage != Stage::GivenUp {
        make_page(session, ctx, status);
    }
    let outcome = ctx.verdict.outcome;
    let page = ctx.fetch.page.take().filter(|_| ctx.fetch.stage != Stage::GivenUp);
    let made = if let Some(page) = page {
        deliver::respond_made(session, page.head, page.body, ctx)?
    } else {
        let made = synth::make(session, ctx, &Synthetic::new(503, None))?;
        slice::tell(session, ctx);
        made
    };
    ctx.verdict.outcome = outcome;
    let Some((head, body)) = made else { return Ok(()) };
    deliver::begin(session, ctx);
    synth::write(session, head, body).await
}

/// Runs `backend_error` and keeps the page that it makes; what it ends with.
fn make_page(session: &mut Session, ctx: &mut RequestCtx, status: u16) -> Action {
    match run_backend_error(session, ctx, status) {
        Ok((action, page)) => {
            if !matches!(action, Action::Deliver | Action::Retry) {
                ctx.fetch.stage = Stage::GivenUp;
            }
            ctx.fetch.page = Some(page).filter(|_| action == Action::Deliver);
            action
        }
        Err(error) => {
            if let Some(left_out) = warning::due("error page", None) {
                tracing::warn!(xid = ctx.exchange.xid, %error, left_out, "the error page could not be made");
            }
            ctx.fetch.stage = Stage::GivenUp;
            Action::Fail
        }
    }
}

fn run_backend_error(session: &Session, ctx: &mut RequestCtx, status: u16) -> Result<(Action, Page)> {
    let (status, reason) = ctx.fetch.error.clone().unwrap_or((status, None));
    let reason = reason.or_else(|| (status == 503).then(|| b"Backend fetch failed".to_vec()));
    ctx.exchange.body = None;
    ctx.fetch.was_304 = false;
    ctx.fetch.lifetimes = Lifetimes::unsaid(ctx.fetch.passes);
    ctx.fetch.unsent_status = split_status(status).1;
    ctx.fetch.tags = Tags::default();
    let mut head = synth::head(&Synthetic::new(status, reason))?;
    if coalesce::is_refusal(ctx.verdict.reason) {
        head.insert_header(header::RETRY_AFTER, coalesce::RETRY_AFTER_SECONDS)?;
    }
    let verdict = ctx.run(Step::BackendError, Messages::beresp(&mut head));
    storing::conclude_times(session.req_header(), &head, ctx);
    let body = framing::made(&mut head, ctx.exchange.body.take())?;
    Ok((verdict.action, Page { head, body, is_stored: false }))
}
