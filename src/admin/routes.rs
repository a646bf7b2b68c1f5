//! What the admin listener answers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::source::StatusSource;

/// What the routes share.
struct Shared {
    source: Arc<dyn StatusSource>,
    started: Instant,
}

/// All routes.
pub(super) fn router(source: Arc<dyn StatusSource>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/status", get(status))
        .route("/rules", get(rules))
        .route("/metrics", get(metrics))
        .fallback(async || {
            error(StatusCode::NOT_FOUND, "no such page; there are /healthz, /status, /rules and /metrics")
        })
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(Shared { source, started: Instant::now() }))
}

async fn status(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let source = &shared.source;
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": shared.started.elapsed().as_secs(),
        "policy": source.policy(),
        "store": source.store(),
        "backends": source.backends(),
        "directors": source.directors(),
        "listeners": source.listeners(),
        "requests": source.requests(),
    }))
}

async fn rules(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.source.rules())
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.source.metrics()).into_response()
}

/// Refuses what could come from a web page in the operator's browser, and all that would change something.
async fn guard(request: Request, next: Next) -> Response {
    let named = request.uri().host().is_none_or(is_name_trusted);
    if !named || !is_host_trusted(request.headers()) {
        return error(StatusCode::FORBIDDEN, "the Host must be localhost or an IP address");
    }
    if request.method() != Method::GET {
        let refused = error(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here");
        return ([(header::ALLOW, "GET")], refused).into_response();
    }
    next.run(request).await
}

/// Whether the one `Host` is `localhost` or an IP address: a name that someone else's name server points to
/// loopback would let a web page read this listener (DNS rebinding).
fn is_host_trusted(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    // A Host is a name and a port; the part before an `@` that an authority may have has no place there.
    let text = host.to_str().ok().filter(|host| !host.contains('@'));
    let authority = text.and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| is_name_trusted(authority.host()))
}

fn is_name_trusted(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    inner.eq_ignore_ascii_case("localhost") || inner.parse::<IpAddr>().is_ok()
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
