//! What policies say that requests which are tried do not show: where it may differ, that is told.

use std::collections::HashSet;

use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, COOKIE, HOST};

use super::failing::Refusals;
use super::shape::calls;
use crate::lang::hir::{
    Body, Choice, Expression, ExpressionKind as Kind, Hir, KeyPart, Normalization, Statement, StatementKind, Tags,
    Target,
};
use crate::lang::schema::function::{Core, World};
use crate::lang::schema::{Action, Function, Message, Step, Variable};

const BANS: &str = "what bans are about: it is not compared";
const REFRESH: &str = "what `backend_refresh` makes of stored responses: it is not compared";
const SETTINGS: &str = "settings of requests, such as `req.grace`: they are not compared";
const CREDENTIALS: &str = "whom passwords and tokens let in: it is not compared";
const LIMITS: &str = "what counts for rate limits: it is not compared";
const MEMBERS: &str = "members that directors choose by a key: they are not compared";
const LINES: &str = "fields of several lines that are read as one: only their first is compared";
const PURGES: &str = "what is purged by tags: it is not compared";
const CHANCE: &str = "what is drawn by chance: how often that is done is not compared";
const FAILURES: &str = "what `synth` makes of a request of which a statement was refused: it is not compared";
const SLICES: &str = "requests that are answered in slices: none is tried";
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
        if chooses_by_keys(hir) {
            found.push(MEMBERS);
        }
    }
    if refreshes_otherwise(old, new) {
        found.push(REFRESH);
    }
    if lines_may_differ(old, new) || [old, new].into_iter().any(has_parts_by_any_name) {
        found.push(LINES);
    }
    if shows_failures(old, new) {
        found.push(FAILURES);
    }
    if draws(old) != draws(new) {
        found.push(CHANCE);
    }
    found.extend(unseen_slices([old, new]));
    found.sort_unstable();
    found.dedup();
    found
}

/// What may differ unseen in what rows do that only one policy has.
pub(super) fn unseen_in<'s>(bodies: impl Iterator<Item = &'s [Statement]>) -> Vec<&'static str> {
    let mut found = Vec::new();
    bodies.for_each(|body| look_at(body, &mut found));
    found
}

/// What may differ unseen where a policy has responses fetched in slices.
pub(super) fn unseen_slices(policies: [&Hir; 2]) -> Option<&'static str> {
    let is_sliced = |hir: &Hir| {
        let mut is_set = false;
        for_each(hir, None, &mut |statement| {
            is_set |= matches!(&statement.kind, StatementKind::Set(Target::Variable(Variable::ReqSlice), _));
        });
        is_set
    };
    policies.into_iter().any(is_sliced).then_some(SLICES)
}

/// Whether `synth` may treat requests otherwise of which a statement was refused, because it is not the same: of what these
/// hold by then it is not known where in a step that was.
pub(super) fn fails_otherwise(old: &Hir, new: &Hir) -> bool {
    let [before, after] = [old, new].map(|hir| hir.step(Step::Synth).map(|step| &step.body));
    let differs = before != after || old.subs != new.subs && [before, after].into_iter().flatten().any(may_call);
    let begins_again = [before, after].into_iter().flatten().flat_map(|body| &body.statements).any(restarts);
    (differs || begins_again) && shows_failures(old, new)
}

/// Whether a statement may be refused, and `synth` sees what was done by then.
fn shows_failures(old: &Hir, new: &Hir) -> bool {
    let may_fail = |hir: &Hir| {
        let (refusals, mut fails) = (Refusals::of(hir), false);
        for_each(hir, None, &mut |statement| fails |= refusals.may_refuse(&statement.kind));
        fails
    };
    let looks = |hir: &Hir| {
        let Some(step) = hir.step(Step::Synth) else { return false };
        let mut looks = step.body.statements.iter().any(restarts);
        let mut look = |statement: &Statement| looks |= values(statement).any(|value| value.reads(Message::Req));
        each_of(&step.body.statements, &mut look);
        let mut called = HashSet::new();
        calls(&step.body.statements, &hir.subs, &mut called);
        let called = called.iter().filter_map(|id| hir.subs.get(*id as usize));
        called.for_each(|sub| each_of(&sub.body.statements, &mut look));
        looks
    };
    [old, new].into_iter().any(may_fail) && [old, new].into_iter().any(looks)
}

/// The values of a statement, conditions among them.
fn values(statement: &Statement) -> impl Iterator<Item = &Expression> {
    let arms = if let StatementKind::If { arms, .. } = &statement.kind { arms.as_slice() } else { &[] };
    arms.iter().map(|arm| &arm.condition).chain(statement.kind.expressions())
}

/// Whether a key has a parameter or a cookie of which the name is only known when a request comes.
fn has_parts_by_any_name(hir: &Hir) -> bool {
    let mut has = false;
    for_each(hir, None, &mut |statement| {
        let part = match &statement.kind {
            StatementKind::Key(KeyPart::Value(part)) => Some(part),
            StatementKind::Effect(Function::Core(Core::HashData), given) => given.first(),
            _ => None,
        };
        has |= part.is_some_and(is_by_any_name);
    });
    has
}

fn is_by_any_name(part: &Expression) -> bool {
    match &part.kind {
        Kind::Fallback(parts) => parts.first().is_some_and(is_by_any_name),
        Kind::Query(_, name) | Kind::Cookie(_, name) => !matches!(name.kind, Kind::Text(_)),
        _ => false,
    }
}

/// All that is drawn by chance in a policy.
fn draws(hir: &Hir) -> Vec<String> {
    let mut all = Vec::new();
    for_each(hir, None, &mut |statement| {
        all.extend(values(statement).filter(|value| is_by_chance(value)).map(|value| format!("{value:?}")));
    });
    all.sort_unstable();
    all
}

/// Whether the backend may be asked again where it could not be asked.
pub(super) fn may_try_again(hir: &Hir) -> bool {
    let body = hir.step(Step::BackendError).map(|step| &step.body);
    let subs = hir.subs.iter().map(|sub| &sub.body);
    body.into_iter().chain(subs).flat_map(|body| &body.statements).any(restarts)
}

/// Whether the further lines of a field may make a difference that is not asked for: a step that is not the same leaves one
/// line of several that says what the first has said, and all lines are read somewhere.
fn lines_may_differ(old: &Hir, new: &Hir) -> bool {
    let subs_differ = old.subs != new.subs;
    Step::ALL.iter().any(|step| {
        let bodies = [old, new].map(|hir| hir.step(*step).map(|step| &step.body));
        let differs = bodies[0] != bodies[1] || subs_differ && bodies.into_iter().flatten().any(may_call);
        differs && [old, new].iter().any(|hir| shortened(hir, *step).iter().any(|name| reads_whole(hir, name)))
    })
}

/// The fields of which a step may leave one line that says what the first has said: the value is made of it, or some
/// condition compares it.
fn shortened(hir: &Hir, step: Step) -> Vec<HeaderName> {
    let mut compared = Vec::new();
    for_each(hir, None, &mut |statement| {
        if let StatementKind::If { arms, .. } = &statement.kind {
            for arm in arms {
                compared_fields(&arm.condition, &mut compared);
            }
        }
    });
    let is_compared = |name: &HeaderName| compared.iter().any(|known| known.as_ref().is_none_or(|known| known == name));
    let mut shortened = Vec::new();
    for_each(hir, Some(step), &mut |statement| {
        if let StatementKind::Set(Target::Header(_, name), value) = &statement.kind
            // There is one `Host` (RFC 9112 section 3.2).
            && *name != HOST
            && (is_compared(name) || is_made_of(value, name))
        {
            shortened.push(name.clone());
        }
    });
    shortened
}

/// Whether something is made of all lines of a field: what it directs, tags, what functions and clauses about it find.
fn reads_whole(hir: &Hir, name: &HeaderName) -> bool {
    let mut reads = false;
    for_each(hir, None, &mut |statement| {
        reads |= match &statement.kind {
            StatementKind::Tag(Tags::Field(field)) => field == name,
            StatementKind::Normalize(clause) => match clause {
                Normalization::AcceptEncoding(_) => *name == ACCEPT_ENCODING,
                Normalization::CookieDrop(_) | Normalization::CookieKeep(_) => *name == COOKIE,
                _ => false,
            },
            StatementKind::Effect(function, given) => is_of_all(*function, given, name),
            _ => false,
        };
        reads |= values(statement).any(|value| is_of_lines(value, name));
    });
    reads
}

fn is_of_lines(value: &Expression, name: &HeaderName) -> bool {
    let itself = match &value.kind {
        Kind::Directive(..) => *name == CACHE_CONTROL,
        Kind::Call(function, given) => is_of_all(*function, given, name),
        _ => false,
    };
    itself || value.parts().any(|part| is_of_lines(part, name))
}

/// Whether a function reads all lines of a field.
fn is_of_all(function: Function, given: &[Expression], name: &HeaderName) -> bool {
    let takes = || given.iter().any(|value| matches!(&value.kind, Kind::Header(_, field) if field == name));
    match function {
        Function::Header(_) => takes(),
        Function::Accept(_) => name.as_str().starts_with(ACCEPT.as_str()),
        _ => false,
    }
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

/// Whether a value may be another one each time that it is asked for: it takes from a rate limit, or is drawn by chance.
pub(super) fn is_drawn(value: &Expression) -> bool {
    matches!(value.kind, Kind::RateLimit(_)) || is_by_chance(value) || value.parts().any(is_drawn)
}

fn is_by_chance(value: &Expression) -> bool {
    use World as W;
    let itself = matches!(
        value.kind,
        Kind::Call(Function::World(W::Random | W::RandomInt | W::RandomBool | W::UuidV4 | W::UuidV7 | W::Clock), _)
    );
    itself || value.parts().any(is_by_chance)
}

/// Whether `backend_refresh` is not the same, or what it may call is not.
pub(super) fn refreshes_otherwise(old: &Hir, new: &Hir) -> bool {
    let [before, after] = [old, new].map(|hir| hir.step(Step::BackendRefresh).map(|step| &step.body));
    before != after || old.subs != new.subs && before.is_some_and(may_call)
}

/// Whether a director chooses by a cache key that is made in another way: what passes has one as well.
pub(super) fn chooses_otherwise(old: &Hir, new: &Hir) -> bool {
    let [before, after] = [old, new].map(|hir| hir.step(Step::Hash).map(|step| &step.body));
    [old, new].into_iter().any(chooses_by_keys) && (before != after || old.subs != new.subs)
}

fn chooses_by_keys(hir: &Hir) -> bool {
    hir.directors.iter().any(|director| matches!(director.choice, Choice::Hash(_) | Choice::Shard(_)))
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
            StatementKind::Ban(_) | StatementKind::Effect(Function::Core(Core::Ban), _) => found.push(BANS),
            StatementKind::Effect(Function::Core(Core::PurgeTags), _) => found.push(PURGES),
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
