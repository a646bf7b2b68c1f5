//! Rows of a table, one below the other, that do the same for one value each: `path == "/a" -> pass; path == "/b" -> pass;`.

use super::chains::Test;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Arm, Hir, StatementKind};
use crate::lang::source::{SourceMap, Span};

/// So many rows are one.
const MANY: usize = 5;
/// Of more values only so many are shown.
const MOST_SHOWN: usize = 10;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let ladders = walk::statements(hir).into_iter().filter_map(|statement| match &statement.kind {
        StatementKind::If { arms, .. } => Some(arms.as_slice()),
        _ => None,
    });
    ladders.flat_map(|arms| of_table(arms, sources)).collect()
}

fn of_table(arms: &[Arm], sources: &SourceMap) -> Vec<Diagnostic> {
    let rows: Vec<Option<Row<'_>>> = arms.iter().map(|arm| Row::of(arm, sources)).collect();
    let is_one = |row: &Option<Row<'_>>, next: &Option<Row<'_>>| match (row, next) {
        (Some(row), Some(next)) => row.is_like(next),
        _ => false,
    };
    let groups = rows.chunk_by(is_one).filter(|group| group.len() >= MANY);
    groups.filter_map(|group| told(&group.iter().flatten().collect::<Vec<_>>(), sources)).collect()
}

/// A row with one test.
struct Row<'s> {
    test: Test<'s>,
    /// What it does, as it is written.
    does: &'s str,
    span: Span,
}

impl<'s> Row<'s> {
    fn of(arm: &Arm, sources: &'s SourceMap) -> Option<Self> {
        let (condition, does) = sources.text(arm.span).strip_prefix("when ")?.split_once("->")?;
        let is_all = condition.trim() == sources.text(arm.condition.span).trim();
        let test = Test::of(&arm.condition, true, sources).filter(|test| is_all && test.has_list())?;
        Some(Self { test, does: does.trim(), span: arm.span })
    }

    fn is_like(&self, other: &Self) -> bool {
        self.test.is_like(&other.test) && self.does == other.does
    }
}

/// What is said of rows that are one; nothing where a comment says of one of them what it is there for.
fn told(rows: &[&Row<'_>], sources: &SourceMap) -> Option<Diagnostic> {
    let (first, last) = (rows.first()?, rows.last()?);
    let whole = Span { end: last.span.end, ..first.span };
    if ["#", "//", "/*"].iter().any(|mark| sources.text(whole).contains(mark)) {
        return None;
    }
    let values: Vec<&str> = rows.iter().map(|row| row.test.values).collect();
    let row = |list: &str| format!("when {} {} [{list}] -> {}", first.test.subject, first.test.word, first.does);
    let shown = values.get(..MOST_SHOWN).map(|some| format!("{}, …", some.join(", ")));
    let (all, shown) = (row(&values.join(", ")), row(&shown.unwrap_or_else(|| values.join(", "))));
    let message = format!("{} rows that do the same are one", rows.len());
    let finding = Diagnostic::new(Code::W0913, first.span, message).context(last.span, "the last of them");
    Some(finding.help(format!("write `{shown}`")).fix(Fix::replace("write one row", whole, all)))
}
