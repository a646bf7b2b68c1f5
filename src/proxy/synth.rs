//! Responses that warp makes itself.

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::connection::{self, NextHead, Patience};
use super::ctx::{RequestCtx, Synthetic};
use super::facts::set_reason;
use super::restart;
use super::slice;
use super::step::Messages;
use super::{deliver, framing};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step, split_status};
use crate::telemetry::Outcome;

/// Runs `synth` and writes the response, if the request does not begin again.
pub async fn answer(session: &mut Session, ctx: &mut RequestCtx, synthetic: &Synthetic) -> Result<()> {
    if ctx.verdict.outcome != Outcome::Purge {
        ctx.verdict.outcome = Outcome::Synth;
    }
    let Some((response, body)) = make(session, ctx, synthetic)? else { return Ok(()) };
    slice::tell(session, ctx);
    deliver::begin(session, ctx);
    write(session, response, body).await
}

/// Runs `synth`: the head and the body that it made; nothing if the request begins again.
pub fn make(
    session: &mut Session,
    ctx: &mut RequestCtx,
    synthetic: &Synthetic,
) -> Result<Option<(ResponseHeader, Bytes)>> {
    ctx.exchange.body = None;
    ctx.exchange.is_streaming = false;
    ctx.exchange.unsent_status = split_status(synthetic.status).1;
    let mut response = head(synthetic)?;
    deliver::announce(&mut response);
    let verdict = run_synth(session, ctx, &mut response);
    if verdict.action == Action::Restart && restart::elsewhere(session, ctx).is_ok() {
        return Ok(None);
    }
    // As in Varnish: where it has begun too often, the page is delivered.
    if !matches!(verdict.action, Action::Deliver | Action::Restart) {
        // `synth` itself failed: a bare answer is better than none.
        response = head(&Synthetic::new(503, None))?;
        deliver::announce(&mut response);
        ctx.exchange.body = None;
    }
    deliver::finish(&mut response, ctx, None);
    let body = framing::made(&mut response, ctx.exchange.body.take())?;
    Ok(Some((response, body)))
}

fn run_synth(session: &mut Session, ctx: &mut RequestCtx, response: &mut ResponseHeader) -> Verdict {
    let req = Some(session.downstream_session.req_header_mut());
    ctx.run(Step::Synth, Messages { req, resp: Some(response), ..Messages::default() })
}

/// A head with that status, its reason and a date.
pub fn head(synthetic: &Synthetic) -> Result<ResponseHeader> {
    let mut response = ResponseHeader::build(split_status(synthetic.status).0, None)?;
    if let Some(reason) = &synthetic.reason {
        // A reason that cannot be sent gives way to the usual one.
        if set_reason(&mut response, reason).is_err() {
            response.set_reason_phrase(None)?;
        }
    }
    let location = synthetic.location.as_deref().and_then(|location| HeaderValue::from_bytes(location).ok());
    if let Some(location) = location.or_else(|| url_for_reason(synthetic)) {
        response.insert_header(header::LOCATION, location)?;
    }
    response.insert_header(header::DATE, httpdate::fmt_http_date(std::time::SystemTime::now()))?;
    Ok(response)
}

/// Where a `synth` of VCL leads that redirects: its reason, if that is a URL.
fn url_for_reason(synthetic: &Synthetic) -> Option<HeaderValue> {
    let reason = synthetic.reason.as_deref()?;
    let is_url = reason.starts_with(b"/") || memchr::memmem::find(reason, b"://").is_some();
    let redirects = matches!(split_status(synthetic.status).0, 301 | 302 | 303 | 307 | 308);
    HeaderValue::from_bytes(reason).ok().filter(|_| is_url && redirects)
}

/// Writes a whole response.
pub async fn write(session: &mut Session, response: ResponseHeader, body: Bytes) -> Result<()> {
    // The rest of a request that was answered early must not be taken for the next one.
    if !session.is_body_empty() {
        session.set_keepalive(None);
    }
    // The response is made now, whatever was about to be sent in its place.
    let date = response.headers.get(header::DATE).cloned();
    connection::set_next_head(session, Some(NextHead { date, patience: Patience::None }));
    let head_only = session.req_header().method == Method::HEAD || body.is_empty();
    session.write_response_header(Box::new(response), head_only).await?;
    if head_only {
        return Ok(());
    }
    session.write_response_body(Some(body), true).await
}
