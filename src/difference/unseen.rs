//! What policies say that requests which are tried do not show: where it may differ, that is told.

use http::HeaderName;
use http::header::HOST;

use crate::lang::hir::{
    Body, Choice, Expression, ExpressionKind as Kind, Hir, KeyPart, Statement, StatementKind, Target,
};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Action, Function, Step, Variable};

const BANS: &str = "what bans are about: it is not compared";
const REFRESH: &str = "what `backend_refresh` makes of stored responses: it is not compared";
const SETTINGS: &str = "settings of requests, such as `req.grace`: they are not compared";
const CREDENTIALS: &str = "whom passwords and tokens let in: it is not compared";
const LIMITS: &str = "what counts for rate limits: it is not compared";
const MEMBERS: &str = "members that directors choose by a key: they are not compared";
const LINES: &str = "fields of several lines: only their first is compared";
const LIFETIMES: &str =
    "lifetimes that are set to themselves: that the policy says them lets more be stored and served";

/// Lifetimes that count otherwise once the policy says them.
const SAID: [Variable; 4] =
    [Variable::BerespTtl, Variable::BerespGrace, Variable::BerespKeep, Variable::BerespStaleIfError];

/// Variables of a request that what is compared depends on: they are looked at.
const SEEN: [Variable; 3] = [Variable::ReqUrl, Variable::ReqMethod, Variable::ReqBackendHint];

/// What may differ unseen between two policies that were joined and are not the same.
pub(super) fn unseen(old: &Hir, new: &Hir) -> Vec<&'static str> {
    let from = first_difference(old, new);
    let mut found = Vec::new();
    for hir in [old, new] {
        let steps = hir.steps.iter().filter(|step| order(step.step) >= from);
        let bodies = steps.map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
        bodies.for_each(|body| look_at(&body.statements, &mut found));
        if hir.directors.iter().any(|director| matches!(director.choice, Choice::Hash(_) | Choice::Shard(_))) {
            found.push(MEMBERS);
        }
    }
    if refreshes_otherwise(old, new) {
        found.push(REFRESH);
    }
    if lines_may_differ(old, new) {
        found.push(LINES);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether the backend may be asked again where it could not be asked.
pub(super) fn may_try_again(hir: &Hir) -> bool {
    let body = hir.step(Step::BackendError).map(|step| &step.body);
    let subs = hir.subs.iter().map(|sub| &sub.body);
    body.into_iter().chain(subs).flat_map(|body| &body.statements).any(restarts)
}

/// Whether the further lines of a field may make a difference, where a step that is not the same leaves one line of several or
/// has all of them in the key: only first lines are compared, and of a parameter or a cookie the first.
fn lines_may_differ(old: &Hir, new: &Hir) -> bool {
    let subs_differ = old.subs != new.subs;
    Step::ALL.iter().any(|step| {
        let bodies = [old, new].map(|hir| hir.step(*step).map(|step| &step.body));
        let differs = bodies[0] != bodies[1] || subs_differ && bodies.into_iter().flatten().any(may_call);
        differs && [old, new].iter().any(|hir| shortens_lines(hir, *step) || *step == Step::Hash && keys_whole(hir))
    })
}

/// Whether a step may leave one line of a field that says what the first has said: the value is made of it, or some condition
/// compares it.
fn shortens_lines(hir: &Hir, step: Step) -> bool {
    let mut compared = Vec::new();
    for_each(hir, None, &mut |statement| {
        if let StatementKind::If { arms, .. } = &statement.kind {
            for arm in arms {
                compared_fields(&arm.condition, &mut compared);
            }
        }
    });
    let is_compared = |name: &HeaderName| compared.iter().any(|known| known.as_ref().is_none_or(|known| known == name));
    let mut shortens = false;
    for_each(hir, Some(step), &mut |statement| {
        if let StatementKind::Set(Target::Header(_, name), value) = &statement.kind {
            // There is one `Host` (RFC 9112 section 3.2).
            shortens |= *name != HOST && (is_compared(name) || is_made_of(value, name));
        }
    });
    shortens
}

/// Whether a field, a parameter or a cookie is in the key with all that it says.
fn keys_whole(hir: &Hir) -> bool {
    let is_whole = |value: &Expression| match &value.kind {
        Kind::Header(_, name) => *name != HOST,
        kind => matches!(kind, Kind::Query(..) | Kind::Cookie(..)),
    };
    let mut found = false;
    for_each(hir, Some(Step::Hash), &mut |statement| match &statement.kind {
        StatementKind::Key(KeyPart::Value(value)) => found |= is_whole(value),
        StatementKind::Effect(Function::Core(Core::HashData), given) => found |= given.iter().any(is_whole),
        _ => {}
    });
    found
}

/// Adds the fields whose text a condition asks for; `None` stands for any. Whether there is one is not asked of its text.
fn compared_fields(condition: &Expression, fields: &mut Vec<Option<HeaderName>>) {
    match &condition.kind {
        Kind::Truth(inner) if matches!(inner.kind, Kind::Header(..)) => {}
        Kind::Not(_) | Kind::And(_) | Kind::Or(_) => {
            condition.parts().for_each(|part| compared_fields(part, fields));
        }
        _ => condition.parts().for_each(|part| fields_in(part, fields)),
    }
}

fn fields_in(value: &Expression, fields: &mut Vec<Option<HeaderName>>) {
    match &value.kind {
        Kind::Header(_, name) => fields.push(Some(name.clone())),
        Kind::Local(_) => fields.push(None),
        _ => value.parts().for_each(|part| fields_in(part, fields)),
    }
}

/// Whether a value may be made of a field; names stand for anything.
fn is_made_of(value: &Expression, field: &HeaderName) -> bool {
    match &value.kind {
        Kind::Header(_, name) => name == field,
        Kind::Local(_) => true,
        _ => value.parts().any(|part| is_made_of(part, field)),
    }
}

/// Calls `visit` with all statements of a policy, or of a step and all subs.
fn for_each(hir: &Hir, of: Option<Step>, visit: &mut impl FnMut(&Statement)) {
    let steps = hir.steps.iter().filter(|step| of.is_none_or(|of| step.step == of));
    let bodies = steps.map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.for_each(|body| each_of(&body.statements, visit));
}

fn each_of(statements: &[Statement], visit: &mut impl FnMut(&Statement)) {
    for statement in statements {
        visit(statement);
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for body in arms.iter().map(|arm| &arm.body).chain([otherwise]) {
                each_of(body, visit);
            }
        }
    }
}

/// Whether a step may call a sub.
fn may_call(body: &Body) -> bool {
    body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Call(_) | StatementKind::If { .. }))
}

/// Whether evaluating an expression takes from a rate limit.
pub(super) fn counts(value: &Expression) -> bool {
    matches!(value.kind, Kind::RateLimit(_)) || value.parts().any(counts)
}

/// Whether `backend_refresh` is not the same, or what it may call is not.
pub(super) fn refreshes_otherwise(old: &Hir, new: &Hir) -> bool {
    let [before, after] = [old, new].map(|hir| hir.step(Step::BackendRefresh).map(|step| &step.body));
    before != after || old.subs != new.subs && before.is_some_and(may_call)
}

/// The first step that is not the same, in the order of a request: all that is done before it is the same.
fn first_difference(old: &Hir, new: &Hir) -> usize {
    if goes_back(old) || goes_back(new) || old.subs != new.subs || old.default_backend != new.default_backend {
        return 0;
    }
    let differs = |step: &Step| old.step(*step).map(|it| &it.body) != new.step(*step).map(|it| &it.body);
    Step::ALL.iter().filter(|step| differs(step)).map(|step| order(*step)).min().unwrap_or(usize::MAX)
}

/// Whether a request may begin again, so that what a later step leaves is met by an earlier one.
fn goes_back(hir: &Hir) -> bool {
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.flat_map(|body| &body.statements).any(restarts)
}

fn restarts(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(outcome) => matches!(outcome.action, Action::Restart | Action::Retry),
        StatementKind::If { arms, otherwise, .. } => {
            arms.iter().flat_map(|arm| &arm.body).chain(otherwise).any(restarts)
        }
        _ => false,
    }
}

fn order(step: Step) -> usize {
    Step::ALL.iter().position(|other| *other == step).unwrap_or(0)
}

fn look_at(statements: &[Statement], found: &mut Vec<&'static str>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Ban(_) => found.push(BANS),
            StatementKind::Set(Target::Variable(variable), _) if is_setting(*variable) => found.push(SETTINGS),
            StatementKind::Set(Target::Variable(variable), value)
                if SAID.contains(variable) && value.kind == Kind::Variable(*variable) =>
            {
                found.push(LIFETIMES);
            }
            StatementKind::If { arms, otherwise, .. } => {
                for arm in arms {
                    look_within(&arm.condition, found);
                    look_at(&arm.body, found);
                }
                look_at(otherwise, found);
            }
            _ => {}
        }
        statement.kind.expressions().for_each(|value| look_within(value, found));
    }
}

fn is_setting(variable: Variable) -> bool {
    let name = variable.name();
    (name.starts_with("req.") || name.starts_with("sess.")) && !SEEN.contains(&variable)
        || variable == Variable::ClientIdentity
}

fn look_within(value: &Expression, found: &mut Vec<&'static str>) {
    match &value.kind {
        Kind::RateLimit(_) => found.push(LIMITS),
        Kind::Users(_) | Kind::Keys(_) => found.push(CREDENTIALS),
        _ => {}
    }
    value.parts().for_each(|part| look_within(part, found));
}
