//! A request in memory.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

use http::HeaderName;
use http::header::HOST;
use warp_edge::decision::{Ban, Facts, Refused, Value};
use warp_edge::lang::schema::{Message, Type, Variable};

/// Facts kept in maps. What was done to them can be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub variables: BTreeMap<Variable, Value<'static>>,
    pub headers: BTreeMap<(Message, String), Vec<u8>>,
    pub hashed: Vec<Vec<u8>>,
    pub logged: Vec<Vec<u8>>,
    /// How often chance was asked.
    pub chances: Cell<u32>,
}

impl Request {
    /// A GET of that host and URL, from 127.0.0.1.
    pub fn get(host: &str, url: &str) -> Self {
        let loopback = Value::Ip(IpAddr::from([127, 0, 0, 1]));
        let mut request = Self {
            variables: BTreeMap::from([(Variable::ClientIp, loopback)]),
            headers: BTreeMap::new(),
            hashed: Vec::new(),
            logged: Vec::new(),
            chances: Cell::new(0),
        };
        request.put(Variable::ReqMethod, "GET");
        request.put(Variable::ReqUrl, url);
        let path = url.split('?').next().unwrap_or_default();
        request.put(Variable::ReqPath, path);
        request.put(Variable::ReqHost, &host.to_ascii_lowercase());
        request.headers.insert((Message::Req, HOST.as_str().to_owned()), host.into());
        request
    }

    fn put(&mut self, variable: Variable, text: &str) {
        self.variables.insert(variable, own(Value::text(text)));
    }
}

impl Facts for Request {
    fn get(&self, variable: Variable) -> Value<'_> {
        match self.variables.get(&variable) {
            Some(Value::Text(Some(text))) => Value::text(text),
            Some(other) => other.clone(),
            None => nothing(variable.ty()),
        }
    }

    fn set(&mut self, variable: Variable, value: Value<'_>) -> Result<(), Refused> {
        match &value {
            Value::Int(status) if !(100..=999).contains(status) => return Err(Refused("no such status")),
            Value::Text(Some(text)) if text.contains(&b'\n') => return Err(Refused("a line feed in a text")),
            _ => {}
        }
        let value = own(value);
        if variable == Variable::ReqUrl
            && let Value::Text(Some(url)) = &value
        {
            let path = url.split(|byte| *byte == b'?').next().unwrap_or_default().to_vec();
            self.variables.insert(Variable::ReqPath, Value::Text(Some(path.into())));
        }
        self.variables.insert(variable, value);
        Ok(())
    }

    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        self.headers.get(&(message, name.as_str().to_owned())).map(|value| Cow::Borrowed(value.as_slice()))
    }

    fn set_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        if value.contains(&b'\n') {
            return Err(Refused("a line feed in a field"));
        }
        self.headers.insert((message, name.as_str().to_owned()), value.to_vec());
        Ok(())
    }

    fn unset_header(&mut self, message: Message, name: &HeaderName) {
        self.headers.remove(&(message, name.as_str().to_owned()));
    }

    fn hash_data(&mut self, part: &[u8]) {
        self.hashed.push(part.to_vec());
    }

    fn hash_part(&mut self, part: Option<&[u8]>) {
        self.hashed.push(part.unwrap_or(b"unset").to_vec());
    }

    fn tag(&mut self, tags: &[u8]) {
        self.logged.push([b"tag ", tags].concat());
    }

    fn tag_by_field(&mut self, name: &HeaderName) {
        self.logged.push([b"tag by ", name.as_str().as_bytes()].concat());
    }

    fn ban(&mut self, ban: Ban) {
        self.logged.push(format!("{ban:?}").into_bytes());
    }

    fn append_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        let before = self.header(message, name).map(|before| [&*before, b", "].concat()).unwrap_or_default();
        self.set_header(message, name, &[&before[..], value].concat())
    }

    fn purge_tags(&mut self, tags: &[u8], softly: bool) {
        self.logged.push([if softly { b"soft " } else { b"hard " }, tags].concat());
    }

    fn keep_content(&mut self, most_bytes: u64) {
        self.logged.push(most_bytes.to_string().into_bytes());
    }

    fn log(&mut self, line: &[u8]) {
        self.logged.push(line.to_vec());
    }

    /// The same bits in each run, other ones each time.
    fn random_bits(&self) -> u128 {
        self.chances.set(self.chances.get() + 1);
        u128::from(self.chances.get()).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }
}

fn own(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::Text(text.map(|text| Cow::Owned(text.into_owned()))),
        Value::Int(number) => Value::Int(number),
        Value::Real(number) => Value::Real(number),
        Value::Bool(flag) => Value::Bool(flag),
        Value::Duration(millis) => Value::Duration(millis),
        Value::Bytes(bytes) => Value::Bytes(bytes),
        Value::Ip(address) => Value::Ip(address),
        Value::Time(moment) => Value::Time(moment),
        Value::Backend(backend) => Value::Backend(backend),
    }
}

/// What a variable is worth that was never set.
fn nothing(ty: Type) -> Value<'static> {
    match ty {
        Type::Int => Value::Int(0),
        Type::Real => Value::Real(0.0),
        Type::Bool => Value::Bool(false),
        Type::Duration => Value::Duration(0),
        Type::Bytes => Value::Bytes(0),
        Type::Ip => Value::Ip(IpAddr::from([0, 0, 0, 0])),
        Type::Time => Value::Time(SystemTime::UNIX_EPOCH),
        Type::Backend => Value::Backend(None),
        Type::String | Type::Acl | Type::Regex | Type::List | Type::Void => Value::UNSET,
    }
}
