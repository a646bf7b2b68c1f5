//! A client's connection, from its first byte to its last.
//!
//! Its life is a loop: the head of a request is read (`arrival`, `intake`) and judged (`head`), then
//! the connection is lent to pingora for this one request (`lent`, `stream`), with no byte of the next. So
//! every request is judged, also one that came together with another, and pingora's parser sees
//! nothing that two readers could read in two ways. What is refused is answered here (`refusal`).
//! On the way out `stream` keeps the `Date` of responses, which pingora would overwrite (`date`).

mod arrival;
mod chunks;
mod date;
mod head;
mod host;
mod intake;
mod lent;
mod refusal;
mod socket;
mod stream;

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use pingora::apps::HttpServerApp;
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::Session;
use tokio::sync::watch;

use super::backend_connection::App;
use crate::policy::PolicyHandle;
use crate::store::pingora::{Pace, Seat};
use crate::telemetry::{AccessLog, Metrics};
use arrival::Arrival;
use lent::Lent;
use stream::ClientStream;

pub use chunks::BadChunk;
pub use head::{Rejection, bad};
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
pub async fn serve(connection: Stream, client: SocketAddr, front: &Front, mut shutdown: watch::Receiver<bool>) {
    let mut stream = Box::new(ClientStream::new(connection));
    loop {
        match stream.next_request(&mut shutdown).await {
            Arrival::Request => {}
            Arrival::Refused(rejection) => return refusal::refuse(stream, &rejection, front, client).await,
            Arrival::End => return,
        }
        let Some(returned) = lend(stream, front, &shutdown).await else { return };
        stream = returned;
    }
}

/// Lets pingora serve the request that is due. It gives the connection back if it can serve another.
async fn lend(stream: Box<ClientStream>, front: &Front, shutdown: &watch::Receiver<bool>) -> Option<Box<ClientStream>> {
    let lent = Lent::new(stream);
    let mut request = pin!(front.app.process_new_http(ServerSession::new_http1(Box::new(lent.clone())), shutdown));
    let returned = poll_fn(|cx| {
        let served = request.as_mut().poll(cx);
        if served.is_pending() {
            lent.watch(cx);
        }
        served
    });
    drop(returned.await?);
    let stream = lent.end()?;
    // Where the next request begins is known only when this one was read to its end.
    stream.is_request_over().then_some(stream)
}

/// The client's connection; none where a request has no client.
fn of(session: &Session) -> Option<&Lent> {
    session.downstream_session.stream()?.as_ref().as_any().downcast_ref()
}

/// Says what the response that is about to be written is; `None` leaves its head to pingora, who writes
/// the time of day for its `Date`.
pub fn set_next_head(session: &Session, next: Option<NextHead>) {
    if let Some(lent) = of(session) {
        lent.stream().set_next_head(next);
    }
}

/// The pace of the response on its way to the client; none where a request has no client.
pub fn pace(session: &Session) -> Option<Arc<Pace>> {
    of(session).map(|lent| Arc::clone(lent.stream().pace()))
}

/// Says where the request sits when it waits for the fetch of another: it gets up when its client goes away.
pub fn set_seat(session: &Session, seat: &Seat) {
    if let Some(lent) = of(session) {
        lent.stream().set_seat(seat.clone());
    }
}

/// Says that the connection goes over to another protocol: the client was told 101.
pub fn switch_protocols(session: &Session) {
    if let Some(lent) = of(session) {
        lent.stream().switch_protocols();
    }
}
