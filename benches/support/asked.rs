//! A request that evaluation asks as fast as it can: each answer is a field, nothing is copied.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use http::HeaderName;
use warp_edge::decision::{Facts, Refused, Value};
use warp_edge::lang::schema::{Message, Type, Variable};

/// A GET, and what was done to it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    host: String,
    path: String,
    url: String,
    status: i64,
    /// How often something was set, hashed or logged.
    pub done: u64,
}

#[allow(dead_code, reason = "not each user makes all of them")]
impl Asked {
    /// One of that host and URL.
    pub fn new(host: impl Into<String>, url: impl Into<String>) -> Self {
        let url = url.into();
        let path = url.split('?').next().unwrap_or_default().to_owned();
        Self { host: host.into(), path, url, status: 200, done: 0 }
    }
}

impl Facts for Asked {
    fn get(&self, variable: Variable) -> Value<'_> {
        match variable {
            Variable::ReqHost | Variable::BereqHost => Value::text(&self.host),
            Variable::ReqPath | Variable::BereqPath => Value::text(&self.path),
            Variable::ReqUrl | Variable::BereqUrl => Value::text(&self.url),
            Variable::ReqMethod | Variable::BereqMethod => Value::text("GET"),
            Variable::BerespStatus | Variable::RespStatus => Value::Int(self.status),
            other => nothing(other.ty()),
        }
    }

    fn set(&mut self, _: Variable, _: Value<'_>) -> Result<(), Refused> {
        self.done += 1;
        Ok(())
    }

    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        let is_host = message == Message::Req && *name == http::header::HOST;
        is_host.then_some(Cow::Borrowed(self.host.as_bytes()))
    }

    fn set_header(&mut self, _: Message, _: &HeaderName, _: &[u8]) -> Result<(), Refused> {
        self.done += 1;
        Ok(())
    }

    fn unset_header(&mut self, _: Message, _: &HeaderName) {
        self.done += 1;
    }

    fn hash_data(&mut self, _: &[u8]) {
        self.done += 1;
    }

    fn log(&mut self, _: &[u8]) {
        self.done += 1;
    }
}

/// What a variable is worth that says nothing.
fn nothing(ty: Type) -> Value<'static> {
    match ty {
        Type::Int => Value::Int(0),
        Type::Real => Value::Real(0.0),
        Type::Bool => Value::Bool(false),
        Type::Duration => Value::Duration(0),
        Type::Bytes => Value::Bytes(0),
        Type::Ip => Value::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Type::Time => Value::Time(SystemTime::UNIX_EPOCH),
        Type::Backend => Value::Backend(None),
        _ => Value::UNSET,
    }
}
