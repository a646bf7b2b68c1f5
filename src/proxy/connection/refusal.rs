//! The answer to a request that is refused before there is one to speak of.
//!
//! No policy is asked: there is no request that it could be asked about. So the page is always the
//! plain one, and the connection ends with it.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Front;
use super::head::Rejection;
use super::stream::ClientStream;
use crate::proxy::ctx::next_xid;
use crate::telemetry::{AccessRecord, Outcome, Reason, RequestSample};

/// How long a client may take to read that it was refused, and how long, and for how many bytes, it is
/// listened to afterwards. If the connection were closed on what it is still sending, the answer could be
/// lost (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 256 << 10;

/// How much of a request line is logged.
const LOGGED_BYTES: usize = 1 << 10;

/// Answers, counts and logs, and ends the connection.
pub async fn refuse(mut stream: Box<ClientStream>, rejection: &Rejection, front: &Front, client: SocketAddr) {
    let (began, time) = (Instant::now(), SystemTime::now());
    let line = RequestLine::of(stream.received());
    let sent_bytes = answer(&mut stream, rejection, line.method == "HEAD").await;
    let sample = RequestSample {
        outcome: Outcome::Synth,
        reason: Reason::BadRequest,
        status: rejection.status,
        duration: began.elapsed(),
        sent_bytes,
        collapsed: false,
    };
    front.metrics.record(&sample);
    if let Some(access_log) = &front.access_log {
        access_log.write(record(line, &sample, time, client, front.policy.current().generation));
    }
    linger(stream).await;
}

/// How many bytes of the page were sent.
async fn answer(stream: &mut ClientStream, rejection: &Rejection, head_only: bool) -> u64 {
    let page = if head_only { String::new() } else { page(rejection) };
    let response = format!("{}{page}", head(rejection, page.len()));
    match tokio::time::timeout(LINGER, stream.write_all(response.as_bytes())).await {
        Ok(Ok(())) => page.len() as u64,
        // Who does not read it goes without.
        _ => 0,
    }
}

async fn linger(mut stream: Box<ClientStream>) {
    if stream.shutdown().await.is_err() {
        return;
    }
    stream.switch_protocols();
    let rest = &mut stream.take(LINGER_BYTES);
    // However it ends, there is nobody left to tell.
    let _ = tokio::time::timeout(LINGER, tokio::io::copy(rest, &mut tokio::io::sink())).await;
}

fn head(rejection: &Rejection, length: usize) -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    format!(
        "HTTP/1.1 {} {}\r\nDate: {date}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Via: 1.1 warp\r\nCache-Status: warp; detail=\"bad-request\"\r\nConnection: close\r\n\r\n",
        rejection.status, rejection.reason
    )
}

/// The page of `builtin.page`.
fn page(rejection: &Rejection) -> String {
    let title = format!("{} {}", rejection.status, rejection.reason);
    format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1>\n\
         <hr><p>warp cache server</p></body></html>\n"
    )
}

/// What a request line seems to say, for the log alone.
#[derive(Default)]
struct RequestLine {
    method: String,
    url: String,
    protocol: String,
}

impl RequestLine {
    fn of(received: &[u8]) -> Self {
        let text = String::from_utf8_lossy(received.get(..LOGGED_BYTES).unwrap_or(received)).into_owned();
        let mut parts = text.trim_start().split(['\r', '\n']).next().unwrap_or_default().splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        Self { method: next(), url: next(), protocol: next() }
    }
}

fn record(
    line: RequestLine,
    sample: &RequestSample,
    time: SystemTime,
    client: SocketAddr,
    generation: u64,
) -> AccessRecord {
    AccessRecord {
        time,
        client: (client.ip().to_canonical(), client.port()).into(),
        method: line.method,
        host: String::new(),
        url: line.url,
        protocol: line.protocol,
        status: sample.status,
        bytes: sample.sent_bytes,
        duration: sample.duration,
        outcome: sample.outcome,
        reason: sample.reason,
        site: None,
        backend: None,
        generation,
        xid: next_xid(),
        user_agent: None,
        referer: None,
        log: Vec::new(),
    }
}
