//! Heads of HTTP/1.1 messages, and responses as tests look at them.

use std::collections::BTreeMap;

/// Field lines in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The value of the first line of that name.
    pub fn first(&self, name: &str) -> Option<&str> {
        let line = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        line.map(|(_, value)| value.as_str())
    }

    /// The values of all lines of that name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a list field holds that member, without regard to case.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|m| m.trim().eq_ignore_ascii_case(member))
    }
}

/// The first line and the fields of a message.
#[derive(Clone, Debug)]
pub struct Head {
    pub first_line: String,
    pub fields: Fields,
}

impl Head {
    /// Parses `bytes`, which end with an empty line. Bytes that are not UTF-8 are replaced.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
        let first_line = lines.next().expect("a head has a first line").to_owned();
        let fields = lines.map(|line| {
            let (name, value) =
                line.split_once(':').unwrap_or_else(|| panic!("a field line without a colon: {line:?}"));
            (name.to_owned(), value.trim().to_owned())
        });
        Self { first_line, fields: Fields(fields.collect()) }
    }

    /// The length of the head that `bytes` begin with, the empty line included; `None` if it has not ended.
    pub fn length(bytes: &[u8]) -> Option<usize> {
        bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|place| place + 4)
    }
}

/// How the end of a body is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

impl Framing {
    /// What the fields say, and `otherwise` if they say nothing.
    pub fn of(fields: &Fields, otherwise: Self) -> Self {
        if fields.lists("Transfer-Encoding", "chunked") {
            return Self::Chunked;
        }
        fields.first("Content-Length").map_or(otherwise, |text| Self::Length(text.parse().expect("a length")))
    }
}

/// A whole body in chunks: what is in them, and how many bytes they take; `None` if more is to come.
pub fn dechunk(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut place) = (Vec::new(), 0);
    loop {
        let line = bytes[place..].windows(2).position(|window| window == b"\r\n")?;
        let digits = std::str::from_utf8(&bytes[place..place + line]).expect("a chunk size");
        let size = usize::from_str_radix(digits.split(';').next().unwrap().trim(), 16).expect("a chunk size");
        place += line + 2;
        if size == 0 {
            // Trailers are read over: the empty line after them ends the message.
            let end = Head::length(&bytes[place - 2..])?;
            return Some((body, place - 2 + end));
        }
        body.extend_from_slice(bytes.get(place..place + size)?);
        bytes.get(place + size..place + size + 2)?;
        place += size + 2;
    }
}

/// A response as the client got it.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub version: String,
    pub reason: String,
    pub fields: Fields,
    pub body: Vec<u8>,
}

impl Response {
    pub fn new(head: Head, body: Vec<u8>) -> Self {
        let mut words = head.first_line.splitn(3, ' ');
        let version = words.next().unwrap().to_owned();
        let status = words.next().and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("not a status line: {:?}", head.first_line));
        Self { status, version, reason: words.next().unwrap_or("").to_owned(), fields: head.fields, body }
    }

    /// The value of the first field line of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.first(name)
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }

    /// What the cache nearest to the client says in `Cache-Status` (RFC 9211).
    ///
    /// # Panics
    /// When no cache says anything.
    pub fn cache_status(&self) -> CacheStatus {
        let value = self.fields.all("Cache-Status").last();
        let value = value.unwrap_or_else(|| panic!("no Cache-Status in {:?}", self.fields));
        CacheStatus::parse(split_unquoted(value, ',').last().unwrap())
    }
}

/// One member of `Cache-Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheStatus {
    pub cache: String,
    pub parameters: BTreeMap<String, String>,
}

impl CacheStatus {
    fn parse(member: &str) -> Self {
        let mut parts = split_unquoted(member, ';').into_iter().map(str::trim);
        let cache = unquoted(parts.next().unwrap());
        let parameters = parts.map(|part| match part.split_once('=') {
            Some((name, value)) => (name.to_owned(), unquoted(value)),
            None => (part.to_owned(), String::new()),
        });
        Self { cache, parameters: parameters.collect() }
    }

    /// Whether the stored response answered.
    pub fn hit(&self) -> bool {
        self.parameters.contains_key("hit")
    }

    /// Whether the response was stored.
    pub fn stored(&self) -> bool {
        self.parameters.contains_key("stored")
    }

    /// Why the request went to the origin; `None` if it did not.
    pub fn fwd(&self) -> Option<&str> {
        self.parameters.get("fwd").map(String::as_str)
    }
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.map_or_else(|| text.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// Splits at `mark` where it is not within quotes.
fn split_unquoted(text: &str, mark: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c| {
        let is_mark = c == mark && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        is_mark
    })
    .collect()
}
