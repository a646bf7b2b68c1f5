//! Whether a condition can hold: never, for instance like this, or nobody knows.

use std::sync::Arc;

use super::formula::{Formula, Literal, Test};
use super::ladder::Ladder;
use super::model::Model;
use super::text::Automata;
use super::theory::{self, Values};
use crate::lang::hir::Hir;

/// So many sets of values are tried for one question.
pub const MOST_TRIES: usize = 400;

/// So many tests are made of values for one question.
pub(super) const MOST_TESTS: usize = 500_000;

/// What a question comes to.
#[derive(Debug)]
pub enum Answer<'h> {
    /// No request, whatever the world does, makes it hold.
    Impossible(Proof),
    /// These values make it hold. It is for `simulate` to say whether they can come about.
    Possible(Box<Model<'h>>),
    /// Neither was found within a budget, which is named.
    GaveUp(&'static str),
}

/// What keeps a condition from holding, beside itself.
#[derive(Debug, Default)]
pub struct Proof {
    /// The arms of ladders which take, in front of the one that was asked for, all requests that it could have had.
    pub before: Vec<(Arc<Ladder>, usize)>,
}

/// Why it is not known: too many ways to make a condition hold were tried.
pub const TRIES: &str = "ways to make a condition hold";
/// Why it is not known: too many conditions were tried on values.
pub const TESTS: &str = "conditions that were tried on values";
/// Why it is not known: the tests of one text are too many, or too large, to be run side by side.
pub const STATES: &str = "states of the automata of one text";
/// Why it is not known: what is asked of several views of one value did not come together.
pub const VIEWS: &str = "values that several views agree on";

/// Answers questions about one policy. What it builds for one question serves the next.
#[derive(Debug)]
pub struct Solver<'h> {
    hir: &'h Hir,
    automata: Automata,
    tries: usize,
    tests: usize,
    spent: usize,
    gave_up: Option<&'static str>,
    proof: Proof,
}

/// What is settled so far.
#[derive(Clone, Default)]
struct Settled {
    literals: Vec<(Arc<Literal>, bool)>,
    /// Arms that are taken, with none before them.
    arms: Vec<(Arc<Ladder>, usize)>,
    /// What has to be looked at once there are values.
    choices: Vec<Formula>,
}

impl<'h> Solver<'h> {
    /// A solver for the conditions of a policy.
    #[must_use]
    pub fn new(hir: &'h Hir) -> Self {
        Self {
            hir,
            automata: Automata::default(),
            tries: 0,
            tests: 0,
            spent: 0,
            gave_up: None,
            proof: Proof::default(),
        }
    }

    /// How many sets of values were tried for all questions.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.spent
    }

    /// Whether it is certain that there is no request of which a condition holds.
    pub fn is_impossible(&mut self, formula: &Formula) -> bool {
        matches!(self.solve(formula), Answer::Impossible(_))
    }

    /// Whether there is a request of which a condition holds.
    pub fn solve(&mut self, formula: &Formula) -> Answer<'h> {
        (self.tries, self.tests, self.gave_up, self.proof) = (0, 0, None, Proof::default());
        match self.search(vec![formula.clone()], Settled::default()) {
            Some(model) => Answer::Possible(Box::new(model)),
            None => match self.gave_up {
                Some(budget) => Answer::GaveUp(budget),
                None => Answer::Impossible(std::mem::take(&mut self.proof)),
            },
        }
    }

    fn search(&mut self, todo: Vec<Formula>, mut settled: Settled) -> Option<Model<'h>> {
        let mut todo = todo;
        loop {
            settled.settle(todo)?;
            if self.tries >= MOST_TRIES {
                self.gave_up = Some(TRIES);
                return None;
            }
            self.tries += 1;
            self.spent += 1;
            let model = match theory::values(&settled.literals, self.hir, &mut self.automata) {
                Values::Are(model) => *model,
                Values::Cannot => return None,
                Values::Unknown(budget) => {
                    self.gave_up = Some(budget);
                    return None;
                }
            };
            let open = settled.choices.iter().position(|choice| !model.satisfies(choice));
            self.tests += model.tests();
            if self.tests >= MOST_TESTS {
                self.gave_up = Some(TESTS);
                return None;
            }
            if let Some(open) = open {
                let choice = settled.choices.swap_remove(open);
                return self.branch(&choice, &settled);
            }
            let Some((ladder, at)) = taken_before(&settled, &model) else { return Some(model) };
            todo = ladder.conditions().get(at).map(Formula::not).into_iter().collect();
            self.proof.before.push((ladder, at));
        }
    }

    fn branch(&mut self, choice: &Formula, settled: &Settled) -> Option<Model<'h>> {
        match choice {
            Formula::Any(parts) => parts.iter().find_map(|part| self.search(vec![part.clone()], settled.clone())),
            Formula::First(first) => first.taken.iter().find_map(|arm| {
                let condition = arm.and_then(|arm| first.ladder.conditions().get(arm));
                let is_apart = condition.is_some_and(|condition| settled.excludes(condition));
                if self.gave_up.is_some() || is_apart {
                    return None;
                }
                let mut settled = settled.clone();
                let condition = settled.take(&first.ladder, arm);
                self.search(vec![condition], settled)
            }),
            _ => None,
        }
    }
}

impl Settled {
    /// Whether a condition asks of some text what no text is that is settled on, as far as that is told at a glance: of
    /// ten thousand rows most are about other paths.
    fn excludes(&self, condition: &Formula) -> bool {
        match condition {
            Formula::Const(truth) => !truth,
            Formula::Literal(literal, true) => {
                self.literals.iter().any(|(known, holds)| *holds && are_apart(known, literal))
            }
            Formula::All(parts) => parts.iter().any(|part| self.excludes(part)),
            Formula::Any(parts) => parts.iter().all(|part| self.excludes(part)),
            Formula::Literal(_, false) | Formula::First(_) => false,
        }
    }

    /// Takes literals and arms out of what has to hold; `None` if that is impossible on the face of it.
    fn settle(&mut self, mut todo: Vec<Formula>) -> Option<()> {
        while let Some(formula) = todo.pop() {
            match formula {
                Formula::Const(true) => {}
                Formula::Const(false) => return None,
                Formula::Literal(literal, holds) => self.add(literal, holds)?,
                Formula::All(parts) => todo.extend(parts.iter().cloned()),
                Formula::First(first) => {
                    let mut ways = first.taken.iter();
                    match (ways.next(), ways.next()) {
                        (Some(only), None) => todo.push(self.take(&first.ladder, only)),
                        _ => self.choices.push(Formula::First(Arc::clone(&first))),
                    }
                }
                choice @ Formula::Any(_) => self.choices.push(choice),
            }
        }
        Some(())
    }

    /// Notes a literal; `None` if its opposite is known.
    fn add(&mut self, literal: Arc<Literal>, holds: bool) -> Option<()> {
        for (known, known_holds) in &self.literals {
            if Arc::ptr_eq(known, &literal) || **known == *literal {
                return (*known_holds == holds).then_some(());
            }
        }
        self.literals.push((literal, holds));
        Some(())
    }

    /// Notes that an arm is taken; its condition is yet to be settled.
    fn take(&mut self, ladder: &Arc<Ladder>, arm: Option<usize>) -> Formula {
        self.arms.push((Arc::clone(ladder), arm.unwrap_or(ladder.len())));
        arm.and_then(|arm| ladder.conditions().get(arm)).cloned().unwrap_or(Formula::Const(true))
    }
}

/// Whether no text passes both tests.
fn are_apart(one: &Literal, other: &Literal) -> bool {
    match (&one.test, &other.test) {
        (Test::In(ones), Test::In(others)) if one.term == other.term => {
            ones.iter().all(|one| others.iter().all(|other| one.excludes(other)))
        }
        _ => false,
    }
}

/// An arm that takes the model before one that is to take it.
fn taken_before(settled: &Settled, model: &Model<'_>) -> Option<(Arc<Ladder>, usize)> {
    settled.arms.iter().find_map(|(ladder, end)| Some((Arc::clone(ladder), ladder.held_before(model, *end)?)))
}
