//! What is stored of a response, for how long, and why not.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, header};
use pingora::cache::key::{CacheHashKey, HashBinary};
use pingora::cache::{CacheMeta, NoCacheReason, RespCacheable};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::ahead;
use super::connection;
use super::ctx::RequestCtx;
use super::fetch::hop_by_hop_fields;
use super::head_update;
use super::lookup::found;
use super::revalidate::{self, UNUSABLE};
use super::site;
use super::tags::Tags;
use super::varied::{self, Varied};
use crate::cache::CacheControl;
use crate::cache::asked::bare_host;
use crate::cache::content_length;
use crate::cache::lifetimes::{Lifetimes, NotStored, TtlSource, Uncacheable};
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::store::pingora::{FillIntent, PingoraStorage};
use crate::store::pingora::{StoredFill, StoredTags, StoredTarget, StoredTimes};
use crate::telemetry::Reason;

/// Concludes from the fields of a response, as the policy leaves them, what its times come to.
pub fn conclude_times(req: &RequestHeader, beresp: &ResponseHeader, ctx: &mut RequestCtx) -> CacheControl {
    let cc = ctx.fetch.directives(&beresp.headers);
    ctx.fetch.lifetimes.conclude(&req.headers, beresp.status, &beresp.headers, &cc);
    cc
}

/// Stores a page that `backend_error` made and gave a lifetime, for those who ask for the same.
pub fn store_page(session: &Session, head: &ResponseHeader, body: &[u8], ctx: &RequestCtx) -> bool {
    let times = &ctx.fetch.lifetimes;
    let is_wanted = times.ttl_ms > 0 && times.not_stored.is_none() && ctx.exchange.slice.is_none();
    let Some(intent) = ctx.fetch.intent.as_ref().filter(|_| is_wanted && session.cache.enabled()) else {
        return false;
    };
    let mut meta = meta_for(session, head.clone(), &ctx.fetch.directives(&head.headers), ctx);
    let key = session.cache.cache_key();
    if let Some(variance) = key.variance_bin() {
        // It stands where this request looked, and leaves the other variants found.
        meta.set_variance(variance);
    }
    let mut fill = StoredFill::of(key, intent, &meta);
    fill.write(body);
    fill.complete();
    intent.stands()
}

/// What is stored of a response to a request that passed, if it may be stored and says itself how long
/// it is fresh.
pub fn stored_beside(session: &Session, beresp: &ResponseHeader, ctx: &RequestCtx) -> Option<CacheMeta> {
    let fetch = &ctx.fetch;
    let times = &fetch.lifetimes;
    let states_it = times.source == TtlSource::Response && times.ttl_ms > 0;
    if !states_it || times.uncacheable == Uncacheable::Refused {
        return None;
    }
    let times = Lifetimes { uncacheable: Uncacheable::No, ..times.clone() };
    let cc = fetch.directives(&beresp.headers);
    let asked = &session.req_header().headers;
    let may_be = times.why_not_stored(asked, beresp.status, &beresp.headers, &cc).is_none();
    let (site, target) = (ctx.policy.site.as_deref(), target_of(session.req_header(), ctx));
    let kinship = Kinship { site, target, ..Kinship::default() };
    may_be.then(|| stored_meta(beresp.clone(), &cc, &times, &kinship, &fetch.tags))
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
    if let Some(reason) = head_update::why_not_stored(session, ctx).filter(|_| !is_validated) {
        return RespCacheable::Uncacheable(reason);
    }
    let times = &ctx.fetch.lifetimes;
    if let Some(reason) = times.why_not_kept(&response.headers) {
        ctx.fetch.lifetimes.not_stored = Some(reason);
        return RespCacheable::Uncacheable(NoCacheReason::OriginNotCache);
    }
    let mut variance = None;
    if let Some(refreshed) = ctx.fetch.refreshed.as_deref().filter(|_| ctx.fetch.was_304) {
        let Ok(new) = revalidate::new_variance(session, refreshed, ctx) else {
            ctx.fetch.lifetimes.not_stored = Some(NotStored::Vary);
            return RespCacheable::Uncacheable(NoCacheReason::OriginNotCache);
        };
        variance = new;
    }
    if !is_validated && varied::is_out_of_place(session, response, ctx) {
        ctx.fetch.lifetimes.not_stored = Some(NotStored::Vary);
        return RespCacheable::Uncacheable(NoCacheReason::OriginNotCache);
    }
    let head = ctx.fetch.refreshed.take().map_or_else(|| response.clone(), |refreshed| *refreshed);
    let is_too_large = content_length(&head.headers).is_some_and(|length| length > largest_bytes);
    // A key that was known as uncacheable is not any more, but of what came so only a 200 is stored.
    let is_a_get = session.req_header().method == Method::GET;
    let is_for_next_time = session.cache.bypassing() && (head.status != http::StatusCode::OK || !is_a_get);
    let is_purged = ctx.fetch.intent.as_ref().is_some_and(|intent| is_purged(intent, is_validated, &ctx.fetch.tags));
    ctx.verdict.stored = !is_too_large && !is_for_next_time && !is_purged;
    if is_too_large {
        ctx.verdict.reason = Reason::Store;
    }
    let cc = ctx.fetch.directives(&head.headers);
    let withheld = withheld_fields(&head.headers, &cc);
    let mut meta = meta_for(session, head, &cc, ctx);
    if let Some(variance) = variance {
        meta.set_variance(variance);
    }
    ctx.fetch.withheld = withheld;
    if let Some(intent) = &ctx.fetch.intent {
        meta.extensions_mut().insert(Arc::clone(intent));
    }
    meta.extensions_mut().insert(connection::pace(session).unwrap_or_default());
    if let Some(surround) = ctx.fetch.pieces.take_surround() {
        meta.extensions_mut().insert(surround);
    }
    if let Some(validated) = session.cache.maybe_cache_meta().and_then(|meta| found(meta, ctx)) {
        meta.extensions_mut().insert(*validated);
    }
    RespCacheable::Cacheable(meta)
}

/// Whether it was purged since the backend was asked. A 304 makes nothing fresh either that was purged softly.
fn is_purged(intent: &FillIntent, is_validated: bool, tags: &Tags) -> bool {
    if is_validated { !intent.stands_for(tags.groups()) } else { !intent.stands() }
}

/// Looks whether a response that is being stored will still be found, when its head is about to go out: `Cache-Status`
/// says `stored` (RFC 9211 section 2.5) of none that was purged or banned while it was fetched, or for which there is no
/// room. What cannot be known by then: that its body breaks off, turns out to be too large or finds no room any more; that
/// a purge, a ban or a later response takes its place behind the head; that a ban which asks of the request holds for
/// another one.
pub fn look_again(storage: &PingoraStorage, session: &mut Session, ctx: &mut RequestCtx) {
    if !ctx.verdict.stored || ctx.fetch.was_304 || !session.cache.enabled() {
        return;
    }
    let key = session.cache.cache_key().clone();
    if let Some(being_stored) = ahead::reader(session) {
        ctx.verdict.stored = storage.will_be_found(&key, being_stored);
    }
}

fn meta_for(session: &Session, head: ResponseHeader, cc: &CacheControl, ctx: &RequestCtx) -> CacheMeta {
    let varied = Varied::of(&head.headers, session.req_header(), ctx);
    let kinship = Kinship {
        site: ctx.policy.site.as_deref(),
        birth: ctx.exchange.family.and_then(|family| family.birth_of(&varied)),
        // It takes memory, and few ask.
        asked: ctx.exchange.max_age.and(ctx.fetch.sent),
        beside_language: varied.beside_language(),
        target: target_of(session.req_header(), ctx),
    };
    stored_meta(head, cc, &ctx.fetch.lifetimes, &kinship, &ctx.fetch.tags)
}

/// The record of a stored response whose head was brought up to date, if it may stay stored.
pub fn refreshed_meta(session: &Session, head: &ResponseHeader, ctx: &RequestCtx) -> Option<CacheMeta> {
    let may_stay = ctx.fetch.lifetimes.why_not_kept(&head.headers).is_none();
    may_stay.then(|| {
        let mut meta = meta_for(session, head.clone(), &ctx.fetch.directives(&head.headers), ctx);
        if let Some(intent) = &ctx.fetch.intent {
            meta.extensions_mut().insert(Arc::clone(intent));
        }
        meta
    })
}

/// The fields that are not stored because `no-cache="…"` or `private="…"` list them.
fn withheld_fields(headers: &HeaderMap, cc: &CacheControl) -> HeaderMap {
    let listed = headers.iter().filter(|(name, _)| cc.withheld_fields().any(|listed| listed == *name));
    listed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What ties a response to its site, to its URL, to the other variants of that and to the moment at which it was asked for.
#[derive(Default)]
struct Kinship<'a> {
    site: Option<&'a str>,
    birth: Option<SystemTime>,
    asked: Option<SystemTime>,
    beside_language: Option<HashBinary>,
    target: Option<StoredTarget>,
}

/// What is asked for, where the policy has bans that ask for it.
fn target_of(req: &RequestHeader, ctx: &RequestCtx) -> Option<StoredTarget> {
    let host = || bare_host(&req.headers).unwrap_or_default().to_ascii_lowercase();
    ctx.policy.program.bans_by_url().then(|| StoredTarget { url: req.raw_path().into(), host: host().into() })
}

fn stored_meta(
    mut head: ResponseHeader,
    cc: &CacheControl,
    times: &Lifetimes,
    kinship: &Kinship<'_>,
    tags: &Tags,
) -> CacheMeta {
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
        site: site::mark(kinship.site),
        asked: kinship.asked,
    };
    let (grace, longest) = (whole_seconds(stored.grace), whole_seconds(stored.windows().longest()));
    let mut meta = CacheMeta::new(fresh_until.unwrap_or(now), now, grace, longest, head);
    meta.set_epoch_override(now.checked_sub(times.age).unwrap_or(now));
    meta.extensions_mut().insert(stored);
    if !tags.groups().is_empty() {
        meta.extensions_mut().insert(StoredTags(tags.groups().into()));
    }
    if let Some(target) = &kinship.target {
        meta.extensions_mut().insert(target.clone());
    }
    meta
}

/// pingora counts stale windows in whole seconds; the exact ones are checked in `stale`.
fn whole_seconds(duration: Duration) -> u32 {
    let rounded_up = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    u32::try_from(rounded_up).unwrap_or(u32::MAX)
}
