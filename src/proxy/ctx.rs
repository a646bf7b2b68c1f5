//! What warp knows about one request while it is under way.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};
use pingora::http::{RequestHeader, ResponseHeader};

use super::abandon::LeftBehind;
use super::backend_connection::Reading;
use super::coalesce;
use super::connection::ClientSession;
use super::content::Keeping;
use super::deadline::Watch;
use super::failure::Page;
use super::framing::BodyUse;
use super::invalidator::Invalidator;
use super::options::Limits;
use super::part::Pieces;
use super::pipe::Piped;
use super::post::ForGet;
use super::refresh::Changed;
use super::retry::Attempts;
use super::revalidate::Unusable;
use super::slice::Handed;
use super::tags::Tags;
use super::told::{Obj, Told};
use super::varied::FoundFamily;
use super::wishes::{Wish, Wishes};
use crate::cache::lifetimes::Lifetimes;
use crate::cache::slice::Slice;
use crate::cache::{CacheControl, TargetList, targeted};
use crate::lang::hir::BackendId;
use crate::lang::source::Span;
use crate::origin::{Backend, OriginRequest};
use crate::policy::Policy;
use crate::store::Mark;
use crate::store::pingora::{FillIntent, Found, Wanted};
use crate::telemetry::{InFlight, Outcome, Reason};

/// The state of one request. It holds the policy that the request started with, and keeps it to
/// the end whatever is swapped in meanwhile.
pub struct RequestCtx {
    /// The policy of this request.
    pub policy: Arc<Policy>,
    /// How often it may be tried anew.
    pub limits: Limits,
    /// What the client's side of the policy reads and writes beside the messages themselves.
    pub exchange: Exchange,
    /// What the backend's side reads and writes.
    pub fetch: Fetch,
    /// Whether `recv` asked for the cache.
    pub disposition: Disposition,
    /// An answer decided in a hook that cannot write, to be written by the next one that can.
    pub pending: Option<Synthetic>,
    /// What became of the response on its way to the client.
    pub course: Course,
    /// Whether all of the stored response's body is there.
    pub has_whole_body: bool,
    /// Set when the client went away while its response was fetched, where the request can only be read.
    pub left_behind: OnceLock<LeftBehind>,
    /// Counts the request as running until it ends; none for a fetch in the background.
    pub in_flight: Option<InFlight>,
    /// What the request came to, for the log, the metrics and `Cache-Status`.
    pub verdict: CacheVerdict,
    /// Where to tell that as soon as it is known: the request that this one fetches a slice for.
    pub told: Option<Arc<OnceLock<Told>>>,
    /// Where the body of a slice is left for the request that it is for.
    pub handed: Option<Arc<Handed>>,
    /// `obj` in `deliver`, where the request is answered by others, made for slices.
    pub obj: Option<Box<Obj>>,
    /// Whether the response is put together from slices.
    pub sliced: bool,
    /// Its part in waiting for the fetches of others.
    pub part: coalesce::Part,
    /// What came of it, if it was piped.
    pub piped: Option<Piped>,
}

/// What a policy has said of a request beside its head, which stays when it begins again. The fields are those of
/// [`Exchange`].
pub struct Said {
    identity: Option<Vec<u8>>,
    backend_hint: Option<BackendId>,
    wishes: Wishes,
    grace: Option<Duration>,
    max_age: Option<Duration>,
    slice_bytes: u64,
    restarts: u32,
}

/// The client's side.
pub struct Exchange {
    /// The number of this request, unique within the process.
    pub xid: u64,
    /// When it began, for durations.
    pub began: Instant,
    /// When it began, by the clock.
    pub time: SystemTime,
    /// The client's address.
    pub client: IpAddr,
    /// The address on which it was accepted.
    pub local: IpAddr,
    /// Their connection; none for a request that has no client.
    pub session: Option<Arc<ClientSession>>,
    /// `client.identity`, if the policy set it.
    pub identity: Option<Vec<u8>>,
    /// A fetch in the background on behalf of a stale response: no client waits.
    pub background: bool,
    /// `req.backend_hint`.
    pub backend_hint: Option<BackendId>,
    /// What it wants of the lookup.
    pub wishes: Wishes,
    /// `req.grace`; no limit if `None`.
    pub grace: Option<Duration>,
    /// `req.max_age`; no limit if `None`.
    pub max_age: Option<Duration>,
    /// How its key was marked when it was looked for.
    pub mark: Option<Mark>,
    /// Whether the response is sent while it comes.
    pub is_streaming: bool,
    /// What the policy put before the digits of `resp.status` that are sent.
    pub unsent_status: u16,
    /// Why a stale response is served without the backend being asked.
    pub unasked: Option<Reason>,
    /// What is stored of this URL, if that varies.
    pub family: Option<FoundFamily>,
    /// `req.slice`: the size of slices; 0 for none.
    pub slice_bytes: u64,
    /// The slice that this request is for, made by warp for a client's request.
    pub slice: Option<Slice>,
    /// The parts given to `hash_data`, each framed by its length.
    pub key: Vec<u8>,
    /// The key as it is shown to people.
    pub shown_key: Vec<u8>,
    /// What else tells the response from others of that key: the content of a QUERY.
    pub content: Vec<u8>,
    /// The body of a response that is made up: `resp.body`, `beresp.body`.
    pub body: Option<Bytes>,
    /// Lines written by `std.log`.
    pub log: Vec<String>,
    /// How often the stored response was served, this time included; 0 on a miss.
    pub hits: u64,
    /// What is stored and was found for it last.
    pub found: Option<Found>,
    /// How often it was served by then, where it was found stale.
    pub hits_before: u64,
    /// `req.restarts`: how often the request has begun again.
    pub restarts: u32,
    /// What is kept of its content, to be sent once more if need be.
    pub keeping: Keeping,
    /// What was wrong with the last text given to `std.ban`.
    pub ban_error: Option<String>,
    /// The way to what is stored, if what the policy makes invalid is made so.
    pub invalidator: Option<Invalidator>,
    /// A request with an unsafe method, as it came.
    pub unsafe_request: Option<Box<RequestHeader>>,
}

/// The backend's side.
#[derive(Default)]
pub struct Fetch {
    /// The request to the backend, as `backend_fetch` left it.
    pub bereq: Option<Box<RequestHeader>>,
    /// Whether the request passes.
    pub passes: bool,
    /// How often the backend was asked, and may be.
    pub attempts: Attempts,
    /// How far it has come.
    pub stage: Stage,
    /// The page that `backend_error` made.
    pub page: Option<Page>,
    /// `bereq.backend`: a backend or a director.
    pub backend: Option<BackendId>,
    /// `beresp.backend`: the backend that was chosen.
    pub chosen: Option<BackendId>,
    /// The members of the director to which no connection could be made.
    pub failed_at: Vec<Arc<Backend>>,
    /// To which addresses this asking could not connect.
    pub failed_addresses: Vec<SocketAddr>,
    /// The request to the backend that was asked last, counted when it ends.
    pub asked: Option<OriginRequest>,
    /// The name of that backend, once the request to it has ended.
    pub asked_name: Option<String>,
    /// `bereq.connect_timeout`, if the policy set it.
    pub connect_timeout: Option<Duration>,
    /// `bereq.first_byte_timeout`, if the policy set it.
    pub first_byte_timeout: Option<Duration>,
    /// `bereq.between_bytes_timeout`, if the policy set it.
    pub between_bytes_timeout: Option<Duration>,
    /// `bereq.task_deadline`, if the policy set it.
    pub task_deadline: Option<Duration>,
    /// `bereq.retry_connect`.
    pub reconnect: Reconnect,
    /// Whether the content of the request is sent.
    pub content: Content,
    /// `bereq.cache_control_fields`, if the policy set it.
    pub targets: Option<TargetList>,
    /// What the policy put before the digits of `beresp.status` that are those of the response.
    pub unsent_status: u16,
    /// What comes from it.
    pub reading: Reading,
    /// What sees to it that the backend does not take too long, where pingora does not.
    pub watch: Option<Watch>,
    /// When the request to the backend was sent.
    pub sent: Option<SystemTime>,
    /// The fields that were sent, once the policy has changed those of `bereq` since.
    pub asked_with: Option<Box<HeaderMap>>,
    /// Whether `Surrogate-Control` of the response was obeyed: then it goes no further.
    pub obeys_surrogate_control: bool,
    /// The times of the response as RFC 9111 and the policy see them.
    pub lifetimes: Lifetimes,
    /// The intent to store the response, declared before the backend is asked.
    pub intent: Option<FillIntent>,
    /// Whether what is being stored is for somebody.
    pub wanted: Option<Wanted>,
    /// A response to POST that may be stored for a GET.
    pub for_get: Option<ForGet>,
    /// What was fetched and is not stored with the rest: the fields that `no-cache="…"` and
    /// `private="…"` list. For the client of this request alone.
    pub withheld: HeaderMap,
    /// The age on arrival of what was fetched, and when that was, if it had an `Age`.
    pub aged: Option<(Duration, SystemTime)>,
    /// A stored response brought up to date by a 304, waiting to be stored.
    pub refreshed: Option<Box<ResponseHeader>>,
    /// What `backend_refresh` made of the times of a 304.
    pub changed: Option<Changed>,
    /// `beresp.was_304`.
    pub was_304: bool,
    /// Why a 304 is of no use.
    pub unusable: Option<Unusable>,
    /// The stored part that may be a piece of the response.
    pub pieces: Pieces,
    /// How many bytes of a part are still to come, where only `Content-Range` says it.
    pub left_bytes: Option<u64>,
    /// What becomes of the body that comes.
    pub body: BodyUse,
    /// How many interim responses have come.
    pub interims: u32,
    /// Its tags.
    pub tags: Tags,
    /// The place in the policy that kept the response from being stored.
    pub refused_at: Option<Span>,
    /// How long requests for the same key are to pass, if the policy said so of this response.
    pub hit_for_pass: Option<Duration>,
    /// Status and reason of the error page, where `error(...)` or RFC 9111 asks for others than the usual.
    pub error: Option<(u16, Option<Vec<u8>>)>,
}

/// Whether a request is sent once more where a kept connection turned out to be closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reconnect {
    /// If it may be sent twice.
    #[default]
    Once,
    /// It is not.
    Never,
}

/// What becomes of the content of a request on its way to the backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// It goes there.
    #[default]
    Sent,
    /// The policy leaves it out (`unset bereq.body`).
    LeftOut,
}

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is decided.
    #[default]
    Open,
    /// A response came that the policy lets through.
    Answered,
    /// It failed, and is not made again.
    Failed,
    /// The policy gave it up: there is no page of `backend_error` either.
    GivenUp,
}

/// What became of a response on its way to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// It goes there.
    #[default]
    Usual,
    /// Its head goes there alone, for its status has no content.
    HeadAlone,
    /// `deliver` has answered in its place: what comes of its body is dropped.
    Replaced,
    /// The request has begun again elsewhere: nothing more is told of it here.
    Elsewhere,
}

impl Fetch {
    /// The name of the backend that is asked or was asked last.
    pub fn asked_name(&self) -> Option<&str> {
        let asked = self.asked.as_ref().map(|asked| asked.backend().name());
        asked.or(self.asked_name.as_deref())
    }

    /// Whether the backend is asked for a head alone (RFC 9110 section 9.3.2).
    pub fn asks_for_head(&self) -> bool {
        self.bereq.as_ref().is_some_and(|bereq| bereq.method == Method::HEAD)
    }

    /// Whether the connection was ended because the backend took too long.
    pub fn has_timed_out(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::has_cut)
    }

    /// The fields that stand in for `Cache-Control`.
    pub fn targets(&self) -> &TargetList {
        self.targets.as_ref().unwrap_or_default()
    }

    /// The directives that hold for a response with these fields.
    pub fn directives(&self, headers: &HeaderMap) -> CacheControl {
        targeted::governing(headers, self.targets())
    }
}

/// Where a request goes after `recv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    /// Look in the cache.
    #[default]
    Lookup,
    /// Leave the cache out.
    Pass,
}

/// A response that warp makes itself.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// The status.
    pub status: u16,
    /// The reason phrase; the usual one if `None`.
    pub reason: Option<Vec<u8>>,
    /// Where it sends the client.
    pub location: Option<Vec<u8>>,
}

impl Synthetic {
    /// One that sends the client nowhere else.
    pub fn new(status: u16, reason: Option<Vec<u8>>) -> Self {
        Self { status, reason, location: None }
    }
}

/// What a request came to.
#[derive(Clone, Copy, Debug)]
pub struct CacheVerdict {
    /// In one word.
    pub outcome: Outcome,
    /// Why it was not a hit.
    pub reason: Reason,
    /// The place in the policy that decided, if one did.
    pub decided_at: Option<Span>,
    /// Whether the response was stored.
    pub stored: bool,
    /// Whether it failed, and that is noted.
    pub failed: bool,
    /// Why it would have gone forward, if it was answered with what another request fetched meanwhile.
    pub collapsed: Option<Reason>,
    /// The status of the backend's response, when one came.
    pub forward_status: Option<u16>,
    /// How much longer the stored response is fresh, when that is what is served.
    pub ttl_seconds: Option<i64>,
}

impl Default for CacheVerdict {
    fn default() -> Self {
        Self {
            outcome: Outcome::Error,
            reason: Reason::Other,
            decided_at: None,
            stored: false,
            failed: false,
            collapsed: None,
            forward_status: None,
            ttl_seconds: None,
        }
    }
}

static NEXT_XID: AtomicU64 = AtomicU64::new(1);

/// A number that no request of this process has had.
pub fn next_xid() -> u64 {
    NEXT_XID.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl RequestCtx {
    /// Whether the request has begun again elsewhere.
    pub fn is_elsewhere(&self) -> bool {
        self.course == Course::Elsewhere
    }

    /// The state of a request that begins now, under `policy`.
    pub fn new(policy: Arc<Policy>, limits: Limits) -> Self {
        Self {
            policy,
            limits,
            exchange: Exchange::new(),
            fetch: Fetch::default(),
            disposition: Disposition::default(),
            pending: None,
            course: Course::default(),
            left_behind: OnceLock::new(),
            has_whole_body: false,
            in_flight: None,
            verdict: CacheVerdict::default(),
            told: None,
            handed: None,
            obj: None,
            sliced: false,
            part: coalesce::Part::default(),
            piped: None,
        }
    }
}

impl Exchange {
    /// That of a request that begins now.
    pub fn new() -> Self {
        Self::begun(next_xid(), Instant::now(), SystemTime::now())
    }

    fn begun(xid: u64, began: Instant, time: SystemTime) -> Self {
        Self {
            xid,
            began,
            time,
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            local: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            session: None,
            identity: None,
            background: false,
            backend_hint: None,
            wishes: Wishes::default(),
            grace: None,
            max_age: None,
            mark: None,
            is_streaming: false,
            unsent_status: 0,
            unasked: None,
            family: None,
            slice_bytes: 0,
            slice: None,
            key: Vec::new(),
            shown_key: Vec::new(),
            content: Vec::new(),
            body: None,
            log: Vec::new(),
            hits: 0,
            found: None,
            hits_before: 0,
            restarts: 0,
            keeping: Keeping::default(),
            ban_error: None,
            invalidator: None,
            unsafe_request: None,
        }
    }

    /// The policy says whether it wants this of the lookup.
    pub fn wish(&mut self, wish: Wish, is_wanted: bool) {
        self.wishes = self.wishes.with(wish, is_wanted);
    }

    /// That of the same request when it begins again: what its policy has said of it stays, what was made for it
    /// does not.
    pub fn again(&mut self) -> Self {
        let mut again = Self {
            keeping: std::mem::take(&mut self.keeping),
            log: std::mem::take(&mut self.log),
            invalidator: self.invalidator,
            unsafe_request: self.unsafe_request.take(),
            ..self.aside()
        };
        again.take_over(&self.said());
        again
    }

    /// What its policy has said of the request so far.
    pub fn said(&self) -> Said {
        Said {
            identity: self.identity.clone(),
            backend_hint: self.backend_hint,
            wishes: self.wishes,
            grace: self.grace,
            max_age: self.max_age,
            slice_bytes: self.slice_bytes,
            restarts: self.restarts,
        }
    }

    /// Lets the request go on with what was said of it.
    pub fn take_over(&mut self, said: &Said) {
        self.identity.clone_from(&said.identity);
        self.backend_hint = said.backend_hint;
        self.wishes = said.wishes;
        self.grace = said.grace;
        self.max_age = said.max_age;
        self.slice_bytes = said.slice_bytes;
        self.restarts = said.restarts;
    }

    /// The same client's side for a question beside this request: nothing that comes of it shows here.
    pub fn aside(&self) -> Self {
        Self {
            client: self.client,
            local: self.local,
            session: self.session.clone(),
            identity: self.identity.clone(),
            background: self.background,
            ..Self::begun(self.xid, self.began, self.time)
        }
    }
}
