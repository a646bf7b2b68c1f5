//! Asks a backend for its probe's path, again and again.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until, timeout};

use super::addresses::Addresses;
use super::exchange::{self, ProbeError};
use super::health::{Probed, Record};

/// Probes at once and then at each interval, until the task is aborted. A probe that takes longer than
/// the interval is not overtaken by the next one.
pub(super) async fn run(probed: Probed, addresses: Arc<Addresses>, record: Arc<Record>) {
    loop {
        let next = Instant::now() + probed.probe.interval;
        let once = timeout(probed.probe.timeout, probe_once(&probed, &addresses));
        record.take(once.await.unwrap_or(Err(ProbeError::TimedOut(probed.probe.timeout))));
        sleep_until(next).await;
        // An interval of zero must not keep the thread to itself.
        tokio::task::yield_now().await;
    }
}

/// The status, if it is the expected one.
async fn probe_once(probed: &Probed, addresses: &Addresses) -> Result<u16, ProbeError> {
    let address = addresses.resolve().await?;
    let request = request_text(probed);
    let status = exchange::status_of(address, &request).await;
    if matches!(status, Err(ProbeError::Connect(_))) {
        addresses.report_connect_failure(address);
    }
    match status? {
        status if status == probed.probe.expected_response => Ok(status),
        status => Err(ProbeError::Status { got: status, expected: probed.probe.expected_response }),
    }
}

/// The request as Varnish sends it, with warp's name on it.
fn request_text(probed: &Probed) -> String {
    let host = probed.host_header.clone().unwrap_or_else(|| probed.address.host_text());
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "GET {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: warp-probe/{version}\r\nConnection: close\r\n\r\n",
        probed.probe.url
    )
}
