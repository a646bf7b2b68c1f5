//! Rows of a table, one below the other, that do the same for one value each: `path == "/a" -> pass; path == "/b" -> pass;`.
//! And the same of `else if`s, and of `if`s that end the step.

use super::chains::Test;
use super::first_line;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Arm, ExpressionKind, Hir, Statement, StatementKind};
use crate::lang::source::{SourceMap, Span};

/// So many rows are one.
const MANY: usize = 5;
/// Of more values only so many are shown.
const MOST_SHOWN: usize = 10;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    for body in bodies {
        look(&body.statements, sources, &mut found);
    }
    found
}

/// Looks through statements that run one behind the other, and those within them.
fn look(statements: &[Statement], sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    let alone = |statement: &Statement| match &statement.kind {
        StatementKind::If { arms, otherwise, .. } if otherwise.is_empty() => match arms.as_slice() {
            [arm] if is_end(&arm.body) => Row::of_if(arm, sources),
            _ => None,
        },
        _ => None,
    };
    found.extend(alike(&statements.iter().map(alone).collect::<Vec<_>>(), sources));
    for statement in statements {
        let StatementKind::If { arms, otherwise, .. } = &statement.kind else { continue };
        found.extend(alike(&arms.iter().map(|arm| Row::of(arm, sources)).collect::<Vec<_>>(), sources));
        arms.iter().map(|arm| &arm.body).chain([otherwise]).for_each(|body| look(body, sources, found));
    }
}

/// Whether what is done ends the step, so that nothing that stands behind it is done as well.
fn is_end(body: &[Statement]) -> bool {
    body.last().is_some_and(|last| matches!(last.kind, StatementKind::Return(_)))
}

fn alike(rows: &[Option<Row<'_>>], sources: &SourceMap) -> Vec<Diagnostic> {
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
    kind: RowKind,
}

/// Where a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Table,
    If,
    Match,
}

impl RowKind {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "rows",
            Self::If => "`if`s",
            Self::Match => "arms",
        }
    }
}

impl<'s> Row<'s> {
    fn of(arm: &Arm, sources: &'s SourceMap) -> Option<Self> {
        let Some(row) = sources.text(arm.span).strip_prefix("when ") else {
            return Self::of_match(arm, sources).or_else(|| Self::of_if(arm, sources));
        };
        let (condition, does) = row.split_once("->")?;
        let is_all = condition.trim() == sources.text(arm.condition.span).trim();
        let test = Test::of(&arm.condition, true, sources).filter(|test| is_all && test.has_list())?;
        Some(Self { test, does: does.trim(), span: arm.span, kind: RowKind::Table })
    }

    /// An arm of a `match` with one text, `"/a" -> { … }`; what is looked at stands elsewhere.
    fn of_match(arm: &Arm, sources: &'s SourceMap) -> Option<Self> {
        let (values, does) = sources.text(arm.span).split_once("->")?;
        let values = values.trim();
        let is_text = values.len() > 1 && values.starts_with('"') && values.ends_with('"');
        let is_equal = matches!(arm.condition.kind, ExpressionKind::InTexts(..));
        let test = Test { subject: "", word: "in", values };
        (is_text && is_equal).then(|| Self { test, does: does.trim(), span: arm.span, kind: RowKind::Match })
    }

    /// An `if`, or an `else if`.
    fn of_if(arm: &Arm, sources: &'s SourceMap) -> Option<Self> {
        let condition = arm.condition.span;
        let does = sources.text(arm.span).get((condition.end.checked_sub(arm.span.start)?) as usize..)?;
        let does = does.trim_start_matches([')', ' ']).trim();
        let is_block = does.starts_with('{') && does.ends_with('}');
        let test = Test::of(&arm.condition, true, sources).filter(|test| is_block && test.has_list())?;
        Some(Self { test, does, span: arm.span, kind: RowKind::If })
    }

    fn is_like(&self, other: &Self) -> bool {
        self.test.is_like(&other.test) && words(self.does).eq(words(other.does))
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
    let test = |list: &str| format!("{} {} [{list}]", first.test.subject, first.test.word);
    let row = |list: &str| match first.kind {
        RowKind::Table => format!("when {} -> {}", test(list), first.does),
        RowKind::If => format!("if ({}) {{ … }}", test(list)),
        RowKind::Match => format!("{} -> {{ … }}", list.replace(", ", " or ")),
    };
    let shown = values.get(..MOST_SHOWN).map(|some| format!("{}, …", some.join(", ")));
    let (all, shown) = (row(&values.join(", ")), row(&shown.unwrap_or_else(|| values.join(", "))));
    let message = format!("{} {} that do the same are one", rows.len(), first.kind.name());
    let place = |row: &Row<'_>| first_line(row.span, sources);
    let finding = Diagnostic::new(Code::W0913, place(first), message).context(place(last), "the last of them");
    let finding = finding.help(format!("write `{shown}`"));
    Some(if first.kind == RowKind::Table { finding.fix(Fix::replace("write one row", whole, all)) } else { finding })
}

/// A text without what is between its words.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}
