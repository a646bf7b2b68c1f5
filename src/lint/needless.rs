//! Values of a list that another value of it says already: `["/a", "/b", "/a"]`, or `"/a/b"` beside `"/a"` behind `under`.

use std::collections::{HashMap, HashSet};

use super::list::{Kind, List, Value, above};
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::Hir;
use crate::lang::source::{SourceMap, Span};

/// Of so many ranges each is compared with each.
const MOST_RANGES: usize = 64;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut told = HashSet::new();
    let lists = walk::expressions(hir).into_iter().filter_map(|expression| List::of(expression, true));
    // A list within others is looked at twice.
    lists.filter_map(|list| look(&list, sources)).filter(|finding| told.insert(finding.primary.span)).collect()
}

fn look(list: &List<'_>, sources: &SourceMap) -> Option<Diagnostic> {
    let (at, other) = if list.kind == Kind::Within { range(list)? } else { text(list)? };
    let (value, test) = list.values.get(at)?;
    let (other, _) = list.values.get(other)?;
    let message = if value == other {
        format!("{} is in the list already", value.shown())
    } else {
        format!("{} is in the list already: {} holds it", value.shown(), other.shown())
    };
    let place = if value == other { last(*value, *test, sources) } else { value.place(*test, sources) };
    let finding = Diagnostic::new(Code::W0914, place, message).help("remove it");
    Some(match removed(place, sources) {
        Some(span) => finding.fix(Fix::replace("remove it", span, "")),
        None => finding,
    })
}

/// A text, and another one that says it.
fn text(list: &List<'_>) -> Option<(usize, usize)> {
    let mut first: HashMap<&[u8], usize> = HashMap::new();
    let texts = || {
        list.values.iter().enumerate().filter_map(|(at, (value, _))| match value {
            Value::Text(text) => Some((at, *text)),
            Value::Range(..) => None,
        })
    };
    for (at, text) in texts() {
        first.entry(text).or_insert(at);
    }
    texts().find_map(|(at, text)| {
        let before = first.get(text).copied().filter(|before| *before < at);
        let mut around = above(text).skip(1).take_while(|_| list.kind == Kind::Under);
        before.or_else(|| around.find_map(|path| first.get(path).copied())).map(|other| (at, other))
    })
}

/// A range, and another one that holds it.
fn range(list: &List<'_>) -> Option<(usize, usize)> {
    let values = || list.values.iter().enumerate().take(MOST_RANGES);
    values().find_map(|(at, (value, _))| {
        let holds = |(other_at, (other, _)): &(usize, &(Value<'_>, Span))| {
            *other_at != at && value.is_within(other) && (value != other || *other_at < at)
        };
        values().find(holds).map(|(other, _)| (at, other))
    })
}

/// Where a value that is written twice stands the second time.
fn last(value: Value<'_>, test: Span, sources: &SourceMap) -> Span {
    let first = value.place(test, sources);
    let behind = value.place(Span { start: first.end.min(test.end), ..test }, sources);
    if behind.start > first.end { behind } else { first }
}

/// A value in brackets with the comma that goes with it.
fn removed(place: Span, sources: &SourceMap) -> Option<Span> {
    let text = sources.get(place.file)?.text();
    let (before, behind) = (text.get(..place.start as usize)?, text.get(place.end as usize..)?);
    let is_quoted = text.get(place.range())?.starts_with('"');
    let gap = |text: &str, rest: &str| u32::try_from(text.len() - rest.len()).ok();
    if let Some(rest) = before.trim_end().strip_suffix(',').filter(|_| is_quoted) {
        return Some(Span { start: place.start - gap(before, rest)?, ..place });
    }
    let rest = behind.trim_start().strip_prefix(',').filter(|_| is_quoted && before.trim_end().ends_with('['))?;
    Some(Span { end: place.end + gap(behind, rest.trim_start())?, ..place })
}
