//! A client's connection while pingora has it: it can be looked at from outside, in the task that serves the request.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::stream::ClientStream;
use crate::store::pingora::STALL;

/// A connection that is lent. Its lock is held for one question at a time, and by one task.
#[derive(Clone, Debug)]
pub struct Lent(Arc<Mutex<Box<ClientStream>>>);

impl Lent {
    /// Lends it.
    pub fn new(stream: Box<ClientStream>) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// The connection; `None` while pingora has it.
    pub fn end(self) -> Option<Box<ClientStream>> {
        Arc::into_inner(self.0).map(|stream| stream.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it is to be told, or asked.
    pub fn stream(&self) -> MutexGuard<'_, Box<ClientStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called whenever the request has been polled and goes on.
    pub fn watch(&self, cx: &mut Context<'_>) {
        self.stream().watch(cx);
    }
}

impl AsyncRead for Lent {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.stream()).poll_read(cx, out)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self.stream()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self.stream()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.stream()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.stream()).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for Lent {
    async fn shutdown(&mut self) {
        let shut = tokio::time::timeout(STALL, AsyncWriteExt::shutdown(self)).await;
        if let Err(error) = shut.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            tracing::debug!(%error, "a connection could not be shut down");
        }
    }
}

impl UniqueID for Lent {
    fn id(&self) -> UniqueIDType {
        self.stream().inner().id()
    }
}

impl Ssl for Lent {}

impl Peek for Lent {}

impl GetTimingDigest for Lent {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream().inner().get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.stream().inner().get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.stream().inner().get_write_pending_time()
    }
}

impl GetProxyDigest for Lent {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream().inner().get_proxy_digest()
    }
}

impl GetSocketDigest for Lent {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream().inner().get_socket_digest()
    }
}
