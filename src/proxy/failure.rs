//! No usable response came: `backend_error`, and the page that the client gets instead.

use bytes::Bytes;
use http::header;
use pingora::proxy::{FailToProxy, Session};
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::connection::BadChunk;
use super::ctx::{RequestCtx, Synthetic};
use super::step::Messages;
use super::{coalesce, synth};
use crate::lang::schema::{Action, Step};
use crate::telemetry::{OriginResult, Outcome, Reason};

/// A connection could not be made. Another address of the same name may do better.
pub fn to_connect(peer: &HttpPeer, ctx: &mut RequestCtx, mut error: Box<Error>) -> Box<Error> {
    ctx.verdict.reason = Reason::Connect;
    if let (Some(asked), Some(address)) = (&ctx.fetch.asked, peer.address().as_inet()) {
        let backend = asked.backend();
        backend.report_connect_failure(*address);
        let is_name = backend.definition().address.as_ref().is_some_and(|address| address.literal().is_none());
        error.set_retry(is_name);
    }
    error
}

/// An asking failed after the connection was made. What may be sent twice is sent again, where a kept
/// connection turned out to be closed.
pub fn while_asking(session: &Session, peer: &HttpPeer, error: Box<Error>, is_reused: bool) -> Box<Error> {
    let mut error = error.more_context(format!("Peer: {peer}"));
    if session.req_header().method.is_idempotent() && !session.as_ref().retry_buffer_truncated() {
        error.retry.decide_reuse(is_reused);
    } else {
        error.set_retry(false);
    }
    error
}

/// Answers the client when a request failed.
pub async fn answer(session: &mut Session, error: &Error, ctx: &mut RequestCtx) -> FailToProxy {
    note(error, ctx);
    let gone = matches!(error.esource(), ErrorSource::Downstream)
        && matches!(error.etype(), ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed)
        && !is_bad_body(error);
    let answered = session.response_written().is_some_and(|written| !written.status.is_informational());
    if gone || answered {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    }
    let status = status_for(error);
    session.set_keepalive(None);
    if let Err(error) = write_error_page(session, ctx, status).await {
        tracing::debug!(%error, "the error page could not be sent");
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
    ctx.verdict.stored = false;
    if !matches!(reason, Reason::Policy | Reason::PolicyFailure) {
        ctx.verdict.decided_at = None;
    }
    tracing::warn!(xid = ctx.exchange.xid, reason = reason.as_str(), %error, "the request failed");
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
        (_, T::ReadTimedout | T::WriteTimedout) => Reason::Timeout,
        // Set where the error was made: a sick backend, a policy that gave up.
        (_, T::HTTPStatus(_)) => ctx.verdict.reason,
        (ErrorSource::Upstream, _) => Reason::BadResponse,
        _ => Reason::Internal,
    }
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
        Reason::Timeout => OriginResult::Timeout,
        Reason::BadResponse => OriginResult::BadResponse,
        Reason::StaleIfError => OriginResult::ServerError,
        _ => OriginResult::Aborted,
    });
}

async fn write_error_page(session: &mut Session, ctx: &mut RequestCtx, status: u16) -> Result<()> {
    let (status, reason) = ctx.fetch.error.take().unwrap_or((status, None));
    let reason = reason.or_else(|| (status == 503).then(|| b"Backend fetch failed".to_vec()));
    let (response, body) = make_error_page(session, ctx, &Synthetic { status, reason })?;
    synth::write(session, response, body).await
}

/// Runs `backend_error`, then `deliver`, as VCL does.
fn make_error_page(
    session: &mut Session,
    ctx: &mut RequestCtx,
    synthetic: &Synthetic,
) -> Result<(pingora::http::ResponseHeader, Bytes)> {
    ctx.exchange.body = None;
    ctx.fetch.was_304 = false;
    let mut response = synth::head(synthetic)?;
    if coalesce::is_refusal(ctx.verdict.reason) {
        response.insert_header(header::RETRY_AFTER, coalesce::RETRY_AFTER_SECONDS)?;
    }
    let verdict = ctx.run(Step::BackendError, Messages::beresp(&mut response));
    if verdict.action != Action::Deliver {
        response = synth::head(&Synthetic { status: 503, reason: None })?;
        ctx.exchange.body = None;
    }
    let outcome = ctx.verdict.outcome;
    super::deliver::respond_made(session, &mut response, ctx)?;
    ctx.verdict.outcome = outcome;
    let body = synth::frame(&mut response, ctx.exchange.body.take())?;
    Ok((response, body))
}
