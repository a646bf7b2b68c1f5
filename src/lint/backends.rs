//! Backends whose health is not found out as the policy takes it for granted, and TLS that proves nothing.

use std::collections::BTreeSet;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::{Backend, BackendId, Director, Expression, ExpressionKind, Hir, Member, StatementKind, Target};
use crate::lang::schema::function::World;
use crate::lang::schema::{Function, Variable};
use crate::lang::source::{SourceMap, Span};

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = unprobed_members(hir);
    found.extend(unprobed_questions(hir));
    found.extend(hir.backends.iter().filter_map(slow_probe));
    found.extend(hir.backends.iter().filter_map(|backend| unverified(backend, sources)));
    found
}

/// The members of a director that it never takes for sick, though it does others. Without any probes a director goes by
/// whether it can connect.
fn unprobed_members(hir: &Hir) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    let backend = |member: &Member| hir.backends.get(member.backend.0 as usize);
    let goes_by_probes =
        |director: &&Director| director.members.iter().filter_map(backend).any(|backend| backend.probe.is_some());
    for director in hir.directors.iter().filter(goes_by_probes) {
        for member in &director.members {
            let Some(backend) = backend(member) else { continue };
            if is_unprobed(backend) && told.insert(member.backend) {
                found.push(unprobed(backend, director));
            }
        }
    }
    found
}

fn is_unprobed(backend: &Backend) -> bool {
    backend.probe.is_none() && backend.place.is_some()
}

fn unprobed(backend: &Backend, director: &Director) -> Diagnostic {
    let message = format!("`{}` chooses `{}`, sick or not: it has no probe", director.name, backend.name);
    Diagnostic::new(Code::W0620, backend.span, message)
        .context(director.span, "the director")
        .help("give it one: `.probe = { .url = \"/health\"; };`, or declare `probe default { … }` for all")
}

/// Questions after the health of a backend that always counts as healthy.
fn unprobed_questions(hir: &Hir) -> Vec<Diagnostic> {
    let asked = walk::expressions(hir).into_iter().filter_map(|expression| {
        let ExpressionKind::Call(Function::World(World::Healthy), arguments) = &expression.kind else { return None };
        Some((arguments.first()?, expression.span))
    });
    asked.filter_map(|(asked, place)| always_healthy(hir, &chosen(hir, asked)?, place)).collect()
}

/// The backends of which one is asked for; `None` if they are not known.
fn chosen(hir: &Hir, asked: &Expression) -> Option<Vec<BackendId>> {
    match &asked.kind {
        ExpressionKind::Backend(id) => Some(vec![(*id)?]),
        ExpressionKind::Variable(Variable::ReqBackendHint | Variable::BereqBackend) => {
            let mut all = vec![hir.default_backend?];
            for statement in walk::statements(hir) {
                if let StatementKind::Set(Target::Variable(Variable::ReqBackendHint | Variable::BereqBackend), value) =
                    &statement.kind
                {
                    all.extend(chosen(hir, value)?);
                }
            }
            Some(all)
        }
        ExpressionKind::Choose(_, values) | ExpressionKind::Fallback(values) => {
            let each: Vec<Vec<BackendId>> = values.iter().map(|value| chosen(hir, value)).collect::<Option<_>>()?;
            Some(each.concat())
        }
        _ => None,
    }
}

/// `all` are the backends of which one is asked for, at least one.
fn always_healthy(hir: &Hir, all: &[BackendId], place: Span) -> Option<Diagnostic> {
    let last = *all.last().filter(|_| all.iter().all(|id| is_never_asked(hir, *id)))?;
    let (why, what, help) = match hir.director(last) {
        Some(_) => ("none of its members has a probe", "the director", "give them one"),
        None => ("it has no probe", "the backend", "give it one"),
    };
    let message = format!("`{}` always counts as healthy: {why}", hir.backend_name(last)?);
    let finding = Diagnostic::new(Code::W0621, place, message).context(place_of(hir, last)?, what);
    Some(finding.help(format!("{help}: `.probe = {{ .url = \"/health\"; }};`")))
}

/// Whether nobody asks a backend how it is, or any of the members of a director.
fn is_never_asked(hir: &Hir, id: BackendId) -> bool {
    match hir.director(id) {
        Some(director) => director.members.iter().all(|member| is_never_asked(hir, member.backend)),
        None => hir.backends.get(id.0 as usize).is_some_and(is_unprobed),
    }
}

/// Where a backend or director is declared.
pub(super) fn place_of(hir: &Hir, id: BackendId) -> Option<Span> {
    let director = hir.director(id).map(|director| director.span);
    director.or_else(|| hir.backends.get(id.0 as usize).map(|backend| backend.span))
}

/// A probe that the next one overtakes.
fn slow_probe(backend: &Backend) -> Option<Diagnostic> {
    let probe = backend.probe.as_ref().filter(|probe| probe.timeout > probe.interval)?;
    let (timeout, interval) = (probe.timeout.as_secs_f64(), probe.interval.as_secs_f64());
    let message = format!("the probe of `{}` may take {timeout}s, and the next is due after {interval}s", backend.name);
    let finding = Diagnostic::new(Code::W0622, backend.span, message);
    Some(finding.help("make `.timeout` no longer than `.interval`, so that a backend that hangs is found out in time"))
}

fn unverified(backend: &Backend, sources: &SourceMap) -> Option<Diagnostic> {
    let tls = backend.tls.as_ref().filter(|tls| !tls.verify)?;
    let message = format!("`{}` need not prove that it is `{}`", backend.name, tls.sni);
    let finding = Diagnostic::new(Code::W0820, backend.span, message)
        .help("remove `.verify = false`; `.ca_file` names who vouches for a backend of your own");
    Some(match written_off(backend.span, sources) {
        Some(span) => finding.fix(Fix { safety: Safety::NeedsReview, ..Fix::replace("write `true`", span, "true") }),
        None => finding,
    })
}

/// The `false` of `.verify = false` behind the name of the backend.
fn written_off(name: Span, sources: &SourceMap) -> Option<Span> {
    let file = sources.get(name.file)?;
    let rest = file.text().get(name.end as usize..)?;
    let attribute =
        rest.find(".verify").filter(|at| rest.get(..*at).is_some_and(|before| !before.contains("backend ")))?;
    let value = attribute + rest.get(attribute..)?.find("false")?;
    let between = rest.get(attribute + ".verify".len()..value)?;
    let start = name.end as usize + value;
    (between.trim() == "=").then(|| Span::new(name.file, start..start + "false".len()))
}
