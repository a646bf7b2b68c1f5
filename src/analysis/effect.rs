//! What statements do to what is known.

use std::collections::HashSet;

use http::header::COOKIE;

use super::read::{Context, Reader};
use super::state::{Cases, State};
use super::term::{Op, Place, Term};
use crate::lang::hir::{Expression, ExpressionKind, Glob, KeyPart, Normalization, StatementKind, Target};
use crate::lang::schema::function::{Cookie, Core};
use crate::lang::schema::{Function, Message, Step, StepSet, Type, Variable};

/// A value that is made of more than that is taken for any: a text that each statement makes longer is not followed to the
/// end.
const MOST_PARTS: usize = 64;

/// The same of the conditions under which it is one or the other: a truth that is made of truths, and their opposites.
const MOST_GUARD_PARTS: usize = 4_096;

/// Carries out a statement that is not control flow, as far as places are concerned that are followed.
pub(super) fn perform(
    statement: &StatementKind,
    state: &mut State,
    cx: &Context<'_>,
    step: Step,
    followed: Option<&HashSet<Place>>,
) {
    let is_followed = |place: &Place| followed.is_none_or(|followed| followed.contains(place));
    match statement {
        StatementKind::Let(id, value) => {
            let value = Reader::new(cx, state, step).cases(value);
            state.bind(*id, unless_larger(&value, cx));
        }
        StatementKind::Set(target, value) => {
            let place = place_of(target);
            if is_followed(&place) {
                let value = Reader::new(cx, state, step).cases(value);
                set(state, place, unless_larger(&value, cx), cx);
            }
        }
        StatementKind::Unset(target) => {
            let place = place_of(target);
            if is_followed(&place) {
                let value = match target {
                    Target::Header(..) => Term::Unset,
                    Target::Variable(_) => cx.anything(),
                };
                state.set(place, Cases::one(value));
            }
        }
        StatementKind::Normalize(clause) => {
            let place = Place::normalized(clause);
            if is_followed(&place) {
                let op = Op::Normalized(clause.clone());
                let value = state.get(&place).map(|term| Term::made(op.clone(), vec![term.clone()]));
                state.set(place, value);
            }
        }
        StatementKind::Key(part) => {
            let part = match part {
                KeyPart::Value(value) => Reader::new(cx, state, step).cases(value),
                KeyPart::Query { .. } => {
                    state.url(Message::Req).map(|url| Term::made(Op::WholeQuery, vec![url.clone()]))
                }
            };
            state.add_to_key(part, || cx.anything());
        }
        StatementKind::Effect(function, given) => act(*function, given, state, cx, step, &is_followed),
        _ => {}
    }
}

/// The place of a target.
pub(super) fn place_of(target: &Target) -> Place {
    match target {
        Target::Variable(Variable::ReqTtl) => Place::Variable(Variable::ReqMaxAge),
        Target::Variable(variable) => Place::Variable(*variable),
        Target::Header(message, name) => Place::Field(*message, name.clone()),
    }
}

fn unless_larger(value: &Cases, cx: &Context<'_>) -> Cases {
    if value.iter().all(|(guard, _)| guard.has_at_most(MOST_GUARD_PARTS)) {
        value.map(|term| if term.size() <= MOST_PARTS { term.clone() } else { cx.anything() })
    } else {
        Cases::one(cx.anything())
    }
}

fn set(state: &mut State, place: Place, value: Cases, cx: &Context<'_>) {
    let empty = |term: &Term| if *term == Term::Unset { Term::text("") } else { term.clone() };
    let value = match &place {
        // Once true it stays true.
        Place::Variable(Variable::BerespUncacheable) => {
            let before = state.get(&place);
            match (before.only(), value.only()) {
                (_, Some(Term::Truth(false))) => return,
                (_, Some(Term::Truth(true))) | (Some(Term::Truth(false)), _) => value,
                (Some(Term::Truth(true)), _) => return,
                _ => Cases::one(cx.anything()),
            }
        }
        Place::Variable(variable) if variable.ty() == Type::String => value.map(empty),
        // Two policies are compared by what becomes of further lines apart from this.
        Place::Field(_, name) if cx.read_whole.contains(name) && !cx.unknowns.are_shared() => first_lines(&value, cx),
        _ => value,
    };
    state.set(place, value);
}

/// What a field is that is set: a copy of another has the first of its lines alone, and what the others said is gone.
fn first_lines(value: &Cases, cx: &Context<'_>) -> Cases {
    let is_field = |term: &Term| matches!(term, Term::Input(Place::Field(_, name)) if *name != COOKIE);
    let has_lines = |term: &Term| match term {
        Term::Chosen(chosen) => chosen.terms().any(is_field),
        term => is_field(term),
    };
    value.map(|term| if has_lines(term) { cx.anything() } else { term.clone() })
}

fn act(
    function: Function,
    given: &[Expression],
    state: &mut State,
    cx: &Context<'_>,
    step: Step,
    is_followed: &impl Fn(&Place) -> bool,
) {
    match (function, given) {
        (Function::Core(Core::HashData), [part]) => {
            let part = Reader::new(cx, state, step).cases(part);
            state.add_to_key(part, || cx.anything());
        }
        (Function::Cookie(function), given) => {
            let message = if StepSet::BACKEND.contains(step) { Message::Bereq } else { Message::Req };
            let place = Place::Field(message, COOKIE);
            if is_followed(&place) {
                let value = cookies_after(function, given, &state.get(&place), cx);
                state.set(place, value);
            }
        }
        // Whatever else takes a field may change it.
        (_, [Expression { kind: ExpressionKind::Header(message, name), .. }, ..]) => {
            let place = Place::Field(*message, name.clone());
            let changes = matches!(function, Function::Header(_));
            if changes && is_followed(&place) {
                state.set(place, Cases::one(cx.anything()));
            }
        }
        _ => {}
    }
}

/// What is left of the cookies.
fn cookies_after(function: Cookie, given: &[Expression], before: &Cases, cx: &Context<'_>) -> Cases {
    let names = |given: &[Expression]| match given {
        [Expression { kind: ExpressionKind::List(names), .. }] => {
            globs(names.iter().flat_map(|name| name.split(|byte| *byte == b',')))
        }
        [Expression { kind: ExpressionKind::Text(name), .. }] => globs([&**name]),
        _ => None,
    };
    let clause = match function {
        Cookie::Clean => return Cases::one(Term::Unset),
        Cookie::Delete | Cookie::Filter => names(given).map(Normalization::CookieDrop),
        Cookie::Keep => names(given).map(Normalization::CookieKeep),
        _ => None,
    };
    let Some(clause) = clause else { return Cases::one(cx.anything()) };
    before.map(|term| Term::made(Op::Normalized(clause.clone()), vec![term.clone()]))
}

/// Names as patterns that are like nothing else.
fn globs<'n>(names: impl IntoIterator<Item = &'n [u8]>) -> Option<Vec<Glob>> {
    let glob = |name: &[u8]| {
        let name = std::str::from_utf8(name.trim_ascii()).ok()?;
        (!name.contains('*')).then(|| Glob::new(name))
    };
    names.into_iter().map(glob).collect()
}
