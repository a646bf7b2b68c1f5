//! The head of a request as its bytes came, before anything has made sense of them.
//!
//! RFC 9112 lets a recipient forgive much, and two recipients forgive it in two ways: what one takes
//! for the end of a message is the middle of it for the other. So nothing is forgiven here but the
//! empty lines of section 2.2.

use std::ops::Range;

use super::host::{authority_of, is_host};
use crate::cache::length_of_line;

/// The longest request target, and the longest line of a field; what nginx and Varnish take.
pub const MOST_LINE_BYTES: usize = 8 << 10;

/// How long all fields together may be, as sent.
const MOST_FIELDS_BYTES: usize = 32 << 10;

/// How many fields there may be: as many as pingora takes.
const MOST_FIELDS: usize = 256;

/// What a request line has beside its target: a method, spaces and the version.
const BESIDE_TARGET_BYTES: usize = 64;

/// How many empty lines may come before a request (RFC 9112 section 2.2).
const MOST_EMPTY_LINES: usize = 2;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: u16,
    /// The reason phrase: what is wrong with the request.
    pub reason: &'static str,
}

/// A refusal of what is not HTTP/1.1.
pub const fn bad(reason: &'static str) -> Rejection {
    Rejection { status: 400, reason }
}

const MALFORMED_TARGET: Rejection = bad("Malformed request target");
const FIELDS_TOO_LARGE: Rejection = Rejection { status: 431, reason: "Request Header Fields Too Large" };
const TARGET_TOO_LONG: Rejection = Rejection { status: 414, reason: "URI Too Long" };
const UNKNOWN_CODING: Rejection = Rejection { status: 501, reason: "Transfer coding not supported" };
const UNKNOWN_METHOD: Rejection = Rejection { status: 501, reason: "Method not supported" };
const UNKNOWN_VERSION: Rejection = Rejection { status: 505, reason: "HTTP Version Not Supported" };

/// Where the body of a request ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// After that many bytes, none if it says nothing.
    Length(u64),
    /// After its last chunk.
    Chunked,
}

/// A whole head that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where it stands in what was received, the empty line at its end included.
    pub place: Range<usize>,
    /// What follows it.
    pub body: Body,
}

/// A head being read, line by line as they come. The bytes stay with the caller.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// Where the head begins, behind empty lines.
    start: usize,
    /// Where the fields begin.
    fields_start: usize,
    /// Where the line begins whose end has not come yet.
    line_start: usize,
    fields: usize,
    /// The minor version, once the request line was read.
    minor: Option<u8>,
    hosts: usize,
    /// The host that a target in absolute form names.
    authority: Option<Vec<u8>>,
    length: Option<u64>,
    is_chunked: bool,
    has_unknown_coding: bool,
}

impl HeadReader {
    /// Reads on in all that was `received` since the reader was made; `None` while more has to come.
    pub fn read(&mut self, received: &[u8]) -> Result<Option<Head>, Rejection> {
        loop {
            let rest = received.get(self.line_start..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            self.check_size(line.len())?;
            let Some(end) = end else { return Ok(None) };
            self.line_start += end + 1;
            let line = line.strip_suffix(b"\r").ok_or(bad("Line feed without carriage return"))?;
            if !line.is_empty() {
                self.read_line(line)?;
            } else if self.minor.is_some() {
                return Ok(Some(Head { place: self.start..self.line_start, body: self.body()? }));
            } else {
                self.skip_empty_line()?;
            }
        }
    }

    /// Whether `received` holds nothing of a request yet.
    pub fn is_waiting(&self, received: &[u8]) -> bool {
        received.len() <= self.start
    }

    fn check_size(&self, line_bytes: usize) -> Result<(), Rejection> {
        let fields_bytes = self.line_start - self.fields_start + line_bytes;
        match self.minor {
            None if line_bytes > MOST_LINE_BYTES + BESIDE_TARGET_BYTES => Err(TARGET_TOO_LONG),
            // Its carriage return is counted, if that has come.
            Some(_) if line_bytes > MOST_LINE_BYTES + 1 || fields_bytes > MOST_FIELDS_BYTES => Err(FIELDS_TOO_LARGE),
            _ => Ok(()),
        }
    }

    fn skip_empty_line(&mut self) -> Result<(), Rejection> {
        self.start = self.line_start;
        if self.start > MOST_EMPTY_LINES * 2 { Err(bad("Empty lines before the request")) } else { Ok(()) }
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), Rejection> {
        if self.minor.is_some() {
            return self.read_field(line);
        }
        let (target, minor) = request_line(line)?;
        (self.authority, self.minor) = (host_of(target)?.map(<[u8]>::to_vec), Some(minor));
        self.fields_start = self.line_start;
        Ok(())
    }

    /// RFC 9112 section 5. A line that continues another (section 5.2) begins with a space, which is
    /// no name.
    fn read_field(&mut self, line: &[u8]) -> Result<(), Rejection> {
        self.fields += 1;
        if self.fields > MOST_FIELDS {
            return Err(FIELDS_TOO_LARGE);
        }
        let colon = memchr::memchr(b':', line).ok_or(bad("Malformed field"))?;
        let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
        if !is_token(name) {
            return Err(bad("Malformed field name"));
        }
        if has_control(value) {
            return Err(bad("Malformed field value"));
        }
        self.note(name, value.trim_ascii())
    }

    /// Notes the fields that say where the message ends and who it is for.
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), Rejection> {
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
            return self.check_host(value);
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = length_of_line(value).filter(|length| self.length.is_none_or(|known| known == *length));
            self.length = Some(length.ok_or(bad("Ambiguous Content-Length"))?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_unknown_coding |= self.is_chunked || !value.eq_ignore_ascii_case(b"chunked");
            self.is_chunked = true;
        }
        Ok(())
    }

    /// Where the target names a host, RFC 9112 section 3.2.2 has `Host` read over. That it names another is
    /// refused, as by pingora: who sends such a request hopes that somebody reads the other one.
    fn check_host(&self, host: &[u8]) -> Result<(), Rejection> {
        if !is_host(host) {
            return Err(bad("Malformed Host"));
        }
        let differs = self.authority.as_ref().is_some_and(|authority| authority != host);
        if differs { Err(bad("Host differs from the request target")) } else { Ok(()) }
    }

    /// One way to tell where the body ends, or none (RFC 9112 sections 6.1 and 6.3), and one host
    /// (section 3.2).
    fn body(&self) -> Result<Body, Rejection> {
        let is_old = self.minor == Some(0);
        match self.hosts {
            0 if !is_old => return Err(bad("Missing Host")),
            0 | 1 => {}
            _ => return Err(bad("More than one Host")),
        }
        match (self.is_chunked, self.length) {
            (false, length) => Ok(Body::Length(length.unwrap_or(0))),
            (true, Some(_)) => Err(bad("Content-Length and Transfer-Encoding")),
            (true, None) if is_old => Err(bad("Transfer-Encoding in HTTP/1.0")),
            (true, None) if self.has_unknown_coding => Err(UNKNOWN_CODING),
            (true, None) => Ok(Body::Chunked),
        }
    }
}

/// The target and the minor version of a request line (RFC 9112 section 3): three parts with one space
/// between them.
fn request_line(line: &[u8]) -> Result<(&[u8], u8), Rejection> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad("Malformed request line"));
    };
    if !is_token(method) {
        return Err(bad("Malformed method"));
    }
    // A fragment is never sent (RFC 9112 section 3.2), and servers disagree about what it then means.
    let is_path = target.starts_with(b"/");
    // What RFC 3986 does not allow in a path, like a quotation mark, pingora refuses in its own words.
    if is_path && http::uri::PathAndQuery::try_from(target).is_err() {
        return Err(MALFORMED_TARGET);
    }
    if target.is_empty() || !target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
        return Err(MALFORMED_TARGET);
    }
    if target.len() > MOST_LINE_BYTES {
        return Err(TARGET_TOO_LONG);
    }
    let minor = minor_of(version)?;
    // RFC 9110 section 9.3.6: warp is no tunnel, and what follows CONNECT is no message.
    match method {
        b"CONNECT" => Err(UNKNOWN_METHOD),
        b"OPTIONS" => Ok((target, minor)),
        // RFC 9112 section 3.2.4.
        _ if target == b"*" => Err(MALFORMED_TARGET),
        _ => Ok((target, minor)),
    }
}

/// The host that a target names, if it is one that names a host (RFC 9112 section 3.2).
fn host_of(target: &[u8]) -> Result<Option<&[u8]>, Rejection> {
    if target.starts_with(b"/") || target == b"*" {
        return Ok(None);
    }
    authority_of(target).map(Some).ok_or(MALFORMED_TARGET)
}

/// RFC 9112 section 2.3. A higher minor version is refused as well: nothing speaks one.
fn minor_of(version: &[u8]) -> Result<u8, Rejection> {
    match version {
        b"HTTP/1.1" => Ok(1),
        b"HTTP/1.0" => Ok(0),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(UNKNOWN_VERSION),
        _ => Err(bad("Malformed HTTP version")),
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}

/// What RFC 9110 section 5.5 leaves no place for in a value: controls other than the tab.
fn has_control(text: &[u8]) -> bool {
    // Without an early end, so that it is done many bytes at a time.
    text.iter().fold(false, |found, &byte| found | is_control(byte))
}

/// Whether a byte of a line is one that no line may have.
pub fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

#[cfg(test)]
mod tests;
