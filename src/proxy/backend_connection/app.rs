//! pingora's proxy, with a connector of ours.

use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

use pingora::apps::HttpServerOptions;
use pingora::protocols::Stream;
use pingora::proxy::{HttpProxy, ProxyServiceBuilder};
use pingora::server::configuration::ServerConf;
use pingora::server::{Fds, ListenFds, ShutdownWatch};
use pingora::services::Service;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::connector::Connector;
use crate::proxy::WarpProxy;

/// pingora, and the proxy behind it.
pub type App = HttpProxy<WarpProxy, Connector>;

/// Puts it together.
///
/// pingora gives a proxy with a connector that is not its own to nobody but the connections that it has accepted
/// itself. So it accepts one: from here, on a socket of its own, which is closed again.
pub async fn app(proxy: WarpProxy, conf: ServerConf) -> io::Result<Arc<App>> {
    let socket =
        TcpListener::bind([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(on_any_port).as_slice())?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    let mut fds = Fds::new();
    fds.add(address.to_string(), socket.into_raw_fd());
    let fds: ListenFds = Arc::new(fds.into());
    let (give, mut given) = mpsc::channel(1);
    let hand_over = move |app: Arc<App>, _: Stream, _: &ShutdownWatch| {
        // Whoever else comes by that address is turned away.
        let _ = give.try_send(app);
        Box::pin(ready(None)) as _
    };
    let mut options = HttpServerOptions::default();
    options.force_custom = true;
    let connector = Connector::new(&conf);
    let builder = ProxyServiceBuilder::new(&Arc::new(conf), proxy);
    let mut service = builder.custom(connector, Arc::new(hand_over)).server_options(options).build();
    service.add_tcp(&address.to_string());
    let (stop, stopping) = watch::channel(false);
    let _caller = TcpStream::connect(address).await?;
    let app = tokio::select! {
        app = given.recv() => app,
        () = service.start_service(Some(fds), stopping, 1) => None,
    };
    let _ = stop.send(true);
    app.ok_or_else(|| io::Error::other("pingora did not start"))
}

fn on_any_port(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 0)
}
