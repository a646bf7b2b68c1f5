//! A client's connection while pingora has it: it can be looked at from outside, in the task that serves the request,
//! and taken back.
//!
//! pingora goes through a request from its beginning to its end and knows no way back. A request that begins
//! again is therefore another one for it: the connection is taken out of its hands, where it stands, and lent once
//! more with the request as it is by then. What pingora still does for the first one, it does for a client that
//! is gone: a response on its way to the store is stored, one for nobody is given up.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::ResponseHeader;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::intake::Rest;
use super::stream::ClientStream;
use crate::proxy::restart::Order;
use crate::store::pingora::STALL;

/// A connection that is lent. Its lock is held for one question at a time, and by one task.
#[derive(Clone, Debug)]
pub struct Lent(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The connection, as long as it is lent.
    stream: Option<Box<ClientStream>>,
    /// What a request brings along that has begun before.
    order: Option<Box<Order>>,
    recalled: Option<Recalled>,
}

/// A connection that was taken back, for its request to begin again.
#[derive(Debug)]
pub struct Recalled {
    stream: Box<ClientStream>,
    order: Box<Order>,
}

impl Lent {
    /// Lends it.
    pub fn new(stream: Box<ClientStream>) -> Self {
        Self::with_order(stream, None)
    }

    /// Lends it once more.
    pub fn again(Recalled { stream, order }: Recalled) -> Self {
        Self::with_order(stream, Some(order))
    }

    fn with_order(stream: Box<ClientStream>, order: Option<Box<Order>>) -> Self {
        Self(Arc::new(Mutex::new(State { stream: Some(stream), order, recalled: None })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, once pingora is done with it.
    pub fn end(&self) -> Option<Box<ClientStream>> {
        self.state().stream.take()
    }

    /// Tells it something, or asks it, if it is still lent.
    pub fn with<T>(&self, question: impl FnOnce(&mut ClientStream) -> T) -> Option<T> {
        self.state().stream.as_deref_mut().map(question)
    }

    /// To be called whenever the request has been polled and goes on.
    pub fn watch(&self, cx: &mut Context<'_>) {
        self.with(|stream| stream.watch(cx));
    }

    /// What the request brings along if it has begun before.
    pub fn take_order(&self) -> Option<Box<Order>> {
        self.state().order.take()
    }

    /// Takes the connection out of pingora's hands, for the request to begin again with this head and what it
    /// brings along.
    ///
    /// # Errors
    /// With the order, when it is not there any more.
    pub fn recall(&self, head: Bytes, rest: Rest, order: Box<Order>) -> Result<(), Box<Order>> {
        let mut state = self.state();
        let Some(mut stream) = state.stream.take() else { return Err(order) };
        stream.begin_again(head, rest);
        state.recalled = Some(Recalled { stream, order });
        Ok(())
    }

    /// What was taken out of pingora's hands. To be called when the request has been polled.
    pub fn take_recalled(&self) -> Option<Recalled> {
        self.state().recalled.take()
    }

    /// Asks the connection; without one the client is gone.
    fn poll<T>(
        &self,
        gone: io::Result<T>,
        poll: impl FnOnce(Pin<&mut ClientStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match self.state().stream.as_deref_mut() {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(gone),
        }
    }
}

impl AsyncRead for Lent {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(Ok(()), |stream| stream.poll_read(cx, out))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(Err(io::ErrorKind::BrokenPipe.into()), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(Err(io::ErrorKind::BrokenPipe.into()), |stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.with(|stream| stream.is_write_vectored()).unwrap_or_default()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Err(io::ErrorKind::BrokenPipe.into()), |stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Ok(()), |stream| stream.poll_shutdown(cx))
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
        self.with(|stream| stream.inner().id()).unwrap_or_default()
    }
}

impl Ssl for Lent {}

impl Peek for Lent {}

impl GetTimingDigest for Lent {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.with(|stream| stream.inner().get_timing_digest()).unwrap_or_default()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.with(|stream| stream.inner().get_read_pending_time()).unwrap_or_default()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.with(|stream| stream.inner().get_write_pending_time()).unwrap_or_default()
    }
}

/// Of a request that begins again this is how it does: what pingora fetches in the background knows of its request only
/// what is kept here.
impl GetProxyDigest for Lent {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        let begun = self.state().order.as_ref().map(|order| order.begun())?;
        let head = Box::new(ResponseHeader::build(200, None).ok()?);
        Some(Arc::new(ProxyDigest::new(head, Some(Box::new(begun)))))
    }
}

impl GetSocketDigest for Lent {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.with(|stream| stream.inner().get_socket_digest()).flatten()
    }
}
