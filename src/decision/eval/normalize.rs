//! `normalize req { … }`: one spelling of what is the same, so that it has one key.
//!
//! Nothing is written where nothing changes.

use std::borrow::Cow;

use http::HeaderName;
use http::header::{ACCEPT_ENCODING, COOKIE, HOST};

use super::{codings, cookies, query, url_path};
use crate::decision::facts::{Facts, Refused, Value};
use crate::lang::hir::{Glob, Normalization};
use crate::lang::schema::{Message, Variable};

/// Rewrites one part of the request.
pub(crate) fn normalize<F: Facts>(normalization: &Normalization, facts: &mut F) -> Result<(), Refused> {
    match normalization {
        Normalization::QueryDrop(globs) => keep_parameters(facts, |name| !is_like(name, globs)),
        Normalization::QueryKeep(globs) => keep_parameters(facts, |name| is_like(name, globs)),
        Normalization::QuerySort => rewrite_query(facts, is_sorted, sort_query),
        Normalization::PathDecode => rewrite_path(facts, url_path::decode_unreserved),
        Normalization::PathResolve => rewrite_path(facts, url_path::resolve_dots),
        Normalization::PathMerge => rewrite_path(facts, url_path::merge_slashes),
        Normalization::CookieDrop(globs) => filter_cookies(facts, |name| !is_like(name, globs)),
        Normalization::CookieKeep(globs) => filter_cookies(facts, |name| is_like(name, globs)),
        Normalization::AcceptEncoding(wanted) => reduce_codings(facts, wanted),
        Normalization::HostLower => lower_host(facts),
    }
}

/// How long what is rewritten is, for each glob that it is held against.
pub(super) fn read_bytes<F: Facts>(normalization: &Normalization, facts: &F) -> usize {
    let globs = match normalization {
        Normalization::QueryDrop(globs)
        | Normalization::QueryKeep(globs)
        | Normalization::CookieDrop(globs)
        | Normalization::CookieKeep(globs) => globs.len(),
        Normalization::QuerySort
        | Normalization::PathDecode
        | Normalization::PathResolve
        | Normalization::PathMerge
        | Normalization::AcceptEncoding(_)
        | Normalization::HostLower => 1,
    };
    let field = |name| facts.header(Message::Req, name).map_or(0, |text| text.len());
    let bytes = match normalization {
        Normalization::QueryDrop(_)
        | Normalization::QueryKeep(_)
        | Normalization::QuerySort
        | Normalization::PathDecode
        | Normalization::PathResolve
        | Normalization::PathMerge => facts.get(Variable::ReqUrl).text_bytes(),
        Normalization::CookieDrop(_) | Normalization::CookieKeep(_) => field(&COOKIE),
        Normalization::AcceptEncoding(_) => field(&ACCEPT_ENCODING),
        Normalization::HostLower => field(&HOST),
    };
    bytes.saturating_mul(globs)
}

fn is_like(name: &[u8], globs: &[Glob]) -> bool {
    globs.iter().any(|glob| glob.matches(name))
}

fn keep_parameters<F: Facts>(facts: &mut F, keeps: impl Fn(&[u8]) -> bool) -> Result<(), Refused> {
    rewrite_query(
        facts,
        |query| query.split(|byte| *byte == b'&').all(|one| !one.is_empty() && keeps(&query::name(one))),
        |url| filter_query(url, &keeps),
    )
}

/// Rewrites a URL with a query, unless the query is as it should be.
fn rewrite_query<F: Facts>(
    facts: &mut F,
    is_right: impl Fn(&[u8]) -> bool,
    rewrite: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<(), Refused> {
    let Value::Text(Some(url)) = facts.get(Variable::ReqUrl) else { return Ok(()) };
    if memchr::memchr(b'?', &url).is_none() || is_right(query_of(&url)) {
        return Ok(());
    }
    let rewritten = rewrite(&url);
    if *url == *rewritten {
        return Ok(());
    }
    facts.set(Variable::ReqUrl, Value::Text(Some(Cow::Owned(rewritten))))
}

/// Nothing else than a path begins with a slash: `*` stays (RFC 9112 section 3.2.4).
fn rewrite_path<F: Facts>(facts: &mut F, rewrite: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Result<(), Refused> {
    let Value::Text(Some(url)) = facts.get(Variable::ReqUrl) else { return Ok(()) };
    let (path, query) = url.split_at(memchr::memchr(b'?', &url).unwrap_or(url.len()));
    let Some(mut rewritten) = rewrite(path).filter(|_| path.starts_with(b"/")) else { return Ok(()) };
    rewritten.extend_from_slice(query);
    facts.set(Variable::ReqUrl, Value::Text(Some(Cow::Owned(rewritten))))
}

fn filter_query(url: &[u8], keeps: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let kept: Vec<&[u8]> = parameters(url).filter(|parameter| keeps(&query::name(parameter))).collect();
    query::with_query(url, &kept)
}

/// Whether the parameters stand in order, and no empty one among them.
fn is_sorted(query: &[u8]) -> bool {
    let parameters = || query.split(|byte| *byte == b'&');
    parameters().all(|one| !one.is_empty())
        && parameters().is_sorted_by(|one, next| query::name(one) <= query::name(next))
}

fn sort_query(url: &[u8]) -> Vec<u8> {
    query::with_query(url, &query::sort(query_of(url)))
}

/// The parameters of a URL, as written.
pub(super) fn parameters(url: &[u8]) -> impl Iterator<Item = &[u8]> {
    query::parameters(query_of(url))
}

fn query_of(url: &[u8]) -> &[u8] {
    let start = memchr::memchr(b'?', url).map_or(url.len(), |mark| mark + 1);
    url.get(start..).unwrap_or_default()
}

fn filter_cookies<F: Facts>(facts: &mut F, keeps: impl Fn(&[u8]) -> bool) -> Result<(), Refused> {
    let Some(header) = facts.header(Message::Req, &COOKIE) else { return Ok(()) };
    if cookies::names(&header).all(&keeps) && !header.is_empty() {
        return Ok(());
    }
    let kept: Vec<&[u8]> = cookies::pairs(&header).filter(|pair| keeps(cookies::name(pair))).collect();
    let joined = kept.join(&b"; "[..]);
    write_header(facts, &COOKIE, (!joined.is_empty()).then_some(joined))
}

/// A request that says nothing of codings is taken for one that names none, so that both share what
/// is stored without a coding.
fn reduce_codings<F: Facts>(facts: &mut F, wanted: &[String]) -> Result<(), Refused> {
    let header = facts.header(Message::Req, &ACCEPT_ENCODING);
    let reduced = codings::first_accepted(header.as_deref().unwrap_or_default(), wanted);
    if reduced.map(str::as_bytes) == header.as_deref() {
        return Ok(());
    }
    let reduced = reduced.map(|coding| coding.as_bytes().to_vec());
    write_header(facts, &ACCEPT_ENCODING, reduced)
}

fn lower_host<F: Facts>(facts: &mut F) -> Result<(), Refused> {
    let Some(header) = facts.header(Message::Req, &HOST) else { return Ok(()) };
    if !header.iter().any(u8::is_ascii_uppercase) {
        return Ok(());
    }
    let lower = header.to_ascii_lowercase();
    write_header(facts, &HOST, Some(lower))
}

fn write_header<F: Facts>(facts: &mut F, name: &HeaderName, value: Option<Vec<u8>>) -> Result<(), Refused> {
    if let Some(value) = value {
        return facts.set_header(Message::Req, name, &value);
    }
    facts.unset_header(Message::Req, name);
    Ok(())
}
