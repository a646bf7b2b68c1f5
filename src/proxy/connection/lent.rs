//! A client's connection while pingora has it, and how it is taken back.
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
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::intake::Rest;
use super::stream::ClientStream;
use crate::proxy::restart::Order;

/// A connection in pingora's hands, until it is taken back.
#[derive(Debug)]
pub struct Lent {
    stream: Mutex<Option<ClientStream>>,
    /// What the request brings along that has begun once already.
    order: Mutex<Option<Box<Order>>>,
    back: Back,
}

/// Where a connection is laid that is taken back.
#[derive(Clone, Debug, Default)]
pub struct Back(Arc<Mutex<Option<Recalled>>>);

/// A connection that was taken back, for its request to begin again.
#[derive(Debug)]
pub struct Recalled {
    stream: ClientStream,
    order: Box<Order>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn inner<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl Back {
    /// Takes up what was laid there.
    pub fn take(&self) -> Option<Recalled> {
        lock(&self.0).take()
    }
}

impl Lent {
    /// A connection on which a request is due.
    pub fn new(stream: ClientStream) -> Self {
        Self { stream: Mutex::new(Some(stream)), order: Mutex::default(), back: Back::default() }
    }

    /// The connection on which a request begins again.
    pub fn again(Recalled { stream, order }: Recalled) -> Self {
        Self { stream: Mutex::new(Some(stream)), order: Mutex::new(Some(order)), back: Back::default() }
    }

    /// Where it is laid when it is taken back.
    pub fn back(&self) -> Back {
        self.back.clone()
    }

    /// The connection, if it was not taken back.
    pub fn into_inner(self) -> Option<ClientStream> {
        self.stream.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the connection, if it is still here.
    pub fn with<T>(&self, look: impl FnOnce(&ClientStream) -> T) -> Option<T> {
        lock(&self.stream).as_ref().map(look)
    }

    /// What the request brings along that has begun once already.
    pub fn take_order(&self) -> Option<Box<Order>> {
        lock(&self.order).take()
    }

    /// Takes the connection out of pingora's hands, for the request to begin again with this head and what it
    /// brings along.
    ///
    /// # Errors
    /// With the order, when the connection is not here.
    pub fn recall(&self, head: Bytes, rest: Rest, order: Box<Order>) -> Result<(), Box<Order>> {
        let Some(mut stream) = lock(&self.stream).take() else { return Err(order) };
        stream.begin_again(head, rest);
        *lock(&self.back.0) = Some(Recalled { stream, order });
        Ok(())
    }

    /// The connection, if it was not taken back.
    pub fn stream(&mut self) -> Option<&mut ClientStream> {
        inner(&mut self.stream).as_mut()
    }
}

/// For pingora the client is gone.
fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
}

impl AsyncRead for Lent {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_read(cx, out))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().map_or_else(gone, |stream| Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().map_or_else(gone, |stream| Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.with(AsyncWrite::is_write_vectored).unwrap_or_default()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or_else(gone, |stream| Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_shutdown(cx))
    }
}

#[async_trait]
impl Shutdown for Lent {
    async fn shutdown(&mut self) {
        if let Some(stream) = inner(&mut self.stream) {
            Shutdown::shutdown(stream).await;
        }
    }
}

impl UniqueID for Lent {
    fn id(&self) -> UniqueIDType {
        self.with(UniqueID::id).unwrap_or_default()
    }
}

impl Ssl for Lent {}

impl Peek for Lent {}

impl GetTimingDigest for Lent {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.with(GetTimingDigest::get_timing_digest).unwrap_or_default()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.with(GetTimingDigest::get_read_pending_time).unwrap_or_default()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.with(GetTimingDigest::get_write_pending_time).unwrap_or_default()
    }
}

impl GetProxyDigest for Lent {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.with(GetProxyDigest::get_proxy_digest).flatten()
    }
}

impl GetSocketDigest for Lent {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.with(GetSocketDigest::get_socket_digest).flatten()
    }
}
