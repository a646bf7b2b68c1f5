//! What `Cache-Status` (RFC 9211) tells the client of its request: where the answer came from, why it
//! was not a hit, and which line of the policy decided.

use http::{HeaderValue, StatusCode, header};
use pingora::cache::key::hash_key;
use pingora::http::RequestHeader;

use super::ctx::{Disposition, Exchange, RequestCtx};
use super::facts::{FURTHER_VALUE, UNSET_PART};
use super::site::SITE_PART;
use crate::cache::lifetimes::NotStored;
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
        Outcome::Hit if verdict.collapsed.is_some() => {
            CacheStatus::forwarded(forward(verdict.collapsed.unwrap_or(Reason::UriMiss)))
        }
        // The backend was asked, and its error is not what is served.
        Outcome::Stale if verdict.forward_status.is_some() => CacheStatus::forwarded(Forward::Stale),
        Outcome::Hit | Outcome::Stale => CacheStatus::hit(),
        Outcome::Miss => CacheStatus::forwarded(forward(verdict.reason)),
        Outcome::Pass if verdict.reason == Reason::Method => CacheStatus::forwarded(Forward::Method),
        Outcome::Pass => CacheStatus::forwarded(Forward::Bypass),
        Outcome::Error if ctx.fetch.bereq.is_some() || verdict.collapsed.is_some() => {
            CacheStatus::forwarded(failed_forward(ctx))
        }
        Outcome::Synth | Outcome::Purge | Outcome::Pipe | Outcome::Error => CacheStatus::made(),
    };
    let status = status.stored(verdict.stored).collapsed(verdict.collapsed.is_some()).detail(detail(ctx));
    let status = key(&ctx.exchange).into_iter().fold(status, CacheStatus::key);
    let forward_status = verdict.forward_status.and_then(|code| StatusCode::from_u16(code).ok());
    let status = forward_status.into_iter().fold(status, CacheStatus::forward_status);
    ttl_seconds.into_iter().fold(status, CacheStatus::ttl_seconds)
}

/// Why a request went forward that then failed: the reason of the failure stands in the reason's place.
fn failed_forward(ctx: &RequestCtx) -> Forward {
    match ctx.disposition {
        Disposition::Pass if ctx.exchange.unsafe_request.is_some() => Forward::Method,
        Disposition::Pass => Forward::Bypass,
        Disposition::Lookup => Forward::Miss,
    }
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
        (Outcome::Hit, _) if ctx.verdict.collapsed.is_some() => {
            (ctx.verdict.collapsed.unwrap_or(Reason::UriMiss).as_str(), None)
        }
        _ => (ctx.verdict.reason.as_str(), ctx.verdict.decided_at),
    };
    let slice = if ctx.sliced && ctx.verdict.outcome != Outcome::Synth { " slice" } else { "" };
    match decided {
        Some(span) => format!("{word} {}{slice}", place(&ctx.policy, span)),
        None => format!("{word}{slice}"),
    }
}

/// `site.warp:12`, without the directory, which is nobody's business; of the built-in policy the piece or
/// the step.
fn place(policy: &Policy, span: Span) -> String {
    let Some(file) = policy.sources.get(span.file) else { return String::new() };
    if let Some(piece) = builtin::piece(file.name(), file.text(), span.range().start) {
        return piece;
    }
    let name = file.name().rsplit('/').next().unwrap_or_default();
    let line = policy.sources.locate(span).map_or(0, |at| at.line);
    format!("{name}:{line}")
}

/// The key for people: its parts behind one another. A part that is not the URL, the path or the host may
/// be a secret of the client, and answers go through other hands: of that there is a hash. In front stands the site.
pub fn shown_key(key: &[u8], req: &RequestHeader) -> Vec<u8> {
    let url = req.raw_path();
    let path = url.split(|byte| *byte == b'?').next().unwrap_or(url);
    let host = req.headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let name = host.rsplitn(2, |byte| *byte == b':').last().unwrap_or(host);
    let is_public =
        |part: &[u8]| part.is_empty() || [url, path, host, name].iter().any(|it| it.eq_ignore_ascii_case(part));
    let (mut shown, mut rest) = (Vec::with_capacity(key.len()), key);
    while let Some((length, after)) = rest.split_first_chunk() {
        if *length == UNSET_PART {
            shown.extend_from_slice(if shown.is_empty() { b"-" } else { b" -" });
            rest = after;
            continue;
        }
        if *length == FURTHER_VALUE {
            shown.extend_from_slice(b" +");
            rest = after;
            continue;
        }
        if *length == SITE_PART {
            let Some((site, next)) = framed(after) else { break };
            shown.extend_from_slice(site);
            shown.push(b':');
            rest = next;
            continue;
        }
        let Some((part, next)) = framed(rest) else { break };
        if !shown.is_empty() {
            shown.push(b' ');
        }
        if is_public(part) {
            shown.extend_from_slice(part);
        } else {
            let [a, b, c, d, ..] = hash_key(part);
            shown.extend_from_slice(format!("#{a:02x}{b:02x}{c:02x}{d:02x}").as_bytes());
        }
        rest = next;
    }
    shown
}

/// The part that a key begins with, and what follows it.
fn framed(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = key.split_first_chunk()?;
    after.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// The key that is shown; nothing if the request was not looked up, or the key is too long.
fn key(exchange: &Exchange) -> Option<&[u8]> {
    let is_short = !exchange.shown_key.is_empty() && exchange.shown_key.len() <= MOST_KEY_BYTES;
    is_short.then_some(exchange.shown_key.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[&str]) -> String {
        let mut req = RequestHeader::build("GET", b"/a?b=1", None).unwrap();
        req.insert_header(header::HOST, "A.test:8080").unwrap();
        let framed = parts.iter().flat_map(|part| [&(part.len() as u64).to_le_bytes()[..], part.as_bytes()].concat());
        String::from_utf8(shown_key(&framed.collect::<Vec<_>>(), &req)).unwrap()
    }

    #[test]
    fn a_key_is_shown_by_its_parts() {
        assert_eq!(shown(&["/a?b=1", "a.test:8080"]), "/a?b=1 a.test:8080");
        assert_eq!(shown(&["/a", "", "a.test"]), "/a  a.test");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn the_key_of_a_site_is_shown_behind_its_name() {
        let mut key = Vec::new();
        crate::proxy::site::begin_key(Some("*.a.test"), &mut key);
        let req = RequestHeader::build("GET", b"/a", None).unwrap();
        assert_eq!(shown_key(&key, &req), b"*.a.test:");
        key.extend_from_slice(&[&2_u64.to_le_bytes()[..], b"/a"].concat());
        assert_eq!(shown_key(&key, &req), b"*.a.test: /a");
    }

    #[test]
    fn of_what_may_be_a_secret_there_is_a_hash() {
        let hashed = shown(&["s3cret", "/a"]);
        assert!(hashed.starts_with('#') && hashed.ends_with(" /a") && hashed.len() == 12, "{hashed}");
        assert_ne!(hashed, shown(&["s3cret2", "/a"]));
    }
}
