//! Values of a row that rows above it take: `"/b"` of `path under ["/b", "/c"]` behind `path under ["/a", "/b"]`, and ranges
//! of numbers that cross. A row all of whose values are taken is no row at all, which another lint says.

use std::collections::HashMap;

use super::list::{Kind, List, Subject, Value, above};
use super::{first_line, walk};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Expression, ExpressionKind, Hir, StatementKind};
use crate::lang::source::{SourceMap, Span};

/// Of so many ranges above it one is compared with each.
const MOST_RANGES: usize = 32;

/// A condition of more parts is no list with something beside it: each part is compared with all others of its row.
const MOST_PARTS: usize = 32;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        if let StatementKind::If { arms, .. } = &statement.kind {
            look(arms, sources, &mut found);
        }
    }
    found
}

/// A list of a row, and what the row asks beside.
struct Asked<'h> {
    list: List<'h>,
    beside: Vec<&'h str>,
}

/// What rows take that ask for one subject in one way, and for the same beside.
#[derive(Default)]
struct Taken<'h> {
    /// The row of each text.
    texts: HashMap<&'h [u8], Span>,
    ranges: Vec<(i64, i64, Span)>,
}

type Rows<'h> = HashMap<(Subject, Kind, Vec<&'h str>), Taken<'h>>;

fn look<'h>(arms: &'h [Arm], sources: &'h SourceMap, found: &mut Vec<Diagnostic>) {
    let mut rows = Rows::new();
    for arm in arms {
        let lists = lists(&arm.condition, sources);
        found.extend(lists.iter().find_map(|asked| swallowed(asked, &rows, sources)));
        // What a function says may be another thing the next time.
        for Asked { list, beside } in lists.into_iter().filter(|asked| !asked.beside.concat().contains('(')) {
            let taken = rows.entry((list.subject, list.kind, beside)).or_default();
            for (value, _) in list.values {
                taken.add(value, arm.span);
            }
        }
    }
}

/// The lists among the parts of a condition.
fn lists<'h>(condition: &'h Expression, sources: &'h SourceMap) -> Vec<Asked<'h>> {
    let mut parts = Vec::new();
    split(condition, &mut parts);
    if parts.len() > MOST_PARTS {
        return Vec::new();
    }
    let asked = |(at, part): (usize, &&'h Expression)| {
        let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
        let mut beside: Vec<&str> = others.map(|(_, other)| sources.text(other.span)).collect();
        beside.sort_unstable();
        Some(Asked { list: List::of(part, true)?, beside })
    };
    parts.iter().enumerate().filter_map(asked).collect()
}

/// The parts that all have to hold.
fn split<'h>(condition: &'h Expression, parts: &mut Vec<&'h Expression>) {
    match &condition.kind {
        ExpressionKind::And(all) => all.iter().for_each(|part| split(part, parts)),
        _ => parts.push(condition),
    }
}

impl<'h> Taken<'h> {
    fn add(&mut self, value: Value<'h>, row: Span) {
        match value {
            Value::Text(text) => drop(self.texts.entry(text).or_insert(row)),
            Value::Range(start, end) if self.ranges.len() < MOST_RANGES => self.ranges.push((start, end, row)),
            Value::Range(..) => {}
        }
    }

    /// The row that takes all of a value.
    fn whole(&self, value: Value<'_>, kind: Kind) -> Option<Span> {
        match value {
            Value::Text(text) if kind == Kind::Under => above(text).find_map(|path| self.texts.get(path).copied()),
            Value::Text(text) => self.texts.get(text).copied(),
            Value::Range(start, end) => {
                self.ranges.iter().find(|(from, to, _)| *from <= start && end <= *to).map(|(.., row)| *row)
            }
        }
    }

    /// A number of a range that a row takes which has others, too, and the row.
    fn crossing(&self, value: Value<'_>) -> Option<(i64, Span)> {
        let Value::Range(start, end) = value else { return None };
        self.ranges.iter().find_map(|(from, to, row)| {
            let is_below = *from < start && start <= *to && *to < end;
            let is_above = start < *from && *from <= end && end < *to;
            if is_below { Some((start, *row)) } else { is_above.then_some((end, *row)) }
        })
    }
}

fn swallowed(asked: &Asked<'_>, rows: &Rows<'_>, sources: &SourceMap) -> Option<Diagnostic> {
    let Asked { list, beside } = asked;
    // What rows ask that ask for nothing else, and those that ask for the same beside.
    let mut keys = vec![Vec::new(), beside.clone()];
    keys.dedup();
    let kinds: &[Kind] = if list.kind == Kind::Equal { &[Kind::Equal, Kind::Under] } else { &[list.kind] };
    let ways = keys.iter().flat_map(|beside| kinds.iter().map(move |kind| (*kind, beside)));
    let above: Vec<(Kind, &Taken<'_>)> = ways
        .filter_map(|(kind, beside)| Some((kind, rows.get(&(list.subject.clone(), kind, beside.clone()))?)))
        .collect();
    let whole = |value: Value<'_>| above.iter().find_map(|(kind, taken)| taken.whole(value, *kind));
    let taken: Vec<(Value<'_>, Span, Span)> =
        list.values.iter().filter_map(|(value, test)| Some((*value, *test, whole(*value)?))).collect();
    if let Some((value, test, row)) = taken.first() {
        return (taken.len() < list.values.len()).then(|| of_value(*value, *test, *row, sources));
    }
    list.values.iter().find_map(|(value, test)| {
        let (number, row) = above.iter().find_map(|(_, taken)| taken.crossing(*value))?;
        Some(crossed(*value, *test, number, row, sources))
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
