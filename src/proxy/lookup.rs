//! The cache is looked into: the key, variants, `hit` and `miss`.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, header};
use pingora::cache::key::{CacheHashKey, HashBinary, hash_key};
use pingora::cache::{CacheKey, CacheMeta, ForcedFreshness, HitHandler, NoCacheReason};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::ctx::{Disposition, Exchange, RequestCtx};
use super::facts::ObjView;
use super::recv::answer_for;
use super::step::Messages;
use super::varied::{FoundFamily, Varied, exact_variance};
use super::wishes::Wish;
use super::{WarpProxy, coalesce, part, restart, stale};
use crate::cache::slice::Slice;
use crate::cache::{Vary, accept};
use crate::lang::schema::{Action, Step};
use crate::store::Mark;
use crate::store::pingora::StoredHit;
use crate::store::pingora::{AlwaysMiss, IgnoreBusy, NoOlder};
use crate::store::pingora::{Family, LanguageWanted, OfSlice, PingoraStorage};
use crate::store::pingora::{Found, StoredResponse, StoredTimes};
use crate::telemetry::{Outcome, Reason};

/// Why pingora is told to leave the cache out when the policy says so.
pub const PASSED: NoCacheReason = NoCacheReason::Custom("pass");

/// Turns the cache on for a request that asked for it.
pub fn enable(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) {
    if ctx.disposition != Disposition::Lookup {
        return;
    }
    ctx.exchange.mark = if proxy.marks.is_empty() { None } else { proxy.marks.find(&cache_key(&ctx.exchange)) };
    if ctx.exchange.mark == Some(Mark::HitForPass) {
        ctx.disposition = Disposition::Pass;
        (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Pass, Reason::HitForPass);
        return;
    }
    let options = coalesce::options(ctx);
    session.cache.enable(proxy.storage, None, Some(proxy.marks), Some(proxy.lock), Some(options));
}

/// The key that `hash` made, or that of a slice of what it stands for.
pub fn cache_key(exchange: &Exchange) -> CacheKey {
    key_for(exchange, exchange.slice)
}

/// The key of the whole, or of a slice of it.
fn key_for(exchange: &Exchange, slice: Option<Slice>) -> CacheKey {
    let primary = primary(exchange, slice);
    let hash = hash_key(&primary);
    let mut key = CacheKey::new(primary, "");
    // Hashed once: pingora would do it anew for each question.
    key.set_primary_bin_override(hash);
    if !exchange.content.is_empty() || slice.is_some() {
        key.extensions.insert(Family(hash_key(&exchange.key)));
    }
    if slice.is_some() {
        key.extensions.insert(OfSlice);
    }
    if exchange.wishes.has(Wish::AlwaysMiss) {
        key.extensions.insert(AlwaysMiss);
    }
    // What is stored may be fresh and too old for this request.
    if let Some(limit) = no_older(exchange) {
        key.extensions.insert(limit);
    }
    if exchange.wishes.has(Wish::IgnoreBusy) {
        key.extensions.insert(IgnoreBusy);
    }
    key
}

fn primary(exchange: &Exchange, slice: Option<Slice>) -> Vec<u8> {
    [exchange.key.as_slice(), &exchange.content, &slice_suffix(slice)].concat()
}

/// The hash of the key in hexadecimal, if one was made.
pub fn hash_text(exchange: &Exchange) -> Option<String> {
    let is_made = !exchange.key.is_empty();
    is_made.then(|| format!("{:032x}", u128::from_be_bytes(hash_key(primary(exchange, exchange.slice)))))
}

/// What makes the key of a slice of the key of the whole.
fn slice_suffix(slice: Option<Slice>) -> Vec<u8> {
    // No part given to `hash_data` is as long as that, so this is no key of a whole, nor one with content.
    let numbers = slice.map(|slice| [u64::MAX - 1, slice.size_bytes, slice.index]);
    numbers.into_iter().flatten().flat_map(u64::to_le_bytes).collect()
}

/// The variant that a request asks for: the hash of the fields that the stored response's `Vary` names,
/// `None` if it names none. While it is looked for, the policy may have another one taken in its place.
pub fn variance(
    storage: &PingoraStorage,
    meta: &CacheMeta,
    req: &RequestHeader,
    ctx: &mut RequestCtx,
) -> Option<HashBinary> {
    let varied = Varied::of(meta.headers(), req, ctx);
    let exact = varied.exact()?;
    // Asked for again when the backend has answered; then it is where to store that.
    let is_looked_for = ctx.fetch.bereq.is_none();
    let wishes = ctx.exchange.wishes;
    let takes_another = is_looked_for && !wishes.has(Wish::AlwaysMiss);
    if takes_another && wishes.has(Wish::IgnoreVary) {
        return meta.variance();
    }
    if is_looked_for {
        ctx.exchange.family = Some(FoundFamily { birth: meta.provenance(), variance: exact });
    }
    let may_select = takes_another && wishes.has(Wish::SelectLanguage);
    let selected = may_select.then(|| {
        let wanted = LanguageWanted {
            language: accept::best_language(&req.headers)?,
            exact,
            beside_language: varied.beside_language()?,
            family_birth: meta.provenance(),
        };
        storage.language_variant(&cache_key(&ctx.exchange), &wanted)
    });
    selected.flatten().or(Some(exact))
}

/// The fields of a slice that a request would find stored, complete and fresh. Nothing is counted.
pub fn stored_slice(
    storage: &PingoraStorage,
    req: &RequestHeader,
    exchange: &Exchange,
    slice: Slice,
) -> Option<HeaderMap> {
    let found = storage.fresh_variants(&key_for(exchange, Some(slice)));
    let is_variant = |head: &Arc<StoredResponse>| {
        exact_variance(&Vary::parse(&head.headers_named(&header::VARY)), &req.headers) == head.variance()
    };
    found.into_iter().find(is_variant).map(|head| head.headers())
}

/// What is known of a stored response that was found, beyond pingora's record of it. `None` if that is not the record
/// of what was found.
pub fn found<'a>(meta: &CacheMeta, ctx: &'a RequestCtx) -> Option<&'a Found> {
    ctx.exchange.found.as_ref().filter(|found| found.is_of(meta))
}

/// What warp knows of the times of a stored response, or of one that is being stored.
pub fn stored_times(meta: &CacheMeta, ctx: &RequestCtx) -> StoredTimes {
    let found = || found(meta, ctx).map(|found| found.times);
    StoredTimes::said_of(meta).or_else(found).unwrap_or_default()
}

/// A stored response as the policy sees it.
pub fn object_view<'a>(meta: &'a CacheMeta, ctx: &RequestCtx) -> ObjView<'a> {
    view_with(meta, &stored_times(meta, ctx))
}

/// A stored response with these times as the policy sees it.
pub fn view_with<'a>(meta: &'a CacheMeta, times: &StoredTimes) -> ObjView<'a> {
    ObjView {
        header: meta.response_header(),
        fresh_until: meta.fresh_until(),
        age: meta.age(),
        grace: times.grace,
        keep: times.keep,
    }
}

/// Runs `hit` on a stored response that is fresh, or stale and to be served at once.
pub fn on_hit(
    proxy: &WarpProxy,
    session: &mut Session,
    meta: &CacheMeta,
    handler: &mut HitHandler,
    is_fresh: bool,
    ctx: &mut RequestCtx,
) -> Option<ForcedFreshness> {
    let stored = handler.as_any().downcast_ref::<StoredHit>();
    ctx.exchange.found = stored.and_then(StoredHit::found).copied();
    ctx.has_whole_body = stored.is_some_and(StoredHit::is_complete);
    ctx.exchange.hits_before = stored.map_or(0, StoredHit::hits);
    if ctx.exchange.wishes.has(Wish::AlwaysMiss) {
        ctx.verdict.reason = Reason::Policy;
        return Some(ForcedFreshness::ForceMiss);
    }
    if let Some(missed) = part::pass_over(session, meta, handler, ctx) {
        return Some(missed);
    }
    // The request behind which it is fetched anew has had its `hit`. What is fresh was too old for that one.
    if ctx.exchange.background {
        return is_fresh.then_some(ForcedFreshness::ForceExpiredServeStale { expired_at: None });
    }
    let aged = if is_fresh { too_old_since(meta, ctx) } else { None };
    let stale_since = if is_fresh { aged } else { Some(meta.fresh_until()) };
    let forced = judge_hit(proxy, session, meta, stale_since, handler, ctx);
    // pingora takes it for fresh.
    forced.or_else(|| aged.map(|_| ForcedFreshness::ForceExpiredServeStale { expired_at: aged }))
}

/// Which responses a request takes that says how old they may be.
fn no_older(exchange: &Exchange) -> Option<NoOlder> {
    exchange.max_age.map(|age| NoOlder { age, since: exchange.time })
}

/// Since when a response that is fresh is older than this request takes it; `None` if it is not.
fn too_old_since(meta: &CacheMeta, ctx: &RequestCtx) -> Option<SystemTime> {
    let (limit, age) = (no_older(&ctx.exchange)?, meta.age());
    let over = age.checked_sub(limit.age).filter(|_| !limit.takes(age, stored_times(meta, ctx).asked))?;
    SystemTime::now().checked_sub(over)
}

/// Runs `hit` on a response that is fresh, or stale since then, unless it is to be fetched anew.
fn judge_hit(
    proxy: &WarpProxy,
    session: &mut Session,
    meta: &CacheMeta,
    stale_since: Option<SystemTime>,
    handler: &mut HitHandler,
    ctx: &mut RequestCtx,
) -> Option<ForcedFreshness> {
    let is_fresh = stale_since.is_none();
    let stale_for = stale_since.and_then(|since| SystemTime::now().duration_since(since).ok()).unwrap_or_default();
    let unasked = if is_fresh { None } else { stale::without_asking(proxy.failed, session, meta, stale_for, ctx) };
    if !is_fresh && unasked.is_none() && !stale::is_in_grace(session, meta, stale_for, ctx) {
        ctx.verdict.reason = Reason::Expired;
        return None;
    }
    ctx.exchange.hits = handler.as_any().downcast_ref::<StoredHit>().map_or(0, StoredHit::count);
    let req = Some(session.downstream_session.req_header_mut());
    let fresh_until = stale_since.unwrap_or_else(|| meta.fresh_until());
    let obj = Some(ObjView { fresh_until, ..object_view(meta, ctx) });
    let verdict = ctx.run(Step::Hit, Messages { req, obj, ..Messages::default() });
    match verdict.action {
        Action::Deliver => {
            ctx.verdict.outcome = if is_fresh { Outcome::Hit } else { Outcome::Stale };
            ctx.exchange.unasked = unasked;
            unasked.map(|_| ForcedFreshness::ForceFresh)
        }
        action => {
            leave_cache_out(session, ctx);
            ctx.verdict.decided_at = verdict.span;
            ctx.pending = match action {
                Action::Pass => None,
                Action::Restart => restart::elsewhere(session, ctx).err(),
                _ => Some(answer_for(&verdict, ctx)),
            };
            Some(ForcedFreshness::ForceMiss)
        }
    }
}

/// Makes the rest of the request a pass. Without the lock, so that it queues behind nobody.
fn leave_cache_out(session: &mut Session, ctx: &mut RequestCtx) {
    ctx.exchange.hits = 0;
    ctx.disposition = Disposition::Pass;
    ctx.verdict.outcome = Outcome::Pass;
    ctx.verdict.reason = Reason::Policy;
    session.cache.set_cache_lock(None, None);
}

/// Nothing usable is stored.
pub fn on_miss(session: &mut Session, ctx: &mut RequestCtx) {
    if ctx.disposition == Disposition::Pass {
        session.cache.disable(PASSED);
    } else {
        if session.cache.cache_key().variance_bin().is_some() && ctx.verdict.reason != Reason::PartialMiss {
            ctx.verdict.reason = Reason::VaryMiss;
        }
        session.cache.cache_miss();
    }
}
