//! Lifetimes that other words of the same lines make useless: a `stale_if_error` that ends within the grace, times of
//! a response whose `Cache-Control` the policy itself writes so that they do not count, and a grace of what is not stored.

use std::collections::HashMap;

use http::HeaderName;
use http::header::{CACHE_CONTROL, ETAG, EXPIRES, LAST_MODIFIED};

use super::walk;
use crate::cache::{CacheControl, Directive};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind, SubId, Target};
use crate::lang::schema::{Action, Message, Step, Variable};
use crate::lang::source::{SourceMap, Span};

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    let least_grace = least_grace(hir);
    let mut found = Vec::new();
    for statements in walk::bodies_beside(hir, Step::Pipe) {
        look(hir, statements, &Known { least_grace, asks_for_freshness: false }, &mut found);
    }
    found
}

/// What is known where statements stand.
#[derive(Clone, Copy)]
struct Known {
    /// The shortest grace that the policy gives, in milliseconds.
    least_grace: Option<i64>,
    /// Whether a condition around them has asked what the response says of its freshness.
    asks_for_freshness: bool,
}

/// What a response says of how long it is fresh, or by which it is validated. Who asks for one knows what is stored.
static OF_FRESHNESS: [HeaderName; 4] = [CACHE_CONTROL, EXPIRES, ETAG, LAST_MODIFIED];

/// The shortest grace that the policy gives, in milliseconds; `None` where it is reckoned, or a request may want less.
fn least_grace(hir: &Hir) -> Option<i64> {
    let mut least = i64::MAX;
    for statement in walk::statements(hir) {
        match &statement.kind {
            StatementKind::Set(Target::Variable(Variable::BerespGrace), value) => {
                least = least.min(milliseconds(value)?);
            }
            StatementKind::Set(Target::Variable(Variable::ReqGrace), _) => return None,
            _ => {}
        }
    }
    Some(least)
}

fn milliseconds(value: &Expression) -> Option<i64> {
    if let ExpressionKind::Duration(milliseconds) = value.kind { Some(milliseconds) } else { None }
}

/// What statements that run one behind the other leave.
#[derive(Default)]
struct Left<'h> {
    times: HashMap<Variable, (i64, Span)>,
    cache_control: Option<(&'h [u8], Span)>,
    /// Whether the response is not to be stored: then a `ttl` says for how long that is remembered.
    is_kept_out: bool,
}

fn look(hir: &Hir, statements: &[Statement], known: &Known, found: &mut Vec<Diagnostic>) {
    let mut left = Left::default();
    for statement in statements {
        match &statement.kind {
            // It may be another thing for each response then.
            StatementKind::If { .. } | StatementKind::Call(_) if may_change(statement, hir) => left = Left::default(),
            _ => left.note(statement),
        }
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for arm in arms {
                let asks_for_freshness = known.asks_for_freshness || asks(&arm.condition);
                look(hir, &arm.body, &Known { asks_for_freshness, ..*known }, found);
            }
            look(hir, otherwise, known, found);
        }
    }
    found.extend(left.within_grace(known.least_grace));
    found.extend(left.forbidden());
    found.extend(left.stale_at_once().filter(|_| !known.asks_for_freshness));
}

/// Whether a condition asks what a response says of its freshness.
fn asks(condition: &Expression) -> bool {
    let is_directive = matches!(condition.kind, ExpressionKind::Directive(Message::Beresp, _));
    let is_lifetime = condition.reads_variable(Variable::BerespTtl);
    is_lifetime
        || is_directive
        || condition.fields(Message::Beresp).iter().any(|name| OF_FRESHNESS.contains(name))
        || condition.parts().any(asks)
}

/// Whether a statement, or one within it, may change what is left.
fn may_change(statement: &Statement, hir: &Hir) -> bool {
    let is_own = |sub: &SubId| hir.subs.get(sub.0 as usize).is_some_and(|sub| !sub.name.starts_with("builtin."));
    match &statement.kind {
        StatementKind::Call(sub) => is_own(sub),
        StatementKind::If { arms, otherwise, .. } => {
            let bodies = arms.iter().map(|arm| &arm.body).chain([otherwise]);
            bodies.flatten().any(|inner| may_change(inner, hir))
        }
        StatementKind::Set(target, _) | StatementKind::Unset(target) => match target {
            Target::Variable(_) => true,
            Target::Header(message, name) => *message == Message::Beresp && *name == CACHE_CONTROL,
        },
        _ => false,
    }
}

impl<'h> Left<'h> {
    fn note(&mut self, statement: &'h Statement) {
        match &statement.kind {
            StatementKind::Set(Target::Variable(Variable::BerespUncacheable), _) => self.is_kept_out = true,
            StatementKind::Return(outcome) if outcome.action != Action::Deliver => self.is_kept_out = true,
            StatementKind::Set(Target::Variable(variable), value) => match milliseconds(value) {
                Some(milliseconds) => drop(self.times.insert(*variable, (milliseconds, statement.span))),
                None => drop(self.times.remove(variable)),
            },
            StatementKind::Set(Target::Header(Message::Beresp, CACHE_CONTROL), value) => {
                let text = if let ExpressionKind::Text(text) = &value.kind { Some(&**text) } else { None };
                self.cache_control = text.map(|text| (text, statement.span));
            }
            StatementKind::Unset(Target::Header(Message::Beresp, name)) if *name == CACHE_CONTROL => {
                self.cache_control = None;
            }
            _ => {}
        }
    }

    /// Whoever is served within the grace does not see that the backend fails.
    fn within_grace(&self, least_grace: Option<i64>) -> Option<Diagnostic> {
        let (window, place) = *self.times.get(&Variable::BerespStaleIfError).filter(|(window, _)| *window > 0)?;
        let (_, grace) = *self.times.get(&Variable::BerespGrace)?;
        let message = "`beresp.stale_if_error` ends within the grace, in which what is stale is served anyway";
        let finding = Diagnostic::new(Code::W0704, place, message).context(grace, "served stale until then");
        let is_useless = least_grace.is_some_and(|least| window <= least);
        is_useless.then(|| {
            finding.help("both count from the end of the `ttl`: make it longer than the grace, or leave it out")
        })
    }

    /// A grace of what is stale at once, which alone is no reason to store it.
    fn stale_at_once(&self) -> Option<Diagnostic> {
        let (ttl, place) = *self.times.get(&Variable::BerespTtl)?;
        let (grace, window) = *self.times.get(&Variable::BerespGrace)?;
        let is_stale = ttl <= 0 && grace > 0 && !self.is_kept_out && self.cache_control.is_none();
        let message = "what is stale at once is not stored for its grace alone";
        let finding =
            Diagnostic::new(Code::W0707, place, message).context(window, "stored only if the backend says more");
        is_stale.then(|| {
            finding.help(
                "write `ttl 1s`, and it is stored, and served stale while it is fetched anew; to store nothing, write `uncacheable`",
            )
        })
    }

    /// Times that the `Cache-Control` that stands beside them takes back.
    fn forbidden(&self) -> Option<Diagnostic> {
        let (text, place) = self.cache_control.filter(|_| !self.is_kept_out)?;
        let (times, why) = forbids(text)?;
        let of = |variable: &&Variable| self.times.get(variable).is_some_and(|(milliseconds, _)| *milliseconds > 0);
        let variable = times.iter().find(of)?;
        let (_, time) = self.times.get(variable)?;
        let message = format!("`{}` is for nothing: {why}", variable.name());
        let finding = Diagnostic::new(Code::W0705, place, message).context(*time, "does not count");
        Some(finding.help(
            "what `beresp` says is for warp, too. For browsers alone, say it in `deliver`: `set resp.http.Cache-Control = …`",
        ))
    }
}

const ALL: &[Variable] = &[Variable::BerespTtl, Variable::BerespGrace, Variable::BerespStaleIfError];
const STALE: &[Variable] = &[Variable::BerespGrace, Variable::BerespStaleIfError];

/// The times that a `Cache-Control` takes back, and why.
fn forbids(text: &[u8]) -> Option<(&'static [Variable], &'static str)> {
    let says = CacheControl::of_lines([text]);
    if says.has(Directive::NoStore) && !says.has(Directive::MustUnderstand) {
        Some((ALL, "`no-store` keeps the response from being stored"))
    } else if says.private.is_whole() {
        Some((ALL, "`private` keeps the response from being stored"))
    } else if says.no_cache.is_whole() {
        Some((ALL, "`no-cache` has the backend asked each time"))
    } else if says.forbids_stale() {
        Some((STALE, "`must-revalidate`, `proxy-revalidate` and `s-maxage` forbid that it is served stale"))
    } else {
        None
    }
}
