//! A client's connection, from its first byte to its last.
//!
//! Its life is a loop: the head of a request is read (`arrival`, `intake`) and judged (`head`), then
//! the connection is lent to pingora for this one request (`lent`, `stream`), with no byte of the next. So
//! every request is judged, also one that came together with another, and pingora's parser sees
//! nothing that two readers could read in two ways. What is refused is answered here (`refusal`).
//! On the way out `stream` keeps the `Date` of responses, which pingora would overwrite (`date`). A request
//! that begins again is lent once more, with the head that it has by then (`lent`, `beside`).

mod arrival;
mod beside;
mod chunks;
mod date;
mod head;
mod host;
mod intake;
mod lent;
mod refusal;
mod session;
mod socket;
mod stream;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use pingora::apps::{HttpServerApp, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::Session;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::backend_connection::App;
use super::restart::{Begun, Order};
use crate::policy::PolicyHandle;
use crate::store::pingora::{Pace, Seat};
use crate::telemetry::{AccessLog, Metrics};
use arrival::Arrival;
use beside::{Beside, Pass};
use lent::{Lent, Recalled};
use stream::ClientStream;

pub use chunks::BadChunk;
pub use head::{Rejection, bad};
pub use intake::Rest;
pub use session::{ClientSession, Listener};
pub use stream::{NextHead, Patience};

/// What all connections share.
pub struct Front {
    /// pingora, and the proxy behind it.
    pub app: Arc<App>,
    /// The running policy, for its number.
    pub policy: Arc<PolicyHandle>,
    /// Where what is refused here is counted.
    pub metrics: Arc<Metrics>,
    /// Where it is logged.
    pub access_log: Option<Arc<AccessLog>>,
}

/// Serves the requests of a connection until it ends.
pub async fn serve(
    connection: Stream,
    client: SocketAddr,
    listener: Arc<Listener>,
    front: &Front,
    mut shutdown: watch::Receiver<bool>,
) {
    let told_of_shutdown = shutdown.clone();
    let mut beside = Beside::default();
    let mut stream = Box::new(ClientStream::new(connection, ClientSession::begin(listener)));
    loop {
        match beside.wait_for(stream.next_request(&mut shutdown)).await {
            Arrival::Request => {}
            Arrival::Refused(rejection) => {
                beside.wait_for(refusal::refuse(stream, &rejection, front, client)).await;
                break;
            }
            Arrival::End => break,
        }
        let Some(returned) = lend(stream, front, &told_of_shutdown, &mut beside).await else { break };
        stream = returned;
    }
    beside.end().await;
}

/// How pingora's way through a request ends.
enum End {
    Over(Option<ReusedHttpStream>),
    /// The connection was taken out of its hands; whether it has come to its end all the same.
    Recalled(Recalled, bool),
}

/// Lets pingora serve the request that is due, as often as it begins. It gives the connection back if it can serve
/// another.
async fn lend<'f>(
    stream: Box<ClientStream>,
    front: &'f Front,
    shutdown: &'f watch::Receiver<bool>,
    beside: &mut Beside<'f>,
) -> Option<Box<ClientStream>> {
    let mut lent = Lent::new(stream);
    loop {
        let session = ServerSession::new_http1(Box::new(lent.clone()));
        let mut pass: Pass<'f> = front.app.process_new_http(session, shutdown);
        let end = poll_fn(|cx| {
            let served = pass.as_mut().poll(cx);
            if let Some(recalled) = lent.take_recalled() {
                return Poll::Ready(End::Recalled(recalled, served.is_ready()));
            }
            if served.is_pending() {
                lent.watch(cx);
            }
            served.map(End::Over)
        });
        match beside.wait_for(end).await {
            End::Over(returned) => {
                drop(returned?);
                let stream = lent.end()?;
                // Where the next request begins is known only when this one was read to its end.
                return stream.is_request_over().then_some(stream);
            }
            End::Recalled(recalled, is_over) => {
                if !is_over {
                    beside.push(pass);
                }
                lent = Lent::again(recalled);
            }
        }
    }
}

/// The client's connection; none where a request has no client.
fn of(session: &Session) -> Option<&Lent> {
    session.downstream_session.stream()?.as_ref().as_any().downcast_ref()
}

/// Says what the response that is about to be written is; `None` leaves its head to pingora, who writes
/// the time of day for its `Date`.
pub fn set_next_head(session: &Session, next: Option<NextHead>) {
    of(session).and_then(|lent| lent.with(|stream| stream.set_next_head(next)));
}

/// What is known of the client's connection; none where a request has no client.
pub fn session(session: &Session) -> Option<Arc<ClientSession>> {
    of(session)?.with(|stream| Arc::clone(stream.session()))
}

/// How a request began that has begun before; what is fetched in the background behind its response knows it too.
pub fn began(session: &Session) -> Option<&Begun> {
    let beside = session.downstream_session.digest()?.proxy_digest.as_ref()?;
    beside.user_data.as_ref()?.downcast_ref()
}

/// Before a response goes to the client: says how long it may take, by what the policy has set for the connection.
pub fn begin_response(session: &mut Session, of_client: &ClientSession) {
    let timeouts = of_client.timeouts();
    session.set_write_timeout(Some(timeouts.idle_send()));
    let deadline = timeouts.send.and_then(|longest| Instant::now().checked_add(longest));
    of(session).and_then(|lent| lent.with(|stream| stream.set_deadline(deadline)));
}

/// The pace of the response on its way to the client; none where a request has no client.
pub fn pace(session: &Session) -> Option<Arc<Pace>> {
    of(session)?.with(|stream| Arc::clone(stream.pace()))
}

/// Says where the request sits when it waits for the fetch of another: it gets up when its client goes away.
pub fn set_seat(session: &Session, seat: &Seat) {
    of(session).and_then(|lent| lent.with(|stream| stream.set_seat(seat.clone())));
}

/// Says that the connection goes over to another protocol: the client was told 101.
pub fn switch_protocols(session: &Session) {
    of(session).and_then(|lent| lent.with(|stream| stream.switch_protocols()));
}

/// The connection as a pipe: from here on it is no HTTP, and what has come of the request and was not read comes first.
pub fn open(session: &Session) -> Option<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
    let lent = of(session)?;
    lent.with(|stream| {
        stream.set_next_head(None);
        stream.switch_protocols();
    })?;
    Some(lent.clone())
}

/// Closes the connection: nothing more is to be read or written.
pub fn close(session: &Session) {
    drop(of(session).and_then(Lent::end));
}

/// Whether anything of the request's body was read.
pub fn is_body_begun(session: &Session) -> bool {
    of(session).and_then(|lent| lent.with(|stream| stream.is_body_begun())).unwrap_or(true)
}

/// What the request brings along if it has begun before.
pub fn take_order(session: &Session) -> Option<Box<Order>> {
    of(session)?.take_order()
}

/// Lets the request begin again with this head, and gives it that to bring along. Here its client is gone then.
///
/// # Errors
/// With what it was to bring along, where it has no client.
pub fn begin_again(session: &Session, head: Bytes, rest: Rest, order: Box<Order>) -> Result<(), Box<Order>> {
    match of(session) {
        Some(lent) => lent.recall(head, rest, order),
        None => Err(order),
    }
}
