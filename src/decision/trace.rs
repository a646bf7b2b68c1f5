//! What a run did, for those who ask.
//!
//! A run tells a [`Trace`] of each step that it takes. For requests that nobody asks about that is `()`, of which the
//! compiler leaves nothing.

use super::program::Verdict;
use crate::lang::hir::SubId;
use crate::lang::schema::Step;
use crate::lang::source::Span;

/// Names an outcome of a condition among all of a program: one for each arm of each `if`, `match` and table, and one
/// behind them for that no arm holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// A rule, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// The step that it belongs to; a sub that several steps call has rules in each of them.
    pub step: Step,
    /// Its condition as written; `None` for what is done if none of those before it holds.
    pub condition: Option<Span>,
    /// The place of the condition, or of what is done if none holds; `None` where nothing is written for that.
    pub place: Option<Span>,
}

/// Follows a run.
pub trait Trace {
    /// The condition of this rule was the first to hold of those that were tried.
    fn decided(&mut self, rule: RuleId);

    /// A statement is carried out.
    fn acting(&mut self, statement: Span);

    /// A clause of `normalize` is carried out.
    fn normalizing(&mut self, clause: Span) {
        self.acting(clause);
    }

    /// A sub is called.
    fn calling(&mut self, sub: SubId);
}

impl Trace for () {
    fn decided(&mut self, _: RuleId) {}
    fn acting(&mut self, _: Span) {}
    fn calling(&mut self, _: SubId) {}
}

/// How a step came to its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it came to; its place is that of the `return` that ended the step.
    pub verdict: Verdict,
    /// What led there, in order.
    pub course: Vec<Event>,
}

/// Something that happened in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A rule's condition was the first to hold, or none held.
    Decided(RuleId),
    /// A statement was carried out, or was refused if it is the last.
    Acted(Span),
    /// The same of a clause of `normalize`.
    Normalized(Span),
    /// A sub was called.
    Called(SubId),
}

impl Trace for Vec<Event> {
    fn decided(&mut self, rule: RuleId) {
        self.push(Event::Decided(rule));
    }

    fn acting(&mut self, statement: Span) {
        self.push(Event::Acted(statement));
    }

    fn normalizing(&mut self, clause: Span) {
        self.push(Event::Normalized(clause));
    }

    fn calling(&mut self, sub: SubId) {
        self.push(Event::Called(sub));
    }
}
