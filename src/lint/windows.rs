//! Lifetimes that other words of the same lines make useless: a `stale_if_error` that ends within the grace, and times of
//! a response whose `Cache-Control` the policy itself writes so that they do not count.

use std::collections::HashMap;

use http::header::CACHE_CONTROL;

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
        look(hir, statements, least_grace, &mut found);
    }
    found
}

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

fn look(hir: &Hir, statements: &[Statement], least_grace: Option<i64>, found: &mut Vec<Diagnostic>) {
    let mut left = Left::default();
    for statement in statements {
        match &statement.kind {
            // It may be another thing for each response then.
            StatementKind::If { .. } | StatementKind::Call(_) if may_change(statement, hir) => left = Left::default(),
            _ => left.note(statement),
        }
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for arm in arms {
                look(hir, &arm.body, least_grace, found);
            }
            look(hir, otherwise, least_grace, found);
        }
    }
    found.extend(left.within_grace(least_grace));
    found.extend(left.forbidden());
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
