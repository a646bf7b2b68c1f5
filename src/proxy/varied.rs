//! The fields that a response varies on (RFC 9111 section 4.1), of the request that it answers.
//!
//! What is looked for has the fields of the request. What came from a backend answers what the backend was asked, which
//! `backend_fetch` may have changed: others get it only if their own requests say the same, as Varnish has it.

use std::borrow::Cow;

use http::HeaderMap;
use pingora::cache::key::{CacheHashKey, HashBinary, hash_key};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use crate::cache::{Vary, vary};

/// Where a response with these fields is stored, and for whom.
pub struct Varied {
    /// The hash of the fields that it varies on; `None` if there are none.
    pub exact: Option<HashBinary>,
    /// The hash of all of them but `Accept-Language`, if it varies on that.
    pub beside_language: Option<HashBinary>,
}

impl Varied {
    /// What a response to this request varies on, as it was or will be sent to the backend.
    pub fn of(response: &HeaderMap, req: &RequestHeader, ctx: &RequestCtx) -> Self {
        let vary = Vary::parse(response);
        let bereq = ctx.fetch.bereq.as_deref().map(|bereq| &bereq.headers);
        let fields = match (&vary, ctx.fetch.asked_with.as_deref().or(bereq)) {
            (Vary::Fields(names), Some(asked)) if !names.is_empty() => {
                Cow::Owned(vary::asked_with(names, &req.headers, asked, response))
            }
            _ => Cow::Borrowed(&req.headers),
        };
        Self { exact: exact_variance(&vary, &fields), beside_language: beside_language(&vary, &fields) }
    }
}

/// Whether a response would be stored where nobody looks who asks as this request does, since the policy asked otherwise,
/// while another variant is found there. pingora would have it take the place of all variants.
pub fn is_out_of_place(session: &Session, response: &ResponseHeader, ctx: &RequestCtx) -> bool {
    let req = session.req_header();
    let looked_for = session.cache.cache_key().variance_bin();
    let as_asked = || exact_variance(&Vary::parse(&response.headers), &req.headers);
    looked_for.is_some() && as_asked() == looked_for && Varied::of(&response.headers, req, ctx).exact != looked_for
}

/// The hash of the fields that a response varies on; `None` if there are none.
pub fn exact_variance(vary: &Vary, fields: &HeaderMap) -> Option<HashBinary> {
    vary.secondary_key(fields).filter(|material| !material.is_empty()).map(hash_key)
}

/// The hash of all fields but `Accept-Language` that a response varies on, if it varies on that.
pub fn beside_language(vary: &Vary, fields: &HeaderMap) -> Option<HashBinary> {
    vary.key_beside_language(fields).map(hash_key)
}
