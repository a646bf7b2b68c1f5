//! Values of a row that rows above it take: `"/b"` of `path under ["/b", "/c"]` behind `path under ["/a", "/b"]`, and ranges
//! of numbers that cross. A row all of whose values are taken is no row at all, which another lint says.

use std::collections::HashMap;

use super::example::{MOST_EXAMPLES, decided_by};
use super::list::{Kind, List, Subject, Value, above};
use super::personal::shown;
use super::survey::Survey;
use super::{first_line, walk};
use crate::analysis::Witness;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Expression, ExpressionKind, StatementKind};
use crate::lang::source::{SourceMap, Span};

/// Of so many ranges above it one is compared with each.
const MOST_RANGES: usize = 32;

/// A condition of more parts is no list with something beside it: each part is compared with all others of its row.
const MOST_PARTS: usize = 32;

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(survey.hir) {
        if let StatementKind::If { arms, .. } = &statement.kind {
            look(arms, survey.sources, &mut found);
        }
    }
    let tell = |(at, (finding, row, below)): (usize, (Diagnostic, &Arm, &Arm))| {
        let Some(witness) = (at < MOST_EXAMPLES).then(|| of_both(survey, row, below)).flatten() else { return finding };
        let help = format!("{}. Both hold of {}", finding.help.as_deref().unwrap_or_default(), shown(&witness));
        finding.help(help)
    };
    found.into_iter().enumerate().map(tell).collect()
}

/// A request that a row takes, of which the condition of one below it holds as well.
fn of_both(survey: &mut Survey<'_>, row: &Arm, below: &Arm) -> Option<Witness> {
    decided_by(survey, std::slice::from_ref(row), |_, visit, at| {
        let mut conditions = visit.ladder.conditions().iter().enumerate().skip(at + 1);
        let (_, both) = conditions.find(|(at, _)| visit.ladder.span(Some(*at)) == below.span)?;
        Some(both.clone())
    })
}

/// A list of a row, and what the row asks beside: each part, and whether it is to hold.
struct Asked<'h> {
    list: List<'h>,
    beside: Beside<'h>,
}

type Beside<'h> = Vec<(&'h str, bool)>;

/// What rows take that ask for one subject in one way, and for the same beside.
#[derive(Default)]
struct Taken<'h> {
    /// The row of each text.
    texts: HashMap<&'h [u8], &'h Arm>,
    ranges: Vec<(i64, i64, &'h Arm)>,
}

type Rows<'h> = HashMap<(Subject, Kind, Beside<'h>), Taken<'h>>;

fn look<'h>(arms: &'h [Arm], sources: &'h SourceMap, found: &mut Vec<(Diagnostic, &'h Arm, &'h Arm)>) {
    let mut rows = Rows::new();
    for arm in arms {
        let lists = lists(&arm.condition, sources);
        let first = lists.iter().find_map(|asked| swallowed(asked, &rows, sources));
        found.extend(first.map(|(finding, row)| (finding, row, arm)));
        // What a function says may be another thing the next time.
        for Asked { list, beside } in lists.into_iter().filter(is_lasting) {
            let taken = rows.entry((list.subject, list.kind, beside)).or_default();
            for (value, _) in list.values {
                taken.add(value, arm);
            }
        }
    }
}

fn is_lasting(asked: &Asked<'_>) -> bool {
    !asked.beside.iter().any(|(text, _)| text.contains('('))
}

/// A part of a condition, and whether it is to hold.
type Part<'h> = (&'h Expression, bool);

/// The lists among the parts of a condition, and the ranges whose ends two of them name.
fn lists<'h>(condition: &'h Expression, sources: &'h SourceMap) -> Vec<Asked<'h>> {
    let mut parts = Vec::new();
    split(condition, true, &mut parts);
    if parts.len() > MOST_PARTS {
        return Vec::new();
    }
    let asked = |list: List<'h>, own: [usize; 2]| {
        let others = parts.iter().enumerate().filter(|(other, _)| !own.contains(other));
        let mut beside: Beside<'_> = others.map(|(_, (part, holds))| (sources.text(part.span), *holds)).collect();
        beside.sort_unstable();
        Asked { list, beside }
    };
    let alone = parts.iter().enumerate();
    let alone = alone.filter_map(|(at, (part, holds))| Some(asked(List::of(part, *holds)?, [at, at])));
    let pairs = (0..parts.len()).flat_map(|end| (0..end).map(move |at| [at, end]));
    let between = pairs.filter_map(|own| {
        let [one, other] = own.map(|at| parts.get(at).copied());
        Some(asked(List::between(one?, other?)?, own))
    });
    alone.chain(between).collect()
}

/// The parts that all have to hold, or must not.
fn split<'h>(condition: &'h Expression, holds: bool, parts: &mut Vec<Part<'h>>) {
    match &condition.kind {
        ExpressionKind::Not(inner) => split(inner, !holds, parts),
        ExpressionKind::And(all) if holds => all.iter().for_each(|part| split(part, holds, parts)),
        ExpressionKind::Or(all) if !holds => all.iter().for_each(|part| split(part, holds, parts)),
        _ => parts.push((condition, holds)),
    }
}

impl<'h> Taken<'h> {
    fn add(&mut self, value: Value<'h>, row: &'h Arm) {
        match value {
            Value::Text(text) => drop(self.texts.entry(text).or_insert(row)),
            Value::Range(start, end) if self.ranges.len() < MOST_RANGES => self.ranges.push((start, end, row)),
            Value::Range(..) => {}
        }
    }

    /// The row that takes all of a value.
    fn whole(&self, value: Value<'_>, kind: Kind) -> Option<&'h Arm> {
        match value {
            Value::Text(text) if kind == Kind::Under => above(text).find_map(|path| self.texts.get(path).copied()),
            Value::Text(text) => self.texts.get(text).copied(),
            Value::Range(start, end) => {
                self.ranges.iter().find(|(from, to, _)| *from <= start && end <= *to).map(|(.., row)| *row)
            }
        }
    }

    /// A number of a range that a row takes which has others, too, and the row.
    fn crossing(&self, value: Value<'_>) -> Option<(i64, &'h Arm)> {
        let Value::Range(start, end) = value else { return None };
        self.ranges.iter().find_map(|(from, to, row)| {
            let is_below = *from < start && start <= *to && *to < end;
            let is_above = start < *from && *from <= end && end < *to;
            if is_below { Some((start, *row)) } else { is_above.then_some((end, *row)) }
        })
    }
}

/// What is found of a list, and the row that takes of it.
fn swallowed<'h>(asked: &Asked<'h>, rows: &Rows<'h>, sources: &SourceMap) -> Option<(Diagnostic, &'h Arm)> {
    let Asked { list, beside } = asked;
    // What rows ask that ask for nothing else, and those that ask for the same beside.
    let mut keys = vec![Vec::new(), beside.clone()];
    keys.dedup();
    let kinds: &[Kind] = if list.kind == Kind::Equal { &[Kind::Equal, Kind::Under] } else { &[list.kind] };
    let ways = keys.iter().flat_map(|beside| kinds.iter().map(move |kind| (*kind, beside)));
    let above: Vec<(Kind, &Taken<'h>)> = ways
        .filter_map(|(kind, beside)| Some((kind, rows.get(&(list.subject.clone(), kind, beside.clone()))?)))
        .collect();
    let whole = |value: Value<'_>| above.iter().find_map(|(kind, taken)| taken.whole(value, *kind));
    let taken: Vec<(Value<'_>, Span, &Arm)> =
        list.values.iter().filter_map(|(value, test)| Some((*value, *test, whole(*value)?))).collect();
    if let Some((value, test, row)) = taken.first() {
        return (taken.len() < list.values.len()).then(|| (of_value(*value, *test, row.span, sources), *row));
    }
    list.values.iter().find_map(|(value, test)| {
        let (number, row) = above.iter().find_map(|(_, taken)| taken.crossing(*value))?;
        Some((crossed(*value, *test, number, row.span, sources), row))
    })
}

fn of_value(value: Value<'_>, test: Span, row: Span, sources: &SourceMap) -> Diagnostic {
    let message = format!("{} never counts here: a row above takes it", value.shown());
    Diagnostic::new(Code::W0513, value.place(test, sources), message)
        .context(first_line(row, sources), "takes it")
        .help("remove it from one of the two, or move this row above the other")
}

fn crossed(value: Value<'_>, test: Span, number: i64, row: Span, sources: &SourceMap) -> Diagnostic {
    let message = format!("{} and a range of a row above overlap: `{number}` goes there", value.shown());
    Diagnostic::new(Code::W0514, value.place(test, sources), message)
        .context(first_line(row, sources), "takes it")
        .help("let one begin where the other ends, or name what both hold in a row of its own above them")
}
