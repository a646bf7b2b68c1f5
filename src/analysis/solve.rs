//! Whether a condition can hold: never, for instance like this, or nobody knows.

use std::sync::Arc;

use super::address::Lists;
use super::formula::Formula;
use super::ladder::Ladder;
use super::learned::Learned;
use super::model::Model;
use super::settled::{Because, Settled, ways};
use super::term::Place;
use super::text::Automata;
use super::theory::{self, Values};
use crate::lang::hir::Hir;

/// So many sets of values are tried for one question.
pub const MOST_TRIES: usize = 400;

/// So many tests are made of values for one question.
pub(super) const MOST_TESTS: usize = 500_000;

/// So many parts of conditions are looked at for one question.
pub(super) const MOST_LOOKS: usize = 2_000_000;

/// So many are for all questions, some seconds at most.
const MOST_LOOKS_IN_ALL: usize = 15_000_000;

/// To find a value for one test takes as long as to look at so many parts of conditions.
const LOOKS_A_VALUE: usize = 32;

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
/// Why it is not known: to look through the conditions takes too long.
pub const LOOKS: &str = "parts of conditions that were looked at";
/// Why it is not known: the tests of one text are too many, or too large, to be run side by side.
pub const STATES: &str = "states of the automata of one text";
/// Why it is not known: what is asked of several views of one value did not come together.
pub const VIEWS: &str = "values that several views agree on";

/// Answers questions about one policy. What it builds for one question serves the next.
#[derive(Debug)]
pub struct Solver<'h> {
    hir: &'h Hir,
    automata: Automata,
    learned: Learned,
    lists: Lists,
    tries: usize,
    tests: usize,
    spent: usize,
    /// Parts of conditions that were looked at for all questions.
    looks: usize,
    gave_up: Option<&'static str>,
    /// The place of a value by which that came.
    about: Option<Place>,
    /// The first budget that ended since somebody has asked.
    ended: Option<&'static str>,
    /// Nothing more may be tried.
    is_at_end: bool,
    proof: Proof,
}

impl<'h> Solver<'h> {
    /// A solver for the conditions of a policy.
    #[must_use]
    pub fn new(hir: &'h Hir) -> Self {
        Self {
            hir,
            automata: Automata::default(),
            learned: Learned::default(),
            lists: Lists::default(),
            tries: 0,
            tests: 0,
            spent: 0,
            looks: 0,
            gave_up: None,
            about: None,
            ended: None,
            is_at_end: false,
            proof: Proof::default(),
        }
    }

    /// The same where it is not known of all requests what becomes of them: less is spent on what may be found all the same.
    #[must_use]
    pub fn hurried(hir: &'h Hir) -> Self {
        Self { looks: MOST_LOOKS_IN_ALL - MOST_LOOKS, ..Self::new(hir) }
    }

    /// How many sets of values were tried for all questions.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.spent
    }

    /// The first budget that ended before a question was answered, since this was asked before.
    #[must_use]
    pub fn ended(&mut self) -> Option<&'static str> {
        self.ended.take()
    }

    /// The place of a value that kept the last question from being answered, if it is known.
    #[must_use]
    pub fn about(&self) -> Option<&Place> {
        self.about.as_ref()
    }

    /// Whether it is certain that there is no request of which a condition holds.
    pub fn is_impossible(&mut self, formula: &Formula) -> bool {
        matches!(self.solve(formula), Answer::Impossible(_))
    }

    /// Whether there is a request of which a condition holds.
    pub fn solve(&mut self, formula: &Formula) -> Answer<'h> {
        (self.tries, self.tests, self.gave_up, self.is_at_end) = (0, 0, None, false);
        (self.proof, self.learned, self.about) = (Proof::default(), Learned::default(), None);
        if self.looks >= MOST_LOOKS_IN_ALL {
            self.ended.get_or_insert(LOOKS);
            return Answer::GaveUp(LOOKS);
        }
        let found = self.search(vec![(formula.clone(), 0)], Settled::default(), 0);
        self.looks += self.learned.looks();
        match found {
            Ok(model) => Answer::Possible(Box::new(model)),
            Err(_) => match self.gave_up {
                Some(budget) => {
                    self.ended.get_or_insert(budget);
                    Answer::GaveUp(budget)
                }
                None => Answer::Impossible(std::mem::take(&mut self.proof)),
            },
        }
    }

    /// A model of what has to hold, or the choices to blame that there is none.
    fn search(
        &mut self,
        todo: Vec<(Formula, usize)>,
        mut settled: Settled,
        choices: usize,
    ) -> Result<Model<'h>, Because> {
        let mut todo = todo;
        loop {
            settled.settle(todo, &mut self.learned)?;
            let model = self.values(&settled, choices)?;
            let choice = settled.choice(&model, &mut self.learned);
            self.count(&model, choices)?;
            if let Some((choice, by)) = choice {
                return self.branch(&choice, by, &settled, choices + 1);
            }
            let before = settled.taken_before(&model);
            if before.is_empty() {
                return Ok(model);
            }
            let refuse =
                |(ladder, at, by): &(Arc<Ladder>, usize, usize)| Some((ladder.conditions().get(*at)?.not(), *by));
            todo = before.iter().filter_map(refuse).collect();
            self.proof.before.extend(before.into_iter().map(|(ladder, at, _)| (ladder, at)));
        }
    }

    /// Values of which all holds that is settled.
    fn values(&mut self, settled: &Settled, choices: usize) -> Result<Model<'h>, Because> {
        if self.tries >= MOST_TRIES {
            return Err(self.give_up(TRIES, choices));
        }
        self.tries += 1;
        self.spent += 1;
        self.learned.look(settled.literals.len() * LOOKS_A_VALUE);
        match theory::values(&settled.literals, self.hir, &mut self.automata, &mut self.lists) {
            Values::Are(model) => Ok(*model),
            Values::Cannot(literals) => Err(settled.because(&literals, &mut self.learned)),
            Values::Unknown(budget, about) => {
                self.about = self.about.take().or(about);
                Err(self.give_up(budget, choices))
            }
        }
    }

    fn count(&mut self, model: &Model<'_>, choices: usize) -> Result<(), Because> {
        self.tests += model.tests();
        self.learned.look(model.looks());
        match (self.tests, self.learned.looks()) {
            (MOST_TESTS.., _) => Err(self.give_up(TESTS, choices)),
            (_, MOST_LOOKS..) => Err(self.give_up(LOOKS, choices)),
            _ => Ok(()),
        }
    }

    fn give_up(&mut self, budget: &'static str, choices: usize) -> Because {
        self.gave_up.get_or_insert(budget);
        self.is_at_end |= matches!(budget, TRIES | TESTS | LOOKS);
        Because::of_all(choices)
    }

    /// Tries all ways to make a choice; `by` is the choice that it follows from, `number` its own. Where what went wrong has
    /// nothing to do with it, no other way is tried.
    fn branch(&mut self, choice: &Formula, by: usize, settled: &Settled, number: usize) -> Result<Model<'h>, Because> {
        let mut because = Because::of(by);
        for way in ways(choice) {
            if let Some(reason) = settled.bars(&way, &mut self.learned) {
                because.extend(&reason);
                continue;
            }
            self.learned.look(settled.size());
            let mut settled = settled.clone();
            let todo = vec![(settled.go(&way, number), number)];
            match self.search(todo, settled, number) {
                Ok(model) => return Ok(model),
                Err(reason) if !reason.blames(number) || self.is_at_end => return Err(reason),
                Err(reason) => because.extend(&reason.without(number)),
            }
        }
        Err(because)
    }
}
