//! A connection to a backend as pingora sees it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_trait::async_trait;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, Digest, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};

use super::sizes::Sizes;

/// How often pingora flushes a request without a body: behind its head and at its end.
const FLUSHES: u8 = 2;

/// How much is read at once. Of what is read pingora keeps up to nine pieces for a client that takes none, where it
/// would make them 64 KB; smaller ones than these cost more than they save.
const MOST_READ_BYTES: u64 = 32 << 10;

/// What comes on a connection, for the steps of the request that it is lent to.
#[derive(Clone, Debug, Default)]
pub struct Received(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sizes: Sizes,
    /// Whether nothing more is to be read of the response, and why.
    end: Option<End>,
    /// Whether the backend is waited for: it was to be read, and had sent nothing.
    is_awaited: bool,
    /// Whether it has been waited for too long, if it is still silent.
    is_overdue: bool,
    /// How often the connection is still to be flushed before anything is read.
    flushes_due: u8,
    /// Who waits for more of it.
    reader: Option<Waker>,
}

/// Why nothing more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nobody wants it.
    Cut,
    /// The backend was silent for too long.
    TimedOut,
}

impl From<End> for io::Error {
    fn from(end: End) -> Self {
        match end {
            End::Cut => io::ErrorKind::ConnectionAborted.into(),
            End::TimedOut => io::ErrorKind::TimedOut.into(),
        }
    }
}

impl Received {
    /// What comes on the connection with this digest; `None` for one that is not ours. Of all that pingora shows of a
    /// connection, only its [`ProxyDigest`] has room for it.
    pub fn of(digest: &Digest) -> Option<&Self> {
        digest.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()
    }

    /// Forgets what has come: a request is about to be sent.
    pub fn begin(&self) {
        *self.state() = State::default();
    }

    /// Lets nothing be read before the request that is about to be sent has gone out to its end.
    ///
    /// pingora tells its half for the backend through a pipe that a request without a body has ended. Where the backend
    /// has gone over to another protocol (101) by the time that this comes out of the pipe, it takes it for the end of what
    /// the client says by that protocol, and ends the connection.
    pub fn hold_until_sent(&self) {
        self.state().flushes_due = FLUSHES;
    }

    fn flushed(&self) {
        let mut state = self.state();
        if state.flushes_due == 0 {
            return;
        }
        state.flushes_due -= 1;
        let reader = if state.flushes_due == 0 { state.reader.take() } else { None };
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Whether a chunk of the response had no size, if its body is in chunks.
    pub fn misses_size(&self) -> bool {
        self.state().sizes.is_one_missing()
    }

    /// Ends the connection: whoever reads it, or waits for more, gets an error.
    pub fn cut(&self) {
        let mut state = self.state();
        state.end.get_or_insert(End::Cut);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// The backend has taken too long, if it is waited for: who reads it looks once more, and gets an error if it is
    /// still silent. What it has sent by now counts, however late the reader gets to it.
    pub fn look_again(&self) {
        let mut state = self.state();
        if !state.is_awaited {
            return;
        }
        state.is_overdue = true;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Whether the response was ended because the backend was silent for too long.
    pub fn has_timed_out(&self) -> bool {
        self.state().end == Some(End::TimedOut)
    }

    /// Ready where more may be read; who waits is told when that changes.
    fn poll_wait(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if let Some(end) = state.end {
            return Poll::Ready(Err(end.into()));
        }
        if state.reader.as_ref().is_none_or(|reader| !reader.will_wake(cx.waker())) {
            state.reader = Some(cx.waker().clone());
        }
        if state.flushes_due == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Notes what reading came to.
    fn note(&self, read: Poll<io::Result<()>>, bytes: &[u8]) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if read.is_pending() && state.is_overdue {
            state.end = Some(End::TimedOut);
            return Poll::Ready(Err(End::TimedOut.into()));
        }
        (state.is_awaited, state.is_overdue) = (read.is_pending(), false);
        if matches!(read, Poll::Ready(Ok(()))) {
            state.sizes.read(bytes);
        }
        read
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that notes what comes on it.
#[derive(Debug)]
pub struct BackendStream {
    inner: Take<Stream>,
    received: Received,
    /// Holds `received`.
    digest: Arc<ProxyDigest>,
}

impl BackendStream {
    /// A connection on which nothing has been read.
    pub fn new(inner: Stream) -> Result<Self> {
        let received = Received::default();
        let head = Box::new(ResponseHeader::build(200, Some(0))?);
        let digest = Arc::new(ProxyDigest::new(head, Some(Box::new(received.clone()))));
        Ok(Self { inner: inner.take(MOST_READ_BYTES), received, digest })
    }
}

impl AsyncRead for BackendStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.received.poll_wait(cx))?;
        let before = out.filled().len();
        self.inner.set_limit(MOST_READ_BYTES);
        let read = Pin::new(&mut self.inner).poll_read(cx, out);
        self.received.note(read, out.filled().get(before..).unwrap_or_default())
    }
}

impl AsyncWrite for BackendStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.inner.get_mut()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.inner.get_mut()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(self.inner.get_mut()).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.received.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.inner.get_mut()).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for BackendStream {
    async fn shutdown(&mut self) {
        self.inner.get_mut().shutdown().await;
    }
}

impl UniqueID for BackendStream {
    fn id(&self) -> UniqueIDType {
        self.inner.get_ref().id()
    }
}

impl Ssl for BackendStream {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ref().get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.get_ref().selected_alpn_proto()
    }
}

impl Peek for BackendStream {}

impl GetTimingDigest for BackendStream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_ref().get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_ref().get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_ref().get_write_pending_time()
    }
}

impl GetProxyDigest for BackendStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.digest))
    }
}

impl GetSocketDigest for BackendStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_ref().get_socket_digest()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use pingora::protocols::l4::stream::Stream as L4Stream;
    use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};

    use super::*;

    /// A backend that has answered before it is asked.
    #[derive(Debug)]
    struct Early;

    impl AsyncRead for Early {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            out.put_slice(b"HTTP/1.1 101 \r\n\r\n");
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Early {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl VirtualSocket for Early {
        fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Woken(std::sync::atomic::AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn what_comes_before_the_end_of_the_request_waits_for_it() {
        let inner = L4Stream::from(VirtualSocketStream::new(Box::new(Early)));
        let mut stream = BackendStream::new(Box::new(inner)).unwrap();
        let woken = Arc::<Woken>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        stream.received.begin();
        stream.received.hold_until_sent();
        for _ in 0..FLUSHES {
            let mut room = [0; 64];
            assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut room)).is_pending());
            assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), 0);
            assert!(Pin::new(&mut stream).poll_flush(&mut cx).is_ready());
        }
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), 1);
        let mut room = [0; 64];
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut room)).is_ready());
        stream.received.begin();
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut room)).is_ready());
    }

    /// A backend that sends when it is told to.
    #[derive(Debug, Default)]
    struct Silent(Arc<Mutex<Vec<u8>>>);

    impl AsyncRead for Silent {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let sent = std::mem::take(&mut *self.0.lock().unwrap());
            out.put_slice(&sent);
            if sent.is_empty() { Poll::Pending } else { Poll::Ready(Ok(())) }
        }
    }

    impl AsyncWrite for Silent {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl VirtualSocket for Silent {
        fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_backend_is_given_up_where_it_is_waited_for_and_has_sent_nothing() {
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let inner = L4Stream::from(VirtualSocketStream::new(Box::new(Silent(sent.clone()))));
        let mut stream = BackendStream::new(Box::new(inner)).unwrap();
        let woken = Arc::<Woken>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut read = |stream: &mut BackendStream| {
            let mut room = [0; 64];
            Pin::new(stream).poll_read(&mut cx, &mut ReadBuf::new(&mut room))
        };
        let received = stream.received.clone();
        received.begin();
        received.look_again();
        assert!(read(&mut stream).is_pending(), "it was not waited for");
        sent.lock().unwrap().push(b'x');
        received.look_again();
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert!(matches!(read(&mut stream), Poll::Ready(Ok(()))), "it has sent something");
        received.look_again();
        assert!(read(&mut stream).is_pending() && !received.has_timed_out(), "it is not waited for yet");
        received.look_again();
        assert!(matches!(read(&mut stream), Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut));
        assert!(received.has_timed_out());
        received.begin();
        assert!(!received.has_timed_out() && read(&mut stream).is_pending());
    }
}
