//! Ladders of two policies that have rows in common.
//!
//! A request that no row holds of which only one of the two has, or has elsewhere, takes the same row in both. So a question
//! about two ladders of ten thousand rows is one about those that differ, and one about a single ladder.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::order::common;
use crate::analysis::{Formula, Ladder, Literal, Taken};

/// So many parts a question may have.
const MOST_PARTS: usize = 50_000;

/// Whether a formula can be asked: one that many ladders in a row lead to has too many parts.
pub(super) fn can_be_asked(formula: &Formula) -> bool {
    parts(formula).is_some()
}

/// How many parts a formula has; `None` if it cannot be asked.
pub(super) fn parts(formula: &Formula) -> Option<usize> {
    let mut left = MOST_PARTS;
    count(formula, &mut left).then_some(MOST_PARTS - left)
}

fn count(formula: &Formula, left: &mut usize) -> bool {
    let Some(fewer) = left.checked_sub(1) else { return false };
    *left = fewer;
    match formula {
        Formula::All(parts) | Formula::Any(parts) => parts.iter().all(|part| count(part, left)),
        _ => true,
    }
}

/// Two ladders of which most rows are the same.
struct Aligned {
    old: Arc<Ladder>,
    new: Arc<Ladder>,
    /// For each row of the new one the same row of the old one.
    rows: Vec<Option<usize>>,
    /// When a row holds that the other one does not have there.
    differs: Vec<Formula>,
}

/// Two ladders by their addresses.
type Addresses = (*const Ladder, *const Ladder);

/// Two ladders, which are kept so that no other ones come to have their addresses, and what they have in common.
type Known = (Arc<Ladder>, Arc<Ladder>, Option<Aligned>);

/// Those that were compared so far.
#[derive(Default)]
pub(super) struct Alignments {
    known: HashMap<Addresses, Known>,
    /// How many parts of formulas were rewritten.
    work: usize,
}

/// So many parts of formulas are rewritten at most; what comes then is asked as it is, which takes longer to answer.
const MOST_WORK: usize = 1_000_000;

impl Alignments {
    /// Conditions of which one holds wherever both guards do. Together they are no more than both guards.
    pub(super) fn questions(&mut self, old: &Formula, new: &Formula) -> Vec<Formula> {
        let (olds, news) = (ladders(old), ladders(new));
        let mut questions = Vec::new();
        let mut rewritten = new.clone();
        let both = |new: &Formula| Formula::all([old.clone(), new.clone()]);
        // A ladder that both have says the same in both.
        let (olds, news) = (only_in(&olds, &news), only_in(&news, &olds));
        for newer in news {
            if self.work >= MOST_WORK {
                break;
            }
            let found = olds.iter().find_map(|older| self.aligned(older, newer));
            let Some(aligned) = found.and_then(|at| self.known.get(&at)?.2.as_ref()) else { continue };
            questions.extend(aligned.differs.iter().map(|row| Formula::all([row.clone(), both(&rewritten)])));
            rewritten = aligned.rewrite(&rewritten, &mut self.work);
        }
        questions.push(both(&rewritten));
        questions.into_iter().map(|question| met(&question)).filter(|it| *it != Formula::Const(false)).collect()
    }

    /// Two ladders, if they have most rows in common.
    fn aligned(&mut self, old: &Arc<Ladder>, new: &Arc<Ladder>) -> Option<Addresses> {
        let at = (Arc::as_ptr(old), Arc::as_ptr(new));
        let compared = || (Arc::clone(old), Arc::clone(new), Aligned::of(old, new));
        self.known.entry(at).or_insert_with(compared).2.is_some().then_some(at)
    }
}

impl Aligned {
    /// `None` if they have little in common.
    fn of(old: &Arc<Ladder>, new: &Arc<Ladder>) -> Option<Self> {
        if old.is_empty() || new.is_empty() || old.len().min(new.len()) * 2 < old.len().max(new.len()) {
            return None;
        }
        let hashes = |ladder: &Ladder| -> Vec<u64> { ladder.conditions().iter().map(hash).collect() };
        let is_same = |one: usize, other: usize| old.conditions().get(one) == new.conditions().get(other);
        let rows = common(hashes(old), hashes(new), is_same);
        let kept: HashSet<usize> = rows.iter().flatten().copied().collect();
        if kept.len() * 2 < old.len().max(new.len()) {
            return None;
        }
        let gone = old.conditions().iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, row)| row);
        let came = new.conditions().iter().zip(&rows).filter(|(_, same)| same.is_none()).map(|(row, _)| row);
        let differs = gone.chain(came).cloned().collect();
        Some(Self { old: Arc::clone(old), new: Arc::clone(new), rows, differs })
    }

    /// The same formula of rows of the old ladder, for requests that no row holds of that differs.
    fn rewrite(&self, formula: &Formula, work: &mut usize) -> Formula {
        *work += 1;
        match formula {
            Formula::All(parts) => Formula::all(parts.iter().map(|part| self.rewrite(part, work))),
            Formula::Any(parts) => Formula::any(parts.iter().map(|part| self.rewrite(part, work))),
            Formula::First(first) if Arc::ptr_eq(&first.ladder, &self.new) => {
                let mut rows: Vec<usize> = first
                    .taken
                    .iter()
                    .filter_map(|arm| arm.map_or(Some(self.old.len()), |arm| self.rows.get(arm).copied().flatten()))
                    .collect();
                rows.sort_unstable();
                let mut taken = Taken::default();
                for row in rows {
                    taken.add(row, self.old.len());
                }
                self.first(taken)
            }
            other => other.clone(),
        }
    }

    fn first(&self, taken: Taken) -> Formula {
        Formula::first(&self.old, taken)
    }
}

/// Those that are not among others.
fn only_in<'l>(ladders: &'l [Arc<Ladder>], others: &[Arc<Ladder>]) -> Vec<&'l Arc<Ladder>> {
    let others: HashSet<*const Ladder> = others.iter().map(Arc::as_ptr).collect();
    ladders.iter().filter(|ladder| !others.contains(&Arc::as_ptr(ladder))).collect()
}

/// The ladders of a formula, each once, in the order in which they are met.
fn ladders(formula: &Formula) -> Vec<Arc<Ladder>> {
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    find_ladders(formula, &mut all, &mut seen);
    all
}

fn find_ladders(formula: &Formula, all: &mut Vec<Arc<Ladder>>, seen: &mut HashSet<*const ()>) {
    match formula {
        Formula::All(parts) | Formula::Any(parts) if seen.insert(parts.place()) => {
            parts.iter().for_each(|part| find_ladders(part, all, seen));
        }
        Formula::First(first) if seen.insert(Arc::as_ptr(&first.ladder).cast()) => all.push(Arc::clone(&first.ladder)),
        _ => {}
    }
}

/// So many ways to hold are looked at one by one.
const MOST_WAYS: usize = 512;

/// The same, without ways to hold that ask for two rows of one ladder, or for a test and its opposite.
fn met(formula: &Formula) -> Formula {
    let mut left = MOST_WAYS;
    match ways(formula, vec![Way::default()], &mut left) {
        Some(ways) => Formula::any(ways.into_iter().map(Way::formula)),
        None => formula.clone(),
    }
}

/// A way to hold.
#[derive(Clone, Default)]
struct Way {
    literals: Vec<(Arc<Literal>, bool)>,
    rows: Vec<(Arc<Ladder>, Taken)>,
}

/// Each of the ways together with each way of a formula; `None` if they are too many.
fn ways(formula: &Formula, before: Vec<Way>, left: &mut usize) -> Option<Vec<Way>> {
    *left = left.checked_sub(before.len())?;
    match formula {
        Formula::Const(true) => Some(before),
        Formula::Const(false) => Some(Vec::new()),
        Formula::Literal(literal, holds) => {
            Some(before.into_iter().filter_map(|way| way.with(literal, *holds)).collect())
        }
        Formula::First(first) => {
            Some(before.into_iter().filter_map(|way| way.within(&first.ladder, &first.taken)).collect())
        }
        Formula::All(parts) => {
            // What tells at a glance comes first.
            let (choices, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| matches!(part, Formula::Any(_)));
            others.into_iter().chain(choices).try_fold(before, |before, part| ways(part, before, left))
        }
        Formula::Any(parts) => {
            let mut all = Vec::new();
            for part in parts.iter() {
                all.extend(ways(part, before.clone(), left)?);
            }
            Some(all)
        }
    }
}

impl Way {
    fn with(mut self, literal: &Arc<Literal>, holds: bool) -> Option<Self> {
        let known = self.literals.iter().find(|(known, _)| Arc::ptr_eq(known, literal) || known == literal);
        if let Some((_, known)) = known {
            return (*known == holds).then_some(self);
        }
        self.literals.push((Arc::clone(literal), holds));
        Some(self)
    }

    fn within(mut self, ladder: &Arc<Ladder>, taken: &Taken) -> Option<Self> {
        let Some((_, known)) = self.rows.iter_mut().find(|(known, _)| Arc::ptr_eq(known, ladder)) else {
            self.rows.push((Arc::clone(ladder), taken.clone()));
            return Some(self);
        };
        let mut common = Taken::default();
        for arm in known.iter().filter(|arm| taken.contains(*arm)) {
            common.add(arm.unwrap_or(ladder.len()), ladder.len());
        }
        *known = common;
        let is_open = known.iter().next().is_some();
        is_open.then_some(self)
    }

    fn formula(self) -> Formula {
        let literals = self.literals.into_iter().map(|(literal, holds)| Formula::Literal(literal, holds));
        let rows = self.rows.into_iter().map(|(ladder, taken)| Formula::first(&ladder, taken));
        Formula::all(literals.chain(rows))
    }
}

fn hash(condition: &Formula) -> u64 {
    let mut hasher = DefaultHasher::new();
    condition.hash(&mut hasher);
    hasher.finish()
}
