//! What is settled while a condition is looked at, and by which choice.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::formula::{Formula, Literal, Test};
use super::ladder::Ladder;
use super::learned::{Fact, Learned};
use super::model::Model;
use super::solve::MOST_LOOKS;

/// The choices that something follows from, by how many were made before; 0 is what was asked for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Because(BTreeSet<usize>);

impl Because {
    /// It follows from that choice.
    pub(super) fn of(choice: usize) -> Self {
        Self(BTreeSet::from([choice]))
    }

    /// It may follow from any choice up to that one.
    pub(super) fn of_all(choices: usize) -> Self {
        Self((0..=choices).collect())
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// Whether it follows from that choice.
    pub(super) fn blames(&self, choice: usize) -> bool {
        self.0.contains(&choice)
    }

    pub(super) fn without(mut self, choice: usize) -> Self {
        self.0.remove(&choice);
        self
    }
}

/// A way to make a choice.
pub(super) enum Way<'c> {
    /// A part of it holds.
    Part(&'c Formula),
    /// An arm is taken.
    Arm(&'c Arc<Ladder>, Option<usize>),
}

/// All ways to make a choice.
pub(super) fn ways(choice: &Formula) -> Box<dyn Iterator<Item = Way<'_>> + '_> {
    match choice {
        Formula::Any(parts) => Box::new(parts.iter().map(Way::Part)),
        Formula::First(first) => Box::new(first.taken.iter().map(|arm| Way::Arm(&first.ladder, arm))),
        _ => Box::new(std::iter::empty()),
    }
}

impl Way<'_> {
    /// What has to hold then.
    pub(super) fn condition(&self) -> &Formula {
        match self {
            Self::Part(part) => part,
            Self::Arm(ladder, arm) => arm.and_then(|arm| ladder.conditions().get(arm)).unwrap_or(&Formula::Const(true)),
        }
    }
}

/// What is settled so far. Beside each stands the choice by which it is.
#[derive(Clone, Default)]
pub(super) struct Settled {
    pub literals: Vec<(Arc<Literal>, bool)>,
    facts: Vec<Fact>,
    /// Of each test by number whether it holds, and by which choice.
    held: Vec<Option<(bool, usize)>>,
    /// Arms that are taken, with none before them.
    arms: Vec<(Arc<Ladder>, usize, usize)>,
    /// What has to be looked at once there are values.
    pub open: Vec<(Formula, usize)>,
}

impl Settled {
    /// Takes literals and arms out of what has to hold; says why, if that is impossible on the face of it.
    pub(super) fn settle(&mut self, mut todo: Vec<(Formula, usize)>, learned: &mut Learned) -> Result<(), Because> {
        while let Some((formula, by)) = todo.pop() {
            learned.look(1);
            if learned.looks() >= MOST_LOOKS {
                // Who asks gives up once there are values.
                return Ok(());
            }
            match formula {
                Formula::Const(true) => {}
                Formula::Const(false) => return Err(Because::of(by)),
                Formula::Literal(literal, holds) => self.add(literal, holds, by, learned)?,
                Formula::All(parts) => todo.extend(parts.iter().map(|part| (part.clone(), by))),
                Formula::First(first) => match self.taken(&first.ladder) {
                    Some((arm, _)) if first.taken.contains(arm) => {}
                    Some((_, other)) => return Err(Because([other, by].into())),
                    None => {
                        let mut ways = first.taken.iter();
                        match (ways.next(), ways.next()) {
                            (Some(only), None) => todo.push((self.go(&Way::Arm(&first.ladder, only), by), by)),
                            _ => self.open.push((Formula::First(Arc::clone(&first)), by)),
                        }
                    }
                },
                choice @ Formula::Any(_) => self.open.push((choice, by)),
            }
        }
        Ok(())
    }

    /// Notes a literal, unless it does not go together with what is known.
    fn add(&mut self, literal: Arc<Literal>, holds: bool, by: usize, learned: &mut Learned) -> Result<(), Because> {
        let number = learned.number(&literal);
        if let Some((known, other)) = self.held(number) {
            return if known == holds { Ok(()) } else { Err(Because([other, by].into())) };
        }
        if let Some(mut because) = self.apart((number, holds), learned) {
            because.0.insert(by);
            return Err(because);
        }
        if self.held.len() <= number {
            self.held.resize(number + 1, None);
        }
        if let Some(held) = self.held.get_mut(number) {
            *held = Some((holds, by));
        }
        self.facts.push((number, holds));
        self.literals.push((literal, holds));
        Ok(())
    }

    /// The arm of a ladder that is taken, and by which choice.
    fn taken(&self, ladder: &Arc<Ladder>) -> Option<(Option<usize>, usize)> {
        let (_, arm, by) = self.arms.iter().find(|(known, ..)| Arc::ptr_eq(known, ladder))?;
        Some((Some(*arm).filter(|arm| *arm < ladder.len()), *by))
    }

    fn held(&self, number: usize) -> Option<(bool, usize)> {
        self.held.get(number).copied().flatten()
    }

    /// Why a fact does not go together with what is known, by what was learned.
    fn apart(&self, fact: Fact, learned: &Learned) -> Option<Because> {
        let holds = |(number, holds): Fact| self.held(number).is_some_and(|(known, _)| known == holds);
        let others = learned.against(fact, holds)?;
        Some(Because(others.filter_map(|(number, _)| self.held(number)).map(|(_, by)| by).collect()))
    }

    /// Notes that a choice is made so; what has to hold then is yet to be settled.
    pub(super) fn go(&mut self, way: &Way<'_>, by: usize) -> Formula {
        if let Way::Arm(ladder, arm) = way {
            self.arms.push((Arc::clone(ladder), arm.unwrap_or(ladder.len()), by));
        }
        way.condition().clone()
    }

    /// How much there is to copy.
    pub(super) fn size(&self) -> usize {
        self.literals.len() + self.held.len() + self.arms.len() + self.open.len()
    }

    /// The choices by which these literals are settled, which do not go together.
    pub(super) fn because(&self, literals: &[usize], learned: &mut Learned) -> Because {
        let facts: Vec<Fact> = literals.iter().filter_map(|at| self.facts.get(*at)).copied().collect();
        let choices = facts.iter().filter_map(|(number, _)| self.held(*number)).map(|(_, by)| by);
        let because = Because(choices.collect());
        learned.learn(facts);
        because
    }

    /// Arms that take the model before those that are to take it, and the choices by which those are to take it.
    pub(super) fn taken_before(&self, model: &Model<'_>) -> Vec<(Arc<Ladder>, usize, usize)> {
        let before = |(ladder, end, by): &(Arc<Ladder>, usize, usize)| {
            Some((Arc::clone(ladder), ladder.held_before(model, *end)?, *by))
        };
        self.arms.iter().filter_map(before).collect()
    }

    /// Takes out the choice that is open and has the fewest ways left, of those that a model does not satisfy.
    pub(super) fn choice(&mut self, model: &Model<'_>, learned: &mut Learned) -> Option<(Formula, usize)> {
        let asked = |(at, (choice, _)): (usize, &(Formula, usize))| (!model.satisfies(choice)).then_some(at);
        let unsatisfied: Vec<usize> = self.open.iter().enumerate().filter_map(asked).collect();
        let (mut best, mut fewest) = (*unsatisfied.first()?, usize::MAX);
        for at in unsatisfied.iter().copied().filter(|_| unsatisfied.len() > 1) {
            let left = self.open.get(at).map_or(0, |(choice, _)| self.ways_left(choice, fewest, learned));
            if left < fewest {
                (best, fewest) = (at, left);
            }
        }
        Some(self.open.swap_remove(best))
    }

    /// How many ways are left to make a choice; no more than so many are counted.
    fn ways_left(&self, choice: &Formula, most: usize, learned: &mut Learned) -> usize {
        ways(choice).filter(|way| self.bars(way, learned).is_none()).take(most).count()
    }

    /// Why a way cannot be gone, as far as that is told at a glance.
    pub(super) fn bars(&self, way: &Way<'_>, learned: &mut Learned) -> Option<Because> {
        if let Way::Arm(ladder, arm) = way
            && let Some((taken, by)) = self.taken(ladder)
            && taken != *arm
        {
            return Some(Because::of(by));
        }
        self.excludes(way.condition(), learned)
    }

    /// Why a condition cannot hold beside what is settled, as far as that is told at a glance: of ten thousand rows most are
    /// about other paths.
    fn excludes(&self, condition: &Formula, learned: &mut Learned) -> Option<Because> {
        learned.look(1);
        if learned.looks() >= MOST_LOOKS {
            return None;
        }
        match condition {
            Formula::Const(truth) => (!truth).then(Because::default),
            Formula::Literal(literal, holds) => self.excludes_literal(literal, *holds, learned),
            Formula::All(parts) => parts.iter().find_map(|part| self.excludes(part, learned)),
            Formula::Any(parts) => {
                let mut all = Because::default();
                for part in parts.iter() {
                    all.extend(&self.excludes(part, learned)?);
                }
                Some(all)
            }
            Formula::First(first) => {
                let (arm, by) = self.taken(&first.ladder)?;
                (!first.taken.contains(arm)).then(|| Because::of(by))
            }
        }
    }

    fn excludes_literal(&self, literal: &Arc<Literal>, holds: bool, learned: &mut Learned) -> Option<Because> {
        let number = learned.number(literal);
        match self.held(number) {
            Some((known, by)) => return (known != holds).then(|| Because::of(by)),
            None if holds => {}
            None => return self.apart((number, holds), learned),
        }
        let is_apart = |(known, known_holds): &(Arc<Literal>, bool)| *known_holds && are_apart(known, literal);
        let apart = self.literals.iter().position(is_apart).and_then(|at| self.facts.get(at));
        let apart = apart.and_then(|(number, _)| self.held(*number)).map(|(_, by)| Because::of(by));
        apart.or_else(|| self.apart((number, holds), learned))
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
