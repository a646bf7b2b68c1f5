//! A pattern as a flat row of parts.

use std::ops::Range;

use regex_syntax::ast::{AssertionKind, Ast, Span};

/// A part of a pattern, with its bytes where somebody asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A character that stands for itself.
    Letter(char),
    /// `.` for any character.
    Dot(Range<usize>),
    /// `.*`
    Any(Range<usize>),
    /// `^`
    Start(Range<usize>),
    /// `$`
    End(Range<usize>),
    /// A group, a class, another repetition.
    Other(Range<usize>),
}

pub(super) fn bytes(span: &Span) -> Range<usize> {
    span.start.offset..span.end.offset
}

pub(super) fn parts(tree: &Ast) -> Vec<Part> {
    match tree {
        Ast::Concat(row) => row.asts.iter().map(part).collect(),
        Ast::Empty(_) => Vec::new(),
        one => vec![part(one)],
    }
}

/// Parts in a row, within a group or an alternative, with those that stand on both sides of it.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub before: Option<Part>,
    pub parts: Vec<Part>,
    pub after: Option<Part>,
}

impl Row {
    /// The part of that number, or what stands beside the row.
    pub(super) fn get(&self, at: Option<usize>) -> Option<&Part> {
        match at {
            None => self.before.as_ref(),
            Some(at) => self.parts.get(at).or_else(|| self.after.as_ref().filter(|_| at == self.parts.len())),
        }
    }
}

/// All rows of a pattern.
pub(super) fn rows(tree: &Ast) -> Vec<Row> {
    let mut found = Vec::new();
    add_rows(tree, Row::default(), &mut found);
    found
}

/// Adds the rows of a part that stands where an empty row does.
fn add_rows(tree: &Ast, place: Row, found: &mut Vec<Row>) {
    let beside = |place: &Row| Row { before: place.before.clone(), parts: Vec::new(), after: place.after.clone() };
    match tree {
        Ast::Group(group) => add_rows(&group.ast, place, found),
        Ast::Repetition(many) if matches!(*many.ast, Ast::Group(_)) => add_rows(&many.ast, place, found),
        Ast::Alternation(either) => either.asts.iter().for_each(|one| add_rows(one, beside(&place), found)),
        Ast::Concat(_) | Ast::Literal(_) | Ast::Dot(_) => {
            let row = Row { parts: parts(tree), ..place };
            if let Ast::Concat(all) = tree {
                for (at, inner) in all.asts.iter().enumerate().filter(|(_, inner)| holds_rows(inner)) {
                    let around = Row {
                        before: row.get(at.checked_sub(1)).cloned(),
                        parts: Vec::new(),
                        after: row.get(Some(at + 1)).cloned(),
                    };
                    add_rows(inner, around, found);
                }
            }
            found.push(row);
        }
        _ => {}
    }
}

fn holds_rows(tree: &Ast) -> bool {
    match tree {
        Ast::Group(_) => true,
        Ast::Repetition(many) => matches!(*many.ast, Ast::Group(_)),
        _ => false,
    }
}

fn part(tree: &Ast) -> Part {
    match tree {
        Ast::Literal(letter) => Part::Letter(letter.c),
        Ast::Dot(span) => Part::Dot(bytes(span)),
        Ast::Repetition(many) if matches!(*many.ast, Ast::Dot(_)) && is_star(many) => Part::Any(bytes(&many.span)),
        Ast::Assertion(at) => match at.kind {
            AssertionKind::StartLine | AssertionKind::StartText => Part::Start(bytes(&at.span)),
            AssertionKind::EndLine | AssertionKind::EndText => Part::End(bytes(&at.span)),
            _ => Part::Other(bytes(&at.span)),
        },
        other => Part::Other(bytes(other.span())),
    }
}

fn is_star(many: &regex_syntax::ast::Repetition) -> bool {
    many.op.kind == regex_syntax::ast::RepetitionKind::ZeroOrMore
}

/// The text that the parts stand for, if all of them are letters.
pub(super) fn literal(parts: &[Part]) -> Option<String> {
    parts.iter().map(|part| if let Part::Letter(letter) = part { Some(*letter) } else { None }).collect()
}
