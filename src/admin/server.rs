//! The listener's life: bound, running, stopped.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::routes;
use super::source::StatusSource;

/// How long requests that run may take to end when the listener is stopped.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// A bound listener that does not answer yet.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl AdminServer {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is not loopback, since whoever reaches it is answered, or is taken.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().to_canonical().is_loopback() {
            let text = format!(
                "the admin listener answers without a password, so it must be on loopback: write 127.0.0.1:{} \
                 in place of {address}",
                address.port()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers on a thread of its own until the returned value is stopped or dropped.
    ///
    /// # Errors
    /// When the runtime or the thread cannot be started.
    pub fn spawn(self, source: Arc<dyn StatusSource>) -> io::Result<RunningAdmin> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let address = self.address;
        let thread = std::thread::Builder::new()
            .name("warp-admin".to_owned())
            .spawn(move || run(runtime, self.listener, source, stopped))?;
        Ok(RunningAdmin { address, stop: Some(stop), thread: Some(thread) })
    }
}

/// A listener that answers. Dropping it stops it.
#[derive(Debug)]
pub struct RunningAdmin {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RunningAdmin {
    /// Where it answers.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Lets requests that run end, within a second, and stops.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error says that it has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for RunningAdmin {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(runtime: Runtime, listener: TcpListener, source: Arc<dyn StatusSource>, stopped: oneshot::Receiver<()>) {
    if let Err(error) = runtime.block_on(serve(listener, source, stopped)) {
        tracing::error!(%error, "the admin listener has failed");
    }
    runtime.shutdown_background();
}

async fn serve(listener: TcpListener, source: Arc<dyn StatusSource>, stopped: oneshot::Receiver<()>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (told, tell) = oneshot::channel::<()>();
    let stopping = async {
        // Both ends mean stop: a message, and a sender that is gone.
        let _ = stopped.await;
        drop(told);
    };
    let serving = axum::serve(listener, routes::router(source)).with_graceful_shutdown(stopping).into_future();
    let overdue = async {
        let _ = tell.await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        result = serving => result,
        () = overdue => Ok(()),
    }
}

#[cfg(test)]
mod tests;
