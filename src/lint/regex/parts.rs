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
