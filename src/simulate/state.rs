//! What there is of a request while it is under way.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method, header};

use super::journey::{Journey, KeyPart, Response, Stored};
use super::message::Request;
use super::world::World;
use crate::cache::lifetimes::Uncacheable;
use crate::cache::{CacheControl, Lifetimes, TargetList, asked, targeted};
use crate::decision::Program;
use crate::lang::hir::BackendId;
use crate::lang::schema::{Message, Step};
use crate::lang::source::Span;

/// The address on which the client is accepted.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A request under way.
#[derive(Clone)]
pub struct Head {
    pub method: Method,
    pub target: Vec<u8>,
    pub headers: HeaderMap,
}

/// What the policy sees and changes.
#[derive(Clone)]
pub struct State<'a> {
    pub world: &'a World,
    pub program: &'a Program,
    pub site: Option<&'a str>,
    pub default_backend: Option<BackendId>,
    /// Those of `backend NAME none;`, which never answer.
    pub nowhere: &'a [BackendId],
    /// The step that is run.
    pub step: Step,
    /// The statement that is carried out.
    pub place: Option<Span>,
    pub client: IpAddr,
    pub req: Head,
    pub exchange: Exchange,
    pub fetch: Fetch,
    pub resp: Option<Response>,
    pub obj: Option<Stored>,
    /// Whether it is the fetch behind a stale response, which is a request of its own.
    pub is_behind: bool,
    /// How often the request has begun again.
    pub restarts: u32,
    /// Whether its content was read before it began again, and not kept.
    pub is_content_gone: bool,
    pub log: Vec<Vec<u8>>,
    /// What came of it, for who asks afterwards.
    pub outcome: Option<&'a Journey>,
}

/// What the policy says of the request.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of the language, and of that type")]
pub struct Exchange {
    pub identity: Option<Vec<u8>>,
    pub backend_hint: Option<BackendId>,
    pub always_miss: bool,
    pub ignore_busy: bool,
    pub ignore_vary: bool,
    pub select_language: bool,
    pub grace: Option<Duration>,
    pub max_age: Option<Duration>,
    pub slice_bytes: u64,
    /// How much of its content is to be kept at most.
    pub wanted_bytes: Option<u64>,
    pub keeps_content: bool,
    pub key: Vec<KeyPart>,
    pub body: Option<Vec<u8>>,
    /// What the policy put before the digits of `resp.status` that are sent.
    pub unsent_status: u16,
    pub ban_error: Option<String>,
    pub hits: i64,
}

/// What the policy says of the fetch.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else, and any of them may be so")]
pub struct Fetch {
    pub bereq: Option<Head>,
    pub beresp: Option<Response>,
    pub backend: Option<BackendId>,
    pub chosen: Option<BackendId>,
    pub passes: bool,
    pub retries: u32,
    pub was_sent: bool,
    pub has_failed: bool,
    pub leaves_content_out: bool,
    pub timeouts: [Option<Duration>; 4],
    pub never_reconnects: bool,
    pub targets: Option<TargetList>,
    pub unsent_status: u16,
    pub lifetimes: Lifetimes,
    pub refused_at: Option<Span>,
    /// For how long the policy has requests with this key pass.
    pub hit_for_pass_ms: Option<i64>,
    pub tags: Vec<Vec<u8>>,
    /// The fields that were sent.
    pub asked_with: Option<HeaderMap>,
    /// Status and reason of the error page, where they are not the usual ones.
    pub error: Option<(u16, Option<Vec<u8>>)>,
}

impl Exchange {
    /// What is left of it when the request begins again.
    pub fn again(&self) -> Self {
        Self {
            identity: self.identity.clone(),
            backend_hint: self.backend_hint,
            always_miss: self.always_miss,
            ignore_busy: self.ignore_busy,
            ignore_vary: self.ignore_vary,
            select_language: self.select_language,
            grace: self.grace,
            max_age: self.max_age,
            slice_bytes: self.slice_bytes,
            keeps_content: self.keeps_content,
            ..Self::default()
        }
    }
}

impl Fetch {
    /// That of a request for which no backend was asked yet.
    pub fn begun(passes: bool) -> Self {
        Self { passes, lifetimes: Lifetimes::unsaid(passes), ..Self::default() }
    }

    /// What is left of it when the backend is asked again.
    pub fn again(&self) -> Self {
        Self {
            bereq: self.bereq.clone(),
            backend: self.backend,
            passes: self.passes,
            retries: self.retries,
            was_sent: self.was_sent,
            leaves_content_out: self.leaves_content_out,
            timeouts: self.timeouts,
            never_reconnects: self.never_reconnects,
            targets: self.targets.clone(),
            lifetimes: Lifetimes::unsaid(self.passes),
            ..Self::default()
        }
    }

    /// The directives that hold for a response with these fields.
    pub fn directives(&self, headers: &HeaderMap) -> CacheControl {
        targeted::governing(headers, self.targets.as_ref().unwrap_or_default())
    }

    /// The policy says that the response is not to be stored.
    pub fn refuse(&mut self, place: Option<Span>) {
        self.lifetimes.uncacheable = Uncacheable::Refused;
        self.refused_at = self.refused_at.or(place);
    }
}

impl Head {
    /// A request as the backend will see it: without what is meant for the client's connection, and with its address.
    pub fn of(request: &Request) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_str(&request.host) {
            headers.insert(header::HOST, host);
        }
        for (name, value) in &request.headers {
            headers.append(name, value.clone());
        }
        if !request.body.is_empty() && !headers.contains_key(header::TRANSFER_ENCODING) {
            headers.insert(header::CONTENT_LENGTH, request.body.len().into());
        }
        let mut head = Self { method: request.method.clone(), target: request.target.clone().into_bytes(), headers };
        for name in asked::for_this_connection(&head.headers) {
            head.headers.remove(name);
        }
        if let Some(value) = asked::forwarded_for(&head.headers, request.client) {
            head.headers.insert(asked::FORWARDED_FOR, value);
        }
        head
    }
}

impl State<'_> {
    pub fn now(&self) -> SystemTime {
        self.world.now
    }

    pub fn head(&self, message: Message) -> Option<&Head> {
        match message {
            Message::Req => Some(&self.req),
            Message::Bereq => self.fetch.bereq.as_ref(),
            _ => None,
        }
    }

    pub fn headers(&self, message: Message) -> Option<&HeaderMap> {
        match message {
            Message::Req => Some(&self.req.headers),
            Message::Bereq => self.fetch.bereq.as_ref().map(|bereq| &bereq.headers),
            Message::Beresp => self.fetch.beresp.as_ref().map(|beresp| &beresp.headers),
            Message::Obj | Message::ObjStale => self.obj.as_ref().map(|obj| &obj.headers),
            Message::Resp => self.resp.as_ref().map(|resp| &resp.headers),
        }
    }

    /// The fields of a message that can be changed.
    pub fn headers_mut(&mut self, message: Message) -> Option<&mut HeaderMap> {
        match message {
            Message::Req => Some(&mut self.req.headers),
            Message::Bereq => self.fetch.bereq.as_mut().map(|bereq| &mut bereq.headers),
            Message::Beresp => self.fetch.beresp.as_mut().map(|beresp| &mut beresp.headers),
            Message::Resp => self.resp.as_mut().map(|resp| &mut resp.headers),
            Message::Obj | Message::ObjStale => None,
        }
    }
}
