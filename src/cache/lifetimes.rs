//! How long a response may be used, and whether it is kept at all: what it says itself and what the policy makes of that.
//!
//! [`Lifetimes::of`] is what RFC 9111 and RFC 5861 give it, before the policy speaks; [`Lifetimes::conclude`] what comes
//! of it once the policy has spoken; [`Lifetimes::why_not_kept`] the last word.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode, header};

use super::cache_control::CacheControl;
use super::stale::StaleWindows;
use super::storable::{Exchange, Unstorable, storable};
use super::{Freshness, Heuristic, LifetimeSource, Timing};

/// How long a response may be used: `beresp.ttl` and its companions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// Time left until it is stale; negative when it already is.
    pub ttl_ms: i64,
    /// How long it may be served stale while it is fetched anew.
    pub grace_ms: i64,
    /// `beresp.heuristic_ttl`.
    pub heuristic_ms: i64,
    /// How long it is kept for validation beyond ttl and grace.
    pub keep_ms: i64,
    /// Whether the policy has said how long that is.
    pub keeps_as_said: bool,
    /// How long it may be served stale when the backend fails (RFC 5861 section 4), if that is said.
    pub stale_if_error_ms: Option<i64>,
    /// Whether it may be served stale at all (RFC 9111 section 4.2.4).
    pub may_be_stale: bool,
    /// How old it was on arrival (RFC 9111 section 4.2.3).
    pub age: Duration,
    /// Whether it is to be stored at all.
    pub uncacheable: Uncacheable,
    /// Where `ttl_ms` comes from.
    pub source: TtlSource,
    /// Why it is not stored.
    pub not_stored: Option<NotStored>,
}

/// Whether the policy lets a response be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uncacheable {
    /// It does.
    #[default]
    No,
    /// The request passes.
    Passed,
    /// The policy said of the response itself that it is not to be stored.
    Refused,
}

/// Where the time to live of a response comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TtlSource {
    /// Nothing is said of it.
    #[default]
    Unstated,
    /// The response says it.
    Response,
    /// The policy says it: it then overrides missing freshness.
    Policy,
}

/// Why a response is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// The policy said so.
    Policy,
    /// It answers this request rather than its URL (400, 431 …), and only the policy gave it a lifetime.
    Status,
    /// RFC 9111 section 3 says so.
    Rule(Unstorable),
    /// A 304 changed its `Vary`, and it does not lie where requests would now look for it.
    Vary,
}

impl NotStored {
    /// The word for `Cache-Status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Status => "status",
            Self::Vary => "vary",
            Self::Rule(rule) => rule.name(),
        }
    }

    /// Whether a lifetime set by the policy overrides it: the origin left something unsaid.
    #[must_use]
    pub fn is_overridden_by_lifetime(self) -> bool {
        matches!(self, Self::Rule(Unstorable::NoFreshness))
    }
}

impl Lifetimes {
    /// How long a response is kept when nothing says so, in milliseconds: to validate it, and to serve it when there is
    /// no backend to ask (RFC 9111 section 4.2.4).
    const DEFAULT_KEEP_MS: i64 = 3_600_000;

    /// The times that RFC 9111 section 4.2 and RFC 5861 give a response, before the policy speaks.
    #[must_use]
    pub fn of(status: StatusCode, headers: &HeaderMap, cc: &CacheControl, timing: Timing) -> Self {
        let now = timing.response_time;
        let freshness = Freshness::of(status, headers, cc, timing, None);
        let guess = Freshness::of(status, headers, cc, timing, Some(Heuristic::default()));
        let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        // What has no lifetime does not lose any by its way here.
        let has_none = matches!(freshness.source, LifetimeSource::Unstated | LifetimeSource::NoCache);
        let ttl_ms = if has_none { 0 } else { freshness.ttl_ms(now) };
        let mut times = Self {
            ttl_ms,
            heuristic_ms: if guess.source == LifetimeSource::Heuristic { guess.ttl_ms(now).max(0) } else { 0 },
            grace_ms: freshness.stale_while_revalidate.map_or(0, milliseconds),
            stale_if_error_ms: freshness.stale_if_error.map(milliseconds),
            age: freshness.initial_age,
            source: match freshness.source {
                LifetimeSource::SMaxAge | LifetimeSource::MaxAge | LifetimeSource::Expires => TtlSource::Response,
                LifetimeSource::NoCache | LifetimeSource::Heuristic | LifetimeSource::Unstated => TtlSource::Unstated,
            },
            ..Self::default()
        };
        if ttl_ms > 0 || has_validator(headers) {
            times.keep_by_default();
        }
        times
    }

    /// Those of a response of which nothing is known but whether its request passes.
    #[must_use]
    pub fn unsaid(passes: bool) -> Self {
        Self { uncacheable: if passes { Uncacheable::Passed } else { Uncacheable::No }, ..Self::default() }
    }

    /// The policy sets `beresp.ttl`.
    pub fn set_ttl(&mut self, ttl_ms: i64) {
        self.ttl_ms = ttl_ms;
        self.source = TtlSource::Policy;
        if ttl_ms > 0 {
            self.keep_by_default();
        }
    }

    /// The policy sets `beresp.grace`.
    pub fn set_grace(&mut self, grace_ms: i64) {
        self.grace_ms = grace_ms.max(0);
    }

    /// The policy sets `beresp.keep`.
    pub fn set_keep(&mut self, keep_ms: i64) {
        (self.keep_ms, self.keeps_as_said) = (keep_ms.max(0), true);
    }

    /// The policy sets `beresp.stale_if_error`.
    pub fn set_stale_if_error(&mut self, window_ms: i64) {
        self.stale_if_error_ms = Some(window_ms.max(0));
    }

    /// For how long it may be used when it is stale, and whether at all.
    #[must_use]
    pub fn windows(&self) -> StaleWindows {
        StaleWindows {
            grace: Self::duration(self.grace_ms),
            keep: Self::duration(self.keep_ms),
            on_error: self.stale_if_error_ms.map(Self::duration),
            forbidden: !self.may_be_stale,
        }
    }

    /// Keeps what is fresh or can be validated for a while, if the policy has not said for how long.
    pub fn keep_by_default(&mut self) {
        if !self.keeps_as_said {
            self.keep_ms = Self::DEFAULT_KEEP_MS;
        }
    }

    /// Concludes from the fields of a response, as the policy leaves them, what its times come to. `request` has the
    /// fields of the client's request.
    pub fn conclude(&mut self, request: &HeaderMap, status: StatusCode, response: &HeaderMap, cc: &CacheControl) {
        self.may_be_stale = !cc.forbids_stale();
        if cc.no_cache.is_whole() {
            // RFC 9111 section 5.2.2.4: whatever lifetime the policy gives it, it is validated each time.
            self.ttl_ms = self.ttl_ms.min(0);
        }
        self.not_stored = self.why_not_stored(request, status, response, cc);
    }

    /// Why a response is not stored: the policy, or RFC 9111 section 3. A lifetime set by the policy
    /// overrides what the origin left unsaid. It does not override `no-store`, `private` and the rule on
    /// `Authorization`: a policy that knows better changes the field that says so, or takes
    /// `Authorization` off the request.
    #[must_use]
    pub fn why_not_stored(
        &self,
        request: &HeaderMap,
        status: StatusCode,
        response: &HeaderMap,
        cc: &CacheControl,
    ) -> Option<NotStored> {
        if self.uncacheable != Uncacheable::No {
            return Some(NotStored::Policy);
        }
        // It answers the range of one request, whatever it says of its lifetime (RFC 9110 section 15.5.17).
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Some(NotStored::Status);
        }
        // What is stored was asked for with GET, also where the client asked for the head alone.
        let exchange = Exchange { method: &Method::GET, request, status, response };
        let rule = storable(&exchange, cc).err().map(NotStored::Rule);
        let has_lifetime = self.source == TtlSource::Policy && self.ttl_ms > 0;
        if let Some(rule) = rule.filter(|rule| !(has_lifetime && rule.is_overridden_by_lifetime())) {
            return Some(rule);
        }
        let is_unsaid = !cc.has_lifetime() && !cc.has_expires(response);
        (is_unsaid && self.go_beyond_a_guess() && is_about_the_request(status)).then_some(NotStored::Status)
    }

    /// Why a response with these fields is not kept, all things considered.
    #[must_use]
    pub fn why_not_kept(&self, response: &HeaderMap) -> Option<NotStored> {
        // Without a validator, what was never fresh is of no use later.
        let useful = self.ttl_ms > 0
            || self.grace_ms > 0
            || self.stale_if_error_ms.is_some_and(|window| window > 0)
            || (self.keep_ms > 0 && has_validator(response));
        self.not_stored.or_else(|| (!useful).then_some(NotStored::Rule(Unstorable::NoFreshness)))
    }

    /// Whether only the policy says that it is fresh, and for longer than RFC 9111 section 4.2.2
    /// would let a cache guess.
    fn go_beyond_a_guess(&self) -> bool {
        self.source == TtlSource::Policy && self.ttl_ms > self.heuristic_ms.max(0)
    }

    /// A length of time from a count of milliseconds; negative counts as none.
    #[must_use]
    pub fn duration(milliseconds: i64) -> Duration {
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
    }
}

/// How warp times a response that came `now` and was asked for at `sent`.
#[must_use]
pub fn timing(sent: Option<SystemTime>, now: SystemTime) -> Timing {
    Timing { request_time: sent.unwrap_or(now), response_time: now }
}

/// Whether a response can be asked about.
#[must_use]
pub fn has_validator(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED)
}

/// Statuses that say something of one request, or of one moment, and nothing of the URL: kept by the
/// policy's word alone, one bad request would spoil the page for everybody.
fn is_about_the_request(status: StatusCode) -> bool {
    let client_error = status.is_client_error() && !matches!(status.as_u16(), 403 | 404 | 410 | 451);
    client_error || matches!(status.as_u16(), 501 | 505)
}
