//! Which backend a request goes to: the one that the policy names, or a member of the director.

use std::sync::Arc;

use http::StatusCode;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::coalesce;
use super::ctx::RequestCtx;
use super::facts::StepFacts;
use super::fetch::failed;
use super::step;
use crate::cache::content_length;
use crate::decision::Value;
use crate::lang::hir::{BackendId, Choice, Key, Shard};
use crate::lang::schema::Step;
use crate::origin::{Backend, Chosen, Director, Question, Target, digest};
use crate::policy::Policy;
use crate::telemetry::Reason;

/// The backend to ask now.
///
/// # Errors
/// When there is none, it is sick, or it has as many requests as it may have; and when the client goes away while it
/// waits for one of those to end.
pub async fn backend(session: &mut Session, ctx: &mut RequestCtx) -> Result<Arc<Backend>> {
    // The request before this one is over; what it held is free for this one.
    ctx.fetch.asked = None;
    loop {
        let backend = choose(session, ctx)?;
        let admitted = tokio::select! {
            biased;
            admitted = backend.admit() => admitted,
            error = coalesce::gone(session), if !ctx.exchange.background => return Err(error),
        };
        match admitted {
            Ok(asked) => {
                ctx.fetch.asked = Some(asked);
                return Ok(backend);
            }
            Err(_) if has_another(&backend, ctx) => {}
            Err(busy) => {
                ctx.verdict.reason = Reason::BackendBusy;
                return Err(failed(503, format!("backend {}: {busy}", backend.name())));
            }
        }
    }
}

fn choose(session: &Session, ctx: &mut RequestCtx) -> Result<Arc<Backend>> {
    ctx.fetch.chosen = None;
    let Chosen { number, backend } = match ctx.fetch.backend.and_then(|id| ctx.policy.target(id)) {
        Some(Target::Backend(number, backend)) => Chosen { number, backend },
        Some(Target::Director(director)) => match member(&director, session, ctx) {
            Some(chosen) => chosen,
            None => return Err(sick(ctx, format!("no member of the director {} can be asked", director.name()))),
        },
        None => return Err(sick(ctx, "the policy chose no backend".to_owned())),
    };
    ctx.fetch.chosen = Some(BackendId(number));
    if backend.is_healthy() {
        return Ok(backend);
    }
    Err(sick(ctx, format!("backend {} is sick", backend.name())))
}

fn sick(ctx: &mut RequestCtx, why: String) -> Box<pingora::Error> {
    ctx.verdict.reason = Reason::BackendSick;
    failed(503, why)
}

/// Lets another request have the backend when all of the response has come; the client may still read it.
pub fn leave(end_of_stream: bool, ctx: &mut RequestCtx) {
    if !end_of_stream {
        return;
    }
    ctx.fetch.watch = None;
    if let Some(asked) = &mut ctx.fetch.asked {
        asked.release();
    }
}

/// The same behind a head that nothing follows (RFC 9112 section 6.3).
pub fn leave_after(response: &ResponseHeader, ctx: &mut RequestCtx) {
    let has_no_body = ctx.fetch.asks_for_head()
        || matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || content_length(&response.headers) == Some(0);
    leave(has_no_body && !response.status.is_informational(), ctx);
}

/// Notes that a request could not be sent to the backend; whether another member of the director can have it.
pub fn has_another(backend: &Arc<Backend>, ctx: &mut RequestCtx) -> bool {
    let Some(target @ Target::Director(_)) = ctx.fetch.backend.and_then(|id| ctx.policy.target(id)) else {
        return false;
    };
    ctx.fetch.failed_at.push(backend.clone());
    target.can_serve(&ctx.fetch.failed_at)
}

/// Asks a director for a member.
fn member(director: &Arc<Director>, session: &Session, ctx: &mut RequestCtx) -> Option<Chosen> {
    let hash = hash_key(session, ctx);
    let mut bereq = ctx.fetch.bereq.take();
    let failed = std::mem::take(&mut ctx.fetch.failed_at);
    let chosen = {
        let mut facts = StepFacts::new(&mut ctx.exchange, None);
        facts.fetch = Some(&mut ctx.fetch);
        facts.bereq = bereq.as_deref_mut();
        facts.policy = Some(&ctx.policy);
        let asked = Asked { policy: &ctx.policy, facts: &facts, hash, failed: &failed };
        Target::Director(director.clone()).choose(&asked)
    };
    (ctx.fetch.bereq, ctx.fetch.failed_at) = (bereq, failed);
    chosen
}

/// The key of the cache; for a request that passes the one that it would have, if a director goes by it.
fn hash_key(session: &Session, ctx: &RequestCtx) -> Vec<u8> {
    let is_needed = ctx.policy.program.directors().iter().any(|it| it.choice.key() == Some(&Key::Hash));
    if !ctx.exchange.key.is_empty() || !is_needed {
        return ctx.exchange.key.clone();
    }
    let mut req = session.req_header().clone();
    let mut exchange = ctx.exchange.aside();
    step::ask(&ctx.policy, Step::Hash, &mut exchange, &mut req);
    exchange.key
}

/// A request, as directors ask about it.
struct Asked<'a, 'f> {
    policy: &'a Policy,
    facts: &'a StepFacts<'f>,
    hash: Vec<u8>,
    failed: &'a [Arc<Backend>],
}

impl Asked<'_, '_> {
    fn choice(&self, director: u32) -> Option<&Choice> {
        self.policy.program.directors().get(director as usize).map(|director| &director.choice)
    }
}

impl Question for Asked<'_, '_> {
    fn key(&self, director: u32) -> u64 {
        match self.choice(director).and_then(Choice::key) {
            Some(Key::Url) => digest(&[self.facts.bereq.as_deref().map_or(b"", |bereq| bereq.raw_path())]),
            Some(Key::Value(expression)) => match self.policy.program.value(Step::BackendFetch, expression, self.facts)
            {
                Value::Text(text) => digest(&[&text.unwrap_or_default()]),
                _ => 0,
            },
            Some(Key::Hash) | None => digest(&[&self.hash]),
        }
    }

    fn alternative(&self, director: u32) -> usize {
        let Some(Choice::Shard(Shard { alternative: Some(expression), .. })) = self.choice(director) else { return 0 };
        match self.policy.program.value(Step::BackendFetch, expression, self.facts) {
            Value::Int(number) => usize::try_from(number).unwrap_or(0),
            _ => 0,
        }
    }

    fn failed(&self) -> &[Arc<Backend>] {
        self.failed
    }
}
