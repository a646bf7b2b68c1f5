//! The backend is asked: `miss` or `pass`, and `backend_fetch`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::ctx::{Content, Disposition, RequestCtx, Stage, Synthetic};
use super::lookup::{PASSED, cache_key};
use super::recv::answer_for;
use super::step::Messages;
use super::{choose, coalesce, head_update, part, post, restart, retry, upstream};
use crate::cache::Lifetimes;
use crate::cache::{asked, hop_by_hop, validation};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step, split_status};
use crate::origin::Backend;
use crate::store::pingora::PingoraStorage;
use crate::telemetry::Reason;

/// Runs `miss` or `pass`; an answer if the backend is not to be asked.
pub fn before(storage: &PingoraStorage, session: &mut Session, ctx: &mut RequestCtx) -> Option<Synthetic> {
    if let Some(pending) = ctx.pending.take() {
        return Some(pending);
    }
    if ctx.exchange.background && ctx.disposition == Disposition::Lookup {
        intend(storage, ctx);
        return None;
    }
    if ctx.disposition == Disposition::Lookup {
        let verdict = run_client_step(session, ctx, Step::Miss);
        match verdict.action {
            Action::Fetch => {
                intend(storage, ctx);
                return None;
            }
            Action::Pass => {
                ctx.disposition = Disposition::Pass;
                (ctx.verdict.reason, ctx.verdict.decided_at) = (Reason::Policy, verdict.span);
                if session.cache.enabled() {
                    session.cache.disable(PASSED);
                }
            }
            _ => {
                ctx.verdict.reason = Reason::Policy;
                return answer_to(&verdict, session, ctx);
            }
        }
    }
    ctx.fetch.passes = true;
    ctx.fetch.lifetimes = Lifetimes::unsaid(true);
    post::expect(storage, ctx);
    let verdict = run_client_step(session, ctx, Step::Pass);
    if verdict.action == Action::Fetch { None } else { answer_to(&verdict, session, ctx) }
}

/// Declares that the backend is about to be asked, for what is stored then.
fn intend(storage: &PingoraStorage, ctx: &mut RequestCtx) {
    let intent = storage.intend(&cache_key(&ctx.exchange));
    coalesce::note_intent(&intent, ctx);
    ctx.fetch.intent = Some(intent);
}

/// The answer that a verdict asks for; none if the request begins again.
fn answer_to(verdict: &Verdict, session: &mut Session, ctx: &mut RequestCtx) -> Option<Synthetic> {
    match verdict.action {
        Action::Restart => restart::elsewhere(session, ctx).err(),
        _ => Some(answer_for(verdict, ctx)),
    }
}

fn run_client_step(session: &mut Session, ctx: &mut RequestCtx, step: Step) -> Verdict {
    ctx.run(step, Messages::req(session.downstream_session.req_header_mut()))
}

/// Runs `backend_fetch`, unless it has spoken, and says where to connect.
pub async fn peer(session: &mut Session, ctx: &mut RequestCtx) -> Result<Box<HttpPeer>> {
    if retry::begin(ctx) {
        ask(session, ctx)?;
    }
    let backend = choose::backend(session, ctx).await?;
    peer_at(session, &backend, ctx).await.map(Box::new)
}

/// The backend as it is connected to now.
pub async fn peer_at(session: &Session, backend: &Backend, ctx: &mut RequestCtx) -> Result<HttpPeer> {
    let route = backend.resolve(&ctx.fetch.failed_addresses).await.map_err(|error| {
        ctx.verdict.reason = Reason::Resolve;
        failed(503, error.to_string())
    })?;
    upstream::peer(session, backend, route, ctx)
}

/// Makes `bereq` from the client's request, the first time, and runs `backend_fetch` on it.
fn ask(session: &Session, ctx: &mut RequestCtx) -> Result<()> {
    if ctx.fetch.bereq.is_none() {
        let mut bereq = Box::new(session.req_header().clone());
        prepare(&mut bereq, session, ctx);
        ctx.fetch.backend = ctx.exchange.backend_hint.or(ctx.policy.default_backend);
        ctx.fetch.bereq = Some(bereq);
    }
    let verdict = ctx.run(Step::BackendFetch, Messages::default());
    match verdict.action {
        Action::Fetch if is_content_missing(ctx) => {
            ctx.verdict.reason = Reason::RequestBody;
            Err(failed(503, "the content of the request was read before it began again, and not kept"))
        }
        Action::Fetch => Ok(()),
        _ => Err(refused(&verdict, ctx)),
    }
}

/// Whether the backend would miss what the client sent.
fn is_content_missing(ctx: &RequestCtx) -> bool {
    let asks_for_what_is_there = |bereq: &RequestHeader| matches!(bereq.method, Method::GET | Method::HEAD);
    ctx.exchange.keeping.is_gone
        && ctx.fetch.content == Content::Sent
        && !ctx.fetch.bereq.as_deref().is_some_and(asks_for_what_is_there)
}

/// The fields of these headers that are meant for one connection (RFC 9110 section 7.6.1).
pub fn hop_by_hop_fields(headers: &HeaderMap) -> Vec<HeaderName> {
    hop_by_hop::found_in(headers)
}

/// Whether what comes may be stored: what passes is not, what is hit-for-miss is as soon as it can be.
fn may_be_stored(session: &Session) -> bool {
    session.cache.enabled() || session.cache.bypassing()
}

/// Leaves out of a request to the backend what is not sent on, and asks for the whole where the head alone would not do.
fn prepare(bereq: &mut RequestHeader, session: &Session, ctx: &RequestCtx) {
    let is_head = bereq.method == Method::HEAD;
    for name in asked::not_sent_on(&bereq.method.clone(), may_be_stored(session)) {
        bereq.remove_header(name);
    }
    if is_head && session.cache.enabled() && !head_update::is_due(session, ctx) {
        bereq.set_method(Method::GET);
    }
    let _ = bereq.append_header(header::VIA, asked::OWN_VIA);
}

/// An error that the backend is to blame for.
pub fn failed(status: u16, why: impl Into<String>) -> Box<Error> {
    Error::create(ErrorType::HTTPStatus(status), ErrorSource::Upstream, Some(why.into().into()), None)
}

/// The error that stands for a verdict that lets no response through.
pub fn refused(verdict: &Verdict, ctx: &mut RequestCtx) -> Box<Error> {
    (ctx.verdict.decided_at, ctx.verdict.reason) = match verdict.action {
        Action::Fail => (None, Reason::PolicyFailure),
        _ => (verdict.span, Reason::Policy),
    };
    match verdict.action {
        Action::Error => ctx.fetch.error = Some((verdict.status.unwrap_or(503), verdict.reason.clone())),
        Action::Abandon | Action::Fail => ctx.fetch.stage = Stage::GivenUp,
        _ => {}
    }
    failed(split_status(verdict.status.unwrap_or(503)).0, format!("the policy said {}", verdict.action.name()))
}

/// Puts `bereq` in the place of the request that pingora made, and keeps of that one what is
/// pingora's to say: framing and a switch of protocols. What is stored may make it a validation, or ask
/// for the rest of a part alone.
pub fn request(session: &mut Session, request: &mut RequestHeader, ctx: &mut RequestCtx) -> Result<()> {
    if session.cache.bypassing() {
        // The conditions and the range of the client are answered here, from the whole that comes.
        session.mark_upstream_headers_mutated_for_cache();
    }
    ctx.fetch.asked_with = None;
    let Some(bereq) = &ctx.fetch.bereq else { return Ok(()) };
    let mut sent = RequestHeader::clone(bereq);
    let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];
    carry_over(request, &mut sent, &framing)?;
    if ctx.fetch.content == Content::LeftOut {
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT] {
            sent.remove_header(&name);
        }
        if !session.is_body_empty() {
            // Else pingora would announce what does not come. RFC 9110 section 8.6 wants it with most such methods.
            sent.insert_header(header::CONTENT_LENGTH, 0)?;
        }
    }
    if session.cache.enabled()
        && let Some(stored) = session.cache.maybe_cache_meta()
    {
        validate(&mut sent, stored.headers())?;
    }
    part::ask(session, &mut sent, ctx)?;
    add_host(&mut sent, ctx)?;
    sent.set_version(http::Version::HTTP_11);
    *request = sent;
    Ok(())
}

/// Makes of a request the question whether a stored response with these fields is still good.
fn validate(sent: &mut RequestHeader, stored: &HeaderMap) -> Result<()> {
    for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
        sent.remove_header(&name);
    }
    for (name, value) in validation::conditions_for(stored) {
        sent.insert_header(name, value.clone())?;
    }
    Ok(())
}

/// Leaves the content of the request out, if the policy says so: the end of it still comes.
pub fn content(body: &mut Option<Bytes>, end_of_stream: bool, ctx: &RequestCtx) {
    if ctx.fetch.content == Content::LeftOut {
        *body = (!end_of_stream).then(Bytes::new);
    }
}

fn carry_over(from: &RequestHeader, to: &mut RequestHeader, names: &[HeaderName]) -> Result<()> {
    for name in names {
        to.remove_header(name);
        for value in from.headers.get_all(name) {
            to.append_header(name.clone(), value.clone())?;
        }
    }
    Ok(())
}

/// Names the backend where the policy names no host.
pub fn add_host(sent: &mut RequestHeader, ctx: &RequestCtx) -> Result<()> {
    if sent.headers.contains_key(header::HOST) {
        return Ok(());
    }
    let Some(asked) = &ctx.fetch.asked else { return Ok(()) };
    sent.insert_header(header::HOST, asked.backend().definition().host_text())
}
