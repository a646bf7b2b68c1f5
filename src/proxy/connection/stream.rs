//! A client's connection as pingora sees it.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderValue;
use pingora::protocols::l4::stream::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::arrival::{Alarm, Arrival, next_request};
use super::date;
use super::intake::{Intake, Rest};
use super::session::ClientSession;
use super::socket::Socket;
use crate::store::pingora::{Pace, STALL, Seat};

/// How much of the next requests is taken in while one is under way: a few heads.
const LOOK_AHEAD_BYTES: usize = 16 << 10;

/// What is known of the head of the next final response before pingora writes it.
#[derive(Clone, Debug)]
pub struct NextHead {
    /// Its `Date`, in the place of the one that pingora writes; without one it has none.
    pub date: Option<HeaderValue>,
    /// How long it may be held back for the beginning of its body.
    pub patience: Patience,
}

/// How long a head waits for the beginning of its body, to go out with it in one write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patience {
    /// As long as it takes: the body is there already.
    Endless,
    /// Until the backend, from whom pingora reads the body and sends it on, has had a turn.
    OneTurn,
    /// Not at all.
    None,
}

/// A client's connection: gives pingora one judged request at a time, and keeps the `Date` of responses.
///
/// What a step of the request says to it, it says through `&self`: pingora lends the stream out in no
/// other way.
#[derive(Debug)]
pub struct ClientStream {
    inner: Socket,
    session: Arc<ClientSession>,
    /// When all of the response has to be sent.
    deadline: Option<Instant>,
    intake: Intake,
    alarm: Alarm,
    next_head: Mutex<Option<NextHead>>,
    /// Whether the connection goes over to another protocol.
    switches: AtomicBool,
    /// What was taken over of a head and is not sent yet.
    head: Bytes,
    /// How long that is held back for the beginning of its body.
    patience: Patience,
    /// What was taken and comes behind that: never more than a piece of a body and its frame.
    backlog: BytesMut,
    /// Whether to take what the system does not take at once.
    pace: Arc<Pace>,
    /// Whether something was taken so, and not all of it is known to be sent.
    is_behind: bool,
    /// Where the request sits when it waits for the fetch of another.
    seat: Option<Seat>,
}

impl ClientStream {
    /// A connection on which nothing has been read.
    pub fn new(inner: Stream, session: ClientSession) -> Self {
        Self {
            inner: Socket::new(inner),
            session: Arc::new(session),
            deadline: None,
            intake: Intake::new(),
            alarm: Alarm::default(),
            next_head: Mutex::new(None),
            switches: AtomicBool::new(false),
            head: Bytes::new(),
            patience: Patience::None,
            backlog: BytesMut::new(),
            pace: Arc::default(),
            is_behind: false,
            seat: None,
        }
    }

    /// Waits for the next request and makes it due; until then pingora can read nothing of it.
    pub async fn next_request(&mut self, shutdown: &mut watch::Receiver<bool>) -> Arrival {
        self.set_next_head(None);
        self.seat = None;
        if !self.end_response().await {
            return Arrival::End;
        }
        self.deadline = None;
        let idle = self.session.timeouts().idle();
        next_request(&mut self.inner, &mut self.intake, &mut self.alarm, idle, shutdown).await
    }

    /// What its requests see of it.
    pub fn session(&self) -> &Arc<ClientSession> {
        &self.session
    }

    /// Says until when all of the response has to be sent.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// The pace of the response to the request that is under way.
    pub fn pace(&self) -> &Arc<Pace> {
        &self.pace
    }

    /// Says where the request sits when it waits for the fetch of another.
    pub fn set_seat(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }

    /// Lets a request get up that waits for the fetch of another when its client goes away: pingora looks at nothing
    /// meanwhile. A client that sends a next request is taken for one that stays, and one that still sends
    /// content is not watched.
    pub fn watch(&mut self, cx: &mut Context<'_>) {
        let Some(seat) = self.seat.as_ref().filter(|seat| seat.is_waiting()) else { return };
        if !self.intake.is_over() || !self.intake.received().is_empty() {
            return;
        }
        let gone = matches!(pin!(self.intake.fill(&mut self.inner)).poll(cx), Poll::Ready(Ok(0) | Err(_)));
        if gone {
            seat.leave();
        }
    }

    /// Sends what is left of a response; `false` when the client does not take it.
    async fn end_response(&mut self) -> bool {
        let sent = tokio::time::timeout(STALL, poll_fn(|cx| self.poll_backlog(cx))).await;
        self.pace = Arc::default();
        matches!(sent, Ok(Ok(())))
    }

    /// The connection itself.
    pub fn inner(&self) -> &Socket {
        &self.inner
    }

    /// What has come and belongs to no request that pingora has.
    pub fn received(&self) -> &[u8] {
        self.intake.received()
    }

    /// Whether pingora has read the request to its last byte.
    pub fn is_request_over(&self) -> bool {
        self.intake.is_over()
    }

    /// Whether pingora has read anything of the body of the request.
    pub fn is_body_begun(&self) -> bool {
        self.intake.is_body_begun()
    }

    /// Lets the request begin again with this head, and forgets what was said of its response.
    pub fn begin_again(&mut self, head: Bytes, rest: Rest) {
        self.set_next_head(None);
        self.seat = None;
        self.deadline = None;
        self.pace = Arc::default();
        self.intake.begin_again(head, rest);
    }

    /// Says what the next final response is; `None` leaves its head as pingora writes it.
    pub fn set_next_head(&self, next: Option<NextHead>) {
        *self.next_head.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Lets all bytes through from here on (RFC 9110 section 15.2.2).
    pub fn switch_protocols(&self) {
        self.switches.store(true, Relaxed);
    }

    /// Takes a head over whose `Date` is known, whole; `None` if these bytes are to go out as they are. It
    /// goes out with the beginning of its body, or at the flush that pingora does where none follows, if the
    /// body is not late (`is_held`); else at once, as far as the system takes it.
    fn take_over(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<io::Result<usize>> {
        let next = self.next_head.get_mut().unwrap_or_else(PoisonError::into_inner);
        if next.is_none() || !date::is_final_head(bytes) {
            return None;
        }
        let next = next.take()?;
        self.head = date::replace(bytes, next.date.as_ref().map(HeaderValue::as_bytes))?;
        self.patience = match next.patience {
            // Nothing would tell that the turn is over: for the rest of a body pingora looks when it has room for it.
            Patience::OneTurn if !self.intake.is_over() => Patience::None,
            patience => patience,
        };
        if self.patience == Patience::None
            && let Poll::Ready(Err(error)) = self.poll_send_head(cx)
        {
            return Some(Err(error));
        }
        Some(Ok(bytes.len()))
    }

    /// Whether a head is held back for its body, asked when pingora looks for bytes of the client. While it
    /// waits for the backend it looks whether the client, whose request is over, goes away. When it looks a
    /// second time, it has asked the backend in between, and had nothing of it to write.
    fn is_held(&mut self, cx: &mut Context<'_>) -> bool {
        if self.head.is_empty() {
            return false;
        }
        if self.patience == Patience::OneTurn {
            self.patience = Patience::None;
            self.is_behind = true;
            cx.waker().wake_by_ref();
            return true;
        }
        self.patience == Patience::Endless
    }

    /// Sends what is left of the head, then these: at once, if the system takes it. Gives how many of
    /// them went out.
    fn poll_send(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.patience = Patience::None;
        let wanted = bufs.iter().any(|buf| !buf.is_empty());
        loop {
            let mut all = Vec::with_capacity(bufs.len() + 1);
            all.push(IoSlice::new(&self.head));
            all.extend(bufs.iter().map(|buf| IoSlice::new(buf)));
            let sent = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &all))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_head = sent.min(self.head.len());
            self.head.advance(of_head);
            if sent > of_head || (self.head.is_empty() && !wanted) {
                return Poll::Ready(Ok(sent - of_head));
            }
        }
    }

    fn poll_send_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.head.is_empty() { Poll::Ready(Ok(())) } else { self.poll_send(cx, &[]).map_ok(|_| ()) }
    }

    /// Sends what was taken and could not be sent then.
    fn poll_backlog(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_head(cx))?;
        while !self.backlog.is_empty() {
            let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.backlog))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.backlog.advance(sent);
            self.pace.waits(true);
        }
        Poll::Ready(Ok(()))
    }

    /// As `poll_backlog`, and tells the one who waits for it.
    fn poll_catch_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_backlog(cx))?;
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.pace.has_sent_all();
        self.is_behind = false;
        Poll::Ready(Ok(()))
    }

    /// Sends these bytes, or, where the fetch runs ahead of the client, takes them until it can.
    fn poll_take(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if is_late || self.pace.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let sent = self.poll_write_behind(cx, bufs);
        if sent.is_ready() {
            if self.is_behind {
                self.pace.has_sent_all();
            }
            return sent;
        }
        ready!(self.poll_ahead(cx));
        for buf in bufs {
            self.backlog.extend_from_slice(buf);
        }
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }

    /// Ready where what cannot be sent now is to be taken, to be sent later.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.pace.poll_ahead(cx));
        self.pace.waits(false);
        self.is_behind = true;
        Poll::Ready(())
    }

    /// Sends these behind what was taken. A head alone does not go before them: it goes with them.
    fn poll_write_behind(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if !self.backlog.is_empty() {
            ready!(self.poll_backlog(cx))?;
        }
        self.poll_write_on(cx, bufs)
    }

    fn poll_write_on(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if !self.head.is_empty() {
            return self.poll_send(cx, bufs);
        }
        match bufs.first().and_then(|first| self.take_over(cx, first)) {
            Some(taken) => Poll::Ready(taken),
            None => Pin::new(&mut self.inner).poll_write_vectored(cx, bufs),
        }
    }

    /// Waits for the end of the connection, behind a request that is over. The next request has to wait for its
    /// turn: of what comes so much is taken in as it takes to see behind it that the connection is reset, mostly. Who
    /// has sent it and only sends no more may wait for both responses.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.intake.received().len() < LOOK_AHEAD_BYTES {
            match (ready!(self.poll_fill(cx))?, self.intake.received()) {
                (0, []) => {
                    self.inner.close();
                    return Poll::Ready(Ok(()));
                }
                (0, _) => break,
                _ => {}
            }
        }
        Poll::Pending
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        pin!(self.intake.fill(&mut self.inner)).poll(cx)
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.pace.is_cut() {
            this.inner.close();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        // pingora reads as long as it fetches, and so drives what is to be sent meanwhile.
        if !this.is_held(cx)
            && this.is_behind
            && let Poll::Ready(Err(error)) = this.poll_catch_up(cx)
        {
            return Poll::Ready(Err(error));
        }
        if *this.switches.get_mut() {
            this.intake.open();
        }
        if this.intake.is_at_hand() {
            return Poll::Ready(this.intake.hand_on(out));
        }
        if this.intake.lets_through(out.remaining()) {
            let before = out.filled().len();
            ready!(Pin::new(&mut this.inner).poll_read(cx, out))?;
            this.intake.let_through(out.filled().len() - before);
            return Poll::Ready(Ok(()));
        }
        if this.intake.is_closed() {
            return this.poll_end(cx);
        }
        if this.intake.received().is_empty() && ready!(this.poll_fill(cx))? == 0 {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(this.intake.hand_on(out))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_take(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_take(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let sent = this.poll_catch_up(cx);
        if sent.is_pending() { this.poll_ahead(cx).map(Ok) } else { sent }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_backlog(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
