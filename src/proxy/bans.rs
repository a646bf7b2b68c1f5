//! Bans: what the policy bans is not found any more, and by and by removed.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderName;
use pingora::cache::CacheKey;
use pingora::http::RequestHeader;

use super::facts::{ObjView, value_of_object};
use super::lookup::view_with;
use super::site;
use crate::decision::{Ban, Facts, Refused, Value};
use crate::lang::schema::{Message, Variable};
use crate::store::pingora::{Guard, PingoraStorage, StoredResponse, StoredTarget};
use crate::store::{BanList, Object, Standing};

/// How often what is stored is tested in the background while there are bans.
const EVERY: Duration = Duration::from_secs(1);
/// Where there is no new ban, those that wait for requests are looked after each time out of so many.
const REST: u32 = 5;
/// So many objects are tested before others get their turn.
const AT_ONCE: usize = 64;

/// Set on a key that is looked up while there are bans that ask of the request.
#[derive(Clone)]
struct Asker(Arc<RequestHeader>);

/// The bans of the root and of each site, and what came of them.
#[derive(Default)]
pub struct Bans {
    list: BanList<Ban>,
    tests: AtomicU64,
    banned: AtomicU64,
}

/// What came of the bans, for the metrics.
pub struct BanCounts {
    /// Bans that something stored has yet to be tested with.
    pub bans: u64,
    /// Tests of one stored response with one ban.
    pub tests: u64,
    /// Responses that were banned.
    pub banned: u64,
    /// Bans that were given up since there were too many.
    pub given_up: u64,
}

impl Bans {
    /// Bans what is stored for a site, or asked for, at this moment.
    pub fn add(&self, storage: &PingoraStorage, site: Option<&str>, ban: Ban) {
        let bytes = ban.bytes();
        self.list.add(site::mark(site), ban, bytes, || storage.store().moment());
    }

    /// Lets the bans of its site that ask of the request see it.
    pub fn note_request(&self, key: &mut CacheKey, site: Option<&str>, req: &RequestHeader) {
        if !self.list.is_empty() && self.list.any(site::mark(site), Ban::asks_request) {
            key.extensions.insert(Asker(Arc::new(req.clone())));
        }
    }

    /// What came of them so far.
    pub fn counts(&self) -> BanCounts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BanCounts {
            bans: self.list.len() as u64,
            tests: load(&self.tests),
            banned: load(&self.banned),
            given_up: self.list.given_up(),
        }
    }

    /// Whether an object stands. It is tested with each ban that it has not seen, but for those that ask of a request
    /// where there is none.
    fn lets_stand(&self, object: &Object<StoredResponse>, req: Option<&RequestHeader>) -> bool {
        if self.list.has_seen_all(object.tested()) {
            return true;
        }
        let head = object.head();
        let Some((meta, times)) = head.meta(true) else { return false };
        let standing = self.list.test(times.site, object.tested(), |ban| {
            if ban.asks_request() && req.is_none() {
                return None;
            }
            let target = if ban.asks_url() { head.target() } else { None };
            if ban.asks_url() && target.is_none() {
                // Stored before the policy had such bans: it may be what is meant.
                return Some(true);
            }
            self.tests.fetch_add(1, Ordering::Relaxed);
            let obj = view_with(&meta, &times);
            Some(ban.holds(&Stored { obj, req, target, now: SystemTime::now() }))
        });
        match standing {
            Standing::UpTo(number) => object.note_tested(number),
            Standing::Banned => _ = self.banned.fetch_add(1, Ordering::Relaxed),
        }
        standing != Standing::Banned
    }

    /// Tests what is stored with the bans there are, a few objects at a time, and drops those that all have seen.
    async fn sweep(&self, storage: &PingoraStorage) {
        // What is under way is not among the objects yet.
        let mut seen_by_all = storage.store().moment().min(storage.store().oldest_under_way().saturating_sub(1));
        for (at, (key, object)) in storage.store().objects().enumerate() {
            if !self.lets_stand(&object, None) {
                storage.store().remove_object(key, &object);
                continue;
            }
            seen_by_all = seen_by_all.min(object.tested());
            if at % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        self.list.forget(seen_by_all);
    }

    /// Goes on doing so as long as the process lives.
    pub async fn keep_sweeping(&self, storage: &PingoraStorage) {
        let (mut newest, mut waited) = (0, 0);
        loop {
            tokio::time::sleep(EVERY).await;
            waited += 1;
            let is_due = self.list.newest() != newest || waited >= REST;
            if is_due && !self.list.is_empty() {
                (newest, waited) = (self.list.newest(), 0);
                self.sweep(storage).await;
            }
        }
    }
}

impl Guard for Bans {
    fn lets_pass(&self, object: &Object<StoredResponse>, key: &CacheKey) -> bool {
        let asker = key.extensions.get::<Asker>();
        self.lets_stand(object, asker.map(|asker| &*asker.0))
    }
}

/// A stored response and who asks for it, as a ban sees them.
struct Stored<'a> {
    obj: ObjView<'a>,
    req: Option<&'a RequestHeader>,
    /// What was asked for when it was stored.
    target: Option<StoredTarget>,
    now: SystemTime,
}

impl Facts for Stored<'_> {
    fn get(&self, variable: Variable) -> Value<'_> {
        match variable {
            Variable::ReqUrl => self.req.map_or(Value::UNSET, |req| Value::text(req.raw_path())),
            Variable::ObjUrl => self.target.as_ref().map_or(Value::UNSET, |target| Value::text(&target.url)),
            Variable::ObjHost => self.target.as_ref().map_or(Value::UNSET, |target| Value::text(&target.host)),
            variable => value_of_object(&self.obj, self.now, variable),
        }
    }

    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        let headers = if message == Message::Obj { &self.obj.header.headers } else { &self.req?.headers };
        headers.get(name).map(|value| Cow::Borrowed(value.as_bytes()))
    }

    fn set(&mut self, _: Variable, _: Value<'_>) -> Result<(), Refused> {
        Ok(())
    }

    fn set_header(&mut self, _: Message, _: &HeaderName, _: &[u8]) -> Result<(), Refused> {
        Ok(())
    }

    fn unset_header(&mut self, _: Message, _: &HeaderName) {}

    fn hash_data(&mut self, _: &[u8]) {}

    fn log(&mut self, _: &[u8]) {}
}
