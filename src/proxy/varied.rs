//! The fields that a response varies on (RFC 9111 section 4.1), of the request that it answers.
//!
//! What is looked for has the fields of the request. What came from a backend answers what the backend was asked, which
//! `backend_fetch` may have changed: others get it only if their own requests say the same, as Varnish has it.

use std::borrow::Cow;
use std::time::SystemTime;

use http::HeaderMap;
use pingora::cache::key::{CacheHashKey, HashBinary, hash_key};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use crate::cache::{Vary, vary};

/// Where a response with these fields is stored, and for whom.
pub struct Varied<'a> {
    vary: Vary,
    fields: Cow<'a, HeaderMap>,
}

/// The variants of a URL as they were found by a request.
#[derive(Clone, Copy, Debug)]
pub struct FoundFamily {
    /// When the first of them was stored.
    pub birth: SystemTime,
    /// The one that was asked for.
    pub variance: HashBinary,
}

impl FoundFamily {
    /// When the family was born of which that is a variant, if it is this one. A response that varies on other fields
    /// begins a new one.
    pub fn birth_of(&self, variant: &Varied<'_>) -> Option<SystemTime> {
        (variant.exact() == Some(self.variance)).then_some(self.birth)
    }
}

impl<'a> Varied<'a> {
    /// What a response to this request varies on, as it was or will be sent to the backend.
    pub fn of(response: &HeaderMap, req: &'a RequestHeader, ctx: &RequestCtx) -> Self {
        let vary = Vary::parse(response);
        let bereq = ctx.fetch.bereq.as_deref().map(|bereq| &bereq.headers);
        let fields = match (&vary, ctx.fetch.asked_with.as_deref().or(bereq)) {
            (Vary::Fields(names), Some(asked)) if !names.is_empty() => {
                Cow::Owned(vary::asked_with(names, &req.headers, asked, response))
            }
            _ => Cow::Borrowed(&req.headers),
        };
        Self { vary, fields }
    }

    /// The hash of the fields that it varies on; `None` if there are none.
    pub fn exact(&self) -> Option<HashBinary> {
        exact_variance(&self.vary, &self.fields)
    }

    /// The hash of all of them but `Accept-Language`, if it varies on that.
    pub fn beside_language(&self) -> Option<HashBinary> {
        self.vary.key_beside_language(&self.fields).map(hash_key)
    }
}

/// Whether a response would be stored where nobody looks who asks as this request does, since the policy asked otherwise,
/// while another variant is found there. pingora would have it take the place of all variants.
pub fn is_out_of_place(session: &Session, response: &ResponseHeader, ctx: &RequestCtx) -> bool {
    let req = session.req_header();
    let looked_for = session.cache.cache_key().variance_bin();
    let as_asked = || exact_variance(&Vary::parse(&response.headers), &req.headers);
    looked_for.is_some() && as_asked() == looked_for && Varied::of(&response.headers, req, ctx).exact() != looked_for
}

/// The hash of the fields that a response varies on; `None` if there are none.
pub fn exact_variance(vary: &Vary, fields: &HeaderMap) -> Option<HashBinary> {
    vary.secondary_key(fields).filter(|material| !material.is_empty()).map(hash_key)
}
