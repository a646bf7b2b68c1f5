//! Probes a backend, again and again.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::backend::resolve;
use super::connect::{Endpoint, Socket, connect};
use super::definition::{HttpProbe, Place, ProbeKind};
use super::exchange::{self, ProbeError};
use super::health::{Probed, Record, Ways};
use super::refusal::why_refused;
use super::tls::{TlsDefinition, TlsError};

/// Probes at once and then at each interval, until the task is aborted. A probe that takes longer than
/// the interval is not overtaken by the next one.
pub(super) async fn run(probed: Probed, ways: Ways, record: Arc<Record>) {
    let tls = probed.definition.tls.as_ref().map(|tls| tls.client_config().map(Arc::new));
    loop {
        let began = Instant::now();
        let next = began + probed.probe.interval;
        let once = timeout(probed.probe.timeout, probe_once(&probed, &ways, tls.as_ref())).await;
        record.take(once.unwrap_or(Err(ProbeError::TimedOut(probed.probe.timeout))), began.elapsed());
        sleep_until(next).await;
        // An interval of zero must not keep the thread to itself.
        tokio::task::yield_now().await;
    }
}

type Tls = Result<Arc<ClientConfig>, TlsError>;

/// What came of it: the status, if one was asked for and it is expected.
async fn probe_once(probed: &Probed, ways: &Ways, tls: Option<&Tls>) -> Result<Option<u16>, ProbeError> {
    let until = Instant::now() + probed.probe.timeout;
    let stream = open(probed, ways).await?;
    let http = match &probed.probe.kind {
        ProbeKind::Tcp => return Ok(None),
        ProbeKind::Tls => None,
        ProbeKind::Http(http) => Some(http),
    };
    let stream: Box<dyn Stream> = match (&probed.definition.tls, tls) {
        (Some(definition), Some(config)) => Box::new(secure(stream, definition, config).await?),
        _ => stream,
    };
    match http {
        Some(http) => ask(stream, http, &host(probed), until).await.map(Some),
        None => Ok(None),
    }
}

/// The status, if it is expected and the connection ends as expected.
async fn ask(mut stream: Box<dyn Stream>, http: &HttpProbe, host: &str, until: Instant) -> Result<u16, ProbeError> {
    let status = exchange::status_of(&mut stream, &request_text(http, host)).await?;
    if !http.expected.iter().any(|range| range.contains(&status)) {
        return Err(ProbeError::Status { got: status, expected: http.expected_text() });
    }
    if http.expect_close {
        exchange::to_the_end(&mut stream, until).await?;
    }
    Ok(status)
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects as a request would, on nobody's behalf.
async fn open(probed: &Probed, ways: &Ways) -> Result<Box<dyn Stream>, ProbeError> {
    let route = resolve(&probed.definition, ways.addresses.as_deref(), ways.via.as_deref(), &[]).await?;
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
) -> Result<TlsStream<Box<dyn Stream>>, ProbeError> {
    let refused = |error: &TlsError| ProbeError::Tls(error.to_string());
    let config = config.as_ref().map_err(refused)?;
    let name = definition.name().map_err(|error| refused(&error))?;
    let connected = TlsConnector::from(config.clone()).connect(name, stream).await;
    let in_words = |error: String| match why_refused(&error) {
        Some(words) => format!("{words} ({error})"),
        None => error,
    };
    connected.map_err(|error| ProbeError::Tls(in_words(error.to_string())))
}

/// The lines that are given, else the request as Varnish sends it, with warp's name on it.
fn request_text(http: &HttpProbe, host: &str) -> String {
    if http.lines.is_empty() {
        let version = env!("CARGO_PKG_VERSION");
        return format!(
            "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: warp-probe/{version}\r\nConnection: close\r\n\r\n",
            http.url
        );
    }
    http.lines.join("\r\n") + "\r\n\r\n"
}

fn host(probed: &Probed) -> String {
    let definition = &probed.definition;
    let of_place = || definition.place.as_ref().map(Place::host_text).unwrap_or_default();
    definition.host_header.clone().unwrap_or_else(of_place)
}
