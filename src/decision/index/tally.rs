//! How well the values tell rows apart.

use super::keys::{KINDS, Kind};

/// What a split must leave at most of its rows, in hundredths, to be worth a look-up.
const WORTH_HUNDREDTHS: usize = 75;

/// Counts of rows and keys by subject. Cleared by counting on, so that many small counts cost no more than their rows.
pub(super) struct Tallies {
    /// Which count is under way.
    turn: u32,
    subjects: Vec<Tally>,
    /// The turn in which a key was seen last.
    seen: Vec<u32>,
    /// The subjects of this turn.
    named: Vec<u32>,
    /// The best test of each subject in the row under way.
    best: Vec<(u32, Kind, u32)>,
}

/// The rows that have a key of one subject.
#[derive(Clone, Copy, Default)]
struct Tally {
    turn: u32,
    rows: usize,
    /// By kind, how often a row stands under a key, and how many different keys there are.
    kinds: [(usize, usize); KINDS],
}

impl Tallies {
    /// Counts of so many subjects and keys.
    pub fn new(subjects: usize, keys: usize) -> Self {
        Self {
            turn: 0,
            subjects: vec![Tally::default(); subjects],
            seen: vec![0; keys],
            named: Vec::new(),
            best: Vec::new(),
        }
    }

    /// Forgets what was counted.
    pub fn begin(&mut self) {
        self.turn += 1;
        self.named.clear();
    }

    /// Counts a row: its tests by subject, kind, place and keys. Only the one that tells most counts for each subject.
    pub fn row<'k>(&mut self, tests: impl Iterator<Item = (u32, Kind, u32, &'k [u32])> + Clone) {
        self.best.clear();
        for (subject, kind, place, _) in tests.clone() {
            match self.best.iter_mut().find(|(of, ..)| *of == subject) {
                Some(best) => *best = (*best).min((subject, kind, place)),
                None => self.best.push((subject, kind, place)),
            }
        }
        for (subject, kind, place, keys) in tests {
            if self.best.contains(&(subject, kind, place)) {
                self.count(subject, kind, keys);
            }
        }
    }

    fn count(&mut self, subject: u32, kind: Kind, keys: &[u32]) {
        let Some(tally) = self.subjects.get_mut(subject as usize) else { return };
        if tally.turn != self.turn {
            *tally = Tally { turn: self.turn, ..Tally::default() };
            self.named.push(subject);
        }
        tally.rows += 1;
        let Some((listed, different)) = tally.kinds.get_mut(kind as usize) else { return };
        *listed += keys.len();
        for key in keys {
            let Some(seen) = self.seen.get_mut(*key as usize) else { continue };
            *different += usize::from(*seen != self.turn);
            *seen = self.turn;
        }
    }

    /// The subject that leaves the fewest of `all` rows to test; `None` if none leaves few enough.
    pub fn best(&self, all: usize) -> Option<u32> {
        let of = |subject: &u32| Some((self.subjects.get(*subject as usize)?.expected_rows(all), *subject));
        let (left, subject) = self.named.iter().filter_map(of).min()?;
        (left <= WORTH_HUNDREDTHS * all).then_some(subject)
    }
}

impl Tally {
    /// How many of `all` rows are left to test, in hundredths.
    fn expected_rows(&self, all: usize) -> usize {
        let used = Kind::ALL.iter().zip(&self.kinds).filter(|(_, (listed, _))| *listed > 0);
        let kinds = used.map(|(kind, (listed, different))| kind.expected_rows(*listed, *different));
        100 * (all - self.rows) + kinds.sum::<usize>()
    }
}
