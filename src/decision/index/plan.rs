//! Which value is looked up first, and which then.

use hashbrown::HashMap;

use super::goal::Goal;
use super::intervals::{Intervals, spread};
use super::kept::{Keeper, Rows};
use super::keyed::Keyed;
use super::keys::{Key, Kind};
use super::lookup::{Aim, Candidate, Lookup, Matcher, Split, Target};
use super::networks::{List, Networks};
use super::packed::number;
use super::tally::Tallies;
use super::test::{Row, Table, Test};
use super::texts::Texts;
use super::trie::{Prefix, Trie};
use crate::decision::eval::AclIndex;
use crate::lang::hir::{Acl, AclId};
use crate::pace;

/// How few rows are tested in turn.
const FEW_ROWS: usize = 4;
/// How many look-ups lie behind each other at most. Each one leaves a share of its rows only, so that
/// this is far beyond what rows need; conditions with thousands of tests could go deeper.
const MOST_DEPTH: usize = 24;
/// How many tests of a row can be looked up.
const MOST_TESTS: u32 = 64;

/// The access lists, as declared and by longest prefix.
#[derive(Clone, Copy)]
pub(in crate::decision) struct AclsOf<'a> {
    pub declared: &'a [Acl],
    pub indexed: &'a [AclIndex],
}

/// What has been planned.
pub(super) struct Plan {
    pub matchers: Vec<Matcher>,
    /// Those of all matchers.
    pub lookups: Vec<Lookup>,
    /// The rows that are tested in turn.
    pub candidates: Vec<Candidate>,
    pub rows: Rows,
    /// The tests of the rows by number.
    pub tests: Box<[Test<'static>]>,
    pub root: Target,
}

/// Plans the rows of a table. If a search may begin at any arm (`from_any_arm`), those behind one that is sure to be found
/// count too.
pub(super) fn plan(table: &Table<'_>, acls: AclsOf<'_>, from_any_arm: bool) -> Plan {
    let keyed = Keyed::new(&table.tests);
    let wanted: usize = table.row_tests.iter().map(|test| keyed.keys_of(*test).map_or(0, <[_]>::len)).sum();
    let mut planner = Planner {
        table,
        keyed: &keyed,
        acls,
        from_any_arm,
        tallies: Tallies::new(table.subjects.len(), keyed.len()),
        keeper: Keeper::new(&table.tests),
        kept: HashMap::new(),
        candidates: Vec::new(),
        matchers: Vec::new(),
        lookups: Vec::new(),
        live: Vec::new(),
        budget: 8 * wanted + 4_096,
        depth: 0,
    };
    planner.live.extend((0..number(table.rows.len())).map(|row| Live { row, settled: 0, spent: 0 }));
    let root = planner.target(0);
    let Planner { matchers, lookups, candidates, keeper, .. } = planner;
    let (rows, tests) = keeper.finish();
    Plan { matchers, lookups, candidates, rows, tests, root }
}

/// A row on its way down, with bits for its first tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Live {
    row: u32,
    /// The tests that need not be made any more.
    settled: u64,
    /// The tests that were looked up and are only to be confirmed.
    spent: u64,
}

impl Live {
    /// Whether the test at that place may still be looked up.
    fn is_open(self, at: u32) -> bool {
        at < MOST_TESTS && (self.settled | self.spent) & (1 << at) == 0
    }

    /// Whether the test at that place is settled.
    fn is_settled(self, at: u32) -> bool {
        at < MOST_TESTS && self.settled & (1 << at) != 0
    }
}

struct Planner<'p, 't, 'h> {
    table: &'t Table<'h>,
    keyed: &'p Keyed<'t>,
    acls: AclsOf<'p>,
    from_any_arm: bool,
    tallies: Tallies,
    keeper: Keeper<'t, 'h>,
    /// Where the rows begin that are kept: the same one may be come to by many keys.
    kept: HashMap<Live, u32>,
    candidates: Vec<Candidate>,
    matchers: Vec<Matcher>,
    lookups: Vec<Lookup>,
    /// The rows of all splits under way, those of the innermost one last.
    live: Vec<Live>,
    /// How many rows may still be listed: a row stands under each of its keys, and lists of keys
    /// within lists of keys multiply.
    budget: usize,
    /// How many splits are under way.
    depth: usize,
}

impl<'t> Planner<'_, 't, '_> {
    /// Where the rows from `start` on are told apart; they are taken away.
    fn target(&mut self, start: usize) -> Target {
        pace::pause();
        // Nothing behind a row that is sure to pass is ever reached.
        let sure = self.live.iter().skip(start).position(|live| self.is_sure(*live) && !self.row(*live).has_rest);
        if let Some(sure) = sure.filter(|_| !self.from_any_arm) {
            self.live.truncate(start + sure + 1);
        }
        let target = match self.live.get(start..) {
            Some([only]) if self.is_sure(*only) => Target::arm(self.row(*only).arm),
            _ => self.matcher(start),
        };
        self.live.truncate(start);
        target
    }

    fn matcher(&mut self, start: usize) -> Target {
        self.depth += 1;
        let is_long = self.live.len() - start > FEW_ROWS && self.depth <= MOST_DEPTH;
        let split = if is_long { self.split(start) } else { None };
        self.depth -= 1;
        let matcher = match (split, self.live.get(start..)) {
            (Some(split), _) => Matcher::Split(split),
            (None, Some(&[only])) => return Target::row(self.keep(only)),
            _ => self.in_turn(start),
        };
        self.matchers.push(matcher);
        Target::matcher(number(self.matchers.len() - 1))
    }

    fn row(&self, live: Live) -> Row {
        self.table.rows.get(live.row as usize).copied().unwrap_or(Row { arm: 0, first: 0, count: 0, has_rest: false })
    }

    /// The numbers of a row's tests.
    fn tests(&self, live: Live) -> &'t [u32] {
        let row = self.row(live);
        let (first, count) = (row.first as usize, row.count as usize);
        self.table.row_tests.get(first..first + count).unwrap_or_default()
    }

    fn is_sure(&self, live: Live) -> bool {
        (0..self.row(live).count).all(|at| live.is_settled(at))
    }

    /// Keeps the rows from `start` on, to be tested one after the other.
    fn in_turn(&mut self, start: usize) -> Matcher {
        let first = number(self.candidates.len());
        for live in self.live.get(start..).unwrap_or_default().to_vec() {
            let candidate = Candidate { arm: self.row(live).arm, row: self.keep(live) };
            self.candidates.push(candidate);
        }
        Matcher::InTurn { first, count: number(self.candidates.len()) - first }
    }

    /// Keeps a row: where it begins.
    fn keep(&mut self, live: Live) -> u32 {
        if let Some(known) = self.kept.get(&live) {
            return *known;
        }
        let (arm, tests) = (self.row(live).arm, self.tests(live));
        let left = (0..).zip(tests).filter(|(at, _)| !live.is_settled(*at));
        let at = self.keeper.add(arm, left.map(|(at, test)| (*test, !live.is_open(at) && at < MOST_TESTS)));
        self.kept.insert(live, at);
        at
    }

    fn split(&mut self, start: usize) -> Option<Split> {
        let subject = self.best_subject(start)?;
        let end = self.live.len();
        let chosen: Vec<Option<u32>> = (start..end).map(|at| self.best_test(at, subject)).collect();
        let lookups = self.lookups(start, &chosen)?;
        let arm = |live: Option<&Live>| live.map_or(0, |live| self.row(*live).arm);
        let (least, most) = (arm(self.live.get(start)), arm(self.live.get(end - 1)));
        let wild = (start..end).zip(&chosen).filter(|(_, chosen)| chosen.is_none()).map(|(at, _)| at);
        let wild: Vec<Live> = wild.filter_map(|at| self.live.get(at).copied()).collect();
        self.live.extend_from_slice(&wild);
        let wild = if wild.is_empty() { None } else { Some(self.target(end)) };
        let (first, count) = (number(self.lookups.len()), number(lookups.len()));
        self.lookups.extend(lookups);
        Some(Split { subject, least, most, wild, first, count })
    }

    /// The subject whose value leaves the fewest rows to test; `None` if none leaves few enough.
    fn best_subject(&mut self, start: usize) -> Option<u32> {
        self.tallies.begin();
        for at in start..self.live.len() {
            let Some(live) = self.live.get(at).copied() else { break };
            let tests = self.tests(live);
            let open = (0..).zip(tests).filter(|(at, _)| live.is_open(*at));
            let tests = open.filter_map(|(at, test)| {
                let of = self.keyed.subject_of(*test)?;
                Some((of, self.keyed.kind_of(*test), at, self.keyed.keys_of(*test)?))
            });
            self.tallies.row(tests);
            pace::pause();
        }
        self.tallies.best(self.live.len() - start)
    }

    /// The place of the test of a row that tells most by a subject.
    fn best_test(&self, at: usize, subject: u32) -> Option<u32> {
        pace::pause();
        let live = self.live.get(at).copied()?;
        let open = (0..).zip(self.tests(live)).filter(|(at, _)| live.is_open(*at));
        let of_it = open.filter(|(_, test)| self.keyed.subject_of(**test) == Some(subject));
        of_it.map(|(at, test)| (self.keyed.kind_of(*test), at)).min().map(|(_, at)| at)
    }

    /// The look-ups of the tests chosen in each row; `None` if they would list too many rows.
    fn lookups(&mut self, start: usize, chosen: &[Option<u32>]) -> Option<Vec<Lookup>> {
        // Under each key the rows that have it, in order.
        let mut listed: Vec<(u32, u32)> = Vec::with_capacity(chosen.len());
        let mut is_simple = true;
        for (at, place) in (0..).zip(chosen) {
            let Some(keys) = place.and_then(|place| self.chosen_keys(start, at, place)) else { continue };
            is_simple &= keys.len() == 1;
            listed.extend(keys.iter().map(|key| (*key, at)));
        }
        listed.sort_unstable();
        listed.dedup();
        let first = listed.first().and_then(|(key, _)| self.keyed.key(*key));
        let mut buckets = Buckets { start, chosen, known: (!is_simple).then(HashMap::new) };
        if first.map(|key| key.kind()) == Some(Kind::Number) {
            return Some(vec![Lookup::Number(self.numbers(&listed, &mut buckets)?)]);
        }
        self.spend(listed.len())?;
        let mut entries = Vec::new();
        for rows in listed.chunk_by(|one, other| one.0 == other.0) {
            let Some(key) = rows.first().and_then(|(key, _)| self.keyed.key(*key)) else { continue };
            entries.push((key, self.bucket(rows.iter().map(|(_, at)| *at), &mut buckets)));
        }
        Some(self.lookups_of(&entries))
    }

    /// The keys of the row at `at` behind `start` by its test at `place`.
    fn chosen_keys(&self, start: usize, at: u32, place: u32) -> Option<&'_ [u32]> {
        let live = self.live.get(start + at as usize).copied()?;
        self.keyed.keys_of(*self.tests(live).get(place as usize)?)
    }

    fn numbers(&mut self, listed: &[(u32, u32)], buckets: &mut Buckets<'_>) -> Option<Intervals> {
        let ranges = listed.iter().filter_map(|(key, at)| match self.keyed.key(*key)? {
            Key::Within(start, end) => Some((start..=end, *at as usize)),
            _ => None,
        });
        let intervals = spread(ranges, self.budget)?;
        self.spend(intervals.iter().map(|(_, rows)| rows.len()).sum())?;
        buckets.known.get_or_insert_default();
        let target = |(start, rows): (i64, Vec<usize>)| {
            (start, (!rows.is_empty()).then(|| self.bucket(rows.into_iter().map(number), buckets)))
        };
        Some(Intervals::new(intervals.into_iter().map(target).collect()))
    }

    /// Where some of the rows are told apart, the same for the same rows.
    fn bucket(&mut self, rows: impl Iterator<Item = u32> + Clone, buckets: &mut Buckets<'_>) -> Target {
        if let Some(known) = &buckets.known
            && let Some(known) = known.get(&rows.clone().collect::<Vec<_>>())
        {
            return *known;
        }
        let end = self.live.len();
        for at in rows.clone() {
            let place = buckets.chosen.get(at as usize).copied().flatten();
            let live = self.live.get(buckets.start + at as usize).copied();
            if let (Some(place), Some(live)) = (place, live) {
                let left = self.without(live, place);
                self.live.push(left);
            }
        }
        let target = self.target(end);
        if let Some(known) = &mut buckets.known {
            known.insert(rows.collect(), target);
        }
        target
    }

    /// What is left of a row that was looked up by its test at `place`.
    fn without(&self, live: Live, place: u32) -> Live {
        let test = self.tests(live).get(place as usize).copied();
        if test.is_some_and(|test| self.keyed.is_guard(test)) {
            Live { spent: live.spent | 1 << place, ..live }
        } else {
            Live { settled: live.settled | 1 << place, ..live }
        }
    }

    fn spend(&mut self, rows: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(rows)?;
        Some(())
    }

    /// The look-ups that keys of one subject make.
    fn lookups_of(&self, entries: &[(Key<'t>, Target)]) -> Vec<Lookup> {
        let mut by = ByKind::default();
        for (key, target) in entries {
            pace::pause();
            by.add(*key, self.goal(*target));
        }
        let mut lookups = Vec::new();
        if !by.equal.is_empty() {
            lookups.push(Lookup::Equal(Texts::new(&by.equal)));
        }
        let mut trie = |keys: Vec<Prefix<'_>>, lookup: fn(Trie) -> Lookup| {
            if !keys.is_empty() {
                lookups.push(lookup(Trie::new(keys)));
            }
        };
        trie(by.starts, Lookup::Starts);
        trie(prefixes(&by.ends), Lookup::Ends);
        trie(prefixes(&by.extensions), Lookup::Extensions);
        if let Some(automaton) = by.automaton {
            by.patterns.sort_unstable_by_key(|(pattern, _)| *pattern);
            lookups.push(Lookup::Patterns { automaton, targets: by.patterns.into() });
        }
        if !by.lists.is_empty() {
            lookups.push(self.addresses(by.lists));
        }
        lookups.extend(by.truth.map(Lookup::Truth));
        lookups
    }

    /// The same with the row, if it leads to one.
    fn goal(&self, target: Target) -> Goal<'_> {
        let row = if let Aim::Row(at) = target.aim() { self.keeper.row(at) } else { &[] };
        Goal { target, row }
    }

    fn addresses(&self, lists: Vec<(AclId, Target)>) -> Lookup {
        let list = |(acl, target): &(AclId, Target)| {
            let (declared, index) = (self.acls.declared.get(acl.0 as usize)?, self.acls.indexed.get(acl.0 as usize)?);
            index.fixed().map(|_| List { declared, target: target.code() })
        };
        let all: Vec<List<'_>> = lists.iter().filter_map(list).collect();
        // What changes is asked each time.
        let networks = (all.len() == lists.len()).then(|| Networks::new(&all, self.budget)).flatten();
        networks.map_or_else(|| Lookup::Lists(lists.into()), |networks| Lookup::Address(Box::new(networks)))
    }
}

/// The rows of a split, with the test that each is looked up by.
struct Buckets<'c> {
    /// Where its rows begin.
    start: usize,
    chosen: &'c [Option<u32>],
    /// Where rows lead, if some may be listed together more than once.
    known: Option<HashMap<Vec<u32>, Target>>,
}

/// Keys by the way they are looked up.
#[derive(Default)]
struct ByKind<'t> {
    equal: Vec<(&'t [u8], Goal<'t>)>,
    starts: Vec<Prefix<'t>>,
    /// Reversed.
    ends: Vec<(Vec<u8>, Goal<'t>)>,
    /// Reversed, from the dot on.
    extensions: Vec<(Vec<u8>, Goal<'t>)>,
    automaton: Option<u32>,
    patterns: Vec<(u32, Target)>,
    lists: Vec<(AclId, Target)>,
    truth: Option<Target>,
}

impl<'t> ByKind<'t> {
    fn add(&mut self, key: Key<'t>, goal: Goal<'t>) {
        let target = goal.target;
        let reversed = |text: &[u8]| text.iter().rev().copied().collect::<Vec<u8>>();
        let prefix = |text, segment| Prefix { text, segment, goal };
        match key {
            Key::Equal(text) => self.equal.push((text, goal)),
            Key::StartsWith(text) => self.starts.push(prefix(text, false)),
            Key::Segment(text) => self.starts.push(prefix(text, true)),
            Key::EndsWith(text) => self.ends.push((reversed(text), goal)),
            Key::Extension(text) => self.extensions.push((reversed(&[b".", text].concat()), goal)),
            Key::Pattern { automaton, pattern } => {
                self.automaton = Some(automaton);
                self.patterns.push((pattern, target));
            }
            Key::InAcl(acl) => self.lists.push((acl, target)),
            Key::IsTrue => self.truth = Some(target),
            // Looked up apart.
            Key::Within(..) => {}
        }
    }
}

fn prefixes<'t>(keys: &'t [(Vec<u8>, Goal<'t>)]) -> Vec<Prefix<'t>> {
    keys.iter().map(|(text, goal)| Prefix { text, segment: false, goal: *goal }).collect()
}
