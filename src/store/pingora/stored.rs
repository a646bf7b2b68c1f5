//! The head of a stored response, as pingora's record of it is kept.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue};
use pingora::cache::CacheMeta;
use pingora::cache::key::HashBinary;
use pingora::http::ResponseHeader;

use crate::cache::{StaleWindows, spelling};
use crate::store::{Key, StoredHead};

/// The head of a stored response with its times.
pub struct StoredResponse {
    pub(super) header: ResponseHeader,
    pub(super) created: SystemTime,
    /// When the first of the variants that it is one of was stored. pingora takes variants that are
    /// older than their family for purged.
    pub(super) family_birth: SystemTime,
    pub(super) epoch: SystemTime,
    pub(super) fresh_until: SystemTime,
    pub(super) stale_while_revalidate_sec: u32,
    pub(super) stale_if_error_sec: u32,
    pub(super) variance: Option<HashBinary>,
    pub(super) times: StoredTimes,
}

/// What warp knows of a stored response beyond pingora's own record.
#[derive(Clone, Copy, Debug, Default)]
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
    /// When the first variant of its URL was stored, if one was.
    pub family_birth: Option<SystemTime>,
    /// If it varies on `Accept-Language`, the hash of all other fields that it varies on.
    pub beside_language: Option<HashBinary>,
}

impl StoredTimes {
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
    /// What is stored in that place.
    pub(super) fn new(meta: &CacheMeta, place: Key) -> Self {
        let times = meta.extensions().get::<StoredTimes>().copied().unwrap_or_default();
        let is_first = place.variant == 0;
        Self {
            header: detached(meta.response_header()),
            created: meta.created(),
            family_birth: times.family_birth.filter(|_| !is_first).unwrap_or_else(|| meta.provenance()),
            epoch: meta.epoch(),
            fresh_until: meta.fresh_until(),
            stale_while_revalidate_sec: meta.stale_while_revalidate_sec(),
            stale_if_error_sec: meta.stale_if_error_sec(),
            variance: meta.variance(),
            times,
        }
    }

    /// Its fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.header.headers
    }

    /// The hash of the request fields that it varies on; `None` if it varies on none.
    #[must_use]
    pub fn variance(&self) -> Option<HashBinary> {
        self.variance
    }

    /// pingora's record of it. The variant that is found first, by the URL alone, carries the family's
    /// birth as its own, because pingora takes whatever is older than that for purged.
    pub(super) fn meta(&self, is_first: bool) -> CacheMeta {
        let created = if is_first { self.family_birth } else { self.created };
        let mut meta = CacheMeta::new(
            self.fresh_until,
            created,
            self.stale_while_revalidate_sec,
            self.stale_if_error_sec,
            self.header.clone(),
        );
        meta.set_epoch_override(self.epoch);
        if let Some(variance) = self.variance {
            meta.set_variance(variance);
        }
        meta.extensions_mut().insert(self.times);
        meta
    }
}

/// What a field takes beside its text: a place in each of the two maps that pingora keeps, of names and of
/// spellings, which grow by doubling, and three small allocations. Measured as growth of the process.
const FIELD_BYTES: usize = 320;

/// A copy that owns its text. The fields of a response share the buffer that it was read into, several
/// kilobytes that would stay for as long as one of them.
fn detached(header: &ResponseHeader) -> ResponseHeader {
    let Ok(mut copy) = ResponseHeader::build(header.status, Some(header.headers.len())) else { return header.clone() };
    copy.set_version(header.version);
    let named = copy.set_reason_phrase(header.get_reason_phrase()).is_ok();
    let spelled =
        header.case_header_iter().map(|(name, value)| (String::from_utf8_lossy(name.as_slice()).into_owned(), value));
    let plain = header.headers.iter().map(|(name, value)| (spelling(name), value));
    let fields: Vec<_> = if header.has_case() { spelled.collect() } else { plain.collect() };
    let copied = fields.into_iter().all(|(name, value)| {
        HeaderValue::from_bytes(value.as_bytes()).is_ok_and(|value| copy.append_header(name, value).is_ok())
    });
    // What cannot be copied is kept as it is: too much memory is better than a wrong head.
    if named && copied { copy } else { header.clone() }
}

impl StoredHead for StoredResponse {
    fn size_bytes(&self) -> usize {
        let fields = self.header.headers.iter();
        let fields: usize = fields.map(|(name, value)| name.as_str().len() * 2 + value.len() + FIELD_BYTES).sum();
        std::mem::size_of::<Self>() + fields
    }

    fn expired(&self, at: SystemTime) -> Self {
        Self { header: self.header.clone(), fresh_until: self.fresh_until.min(at), ..*self }
    }

    fn useless_after(&self) -> SystemTime {
        self.fresh_until.checked_add(self.times.windows().longest()).unwrap_or(self.fresh_until)
    }
}
