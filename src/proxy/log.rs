//! The end of a request: counters and the access log.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderName, header};
use pingora::Error;
use pingora::proxy::Session;

use super::WarpProxy;
use super::ctx::RequestCtx;
use super::failure;
use crate::cache::StaleUse;
use crate::telemetry::{AccessRecord, OriginResult, RequestSample};

/// Counts and logs a request that has ended. A fetch in the background is no client's request.
pub fn finish(proxy: &WarpProxy, session: &Session, error: Option<&Error>, ctx: &mut RequestCtx) {
    count_fetch(error, ctx);
    if ctx.exchange.background
        && error.is_some()
        && let Some(key) = session.cache.maybe_cache_key()
    {
        proxy.failed.note(key, StaleUse::OnError);
    }
    if ctx.exchange.background || ctx.exchange.slice.is_some() || ctx.is_elsewhere() {
        return;
    }
    if let Some(error) = error {
        failure::note(error, ctx);
    }
    let written = session.response_written().map_or(0, |response| response.status.as_u16());
    let status = ctx.piped.map_or(written, |piped| piped.status);
    let duration = ctx.exchange.began.elapsed();
    let sent_bytes = ctx.piped.map_or(session.body_bytes_sent() as u64, |piped| piped.sent_bytes);
    let (outcome, reason) = (ctx.verdict.outcome, ctx.verdict.reason);
    let collapsed = ctx.verdict.collapsed.is_some();
    proxy.metrics.record(&RequestSample { outcome, reason, status, duration, sent_bytes, collapsed });
    if let Some(access_log) = &proxy.access_log {
        access_log.write(record(session, ctx, status, sent_bytes, duration));
    }
}

fn count_fetch(error: Option<&Error>, ctx: &mut RequestCtx) {
    if error.is_some() {
        return;
    }
    let Some(asked) = ctx.fetch.asked.take() else { return };
    ctx.fetch.asked_name = Some(asked.backend().name().to_owned());
    let served = ctx.verdict.forward_status.unwrap_or(0) < 500;
    asked.finish(if served { OriginResult::Ok } else { OriginResult::ServerError });
}

fn record(session: &Session, ctx: &mut RequestCtx, status: u16, bytes: u64, duration: Duration) -> AccessRecord {
    let req = session.req_header();
    let field =
        |name: HeaderName| req.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let port = session.client_addr().and_then(|address| address.as_inet()).map_or(0, SocketAddr::port);
    AccessRecord {
        time: ctx.exchange.time,
        client: (ctx.exchange.client, port).into(),
        method: req.method.to_string(),
        host: field(header::HOST).unwrap_or_default(),
        url: String::from_utf8_lossy(req.raw_path()).into_owned(),
        protocol: format!("{:?}", req.version),
        status,
        bytes,
        duration,
        outcome: ctx.verdict.outcome,
        reason: ctx.verdict.reason,
        site: ctx.policy.site.as_deref().map(str::to_owned),
        backend: ctx.fetch.asked_name.take(),
        generation: ctx.policy.generation,
        xid: ctx.exchange.xid,
        user_agent: field(header::USER_AGENT),
        referer: field(header::REFERER),
        log: std::mem::take(&mut ctx.exchange.log),
    }
}
