//! Parts of a response in the store (RFC 9111 sections 3.3 and 3.4).
//!
//! A part stands under the key of the whole, with a head that says which part it is. It answers
//! requests for a range within it. To others it may lend its bytes: only the rest is asked for, and
//! where both are surely of one version they are stored as one.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use pingora::cache::{CacheMeta, CachePhase, ForcedFreshness, HitHandler};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{RangeType, Session};
use pingora::{Error, Result};

use super::ctx::RequestCtx;
use super::fetch::failed;
use crate::cache::content_length;
use crate::cache::part::{self, Part};
use crate::cache::update304;
use crate::store::pingora::PingoraStorage;
use crate::store::pingora::{StoredHit, Surround};
use crate::telemetry::{OriginResult, Reason};

/// What a fetch knows of parts.
#[derive(Default)]
pub struct Pieces {
    /// The stored part that did not answer the request.
    stored: Option<StoredPart>,
    /// Whether the request to the backend asks for a range.
    asked: bool,
    /// Whether that range is the rest of the stored part.
    completes: bool,
    /// Bytes of the stored part around those that come.
    surround: Option<Arc<Surround>>,
    /// Whether a part came that nobody asked the backend for.
    unasked: bool,
}

/// A complete object that holds a part.
struct StoredPart {
    head: ResponseHeader,
    part: Part,
    hit: StoredHit,
}

impl Pieces {
    /// What stands around the bytes that come, to be stored with them.
    pub fn take_surround(&mut self) -> Option<Arc<Surround>> {
        self.surround.take()
    }

    /// Whether a part came that nobody asked the backend for, so that it must not be stored.
    pub fn is_unasked(&self) -> bool {
        self.unasked
    }
}

fn is_part(response: &ResponseHeader) -> bool {
    response.status == StatusCode::PARTIAL_CONTENT
}

/// Which part a stored response is; `None` for one that cannot be used, or not yet.
fn stored_part(meta: &CacheMeta, hit: &StoredHit) -> Option<Part> {
    hit.whole_len().and_then(|length| Part::of(meta.headers(), Some(length)))
}

/// How long a part is that says so in `Content-Range` alone.
fn part_length(response: &ResponseHeader) -> Option<u64> {
    let is_open = is_part(response) && content_length(&response.headers).is_none();
    is_open.then(|| Part::received(&response.headers)).flatten().map(|part| part.len())
}

/// Makes a miss of a stored part that does not hold what the request asks for; `None` for all that
/// can be served.
pub fn pass_over(
    session: &mut Session,
    meta: &CacheMeta,
    handler: &HitHandler,
    ctx: &mut RequestCtx,
) -> Option<ForcedFreshness> {
    ctx.fetch.pieces = Pieces::default();
    if !is_part(meta.response_header()) {
        return None;
    }
    let hit = handler.as_any().downcast_ref::<StoredHit>();
    let part = hit.and_then(|hit| stored_part(meta, hit));
    let req = session.req_header();
    if part.is_some_and(|part| part.answer(&req.method, &req.headers, meta.headers()).is_some()) {
        return None;
    }
    if let (Some(part), Some(hit)) = (part, hit.filter(|hit| hit.is_complete())) {
        ctx.fetch.pieces.stored = Some(StoredPart { head: meta.response_header_copy(), part, hit: hit.reopen() });
    }
    ctx.verdict.reason = Reason::PartialMiss;
    // One fetch serves all who want the whole, but those who want other parts are not to wait for it.
    if wants_part(session.req_header()) {
        session.cache.set_cache_lock(None, None);
    }
    Some(ForcedFreshness::ForceMiss)
}

fn wants_part(req: &RequestHeader) -> bool {
    req.method == Method::GET && req.headers.contains_key(header::RANGE)
}

/// Makes a request to the backend ask for the part that is wanted: as `backend_fetch` left it, or
/// for the rest of what is stored. A whole response is validated as a whole.
pub fn ask(session: &Session, sent: &mut RequestHeader, ctx: &mut RequestCtx) -> Result<()> {
    if let Some(slice) = ctx.exchange.slice {
        sent.insert_header(header::RANGE, slice.range())?;
    }
    ctx.fetch.pieces.asked = sent.headers.contains_key(header::RANGE);
    if !session.cache.enabled() {
        return Ok(());
    }
    if session.cache.maybe_cache_meta().is_some_and(|meta| !is_part(meta.response_header())) {
        sent.remove_header(&header::RANGE);
    }
    // RFC 9110 section 17.15: of several parts none is stored, and what is asked for again and again within
    // them would be sent as often. They are cut from the whole.
    if sent.headers.get_all(header::RANGE).iter().any(|range| range.as_bytes().contains(&b',')) {
        sent.remove_header(&header::RANGE);
    }
    let pieces = &mut ctx.fetch.pieces;
    pieces.completes = false;
    if !sent.headers.contains_key(header::RANGE) {
        // RFC 9110 section 13.1.5: it has a meaning with a range only.
        sent.remove_header(&header::IF_RANGE);
        pieces.completes = ask_for_rest(pieces.stored.as_ref(), sent)?;
    }
    pieces.asked = sent.headers.contains_key(header::RANGE);
    Ok(())
}

/// RFC 9111 section 3.3: of a whole whose beginning is stored only the rest is asked for.
fn ask_for_rest(stored: Option<&StoredPart>, sent: &mut RequestHeader) -> Result<bool> {
    let Some(stored) = stored.filter(|stored| stored.part.first == 0 && !stored.part.is_whole()) else {
        return Ok(false);
    };
    sent.insert_header(header::RANGE, format!("bytes={}-", stored.part.last + 1))?;
    if let Some(validator) = part::strong_validator(&stored.head.headers, SystemTime::now()) {
        sent.insert_header(header::IF_RANGE, validator.clone())?;
    }
    Ok(true)
}

/// Looks at a response with the eyes of one who stores parts. Gives the head of what it makes with the
/// stored part, where they can be joined.
///
/// # Errors
/// When it cannot be used: it is asked for again as a whole if only the rest was asked for.
pub fn receive(
    storage: &PingoraStorage,
    session: &Session,
    response: &ResponseHeader,
    ctx: &mut RequestCtx,
) -> Result<Option<Box<ResponseHeader>>> {
    ctx.fetch.left_bytes = part_length(response);
    ctx.fetch.pieces.surround = None;
    ctx.fetch.pieces.unasked = is_part(response) && !ctx.fetch.pieces.asked;
    if !session.cache.enabled() {
        return Ok(None);
    }
    if ctx.fetch.pieces.unasked && !wants_part(session.req_header()) {
        ctx.verdict.reason = Reason::BadResponse;
        return Err(failed(503, "the backend answered with a part to a request for the whole"));
    }
    let joined = if is_part(response) { join(storage, session, response, &mut ctx.fetch.pieces) } else { None };
    let is_rest = is_part(response) || response.status == StatusCode::RANGE_NOT_SATISFIABLE;
    if ctx.fetch.pieces.completes && is_rest && joined.as_ref().is_none_or(|joined| is_part(joined)) {
        return Err(ask_for_whole(ctx));
    }
    Ok(joined)
}

/// Counts what comes of a part.
///
/// # Errors
/// When that is more than the part is said to have: it would be read for ever.
pub fn count(body: Option<&Bytes>, ctx: &mut RequestCtx) -> Result<()> {
    let (Some(left), Some(body)) = (&mut ctx.fetch.left_bytes, body) else { return Ok(()) };
    *left = left.checked_sub(body.len() as u64).ok_or_else(|| {
        ctx.verdict.reason = Reason::BadResponse;
        failed(503, "the backend sends more of a part than it has")
    })?;
    Ok(())
}

/// Joins a part with the stored one, if that is still there: a purge may have come since it was found.
fn join(
    storage: &PingoraStorage,
    session: &Session,
    response: &ResponseHeader,
    pieces: &mut Pieces,
) -> Option<Box<ResponseHeader>> {
    let stored = pieces.stored.as_ref()?;
    let now = SystemTime::now();
    let received = Part::received(&response.headers)?;
    let joined = part::join(&stored.part, &received)?;
    let is_same = part::same_version(&stored.head.headers, &response.headers, now);
    if !is_same || !storage.holds(session.cache.cache_key(), &stored.hit) {
        return None;
    }
    let head = joined_head(&stored.head, response, &joined.part, now).ok()?;
    let req = session.req_header();
    let answers = joined.part.is_whole() || joined.part.answer(&req.method, &req.headers, &head.headers).is_some();
    if !answers {
        return None;
    }
    pieces.surround = Some(Arc::new(stored.hit.surround(joined.before, joined.behind)));
    Some(Box::new(head))
}

/// The head of two parts that became one (RFC 9111 section 3.4): newer fields take the place of
/// older ones, and it says what it is now.
fn joined_head(
    stored: &ResponseHeader,
    received: &ResponseHeader,
    part: &Part,
    now: SystemTime,
) -> Result<ResponseHeader> {
    let mut head = stored.as_owned_parts();
    update304::merge(&mut head.headers, &received.headers, now).map_err(|error| failed(503, error.to_string()))?;
    let mut head = ResponseHeader::from(head);
    head.insert_header(header::CONTENT_LENGTH, part.len())?;
    if part.is_whole() {
        head.set_status(StatusCode::OK)?;
        head.remove_header(&header::CONTENT_RANGE);
    } else {
        head.insert_header(header::CONTENT_RANGE, part.content_range(part.first, part.last))?;
    }
    Ok(head)
}

/// What was joined is not to be stored after all. What came is an answer to a client that asked for
/// it; the rest of a stored part is none, so then the whole is asked for.
///
/// # Errors
/// To ask again.
pub fn give_up_joining(ctx: &mut RequestCtx) -> Result<()> {
    ctx.fetch.pieces.surround = None;
    if ctx.fetch.pieces.completes { Err(ask_for_whole(ctx)) } else { Ok(()) }
}

/// Throws an answer away and asks for the whole in the same request.
fn ask_for_whole(ctx: &mut RequestCtx) -> Box<Error> {
    ctx.fetch.pieces = Pieces::default();
    if let Some(asked) = ctx.fetch.asked.take() {
        asked.finish(OriginResult::Ok);
    }
    let mut error = failed(503, "the rest of a response does not fit to what is stored");
    error.set_retry(true);
    error
}

/// Makes of a stored part the head for the range within it that the client asks for. What the backend
/// says of a part that is shorter than it says stands as it came, the first time.
pub fn narrow(session: &Session, response: &mut ResponseHeader) -> RangeType {
    let req = session.req_header();
    let has_come_now = matches!(session.cache.phase(), CachePhase::Miss | CachePhase::Expired);
    let length = content_length(&response.headers);
    let part = length.and_then(|length| Part::of(&response.headers, Some(length)));
    let Some(part) = part.filter(|part| part.is_exact || !has_come_now) else { return RangeType::None };
    let answer = part.answer(&req.method, &req.headers, &response.headers);
    let places = answer.and_then(|(first, last)| {
        let start = usize::try_from(first - part.first).ok()?;
        let end = usize::try_from(last - part.first + 1).ok()?;
        Some((first, last, start..end))
    });
    let Some((first, last, range)) = places else { return RangeType::None };
    let named = response.insert_header(header::CONTENT_RANGE, part.content_range(first, last));
    let framed = response.insert_header(header::CONTENT_LENGTH, range.len());
    if named.and(framed).is_ok() { RangeType::Single(range) } else { RangeType::None }
}
