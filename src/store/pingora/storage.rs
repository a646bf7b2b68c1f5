//! warp's memory store behind pingora's `Storage` trait.

use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::StatusCode;
use http::header;
use pingora::Result;
use pingora::cache::eviction::CacheEntryKey;
use pingora::cache::key::{CacheHashKey, CompactCacheKey, HashBinary};
use pingora::cache::storage::{HitHandler, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage};
use pingora::cache::trace::SpanHandle;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;

use super::head::Particulars;
use super::pace::Pace;
use super::seat::Seat;
use super::stored::{StoredResponse, StoredTimes};
use super::stored_body::{StoredFill, StoredHit, Surround};
use super::unkept::UnkeptFills;
use crate::cache::{StaleUse, content_length, vary};
use crate::store::{Intent, Key, MemoryStore, Object, StoredHead};

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

/// Set on a key of a request that takes nothing that is older than so, but for what the origin was asked for since it
/// came: that is as new as what it would fetch itself.
#[derive(Clone, Copy, Debug)]
pub struct NoOlder {
    /// The greatest age.
    pub age: Duration,
    /// When the request came.
    pub since: SystemTime,
}

impl NoOlder {
    /// Whether it takes a response of that age, for which the origin was asked then, where that is known.
    #[must_use]
    pub fn takes(&self, age: Duration, asked: Option<SystemTime>) -> bool {
        age <= self.age || asked.is_some_and(|asked| asked >= self.since)
    }
}

/// Which stored object a head was taken from, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct ObjectId(Key, u64);

/// What is known of a head that was found beyond pingora's record of it; a [`StoredHit`] has it.
///
/// It is not among the extensions of the record, which take memory at each hit. It can be set on one that is to bring
/// the stored head up to date.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The object that it was taken from.
    pub object: ObjectId,
    /// What is known of that.
    pub times: StoredTimes,
    /// When pingora's record says that it was stored.
    created: SystemTime,
}

impl Found {
    /// Whether this is a record of it, as it was found or as it is after a 304: one of what came later is not.
    #[must_use]
    pub fn is_of(&self, meta: &CacheMeta) -> bool {
        self.created == meta.created()
    }
}

/// One of the variants of a key.
struct Variant {
    object: Arc<Object<StoredResponse>>,
    head: Arc<StoredResponse>,
    particulars: Particulars,
}

/// The memory store as pingora sees it.
pub struct PingoraStorage {
    store: MemoryStore<StoredResponse>,
    unkept: Arc<UnkeptFills>,
    guard: OnceLock<&'static dyn Guard>,
}

/// Decides what of that which is stored may be found.
pub trait Guard: Send + Sync {
    /// Whether an object may be found under a key; one that may not is removed.
    fn lets_pass(&self, object: &Object<StoredResponse>, key: &CacheKey) -> bool;
}

impl PingoraStorage {
    /// A store that holds at most `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: u64) -> Self {
        Self { store: MemoryStore::new(limit_bytes), unkept: Arc::default(), guard: OnceLock::new() }
    }

    /// Has all that is found by a lookup looked at first. Only the first guard counts.
    pub fn set_guard(&self, guard: &'static dyn Guard) {
        let _ = self.guard.set(guard);
    }

    /// What stands there, if it may be found.
    fn find(&self, place: Key, key: &CacheKey) -> Option<Arc<Object<StoredResponse>>> {
        self.store.lookup(place).filter(|object| self.lets_pass(place, object, key))
    }

    fn lets_pass(&self, place: Key, object: &Object<StoredResponse>, key: &CacheKey) -> bool {
        let passes = self.guard.get().is_none_or(|guard| guard.lets_pass(object, key));
        passes || {
            self.store.remove_object(place, object);
            false
        }
    }

    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &MemoryStore<StoredResponse> {
        &self.store
    }

    /// Whether a response is short enough to be kept and says so, so that its fetch may run ahead of all who read it: no
    /// more of it than that is ever held for them.
    #[must_use]
    pub fn may_run_ahead(&self, response: &ResponseHeader) -> bool {
        content_length(&response.headers).is_some_and(|length| length <= self.store.largest_object())
    }

    /// Whether a fresh response has come since a lookup a moment ago, which found none or, if
    /// `was_stale`, a stale one. One that is older was passed over for a reason.
    #[must_use]
    pub fn has_come(&self, key: &CacheKey, was_stale: bool) -> bool {
        let Some(object) = self.store.peek(key_of(key)) else { return false };
        let Some(head) = object.head().particulars() else { return false };
        let now = SystemTime::now();
        let age = now.duration_since(head.created).unwrap_or_default();
        // A part was passed over because it does not hold what is asked for.
        let is_part = head.status == StatusCode::PARTIAL_CONTENT && !is_slice(key);
        let is_too_old = key.extensions.get::<NoOlder>().is_some_and(|limit| {
            let age = now.duration_since(head.epoch).unwrap_or_default();
            !limit.takes(age, head.times.asked)
        });
        !is_part && !is_too_old && head.fresh_until > now && (was_stale || age < A_MOMENT)
    }

    /// Whether what stands under this key is stale, and beyond its grace: whoever comes for it asks the origin
    /// anew.
    #[must_use]
    pub fn is_spent(&self, key: &CacheKey) -> bool {
        let head = self.store.peek(key_of(key)).and_then(|object| object.head().particulars());
        let Some(head) = head else { return false };
        let stale_for = SystemTime::now().duration_since(head.fresh_until).ok();
        stale_for.is_some_and(|age| !head.times.windows().allow(StaleUse::WhileRevalidating, age))
    }

    /// Whether a whole response stands under this key, or the first of its variants does.
    #[must_use]
    pub fn has_whole(&self, key: &CacheKey) -> bool {
        self.store.peek(key_of(key)).is_some_and(|object| !object.head().is_part())
    }

    /// Whether what was found under this key stands there still.
    #[must_use]
    pub fn holds(&self, key: &CacheKey, hit: &StoredHit) -> bool {
        self.store.peek(key_of(key)).is_some_and(|object| object.id() == hit.id())
    }

    /// Whether what is being stored will be found under this key, as far as is known by now: it was not purged or banned
    /// since the origin was asked for it.
    #[must_use]
    pub fn will_be_found(&self, key: &CacheKey, hit: &StoredHit) -> bool {
        let object = hit.object();
        let may_pass = || self.guard.get().is_none_or(|guard| guard.lets_pass(object, key));
        object.is_kept() && !self.store.is_gone(object) && may_pass()
    }

    /// What fills this key at this moment without being kept, since there is no room for it.
    pub(super) fn unkept(&self, key: &CacheKey) -> Option<Arc<Object<StoredResponse>>> {
        self.unkept.find(key_of(key))
    }

    /// Whether what stands or comes under this key was purged since the origin was asked, softly or not.
    pub(super) fn was_purged_since(&self, key: &CacheKey, intent: &FillIntent) -> bool {
        let stored = self.store.peek(key_of(key)).map(|object| object.head().groups());
        let groups = [stored, self.unkept.groups(key_of(key))].into_iter().flatten().flatten().collect::<Vec<_>>();
        !intent.stands_for(&groups)
    }

    /// Declares that the origin is about to be asked for this key.
    #[must_use]
    pub fn intend(&self, key: &CacheKey) -> FillIntent {
        Arc::new(self.store.intend(key_of(key).primary))
    }

    /// The variant to answer with where there is none for this very request: one that is fresh and in
    /// the language that the client likes best, and differs in `Accept-Language` alone.
    #[must_use]
    pub fn language_variant(&self, key: &CacheKey, wanted: &LanguageWanted) -> Option<HashBinary> {
        let heads: Vec<_> = self.variants(key).collect();
        let is_alive = |head: &&Variant| head.particulars.created >= wanted.family_birth;
        let (alive, now) = (|| heads.iter().filter(is_alive), SystemTime::now());
        if alive().any(|head| head.particulars.variance == Some(wanted.exact)) {
            return None;
        }
        let fits = |Variant { head, particulars, .. }: &&Variant| {
            particulars.times.beside_language == Some(wanted.beside_language)
                && particulars.fresh_until > now
                && vary::is_in_language(&head.headers_named(&header::CONTENT_LANGUAGE), &wanted.language)
        };
        alive().find(fits)?.particulars.variance
    }

    /// The heads of the variants of a key that are complete and fresh. Does not count as a use of them.
    #[must_use]
    pub fn fresh_variants(&self, key: &CacheKey) -> Vec<Arc<StoredResponse>> {
        let now = SystemTime::now();
        let is_fresh = |variant: &Variant| variant.particulars.fresh_until > now;
        let may_be_found = |variant: &Variant| self.lets_pass(place_of_variant(key, variant), &variant.object, key);
        let complete = self.variants(key).filter(|variant| variant.object.len().is_some() && is_fresh(variant));
        let complete = complete.filter(may_be_found);
        complete.map(|variant| variant.head).collect()
    }

    /// Where the whole stands that has come in the place of a slice: those who waited for that find it there.
    fn whole_in_place_of(&self, key: &CacheKey) -> Option<Key> {
        let family = key.extensions.get::<Family>().filter(|_| is_slice(key))?;
        let place = key_from(family.0, key.variance_bin());
        self.store.peek(place).filter(|object| !object.head().is_part()).map(|_| place)
    }

    /// What is found by a URL alone when the variant that came first is gone: one of those that are
    /// left. Else they would be lost with it.
    fn next_of_kin(&self, key: &CacheKey) -> Option<(CacheMeta, HitHandler)> {
        let birth = |variant: &Variant| (variant.particulars.family_birth, variant.particulars.created);
        let left =
            self.variants(key).filter(|variant| self.lets_pass(place_of_variant(key, variant), &variant.object, key));
        let place = place_of_variant(key, &left.max_by_key(birth)?);
        self.store.lookup(place).and_then(|object| hit(place, object, true))
    }

    fn variants(&self, key: &CacheKey) -> impl Iterator<Item = Variant> {
        let objects = self.store.variants(key_of(key));
        objects.into_iter().filter_map(|object| {
            let head = object.head();
            let particulars = head.particulars()?;
            Some(Variant { object, head, particulars })
        })
    }

    /// Gives the object that a head was taken from another head; `false` when it is not there any more, or was
    /// purged, softly too, since the intent that comes with `meta` was declared.
    pub fn refresh(&self, id: ObjectId, meta: &CacheMeta) -> bool {
        let ObjectId(place, id) = id;
        let intent = meta.extensions().get::<FillIntent>();
        let Some(times) = StoredTimes::said_of(meta).or_else(|| self.times(place, id)) else { return false };
        let new = || StoredResponse::with_times(meta, times);
        let groups = [new().groups(), self.tags(ObjectId(place, id))].concat();
        let stands = || intent.is_none_or(|intent| intent.stands_for(&groups));
        if !stands() || !self.store.replace_head(place, id, new()) {
            return false;
        }
        // A soft purge that came between the two has marked the head that was there before.
        stands() || {
            let expired = new().expired(SystemTime::now());
            let _ = self.store.replace_head(place, id, expired);
            false
        }
    }

    fn times(&self, place: Key, id: u64) -> Option<StoredTimes> {
        let object = self.store.peek(place).filter(|object| object.id() == id)?;
        object.head_now().particulars().map(|particulars| particulars.times)
    }

    /// The object that a head was taken from which was found by this key and, it may be, brought up to date since, if
    /// that is still there.
    fn source(&self, key: &CacheKey, meta: &CacheMeta) -> Option<ObjectId> {
        let is_first = key.variance_bin().is_none();
        let shown = |head: &Particulars| if is_first { head.family_birth } else { head.created };
        let is_it = |head: &Particulars| shown(head) == meta.created() && head.variance == meta.variance();
        let found = self.variants(key).find(|variant| is_it(&variant.particulars))?;
        Some(ObjectId(place_of_variant(key, &found), found.object.id()))
    }

    /// The groups of the tags of the object that a head was taken from; none when it is not there any more.
    #[must_use]
    pub fn tags(&self, id: ObjectId) -> Vec<u64> {
        let ObjectId(place, id) = id;
        let object = self.store.peek(place).filter(|object| object.id() == id);
        object.map(|object| object.head().groups()).unwrap_or_default()
    }

    /// Removes the object that a head was taken from, unless another has its place by now.
    pub fn remove(&self, id: ObjectId) {
        let ObjectId(place, id) = id;
        if self.store.peek(place).is_some_and(|object| object.id() == id) {
            self.store.remove(place);
        }
    }

    /// Removes all that is stored of a URL: its variants, slices and answers to QUERY; how many there were.
    pub fn purge_family(&self, key: &CacheKey) -> usize {
        self.store.purge(key_of(key).primary)
    }

    /// Lets all that is stored of a URL, as [`purge_family`](Self::purge_family) has it, be stale from now on; how
    /// many there were. What the origin was asked for before does not come in.
    pub fn expire_family(&self, key: &CacheKey) -> usize {
        self.store.expire(key_of(key).primary)
    }
}

/// Where a variant of a key is stored.
fn place_of_variant(key: &CacheKey, variant: &Variant) -> Key {
    let variant = variant.particulars.variance.map_or(0, u128::from_le_bytes);
    Key { variant, ..key_of(key) }
}

/// Where what belongs to a key is stored.
#[must_use]
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
    response.status == StatusCode::PARTIAL_CONTENT
}

fn target_key(target: &PurgeTarget<'_>) -> Key {
    match target {
        PurgeTarget::Active(key) => compact_key(key),
        PurgeTarget::Exact(entry) => compact_key(CacheEntryKey::key(entry)),
    }
}

fn outcome(any_removed: bool) -> PurgeOutcome {
    if any_removed { PurgeOutcome::Purged(None) } else { PurgeOutcome::NotFound }
}

fn compact_key(key: &CompactCacheKey) -> Key {
    key_from(key.primary_bin(), key.variance_bin())
}

fn key_from(primary: HashBinary, variance: Option<HashBinary>) -> Key {
    Key { primary: u128::from_le_bytes(primary), part: 0, variant: variance.map_or(0, u128::from_le_bytes) }
}

/// `None` when its head cannot be read, or its body cannot be read from the start any more: then it is as if it were
/// not there.
fn hit(place: Key, object: Arc<Object<StoredResponse>>, is_first: bool) -> Option<(CacheMeta, HitHandler)> {
    hit_of(place, Box::new(StoredHit::open(object)?), is_first)
}

fn hit_of(place: Key, mut stored: Box<StoredHit>, is_first: bool) -> Option<(CacheMeta, HitHandler)> {
    let object = stored.object();
    let (mut meta, times) = object.head_now().meta(is_first)?;
    say_length(&mut meta, object.len());
    let object = ObjectId(place, object.id());
    stored.note_found(Found { object, times, created: meta.created() });
    Some((meta, stored))
}

/// What stands for the record of a response that is being stored: who stores it has the record, and pingora asks for a
/// reader alone. To read back what was written a moment ago costs some 4 % of the instructions of a miss.
fn unread() -> Result<CacheMeta> {
    let header = ResponseHeader::build_no_case(StatusCode::OK, Some(0))?;
    Ok(CacheMeta::new(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH, 0, 0, header))
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
        let handed = key.extensions.get::<Seat>().and_then(Seat::take);
        if let Some(handed) = handed.filter(|handed| self.lets_pass(place, handed.object(), key)) {
            return Ok(hit_of(place, Box::new(handed), is_first));
        }
        let at = |place| self.find(place, key).and_then(|object| hit(place, object, is_first));
        let found = at(place).or_else(|| self.whole_in_place_of(key).and_then(at));
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
        let object = tag.and_then(|tag| self.store.lookup_fill(key_of(key), tag));
        match object.and_then(StoredHit::open) {
            Some(own) => Ok(Some((unread()?, Box::new(own)))),
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
        let head = StoredResponse::new(meta);
        let intent = meta.extensions().get::<FillIntent>();
        let fill = match intent {
            Some(intent) => intent.begin_fill(place, head, length),
            None => self.store.begin_fill(place, head, length),
        };
        let unkept = (!fill.is_kept()).then(|| self.unkept.enter(key_of(key), fill.object(), intent.cloned()));
        let surround = meta.extensions().get::<Arc<Surround>>().cloned();
        let client = meta.extensions().get::<Arc<Pace>>().cloned();
        let fill = StoredFill::begin(fill, surround, client).await?.until_over(unkept);
        Ok(Box::new(fill) as MissHandler)
    }

    /// Without a variant, all of them go.
    async fn purge(
        &'static self,
        target: PurgeTarget<'_>,
        purge_type: PurgeType,
        _trace: &SpanHandle,
    ) -> Result<PurgeOutcome> {
        let key = target_key(&target);
        let is_of_all = key.variant == 0 && matches!(purge_type, PurgeType::Invalidation);
        Ok(outcome(if is_of_all { self.store.purge(key.primary) > 0 } else { self.store.remove(key) }))
    }

    /// Lets all variants be stale from now on.
    async fn expire(&'static self, target: PurgeTarget<'_>, _trace: &SpanHandle) -> Result<PurgeOutcome> {
        Ok(outcome(self.store.expire(target_key(&target).primary) > 0))
    }

    async fn update_meta(&'static self, key: &CacheKey, meta: &CacheMeta, _trace: &SpanHandle) -> Result<bool> {
        // A later response may have taken the place of the one that was validated.
        let validated = meta.extensions().get::<Found>().map(|found| found.object);
        Ok(validated.or_else(|| self.source(key, meta)).is_some_and(|object| self.refresh(object, meta)))
    }

    fn support_streaming_partial_write(&self) -> bool {
        true
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}
