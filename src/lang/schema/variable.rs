//! Variables and header collections: type, and the steps that may read, set or unset each.
//!
//! Names, types and legality are those of the VCL 4.1 reference ("vcl-var"); views of a message
//! that VCL has no name for (`req.path`) say so in their line.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::{Step, StepSet, Type};

/// What a step may do with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Steps that may read it.
    pub read: StepSet,
    /// Steps that may `set` it.
    pub set: StepSet,
    /// Steps that may `unset` it.
    pub unset: StepSet,
}

const NONE: StepSet = StepSet::NONE;
const CLIENT: StepSet = StepSet::CLIENT;
const BACKEND: StepSet = StepSet::BACKEND;
const EVERYWHERE: StepSet = CLIENT.and(BACKEND);
const FETCHED: StepSet = StepSet::of(&[Step::BackendRefresh, Step::BackendResponse, Step::BackendError]);
const REFRESHING: StepSet = StepSet::of(&[Step::BackendRefresh]);
const STORED: StepSet = StepSet::of(&[Step::Hit, Step::Deliver]);
const ANSWER: StepSet = StepSet::of(&[Step::Deliver, Step::Synth]);
const SYNTHETIC: StepSet = StepSet::of(&[Step::Synth]);
const FAILED: StepSet = StepSet::of(&[Step::BackendError]);
const FETCHING: StepSet = StepSet::of(&[Step::BackendFetch]);
const BEFORE_LOOKUP: StepSet = StepSet::of(&[Step::Recv, Step::Hash]);
const HASHED: StepSet =
    StepSet::of(&[Step::Hit, Step::Miss, Step::Pass, Step::Pipe, Step::Purge, Step::Deliver, Step::Synth]);
const PASSING: StepSet = StepSet::of(&[Step::Pass, Step::Deliver, Step::Synth]);
const MISSING: StepSet = StepSet::of(&[Step::Miss]).and(PASSING);
const PIPING: StepSet = StepSet::of(&[Step::Pipe]);
const PIPE_OR_BACKEND: StepSet = StepSet::of(&[Step::Pipe]).and(BACKEND);

macro_rules! variables {
    ($($variant:ident $name:literal $ty:ident $read:ident $set:ident $unset:ident $doc:literal;)*) => {
        /// A variable with one value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Variable { $(#[doc = $doc] $variant,)* }

        impl Variable {
            /// All of them, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as written: `req.url`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its type.
            #[must_use]
            pub const fn ty(self) -> Type {
                match self { $(Self::$variant => Type::$ty,)* }
            }

            /// Who may read, set and unset it.
            #[must_use]
            pub const fn access(self) -> Access {
                match self { $(Self::$variant => Access { read: $read, set: $set, unset: $unset },)* }
            }

            /// One line about it.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

variables! {
    // name, type, read in, set in, unset in
    Now "now" Time EVERYWHERE NONE NONE "The time at which the step began.";

    ClientIp "client.ip" Ip EVERYWHERE NONE NONE "The client's address.";
    ClientIdentity "client.identity" String EVERYWHERE CLIENT NONE "Who the client is, for directors and limits; its address until it is set.";
    ServerIp "server.ip" Ip EVERYWHERE NONE NONE "The address on which the client was accepted.";
    LocalIp "local.ip" Ip EVERYWHERE NONE NONE "The local address of the connection; the same as `server.ip` until PROXY protocol.";
    LocalSocket "local.socket" String EVERYWHERE NONE NONE "The name of the socket on which the client was accepted: `a0` for the first `--listen`, `a1` for the second.";
    LocalEndpoint "local.endpoint" String EVERYWHERE NONE NONE "The address of that socket, as `0.0.0.0:80`.";
    RemoteIp "remote.ip" Ip EVERYWHERE NONE NONE "The remote address of the connection; the same as `client.ip` until PROXY protocol.";
    ServerHostname "server.hostname" String EVERYWHERE NONE NONE "The name of this machine.";
    ServerIdentity "server.identity" String EVERYWHERE NONE NONE "The name of this instance, which is that of this machine.";

    SessXid "sess.xid" String EVERYWHERE NONE NONE "The number of the client's connection.";
    SessTimeoutIdle "sess.timeout_idle" Duration CLIENT CLIENT CLIENT "How long the client's connection may be open with no request on it; 1m until it is set. For all that is left of the connection.";
    SessIdleSendTimeout "sess.idle_send_timeout" Duration CLIENT CLIENT CLIENT "How long the client may take nothing of a response; 1m until it is set. For all that is left of the connection.";
    SessSendTimeout "sess.send_timeout" Duration CLIENT CLIENT CLIENT "How long a whole response may take to be sent; no limit until it is set. For all that is left of the connection.";

    ReqMethod "req.method" String CLIENT CLIENT NONE "The request method.";
    ReqUrl "req.url" String CLIENT CLIENT NONE "The request target: path and query.";
    ReqPath "req.path" String CLIENT NONE NONE "View: `req.url` up to the `?`.";
    ReqHost "req.host" String CLIENT NONE NONE "View: the host of the request in lower case, without its port.";
    ReqProto "req.proto" String CLIENT NONE NONE "The protocol: `HTTP/1.1`, `HTTP/2.0`.";
    ReqTransport "req.transport" String CLIENT NONE NONE "What brought the request: `HTTP/1`.";
    ReqCanGzip "req.can_gzip" Bool CLIENT NONE NONE "The client accepts `gzip` or `x-gzip`.";
    ReqTime "req.time" Time CLIENT NONE NONE "When the request came in.";
    ReqXid "req.xid" String CLIENT NONE NONE "The number of this request.";
    ReqRestarts "req.restarts" Int CLIENT NONE NONE "How often this request has begun again (`restart`).";
    ReqBackendHint "req.backend_hint" Backend CLIENT CLIENT NONE "The backend that a fetch for this request will use: the default one until it is set.";
    ReqHashAlwaysMiss "req.hash_always_miss" Bool CLIENT CLIENT NONE "Fetch and store anew whatever is stored.";
    ReqHashIgnoreBusy "req.hash_ignore_busy" Bool CLIENT CLIENT NONE "Do not wait for what another request fetches already: fetch it beside that.";
    ReqHashIgnoreVary "req.hash_ignore_vary" Bool CLIENT CLIENT NONE "Take the first stored variant that is found, whatever fields of the request its `Vary` names. Only where all variants are fit for all who ask.";
    ReqHash "req.hash" String HASHED NONE NONE "The hash of the cache key, in hexadecimal; unset where no key was made, as after `return (pass)` in `recv`.";
    ReqIsHitmiss "req.is_hitmiss" Bool MISSING NONE NONE "The key is marked hit-for-miss.";
    ReqIsHitpass "req.is_hitpass" Bool PASSING NONE NONE "The request passes because its key is marked hit-for-pass.";
    ReqGrace "req.grace" Duration CLIENT CLIENT CLIENT "The longest grace that this request makes use of, if the stored response has more. No limit until it is set. What is served because the backend fails is not limited by it.";
    ReqMaxAge "req.max_age" Duration CLIENT CLIENT CLIENT "The greatest age of a stored response that this request takes as fresh. What is older is stale for it, and served within its grace. No limit until it is set.";
    ReqTtl "req.ttl" Duration CLIENT CLIENT CLIENT "The older name of `req.max_age`.";
    ReqSelectLanguage "req.select_language" Bool CLIENT BEFORE_LOOKUP NONE "Where nothing is stored for this `Accept-Language`: use the variant whose `Content-Language` is the one language that the client likes best, instead of asking the backend. All other fields of `Vary` have to agree.";
    ReqSlice "req.slice" Bytes CLIENT BEFORE_LOOKUP NONE "Fetch and store what is not stored as a whole in slices of this size, each alone; 0 for as a whole. Less than 64 KB counts as 64 KB.";

    BereqMethod "bereq.method" String PIPE_OR_BACKEND PIPE_OR_BACKEND NONE "The method sent to the backend.";
    BereqUrl "bereq.url" String PIPE_OR_BACKEND PIPE_OR_BACKEND NONE "The request target sent to the backend.";
    BereqPath "bereq.path" String PIPE_OR_BACKEND NONE NONE "View: `bereq.url` up to the `?`.";
    BereqHost "bereq.host" String PIPE_OR_BACKEND NONE NONE "View: the host sent to the backend in lower case, without its port.";
    BereqProto "bereq.proto" String PIPE_OR_BACKEND NONE NONE "The protocol used towards the backend.";
    BereqTime "bereq.time" Time PIPE_OR_BACKEND NONE NONE "When the fetch began.";
    BereqXid "bereq.xid" String PIPE_OR_BACKEND NONE NONE "The number of the request that caused the fetch.";
    BereqRetries "bereq.retries" Int BACKEND NONE NONE "How often the policy has had the backend asked again (`retry`), for this fetch.";
    BereqBackend "bereq.backend" Backend PIPE_OR_BACKEND PIPE_OR_BACKEND NONE "The backend to ask.";
    BereqConnectTimeout "bereq.connect_timeout" Duration PIPE_OR_BACKEND PIPE_OR_BACKEND PIPE_OR_BACKEND "How long connecting may take, for this fetch.";
    BereqFirstByteTimeout "bereq.first_byte_timeout" Duration BACKEND BACKEND BACKEND "How long the first byte may take, for this fetch.";
    BereqBetweenBytesTimeout "bereq.between_bytes_timeout" Duration BACKEND BACKEND BACKEND "How long the backend may be silent, for this fetch.";
    BereqRetryConnect "bereq.retry_connect" Bool BACKEND BACKEND NONE "Ask once more over a new connection where a kept one turned out to be closed; true until it is set. `retry` does not look at it.";
    BereqTaskDeadline "bereq.task_deadline" Duration PIPING PIPING PIPING "How long the pipe may last; no limit if it is not set, or 0.";
    BereqBody "bereq.body" String NONE NONE FETCHING "The content of the request; unset, nothing of it is sent.";
    BereqHash "bereq.hash" String PIPE_OR_BACKEND NONE NONE "The same as `req.hash`.";
    BereqIsHitmiss "bereq.is_hitmiss" Bool BACKEND NONE NONE "The key is marked hit-for-miss.";
    BereqIsHitpass "bereq.is_hitpass" Bool BACKEND NONE NONE "The request passes because its key is marked hit-for-pass.";
    BereqUncacheable "bereq.uncacheable" Bool BACKEND NONE NONE "The response will not be stored (the request passes).";
    BereqIsBgfetch "bereq.is_bgfetch" Bool BACKEND NONE NONE "A fetch in the background, while a stale response is served.";

    BereqCacheControlFields "bereq.cache_control_fields" String BACKEND FETCHING NONE "The fields that stand in for `Cache-Control` and `Expires` of the response, the strongest first (RFC 9213); at first `CDN-Cache-Control, Surrogate-Control`.";

    BerespStatus "beresp.status" Int FETCHED FETCHED NONE "The status.";
    BerespReason "beresp.reason" String FETCHED FETCHED NONE "The reason phrase.";
    BerespProto "beresp.proto" String FETCHED NONE NONE "The protocol of the response.";
    BerespTtl "beresp.ttl" Duration FETCHED FETCHED NONE "How long it stays fresh from now on. Set from the response by RFC 9111 section 4.2 before the step.";
    BerespGrace "beresp.grace" Duration FETCHED FETCHED NONE "How long after that it may be served stale while it is fetched anew.";
    BerespKeep "beresp.keep" Duration FETCHED FETCHED NONE "How long after ttl and grace it is kept for validation.";
    BerespStaleIfError "beresp.stale_if_error" Duration FETCHED FETCHED NONE "How long after ttl it may be served stale when the backend fails: with a status 500, 502, 503 or 504, or without an answer. Set from the response by RFC 5861 section 4 before the step; 0 when it says nothing. Once it is stated or set, nothing but grace goes beyond it.";
    BerespUncacheable "beresp.uncacheable" Bool FETCHED FETCHED NONE "Do not store it. Once true it stays true.";
    BerespWas304 "beresp.was_304" Bool FETCHED NONE NONE "The backend answered 304: `beresp` is the stored response with the fields of that answer.";
    BerespAge "beresp.age" Duration FETCHED NONE NONE "How old it was on arrival.";
    BerespHeuristicTtl "beresp.heuristic_ttl" Duration FETCHED NONE NONE "The ttl that RFC 9111 section 4.2.2 lets a cache guess when the response states none: a tenth of the time since `Last-Modified`, a day at most, less its age; 0 when nothing may be guessed.";
    BerespBackend "beresp.backend" Backend FETCHED NONE NONE "The backend that answered.";
    BerespBackendName "beresp.backend.name" String FETCHED NONE NONE "The name of the backend that answered.";
    BerespTime "beresp.time" Time FETCHED NONE NONE "When its head was there.";
    BerespBody "beresp.body" String NONE FAILED NONE "The body of the response that is made up.";

    ObjStaleStatus "obj_stale.status" Int REFRESHING NONE NONE "The status of the stored response that is validated.";
    ObjStaleReason "obj_stale.reason" String REFRESHING NONE NONE "Its reason phrase.";
    ObjStaleProto "obj_stale.proto" String REFRESHING NONE NONE "Its protocol.";
    ObjStaleTtl "obj_stale.ttl" Duration REFRESHING NONE NONE "How long it stays fresh; negative since it is stale.";
    ObjStaleGrace "obj_stale.grace" Duration REFRESHING NONE NONE "Its grace period.";
    ObjStaleKeep "obj_stale.keep" Duration REFRESHING NONE NONE "How long it is kept beyond ttl and grace.";
    ObjStaleAge "obj_stale.age" Duration REFRESHING NONE NONE "Its age.";
    ObjStaleTime "obj_stale.time" Time REFRESHING NONE NONE "When it was made, by its age.";
    ObjStaleHits "obj_stale.hits" Int REFRESHING NONE NONE "How often it was served from the store.";
    ObjStaleUncacheable "obj_stale.uncacheable" Bool REFRESHING NONE NONE "It was not stored: false, since it is.";
    ObjStaleIsValid "obj_stale.is_valid" Bool REFRESHING NONE NONE "It was not purged while the backend was asked.";

    ObjStatus "obj.status" Int STORED NONE NONE "The stored status.";
    ObjReason "obj.reason" String STORED NONE NONE "The stored reason phrase.";
    ObjProto "obj.proto" String STORED NONE NONE "The protocol of the stored response.";
    ObjTtl "obj.ttl" Duration STORED NONE NONE "How long it stays fresh from now on; negative when stale.";
    ObjGrace "obj.grace" Duration STORED NONE NONE "Its grace period.";
    ObjKeep "obj.keep" Duration STORED NONE NONE "How long it is kept beyond ttl and grace.";
    ObjAge "obj.age" Duration STORED NONE NONE "Its age.";
    ObjTime "obj.time" Time STORED NONE NONE "When it was made, by its age.";
    ObjHits "obj.hits" Int STORED NONE NONE "How often it was served from the store; 0 on a miss.";
    ObjUrl "obj.url" String NONE NONE NONE "The URL that was asked for when it was stored, as `req.url` was then.";
    ObjHost "obj.host" String NONE NONE NONE "The host that was asked for, as `req.host` was then.";
    ObjUncacheable "obj.uncacheable" Bool STORED NONE NONE "It was not stored.";

    RespStatus "resp.status" Int ANSWER ANSWER NONE "The status sent to the client.";
    RespReason "resp.reason" String ANSWER ANSWER NONE "The reason phrase sent to the client.";
    RespProto "resp.proto" String ANSWER NONE NONE "The protocol of the response.";
    RespTime "resp.time" Time ANSWER NONE NONE "When the response was ready.";
    RespIsStreaming "resp.is_streaming" Bool ANSWER NONE NONE "Its body is sent while it comes from the backend.";
    OutcomeStored "outcome.stored" Bool NONE NONE NONE "In an invariant, as `stored`: a response was stored on the way of the request.";
    OutcomePassed "outcome.passed" Bool NONE NONE NONE "In an invariant, as `passed`: the cache was left out for the request.";
    OutcomeTtl "outcome.ttl" Duration NONE NONE NONE "In an invariant, as `ttl`: how long what was stored stays fresh; 0 if nothing was.";
    OutcomeBackend "outcome.backend" Backend NONE NONE NONE "In an invariant, as `backend`: the backend or director that was asked last; `none` if none was.";

    RespBody "resp.body" String NONE SYNTHETIC NONE "The body of the response that is made up.";
}

impl Variable {
    /// The variable of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        static NAMED: LazyLock<HashMap<&str, Variable>> =
            LazyLock::new(|| Variable::ALL.iter().map(|variable| (variable.name(), *variable)).collect());
        NAMED.get(name).copied()
    }

    /// What came of a request, by the name that an invariant has for it: `stored`.
    #[must_use]
    pub fn outcome(name: &str) -> Option<Self> {
        Self::find(&format!("outcome.{name}"))
    }

    /// The variables that tell what came of a request.
    pub fn outcomes() -> impl Iterator<Item = (&'static str, Self)> {
        Self::ALL.iter().filter_map(|variable| Some((variable.name().strip_prefix("outcome.")?, *variable)))
    }

    /// Whether an invariant may ask for it: what the client sends, what the backend answers, and what came of it.
    #[must_use]
    pub fn is_in_invariants(self) -> bool {
        use Variable as V;
        let is_sent =
            matches!(self, V::ReqMethod | V::ReqUrl | V::ReqPath | V::ReqHost | V::ClientIp | V::BerespStatus);
        is_sent || self.name().starts_with("outcome.")
    }

    /// Whether a test may ask for it that an invariant may not: what the client gets.
    #[must_use]
    pub const fn is_in_tests(self) -> bool {
        matches!(self, Self::RespStatus | Self::RespReason)
    }

    /// Whether a `ban` may ask for it: what is known of a stored response while nobody asks for that.
    #[must_use]
    pub const fn is_in_bans(self) -> bool {
        matches!(
            self,
            Self::ObjStatus
                | Self::ObjReason
                | Self::ObjProto
                | Self::ObjTtl
                | Self::ObjGrace
                | Self::ObjKeep
                | Self::ObjAge
                | Self::ObjUrl
                | Self::ObjHost
        )
    }
}

/// A message with header fields: `req.http.Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The client's request.
    Req,
    /// The request to the backend.
    Bereq,
    /// The backend's response.
    Beresp,
    /// The stored response that is validated.
    ObjStale,
    /// The stored response.
    Obj,
    /// The response to the client.
    Resp,
}

impl Message {
    /// All messages.
    pub const ALL: &[Self] = &[Self::Req, Self::Bereq, Self::Beresp, Self::ObjStale, Self::Obj, Self::Resp];

    /// The first part of its names: `req`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Req => "req",
            Self::Bereq => "bereq",
            Self::Beresp => "beresp",
            Self::ObjStale => "obj_stale",
            Self::Obj => "obj",
            Self::Resp => "resp",
        }
    }

    /// The message of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|message| message.name() == name)
    }

    /// Who may read, set and unset its header fields.
    #[must_use]
    pub const fn access(self) -> Access {
        match self {
            Self::Req => Access { read: CLIENT, set: CLIENT, unset: CLIENT },
            Self::Bereq => Access { read: PIPE_OR_BACKEND, set: PIPE_OR_BACKEND, unset: PIPE_OR_BACKEND },
            Self::Beresp => Access { read: FETCHED, set: FETCHED, unset: FETCHED },
            Self::ObjStale => Access { read: REFRESHING, set: NONE, unset: NONE },
            Self::Obj => Access { read: STORED, set: NONE, unset: NONE },
            Self::Resp => Access { read: ANSWER, set: ANSWER, unset: ANSWER },
        }
    }

    /// Whether it is a request, so that it has a query and cookies.
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self, Self::Req | Self::Bereq)
    }
}

/// A short name that rule tables allow: `path` for `req.path`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortName {
    /// The short name.
    pub name: &'static str,
    /// What it stands for in `rules request`.
    pub request: Option<&'static str>,
    /// What it stands for in `rules response`.
    pub response: Option<&'static str>,
}

/// The short names of rule tables. `query` and `cookies` are collections, `header "X"` is grammar.
pub const SHORT_NAMES: &[ShortName] = &[
    ShortName { name: "method", request: Some("req.method"), response: Some("bereq.method") },
    ShortName { name: "host", request: Some("req.host"), response: Some("bereq.host") },
    ShortName { name: "path", request: Some("req.path"), response: Some("bereq.path") },
    ShortName { name: "url", request: Some("req.url"), response: Some("bereq.url") },
    ShortName { name: "query", request: Some("req.query"), response: Some("bereq.query") },
    ShortName { name: "cookies", request: Some("req.cookies"), response: Some("bereq.cookies") },
    ShortName { name: "status", request: None, response: Some("beresp.status") },
];
