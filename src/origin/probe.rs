//! Asks a backend for its probe's path, again and again.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use super::backend::resolve;
use super::connect::{Endpoint, Socket, connect};
use super::definition::Place;
use super::exchange::{self, ProbeError};
use super::health::{Probed, Record, Ways};
use super::tls::{TlsDefinition, TlsError};

/// Probes at once and then at each interval, until the task is aborted. A probe that takes longer than
/// the interval is not overtaken by the next one.
pub(super) async fn run(probed: Probed, ways: Ways, record: Arc<Record>) {
    let tls = probed.definition.tls.as_ref().map(|tls| tls.client_config().map(Arc::new));
    loop {
        let next = Instant::now() + probed.probe.interval;
        let once = timeout(probed.probe.timeout, probe_once(&probed, &ways, tls.as_ref()));
        record.take(once.await.unwrap_or(Err(ProbeError::TimedOut(probed.probe.timeout))));
        sleep_until(next).await;
        // An interval of zero must not keep the thread to itself.
        tokio::task::yield_now().await;
    }
}

type Tls = Result<Arc<ClientConfig>, TlsError>;

/// The status, if it is the expected one.
async fn probe_once(probed: &Probed, ways: &Ways, tls: Option<&Tls>) -> Result<u16, ProbeError> {
    let stream = open(probed, ways).await?;
    let request = request_text(probed);
    let status = match (&probed.definition.tls, tls) {
        (Some(definition), Some(config)) => {
            exchange::status_of(secure(stream, definition, config).await?, &request).await?
        }
        _ => exchange::status_of(stream, &request).await?,
    };
    if status == probed.probe.expected_response {
        return Ok(status);
    }
    Err(ProbeError::Status { got: status, expected: probed.probe.expected_response })
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects as a request would, on nobody's behalf.
async fn open(probed: &Probed, ways: &Ways) -> Result<Box<dyn Stream>, ProbeError> {
    let route = resolve(&probed.definition, ways.addresses.as_deref(), ways.via.as_deref()).await?;
    let greeting = probed.definition.greeting.bytes(route.backend, None);
    let socket = connect(&route.endpoint, &greeting).await;
    if let (Err(_), Endpoint::Network(address)) = (&socket, &route.endpoint) {
        ways.report_connect_failure(*address);
    }
    Ok(match socket.map_err(ProbeError::Connect)? {
        Socket::Tcp(stream) => Box::new(stream),
        Socket::Unix(stream) => Box::new(stream),
    })
}

async fn secure(
    stream: Box<dyn Stream>,
    definition: &TlsDefinition,
    config: &Tls,
) -> Result<impl AsyncRead + AsyncWrite + Unpin, ProbeError> {
    let refused = |error: &TlsError| ProbeError::Tls(error.to_string());
    let config = config.as_ref().map_err(refused)?;
    let name = definition.name().map_err(|error| refused(&error))?;
    let connected = TlsConnector::from(config.clone()).connect(name, stream).await;
    connected.map_err(|error| ProbeError::Tls(error.to_string()))
}

/// The request as Varnish sends it, with warp's name on it.
fn request_text(probed: &Probed) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: warp-probe/{version}\r\nConnection: close\r\n\r\n",
        probed.probe.url,
        host(probed)
    )
}

fn host(probed: &Probed) -> String {
    let definition = &probed.definition;
    match (&definition.host_header, &definition.place) {
        (Some(host), _) => host.clone(),
        (None, Some(Place::Network(address))) => address.host_text(),
        (None, _) => "localhost".to_owned(),
    }
}
