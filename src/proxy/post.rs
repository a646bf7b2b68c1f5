//! A POST that was answered with what a GET of the same URL would give: it is stored for that GET
//! (RFC 9110 section 9.3.3).
//!
//! The request itself passes, so pingora's cache has no part in it; the response is written into
//! the store as it goes by.

use bytes::Bytes;
use http::{Method, StatusCode};
use pingora::cache::CacheKey;
use pingora::cache::key::CacheHashKey;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use super::invalidate;
use super::storing::stored_beside;
use super::varied::Varied;
use crate::cache::content_length;
use crate::cache::invalidation;
use crate::store::pingora::StoredFill;
use crate::store::pingora::{FillIntent, PingoraStorage};

/// A response that may be stored, or is being stored, for a GET.
pub struct ForGet {
    key: CacheKey,
    intent: FillIntent,
    fill: Option<StoredFill>,
}

impl ForGet {
    /// Removes what is stored under the key of that GET, and tells whether it is this key.
    pub fn purge_if(&self, key: &CacheKey) -> bool {
        let is_this = self.key.primary_bin() == key.primary_bin();
        if is_this {
            self.intent.purge_others();
        }
        is_this
    }
}

/// Declares before the backend is asked that its answer may be stored: a purge that comes meanwhile
/// then holds. Only where a GET of the URL would be looked up.
pub fn expect(storage: &PingoraStorage, ctx: &mut RequestCtx) {
    let Some(asked) = ctx.exchange.unsafe_request.take() else { return };
    if asked.method == Method::POST {
        let key = invalidate::lookup_key(&asked, ctx);
        ctx.fetch.for_get = key.map(|key| ForGet { intent: storage.intend(&key), key, fill: None });
    }
    ctx.exchange.unsafe_request = Some(asked);
}

/// Begins to store the response, if it is what a GET would be answered with.
pub fn begin(session: &Session, response: &ResponseHeader, largest_bytes: u64, ctx: &mut RequestCtx) {
    let Some(mut for_get) = ctx.fetch.for_get.take() else { return };
    let fits = content_length(&response.headers).is_none_or(|length| length <= largest_bytes);
    let answers_a_get = response.status == StatusCode::OK && is_of_its_own_target(session.req_header(), response);
    if !fits || !answers_a_get {
        return;
    }
    let Some(mut meta) = stored_beside(session, response, ctx) else { return };
    // It is the first of the variants now: the others have been purged.
    if let Some(variance) = Varied::of(meta.headers(), session.req_header(), ctx).exact() {
        meta.set_variance(variance);
    }
    for_get.fill = Some(StoredFill::of(&for_get.key, &for_get.intent, &meta));
    ctx.verdict.stored = true;
    ctx.fetch.for_get = Some(for_get);
}

/// Stores a part of the body.
pub fn write(body: Option<&Bytes>, ends: bool, ctx: &mut RequestCtx) {
    let Some(fill) = ctx.fetch.for_get.as_mut().and_then(|for_get| for_get.fill.as_mut()) else { return };
    if let Some(body) = body {
        fill.write(body);
    }
    if ends && let Some(fill) = ctx.fetch.for_get.take().and_then(|for_get| for_get.fill) {
        fill.complete();
    }
}

/// Whether `Content-Location` is the URL that was asked.
fn is_of_its_own_target(req: &RequestHeader, response: &ResponseHeader) -> bool {
    invalidate::urls_of(req).any(|url| invalidation::is_location_of(&url, &response.headers))
}
