//! A response put together from slices (`req.slice`).
//!
//! Only the slices that the client's range touches are asked for, one after the other, the next one
//! while the one before is sent. The head of the first tells how long the whole is and of which
//! version; a slice of another ends the response, for it must not be a mixture.

use std::ops::Range;
use std::time::SystemTime;

use http::{Method, StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::conditional_filter::to_304;
use pingora::proxy::{RangeType, Session};
use pingora::{Error, Result};

use super::WarpProxy;
use super::ctx::{Course, Disposition, RequestCtx};
use super::fetch::failed;
use super::slice::Fetching;
use super::wishes::Wish;
use super::{deliver, lookup, range, restart, synth};
use crate::cache::Precondition;
use crate::cache::content_length;
use crate::cache::range::{Parts, parts};
use crate::cache::slice::{Slice, Version};
use crate::cache::validation::{CONDITIONS, Stored, evaluate};
use crate::telemetry::{Outcome, Reason};

/// How many slices are looked up in a row.
const LOOKUPS_AT_ONCE: u64 = 64;

/// Answers a request from slices; `false` when it goes on in the usual way after all.
pub async fn answer(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Result<bool> {
    let mut first = Fetching::start(session, ctx, first_slice(proxy, session, ctx))?;
    let head = first.head().await.cloned();
    if let Some(changed) = first.told().again {
        return begin_again(session, &changed, ctx).await.map(|()| true);
    }
    let head = head?;
    if is_beside_the_client(session, &head, &first) {
        return Ok(false);
    }
    if head.status != StatusCode::PARTIAL_CONTENT {
        return relay(session, head, first, ctx).await.map(|()| true);
    }
    // Slices without a version could not be told from those of another one.
    let Some(version) = Version::of(&head.headers, first.slice) else { return Ok(false) };
    put_together(proxy, session, ctx, first, head, &version).await
}

/// Lets the client's request begin again, with what the policy has changed where it asked for a slice.
async fn begin_again(session: &mut Session, changed: &RequestHeader, ctx: &mut RequestCtx) -> Result<()> {
    let req = session.downstream_session.req_header_mut();
    let mut changed = changed.clone();
    changed.set_method(req.method.clone());
    for name in CONDITIONS.iter().chain([&header::RANGE]) {
        changed.remove_header(name);
        for value in req.headers.get_all(name) {
            changed.append_header(name.clone(), value.clone())?;
        }
    }
    *req = changed;
    match restart::elsewhere(session, ctx) {
        Ok(()) => Ok(()),
        Err(synthetic) => synth::answer(session, ctx, &synthetic).await,
    }
}

/// The slice to ask for first. Where the end is known to come before it, the origin is not asked: the
/// stored one that knows it says so to the client.
fn first_slice(proxy: &WarpProxy, session: &Session, ctx: &RequestCtx) -> Slice {
    let (req, exchange) = (session.req_header(), &ctx.exchange);
    let wanted = Slice::first_for(&req.headers, exchange.slice_bytes);
    let start = Slice { index: 0, ..wanted };
    if exchange.wishes.has(Wish::AlwaysMiss) || wanted == start {
        return wanted;
    }
    let stored = lookup::stored_slice(proxy.storage, req, exchange, start);
    let version = stored.and_then(|stored| Version::of(&stored, start));
    if version.is_some_and(|version| version.complete <= wanted.first()) { start } else { wanted }
}

/// Whether the backend refused the slice (416) though what the client asks for can be had: all of an
/// empty file above all.
fn is_beside_the_client(session: &Session, head: &ResponseHeader, first: &Fetching) -> bool {
    let is_refused = head.status == StatusCode::RANGE_NOT_SATISFIABLE
        && matches!(first.verdict().outcome, Outcome::Miss | Outcome::Pass);
    let (req, length) = (session.req_header(), first.slice.length_by_416(&head.headers));
    is_refused && parts(&req.method, &req.headers, &head.headers, length) != Parts::Unsatisfiable
}

/// Whether a request is to be answered from slices.
pub fn is_wanted(proxy: &WarpProxy, session: &Session, ctx: &RequestCtx) -> bool {
    let is_asked = ctx.exchange.slice_bytes > 0 && ctx.disposition == Disposition::Lookup;
    let can_be = matches!(session.req_header().method, Method::GET | Method::HEAD);
    is_asked && can_be && !ctx.exchange.background && !proxy.storage.has_whole(&lookup::cache_key(&ctx.exchange))
}

/// Sends on what came in place of the first slice: the whole, or why there is none.
async fn relay(session: &mut Session, head: ResponseHeader, mut body: Fetching, ctx: &mut RequestCtx) -> Result<()> {
    body.told().hand_to(ctx);
    let (mut head, wanted) = match head.status {
        StatusCode::OK if ctx.verdict.outcome != Outcome::Synth => conclude(session, head),
        _ => {
            let all = all_of(session, &head);
            (head, all)
        }
    };
    if !write_head(session, &mut head, wanted.is_none(), ctx).await? {
        return Ok(());
    }
    let Some(wanted) = wanted else { return Ok(()) };
    send(session, &mut body, 0, &wanted).await?;
    end(session).await
}

/// Sends the bytes that are wanted, from one slice after the other; `false` when what is stored is not what the backend
/// has by now, and nothing was sent.
async fn put_together(
    proxy: &WarpProxy,
    session: &mut Session,
    ctx: &mut RequestCtx,
    first: Fetching,
    mut head: ResponseHeader,
    version: &Version,
) -> Result<bool> {
    make_whole(&mut head, version)?;
    let (mut head, wanted) = conclude(session, head);
    let mut asked = match look_ahead(proxy, session, ctx, &first, version, wanted.as_ref()).await? {
        Ahead::Fits(asked) => asked,
        Ahead::Whole(head, body) => return relay(session, *head, *body, ctx).await.map(|()| true),
        Ahead::Changed => return Ok(false),
    };
    take_over(&first, version, asked.is_some(), ctx)?;
    if !write_head(session, &mut head, wanted.is_none(), ctx).await? {
        return Ok(true);
    }
    let Some(wanted) = wanted else { return Ok(true) };
    let row = Row { version, is_asked: asked.is_some() || !is_from_store(&first) };
    let mut current = first;
    let begins_with = Slice::holding(wanted.start, current.slice.size_bytes);
    if begins_with != current.slice {
        current = start(session, ctx, begins_with, &mut asked)?;
        row.check(proxy, session, &mut current, ctx).await?;
    }
    loop {
        let behind = current.slice.next();
        let is_wanted = !behind.of(&wanted).is_empty();
        let ahead = if is_wanted { Some(start(session, ctx, behind, &mut asked)?) } else { None };
        send_slice(session, &mut current, &wanted, ctx).await?;
        let Some(next) = ahead else { return end(session).await.map(|()| true) };
        current = next;
        row.check(proxy, session, &mut current, ctx).await?;
    }
}

/// Starts the request for a slice, unless that is the one that was asked for before.
fn start(session: &Session, ctx: &RequestCtx, slice: Slice, asked: &mut Option<Box<Fetching>>) -> Result<Fetching> {
    match asked.take_if(|asked| asked.slice == slice) {
        Some(asked) => Ok(*asked),
        None => Fetching::start(session, ctx, slice),
    }
}

/// What there is beside the first slice, before anything is sent.
enum Ahead {
    /// Slices of the same version, as far as is known; the first that was not stored was asked for.
    Fits(Option<Box<Fetching>>),
    /// The whole has come in place of a slice.
    Whole(Box<ResponseHeader>, Box<Fetching>),
    /// Another version, or no slice.
    Changed,
}

/// Looks whether the slices that are wanted can be put together. Where the first one was stored nobody has asked the
/// backend what it has by now, so the first that is not stored is asked for: the version may have changed, or the backend
/// answer ranges no more, and once something is sent that can only end the response.
async fn look_ahead(
    proxy: &WarpProxy,
    session: &Session,
    ctx: &RequestCtx,
    first: &Fetching,
    version: &Version,
    wanted: Option<&Range<u64>>,
) -> Result<Ahead> {
    let Some(wanted) = wanted.filter(|_| is_from_store(first)) else { return Ok(Ahead::Fits(None)) };
    let missing = match first_missing(proxy, session, ctx, first.slice, version, wanted).await {
        Found::All => return Ok(Ahead::Fits(None)),
        Found::AllBefore(slice) => slice,
        Found::Mixed => {
            proxy.storage.purge_family(&lookup::cache_key(&ctx.exchange));
            return Ok(Ahead::Changed);
        }
    };
    let mut asked = Fetching::start(session, ctx, missing)?;
    // Why there is none is told to the client where the whole is asked for.
    let Ok(head) = asked.head().await.cloned() else { return Ok(Ahead::Changed) };
    Ok(match head.status {
        StatusCode::OK => Ahead::Whole(Box::new(head), Box::new(asked)),
        StatusCode::PARTIAL_CONTENT if version.is_of(&head.headers, missing) => Ahead::Fits(Some(Box::new(asked))),
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
            proxy.storage.purge_family(&lookup::cache_key(&ctx.exchange));
            Ahead::Changed
        }
        _ => Ahead::Changed,
    })
}

/// Whether a slice was stored, and the backend not asked about it.
fn is_from_store(slice: &Fetching) -> bool {
    let verdict = slice.verdict();
    let went_forward = verdict.collapsed.is_some() || verdict.reason == Reason::Revalidated;
    matches!(verdict.outcome, Outcome::Hit | Outcome::Stale) && !went_forward
}

/// Makes what came of the first slice that of the whole. It is a hit only where all that is wanted is
/// known to be stored.
fn take_over(first: &Fetching, version: &Version, is_one_missing: bool, ctx: &mut RequestCtx) -> Result<()> {
    let mut told = first.told();
    if let Some(obj) = &mut told.obj {
        make_whole(&mut obj.header, version)?;
    }
    told.hand_to(ctx);
    ctx.sliced = true;
    if is_one_missing {
        miss_in_part(ctx);
    }
    Ok(())
}

/// What is stored, fresh, of the slices that are wanted.
enum Found {
    All,
    /// All in front of that one.
    AllBefore(Slice),
    /// One of another version.
    Mixed,
}

/// Looks which slices are stored that are wanted beside the first one.
async fn first_missing(
    proxy: &WarpProxy,
    session: &Session,
    ctx: &RequestCtx,
    first: Slice,
    version: &Version,
    wanted: &Range<u64>,
) -> Found {
    let begins_with = Slice::holding(wanted.start, first.size_bytes);
    let slices = std::iter::successors(Some(begins_with), |slice| Some(slice.next()));
    let others = slices.take_while(|slice| !slice.of(wanted).is_empty()).filter(|slice| *slice != first);
    for slice in others {
        match lookup::stored_slice(proxy.storage, session.req_header(), &ctx.exchange, slice) {
            None => return Found::AllBefore(slice),
            Some(stored) if !version.is_of(&stored, slice) => return Found::Mixed,
            Some(_) => {}
        }
        // Others wait for this thread, and a large file has thousands of slices.
        if slice.index % LOOKUPS_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
    }
    Found::All
}

/// What is stored turns out not to be all that is wanted.
fn miss_in_part(ctx: &mut RequestCtx) {
    (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Miss, Reason::PartialMiss);
    ctx.verdict.ttl_seconds = None;
}

/// Sends what is wanted of a slice.
async fn send_slice(
    session: &mut Session,
    slice: &mut Fetching,
    wanted: &Range<u64>,
    ctx: &mut RequestCtx,
) -> Result<()> {
    let (place, bytes) = (slice.slice.first(), slice.slice.of(wanted));
    let is_all = send(session, slice, place, &bytes).await? == bytes.end - bytes.start;
    if is_all { Ok(()) } else { Err(broken(ctx, "a slice broke off")) }
}

/// The slices that are put together.
struct Row<'a> {
    version: &'a Version,
    /// Whether the backend was asked for one of them, so that this is the version that it has.
    is_asked: bool,
}

impl Row<'_> {
    /// Looks whether a slice is of the version that the response began with. If not, none of those that
    /// are stored is of use; one of them that is older than what has come is asked for anew.
    async fn check(
        &self,
        proxy: &WarpProxy,
        session: &Session,
        slice: &mut Fetching,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        if !self.fits(proxy, slice, ctx).await? {
            if !self.is_asked || !is_from_store(slice) {
                return Err(broken(ctx, "a slice is of another version"));
            }
            *slice = Fetching::start(session, ctx, slice.slice)?;
            if !self.fits(proxy, slice, ctx).await? {
                return Err(broken(ctx, "a slice is of another version"));
            }
        }
        if slice.verdict().outcome == Outcome::Miss && ctx.verdict.outcome != Outcome::Miss {
            miss_in_part(ctx);
        }
        Ok(())
    }

    async fn fits(&self, proxy: &WarpProxy, slice: &mut Fetching, ctx: &mut RequestCtx) -> Result<bool> {
        let (place, head) = (slice.slice, slice.head().await?);
        if head.status != StatusCode::PARTIAL_CONTENT {
            return Err(broken(ctx, "a slice could not be had"));
        }
        let fits = self.version.is_of(&head.headers, place);
        if !fits {
            proxy.storage.purge_family(&lookup::cache_key(&ctx.exchange));
        }
        Ok(fits)
    }
}

/// Makes the head of a slice that of the whole.
fn make_whole(head: &mut ResponseHeader, version: &Version) -> Result<()> {
    head.set_status(StatusCode::OK)?;
    head.remove_header(&header::CONTENT_RANGE);
    head.remove_header(&header::TRANSFER_ENCODING);
    head.insert_header(header::CONTENT_LENGTH, version.complete)
}

/// What a client gets of a whole response: its head, and which bytes. One range is cut from it;
/// of several the whole is sent, as RFC 9110 section 14.2 allows.
fn conclude(session: &Session, mut head: ResponseHeader) -> (ResponseHeader, Option<Range<u64>>) {
    let (req, now) = (session.req_header(), SystemTime::now());
    let stored = Stored { status: head.status, headers: &head.headers, response_time: now };
    if evaluate(&req.method, &req.headers, &stored, now) == Precondition::NotModified {
        to_304(&mut head);
        return (head, None);
    }
    let mut narrowed = head.clone();
    match range::narrow_whole(req, &mut narrowed) {
        RangeType::Single(bytes) => (narrowed, Some(bytes.start as u64..bytes.end as u64)),
        RangeType::Invalid => (narrowed, None),
        RangeType::None => (narrowed, all_of(session, &head)),
        RangeType::Multi(_) => {
            let all = all_of(session, &head);
            (head, all)
        }
    }
}

/// All bytes of a response, as far as it says how many these are; `None` if it has no body.
fn all_of(session: &Session, head: &ResponseHeader) -> Option<Range<u64>> {
    let is_head_alone = session.req_header().method == Method::HEAD
        || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    (!is_head_alone).then(|| 0..content_length(&head.headers).unwrap_or(u64::MAX))
}

/// Lets the policy deliver the head and writes it; `false` when the policy has answered otherwise.
async fn write_head(
    session: &mut Session,
    head: &mut ResponseHeader,
    is_all: bool,
    ctx: &mut RequestCtx,
) -> Result<bool> {
    // A page of the policy is made and marked already.
    if ctx.verdict.outcome == Outcome::Synth {
        deliver::keep_date(session, head, ctx);
    } else {
        deliver::hand_over(session, head, ctx).await?;
    }
    let is_head_alone = ctx.course == Course::HeadAlone;
    if ctx.course != Course::Usual && !is_head_alone {
        return Ok(false);
    }
    let ends = is_all || is_head_alone;
    session.write_response_header(Box::new(head.clone()), ends).await.map_err(Error::into_down)?;
    Ok(!is_head_alone)
}

/// Sends those bytes of a body that begins at `place`; tells how many that were.
async fn send(session: &mut Session, body: &mut Fetching, mut place: u64, wanted: &Range<u64>) -> Result<u64> {
    let mut sent = 0;
    while place < wanted.end
        && let Some(bytes) = body.next().await?
    {
        let length = bytes.len() as u64;
        let within = |at: u64| usize::try_from(at.saturating_sub(place).min(length)).unwrap_or(bytes.len());
        let cut = bytes.slice(within(wanted.start)..within(wanted.end).max(within(wanted.start)));
        place += length;
        if !cut.is_empty() {
            sent += cut.len() as u64;
            session.write_response_body(Some(cut), false).await.map_err(Error::into_down)?;
        }
    }
    Ok(sent)
}

async fn end(session: &mut Session) -> Result<()> {
    session.write_response_body(None, true).await.map_err(Error::into_down)
}

fn broken(ctx: &mut RequestCtx, why: &'static str) -> Box<Error> {
    ctx.verdict.reason = Reason::BadResponse;
    failed(503, why)
}
