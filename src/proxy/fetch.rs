//! The backend is asked: `miss` or `pass`, `backend_fetch`, and `backend_response`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, Method, header};
use pingora::cache::key::HashBinary;
use pingora::cache::{CacheMeta, NoCacheReason, RespCacheable};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::ctx::{Disposition, Fetch, Lifetimes, NotStored, RequestCtx, Synthetic, TtlSource, Uncacheable};
use super::facts::StepFacts;
use super::head_update::HEAD_ONLY;
use super::lookup::{PASSED, beside_language, cache_key};
use super::recv::answer_for;
use super::revalidate::{self, UNUSABLE, Unusable};
use super::storage::{ObjectId, PingoraStorage, StoredTimes};
use super::{head_update, part, post};
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::{
    CacheControl, Exchange, Freshness, Heuristic, LifetimeSource, Timing, Unstorable, Vary, hop_by_hop, storable,
    update304, validation,
};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};
use crate::origin::Backend;
use crate::telemetry::Reason;

/// How long an idle connection to a backend is kept.
const IDLE: Duration = Duration::from_mins(1);

/// How long a response is kept when nothing says so: to validate it, and to serve it when there is no
/// backend to ask (RFC 9111 section 4.2.4).
const DEFAULT_KEEP: Duration = Duration::from_hours(1);

/// How long requests pass when `return (pass)` in `backend_response` gives no time.
const HIT_FOR_PASS_MS: i64 = 120_000;

/// Runs `miss` or `pass`; an answer if the backend is not to be asked.
pub fn before(storage: &PingoraStorage, session: &mut Session, ctx: &mut RequestCtx) -> Option<Synthetic> {
    if let Some(pending) = ctx.pending.take() {
        return Some(pending);
    }
    if ctx.exchange.background && ctx.disposition == Disposition::Lookup {
        ctx.fetch.intent = Some(storage.intend(&cache_key(&ctx.exchange)));
        return None;
    }
    if ctx.disposition == Disposition::Lookup {
        let verdict = run_client_step(session, ctx, Step::Miss);
        match verdict.action {
            Action::Fetch => {
                ctx.fetch.intent = Some(storage.intend(&cache_key(&ctx.exchange)));
                return None;
            }
            Action::Pass => {
                ctx.disposition = Disposition::Pass;
                (ctx.verdict.reason, ctx.verdict.decided_at) = (Reason::Policy, verdict.span);
                if session.cache.enabled() {
                    session.cache.disable(PASSED);
                }
            }
            _ => return Some(answer_for(&verdict, ctx)),
        }
    }
    ctx.fetch.lifetimes.uncacheable = Uncacheable::Passed;
    post::expect(storage, ctx);
    let verdict = run_client_step(session, ctx, Step::Pass);
    (verdict.action != Action::Fetch).then(|| answer_for(&verdict, ctx))
}

fn run_client_step(session: &mut Session, ctx: &mut RequestCtx, step: Step) -> Verdict {
    let req = session.downstream_session.req_header_mut();
    let mut facts = StepFacts::new(&mut ctx.exchange, Some(req));
    ctx.policy.program.run(step, &mut facts)
}

/// Runs `backend_fetch` the first time, and says where to connect.
pub async fn peer(session: &mut Session, ctx: &mut RequestCtx) -> Result<Box<HttpPeer>> {
    if ctx.fetch.bereq.is_none() {
        ask(session, ctx)?;
    }
    let backend = choose(ctx)?;
    let address = backend.resolve().await.map_err(|error| {
        ctx.verdict.reason = Reason::Resolve;
        failed(503, error.to_string())
    })?;
    Ok(Box::new(peer_at(address, &backend, ctx)))
}

/// Makes `bereq` from the client's request and runs `backend_fetch` on it.
fn ask(session: &Session, ctx: &mut RequestCtx) -> Result<()> {
    let mut bereq = Box::new(session.req_header().clone());
    prepare(&mut bereq, session, ctx);
    ctx.fetch.backend = ctx.exchange.backend_hint.or(ctx.policy.default_backend);
    let verdict = {
        let mut facts = StepFacts::new(&mut ctx.exchange, None);
        facts.fetch = Some(&mut ctx.fetch);
        facts.bereq = Some(&mut bereq);
        ctx.policy.program.run(Step::BackendFetch, &mut facts)
    };
    ctx.fetch.bereq = Some(bereq);
    if verdict.action == Action::Fetch { Ok(()) } else { Err(refused(&verdict, ctx)) }
}

/// The fields of these headers that are meant for one connection (RFC 9110 section 7.6.1).
pub fn hop_by_hop_fields(headers: &HeaderMap) -> Vec<HeaderName> {
    headers.keys().filter(|name| hop_by_hop::is_hop_by_hop(name, headers)).cloned().collect()
}

/// Whether what comes may be stored: what passes is not, what is hit-for-miss is as soon as it can be.
fn may_be_stored(session: &Session) -> bool {
    session.cache.enabled() || session.cache.bypassing()
}

/// A cache fetches for all, so it does not send the conditions of one client's copy. `If-Range` stays
/// with the range that it belongs to, which is the policy's to drop: when it fails, the whole comes.
fn prepare(bereq: &mut RequestHeader, session: &Session, ctx: &RequestCtx) {
    if may_be_stored(session) {
        // RFC 9110 section 14.2: it has a meaning for GET alone.
        if bereq.method != Method::GET {
            bereq.remove_header(&header::RANGE);
        }
        if bereq.method == Method::HEAD && session.cache.enabled() && !head_update::is_due(session, ctx) {
            bereq.set_method(Method::GET);
        }
        for name in validation::CONDITIONS.iter().filter(|name| **name != header::IF_RANGE) {
            bereq.remove_header(name);
        }
    }
    for name in hop_by_hop_fields(&bereq.headers) {
        bereq.remove_header(&name);
    }
    let _ = bereq.append_header(header::VIA, "1.1 warp");
}

fn choose(ctx: &mut RequestCtx) -> Result<Arc<Backend>> {
    let backend = ctx.fetch.backend.and_then(|id| ctx.policy.backends.get(id.0 as usize)).cloned();
    let Some(backend) = backend else {
        ctx.verdict.reason = Reason::BackendSick;
        return Err(failed(503, "the policy chose no backend"));
    };
    ctx.fetch.asked = Some(backend.begin());
    if !backend.is_healthy() {
        ctx.verdict.reason = Reason::BackendSick;
        return Err(failed(503, format!("backend {} is sick", backend.name())));
    }
    Ok(backend)
}

fn peer_at(address: SocketAddr, backend: &Backend, ctx: &RequestCtx) -> HttpPeer {
    let mut peer = HttpPeer::new(address, false, String::new());
    let definition = backend.definition();
    let connect = ctx.fetch.connect_timeout.unwrap_or(definition.connect_timeout);
    let first_byte = ctx.fetch.first_byte_timeout.unwrap_or(definition.first_byte_timeout);
    let between_bytes = ctx.fetch.between_bytes_timeout.unwrap_or(definition.between_bytes_timeout);
    peer.options.connection_timeout = Some(connect);
    peer.options.total_connection_timeout = Some(connect);
    // pingora has one limit for every read of a response, so the longer of the two holds.
    peer.options.read_timeout = Some(first_byte.max(between_bytes));
    peer.options.write_timeout = Some(between_bytes);
    peer.options.idle_timeout = Some(IDLE);
    peer
}

/// An error that the backend is to blame for.
pub fn failed(status: u16, why: impl Into<String>) -> Box<Error> {
    Error::create(ErrorType::HTTPStatus(status), ErrorSource::Upstream, Some(why.into().into()), None)
}

fn refused(verdict: &Verdict, ctx: &mut RequestCtx) -> Box<Error> {
    ctx.verdict.decided_at = verdict.span;
    ctx.verdict.reason = if verdict.action == Action::Fail { Reason::PolicyFailure } else { Reason::Policy };
    if verdict.action == Action::Error {
        ctx.fetch.error = Some((verdict.status.unwrap_or(503), verdict.reason.clone()));
    }
    failed(verdict.status.unwrap_or(503), format!("the policy said {}", verdict.action.name()))
}

/// Puts `bereq` in the place of the request that pingora made, and keeps of that one what is
/// pingora's to say: framing, a switch of protocols, and the conditions of a validation. A stored part
/// may make it ask for the rest alone.
pub fn request(session: &mut Session, request: &mut RequestHeader, ctx: &mut RequestCtx) -> Result<()> {
    if session.cache.bypassing() {
        // The conditions and the range of the client are answered here, from the whole that comes.
        session.mark_upstream_headers_mutated_for_cache();
    }
    let Some(bereq) = &ctx.fetch.bereq else { return Ok(()) };
    let mut sent = RequestHeader::clone(bereq);
    let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];
    let conditions = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
    let validates = session.cache.enabled() && session.cache.maybe_cache_meta().is_some();
    carry_over(request, &mut sent, &framing)?;
    if validates {
        carry_over(request, &mut sent, &conditions)?;
    }
    part::ask(session, &mut sent, ctx)?;
    add_host(&mut sent, ctx)?;
    sent.set_version(http::Version::HTTP_11);
    *request = sent;
    Ok(())
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

fn add_host(sent: &mut RequestHeader, ctx: &RequestCtx) -> Result<()> {
    if sent.headers.contains_key(header::HOST) {
        return Ok(());
    }
    let Some(asked) = &ctx.fetch.asked else { return Ok(()) };
    let definition = asked.backend().definition();
    let address = definition.address.as_ref().map(ToString::to_string);
    let host = definition.host_header.clone().or(address).unwrap_or_default();
    sent.insert_header(header::HOST, host)
}

/// Takes a response, or what a 304 or a part makes of a stored one, through `backend_response`.
pub fn response(
    storage: &PingoraStorage,
    session: &Session,
    response: &mut ResponseHeader,
    ctx: &mut RequestCtx,
) -> Result<()> {
    if response.status == http::StatusCode::SWITCHING_PROTOCOLS && !session.is_upgrade_req() {
        return Err(failed(503, "the backend switched protocols unasked"));
    }
    if response.status.is_informational() {
        return Ok(());
    }
    ctx.verdict.forward_status = Some(response.status.as_u16());
    add_date(response)?;
    if response.status == http::StatusCode::NO_CONTENT {
        // RFC 9110 section 8.6.
        response.remove_header(&header::CONTENT_LENGTH);
    }
    let validated = response.status == http::StatusCode::NOT_MODIFIED;
    let stored = session.cache.maybe_cache_meta().filter(|_| validated && session.cache.enabled());
    if validated && stored.is_none() && !is_conditional(ctx.fetch.bereq.as_deref()) {
        return Err(failed(503, "the backend answered 304 to a request without conditions"));
    }
    ctx.fetch.was_304 = stored.is_some();
    let joined = part::receive(storage, session, response, ctx)?;
    let verdict = match (stored, joined) {
        (None, None) => match head_update::receive(storage, session, response, ctx) {
            Some(verdict) => verdict,
            None => respond(session, response, ctx),
        },
        (Some(meta), _) if !update304::identifies(&meta.response_header().headers, &response.headers) => {
            ctx.fetch.unusable = Some(Unusable::OfAnother);
            return Ok(());
        }
        (Some(meta), _) => {
            let mut refreshed = Box::new(refresh(meta.response_header(), response));
            let verdict = respond(session, &mut refreshed, ctx);
            ctx.fetch.refreshed = Some(refreshed);
            verdict
        }
        (None, Some(mut joined)) => {
            let verdict = respond(session, &mut joined, ctx);
            if reason_not_stored(&ctx.fetch.lifetimes, &joined.headers).is_some() {
                part::give_up_joining(ctx)?;
            } else {
                ctx.fetch.refreshed = Some(joined);
            }
            verdict
        }
    };
    if matches!(verdict.action, Action::Deliver | Action::Pass) {
        return Ok(());
    }
    let error = refused(&verdict, ctx);
    if !ctx.fetch.was_304 {
        return Err(error);
    }
    // pingora would answer an error here with the 304 itself, which the client has not asked for.
    ctx.fetch.unusable = Some(Unusable::Refused(error));
    Ok(())
}

/// A response that says not when it was made was made when it came (RFC 9110 section 6.6.1).
fn add_date(response: &mut ResponseHeader) -> Result<()> {
    if response.headers.contains_key(header::DATE) {
        return Ok(());
    }
    response.insert_header(header::DATE, httpdate::fmt_http_date(SystemTime::now()))
}

fn is_conditional(bereq: Option<&RequestHeader>) -> bool {
    bereq.is_some_and(|bereq| validation::CONDITIONS.iter().any(|name| bereq.headers.contains_key(name)))
}

/// Lets the backend's response run ahead of a client that reads slowly, so that others who share it
/// are not held up. Only where it is known to fit into the store: what runs ahead stays in memory.
pub fn run_ahead(session: &mut Session, response: &ResponseHeader, largest_bytes: u64, ctx: &RequestCtx) {
    let is_stored = session.cache.enabled() && ctx.fetch.lifetimes.not_stored.is_none();
    let fits = content_length(&response.headers).is_some_and(|length| length <= largest_bytes);
    session.set_proxy_tasks_enabled(is_stored && fits && !ctx.exchange.background);
}

/// The stored head brought up to date by a 304 (RFC 9111 section 3.2).
pub fn refresh(stored: &ResponseHeader, validation: &ResponseHeader) -> ResponseHeader {
    let mut refreshed = stored.as_owned_parts();
    update304::merge(&mut refreshed.headers, &validation.headers, SystemTime::now());
    ResponseHeader::from(refreshed)
}

/// Works out the times of a response and runs `backend_response` on it.
pub fn respond(session: &Session, beresp: &mut ResponseHeader, ctx: &mut RequestCtx) -> Verdict {
    let passes = ctx.fetch.lifetimes.uncacheable;
    ctx.fetch.lifetimes = lifetimes(beresp, &ctx.fetch);
    ctx.fetch.lifetimes.uncacheable = passes;
    let verdict = {
        let mut bereq = ctx.fetch.bereq.take();
        let mut facts = StepFacts::new(&mut ctx.exchange, None);
        facts.fetch = Some(&mut ctx.fetch);
        facts.bereq = bereq.as_deref_mut();
        facts.beresp = Some(beresp);
        let verdict = ctx.policy.program.run(Step::BackendResponse, &mut facts);
        ctx.fetch.bereq = bereq;
        verdict
    };
    if verdict.action == Action::Pass {
        ctx.fetch.lifetimes.uncacheable = Uncacheable::Refused;
        ctx.fetch.refused_at = verdict.span;
        ctx.fetch.hit_for_pass_ms = Some(verdict.time_ms.unwrap_or(HIT_FOR_PASS_MS));
    }
    let cc = ctx.fetch.directives(&beresp.headers);
    ctx.fetch.lifetimes.may_be_stale = !cc.forbids_stale();
    ctx.fetch.lifetimes.not_stored = why_not_stored(session.req_header(), beresp, &cc, &ctx.fetch.lifetimes)
        .or_else(|| ctx.fetch.pieces.is_unasked().then_some(NotStored::Rule(Unstorable::Partial)));
    let has_age = beresp.headers.contains_key(header::AGE);
    ctx.fetch.aged = has_age.then(|| (ctx.fetch.lifetimes.age, SystemTime::now()));
    ctx.fetch.obeys_surrogate_control = cc.targeted == Some(SURROGATE_CONTROL);
    verdict
}

/// The times that RFC 9111 section 4.2 and RFC 5861 give a response, before the policy speaks.
fn lifetimes(beresp: &ResponseHeader, fetch: &Fetch) -> Lifetimes {
    let now = SystemTime::now();
    let timing = Timing { request_time: fetch.sent.unwrap_or(now), response_time: now };
    let cc = fetch.directives(&beresp.headers);
    let freshness = Freshness::of(beresp.status, &beresp.headers, &cc, timing, None);
    let guess = Freshness::of(beresp.status, &beresp.headers, &cc, timing, Some(Heuristic::default()));
    let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let ttl_ms = freshness.ttl_ms(now);
    Lifetimes {
        ttl_ms,
        heuristic_ms: if guess.source == LifetimeSource::Heuristic { guess.ttl_ms(now).max(0) } else { 0 },
        grace_ms: freshness.stale_while_revalidate.map_or(0, milliseconds),
        keep_ms: if has_validator(&beresp.headers) || ttl_ms > 0 { milliseconds(DEFAULT_KEEP) } else { 0 },
        stale_if_error_ms: freshness.stale_if_error.map(milliseconds),
        age: freshness.initial_age,
        source: match freshness.source {
            LifetimeSource::SMaxAge | LifetimeSource::MaxAge | LifetimeSource::Expires => TtlSource::Response,
            LifetimeSource::NoCache | LifetimeSource::Heuristic | LifetimeSource::Unstated => TtlSource::Unstated,
        },
        ..Lifetimes::default()
    }
}

fn has_validator(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED)
}

/// Why a response is not stored: the policy, or RFC 9111 section 3. A lifetime set by the policy
/// overrides what the origin left unsaid. It does not override `no-store`, `private` and the rule on
/// `Authorization`: a policy that knows better changes the field that says so, or takes
/// `Authorization` off the request.
fn why_not_stored(
    req: &RequestHeader,
    beresp: &ResponseHeader,
    cc: &CacheControl,
    times: &Lifetimes,
) -> Option<NotStored> {
    if times.uncacheable != Uncacheable::No {
        return Some(NotStored::Policy);
    }
    // It answers the range of one request, whatever it says of its lifetime (RFC 9110 section 15.5.17).
    if beresp.status == http::StatusCode::RANGE_NOT_SATISFIABLE {
        return Some(NotStored::Status);
    }
    // What is stored was asked for with GET, also where the client asked for the head alone.
    let exchange =
        Exchange { method: &Method::GET, request: &req.headers, status: beresp.status, response: &beresp.headers };
    let rule = storable::storable(&exchange, cc).err().map(NotStored::Rule);
    let has_lifetime = times.source == TtlSource::Policy && times.ttl_ms > 0;
    if let Some(rule) = rule.filter(|rule| !(has_lifetime && rule.is_overridden_by_lifetime())) {
        return Some(rule);
    }
    let is_unsaid = !cc.has_lifetime() && !cc.has_expires(&beresp.headers);
    (is_unsaid && times.go_beyond_a_guess() && is_about_the_request(beresp.status)).then_some(NotStored::Status)
}

/// What is stored of a response to a request that passed, if it may be stored and says itself how long
/// it is fresh.
pub fn stored_beside(session: &Session, beresp: &ResponseHeader, fetch: &Fetch) -> Option<CacheMeta> {
    let times = &fetch.lifetimes;
    let states_it = times.source == TtlSource::Response && times.ttl_ms > 0;
    if !states_it || times.uncacheable == Uncacheable::Refused {
        return None;
    }
    let times = Lifetimes { uncacheable: Uncacheable::No, ..times.clone() };
    let cc = fetch.directives(&beresp.headers);
    let may_be = why_not_stored(session.req_header(), beresp, &cc, &times).is_none();
    may_be.then(|| stored_meta(beresp.clone(), &cc, &times, &Kinship::default()))
}

/// Statuses that say something of one request, or of one moment, and nothing of the URL: kept by the
/// policy's word alone, one bad request would spoil the page for everybody.
fn is_about_the_request(status: http::StatusCode) -> bool {
    let client_error = status.is_client_error() && !matches!(status.as_u16(), 403 | 404 | 410 | 451);
    client_error || matches!(status.as_u16(), 501 | 505)
}

/// What pingora stores, and for how long. A response with a body of more than `largest_bytes` goes
/// through the store, so that those who wait for it share it, but is not kept there.
pub fn storable(
    session: &Session,
    response: &ResponseHeader,
    largest_bytes: u64,
    ctx: &mut RequestCtx,
) -> RespCacheable {
    if ctx.fetch.unusable.is_some() {
        return RespCacheable::Uncacheable(UNUSABLE);
    }
    let is_validated = ctx.fetch.refreshed.is_some();
    if head_update::was_asked(session, ctx) && !is_validated {
        return RespCacheable::Uncacheable(NoCacheReason::Custom(HEAD_ONLY));
    }
    let times = &ctx.fetch.lifetimes;
    if let Some(reason) = reason_not_stored(times, &response.headers) {
        ctx.fetch.lifetimes.not_stored = Some(reason);
        return RespCacheable::Uncacheable(NoCacheReason::OriginNotCache);
    }
    let mut variance = None;
    if let Some(refreshed) = ctx.fetch.refreshed.as_deref().filter(|_| ctx.fetch.was_304) {
        let Ok(new) = revalidate::new_variance(session, refreshed) else {
            ctx.fetch.lifetimes.not_stored = Some(NotStored::Vary);
            return RespCacheable::Uncacheable(NoCacheReason::OriginNotCache);
        };
        variance = new;
    }
    let head = ctx.fetch.refreshed.take().map_or_else(|| response.clone(), |refreshed| *refreshed);
    let is_too_large = content_length(&head.headers).is_some_and(|length| length > largest_bytes);
    // A key that was known as uncacheable is not any more, but of what came so only a 200 is stored.
    let is_for_next_time = session.cache.bypassing() && head.status != http::StatusCode::OK;
    ctx.verdict.stored = !is_too_large && !is_for_next_time;
    if is_too_large {
        ctx.verdict.reason = Reason::Store;
    }
    let withheld = withheld_fields(&head.headers, &ctx.fetch.directives(&head.headers));
    let mut meta = meta_for(session, head, ctx);
    if let Some(variance) = variance {
        meta.set_variance(variance);
    }
    ctx.fetch.withheld = withheld;
    if let Some(intent) = &ctx.fetch.intent {
        meta.extensions_mut().insert(Arc::clone(intent));
    }
    if let Some(surround) = ctx.fetch.pieces.take_surround() {
        meta.extensions_mut().insert(surround);
    }
    if let Some(validated) = session.cache.maybe_cache_meta().and_then(|meta| meta.extensions().get::<ObjectId>()) {
        meta.extensions_mut().insert(*validated);
    }
    RespCacheable::Cacheable(meta)
}

fn meta_for(session: &Session, head: ResponseHeader, ctx: &RequestCtx) -> CacheMeta {
    let cc = ctx.fetch.directives(&head.headers);
    let kinship = Kinship {
        birth: ctx.exchange.family_birth,
        beside_language: beside_language(&Vary::parse(&head.headers), session.req_header()),
    };
    stored_meta(head, &cc, &ctx.fetch.lifetimes, &kinship)
}

/// The record of a stored response whose head was brought up to date, if it may stay stored.
pub fn refreshed_meta(session: &Session, head: &ResponseHeader, ctx: &RequestCtx) -> Option<CacheMeta> {
    let may_stay = reason_not_stored(&ctx.fetch.lifetimes, &head.headers).is_none();
    may_stay.then(|| meta_for(session, head.clone(), ctx))
}

fn reason_not_stored(times: &Lifetimes, response: &HeaderMap) -> Option<NotStored> {
    // Without a validator, what was never fresh is of no use later.
    let useful = times.ttl_ms > 0
        || times.grace_ms > 0
        || times.stale_if_error_ms.is_some_and(|window| window > 0)
        || (times.keep_ms > 0 && has_validator(response));
    times.not_stored.or_else(|| (!useful).then_some(NotStored::Rule(Unstorable::NoFreshness)))
}

/// The length of the body, if the fields say it.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The fields that are not stored because `no-cache="…"` or `private="…"` list them.
fn withheld_fields(headers: &HeaderMap, cc: &CacheControl) -> HeaderMap {
    let listed = headers.iter().filter(|(name, _)| cc.withheld_fields().any(|listed| listed == *name));
    listed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What ties a response to the other variants of its URL.
#[derive(Default)]
struct Kinship {
    birth: Option<SystemTime>,
    beside_language: Option<HashBinary>,
}

fn stored_meta(mut head: ResponseHeader, cc: &CacheControl, times: &Lifetimes, kinship: &Kinship) -> CacheMeta {
    for name in hop_by_hop_fields(&head.headers).iter().chain(cc.withheld_fields()) {
        head.remove_header(name);
    }
    // The age is reckoned anew at each use.
    head.remove_header(&header::AGE);
    let now = SystemTime::now();
    let ttl = Duration::from_millis(times.ttl_ms.unsigned_abs());
    let fresh_until = if times.ttl_ms >= 0 { now.checked_add(ttl) } else { now.checked_sub(ttl) };
    let stored = StoredTimes {
        grace: Lifetimes::duration(times.grace_ms),
        keep: Lifetimes::duration(times.keep_ms),
        stale_if_error: times.stale_if_error_ms.map(Lifetimes::duration),
        may_be_stale: times.may_be_stale,
        obeys_surrogate_control: cc.targeted == Some(SURROGATE_CONTROL),
        family_birth: kinship.birth,
        beside_language: kinship.beside_language,
    };
    let (grace, longest) = (whole_seconds(stored.grace), whole_seconds(stored.windows().longest()));
    let mut meta = CacheMeta::new(fresh_until.unwrap_or(now), now, grace, longest, head);
    meta.set_epoch_override(now.checked_sub(times.age).unwrap_or(now));
    meta.extensions_mut().insert(stored);
    meta
}

/// pingora counts stale windows in whole seconds; the exact ones are checked in `stale`.
fn whole_seconds(duration: Duration) -> u32 {
    let rounded_up = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    u32::try_from(rounded_up).unwrap_or(u32::MAX)
}
