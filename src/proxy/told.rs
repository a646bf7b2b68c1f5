//! What a request for a slice tells the client's request that it is for.

use std::time::{Duration, SystemTime};

use pingora::cache::CacheMeta;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::ctx::{CacheVerdict, RequestCtx};
use super::facts::ObjView;
use super::lookup::object_view;
use crate::cache::lifetimes::NotStored;
use crate::lang::source::Span;
use crate::telemetry::Outcome;

/// What came of a request for a slice, as far as it is known with its head.
#[derive(Clone, Default)]
pub struct Told {
    /// What it came to.
    pub verdict: CacheVerdict,
    /// The response as it is stored, if it is.
    pub obj: Option<Box<Obj>>,
    /// The request as its policy left it, when it is to begin again.
    pub again: Option<Box<RequestHeader>>,
    not_stored: Option<NotStored>,
    refused_at: Option<Span>,
    hits: u64,
}

/// `obj` of a request that looks at nothing stored itself.
#[derive(Clone)]
pub struct Obj {
    /// The stored head.
    pub header: ResponseHeader,
    fresh_until: SystemTime,
    age: Duration,
    grace: Duration,
    keep: Duration,
}

impl Told {
    /// What is to be told of a request whose response goes out now.
    pub fn of(session: &Session, ctx: &RequestCtx) -> Self {
        let verdict = ctx.verdict;
        let is_stored = verdict.stored || matches!(verdict.outcome, Outcome::Hit | Outcome::Stale);
        Self {
            verdict,
            obj: session.cache.maybe_cache_meta().filter(|_| is_stored).map(|meta| Box::new(Obj::of(meta, ctx))),
            again: None,
            not_stored: ctx.fetch.lifetimes.not_stored,
            refused_at: ctx.fetch.refused_at,
            hits: ctx.exchange.hits,
        }
    }

    /// That the client's request is to begin again, with what the policy made of this one.
    pub fn begin_again(req: &RequestHeader) -> Self {
        Self { again: Some(Box::new(req.clone())), ..Self::default() }
    }

    /// Makes it what came of the client's request.
    pub fn hand_to(self, ctx: &mut RequestCtx) {
        ctx.verdict = self.verdict;
        ctx.fetch.lifetimes.not_stored = self.not_stored;
        ctx.fetch.refused_at = self.refused_at;
        ctx.exchange.hits = self.hits;
        ctx.obj = self.obj;
    }
}

impl Obj {
    fn of(meta: &CacheMeta, ctx: &RequestCtx) -> Self {
        let ObjView { header, fresh_until, age, grace, keep } = object_view(meta, ctx);
        Self { header: header.clone(), fresh_until, age, grace, keep }
    }

    /// As the policy sees it.
    pub fn view(&self) -> ObjView<'_> {
        let Self { header, fresh_until, age, grace, keep } = self;
        ObjView { header, fresh_until: *fresh_until, age: *age, grace: *grace, keep: *keep }
    }
}
