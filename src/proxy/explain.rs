//! What `Cache-Status` (RFC 9211) tells the client of its request: where the answer came from, why it
//! was not a hit, and which line of the policy decided.

use http::StatusCode;

use super::ctx::{Disposition, Exchange, NotStored, RequestCtx};
use crate::cache::{CacheStatus, Forward};
use crate::lang::builtin;
use crate::lang::source::Span;
use crate::policy::Policy;
use crate::telemetry::{Outcome, Reason};

/// The longest key that is shown.
const MOST_KEY_BYTES: usize = 256;

/// Our member of the field. `ttl_seconds` is what is left of a stored response.
pub fn cache_status(ctx: &RequestCtx, ttl_seconds: Option<i64>) -> CacheStatus {
    let verdict = &ctx.verdict;
    let status = match verdict.outcome {
        Outcome::Hit if verdict.reason == Reason::Revalidated => CacheStatus::forwarded(Forward::Stale),
        // RFC 9211 section 2.6: it waited for the answer to another request that went forward.
        Outcome::Hit if verdict.collapsed => CacheStatus::forwarded(Forward::UriMiss),
        Outcome::Hit | Outcome::Stale => CacheStatus::hit(),
        Outcome::Miss => CacheStatus::forwarded(forward(verdict.reason)),
        Outcome::Pass if verdict.reason == Reason::Method => CacheStatus::forwarded(Forward::Method),
        Outcome::Pass => CacheStatus::forwarded(Forward::Bypass),
        Outcome::Error if ctx.fetch.bereq.is_some() => CacheStatus::forwarded(failed_forward(ctx)),
        Outcome::Synth | Outcome::Purge | Outcome::Error => CacheStatus::made(),
    };
    let status = status.stored(verdict.stored).collapsed(verdict.collapsed).detail(detail(ctx));
    let status = key(&ctx.exchange).into_iter().fold(status, CacheStatus::key);
    let forward_status = verdict.forward_status.and_then(|code| StatusCode::from_u16(code).ok());
    let status = forward_status.into_iter().fold(status, CacheStatus::forward_status);
    ttl_seconds.into_iter().fold(status, CacheStatus::ttl_seconds)
}

/// Why a request went forward that then failed: the reason of the failure stands in the reason's place.
fn failed_forward(ctx: &RequestCtx) -> Forward {
    if ctx.disposition == Disposition::Pass { Forward::Bypass } else { Forward::Miss }
}

fn forward(reason: Reason) -> Forward {
    match reason {
        Reason::Expired => Forward::Stale,
        Reason::VaryMiss => Forward::VaryMiss,
        Reason::PartialMiss => Forward::Partial,
        Reason::Request => Forward::Request,
        _ => Forward::UriMiss,
    }
}

/// Why it was not a hit, else what it was, in the word that the log and the metrics use, and behind it
/// the place in the policy that decided. Of slices it is that of the first one.
fn detail(ctx: &RequestCtx) -> String {
    let not_stored = ctx.fetch.lifetimes.not_stored.filter(|_| !ctx.verdict.stored);
    let (word, decided) = match (ctx.verdict.outcome, not_stored) {
        (Outcome::Miss, Some(NotStored::Policy)) => (NotStored::Policy.name(), ctx.fetch.refused_at),
        (Outcome::Miss, Some(reason)) => (reason.name(), None),
        _ => (ctx.verdict.reason.as_str(), ctx.verdict.decided_at),
    };
    let slice = if ctx.sliced && ctx.verdict.outcome != Outcome::Synth { " slice" } else { "" };
    match decided {
        Some(span) => format!("{word} {}{slice}", place(&ctx.policy, span)),
        None => format!("{word}{slice}"),
    }
}

/// `site.warp:12`, without the directory, which is nobody's business; a piece of the built-in policy by
/// its name.
fn place(policy: &Policy, span: Span) -> String {
    let name = policy.sources.get(span.file).map_or("", |file| file.name());
    if name == builtin::NAME {
        let subs = policy.program.hir().subs.iter();
        let before = subs.filter(|sub| sub.span.file == span.file && sub.span.start <= span.start);
        if let Some(piece) = before.max_by_key(|sub| sub.span.start) {
            return piece.name.clone();
        }
    }
    let file = name.rsplit('/').next().unwrap_or(name);
    let line = policy.sources.locate(span).map_or(0, |at| at.line);
    format!("{file}:{line}")
}

/// The parts that make up the key, behind one another; nothing if the request was not looked up, or
/// the key is too long to be shown.
fn key(exchange: &Exchange) -> Option<Vec<u8>> {
    if exchange.key.is_empty() || exchange.key.len() > MOST_KEY_BYTES {
        return None;
    }
    let (mut shown, mut rest) = (Vec::with_capacity(exchange.key.len()), exchange.key.as_slice());
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (part, next) = after.split_at_checked(length)?;
        if !shown.is_empty() {
            shown.push(b' ');
        }
        shown.extend_from_slice(part);
        rest = next;
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_by_its_parts() {
        let mut exchange = crate::proxy::ctx::Exchange::new();
        assert_eq!(key(&exchange), None);
        for part in [&b"/a"[..], b"", b"a.test"] {
            exchange.key.extend_from_slice(&(part.len() as u64).to_le_bytes());
            exchange.key.extend_from_slice(part);
        }
        assert_eq!(key(&exchange).unwrap(), b"/a  a.test");
        exchange.key.resize(MOST_KEY_BYTES + 1, 0);
        assert_eq!(key(&exchange), None);
    }
}
