//! One way to say what can be said in several: where it stands, in which order, and what goes to the log, do not count.

use super::commute::in_one_order;
use super::disjoint::arrange;
use super::failing::Refusals;
use super::unseen::is_drawn;
use crate::lang::hir::{
    Choice, Expression, ExpressionKind as Kind, Glob, Hir, Key, KeyPart, Normalization, Statement, StatementKind, Tags,
    Target,
};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Variable};
use crate::lang::source::{FileId, Span};

/// What stands for the place of a constant that is known by its place alone, such as a list of users.
pub(super) type Place<'p> = &'p mut dyn FnMut(&mut Expression);

/// Makes two policies that say the same equal, as far as that shows in how they are written.
pub(super) fn say_in_one_way(hir: &mut Hir, place: Place<'_>) {
    for sub in &mut hir.subs {
        sub.span = NOWHERE;
    }
    hir.directors.iter_mut().flat_map(|director| keys(&mut director.choice)).for_each(|it| value(it, place));
    let refusals = Refusals::of(hir);
    let subs = hir.subs.iter_mut().map(|sub| &mut sub.body);
    for body in hir.steps.iter_mut().map(|step| &mut step.body).chain(subs) {
        block(&mut body.statements, &refusals, place);
    }
}

const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

fn block(statements: &mut Vec<Statement>, refusals: &Refusals, place: Place<'_>) {
    statements.retain(|statement| !is_for_the_log(statement) && !leaves_all(statement));
    for statement in &mut *statements {
        statement.span = NOWHERE;
        match &mut statement.kind {
            StatementKind::If { arms, otherwise, rest } => {
                *rest = None;
                for arm in arms {
                    arm.span = NOWHERE;
                    block(&mut arm.body, refusals, place);
                }
                block(otherwise, refusals, place);
            }
            StatementKind::Normalize(
                Normalization::QueryDrop(globs)
                | Normalization::QueryKeep(globs)
                | Normalization::CookieDrop(globs)
                | Normalization::CookieKeep(globs),
            ) => sort_globs(globs),
            _ => {}
        }
        values(statement).for_each(|it| value(it, place));
        if let StatementKind::If { arms, .. } = &mut statement.kind
            && !arms.iter().any(|arm| is_drawn(&arm.condition))
        {
            arrange(arms);
        }
    }
    in_one_order(statements, refusals);
}

/// Whether a statement puts back what stands there already. A lifetime that is set is the policy's word from then on, and of a
/// field one line is left of several.
fn leaves_all(statement: &Statement) -> bool {
    use Variable as V;
    let StatementKind::Set(Target::Variable(variable), value) = &statement.kind else { return false };
    let is_plain = matches!(variable, V::ReqUrl | V::BereqUrl | V::ReqMethod | V::BereqMethod | V::ReqBackendHint);
    is_plain && value.kind == Kind::Variable(*variable)
}

/// Whether all that a statement does is to write to the log.
fn is_for_the_log(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Effect(Function::Core(Core::Log), given) => !given.iter().any(is_drawn),
        _ => false,
    }
}

fn sort_globs(globs: &mut Vec<Glob>) {
    globs.sort_by(|one, other| one.text().cmp(other.text()));
    globs.dedup_by(|one, other| one.text() == other.text());
}

fn value(it: &mut Expression, place: Place<'_>) {
    it.span = NOWHERE;
    it.parts_mut().for_each(|part| value(part, place));
    match &mut it.kind {
        Kind::File(file) => file.span = NOWHERE,
        Kind::Users(_) | Kind::Keys(_) | Kind::Database(_) => place(it),
        // Which is evaluated first shows only where evaluating takes from a limit.
        Kind::And(parts) | Kind::Or(parts) if !parts.iter().any(is_drawn) => {
            parts.sort_by_cached_key(|part| format!("{part:?}"));
        }
        Kind::InTexts(_, texts) | Kind::Under(_, texts) | Kind::Extension(_, texts) => sort(texts),
        Kind::HasQuery(_, names) | Kind::HasCookie(_, names) => sort(names),
        Kind::AnyQuery(_, globs) | Kind::AnyCookie(_, globs) => sort_globs(globs),
        _ => {}
    }
}

fn sort(texts: &mut Vec<Box<[u8]>>) {
    texts.sort_unstable();
    texts.dedup();
}

/// The expressions by which a director chooses.
pub(super) fn keys(choice: &mut Choice) -> impl Iterator<Item = &mut Expression> {
    let (key, alternative) = match choice {
        Choice::Hash(key) => (Some(key), None),
        Choice::Shard(shard) => (Some(&mut shard.key), shard.alternative.as_mut()),
        _ => (None, None),
    };
    let value = key.and_then(|key| match key {
        Key::Value(value) => Some(value),
        _ => None,
    });
    value.into_iter().chain(alternative)
}

/// The expressions of a statement, without those of the statements in it.
pub(super) fn values(statement: &mut Statement) -> Box<dyn Iterator<Item = &mut Expression> + '_> {
    match &mut statement.kind {
        StatementKind::Let(_, value)
        | StatementKind::Set(_, value)
        | StatementKind::Ban(value)
        | StatementKind::Key(KeyPart::Value(value))
        | StatementKind::Tag(Tags::Text(value)) => Box::new(std::iter::once(value)),
        StatementKind::If { arms, .. } => Box::new(arms.iter_mut().map(|arm| &mut arm.condition)),
        StatementKind::Return(outcome) => Box::new(outcome.values_mut()),
        StatementKind::Effect(_, given) => Box::new(given.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}
