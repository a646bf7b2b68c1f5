//! The sockets of the demo's site.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use super::site::{self, Answer};

/// How long `/slow` takes.
const SLOW: Duration = Duration::from_secs(1);

/// More paths than this are counted together, so that a scan cannot fill the memory.
const MAX_PATHS: usize = 10_000;

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    /// Counts a request for `path`; how many there were, this one included.
    fn count(&self, path: &str) -> u64 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let path = if counts.len() < MAX_PATHS || counts.contains_key(path) { path } else { "" };
        let count = counts.entry(path.to_owned()).or_default();
        *count += 1;
        *count
    }
}

/// Starts the site on 127.0.0.1, on a thread of its own that ends with the process.
///
/// # Errors
/// When the port is taken, or the thread cannot be started.
pub(super) fn start(port: u16) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("demo-origin".to_owned()).spawn(move || runtime.block_on(run(listener)))?;
    Ok(address)
}

async fn run(listener: std::net::TcpListener) {
    let site = Router::new().fallback(respond).with_state(Arc::new(Counts::default()));
    let ended = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, site).await,
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        crate::cli::output::remark(&format!("warp: the demo's site broke: {error}"));
    }
}

async fn respond(State(counts): State<Arc<Counts>>, uri: Uri) -> Response {
    let count = counts.count(uri.path());
    if uri.path() == "/slow" {
        tokio::time::sleep(SLOW).await;
    }
    response(site::answer(uri.path(), count), count)
}

fn response(answer: Answer, count: u64) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert("x-origin-count", HeaderValue::from(count));
    if let Some(cookie) = answer.set_cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
