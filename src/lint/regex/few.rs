//! A pattern that stands for a few texts, such as `^/(a|b)$`, by what it says of their ends.

use regex_syntax::ast::{AssertionKind, Ast, ClassSet, ClassSetItem, GroupKind, RepetitionKind};

/// Of more texts a pattern is no longer than their list.
const MOST_TEXTS: usize = 40;

/// What a pattern asks of the text that it is matched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It is one of those.
    Whole,
    /// It begins with one.
    Start,
    /// It is one, or begins with one that a `/` follows; or, with `true`, a `?`.
    Below(bool),
    /// It ends with one; or, with `true`, one stands before a `?`.
    End(bool),
}

/// The texts, if they are few, and what is asked.
pub(super) fn few(tree: &Ast) -> Option<(Shape, Vec<String>)> {
    match tree {
        Ast::Group(group) if is_plain(&group.kind) => few(&group.ast),
        Ast::Alternation(either) => {
            let mut parts = either.asts.iter().map(few);
            let first = parts.next()??;
            parts.try_fold(first, |(shape, mut texts), part| {
                let (other, further) = part?;
                texts.extend(further);
                (other == shape && texts.len() <= MOST_TEXTS).then_some((shape, texts))
            })
        }
        Ast::Concat(row) => between_ends(&row.asts),
        _ => None,
    }
}

/// The texts that all of a pattern stands for, whether it says where they begin and end or not.
pub(in crate::lint) fn texts(text: &str) -> Option<Vec<String>> {
    let tree = regex_syntax::ast::parse::Parser::new().parse(text).ok()?;
    let whole = || few(&tree).filter(|(shape, _)| *shape == Shape::Whole).map(|(_, texts)| texts);
    all(&tree).or_else(whole)
}

fn between_ends(row: &[Ast]) -> Option<(Shape, Vec<String>)> {
    let (shape, middle) = match row {
        [first, path, middle @ .., query, last]
            if is_start(first) && is_outside_query(path) && is_query(query) && is_end(last) =>
        {
            (Shape::End(true), middle)
        }
        [middle @ .., query, last] if is_query(query) && is_end(last) => (Shape::End(true), middle),
        [first, middle @ .., last] if is_start(first) && is_end(last) => (Shape::Whole, middle),
        [first, middle @ .., last] if is_start(first) && border(last) == Some("/") => (Shape::Below(false), middle),
        [first, middle @ .., last] if is_start(first) && border(last) == Some("/?") => (Shape::Below(true), middle),
        [first, middle @ ..] if is_start(first) => (Shape::Start, middle),
        [middle @ .., last] if is_end(last) => (Shape::End(false), middle),
        [middle @ .., last] if border(last) == Some("?") => (Shape::End(true), middle),
        _ => return None,
    };
    Some((shape, joined(middle)?))
}

/// `[^?]*`
fn is_outside_query(tree: &Ast) -> bool {
    let Ast::Repetition(many) = tree else { return false };
    let Ast::ClassBracketed(class) = &*many.ast else { return false };
    many.op.kind == RepetitionKind::ZeroOrMore && class.negated && letters(&class.kind) == Some(vec!["?".to_owned()])
}

/// `(\?.*)?`
fn is_query(tree: &Ast) -> bool {
    let Ast::Repetition(maybe) = tree else { return false };
    let Ast::Group(group) = &*maybe.ast else { return false };
    let Ast::Concat(row) = &*group.ast else { return false };
    let is_rest = |part: &Ast| matches!(part, Ast::Repetition(many) if matches!(*many.ast, Ast::Dot(_)) && many.op.kind == RepetitionKind::ZeroOrMore);
    let is_mark = |part: &Ast| all(part) == Some(vec!["?".to_owned()]);
    maybe.op.kind == RepetitionKind::ZeroOrOne
        && is_plain(&group.kind)
        && matches!(row.asts.as_slice(), [mark, rest] if is_mark(mark) && is_rest(rest))
}

fn is_start(tree: &Ast) -> bool {
    matches!(tree, Ast::Assertion(at) if matches!(at.kind, AssertionKind::StartLine | AssertionKind::StartText))
}

fn is_end(tree: &Ast) -> bool {
    matches!(tree, Ast::Assertion(at) if matches!(at.kind, AssertionKind::EndLine | AssertionKind::EndText))
}

/// The signs of `(/|$)`, `(\?|$)`, `([/?]|$)`: one follows, or nothing.
fn border(tree: &Ast) -> Option<&'static str> {
    let Ast::Group(group) = tree else { return None };
    let Ast::Alternation(either) = &*group.ast else { return None };
    let (ends, others): (Vec<&Ast>, Vec<&Ast>) = either.asts.iter().partition(|one| is_end(one));
    let texts: Vec<Vec<String>> = others.into_iter().map(all).collect::<Option<_>>()?;
    let mut signs = texts.concat();
    signs.sort();
    ["/", "?", "/?"].into_iter().find(|known| ends.len() == 1 && *known == signs.concat())
}

fn is_plain(kind: &GroupKind) -> bool {
    match kind {
        GroupKind::CaptureIndex(_) => true,
        GroupKind::NonCapturing(flags) => flags.items.is_empty(),
        GroupKind::CaptureName { .. } => false,
    }
}

/// All texts that a part stands for.
pub(super) fn all(tree: &Ast) -> Option<Vec<String>> {
    match tree {
        Ast::Empty(_) => Some(vec![String::new()]),
        Ast::Literal(letter) => Some(vec![letter.c.to_string()]),
        Ast::Group(group) if is_plain(&group.kind) => all(&group.ast),
        Ast::Concat(row) => joined(&row.asts),
        Ast::Alternation(either) => {
            let texts: Vec<Vec<String>> = either.asts.iter().map(all).collect::<Option<_>>()?;
            Some(texts.concat()).filter(|texts| texts.len() <= MOST_TEXTS)
        }
        Ast::ClassBracketed(class) if !class.negated => letters(&class.kind),
        _ => None,
    }
}

/// `[/?]`
fn letters(set: &ClassSet) -> Option<Vec<String>> {
    let letter = |item: &ClassSetItem| match item {
        ClassSetItem::Literal(letter) => Some(letter.c.to_string()),
        _ => None,
    };
    match set {
        ClassSet::Item(ClassSetItem::Union(union)) => union.items.iter().map(letter).collect(),
        ClassSet::Item(item) => Some(vec![letter(item)?]),
        ClassSet::BinaryOp(_) => None,
    }
}

fn joined(row: &[Ast]) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for part in row {
        let further = all(part)?;
        if texts.len().saturating_mul(further.len()) > MOST_TEXTS {
            return None;
        }
        texts = texts.iter().flat_map(|text| further.iter().map(move |more| format!("{text}{more}"))).collect();
    }
    Some(texts)
}
