//! A request is piped: its head goes to the backend as the policy left it, and then bytes are copied both ways without
//! being looked at, until both sides have ended.
//!
//! pingora has no part in that but to connect. The connection ends with the pipe, since nobody knows where in it a
//! next request would begin. As in Varnish the backend is told so (`Connection: close`), unless the client asks for
//! another protocol; other than there a backend that cannot be reached is answered for with a page.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use http::{HeaderValue, Version, header};
use pingora::Result;
use pingora::connectors::TransportConnector;
use pingora::http::RequestHeader;
use pingora::protocols::{ALPN, Stream};
use pingora::proxy::Session;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::time::{sleep, timeout};

use super::connection;
use super::ctx::{RequestCtx, Synthetic};
use super::fetch::{self, failed};
use super::recv::answer_for;
use super::step::Messages;
use super::upstream::Patience;
use super::{choose, failure, retry, synth};
use crate::cache::asked::OWN_VIA;
use crate::cache::hop_by_hop::HOP_BY_HOP;
use crate::lang::schema::{Action, Step};
use crate::telemetry::{Outcome, Reason};

mod noted;

use noted::{Noted, Notes, Side};

/// What came of a pipe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piped {
    /// The status of the backend's first response; 0 if what it sent is none.
    pub status: u16,
    /// How many bytes the client was sent.
    pub sent_bytes: u64,
}

/// Runs `pipe`, connects and copies; the client gets a page where that is not to be or fails.
pub async fn run(session: &mut Session, ctx: &mut RequestCtx) -> Result<()> {
    ctx.verdict.reason = Reason::Policy;
    let bereq = prepare(session, ctx);
    ctx.fetch.bereq = Some(Box::new(bereq));
    ctx.fetch.backend = ctx.exchange.backend_hint.or(ctx.policy.default_backend);
    let verdict = ctx.run(Step::Pipe, Messages::req(session.downstream_session.req_header_mut()));
    if verdict.action != Action::Pipe {
        let synthetic = answer_for(&verdict, ctx);
        return synth::answer(session, ctx, &synthetic).await;
    }
    // What follows on the connection is not HTTP, or is for the backend alone to read.
    session.set_keepalive(None);
    match connect(session, ctx).await {
        Ok((backend, idle)) => {
            ctx.verdict.outcome = Outcome::Pipe;
            copy(session, backend, idle, ctx).await;
            Ok(())
        }
        Err(error) => {
            failure::note(&error, ctx);
            let answered = synth::answer(session, ctx, &Synthetic::new(503, None)).await;
            ctx.verdict.outcome = Outcome::Error;
            answered
        }
    }
}

/// `bereq`, before the policy sees it. Content is framed as the client framed it, for its bytes are sent as they come;
/// if it was read already, as long as it is.
fn prepare(session: &Session, ctx: &RequestCtx) -> RequestHeader {
    let req = session.req_header();
    let mut bereq = req.clone();
    let protocols = session.is_upgrade_req().then(|| req.headers.get_all(header::UPGRADE).iter().cloned());
    let upgrade: Vec<HeaderValue> = protocols.into_iter().flatten().collect();
    // What the client's `Connection` names went before the policy saw it: what is there now is the policy's.
    for name in HOP_BY_HOP.iter().filter(|name| **name != header::TRANSFER_ENCODING) {
        bereq.remove_header(name);
    }
    // Appending fails only when a request has tens of thousands of fields.
    let _ = bereq.insert_header(header::CONNECTION, if upgrade.is_empty() { "close" } else { "Upgrade" });
    for protocol in upgrade {
        let _ = bereq.append_header(header::UPGRADE, protocol);
    }
    let _ = bereq.append_header(header::VIA, OWN_VIA);
    if let Some(kept) = &ctx.exchange.keeping.kept {
        bereq.remove_header(&header::TRANSFER_ENCODING);
        let _ = bereq.insert_header(header::CONTENT_LENGTH, kept.len());
    }
    bereq
}

/// A connection to the backend, and how long it and the client may both be silent.
async fn connect(session: &mut Session, ctx: &mut RequestCtx) -> Result<(Stream, Duration)> {
    let is_read = connection::is_body_begun(session) && ctx.exchange.keeping.kept.is_none();
    if ctx.exchange.keeping.is_gone || is_read {
        ctx.verdict.reason = Reason::RequestBody;
        return Err(failed(503, "the content of the request was read before it is piped, and not kept"));
    }
    loop {
        retry::begin(ctx);
        let backend = choose::backend(session, ctx).await?;
        let idle = Patience::of(&backend, ctx).between_bytes;
        let mut peer = fetch::peer_at(session, &backend, ctx).await?;
        peer.options.alpn = ALPN::H1;
        let error = match connector().new_stream(&peer).await {
            Ok(stream) => return Ok((stream, idle)),
            Err(error) => failure::to_connect(&peer, ctx, error),
        };
        if !error.retry() {
            return Err(error);
        }
    }
}

/// Connections to backends that are used once.
fn connector() -> &'static TransportConnector {
    static CONNECTOR: OnceLock<TransportConnector> = OnceLock::new();
    CONNECTOR.get_or_init(|| TransportConnector::new(None))
}

/// Sends the head, and copies until both sides have ended, neither has sent anything for so long, or the time of the
/// policy is over. No more is held of either side than fits in a buffer of some kilobytes.
async fn copy(session: &mut Session, backend: Stream, idle: Duration, ctx: &mut RequestCtx) {
    let Some(client) = connection::open(session) else { return };
    let notes = Notes::begin();
    let mut client = Noted::new(client, Side::Client, &notes);
    let mut backend = Noted::new(backend, Side::Backend, &notes);
    let head = head(ctx);
    let copied = async {
        backend.write_all(&head).await?;
        backend.flush().await?;
        copy_bidirectional(&mut client, &mut backend).await
    };
    let ended = tokio::select! {
        copied = copied => copied.map(|_| ()),
        () = notes.silence(idle) => Err(io::Error::new(io::ErrorKind::TimedOut, "neither side sent anything")),
        () = end_of_time(ctx.fetch.task_deadline) => Err(io::Error::new(io::ErrorKind::TimedOut, "its time is over")),
    };
    if let Err(error) = ended {
        tracing::debug!(xid = ctx.exchange.xid, %error, "a pipe was ended");
    }
    // Who waits for bytes that do not come is not waited for.
    let _ = timeout(CLOSING, client.shutdown()).await;
    connection::close(session);
    let status = notes.status();
    ctx.verdict.forward_status = Some(status).filter(|status| *status != 0);
    ctx.piped = Some(Piped { status, sent_bytes: notes.sent_bytes() });
}

/// How long the end of a connection may take.
const CLOSING: Duration = Duration::from_secs(2);

async fn end_of_time(deadline: Option<Duration>) {
    match deadline.filter(|deadline| !deadline.is_zero()) {
        Some(deadline) => sleep(deadline).await,
        None => std::future::pending().await,
    }
}

/// The request as the policy left it, with what was read of its content.
fn head(ctx: &mut RequestCtx) -> BytesMut {
    let mut wire = BytesMut::new();
    let Some(mut bereq) = ctx.fetch.bereq.take() else { return wire };
    // Fails only when a request has tens of thousands of fields.
    let _ = fetch::add_host(&mut bereq, ctx);
    let version: &[u8] = if bereq.version < Version::HTTP_11 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" };
    for part in [bereq.method.as_str().as_bytes(), b" ", bereq.raw_path(), version] {
        wire.put_slice(part);
    }
    bereq.header_to_h1_wire(&mut wire);
    wire.put_slice(b"\r\n");
    wire.put_slice(ctx.exchange.keeping.kept.as_deref().unwrap_or_default());
    ctx.fetch.bereq = Some(bereq);
    wire
}
