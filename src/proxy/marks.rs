//! hit-for-miss and hit-for-pass: what is known of keys whose responses are not stored.

use std::time::{Duration, SystemTime};

use pingora::cache::key::CacheHashKey;
use pingora::cache::predictor::CacheablePredictor;
use pingora::cache::{CacheKey, NoCacheReason};
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use crate::cache::Unstorable;
use crate::cache::lifetimes::{Lifetimes, NotStored, Uncacheable};
use crate::store::pingora::key_of;
use crate::store::{Key, Mark, Marks};

/// How long a key stays marked when nothing says so; as in Varnish's built-in VCL.
pub const MARK_TIME: Duration = Duration::from_mins(2);

/// How long a mark is new.
const NEW: Duration = Duration::from_secs(1);

/// The marks, as pingora asks for them: a key that is marked hit-for-miss is not looked up and not
/// locked, so that nobody waits for a response that cannot be shared.
#[derive(Default)]
pub struct KeyMarks(Marks<Marked>);

#[derive(Clone, Copy)]
struct Marked {
    mark: Mark,
    /// When it was marked first of all.
    since: SystemTime,
}

impl KeyMarks {
    /// Whether no key is marked, as far as this thread knows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mark of a key now.
    pub fn find(&self, key: &CacheKey) -> Option<Mark> {
        self.0.find(place(key), SystemTime::now()).map(|marked| marked.mark)
    }

    /// Whether it has only now become known that the responses of this key are not stored: whoever asks for it may be
    /// one of many who do so at the same time.
    pub fn is_new(&self, key: &CacheKey) -> bool {
        let now = SystemTime::now();
        let marked = self.0.find(place(key), now);
        marked.is_some_and(|marked| now.duration_since(marked.since).is_ok_and(|age| age < NEW))
    }

    /// Takes the marks off all that is purged with a key.
    pub fn unmark_family(&self, key: &CacheKey) {
        self.0.unmark_family(key_of(key).primary);
    }

    /// Marks the key of a request whose response is not stored. Not where other variants may be: they
    /// are found under the same key.
    pub fn mark(&self, session: &Session, ctx: &RequestCtx) {
        if !session.cache.enabled() && !session.cache.bypassing() {
            return;
        }
        let key = session.cache.cache_key();
        if key.variance_bin().is_some() || (ctx.fetch.hit_for_pass.is_none() && !is_of_the_key(session, ctx)) {
            return;
        }
        let times = &ctx.fetch.lifetimes;
        let is_stated = times.uncacheable == Uncacheable::Refused && times.ttl_ms > 0;
        let (mark, time) = match ctx.fetch.hit_for_pass {
            Some(time) => (Mark::HitForPass, time),
            None if is_stated => (Mark::HitForMiss, Lifetimes::duration(times.ttl_ms)),
            None => (Mark::HitForMiss, MARK_TIME),
        };
        let (now, place) = (SystemTime::now(), place(key));
        if let Some(until) = now.checked_add(time) {
            let since = self.0.find(place, now).map_or(now, |marked| marked.since);
            self.0.mark(place, Marked { mark, since }, until);
        }
    }
}

impl KeyMarks {
    /// Marks the key of a page that the policy wants not to be stored for some time.
    pub fn mark_refused(&self, session: &Session, ctx: &RequestCtx) {
        let times = &ctx.fetch.lifetimes;
        if times.uncacheable == Uncacheable::Refused && times.ttl_ms > 0 {
            self.mark(session, ctx);
        }
    }
}

/// Whether it lies in the key that the response is not stored, and not in this request or this moment:
/// its credentials, an error of the backend. Where something is stored that can be of use, it stays found.
fn is_of_the_key(session: &Session, ctx: &RequestCtx) -> bool {
    let is_by_policy = ctx.fetch.lifetimes.uncacheable == Uncacheable::Refused;
    let is_error = ctx.verdict.forward_status.is_none_or(|status| status >= 500);
    let is_by_request = ctx.fetch.lifetimes.not_stored == Some(NotStored::Rule(Unstorable::Authorization));
    session.cache.maybe_cache_meta().is_none() && !is_by_request && (is_by_policy || !is_error)
}

/// Variants are marked together: which one is asked for shows only once one of them is found.
fn place(key: &CacheKey) -> Key {
    Key { variant: 0, ..key_of(key) }
}

impl CacheablePredictor for KeyMarks {
    fn cacheable_prediction(&self, key: &CacheKey) -> bool {
        self.find(key).is_none()
    }

    fn predicted_uncacheable_reason(&self, key: &CacheKey) -> Option<NoCacheReason> {
        self.find(key).map(|_| NoCacheReason::Custom("hit-for-miss"))
    }

    fn mark_cacheable(&self, key: &CacheKey) -> bool {
        self.0.unmark(place(key))
    }

    /// Nothing: warp marks a key where it knows why and for how long.
    fn mark_uncacheable(&self, _key: &CacheKey, _reason: NoCacheReason) -> Option<bool> {
        None
    }
}
