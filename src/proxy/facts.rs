//! A request on pingora, as the policy sees it.

mod exchange;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use pingora::http::{RequestHeader, ResponseHeader};

use super::ctx::{Content, Exchange, Fetch, Reconnect};
use super::{password, warning, world};
use crate::cache::asked::{host, path_of};
use crate::cache::lifetimes::{Lifetimes, Uncacheable};
use crate::cache::{TargetList, spelling};
use crate::decision::facts::Rate;
use crate::decision::settable::{self, BAD_VALUE, field_value, room_for_one_more};
use crate::decision::{Ban, Facts, Refused, TEXT_LIMIT_BYTES, Value};
use crate::lang::hir::{BackendId, PasswordHash, RateLimitId};
use crate::lang::schema::{self, Message, Variable, join_status, split_status};
use crate::lang::source::Span;
use crate::origin::declared_name;
use crate::policy::Policy;

/// What a step can reach. A message that the step has nothing to do with is `None`; the checker
/// has seen to it that no policy asks for one.
pub struct StepFacts<'a> {
    /// `now`.
    pub now: SystemTime,
    /// The client's side.
    pub exchange: &'a mut Exchange,
    /// The backend's side.
    pub fetch: Option<&'a mut Fetch>,
    /// `req`.
    pub req: Option<&'a mut RequestHeader>,
    /// `bereq`.
    pub bereq: Option<&'a mut RequestHeader>,
    /// `beresp`.
    pub beresp: Option<&'a mut ResponseHeader>,
    /// `obj`.
    pub obj: Option<ObjView<'a>>,
    /// `resp`.
    pub resp: Option<&'a mut ResponseHeader>,
    /// The policy, for what it knows of the world.
    pub policy: Option<&'a Policy>,
    /// Whether the policy is asked what it would do, and nothing counts.
    pub is_aside: bool,
    /// The statement that is being carried out.
    place: Option<Span>,
}

/// A stored response.
#[derive(Clone, Copy)]
pub struct ObjView<'a> {
    /// Its head.
    pub header: &'a ResponseHeader,
    /// Until when it is fresh.
    pub fresh_until: SystemTime,
    /// Its age.
    pub age: Duration,
    /// `obj.grace`.
    pub grace: Duration,
    /// `obj.keep`.
    pub keep: Duration,
}

impl<'a> StepFacts<'a> {
    /// The facts of a step that begins now and sees only the client's request.
    pub fn new(exchange: &'a mut Exchange, req: Option<&'a mut RequestHeader>) -> Self {
        let now = SystemTime::now();
        Self {
            now,
            exchange,
            fetch: None,
            req,
            bereq: None,
            beresp: None,
            obj: None,
            resp: None,
            policy: None,
            is_aside: false,
            place: None,
        }
    }

    /// The site whose policy is run.
    fn site(&self) -> Option<&'a str> {
        self.policy?.site.as_deref()
    }

    fn headers(&self, message: Message) -> Option<&HeaderMap> {
        match message {
            Message::Req => self.req.as_deref().map(|req| &req.headers),
            Message::Bereq => self.bereq.as_deref().map(|bereq| &bereq.headers),
            Message::Beresp => self.beresp.as_deref().map(|beresp| &beresp.headers),
            Message::ObjStale | Message::Obj => self.obj.map(|obj| &obj.header.headers),
            Message::Resp => self.resp.as_deref().map(|resp| &resp.headers),
        }
    }
}

/// The text of a version as VCL writes it.
fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// The stored response is `obj` on the client's side and `obj_stale` on the backend's.
fn obj_of(variable: Variable) -> Variable {
    match variable {
        Variable::ObjStaleStatus => Variable::ObjStatus,
        Variable::ObjStaleReason => Variable::ObjReason,
        Variable::ObjStaleProto => Variable::ObjProto,
        Variable::ObjStaleTtl => Variable::ObjTtl,
        Variable::ObjStaleGrace => Variable::ObjGrace,
        Variable::ObjStaleKeep => Variable::ObjKeep,
        Variable::ObjStaleAge => Variable::ObjAge,
        Variable::ObjStaleTime => Variable::ObjTime,
        Variable::ObjStaleUncacheable => Variable::ObjUncacheable,
        other => other,
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A length of time that was set; none where it was unset.
fn duration(value: &Value<'_>) -> Option<Duration> {
    match value {
        Value::Duration(time) => Some(Lifetimes::duration(*time)),
        _ => None,
    }
}

fn timeout(set: Option<Duration>) -> Value<'static> {
    Value::Duration(set.map_or(0, milliseconds))
}

fn reason(resp: &ResponseHeader) -> Value<'_> {
    resp.get_reason_phrase().map_or(Value::UNSET, Value::text)
}

impl StepFacts<'_> {
    fn of_request(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let message = match variable {
            V::ReqMethod | V::ReqUrl | V::ReqPath | V::ReqHost | V::ReqProto => self.req.as_deref(),
            V::BereqMethod | V::BereqUrl | V::BereqPath | V::BereqHost | V::BereqProto => self.bereq.as_deref(),
            _ => return None,
        };
        let Some(message) = message else { return Some(Value::UNSET) };
        Some(match variable {
            V::ReqMethod | V::BereqMethod => Value::text(message.method.as_str()),
            V::ReqUrl | V::BereqUrl => Value::text(message.raw_path()),
            V::ReqPath | V::BereqPath => Value::text(path_of(message.raw_path())),
            V::ReqHost | V::BereqHost => Value::Text(host(&message.headers)),
            _ => Value::text(protocol(message.version)),
        })
    }

    fn of_fetch(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let fetch = self.fetch.as_deref()?;
        let times = &fetch.lifetimes;
        Some(match variable {
            V::BereqRetries => Value::Int(i64::from(fetch.attempts.retries)),
            V::BereqTime => Value::Time(fetch.sent.unwrap_or(self.now)),
            V::ObjStaleIsValid => Value::Bool(fetch.intent.as_ref().is_none_or(|intent| intent.stands())),
            V::BereqBackend => Value::Backend(fetch.backend),
            V::BerespBackend => Value::Backend(fetch.chosen),
            V::BerespBackendName => fetch.asked_name().map_or(Value::UNSET, |name| Value::text(declared_name(name))),
            V::BereqConnectTimeout => timeout(fetch.connect_timeout),
            V::BereqFirstByteTimeout => timeout(fetch.first_byte_timeout),
            V::BereqBetweenBytesTimeout => timeout(fetch.between_bytes_timeout),
            V::BereqTaskDeadline => timeout(fetch.task_deadline),
            V::BereqRetryConnect => Value::Bool(fetch.reconnect == Reconnect::Once),
            V::BereqCacheControlFields => Value::text(fetch.targets().as_str()),
            V::BereqUncacheable | V::BerespUncacheable => Value::Bool(times.uncacheable != Uncacheable::No),
            V::BerespTtl => Value::Duration(times.ttl_ms),
            V::BerespHeuristicTtl => Value::Duration(times.heuristic_ms),
            V::BerespGrace => Value::Duration(times.grace_ms),
            V::BerespKeep => Value::Duration(times.keep_ms),
            V::BerespStaleIfError => Value::Duration(times.stale_if_error_ms.unwrap_or(0)),
            V::BerespWas304 => Value::Bool(fetch.was_304),
            V::BerespAge => Value::Duration(milliseconds(times.age)),
            _ => return None,
        })
    }

    fn of_response(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let response = match variable {
            V::BerespStatus | V::BerespReason | V::BerespProto => self.beresp.as_deref(),
            V::RespStatus | V::RespReason | V::RespProto => self.resp.as_deref(),
            V::ObjStatus | V::ObjReason | V::ObjProto => self.obj.map(|obj| obj.header),
            _ => return None,
        };
        Some(match (variable, response) {
            (V::BerespStatus | V::RespStatus | V::ObjStatus, response) => {
                let unsent = match variable {
                    V::RespStatus => self.exchange.unsent_status,
                    V::BerespStatus => self.fetch.as_deref().map_or(0, |fetch| fetch.unsent_status),
                    _ => 0,
                };
                Value::Int(response.map_or(0, |response| join_status(response.status.as_u16(), unsent)))
            }
            (_, None) => Value::UNSET,
            (V::BerespReason | V::RespReason | V::ObjReason, Some(response)) => reason(response),
            (_, Some(response)) => Value::text(protocol(response.version)),
        })
    }

    fn of_object(&self, variable: Variable) -> Value<'_> {
        let Some(obj) = self.obj else {
            return match variable {
                Variable::ObjUncacheable => Value::Bool(true),
                Variable::ObjTime => Value::Time(self.now),
                _ => Value::Duration(0),
            };
        };
        value_of_object(&obj, self.now, variable)
    }
}

/// What is stored of a response beside its fields.
pub fn value_of_object<'a>(obj: &ObjView<'a>, now: SystemTime, variable: Variable) -> Value<'a> {
    match variable {
        Variable::ObjTtl => Value::Duration(match obj.fresh_until.duration_since(now) {
            Ok(left) => milliseconds(left),
            Err(past) => -milliseconds(past.duration()),
        }),
        Variable::ObjGrace => Value::Duration(milliseconds(obj.grace)),
        Variable::ObjKeep => Value::Duration(milliseconds(obj.keep)),
        Variable::ObjAge => Value::Duration(milliseconds(obj.age)),
        Variable::ObjTime => Value::Time(now.checked_sub(obj.age).unwrap_or(SystemTime::UNIX_EPOCH)),
        Variable::ObjUncacheable => Value::Bool(false),
        Variable::ObjStatus => Value::Int(i64::from(obj.header.status.as_u16())),
        Variable::ObjReason => reason(obj.header),
        Variable::ObjProto => Value::text(protocol(obj.header.version)),
        _ => Value::UNSET,
    }
}

/// What stands for a part of the key that is unset: a length that no part has, nor what makes the key of a slice or of
/// a request with content.
pub const UNSET_PART: [u8; 8] = (u64::MAX - 2).to_le_bytes();

/// What stands before a further value of what a part of the key names.
pub const FURTHER_VALUE: [u8; 8] = (u64::MAX - 4).to_le_bytes();

const NOT_HERE: Refused = Refused("it cannot be set in this step");

impl StepFacts<'_> {
    /// Before `bereq` is changed that was sent already: what comes answers what was sent.
    fn keep_what_was_asked(&mut self, message: Message) {
        if let (Message::Bereq, Some(bereq), Some(fetch)) = (message, self.bereq.as_deref(), self.fetch.as_deref_mut())
            && fetch.sent.is_some()
            && fetch.asked_with.is_none()
        {
            fetch.asked_with = Some(Box::new(bereq.headers.clone()));
        }
    }

    fn set_request(&mut self, variable: Variable, value: &[u8]) -> Result<(), Refused> {
        let message = match variable {
            Variable::ReqMethod | Variable::ReqUrl => self.req.as_deref_mut(),
            _ => self.bereq.as_deref_mut(),
        };
        let message = message.ok_or(NOT_HERE)?;
        if matches!(variable, Variable::ReqMethod | Variable::BereqMethod) {
            message.set_method(settable::method(value)?);
            return Ok(());
        }
        // `*` is no URL to be set, and stays where a policy writes what is there.
        if message.raw_path() == value {
            return Ok(());
        }
        message.set_raw_path(settable::target(value)?).map_err(|_| Refused("it is not a URL"))
    }

    fn set_fetch(&mut self, variable: Variable, value: &Value<'_>) -> Result<(), Refused> {
        use Variable as V;
        let fetch = self.fetch.as_deref_mut().ok_or(NOT_HERE)?;
        let times = &mut fetch.lifetimes;
        match (variable, value) {
            (V::BereqBackend, Value::Backend(backend)) => fetch.backend = *backend,
            (V::BereqConnectTimeout, time) => fetch.connect_timeout = duration(time),
            (V::BereqFirstByteTimeout, time) => fetch.first_byte_timeout = duration(time),
            (V::BereqBetweenBytesTimeout, time) => fetch.between_bytes_timeout = duration(time),
            (V::BereqTaskDeadline, time) => fetch.task_deadline = duration(time),
            (V::BereqRetryConnect, Value::Bool(true)) => fetch.reconnect = Reconnect::Once,
            (V::BereqRetryConnect, Value::Bool(false)) => fetch.reconnect = Reconnect::Never,
            (V::BereqBody, _) => fetch.content = Content::LeftOut,
            (V::BereqCacheControlFields, Value::Text(text)) => {
                fetch.targets = Some(targets(text.as_deref().unwrap_or_default()));
            }
            (V::BerespTtl, Value::Duration(time)) => times.set_ttl(*time),
            (V::BerespGrace, Value::Duration(time)) => times.set_grace(*time),
            (V::BerespKeep, Value::Duration(time)) => times.set_keep(*time),
            (V::BerespStaleIfError, Value::Duration(time)) => times.set_stale_if_error(*time),
            (V::BerespUncacheable, Value::Bool(true)) => {
                times.uncacheable = Uncacheable::Refused;
                fetch.refused_at = fetch.refused_at.or(self.place);
            }
            // Once true it stays true.
            (V::BerespUncacheable, Value::Bool(false)) => {}
            _ => return Err(NOT_HERE),
        }
        Ok(())
    }

    fn set_response(&mut self, variable: Variable, value: Value<'_>) -> Result<(), Refused> {
        let is_for_client = matches!(variable, Variable::RespStatus | Variable::RespReason);
        let response = if is_for_client { self.resp.as_deref_mut() } else { self.beresp.as_deref_mut() };
        let response = response.ok_or(NOT_HERE)?;
        match value {
            Value::Int(number) => {
                let status = schema::status(number);
                let status = status.ok_or(Refused("the last three digits of a status are within 200 to 999"))?;
                let (sent, unsent) = split_status(status);
                match self.fetch.as_deref_mut().filter(|_| !is_for_client) {
                    Some(fetch) => fetch.unsent_status = unsent,
                    None => self.exchange.unsent_status = unsent,
                }
                response.set_status(sent).map_err(|_| Refused("it is not a status"))
            }
            Value::Text(Some(reason)) => set_reason(response, &reason),
            _ => response.set_reason_phrase(None).map_err(|_| BAD_VALUE),
        }
    }
}

/// Reads a list of field names; what is none is left out, and the log tells.
fn targets(text: &[u8]) -> TargetList {
    let text = String::from_utf8_lossy(text);
    let (targets, refused) = TargetList::parse(&text);
    if !refused.is_empty()
        && let Some(left_out) = warning::due("targets", None)
    {
        tracing::warn!(?refused, left_out, "bereq.cache_control_fields names what no field can be called");
    }
    targets
}

/// Sets the reason phrase: text without control characters (RFC 9112 section 4).
pub fn set_reason(response: &mut ResponseHeader, reason: &[u8]) -> Result<(), Refused> {
    response.set_reason_phrase(Some(settable::reason(reason)?)).map_err(|_| BAD_VALUE)
}

impl Facts for StepFacts<'_> {
    fn performing(&mut self, place: Span) {
        self.place = Some(place);
    }

    fn get(&self, variable: Variable) -> Value<'_> {
        let variable = obj_of(variable);
        self.of_request(variable)
            .or_else(|| self.of_connection(variable))
            .or_else(|| self.of_exchange(variable))
            .or_else(|| self.of_response(variable))
            .or_else(|| self.of_fetch(variable))
            .unwrap_or_else(|| self.of_object(variable))
    }

    fn set(&mut self, variable: Variable, value: Value<'_>) -> Result<(), Refused> {
        use Variable as V;
        match (variable, value) {
            (V::ReqMethod | V::ReqUrl | V::BereqMethod | V::BereqUrl, Value::Text(text)) => {
                self.set_request(variable, &text.unwrap_or_default())
            }
            (V::RespBody | V::BerespBody, Value::Text(body)) => {
                let body = body.unwrap_or_default();
                if body.len() >= TEXT_LIMIT_BYTES {
                    return Err(Refused("a body that is made up has less than 1 MB"));
                }
                self.exchange.body = Some(Bytes::from(body.into_owned()));
                Ok(())
            }
            (V::RespStatus | V::RespReason | V::BerespStatus | V::BerespReason, value) => {
                self.set_response(variable, value)
            }
            (_, value) if self.set_exchange(variable, &value) => Ok(()),
            (_, value) => self.set_fetch(variable, &value),
        }
    }

    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        let mut lines = self.headers(message)?.get_all(name).iter().map(HeaderValue::as_bytes);
        let first = lines.next()?;
        if name != header::COOKIE {
            return Some(Cow::Borrowed(first));
        }
        let mut rest = lines.peekable();
        if rest.peek().is_none() {
            return Some(Cow::Borrowed(first));
        }
        let joined = rest.fold(first.to_vec(), |mut joined, line| {
            joined.extend_from_slice(b"; ");
            joined.extend_from_slice(line);
            joined
        });
        Some(Cow::Owned(joined))
    }

    fn set_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        let (spelling, value) = (spelling(name), field_value(name, value)?);
        if let Some(headers) = self.headers(message).filter(|headers| !headers.contains_key(name)) {
            room_for_one_more(headers)?;
        }
        self.keep_what_was_asked(message);
        let done = match message {
            Message::Req => self.req.as_deref_mut().map(|req| req.insert_header(spelling, value)),
            Message::Bereq => self.bereq.as_deref_mut().map(|bereq| bereq.insert_header(spelling, value)),
            Message::Beresp => self.beresp.as_deref_mut().map(|beresp| beresp.insert_header(spelling, value)),
            Message::Resp => self.resp.as_deref_mut().map(|resp| resp.insert_header(spelling, value)),
            Message::ObjStale | Message::Obj => None,
        };
        done.ok_or(NOT_HERE)?.map_err(|_| BAD_VALUE)
    }

    fn unset_header(&mut self, message: Message, name: &HeaderName) {
        self.keep_what_was_asked(message);
        match message {
            Message::Req => drop(self.req.as_deref_mut().and_then(|req| req.remove_header(name))),
            Message::Bereq => drop(self.bereq.as_deref_mut().and_then(|bereq| bereq.remove_header(name))),
            Message::Beresp => drop(self.beresp.as_deref_mut().and_then(|beresp| beresp.remove_header(name))),
            Message::Resp => drop(self.resp.as_deref_mut().and_then(|resp| resp.remove_header(name))),
            Message::ObjStale | Message::Obj => {}
        }
    }

    fn hash_data(&mut self, part: &[u8]) {
        self.exchange.key.extend_from_slice(&(part.len() as u64).to_le_bytes());
        self.exchange.key.extend_from_slice(part);
    }

    fn hash_part(&mut self, part: Option<&[u8]>) {
        match part {
            Some(part) => self.hash_data(part),
            None => self.exchange.key.extend_from_slice(&UNSET_PART),
        }
    }

    fn hash_further(&mut self, value: &[u8]) {
        self.exchange.key.extend_from_slice(&FURTHER_VALUE);
        self.hash_data(value);
    }

    fn tag(&mut self, tags: &[u8]) {
        let site = self.site();
        let Some(fetch) = self.fetch.as_deref_mut() else { return };
        if fetch.tags.add(site, tags).is_err() {
            // Stored without one of them, it would be left by a purge that is meant for it.
            if let Some(left_out) = warning::due("tags", None) {
                let xid = self.exchange.xid;
                tracing::warn!(
                    xid,
                    left_out,
                    "a response has too many tags, or one that is too long, and is not stored"
                );
            }
            fetch.lifetimes.uncacheable = Uncacheable::Refused;
            fetch.refused_at = fetch.refused_at.or(self.place);
        }
    }

    fn tag_by_field(&mut self, name: &HeaderName) {
        let Some(beresp) = self.beresp.as_deref() else { return };
        let lines: Vec<HeaderValue> = beresp.headers.get_all(name).iter().cloned().collect();
        for line in lines {
            self.tag(line.as_bytes());
        }
    }

    fn ban(&mut self, ban: Ban) {
        if let Some(invalidator) = self.exchange.invalidator {
            invalidator.ban(self.site(), ban);
        }
    }

    fn ban_by_text(&mut self, text: &[u8]) {
        match Ban::parse(text) {
            Ok(ban) => {
                self.exchange.ban_error = None;
                self.ban(ban);
            }
            Err(why) => self.exchange.ban_error = Some(why),
        }
    }

    fn ban_error(&self) -> Option<Cow<'_, [u8]>> {
        self.exchange.ban_error.as_deref().map(|why| Cow::Borrowed(why.as_bytes()))
    }

    fn purge_tags(&mut self, tags: &[u8], softly: bool) {
        if let Some(invalidator) = self.exchange.invalidator {
            invalidator.purge_tags(self.site(), tags, softly);
        }
    }

    fn keep_content(&mut self, most_bytes: u64) {
        self.exchange.keeping.wanted_bytes = Some(most_bytes);
    }

    fn log(&mut self, line: &[u8]) {
        self.exchange.log.push(String::from_utf8_lossy(line).into_owned());
    }

    fn count_header_lines(&self, message: Message, name: &HeaderName) -> usize {
        self.headers(message).map_or(0, |headers| headers.get_all(name).iter().count())
    }

    fn header_lines(&self, message: Message, name: &HeaderName) -> Vec<Cow<'_, [u8]>> {
        let lines = self.headers(message).into_iter().flat_map(|headers| headers.get_all(name));
        lines.map(|line| Cow::Borrowed(line.as_bytes())).collect()
    }

    fn append_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        let (spelling, value) = (spelling(name), field_value(name, value)?);
        self.headers(message).map_or(Ok(()), room_for_one_more)?;
        self.keep_what_was_asked(message);
        let done = match message {
            Message::Req => self.req.as_deref_mut().map(|req| req.append_header(spelling, value)),
            Message::Bereq => self.bereq.as_deref_mut().map(|bereq| bereq.append_header(spelling, value)),
            Message::Beresp => self.beresp.as_deref_mut().map(|beresp| beresp.append_header(spelling, value)),
            Message::Resp => self.resp.as_deref_mut().map(|resp| resp.append_header(spelling, value)),
            Message::ObjStale | Message::Obj => None,
        };
        done.ok_or(NOT_HERE)?.map(|_| ()).map_err(|_| BAD_VALUE)
    }

    fn timestamp(&mut self, label: &[u8]) {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let under_way = self.exchange.began.elapsed().as_secs_f64();
        self.exchange.log.push(format!("{}: {unix:.6} {under_way:.6}", String::from_utf8_lossy(label)));
    }

    fn syslog(&mut self, priority: i64, line: &[u8]) {
        world::log(priority, &String::from_utf8_lossy(line));
    }

    fn random_bits(&self) -> u128 {
        rand::random()
    }

    fn clock(&self) -> SystemTime {
        SystemTime::now()
    }

    fn is_healthy(&self, backend: BackendId) -> bool {
        self.policy.and_then(|policy| policy.target(backend)).is_some_and(|target| target.is_healthy())
    }

    /// A fetch in the background is no client's request, and a question beside one was asked before.
    fn exceeds(&self, limit: RateLimitId, key: &[u8], rate: Rate) -> bool {
        let Some(limiter) = self.policy.and_then(|policy| policy.rate_limit(limit)) else { return false };
        let rate = world::rate(rate);
        match (self.exchange.background, self.is_aside) {
            (true, _) => false,
            (false, true) => limiter.would_refuse(key, rate),
            (false, false) => limiter.take(key, rate),
        }
    }

    fn proves(&self, user: &[u8], hash: &PasswordHash, password: &[u8]) -> bool {
        password::proves(user, hash, password)
    }

    fn environment(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        world::environment(name).map(Cow::Borrowed)
    }
}
