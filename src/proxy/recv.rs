//! A request comes in: `recv`, and what it asks for there and then.

use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::WarpProxy;
use super::admit::admit;
use super::connection::{self, ClientSession};
use super::content::{self, Reading};
use super::ctx::{Disposition, Exchange, RequestCtx, Synthetic};
use super::explain::shown_key;
use super::query::{self, Content};
use super::restart;
use super::site;
use super::step::Messages;
use crate::cache::asked::{self, NotLookedUp};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};
use crate::telemetry::{Outcome, Reason};

/// What `recv` came to.
pub enum Received {
    /// Go on: look in the cache or pass, as `ctx.disposition` says.
    GoOn,
    /// Answer with this.
    Answer(Synthetic),
    /// Pipe it.
    Pipe,
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
    exchange.session = connection::session(session);
    exchange.background = session.subrequest_ctx.is_some();
}

/// The gate, then the policy's `recv`.
pub async fn receive(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Received {
    note_connection(session, &mut ctx.exchange);
    // Who reads nothing for so long is gone, and those who share the response do not wait for it.
    let of_client = ctx.exchange.session.as_deref();
    session.set_write_timeout(Some(of_client.map(ClientSession::timeouts).unwrap_or_default().idle_send()));
    if restart::take_up(session, ctx) {
        // Content that was kept comes with it, and is read like any other.
        ctx.exchange.keeping.wanted_bytes = ctx.exchange.keeping.kept.as_ref().map(|kept| kept.len() as u64);
    } else if !restart::take_up_behind(session, ctx) {
        ctx.in_flight = (!ctx.exchange.background).then(|| proxy.metrics.begin());
        if let Err(rejection) = admit(session.downstream_session.req_header_mut()) {
            return refuse(session, ctx, rejection.status, Some(rejection.reason));
        }
        site::choose(session, ctx);
        complete(session.downstream_session.req_header_mut(), &ctx.exchange);
        super::invalidate::remember(session.req_header(), &mut ctx.exchange);
    }
    loop {
        if let Some(received) = run(proxy, session, ctx).await {
            return received;
        }
        if let Err(synthetic) = restart::at_once(ctx) {
            return Received::Answer(synthetic);
        }
    }
}

/// Runs `recv` and does what it says; `None` if the request is to begin again.
async fn run(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Option<Received> {
    let verdict = ctx.run(Step::Recv, Messages::req(session.downstream_session.req_header_mut()));
    if verdict.action != Action::Hash {
        ctx.verdict.decided_at = verdict.span;
    }
    if let Some(refused) = keep_content(session, ctx).await {
        return Some(refused);
    }
    Some(match verdict.action {
        Action::Restart => return None,
        Action::Purge => return purge(proxy, session, ctx, verdict.soft),
        Action::Hash => look_up(session, ctx).await,
        Action::Pipe => pipe(session, ctx),
        Action::Pass => {
            pass(ctx, if asked::is_looked_up(&session.req_header().method) { Reason::Policy } else { Reason::Method })
        }
        _ => {
            ctx.verdict.reason = Reason::Policy;
            Received::Answer(answer_for(&verdict, ctx))
        }
    })
}

/// Reads the content that the policy wants kept.
async fn keep_content(session: &mut Session, ctx: &mut RequestCtx) -> Option<Received> {
    let most_bytes = usize::try_from(ctx.exchange.keeping.wanted_bytes.take()?).unwrap_or(usize::MAX);
    match content::read(session, &mut ctx.exchange, most_bytes).await {
        Ok(Reading::Whole(_) | Reading::TooLarge) => None,
        Ok(Reading::Refused(status)) => Some(refuse(session, ctx, status.as_u16(), None)),
        Err(error) => {
            tracing::debug!(%error, "the content of a request could not be read");
            Some(refuse(session, ctx, 400, None))
        }
    }
}

/// Makes of a request what the backend will see of it, before the policy and the key look at it: else
/// what is stored for one request could be the answer to another. Without the fields that are meant for
/// this connection alone (RFC 9110 section 7.6.1), and with the client's address, as Varnish does it.
fn complete(req: &mut RequestHeader, exchange: &Exchange) {
    for name in asked::for_this_connection(&req.headers) {
        req.remove_header(&name);
    }
    if let Some(value) = asked::forwarded_for(&req.headers, exchange.client) {
        let _ = req.insert_header("X-Forwarded-For", value);
    }
}

async fn look_up(session: &mut Session, ctx: &mut RequestCtx) -> Received {
    let req = session.req_header();
    match asked::why_not_looked_up(&req.method, &req.headers) {
        Some(NotLookedUp::Condition) => return pass(ctx, Reason::Request),
        Some(NotLookedUp::Content) => return pass(ctx, Reason::RequestBody),
        Some(NotLookedUp::Method) => return pass(ctx, Reason::Method),
        None => {}
    }
    let content = match req.method.as_str() {
        query::METHOD => match query::read(session, &mut ctx.exchange).await {
            Ok(Content::Key(content)) => content,
            Ok(Content::TooLarge) => return pass(ctx, Reason::RequestBody),
            Ok(Content::Refused(status)) => return refuse(session, ctx, status.as_u16(), None),
            Err(error) => {
                tracing::debug!(%error, "the content of a QUERY could not be read");
                return refuse(session, ctx, 400, None);
            }
        },
        _ => Vec::new(),
    };
    let verdict = make_key(session, ctx);
    if verdict.action != Action::Lookup {
        return Received::Answer(answer_for(&verdict, ctx));
    }
    ctx.exchange.content = content;
    ctx.disposition = Disposition::Lookup;
    Received::GoOn
}

/// Answers what is no good request. What follows on its connection cannot be told from the rest of it.
fn refuse(session: &mut Session, ctx: &mut RequestCtx, status: u16, reason: Option<&str>) -> Received {
    session.set_keepalive(None);
    ctx.verdict.reason = Reason::BadRequest;
    Received::Answer(Synthetic::new(status, reason.map(Into::into)))
}

fn pass(ctx: &mut RequestCtx, reason: Reason) -> Received {
    ctx.disposition = Disposition::Pass;
    ctx.verdict.outcome = Outcome::Pass;
    ctx.verdict.reason = reason;
    Received::GoOn
}

/// As in Varnish a key is made, for who asks for its hash.
fn pipe(session: &mut Session, ctx: &mut RequestCtx) -> Received {
    let verdict = make_key(session, ctx);
    if verdict.action == Action::Lookup { Received::Pipe } else { Received::Answer(answer_for(&verdict, ctx)) }
}

fn make_key(session: &mut Session, ctx: &mut RequestCtx) -> Verdict {
    let req = session.downstream_session.req_header_mut();
    let verdict = ctx.run(Step::Hash, Messages::req(req));
    ctx.exchange.shown_key = shown_key(&ctx.exchange.key, req);
    verdict
}

/// Removes what is stored for this request or, softly, lets it be stale; `None` if the request is to begin again
/// then.
fn purge(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx, softly: bool) -> Option<Received> {
    let verdict = make_key(session, ctx);
    if verdict.action != Action::Lookup {
        return Some(Received::Answer(answer_for(&verdict, ctx)));
    }
    let key = super::lookup::cache_key(&ctx.exchange);
    if softly {
        proxy.storage.expire_family(&key);
    } else {
        proxy.storage.purge_family(&key);
    }
    proxy.marks.unmark_family(&key);
    (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Purge, Reason::Policy);
    let asked_at = ctx.verdict.decided_at;
    let verdict = ctx.run(Step::Purge, Messages::req(session.downstream_session.req_header_mut()));
    if verdict.action == Action::Restart {
        return None;
    }
    let answer = answer_for(&verdict, ctx);
    ctx.verdict.decided_at = asked_at;
    Some(Received::Answer(answer))
}

/// The response that a verdict asks for: `synth(...)`, or 503 for `fail`. Where a policy fails is not for the client,
/// who might look for more such places.
pub fn answer_for(verdict: &Verdict, ctx: &mut RequestCtx) -> Synthetic {
    if verdict.action == Action::Synth {
        ctx.verdict.decided_at = verdict.span;
        let (reason, location) = (verdict.reason.clone(), verdict.location.clone());
        return Synthetic { status: verdict.status.unwrap_or(503), reason, location };
    }
    (ctx.verdict.decided_at, ctx.verdict.reason) = (None, Reason::PolicyFailure);
    Synthetic::new(503, Some(b"Service Unavailable".to_vec()))
}
