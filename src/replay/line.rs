//! A line of an access log.

use std::net::IpAddr;
use std::time::SystemTime;

use http::header::{CONTENT_LENGTH, HOST, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

use super::{combined, record};
use crate::simulate::{Answer, Case, Request, SOMEWHERE};

/// A request that was made, and what was answered to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When.
    pub at: SystemTime,
    /// The request and the answer, as far as the log tells of them.
    pub case: Case,
    /// How many bytes were sent for it.
    pub bytes: u64,
}

/// Why a line is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// It has another shape.
    #[error(
        "it is neither an object of JSON nor a line like `192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5`"
    )]
    Shape,
    /// It names no method or URL that is one.
    #[error("it tells of no request: method and URL are missing or are none")]
    Request,
    /// It has no time.
    #[error("it does not say when, or not in a way that is understood")]
    Time,
    /// It has no status.
    #[error("it does not say with what status it was answered")]
    Status,
    /// It does not say for which host.
    #[error("it does not say which host was asked")]
    Host,
}

/// What there is of a request in a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub at: Option<SystemTime>,
    pub client: Option<IpAddr>,
    pub method: Option<String>,
    pub host: Option<String>,
    pub target: Option<String>,
    pub status: Option<u16>,
    pub bytes: u64,
    pub request: HeaderMap,
    pub answer: HeaderMap,
}

/// Reads lines, and knows what is to be taken for what they leave out.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The host of requests of which none is said.
    pub host: Option<String>,
    /// Fields of answers of which none of that name is said.
    pub answer: HeaderMap,
}

impl Reader {
    /// Reads a line; `None` if it is empty or a comment.
    ///
    /// # Errors
    /// What is missing for a request.
    #[must_use]
    pub fn read(&self, line: &[u8]) -> Option<Result<Visit, Misread>> {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return None;
        }
        let said = if line.starts_with(b"{") { record::said(line) } else { combined::said(line) };
        Some(said.ok_or(Misread::Shape).and_then(|said| self.visit(said)))
    }

    fn visit(&self, said: Said) -> Result<Visit, Misread> {
        let method = said.method.as_deref().and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let (method, url) = method.zip(said.target.as_deref()).ok_or(Misread::Request)?;
        let (in_url, target) = split_url(url).ok_or(Misread::Request)?;
        let at = said.at.ok_or(Misread::Time)?;
        let status = said.status.and_then(|status| StatusCode::from_u16(status).ok()).ok_or(Misread::Status)?;
        let host = in_url.or(said.host).or_else(|| self.host.clone()).ok_or(Misread::Host)?;
        let mut headers = said.request;
        headers.remove(HOST);
        // What the client has already is not known, nor which part it asked for: it is taken to ask for the whole.
        headers.remove(RANGE);
        let mut answer = Answer { status: whole(status), headers: said.answer, body: Vec::new() };
        for (name, value) in &self.answer {
            if !answer.headers.contains_key(name) {
                answer.headers.append(name, value.clone());
            }
        }
        if !answer.headers.contains_key(CONTENT_LENGTH) && status == StatusCode::OK {
            answer.headers.insert(CONTENT_LENGTH, said.bytes.into());
        }
        let client = said.client.unwrap_or(SOMEWHERE);
        let request = Request { method, host, target, headers, client, body: Vec::new() };
        Ok(Visit { at, case: Case::new(request, Some(answer)), bytes: said.bytes })
    }
}

/// What the backend says where the client was told a part, or that it has it already: all of it.
fn whole(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => StatusCode::OK,
        other => other,
    }
}

/// The host, if the URL has one, and the path with the query.
fn split_url(url: &str) -> Option<(Option<String>, String)> {
    let uri: Uri = url.parse().ok()?;
    if url.starts_with('/') {
        // What follows `#` is no part of a request.
        return Some((None, uri.path_and_query()?.as_str().to_owned()));
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let has_scheme = uri.scheme().is_some();
    let host = uri.authority().filter(|_| has_scheme)?.as_str().to_owned();
    Some((Some(host), target.to_owned()))
}

/// Adds a field, if it is one.
pub(super) fn add(headers: &mut HeaderMap, name: &str, value: &[u8]) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
        headers.append(name, value);
    }
}
