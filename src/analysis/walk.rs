//! One step on all requests at once.
//!
//! What a step leads to is a few *classes* of requests: of each the condition under which a request is in it, what
//! variables and fields hold then, and how the step ended. Where nothing differs that is followed, ways are joined, so that
//! a table of ten thousand rows that all look in the cache is one class; which row took a request is told by the condition
//! ([`First`](super::First)). Of more classes than a budget allows, the rest is one of which less is known.

use std::collections::HashSet;
use std::sync::Arc;

use super::effect;
use super::effort::STATEMENT;
use super::formula::Formula;
use super::groups::Groups;
use super::join::joined;
use super::ladder::{Ladder, Taken};
use super::last_use::{Names, last_uses, names};
use super::read::{Context, Reader};
use super::state::{Cases, State};
use super::term::Place;
use crate::lang::hir::{Arm, Body, Outcome, Statement, StatementKind, SubId};
use crate::lang::schema::{Action, Step};
use crate::lang::source::Span;

/// So many classes are kept apart.
pub(super) const MOST_CLASSES: usize = 64;
/// Where requests of so many kinds come to a ladder whose arms only leave other values, no more kinds are made of them: what
/// twenty ladders in a row leave would be a million.
pub(super) const MOST_BESIDE: usize = 2;
/// A block of more statements is a long one: no more than those are kept apart there, whoever asks.
const LONG: usize = 64;

/// How a step ends.
#[derive(Clone, Debug)]
pub struct End {
    /// What comes next; `None` if no statement said so.
    pub action: Option<Action>,
    /// The status of `synth` and `error`.
    pub status: Option<Cases>,
    /// Whether `purge` is a soft one.
    pub soft: bool,
    /// A `return` that says so, one of those that do.
    pub span: Option<Span>,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.action == other.action && self.soft == other.soft && self.status == other.status
    }
}

/// Requests of one kind at the end of a step.
#[derive(Clone, Debug)]
pub struct Class {
    /// Which requests are in it.
    pub guard: Formula,
    /// What they have in places by then.
    pub state: State,
    /// How the step ended.
    pub end: End,
}

/// Sees what is walked over.
pub trait Visitor {
    /// A ladder is come to by requests of that kind: an `if`, a `match` or a table. `arms` has its arms in order.
    fn ladder(&mut self, _ladder: &Arc<Ladder>, _arms: &[Arm], _place: &At<'_>) {}

    /// Another statement is come to by requests of that kind.
    fn statement(&mut self, _statement: &Statement, _place: &At<'_>) {}
}

/// Where a walk is.
pub struct At<'w> {
    /// The step.
    pub step: Step,
    /// Which requests come there.
    pub guard: &'w dyn Fn() -> Formula,
    /// What they have in places by then.
    pub state: &'w State,
    /// What the statement is inside of: the arms that were taken.
    pub around: &'w [Span],
}

/// Sees nothing.
pub struct Blind;

impl Visitor for Blind {}

/// What follows a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    On,
    Left,
    Ended(End),
}

/// Requests of one kind behind a statement.
pub(super) type Way = (Flow, Formula, State);

/// Walks over a step.
pub(super) struct Walk<'w, 'h> {
    pub cx: &'w Context<'h>,
    /// The places that are followed; all, if `None`.
    pub followed: Option<&'w HashSet<Place>>,
    pub visitor: &'w mut dyn Visitor,
    step: Step,
    around: Vec<Formula>,
    spans: Vec<Span>,
    /// How often the names of the body that is walked over are met in it.
    names: Names,
    /// Requests of many kinds come to the statement that is looked at.
    is_crowded: bool,
}

impl<'w, 'h> Walk<'w, 'h> {
    pub(super) fn new(
        cx: &'w Context<'h>,
        followed: Option<&'w HashSet<Place>>,
        visitor: &'w mut dyn Visitor,
        step: Step,
    ) -> Self {
        let (around, spans) = (Vec::new(), Vec::new());
        let names = Names::new();
        Self { cx, followed, visitor, step, around, spans, names, is_crowded: false }
    }

    /// What a step does with requests of these kinds.
    pub(super) fn step(&mut self, entries: Vec<(Formula, State)>) -> Vec<Class> {
        let Some(body) = self.cx.hir.step(self.step) else { return Vec::new() };
        self.cx.unknowns.effort.begin();
        let ways = self.body(&body.body, entries);
        let undecided = || End { action: None, status: None, soft: false, span: None };
        let classes = ways.into_iter().map(|(flow, guard, mut state)| {
            state.locals.clear();
            let end = if let Flow::Ended(end) = flow { end } else { undecided() };
            (Flow::Ended(end), guard, state)
        });
        let ended = joined(classes.collect(), self.cx);
        self.cx.unknowns.effort.end();
        let class = |(flow, guard, state)| match flow {
            Flow::Ended(end) => Some(Class { guard, state, end }),
            _ => None,
        };
        ended.into_iter().filter_map(class).collect()
    }

    /// Requests of few kinds, under conditions that are not too large.
    pub(super) fn joined(&self, entries: Vec<(Formula, State)>, most_parts: usize) -> Vec<(Formula, State)> {
        let ways = entries.into_iter().map(|(guard, state)| (Flow::On, guard, state));
        let joined = joined(ways.collect(), self.cx);
        joined.into_iter().map(|(_, guard, state)| (guard.unless_larger(most_parts), state)).collect()
    }

    fn body(&mut self, body: &'h Body, entries: Vec<(Formula, State)>) -> Vec<Way> {
        let fresh = entries.into_iter().map(|(guard, mut state)| {
            state.locals.clear();
            (guard, state)
        });
        let around = std::mem::replace(&mut self.names, names(&body.statements));
        let ways = self.block(&body.statements, fresh.collect());
        self.names = around;
        ways
    }

    fn block(&mut self, statements: &'h [Statement], entries: Vec<(Formula, State)>) -> Vec<Way> {
        let mut current = entries;
        let mut ended = Vec::new();
        let last_uses = last_uses(statements, &self.names);
        let was_crowded = self.is_crowded;
        let most_beside = if statements.len() > LONG { MOST_BESIDE } else { self.cx.most_beside };
        for (at, statement) in statements.iter().enumerate() {
            let mut next = Vec::new();
            self.is_crowded = was_crowded || current.len() >= most_beside;
            for (guard, state) in std::mem::take(&mut current) {
                next.extend(self.statement(statement, guard, state));
            }
            let unread = last_uses.get(&at).map(Vec::as_slice).unwrap_or_default();
            for (_, _, state) in &mut next {
                for name in unread {
                    state.locals.remove(name);
                }
            }
            for (flow, guard, state) in joined(next, self.cx) {
                match flow {
                    Flow::On => current.push((guard, state)),
                    end => ended.push((end, guard, state)),
                }
            }
            if current.is_empty() {
                break;
            }
        }
        self.is_crowded = was_crowded;
        ended.extend(current.into_iter().map(|(guard, state)| (Flow::On, guard, state)));
        joined(ended, self.cx)
    }

    fn statement(&mut self, statement: &'h Statement, guard: Formula, mut state: State) -> Vec<Way> {
        let effort = &self.cx.unknowns.effort;
        effort.add(STATEMENT);
        if effort.ends() {
            return vec![(Flow::On, guard, state)];
        }
        match &statement.kind {
            StatementKind::If { arms, otherwise, .. } => {
                let groups = Groups::new(arms.len(), self.is_crowded);
                self.ladder((arms, otherwise, statement.span), &guard, &state, groups)
            }
            StatementKind::Call(sub) => self.call(*sub, guard, state),
            StatementKind::Leave => {
                state.locals.clear();
                vec![(Flow::Left, guard, state)]
            }
            StatementKind::Return(outcome) => {
                self.see(statement, &guard, &state);
                let end = self.end(outcome, statement.span, &state);
                // Nobody asks for names any more: requests that end alike are one class.
                state.locals.clear();
                vec![(Flow::Ended(end), guard, state)]
            }
            kind => {
                self.see(statement, &guard, &state);
                effect::perform(kind, &mut state, self.cx, self.step, self.followed);
                vec![(Flow::On, guard, state)]
            }
        }
    }

    fn see(&mut self, statement: &Statement, guard: &Formula, state: &State) {
        let around = &self.around;
        let whole = || Formula::all(around.iter().chain([guard]).cloned());
        self.visitor.statement(statement, &At { step: self.step, guard: &whole, state, around: &self.spans });
    }

    fn end(&self, outcome: &Outcome, span: Span, state: &State) -> End {
        let reader = Reader::new(self.cx, state, self.step);
        let status = outcome.status.as_ref().map(|status| reader.cases(status));
        End { action: Some(outcome.action), status, soft: outcome.soft, span: Some(span) }
    }

    fn call(&mut self, sub: SubId, guard: Formula, state: State) -> Vec<Way> {
        let Some(sub) = self.cx.hir.subs.get(sub.0 as usize) else { return vec![(Flow::On, guard, state)] };
        let locals = state.locals.clone();
        let ways = self.body(&sub.body, vec![(guard, state)]);
        let back = ways.into_iter().map(|(flow, guard, mut state)| {
            state.locals.clone_from(&locals);
            let flow = if flow == Flow::Left { Flow::On } else { flow };
            (flow, guard, state)
        });
        let back = back.collect();
        joined(back, self.cx)
    }

    fn ladder(
        &mut self,
        (arms, otherwise, span): (&'h [Arm], &'h [Statement], Span),
        guard: &Formula,
        state: &State,
        mut groups: Groups,
    ) -> Vec<Way> {
        let reader = Reader::new(self.cx, state, self.step);
        let conditions: Vec<Formula> = arms.iter().map(|arm| reader.formula(&arm.condition)).collect();
        let spans = arms.iter().map(|arm| arm.span).collect();
        let ladder = self.cx.unknowns.ladder(Ladder::new(conditions, spans, span));
        {
            let around = &self.around;
            let whole = || Formula::all(around.iter().chain([guard]).cloned());
            self.visitor.ladder(&ladder, arms, &At { step: self.step, guard: &whole, state, around: &self.spans });
        }
        let bodies = arms.iter().map(|arm| (arm.body.as_slice(), Some(arm.span)));
        self.around.push(guard.clone());
        for (at, (body, span)) in bodies.chain([(otherwise, None)]).enumerate() {
            let condition = ladder.conditions().get(at);
            if condition == Some(&Formula::Const(false)) {
                continue;
            }
            let taken = if at < ladder.len() { Taken::arm(at) } else { Taken::rest() };
            self.around.push(Formula::first(&ladder, taken));
            self.spans.extend(span);
            let ways = self.block(body, vec![(Formula::Const(true), state.clone())]);
            self.around.pop();
            if span.is_some() {
                self.spans.pop();
            }
            for way in ways {
                groups.add(way, at, &ladder, self.cx);
            }
            if condition == Some(&Formula::Const(true)) {
                break;
            }
        }
        self.around.pop();
        let ways = groups.ways(&ladder, guard, self.cx);
        joined(ways, self.cx)
    }
}
