//! A request that changed something makes stored responses invalid (RFC 9111 section 4.4).
//!
//! Which URLs, `crate::cache::invalidation` says. Under which key a URL is stored, only the policy
//! knows: so its `recv` and `hash` are asked for the key that a GET of that URL would have.

use http::uri::Scheme;
use http::{HeaderValue, Method, Uri, header};
use pingora::cache::CacheKey;
use pingora::http::{RequestHeader, ResponseHeader};

use super::ctx::{Exchange, RequestCtx};
use super::lookup::cache_key;
use super::{WarpProxy, step};
use crate::cache::invalidation;
use crate::lang::schema::{Action, Step};

/// Keeps a request as it came, before `recv` changes it, if its answer may make something invalid.
pub fn remember(req: &RequestHeader, exchange: &mut Exchange) {
    exchange.unsafe_request = (!invalidation::is_safe(&req.method)).then(|| Box::new(req.clone()));
}

/// Purges what the response to an unsafe request makes invalid, all variants, before the client
/// hears of it.
pub fn after(proxy: &WarpProxy, response: &ResponseHeader, ctx: &mut RequestCtx) {
    // What the backend was not asked to do it has not done.
    if ctx.fetch.bereq.as_deref().is_some_and(|bereq| invalidation::is_safe(&bereq.method)) {
        return;
    }
    let Some(asked) = ctx.exchange.unsafe_request.take() else { return };
    if invalidation::invalidates(&asked.method, response.status) {
        for key in targets(&asked, response).iter().flat_map(|path| keys(&asked, path, ctx)) {
            // What this response itself is stored as stays open for it.
            if !ctx.fetch.for_get.as_ref().is_some_and(|for_get| for_get.purge_if(&key)) {
                proxy.storage.purge_family(&key);
            }
            proxy.marks.unmark_family(&key);
        }
    }
    ctx.exchange.unsafe_request = Some(asked);
}

/// The request's own target, and those that the response names, as paths.
fn targets(asked: &RequestHeader, response: &ResponseHeader) -> Vec<Vec<u8>> {
    let further = urls_of(asked).flat_map(|target| invalidation::further_targets(&target, &response.headers));
    let further = further.map(|path| path.as_str().as_bytes().to_vec());
    std::iter::once(asked.raw_path().to_vec()).chain(further).collect()
}

/// The URLs that a request may be for: who ends TLS before us turns https into http, and the key of a page
/// knows neither.
pub fn urls_of(req: &RequestHeader) -> impl Iterator<Item = Uri> {
    let host = req.headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let url = move |scheme| Uri::builder().scheme(scheme).authority(host).path_and_query(req.raw_path()).build();
    [Scheme::HTTP, Scheme::HTTPS].into_iter().filter_map(move |scheme| url(scheme).ok())
}

/// The keys under which a GET of `path` may be stored: as anybody would ask, and as this client would.
fn keys(asked: &RequestHeader, path: &[u8], ctx: &RequestCtx) -> Vec<CacheKey> {
    let Some(own) = as_get(asked, path) else { return Vec::new() };
    let mut anybodys = own.clone();
    for name in [header::COOKIE, header::AUTHORIZATION] {
        anybodys.remove_header(&name);
    }
    [own, anybodys].into_iter().filter_map(|req| ask_policy(req, ctx).1).collect()
}

/// The key under which this client's GET of the same URL would be looked up; `None` if it would not be.
pub fn lookup_key(asked: &RequestHeader, ctx: &RequestCtx) -> Option<CacheKey> {
    let (action, key) = ask_policy(as_get(asked, asked.raw_path())?, ctx);
    key.filter(|_| action == Action::Hash)
}

/// The same client's GET of `path`.
fn as_get(asked: &RequestHeader, path: &[u8]) -> Option<RequestHeader> {
    let mut get = asked.clone();
    get.set_method(Method::GET);
    for name in &invalidation::NOT_OF_A_GET {
        get.remove_header(name);
    }
    get.set_raw_path(path).ok()?;
    Some(get)
}

/// What the policy does with a request, and the key that it gives it.
fn ask_policy(mut req: RequestHeader, ctx: &RequestCtx) -> (Action, Option<CacheKey>) {
    let mut exchange = ctx.exchange.aside();
    let received = step::ask(&ctx.policy, Step::Recv, &mut exchange, &mut req);
    let hashed = step::ask(&ctx.policy, Step::Hash, &mut exchange, &mut req);
    (received.action, (hashed.action == Action::Lookup).then(|| cache_key(&exchange)))
}
