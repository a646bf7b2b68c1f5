//! The socket of a client, which is closed as soon as the client is known to be gone: its request may go on, since
//! others share what it fetches, and must not hold a file descriptor for nobody.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pingora::protocols::l4::stream::Stream;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, SocketDigest, TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What no socket has for its number.
const CLOSED: UniqueIDType = -1;

/// A client's socket. Once it is closed, it has come to its end for whoever reads, and takes nothing more.
#[derive(Debug)]
pub struct Socket(Option<Stream>);

impl Socket {
    /// An open one.
    pub fn new(stream: Stream) -> Self {
        Self(Some(stream))
    }

    /// Closes it: nobody is there any more.
    pub fn close(&mut self) {
        self.0 = None;
    }

    fn stream(&mut self) -> Option<Pin<&mut Stream>> {
        self.0.as_mut().map(Pin::new)
    }

    /// Closes it when it has failed.
    fn seen<T>(&mut self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(result, Poll::Ready(Err(_))) {
            self.close();
        }
        result
    }
}

fn closed<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = self.stream().map_or(Poll::Ready(Ok(())), |stream| stream.poll_read(cx, out));
        self.seen(read)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.stream().map_or_else(closed, |stream| stream.poll_write(cx, bytes));
        self.seen(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = self.stream().map_or_else(closed, |stream| stream.poll_write_vectored(cx, bufs));
        self.seen(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.stream().map_or(Poll::Ready(Ok(())), |stream| stream.poll_flush(cx));
        self.seen(sent)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or(Poll::Ready(Ok(())), |stream| stream.poll_shutdown(cx))
    }
}

impl UniqueID for Socket {
    fn id(&self) -> UniqueIDType {
        self.0.as_ref().map_or(CLOSED, UniqueID::id)
    }
}

impl GetTimingDigest for Socket {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.0.as_ref().map(GetTimingDigest::get_timing_digest).unwrap_or_default()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.0.as_ref().map(GetTimingDigest::get_read_pending_time).unwrap_or_default()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.0.as_ref().map(GetTimingDigest::get_write_pending_time).unwrap_or_default()
    }
}

impl GetProxyDigest for Socket {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.0.as_ref().and_then(GetProxyDigest::get_proxy_digest)
    }
}

impl GetSocketDigest for Socket {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.0.as_ref().and_then(GetSocketDigest::get_socket_digest)
    }
}
