//! The client's side: its connection, and what its request asks of the cache.

use std::borrow::Cow;
use std::time::Duration;

use super::{StepFacts, duration, milliseconds};
use crate::cache::accept;
use crate::cache::slice::LEAST_BYTES;
use crate::decision::Value;
use crate::lang::hir::BackendId;
use crate::lang::schema::Variable;
use crate::proxy::connection::ClientSession;
use crate::proxy::wishes::Wish;
use crate::proxy::{hostname, lookup};
use crate::store::Mark;

fn number(number: u64) -> Value<'static> {
    Value::Text(Some(Cow::Owned(number.to_string().into_bytes())))
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time that has no limit until it is set.
fn limit(set: Option<Duration>) -> Value<'static> {
    Value::Duration(set.map_or(i64::MAX, milliseconds))
}

impl StepFacts<'_> {
    pub(super) fn of_connection(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let exchange = &*self.exchange;
        let session = exchange.session.as_deref();
        let timeouts = || session.map(ClientSession::timeouts).unwrap_or_default();
        Some(match variable {
            V::ClientIp | V::RemoteIp => Value::Ip(exchange.client),
            V::ClientIdentity => match &exchange.identity {
                Some(identity) => Value::text(identity),
                None => Value::Text(Some(Cow::Owned(exchange.client.to_string().into_bytes()))),
            },
            V::ServerIp | V::LocalIp => Value::Ip(exchange.local),
            V::ServerHostname | V::ServerIdentity => Value::text(hostname()),
            V::LocalSocket => session.map_or(Value::UNSET, |session| Value::text(session.listener().name())),
            V::LocalEndpoint => session.map_or(Value::UNSET, |session| Value::text(session.listener().address())),
            V::SessXid => session.map_or(Value::UNSET, |session| number(session.xid())),
            V::SessTimeoutIdle => Value::Duration(milliseconds(timeouts().idle())),
            V::SessIdleSendTimeout => Value::Duration(milliseconds(timeouts().idle_send())),
            V::SessSendTimeout => limit(timeouts().send),
            _ => return None,
        })
    }

    pub(super) fn of_exchange(&self, variable: Variable) -> Option<Value<'_>> {
        use Variable as V;
        let exchange = &*self.exchange;
        Some(match variable {
            V::Now | V::RespTime | V::BerespTime => Value::Time(self.now),
            V::ReqTime => Value::Time(exchange.time),
            V::ReqXid | V::BereqXid => number(exchange.xid),
            V::ReqTransport => Value::text("HTTP/1"),
            V::ReqCanGzip => Value::Bool(self.can_gzip()),
            V::ReqRestarts => Value::Int(i64::from(exchange.restarts)),
            V::ReqBackendHint => Value::Backend(self.backend_hint()),
            V::ReqHashAlwaysMiss => Value::Bool(exchange.wishes.has(Wish::AlwaysMiss)),
            V::ReqHashIgnoreBusy => Value::Bool(exchange.wishes.has(Wish::IgnoreBusy)),
            V::ReqHashIgnoreVary => Value::Bool(exchange.wishes.has(Wish::IgnoreVary)),
            V::ReqHash | V::BereqHash => {
                Value::Text(lookup::hash_text(exchange).map(|hash| Cow::Owned(hash.into_bytes())))
            }
            V::ReqIsHitmiss | V::BereqIsHitmiss => Value::Bool(exchange.mark == Some(Mark::HitForMiss)),
            V::ReqIsHitpass | V::BereqIsHitpass => Value::Bool(exchange.mark == Some(Mark::HitForPass)),
            V::ReqSelectLanguage => Value::Bool(exchange.wishes.has(Wish::SelectLanguage)),
            V::ReqGrace => limit(exchange.grace),
            V::ReqMaxAge | V::ReqTtl => limit(exchange.max_age),
            V::ReqSlice => Value::Bytes(count(exchange.slice_bytes)),
            V::BereqIsBgfetch => Value::Bool(exchange.background),
            V::ObjStaleHits => Value::Int(count(exchange.hits_before)),
            V::ObjHits => Value::Int(count(exchange.hits)),
            // For `+=`, which goes on with what was set.
            V::RespBody | V::BerespBody => exchange.body.as_ref().map_or(Value::UNSET, Value::text),
            V::RespIsStreaming => Value::Bool(exchange.is_streaming),
            _ => return None,
        })
    }

    /// The backend that is meant, which is the default one until the policy names another.
    fn backend_hint(&self) -> Option<BackendId> {
        self.exchange.backend_hint.or_else(|| self.policy?.default_backend)
    }

    fn can_gzip(&self) -> bool {
        self.req.as_deref().is_some_and(|req| accept::accepts_gzip(&req.headers))
    }

    /// Sets what belongs to the client's side; `false` for what does not.
    pub(super) fn set_exchange(&mut self, variable: Variable, value: &Value<'_>) -> bool {
        use Variable as V;
        let exchange = &mut *self.exchange;
        match (variable, value) {
            (V::ClientIdentity, Value::Text(text)) => {
                exchange.identity = Some(text.as_deref().unwrap_or_default().to_vec());
            }
            (V::ReqBackendHint, Value::Backend(backend)) => exchange.backend_hint = *backend,
            (V::ReqHashAlwaysMiss, Value::Bool(wanted)) => exchange.wish(Wish::AlwaysMiss, *wanted),
            (V::ReqHashIgnoreBusy, Value::Bool(wanted)) => exchange.wish(Wish::IgnoreBusy, *wanted),
            (V::ReqHashIgnoreVary, Value::Bool(wanted)) => exchange.wish(Wish::IgnoreVary, *wanted),
            (V::ReqSelectLanguage, Value::Bool(wanted)) => exchange.wish(Wish::SelectLanguage, *wanted),
            (V::ReqGrace, grace) => exchange.grace = duration(grace),
            (V::ReqMaxAge | V::ReqTtl, age) => exchange.max_age = duration(age),
            (V::ReqSlice, Value::Bytes(size)) => {
                exchange.slice_bytes = match u64::try_from(*size) {
                    Ok(0) | Err(_) => 0,
                    Ok(size) => size.max(LEAST_BYTES),
                };
            }
            (V::SessTimeoutIdle | V::SessIdleSendTimeout | V::SessSendTimeout, time) => {
                self.set_timeout(variable, duration(time));
            }
            _ => return false,
        }
        true
    }

    fn set_timeout(&mut self, variable: Variable, time: Option<Duration>) {
        // A request without a client has no connection that it could be set for.
        let Some(session) = &self.exchange.session else { return };
        session.change(|timeouts| match variable {
            Variable::SessTimeoutIdle => timeouts.idle = time,
            Variable::SessIdleSendTimeout => timeouts.idle_send = time,
            _ => timeouts.send = time,
        });
    }
}
