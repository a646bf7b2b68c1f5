//! How long a response may be reused (RFC 9111 §4.2). What may be done with it afterwards, `stale` says.
//!
//! There is no default lifetime: a response that says nothing, and for which no heuristic is
//! allowed, has a lifetime of zero. A policy that wants another sets `lifetime` itself.

use std::time::{Duration, SystemTime};

use http::header::{EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};

use super::age::{self, Timing};
use super::cache_control::{CacheControl, Directive};
use super::date;

/// Where a lifetime comes from, the strongest first (RFC 9111 §4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifetimeSource {
    /// `no-cache` without a field list: the lifetime is zero whatever else is said.
    NoCache,
    /// `s-maxage`.
    SMaxAge,
    /// `max-age`.
    MaxAge,
    /// `Expires` minus `Date`.
    Expires,
    /// A share of the time since `Last-Modified` (RFC 9111 §4.2.2).
    Heuristic,
    /// Nothing said.
    Unstated,
}

/// How to guess a lifetime (RFC 9111 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heuristic {
    /// Percent of `Date` minus `Last-Modified`.
    pub percent: u32,
    /// The longest lifetime to guess.
    pub at_most: Duration,
}

impl Default for Heuristic {
    /// Ten percent, the share that RFC 9111 §4.2.2 calls typical, and at most a day.
    fn default() -> Self {
        Self { percent: 10, at_most: Duration::from_hours(24) }
    }
}

/// The freshness of one response, fixed when it is received; only the age moves on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The freshness lifetime (RFC 9111 §4.2.1).
    pub lifetime: Duration,
    /// Where it comes from.
    pub source: LifetimeSource,
    /// How old the response was when it was received.
    pub initial_age: Duration,
    /// When it was received.
    pub response_time: SystemTime,
    /// `stale-while-revalidate` as stated; `None` when it is not.
    pub stale_while_revalidate: Option<Duration>,
    /// `stale-if-error` as stated; `None` when it is not.
    pub stale_if_error: Option<Duration>,
}

impl Freshness {
    /// Computes the freshness of a response with these headers; `heuristic` is `None` to guess
    /// nothing. `cc` comes from the same headers, or from a field that stands in for them.
    #[must_use]
    pub fn of(
        status: StatusCode,
        headers: &HeaderMap,
        cc: &CacheControl,
        timing: Timing,
        heuristic: Option<Heuristic>,
    ) -> Self {
        let (lifetime, source) = lifetime(status, headers, cc, timing.response_time, heuristic);
        Self {
            lifetime,
            source,
            initial_age: age::corrected_initial_age(headers, timing),
            response_time: timing.response_time,
            stale_while_revalidate: cc.stale_while_revalidate,
            stale_if_error: cc.stale_if_error,
        }
    }

    /// Its age at `now`.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        age::current_age(self.initial_age, self.response_time, now)
    }

    /// Whether it may be reused without asking (RFC 9111 §4.2): the lifetime is longer than the age.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.lifetime > self.age(now)
    }

    /// Milliseconds of freshness left at `now`, negative when it is stale for that long; saturates.
    #[must_use]
    pub fn ttl_ms(&self, now: SystemTime) -> i64 {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        millis(self.lifetime).saturating_sub(millis(self.age(now)))
    }

    /// The moment it becomes stale, by our clock; before `response_time` when it came stale.
    /// `None` when our clock cannot express it.
    #[must_use]
    pub fn fresh_until(&self) -> Option<SystemTime> {
        match self.lifetime.checked_sub(self.initial_age) {
            Some(left) => self.response_time.checked_add(left),
            None => self.response_time.checked_sub(self.initial_age.saturating_sub(self.lifetime)),
        }
    }
}

/// Statuses whose responses may be given a guessed lifetime (RFC 9110 §15.1).
#[must_use]
pub fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

fn lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    cc: &CacheControl,
    now: SystemTime,
    heuristic: Option<Heuristic>,
) -> (Duration, LifetimeSource) {
    if cc.no_cache.is_whole() {
        return (Duration::ZERO, LifetimeSource::NoCache);
    }
    if let Some(seconds) = cc.s_maxage {
        return (seconds, LifetimeSource::SMaxAge);
    }
    if let Some(seconds) = cc.max_age {
        return (seconds, LifetimeSource::MaxAge);
    }
    if cc.has_expires(headers) {
        return (expires_lifetime(headers, now).unwrap_or_default(), LifetimeSource::Expires);
    }
    match heuristic.filter(|_| may_guess(status, cc)).and_then(|rule| heuristic_lifetime(headers, now, rule)) {
        Some(guess) => (guess, LifetimeSource::Heuristic),
        None => (Duration::ZERO, LifetimeSource::Unstated),
    }
}

/// RFC 9111 §4.2.2, and nothing for what is not stored anyway.
fn may_guess(status: StatusCode, cc: &CacheControl) -> bool {
    let is_stored = !cc.has(Directive::NoStore) && !cc.private.is_whole();
    is_stored && (is_heuristically_cacheable(status) || cc.has(Directive::Public))
}

/// `Expires` minus `Date`; `None`, that is expired, when `Expires` is damaged or occurs twice
/// (RFC 9111 §4.2.1, §5.3). Our clock stands in for a `Date` that cannot be read.
fn expires_lifetime(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let mut lines = headers.get_all(EXPIRES).iter();
    let expires = date::parse(lines.next()?.as_bytes(), now)?;
    if lines.next().is_some() {
        return None;
    }
    Some(age::since(expires, age::date_value(headers, now).unwrap_or(now)))
}

fn heuristic_lifetime(headers: &HeaderMap, now: SystemTime, rule: Heuristic) -> Option<Duration> {
    let last_modified = date::parse(headers.get(LAST_MODIFIED)?.as_bytes(), now)?;
    let unchanged_for = age::since(age::date_value(headers, now).unwrap_or(now), last_modified);
    let seconds = unchanged_for.as_secs().saturating_mul(u64::from(rule.percent)) / 100;
    Some(Duration::from_secs(seconds).min(rule.at_most))
}

#[cfg(test)]
mod tests;
