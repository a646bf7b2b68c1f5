//! warp's memory store behind pingora's `Storage` trait.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use pingora::cache::eviction::CacheEntryKey;
use pingora::cache::key::{CacheHashKey, CompactCacheKey, HashBinary};
use pingora::cache::storage::{
    HandleHit, HandleMiss, HitHandler, MissFinishType, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage,
};
use pingora::cache::trace::SpanHandle;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;
use pingora::{Error, ErrorType, Result};

use super::facts::spelling;
use super::fetch::content_length;
use crate::cache::{StaleWindows, vary};
use crate::store::{BodyReader, Fill, Intent, Key, MemoryStore, Object, StoredHead};

/// The head of a stored response with its times.
pub struct StoredResponse {
    header: ResponseHeader,
    created: SystemTime,
    /// When the first of the variants that it is one of was stored. pingora takes variants that are
    /// older than their family for purged.
    family_birth: SystemTime,
    epoch: SystemTime,
    fresh_until: SystemTime,
    stale_while_revalidate_sec: u32,
    stale_if_error_sec: u32,
    variance: Option<HashBinary>,
    times: StoredTimes,
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
    pub fn windows(&self) -> StaleWindows {
        StaleWindows {
            grace: self.grace,
            keep: self.keep,
            on_error: self.stale_if_error,
            forbidden: !self.may_be_stale,
        }
    }
}

/// What a variant in the language that a client likes best is looked for by.
pub struct LanguageWanted {
    /// The language, in lower case.
    pub language: String,
    /// The variant for this very request.
    pub exact: HashBinary,
    /// The hash of all fields but `Accept-Language` that the URL varies on.
    pub beside_language: HashBinary,
    /// When the first variant that is still of use was stored.
    pub family_birth: SystemTime,
}

/// How far apart a lookup and the lock that follows it may be.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Set on a key that is one of many of the same URL, as those of QUERY are: the hash of what they have in
/// common. They are purged together.
#[derive(Clone, Copy, Debug)]
pub struct Family(pub HashBinary);

/// The intent to fill a key, on its way to the store with what fills it.
pub type FillIntent = Arc<Intent<StoredResponse>>;

/// Set on the key of a slice; its family is the key of the whole.
#[derive(Clone, Copy, Debug)]
pub struct OfSlice;

/// Which stored object a head was taken from, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct ObjectId(Key, u64);

impl StoredResponse {
    /// What is stored in that place.
    fn new(meta: &CacheMeta, place: Key) -> Self {
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
    pub fn headers(&self) -> &HeaderMap {
        &self.header.headers
    }

    /// The hash of the request fields that it varies on; `None` if it varies on none.
    pub fn variance(&self) -> Option<HashBinary> {
        self.variance
    }

    /// pingora's record of it. The variant that is found first, by the URL alone, carries the family's
    /// birth as its own, because pingora takes whatever is older than that for purged.
    fn meta(&self, is_first: bool) -> CacheMeta {
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

    fn useless_after(&self) -> SystemTime {
        self.fresh_until.checked_add(self.times.windows().longest()).unwrap_or(self.fresh_until)
    }
}

/// The memory store as pingora sees it.
pub struct PingoraStorage {
    store: MemoryStore<StoredResponse>,
}

impl PingoraStorage {
    /// A store that holds at most `limit_bytes`.
    pub fn new(limit_bytes: u64) -> Self {
        Self { store: MemoryStore::new(limit_bytes) }
    }

    /// The store itself.
    pub fn store(&self) -> &MemoryStore<StoredResponse> {
        &self.store
    }

    /// Whether a fresh response has come since a lookup a moment ago, which found none or, if
    /// `was_stale`, a stale one. One that is older was passed over for a reason.
    pub fn has_come(&self, key: &CacheKey, was_stale: bool) -> bool {
        let Some(object) = self.store.lookup(key_of(key)) else { return false };
        let (head, now) = (object.head(), SystemTime::now());
        let age = now.duration_since(head.created).unwrap_or_default();
        // A part was passed over because it does not hold what is asked for.
        let is_part = is_part(&head.header) && !is_slice(key);
        !is_part && head.fresh_until > now && (was_stale || age < A_MOMENT)
    }

    /// Whether a whole response stands under this key, or the first of its variants does.
    pub fn has_whole(&self, key: &CacheKey) -> bool {
        self.store.lookup(key_of(key)).is_some_and(|object| !is_part(&object.head().header))
    }

    /// Whether what was found under this key stands there still.
    pub fn holds(&self, key: &CacheKey, hit: &StoredHit) -> bool {
        self.store.lookup(key_of(key)).is_some_and(|object| object.id() == hit.object.id())
    }

    /// Declares that the origin is about to be asked for this key.
    pub fn intend(&self, key: &CacheKey) -> FillIntent {
        Arc::new(self.store.intend(key_of(key).primary))
    }

    /// The variant to answer with where there is none for this very request: one that is fresh and in
    /// the language that the client likes best, and differs in `Accept-Language` alone.
    pub fn language_variant(&self, key: &CacheKey, wanted: &LanguageWanted) -> Option<HashBinary> {
        let heads: Vec<_> = self.variants(key).map(|(_, head)| head).collect();
        let is_alive = |head: &&Arc<StoredResponse>| head.created >= wanted.family_birth;
        let (alive, now) = (|| heads.iter().filter(is_alive), SystemTime::now());
        if alive().any(|head| head.variance == Some(wanted.exact)) {
            return None;
        }
        let fits = |head: &&Arc<StoredResponse>| {
            head.times.beside_language == Some(wanted.beside_language)
                && head.fresh_until > now
                && vary::is_in_language(&head.header.headers, &wanted.language)
        };
        alive().find(fits)?.variance
    }

    /// The heads of the variants of a key that are complete and fresh. Does not count as a use of them.
    pub fn fresh_variants(&self, key: &CacheKey) -> Vec<Arc<StoredResponse>> {
        let now = SystemTime::now();
        let complete = self.variants(key).filter(|(object, head)| object.len().is_some() && head.fresh_until > now);
        complete.map(|(_, head)| head).collect()
    }

    /// What is found by a URL alone when the variant that came first is gone: one of those that are
    /// left. Else they would be lost with it.
    fn next_of_kin(&self, key: &CacheKey) -> Option<(CacheMeta, HitHandler)> {
        let newest = self.variants(key).max_by_key(|(_, head)| (head.family_birth, head.created));
        let variant = newest?.1.variance.map_or(0, u128::from_le_bytes);
        let place = Key { variant, ..key_of(key) };
        self.store.lookup(place).map(|object| hit(place, object, true))
    }

    fn variants(&self, key: &CacheKey) -> impl Iterator<Item = (Arc<Object<StoredResponse>>, Arc<StoredResponse>)> {
        let objects = self.store.variants(key_of(key));
        objects.into_iter().map(|object| {
            let head = object.head();
            (object, head)
        })
    }

    /// Gives the object that a head was taken from another head; `false` when it is not there any more.
    pub fn refresh(&self, id: ObjectId, meta: &CacheMeta) -> bool {
        let ObjectId(place, id) = id;
        self.store.replace_head(place, id, StoredResponse::new(meta, place))
    }

    /// Removes the object that a head was taken from, unless another has its place by now.
    pub fn remove(&self, id: ObjectId) {
        let ObjectId(place, id) = id;
        if self.store.lookup(place).is_some_and(|object| object.id() == id) {
            self.store.remove(place);
        }
    }

    /// Removes all that is stored of a URL: its variants, slices and answers to QUERY; how many there were.
    pub fn purge_family(&self, key: &CacheKey) -> usize {
        self.store.purge(key_of(key).primary)
    }
}

/// Where what belongs to a key is stored.
pub fn key_of(key: &CacheKey) -> Key {
    let own = key_from(key.primary_bin(), key.variance_bin());
    match key.extensions.get::<Family>() {
        None => own,
        Some(family) => Key { primary: u128::from_le_bytes(family.0), part: own.primary, ..own },
    }
}

/// Where a response is stored. A slice that turns out to be the whole, or to say why there is none, is
/// stored as such.
fn place_of(key: &CacheKey, response: &ResponseHeader) -> Key {
    match key.extensions.get::<Family>() {
        Some(family) if is_slice(key) && !is_part(response) => key_from(family.0, key.variance_bin()),
        _ => key_of(key),
    }
}

fn is_slice(key: &CacheKey) -> bool {
    key.extensions.get::<OfSlice>().is_some()
}

fn is_part(response: &ResponseHeader) -> bool {
    response.status == http::StatusCode::PARTIAL_CONTENT
}

fn compact_key(key: &CompactCacheKey) -> Key {
    key_from(key.primary_bin(), key.variance_bin())
}

fn key_from(primary: HashBinary, variance: Option<HashBinary>) -> Key {
    Key { primary: u128::from_le_bytes(primary), part: 0, variant: variance.map_or(0, u128::from_le_bytes) }
}

fn hit(place: Key, object: Arc<Object<StoredResponse>>, is_first: bool) -> (CacheMeta, HitHandler) {
    let mut meta = object.head().meta(is_first);
    meta.extensions_mut().insert(ObjectId(place, object.id()));
    say_length(&mut meta, object.len());
    let reader = object.reader(None);
    (meta, Box::new(StoredHit { object, reader: Some(reader) }))
}

/// A body whose length was not known when it came has one now, so that parts of it can be asked for.
fn say_length(meta: &mut CacheMeta, length: Option<u64>) {
    let response = meta.response_header();
    let has_none = matches!(response.status.as_u16(), 204 | 304);
    let (Some(length), false) = (length, has_none || response.headers.contains_key(header::CONTENT_LENGTH)) else {
        return;
    };
    // Fails only when a response has tens of thousands of fields.
    let _ = meta.response_header_mut().insert_header(header::CONTENT_LENGTH, length);
}

#[async_trait]
impl Storage for PingoraStorage {
    async fn lookup(&'static self, key: &CacheKey, _trace: &SpanHandle) -> Result<Option<(CacheMeta, HitHandler)>> {
        let place = key_of(key);
        let is_first = place.variant == 0;
        let found = self.store.lookup(place).map(|object| hit(place, object, is_first));
        Ok(found.or_else(|| is_first.then(|| self.next_of_kin(key)).flatten()))
    }

    async fn lookup_streaming_write(
        &'static self,
        key: &CacheKey,
        streaming_write_tag: Option<&[u8]>,
        trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        let tag = streaming_write_tag.and_then(|tag| tag.try_into().ok()).map(u64::from_le_bytes);
        // Found also when a purge has come between the beginning of the fill and this question.
        match tag.and_then(|tag| self.store.lookup_fill(key_of(key), tag)) {
            Some(object) => Ok(Some(hit(key_of(key), object, key.variance_bin().is_none()))),
            None => self.lookup(key, trace).await,
        }
    }

    async fn get_miss_handler(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<MissHandler> {
        let length = content_length(meta.headers());
        let place = place_of(key, meta.response_header());
        let head = StoredResponse::new(meta, place);
        let fill = match meta.extensions().get::<FillIntent>() {
            Some(intent) => intent.begin_fill(place, head, length),
            None => self.store.begin_fill(place, head, length),
        };
        let surround = meta.extensions().get::<Arc<Surround>>().cloned();
        StoredFill::begin(fill, surround).await.map(|fill| Box::new(fill) as MissHandler)
    }

    async fn purge(
        &'static self,
        target: PurgeTarget<'_>,
        _purge_type: PurgeType,
        _trace: &SpanHandle,
    ) -> Result<PurgeOutcome> {
        let removed = match target {
            PurgeTarget::Active(key) => self.store.remove(compact_key(key)),
            PurgeTarget::Exact(entry) => self.store.remove(compact_key(CacheEntryKey::key(entry))),
        };
        Ok(if removed { PurgeOutcome::Purged(None) } else { PurgeOutcome::NotFound })
    }

    async fn update_meta(&'static self, _key: &CacheKey, meta: &CacheMeta, _trace: &SpanHandle) -> Result<bool> {
        // A later response may have taken the place of the one that was validated.
        let validated = meta.extensions().get::<ObjectId>();
        Ok(validated.is_some_and(|id| self.refresh(*id, meta)))
    }

    fn support_streaming_partial_write(&self) -> bool {
        true
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}

/// The bytes of a stored part that stand around those of a response that is about to be stored.
pub struct Surround {
    object: Arc<Object<StoredResponse>>,
    before: Range<u64>,
    behind: Range<u64>,
}

impl Surround {
    /// Copies some of its bytes; the object is complete, so this waits for nobody.
    async fn copy(&self, range: &Range<u64>, fill: &mut Fill<StoredResponse>) -> Result<()> {
        let mut reader = self.object.reader(Some(range.clone()));
        while let Some(bytes) = read(&mut reader).await? {
            fill.write(&bytes);
            // Others wait for this thread, and a part may be large.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// A fill that broke off must reach the reader as an error, never as a clean end.
async fn read(reader: &mut BodyReader) -> Result<Option<Bytes>> {
    reader.next().await.map_err(|_| Error::explain(ErrorType::ReadError, "the fill broke off"))
}

/// A stored response being read.
pub struct StoredHit {
    object: Arc<Object<StoredResponse>>,
    /// `None` once it has been given up.
    reader: Option<BodyReader>,
}

impl StoredHit {
    /// Counts this use of it; how often it was used, this time included.
    pub fn count(&self) -> u64 {
        self.object.count_hit()
    }

    /// The length of its body, if that is known.
    pub fn whole_len(&self) -> Option<u64> {
        self.object.whole_len()
    }

    /// Whether all of it is there.
    pub fn is_complete(&self) -> bool {
        self.object.len().is_some()
    }

    /// Reads no further; whether anybody else does or will.
    pub fn leave(&mut self) -> bool {
        self.reader = None;
        self.object.is_wanted()
    }

    /// The same response, to be read from its start.
    pub fn reopen(&self) -> Self {
        Self { object: Arc::clone(&self.object), reader: Some(self.object.reader(None)) }
    }

    /// Bytes of its body that stand before and behind others.
    pub fn surround(&self, before: Range<u64>, behind: Range<u64>) -> Surround {
        Surround { object: Arc::clone(&self.object), before, behind }
    }
}

#[async_trait]
impl HandleHit for StoredHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        match &mut self.reader {
            Some(reader) => read(reader).await,
            None => Ok(None),
        }
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    /// Also while it is filled: a reader waits until its start is there.
    fn can_seek(&self) -> bool {
        self.object.whole_len().is_some()
    }

    fn seek(&mut self, start: usize, end: Option<usize>) -> Result<()> {
        let Some(length) = self.object.whole_len() else {
            return Error::e_explain(ErrorType::InternalError, "the end of the body is not known yet");
        };
        let end = end.map_or(length, |end| end as u64);
        self.reader = Some(self.object.reader(Some(start as u64..end)));
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

/// A response being stored.
pub struct StoredFill {
    fill: Fill<StoredResponse>,
    tag: [u8; 8],
    surround: Option<Arc<Surround>>,
    /// Holds what stands before until the client's reader is there: a fill that is not kept forgets
    /// what nobody is to read.
    anchor: Option<BodyReader>,
}

impl StoredFill {
    fn new(fill: Fill<StoredResponse>) -> Self {
        let tag = fill.object().id().to_le_bytes();
        Self { fill, tag, surround: None, anchor: None }
    }

    /// A fill that has begun, with what stands around it.
    async fn begin(fill: Fill<StoredResponse>, surround: Option<Arc<Surround>>) -> Result<Self> {
        let mut begun = Self::new(fill);
        if let Some(surround) = &surround {
            begun.anchor = Some(begun.fill.object().reader(None));
            surround.copy(&surround.before, &mut begun.fill).await?;
        }
        begun.surround = surround;
        Ok(begun)
    }

    /// A fill of the place of a key's first variant.
    pub fn first_of(key: &CacheKey, intent: &FillIntent, meta: &CacheMeta) -> Self {
        let place = key_of(key);
        Self::new(intent.begin_fill(place, StoredResponse::new(meta, place), content_length(meta.headers())))
    }

    /// Stores a part of the body.
    pub fn write(&mut self, data: &[u8]) {
        self.fill.write(data);
    }

    /// Ends the body; how many bytes of it are stored.
    pub fn complete(self) -> u64 {
        self.fill.complete()
    }
}

#[async_trait]
impl HandleMiss for StoredFill {
    async fn write_body(&mut self, data: Bytes, _eof: bool) -> Result<()> {
        self.anchor = None;
        StoredFill::write(self, &data);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<MissFinishType> {
        if let Some(surround) = self.surround.take() {
            surround.copy(&surround.behind, &mut self.fill).await?;
        }
        let stored = self.complete();
        Ok(MissFinishType::Created(usize::try_from(stored).unwrap_or(usize::MAX)))
    }

    fn streaming_write_tag(&self) -> Option<&[u8]> {
        Some(&self.tag)
    }
}
