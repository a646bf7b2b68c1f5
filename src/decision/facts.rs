//! What evaluation knows of a request, and what it may do to it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use http::HeaderName;

use super::ban::Ban;
use super::eval::is_password;
use crate::lang::hir::{BackendId, PasswordHash, RateLimitId};
use crate::lang::schema::{Message, Variable};
use crate::lang::source::Span;

/// A value at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// STRING; `None` is unset, which is not the empty text.
    Text(Option<Cow<'a, [u8]>>),
    /// INT.
    Int(i64),
    /// REAL.
    Real(f64),
    /// BOOL.
    Bool(bool),
    /// DURATION in milliseconds.
    Duration(i64),
    /// BYTES.
    Bytes(i64),
    /// IP.
    Ip(IpAddr),
    /// TIME.
    Time(SystemTime),
    /// BACKEND.
    Backend(Option<BackendId>),
}

impl<'a> Value<'a> {
    /// Text that is borrowed.
    #[must_use]
    pub fn text(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self::Text(Some(Cow::Borrowed(text.as_ref())))
    }

    /// Unset text.
    pub const UNSET: Self = Self::Text(None);

    /// How many bytes of text it is.
    pub(super) fn text_bytes(&self) -> usize {
        if let Self::Text(Some(text)) = self { text.len() } else { 0 }
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl<'a> From<Option<Cow<'a, [u8]>>> for Value<'a> {
    fn from(text: Option<Cow<'a, [u8]>>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Cow<'a, [u8]>> for Value<'a> {
    fn from(text: Cow<'a, [u8]>) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

/// The most bytes that a computed text has. Only the body of a response is that long.
pub const TEXT_LIMIT_BYTES: usize = 1 << 20;

/// The most bytes that a text has that is computed in a condition: the rest is cut off. What clients and backends send
/// is shorter.
pub const CONDITION_TEXT_LIMIT_BYTES: usize = 64 << 10;

/// The most bytes of a text that a policy keeps to be read again, in a `let`, a field or a variable.
pub const KEPT_TEXT_LIMIT_BYTES: usize = 64 << 10;

/// How many bytes of text the statements of a step may read and make in one run.
pub const WORK_LIMIT_BYTES: usize = 32 << 20;

/// Why a value could not be set: said in the log, and the step ends with `fail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// How often a key may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens come back in [`per_ms`](Self::per_ms).
    pub limit: u64,
    /// The time in which they do, in milliseconds.
    pub per_ms: u64,
    /// How many tokens there are at most.
    pub burst: u64,
    /// How long a key that came too often is refused altogether, in milliseconds.
    pub block_ms: u64,
}

/// One request, seen from one step. The proxy implements it over its session, tests over a map.
///
/// Which variables may be read or set in which step is checked when the policy is compiled; an
/// implementation answers what does not apply with [`Value::UNSET`], zero or false.
pub trait Facts {
    /// The statement at this place is about to be carried out.
    fn performing(&mut self, _place: Span) {}

    /// The value of a variable, always of the variable's type.
    fn get(&self, variable: Variable) -> Value<'_>;

    /// Sets a variable to a value of its type.
    ///
    /// # Errors
    /// When the value cannot stand there: a status that is none, a URL with a line feed.
    fn set(&mut self, variable: Variable, value: Value<'_>) -> Result<(), Refused>;

    /// The first field line of that name; for `Cookie` all lines joined by `; ` (RFC 9113 section 8.2.3).
    fn header(&self, message: Message, name: &HeaderName) -> Option<Cow<'_, [u8]>>;

    /// Replaces all field lines of that name by one.
    ///
    /// # Errors
    /// When the value holds a byte that no field value may hold (RFC 9110 section 5.5), or the
    /// field is one that only warp itself may set (`Content-Length`, `Transfer-Encoding`).
    fn set_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused>;

    /// Removes all field lines of that name.
    fn unset_header(&mut self, message: Message, name: &HeaderName);

    /// How many field lines of that name there are.
    fn count_header_lines(&self, message: Message, name: &HeaderName) -> usize {
        usize::from(self.header(message, name).is_some())
    }

    /// All field lines of that name in their order.
    fn header_lines(&self, message: Message, name: &HeaderName) -> Vec<Cow<'_, [u8]>> {
        self.header(message, name).into_iter().collect()
    }

    /// Adds a field line of that name behind those that are there.
    ///
    /// # Errors
    /// As [`set_header`](Self::set_header).
    fn append_header(&mut self, message: Message, name: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        self.set_header(message, name, value)
    }

    /// Adds a part to the cache key; parts are framed, so that `"ab" "c"` is not `"a" "bc"`.
    fn hash_data(&mut self, part: &[u8]);

    /// The same for a part that may be unset, which is not like an empty one.
    fn hash_part(&mut self, part: Option<&[u8]>) {
        self.hash_data(part.unwrap_or_default());
    }

    /// Adds a further value of what the last part names; it is not like a part of its own.
    fn hash_further(&mut self, value: &[u8]) {
        self.hash_data(value);
    }

    /// Gives the response that is to be stored the tags that a text lists.
    fn tag(&mut self, _tags: &[u8]) {}

    /// Gives it those that all lines of a field of it list.
    fn tag_by_field(&mut self, _name: &HeaderName) {}

    /// Purges all that is stored with one of the tags that a text lists or, softly, lets it be stale.
    fn purge_tags(&mut self, _tags: &[u8], _softly: bool) {}

    /// Bans what is stored.
    fn ban(&mut self, _ban: Ban) {}

    /// The same, as a text says.
    fn ban_by_text(&mut self, _text: &[u8]) {}

    /// What is wrong with the last text that was given to do so; `None` if nothing is.
    fn ban_error(&self) -> Option<Cow<'_, [u8]>> {
        None
    }

    /// Keeps the content of the request, up to so many bytes.
    fn keep_content(&mut self, _most_bytes: u64) {}

    /// Writes a line to the log of this request.
    fn log(&mut self, line: &[u8]);

    /// Writes to the log of this request how long it has been under way.
    fn timestamp(&mut self, label: &[u8]) {
        self.log(label);
    }

    /// Writes a line to the log of warp; the priority is that of syslog, from 0 to 7.
    fn syslog(&mut self, _priority: i64, _line: &[u8]) {}

    /// Bits that nobody can guess, other ones each time.
    fn random_bits(&self) -> u128 {
        0
    }

    /// Whether a key has come more often than it may, this time included.
    fn exceeds(&self, _limit: RateLimitId, _key: &[u8], _rate: Rate) -> bool {
        false
    }

    /// Whether that is the password of the hash, as somebody says who gives that name.
    fn proves(&self, _user: &[u8], hash: &PasswordHash, password: &[u8]) -> bool {
        is_password(hash, password)
    }

    /// The moment right now; `now` stands still during a step.
    fn clock(&self) -> SystemTime {
        match self.get(Variable::Now) {
            Value::Time(now) => now,
            _ => SystemTime::UNIX_EPOCH,
        }
    }

    /// Whether a backend can be asked, or a member of a director.
    fn is_healthy(&self, _backend: BackendId) -> bool {
        true
    }

    /// A variable of the environment in which warp was started.
    fn environment(&self, _name: &[u8]) -> Option<Cow<'_, [u8]>> {
        None
    }
}
