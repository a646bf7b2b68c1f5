//! A request comes in: `recv`, and what it asks for there and then.

use http::{Method, header};
use pingora::proxy::Session;

use super::WarpProxy;
use super::admit::admit;
use super::ctx::{Disposition, Exchange, RequestCtx, Synthetic};
use super::facts::StepFacts;
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};
use crate::telemetry::{Outcome, Reason};

/// What `recv` came to.
pub enum Received {
    /// Go on: look in the cache or pass, as `ctx.disposition` says.
    GoOn,
    /// Answer with this.
    Answer(Synthetic),
}

/// Notes who is talking to us.
pub fn note_connection(session: &Session, exchange: &mut Exchange) {
    let client = session.client_addr().and_then(|address| address.as_inet());
    let local = session.server_addr().and_then(|address| address.as_inet());
    if let Some(address) = client {
        exchange.client = address.ip().to_canonical();
    }
    if let Some(address) = local {
        exchange.local = address.ip().to_canonical();
    }
    exchange.background = session.subrequest_ctx.is_some();
}

/// The gate, then the policy's `recv`.
pub fn receive(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Received {
    note_connection(session, &mut ctx.exchange);
    ctx.in_flight = (!ctx.exchange.background).then(|| proxy.metrics.begin());
    if let Err(rejection) = admit(session.downstream_session.req_header_mut()) {
        // What follows on this connection cannot be told from the rest of this request.
        session.set_keepalive(None);
        ctx.verdict.reason = Reason::BadRequest;
        return Received::Answer(Synthetic { status: rejection.status, reason: Some(rejection.reason.into()) });
    }
    let verdict = {
        let req = session.downstream_session.req_header_mut();
        let mut facts = StepFacts::new(&mut ctx.exchange, Some(req));
        ctx.policy.program.run(Step::Recv, &mut facts)
    };
    match verdict.action {
        Action::Hash => look_up(session, ctx),
        Action::Pass => pass(ctx, Reason::Policy),
        Action::Purge => purge(proxy, session, ctx),
        _ => {
            ctx.verdict.reason = Reason::Policy;
            Received::Answer(answer_for(&verdict))
        }
    }
}

fn look_up(session: &mut Session, ctx: &mut RequestCtx) -> Received {
    let method = session.req_header().method.clone();
    if method != Method::GET && method != Method::HEAD {
        return pass(ctx, Reason::Method);
    }
    // The body is not in the key, so two requests that differ only there would share an answer.
    let has_body = session.req_header().headers.contains_key(header::TRANSFER_ENCODING)
        || session.req_header().headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body {
        return pass(ctx, Reason::RequestBody);
    }
    let verdict = make_key(session, ctx);
    if verdict.action != Action::Lookup {
        return Received::Answer(answer_for(&verdict));
    }
    ctx.disposition = Disposition::Lookup;
    Received::GoOn
}

fn pass(ctx: &mut RequestCtx, reason: Reason) -> Received {
    ctx.disposition = Disposition::Pass;
    ctx.verdict.outcome = Outcome::Pass;
    ctx.verdict.reason = reason;
    Received::GoOn
}

fn make_key(session: &mut Session, ctx: &mut RequestCtx) -> Verdict {
    ctx.exchange.key.clear();
    let req = session.downstream_session.req_header_mut();
    let mut facts = StepFacts::new(&mut ctx.exchange, Some(req));
    ctx.policy.program.run(Step::Hash, &mut facts)
}

fn purge(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Received {
    let verdict = make_key(session, ctx);
    if verdict.action != Action::Lookup {
        return Received::Answer(answer_for(&verdict));
    }
    proxy.storage.purge_family(&super::lookup::cache_key(&ctx.exchange));
    (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Purge, Reason::Policy);
    let req = session.downstream_session.req_header_mut();
    let mut facts = StepFacts::new(&mut ctx.exchange, Some(req));
    Received::Answer(answer_for(&ctx.policy.program.run(Step::Purge, &mut facts)))
}

/// The response that a verdict asks for: `synth(...)`, or 503 for `fail`.
pub fn answer_for(verdict: &Verdict) -> Synthetic {
    if verdict.action == Action::Synth {
        return Synthetic { status: verdict.status.unwrap_or(503), reason: verdict.reason.clone() };
    }
    let reason = verdict.reason.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    tracing::warn!(%reason, "the policy failed the request");
    Synthetic { status: 503, reason: Some(b"Service Unavailable".to_vec()) }
}
