//! The head of a stored response, as pingora's record of it is kept.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::response::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use pingora::cache::CacheMeta;
use pingora::cache::key::{HashBinary, hash_key};

use super::head::{Beside, Particulars, Record};
use super::storage::Found;
use crate::cache::StaleWindows;
use crate::store::StoredHead;

/// The head of a stored response with its times.
pub struct StoredResponse(Record);

/// What warp knows of a stored response beyond pingora's own record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredTimes {
    /// `obj.grace`.
    pub grace: Duration,
    /// `obj.keep`.
    pub keep: Duration,
    /// How long it may be served stale when the backend fails, if that is said.
    pub stale_if_error: Option<Duration>,
    /// Whether it may be served stale at all.
    pub may_be_stale: bool,
    /// Whether its `Surrogate-Control` was obeyed.
    pub obeys_surrogate_control: bool,
    /// When the first variant of its URL was stored, if this is another one of the same fields; `None` begins a family,
    /// and what is older is not found any more.
    pub family_birth: Option<SystemTime>,
    /// If it varies on `Accept-Language`, the hash of all other fields that it varies on.
    pub beside_language: Option<HashBinary>,
    /// What tells whose it is, where one store serves several.
    pub site: Option<u64>,
    /// When the origin was asked for it, if that was for a request that takes nothing older ([`NoOlder`](super::NoOlder)).
    pub asked: Option<SystemTime>,
}

/// Set on what is about to be stored: its tags, by their [groups](group_of).
#[derive(Clone, Debug, Default)]
pub struct StoredTags(pub Arc<[u64]>);

/// Set on what is about to be stored: what was asked for, where that is to be known of it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTarget {
    /// The URL.
    pub url: Box<[u8]>,
    /// The host.
    pub host: Box<[u8]>,
}

/// The group of all that has this tag.
#[must_use]
pub fn group_of(tag: &[u8]) -> u64 {
    hash_key(tag).first_chunk().map(|first| u64::from_le_bytes(*first)).unwrap_or_default()
}

impl StoredTimes {
    /// What is said of a response that is about to be stored, or to be brought up to date.
    #[must_use]
    pub fn said_of(meta: &CacheMeta) -> Option<Self> {
        let (said, found) = (meta.extensions().get(), meta.extensions().get::<Found>());
        said.copied().or_else(|| found.map(|found| found.times))
    }

    /// How long it may be used when stale.
    #[must_use]
    pub fn windows(&self) -> StaleWindows {
        StaleWindows {
            grace: self.grace,
            keep: self.keep,
            on_error: self.stale_if_error,
            forbidden: !self.may_be_stale,
        }
    }
}

impl StoredResponse {
    /// What is stored of a response.
    #[must_use]
    pub fn new(meta: &CacheMeta) -> Self {
        Self::with_times(meta, StoredTimes::said_of(meta).unwrap_or_default())
    }

    pub(super) fn with_times(meta: &CacheMeta, times: StoredTimes) -> Self {
        let header = meta.response_header();
        let reason = header.get_reason_phrase().filter(|reason| Some(*reason) != header.status.canonical_reason());
        let particulars = Particulars {
            status: header.status,
            version: header.version,
            reason: reason.map(str::to_owned),
            created: meta.created(),
            fresh_until: meta.fresh_until(),
            epoch: meta.epoch(),
            family_birth: times.family_birth.unwrap_or_else(|| meta.provenance()),
            stale_while_revalidate_sec: meta.stale_while_revalidate_sec(),
            stale_if_error_sec: meta.stale_if_error_sec(),
            variance: meta.variance(),
            times,
        };
        let tags = meta.extensions().get::<StoredTags>().map(|tags| &*tags.0).unwrap_or_default();
        Self(Record::new(&particulars, header, Beside { tags, target: meta.extensions().get() }))
    }

    /// What was asked for when it was stored, if that was said then.
    #[must_use]
    pub fn target(&self) -> Option<StoredTarget> {
        self.0.target()
    }

    /// What is known of it beside its fields.
    pub(super) fn particulars(&self) -> Option<Particulars> {
        self.0.particulars()
    }

    /// Whether it is a part of a response.
    pub(super) fn is_part(&self) -> bool {
        self.particulars().is_some_and(|particulars| particulars.status == StatusCode::PARTIAL_CONTENT)
    }

    /// Its fields.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        self.0.read().map(|(_, header)| Parts::from(header).headers).unwrap_or_default()
    }

    /// Its fields of one name: found without reading the others.
    #[must_use]
    pub fn headers_named(&self, name: &HeaderName) -> HeaderMap {
        self.0.fields_named(name).unwrap_or_default()
    }

    /// The hash of the request fields that it varies on; `None` if it varies on none.
    #[must_use]
    pub fn variance(&self) -> Option<HashBinary> {
        self.particulars()?.variance
    }

    /// pingora's record of it, and what goes beyond that. The variant that is found first, by the URL alone, carries the family's
    /// birth as its own, because pingora takes whatever is older than that for purged. `None` if it is damaged.
    #[must_use]
    pub fn meta(&self, is_first: bool) -> Option<(CacheMeta, StoredTimes)> {
        self.0.read_as(|stored, header| {
            let created = if is_first { stored.family_birth } else { stored.created };
            let (while_revalidating, on_error) = (stored.stale_while_revalidate_sec, stored.stale_if_error_sec);
            let mut meta = CacheMeta::new(stored.fresh_until, created, while_revalidating, on_error, header);
            meta.set_epoch_override(stored.epoch);
            if let Some(variance) = stored.variance {
                meta.set_variance(variance);
            }
            (meta, stored.times)
        })
    }
}

impl StoredHead for StoredResponse {
    fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.0.owned_bytes()
    }

    fn expired(&self, at: SystemTime) -> Self {
        Self(self.0.expired(at))
    }

    fn groups(&self) -> Vec<u64> {
        self.0.tags()
    }

    /// At once if it is damaged.
    fn useless_after(&self) -> SystemTime {
        self.0.useless_after().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn is_of_use(&self, now: SystemTime) -> bool {
        self.0.is_fresh(now) || self.useless_after() >= now
    }
}

#[cfg(test)]
mod tests;
