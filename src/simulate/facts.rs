//! A request under way, as the policy sees it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, StatusCode, header};
use md5::{Digest, Md5};

use super::journey::KeyPart;
use super::state::{HERE, State};
use crate::cache::asked::MOST_KEPT_BYTES;
use crate::cache::slice::LEAST_BYTES;
use crate::cache::tag::{MOST_TAG_BYTES, MOST_TAGS, tags};
use crate::cache::{Lifetimes, TargetList, accept, asked, lifetimes::Uncacheable};
use crate::decision::facts::Rate;
use crate::decision::settable::{self, field_value, room_for_one_more};
use crate::decision::{Ban, Facts, Refused, TEXT_LIMIT_BYTES, Value};
use crate::lang::hir::{BackendId, RateLimitId};
use crate::lang::schema::{self, Message, Step, Variable, join_status, split_status};
use crate::lang::source::Span;

const NOT_HERE: Refused = Refused("it cannot be set in this step");

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A time that has no limit until it is set.
fn limit(set: Option<Duration>) -> Value<'static> {
    Value::Duration(set.map_or(i64::MAX, milliseconds))
}

fn timeout(set: Option<Duration>) -> Value<'static> {
    Value::Duration(set.map_or(0, milliseconds))
}

/// A length of time that was set; none where it was unset.
fn duration(value: &Value<'_>) -> Option<Duration> {
    match value {
        Value::Duration(time) => Some(Lifetimes::duration(*time)),
        _ => None,
    }
}

fn owned(text: impl Into<Vec<u8>>) -> Value<'static> {
    Value::Text(Some(Cow::Owned(text.into())))
}

/// What the number of a request, and that of its connection, is here.
const NUMBER: &str = "1";

impl State<'_> {
    fn of_head(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let message = match variable {
            V::ReqMethod | V::ReqUrl | V::ReqPath | V::ReqHost | V::ReqProto => Message::Req,
            V::BereqMethod | V::BereqUrl | V::BereqPath | V::BereqHost | V::BereqProto => Message::Bereq,
            _ => return None,
        };
        let Some(head) = self.head(message) else { return Some(Value::UNSET) };
        Some(match variable {
            V::ReqMethod | V::BereqMethod => Value::text(head.method.as_str()),
            V::ReqUrl | V::BereqUrl => Value::text(&head.target),
            V::ReqPath | V::BereqPath => Value::text(asked::path_of(&head.target)),
            V::ReqHost | V::BereqHost => Value::Text(asked::host(&head.headers)),
            _ => Value::text("HTTP/1.1"),
        })
    }

    fn of_client(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        Some(match variable {
            V::ClientIp | V::RemoteIp => Value::Ip(self.client),
            V::ClientIdentity => match &self.exchange.identity {
                Some(identity) => Value::text(identity),
                None => owned(self.client.to_string()),
            },
            V::ServerIp | V::LocalIp => Value::Ip(HERE),
            V::ServerHostname | V::ServerIdentity => Value::text("localhost"),
            V::LocalSocket => Value::text("a0"),
            V::LocalEndpoint => Value::text("127.0.0.1:8080"),
            V::SessXid | V::ReqXid | V::BereqXid => Value::text(NUMBER),
            V::SessTimeoutIdle | V::SessIdleSendTimeout => Value::Duration(60_000),
            V::SessSendTimeout => limit(None),
            _ => return None,
        })
    }

    fn of_exchange(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let exchange = &self.exchange;
        Some(match variable {
            V::Now | V::ReqTime | V::RespTime | V::BerespTime | V::BereqTime => Value::Time(self.now()),
            V::ReqTransport => Value::text("HTTP/1"),
            V::ReqCanGzip => Value::Bool(accept::accepts_gzip(&self.req.headers)),
            V::ReqRestarts => Value::Int(i64::from(self.restarts)),
            V::ReqBackendHint => Value::Backend(exchange.backend_hint.or(self.default_backend)),
            V::ReqHashAlwaysMiss => Value::Bool(exchange.always_miss),
            V::ReqHashIgnoreBusy => Value::Bool(exchange.ignore_busy),
            V::ReqHashIgnoreVary => Value::Bool(exchange.ignore_vary),
            V::ReqSelectLanguage => Value::Bool(exchange.select_language),
            V::ReqHash | V::BereqHash => self.hash().map_or(Value::UNSET, owned),
            V::ReqGrace => limit(exchange.grace),
            V::ReqMaxAge | V::ReqTtl => limit(exchange.max_age),
            V::ReqSlice => Value::Bytes(i64::try_from(exchange.slice_bytes).unwrap_or(i64::MAX)),
            V::ObjHits => Value::Int(exchange.hits),
            V::RespBody | V::BerespBody => exchange.body.as_ref().map_or(Value::UNSET, Value::text),
            V::BereqIsBgfetch => Value::Bool(self.is_behind),
            V::ReqIsHitmiss | V::ReqIsHitpass | V::BereqIsHitmiss | V::BereqIsHitpass => Value::Bool(false),
            V::RespIsStreaming => {
                Value::Bool(self.obj.is_none() && self.step == Step::Deliver && !self.fetch.has_failed)
            }
            _ => return None,
        })
    }

    /// A number for the key, as 32 hexadecimal digits; `None` if there is no key.
    fn hash(&self) -> Option<String> {
        let key = &self.exchange.key;
        (!key.is_empty()).then(|| hex::encode(Md5::digest(format!("{:?} {key:?}", self.site).as_bytes())))
    }

    fn of_response(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let (status, reason, unsent) = match variable {
            V::BerespStatus | V::BerespReason | V::BerespProto => {
                let beresp = self.fetch.beresp.as_ref();
                (beresp.map(|it| it.status), beresp.and_then(|it| it.reason.as_deref()), self.fetch.unsent_status)
            }
            V::RespStatus | V::RespReason | V::RespProto => {
                let resp = self.resp.as_ref();
                (resp.map(|it| it.status), resp.and_then(|it| it.reason.as_deref()), self.exchange.unsent_status)
            }
            V::ObjStatus | V::ObjReason | V::ObjProto => (self.obj.as_ref().map(|obj| obj.status), None, 0),
            _ => return None,
        };
        Some(match variable {
            V::BerespStatus | V::RespStatus | V::ObjStatus => {
                Value::Int(status.map_or(0, |status| join_status(status.as_u16(), unsent)))
            }
            V::BerespReason | V::RespReason | V::ObjReason => {
                let reason = reason.or_else(|| status?.canonical_reason());
                reason.map_or(Value::UNSET, Value::text)
            }
            _ if status.is_some() => Value::text("HTTP/1.1"),
            _ => Value::UNSET,
        })
    }

    fn of_fetch(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let (fetch, times) = (&self.fetch, &self.fetch.lifetimes);
        let [connect, first_byte, between_bytes, deadline] = fetch.timeouts;
        Some(match variable {
            V::BereqRetries => Value::Int(i64::from(fetch.retries)),
            V::BereqBackend => Value::Backend(fetch.backend),
            V::BerespBackend => Value::Backend(fetch.chosen),
            V::BerespBackendName => match fetch.chosen.and_then(|id| self.program.target_name(id)) {
                Some(name) => Value::text(name),
                None => Value::UNSET,
            },
            V::BereqConnectTimeout => timeout(connect),
            V::BereqFirstByteTimeout => timeout(first_byte),
            V::BereqBetweenBytesTimeout => timeout(between_bytes),
            V::BereqTaskDeadline => timeout(deadline),
            V::BereqRetryConnect => Value::Bool(!fetch.never_reconnects),
            V::BereqCacheControlFields => Value::text(fetch.targets.as_ref().unwrap_or_default().as_str()),
            V::BereqUncacheable | V::BerespUncacheable => Value::Bool(times.uncacheable != Uncacheable::No),
            V::BerespTtl => Value::Duration(times.ttl_ms),
            V::BerespHeuristicTtl => Value::Duration(times.heuristic_ms),
            V::BerespGrace => Value::Duration(times.grace_ms),
            V::BerespKeep => Value::Duration(times.keep_ms),
            V::BerespStaleIfError => Value::Duration(times.stale_if_error_ms.unwrap_or(0)),
            V::BerespAge => Value::Duration(milliseconds(times.age)),
            V::BerespWas304 => Value::Bool(self.world.is_confirming),
            _ => return None,
        })
    }

    fn of_outcome(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let outcome = self.outcome?;
        Some(match variable {
            V::OutcomeStored => Value::Bool(!outcome.stored.is_empty()),
            V::OutcomePassed => Value::Bool(outcome.passed),
            V::OutcomeTtl => Value::Duration(outcome.stored.last().map_or(0, |stored| stored.lifetimes.ttl_ms.max(0))),
            V::OutcomeBackend => Value::Backend(outcome.backend),
            _ => return None,
        })
    }

    fn of_object(&self, variable: Variable) -> Value<'_> {
        use Variable as V;
        let Some(obj) = &self.obj else {
            return match variable.ty() {
                schema::Type::Bool => Value::Bool(variable == V::ObjUncacheable),
                schema::Type::Int => Value::Int(0),
                schema::Type::Time => Value::Time(self.now()),
                schema::Type::Duration => Value::Duration(0),
                _ => Value::UNSET,
            };
        };
        let times = &obj.lifetimes;
        match variable {
            V::ObjTtl => Value::Duration(times.ttl_ms),
            V::ObjGrace => Value::Duration(times.grace_ms),
            V::ObjKeep => Value::Duration(times.keep_ms),
            V::ObjAge => Value::Duration(milliseconds(times.age)),
            V::ObjTime => Value::Time(self.now().checked_sub(times.age).unwrap_or(SystemTime::UNIX_EPOCH)),
            V::ObjUncacheable => Value::Bool(false),
            _ => Value::UNSET,
        }
    }

    fn set_head(&mut self, variable: Variable, value: &[u8]) -> Result<(), Refused> {
        let is_req = matches!(variable, Variable::ReqMethod | Variable::ReqUrl);
        let head = if is_req { Some(&mut self.req) } else { self.fetch.bereq.as_mut() };
        let head = head.ok_or(NOT_HERE)?;
        if matches!(variable, Variable::ReqMethod | Variable::BereqMethod) {
            head.method = settable::method(value)?;
        } else if head.target != value {
            head.target = settable::target(value)?.to_vec();
        }
        Ok(())
    }

    fn set_exchange(&mut self, variable: Variable, value: &Value<'_>) -> bool {
        use Variable as V;
        let exchange = &mut self.exchange;
        match (variable, value) {
            (V::ClientIdentity, Value::Text(text)) => {
                exchange.identity = Some(text.as_deref().unwrap_or_default().to_vec());
            }
            (V::ReqBackendHint, Value::Backend(backend)) => exchange.backend_hint = *backend,
            (V::ReqHashAlwaysMiss, Value::Bool(wanted)) => exchange.always_miss = *wanted,
            (V::ReqHashIgnoreBusy, Value::Bool(wanted)) => exchange.ignore_busy = *wanted,
            (V::ReqHashIgnoreVary, Value::Bool(wanted)) => exchange.ignore_vary = *wanted,
            (V::ReqSelectLanguage, Value::Bool(wanted)) => exchange.select_language = *wanted,
            (V::ReqGrace, grace) => exchange.grace = duration(grace),
            (V::ReqMaxAge | V::ReqTtl, age) => exchange.max_age = duration(age),
            (V::ReqSlice, Value::Bytes(size)) => {
                exchange.slice_bytes =
                    u64::try_from(*size).ok().filter(|size| *size > 0).map_or(0, |it| it.max(LEAST_BYTES));
            }
            (V::SessTimeoutIdle | V::SessIdleSendTimeout | V::SessSendTimeout, _) => {}
            _ => return false,
        }
        true
    }

    fn set_fetch(&mut self, variable: Variable, value: &Value<'_>) -> Result<(), Refused> {
        use Variable as V;
        let place = self.place;
        let fetch = &mut self.fetch;
        let [connect, first_byte, between_bytes, deadline] = &mut fetch.timeouts;
        match (variable, value) {
            (V::BereqBackend, Value::Backend(backend)) => fetch.backend = *backend,
            (V::BereqConnectTimeout, time) => *connect = duration(time),
            (V::BereqFirstByteTimeout, time) => *first_byte = duration(time),
            (V::BereqBetweenBytesTimeout, time) => *between_bytes = duration(time),
            (V::BereqTaskDeadline, time) => *deadline = duration(time),
            (V::BereqRetryConnect, Value::Bool(flag)) => fetch.never_reconnects = !flag,
            (V::BereqBody, _) => fetch.leaves_content_out = true,
            (V::BereqCacheControlFields, Value::Text(text)) => {
                let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default());
                fetch.targets = Some(TargetList::parse(&text).0);
            }
            (V::BerespTtl, Value::Duration(time)) => fetch.lifetimes.set_ttl(*time),
            (V::BerespGrace, Value::Duration(time)) => fetch.lifetimes.set_grace(*time),
            (V::BerespKeep, Value::Duration(time)) => fetch.lifetimes.set_keep(*time),
            (V::BerespStaleIfError, Value::Duration(time)) => fetch.lifetimes.set_stale_if_error(*time),
            (V::BerespUncacheable, Value::Bool(true)) => fetch.refuse(place),
            // Once true it stays true.
            (V::BerespUncacheable, Value::Bool(false)) => {}
            _ => return Err(NOT_HERE),
        }
        Ok(())
    }

    fn set_response(&mut self, variable: Variable, value: &Value<'_>) -> Result<(), Refused> {
        let is_for_client = matches!(variable, Variable::RespStatus | Variable::RespReason);
        let response = if is_for_client { self.resp.as_mut() } else { self.fetch.beresp.as_mut() };
        let response = response.ok_or(NOT_HERE)?;
        match value {
            Value::Int(number) => {
                let status = schema::status(*number);
                let status = status.ok_or(Refused("the last three digits of a status are within 200 to 999"))?;
                let (sent, unsent) = split_status(status);
                response.status = StatusCode::from_u16(sent).map_err(|_| Refused("it is not a status"))?;
                *(if is_for_client { &mut self.exchange.unsent_status } else { &mut self.fetch.unsent_status }) =
                    unsent;
            }
            Value::Text(Some(reason)) => response.reason = Some(settable::reason(reason)?.to_owned()),
            _ => response.reason = None,
        }
        Ok(())
    }
}

impl Facts for State<'_> {
    fn performing(&mut self, place: Span) {
        self.place = Some(place);
    }

    fn get(&self, variable: Variable) -> Value<'_> {
        self.of_outcome(variable)
            .or_else(|| self.of_head(variable))
            .or_else(|| self.of_client(variable))
            .or_else(|| self.of_exchange(variable))
            .or_else(|| self.of_response(variable))
            .or_else(|| self.of_fetch(variable))
            .unwrap_or_else(|| self.of_object(variable))
    }

    fn set(&mut self, variable: Variable, value: Value<'_>) -> Result<(), Refused> {
        use Variable as V;
        match (variable, value) {
            (V::ReqMethod | V::ReqUrl | V::BereqMethod | V::BereqUrl, Value::Text(text)) => {
                self.set_head(variable, &text.unwrap_or_default())
            }
            (V::RespBody | V::BerespBody, Value::Text(body)) => {
                let body = body.unwrap_or_default();
                if body.len() >= TEXT_LIMIT_BYTES {
                    return Err(Refused("a body that is made up has less than 1 MB"));
                }
                self.exchange.body = Some(body.into_owned());
                Ok(())
            }
            (V::RespStatus | V::RespReason | V::BerespStatus | V::BerespReason, value) => {
                self.set_response(variable, &value)
            }
            (_, value) if self.set_exchange(variable, &value) => Ok(()),
            (_, value) => self.set_fetch(variable, &value),
        }
    }

    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        let mut lines = self.headers(message)?.get_all(name).iter().map(HeaderValue::as_bytes);
        let first = lines.next()?;
        let rest: Vec<&[u8]> = lines.collect();
        if name != header::COOKIE || rest.is_empty() {
            return Some(Cow::Borrowed(first));
        }
        Some(Cow::Owned([&[first][..], &rest].concat().join(&b"; "[..])))
    }

    fn set_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        let value = field_value(name, value)?;
        let headers = self.headers_mut(message).ok_or(NOT_HERE)?;
        if !headers.contains_key(name) {
            room_for_one_more(headers)?;
        }
        headers.insert(name, value);
        Ok(())
    }

    fn unset_header(&mut self, message: Message, name: &HeaderName) {
        if let Some(headers) = self.headers_mut(message) {
            headers.remove(name);
        }
    }

    fn count_header_lines(&self, message: Message, name: &HeaderName) -> usize {
        self.headers(message).map_or(0, |headers| headers.get_all(name).iter().count())
    }

    fn header_lines(&self, message: Message, name: &HeaderName) -> Vec<Cow<'_, [u8]>> {
        let lines = self.headers(message).into_iter().flat_map(|headers| headers.get_all(name));
        lines.map(|line| Cow::Borrowed(line.as_bytes())).collect()
    }

    fn append_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        let value = field_value(name, value)?;
        let headers = self.headers_mut(message).ok_or(NOT_HERE)?;
        room_for_one_more(headers)?;
        headers.append(name, value);
        Ok(())
    }

    fn hash_data(&mut self, part: &[u8]) {
        self.exchange.key.push(KeyPart::Value(part.to_vec()));
    }

    fn hash_part(&mut self, part: Option<&[u8]>) {
        self.exchange.key.push(part.map_or(KeyPart::Unset, |part| KeyPart::Value(part.to_vec())));
    }

    fn hash_further(&mut self, value: &[u8]) {
        self.exchange.key.push(KeyPart::Further(value.to_vec()));
    }

    fn tag(&mut self, text: &[u8]) {
        for tag in tags(text) {
            let is_new = !self.fetch.tags.iter().any(|known| known == tag);
            if tag.len() > MOST_TAG_BYTES || (is_new && self.fetch.tags.len() >= MOST_TAGS) {
                return self.fetch.refuse(self.place);
            }
            if is_new {
                self.fetch.tags.push(tag.to_vec());
            }
        }
    }

    fn tag_by_field(&mut self, name: &HeaderName) {
        let lines: Vec<HeaderValue> =
            self.headers(Message::Beresp).into_iter().flat_map(|headers| headers.get_all(name)).cloned().collect();
        for line in lines {
            self.tag(line.as_bytes());
        }
    }

    fn ban_by_text(&mut self, text: &[u8]) {
        self.exchange.ban_error = Ban::parse(text).err();
    }

    fn ban_error(&self) -> Option<Cow<'_, [u8]>> {
        self.exchange.ban_error.as_deref().map(|why| Cow::Borrowed(why.as_bytes()))
    }

    fn keep_content(&mut self, most_bytes: u64) {
        self.exchange.wanted_bytes = Some(most_bytes.min(MOST_KEPT_BYTES as u64));
    }

    fn log(&mut self, line: &[u8]) {
        self.log.push(line.to_vec());
    }

    fn random_bits(&self) -> u128 {
        self.world.random_bits
    }

    fn exceeds(&self, _limit: RateLimitId, _key: &[u8], _rate: Rate) -> bool {
        self.world.is_over_limits && !self.is_behind
    }

    fn is_healthy(&self, backend: BackendId) -> bool {
        match self.program.director(backend) {
            Some(director) => director.members.iter().any(|member| self.is_healthy(member.backend)),
            None if self.world.are_all_sick || self.nowhere.contains(&backend) => false,
            None => self.program.target_name(backend).is_some_and(|name| !self.world.sick.iter().any(|it| it == name)),
        }
    }

    fn environment(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        let value = self.world.environment.get(name).or(self.world.other_variables.as_ref());
        value.map(|value| Cow::Borrowed(value.as_slice()))
    }
}
