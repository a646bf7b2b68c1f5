//! A request begins again at `recv`, as it is by then (VCL's `restart`).
//!
//! From `recv` and `purge` it goes back there at once. From where pingora has taken it further it cannot go back,
//! so the connection is taken out of its hands and lent anew (`connection::lent`). What the request asks for, and
//! all that the policy has said of it, comes along; what was found or fetched for it does not. It is one request for
//! the log and the metrics.

use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::{Version, header};
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::connection::{self, Rest};
use super::ctx::{CacheVerdict, Course, Disposition, Exchange, RequestCtx, Said, Synthetic};
use super::told::Told;
use super::warning;
use crate::policy::Policy;
use crate::telemetry::{InFlight, Reason};

/// What a request that begins again brings along.
pub struct Order {
    policy: Arc<Policy>,
    exchange: Exchange,
    in_flight: Option<InFlight>,
}

impl Order {
    /// What a fetch in the background behind the request has to know.
    pub fn begun(&self) -> Begun {
        Begun { policy: Arc::clone(&self.policy), said: self.exchange.said() }
    }
}

/// How a request began that has begun before: under which policy, and what that had said of it.
pub struct Begun {
    policy: Arc<Policy>,
    said: Said,
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("restarts", &self.exchange.restarts).finish_non_exhaustive()
    }
}

/// What is left of the content of a request that begins again.
enum Content {
    /// All that there was, if there was any.
    Untouched,
    /// A copy.
    Kept(Bytes),
    /// Nothing: it was read and not kept.
    Gone,
}

/// Takes up what a request brings along that has begun before; `false` for one that has not.
pub fn take_up(session: &Session, ctx: &mut RequestCtx) -> bool {
    let Some(order) = connection::take_order(session) else { return false };
    let Order { policy, exchange, in_flight } = *order;
    *ctx = RequestCtx { exchange, in_flight, ..RequestCtx::new(policy, ctx.limits) };
    true
}

/// Takes up, for what is fetched in the background behind a request that had begun again, how that began; `false` for
/// any other request. Its head is that of the request, and was completed then; by which host it came it tells no more. A
/// backend that was said is one of that policy.
pub fn take_up_behind(session: &Session, ctx: &mut RequestCtx) -> bool {
    let Some(begun) = connection::began(session).filter(|_| ctx.exchange.background) else { return false };
    ctx.policy = Arc::clone(&begun.policy);
    ctx.exchange.take_over(&begun.said);
    true
}

/// Goes back to `recv` from where pingora has not taken the request further.
///
/// # Errors
/// With the answer, when it has begun too often.
pub fn at_once(ctx: &mut RequestCtx) -> Result<(), Synthetic> {
    count(ctx)?;
    ctx.exchange = ctx.exchange.again();
    (ctx.verdict, ctx.disposition) = (CacheVerdict::default(), Disposition::default());
    Ok(())
}

/// Lets the request begin again elsewhere: here nothing more is to be done for it.
///
/// # Errors
/// With the answer, when it has begun too often or has no client.
pub fn elsewhere(session: &mut Session, ctx: &mut RequestCtx) -> Result<(), Synthetic> {
    count(ctx)?;
    if let Some(told) = &ctx.told {
        // The request that this one fetches a slice for begins again.
        if told.set(Told::begin_again(session.req_header())).is_err() {
            return Err(unavailable(ctx));
        }
        ctx.course = Course::Elsewhere;
        return Ok(());
    }
    let content = content(session, ctx);
    ctx.exchange.keeping.is_gone |= matches!(content, Content::Gone);
    let rest = if matches!(content, Content::Untouched) { Rest::Follows } else { Rest::Gone };
    let head = head(session.req_header(), content);
    let left = ctx.exchange.aside();
    let exchange = std::mem::replace(&mut ctx.exchange, left).again();
    let order = Order { policy: Arc::clone(&ctx.policy), exchange, in_flight: ctx.in_flight.take() };
    match connection::begin_again(session, head, rest, Box::new(order)) {
        Ok(()) => {
            ctx.course = Course::Elsewhere;
            Ok(())
        }
        Err(order) => {
            (ctx.exchange, ctx.in_flight) = (order.exchange, order.in_flight);
            Err(unavailable(ctx))
        }
    }
}

fn count(ctx: &mut RequestCtx) -> Result<(), Synthetic> {
    ctx.exchange.restarts = ctx.exchange.restarts.saturating_add(1);
    if ctx.exchange.restarts <= ctx.limits.most_restarts {
        return Ok(());
    }
    if let Some(left_out) = warning::due("restart", None) {
        tracing::warn!(xid = ctx.exchange.xid, left_out, "the policy has the request begin again too often");
    }
    Err(unavailable(ctx))
}

fn unavailable(ctx: &mut RequestCtx) -> Synthetic {
    (ctx.verdict.decided_at, ctx.verdict.reason) = (None, Reason::PolicyFailure);
    Synthetic::new(503, None)
}

fn content(session: &mut Session, ctx: &RequestCtx) -> Content {
    if session.as_mut().is_body_empty() || !connection::is_body_begun(session) {
        return Content::Untouched;
    }
    ctx.exchange.keeping.kept.clone().map_or(Content::Gone, Content::Kept)
}

/// The head of the request as it is now, with what there is of its content.
fn head(req: &RequestHeader, content: Content) -> Bytes {
    let mut req = req.clone();
    if !matches!(content, Content::Untouched) {
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT] {
            req.remove_header(&name);
        }
    }
    let content = if let Content::Kept(content) = content { content } else { Bytes::new() };
    if !content.is_empty() {
        // A number is a value for a field.
        let _ = req.insert_header(header::CONTENT_LENGTH, content.len());
    }
    let version: &[u8] = if req.version < Version::HTTP_11 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" };
    let mut wire = BytesMut::new();
    for part in [req.method.as_str().as_bytes(), b" ", req.raw_path(), version] {
        wire.put_slice(part);
    }
    req.header_to_h1_wire(&mut wire);
    wire.put_slice(b"\r\n");
    wire.put_slice(&content);
    wire.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(fields: &[(&'static str, &str)], content: Content) -> String {
        let mut req = RequestHeader::build("POST", b"/a?b", None).unwrap();
        for (name, value) in fields {
            req.append_header(*name, *value).unwrap();
        }
        String::from_utf8(head(&req, content).to_vec()).unwrap()
    }

    #[test]
    fn a_head_is_written_as_it_is_by_then() {
        let fields = [("Host", "a.test"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "3")];
        let expected = "POST /a?b HTTP/1.1\r\nHost: a.test\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(wire(&fields, Content::Untouched), expected);
    }

    #[test]
    fn its_framing_is_that_of_what_is_left_of_its_content() {
        let fields = [("Transfer-Encoding", "chunked"), ("Expect", "100-continue")];
        let kept = wire(&fields, Content::Kept(Bytes::from_static(b"abc")));
        assert_eq!(kept, "POST /a?b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(wire(&fields, Content::Gone), "POST /a?b HTTP/1.1\r\n\r\n");
    }
}
