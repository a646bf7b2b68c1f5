//! What policies say that requests which are tried do not show: where it may differ, that is told.

use http::HeaderName;

use crate::lang::hir::{
    Body, Choice, Expression, ExpressionKind as Kind, Hir, KeyPart, Statement, StatementKind, Target,
};
use crate::lang::schema::{Action, Message, Step, Variable};

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
        if keys_narrowed_field(hir, &[old, new]) {
            found.push(LINES);
        }
        if hir.directors.iter().any(|director| matches!(director.choice, Choice::Hash(_) | Choice::Shard(_))) {
            found.push(MEMBERS);
        }
    }
    if refreshes_otherwise(old, new) {
        found.push(REFRESH);
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

/// Whether all lines of a field are in the key, and one of the policies rewrites it by what its first line says: two requests
/// may differ in the others alone then.
fn keys_narrowed_field(hir: &Hir, both: &[&Hir]) -> bool {
    let mut keyed = Vec::new();
    for_each(hir, &mut |statement| {
        if let StatementKind::Key(KeyPart::Value(Expression { kind: Kind::Header(message, name), .. })) =
            &statement.kind
        {
            keyed.push((*message, name.clone()));
        }
    });
    let (mut is_rewritten, mut is_asked) = (false, false);
    for hir in both {
        for_each(hir, &mut |statement| match &statement.kind {
            StatementKind::Set(Target::Header(message, name), value) if keyed.contains(&(*message, name.clone())) => {
                is_rewritten = true;
                is_asked |= names_one(value, &keyed);
            }
            StatementKind::If { arms, .. } => is_asked |= arms.iter().any(|arm| names_one(&arm.condition, &keyed)),
            _ => {}
        });
    }
    is_rewritten && is_asked
}

/// Whether a value may be made of one of those fields; names stand for anything.
fn names_one(value: &Expression, fields: &[(Message, HeaderName)]) -> bool {
    match &value.kind {
        Kind::Header(message, name) => fields.contains(&(*message, name.clone())),
        Kind::Local(_) => true,
        _ => value.parts().any(|part| names_one(part, fields)),
    }
}

/// Calls `visit` with all statements of a policy.
fn for_each(hir: &Hir, visit: &mut impl FnMut(&Statement)) {
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
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
            // One line is left of several.
            StatementKind::Set(Target::Header(message, name), value) if matches!(&value.kind, Kind::Header(from, other) if (from, other) == (message, name)) =>
            {
                found.push(LINES);
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
