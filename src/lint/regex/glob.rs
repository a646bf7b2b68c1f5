//! A glob that stands where a regular expression does: `/images/*`, where `*` is for more of the `/` before it, or none.

use std::ops::Range;

use regex_syntax::ast::{Ast, RepetitionKind};

use super::dot::is_known_extension;
use super::parts::bytes;
use super::{Regex, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

/// A word of fewer letters may be meant with any number of its last one.
const FEWEST_LETTERS: usize = 3;

/// What stands where a glob is meant, and what stands for it.
struct Meant {
    place: Range<usize>,
    says: String,
    mended: String,
    help: String,
}

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let mut meant = at_end(&regex.tree, regex);
    if regex.is_path() {
        meant = meant.or_else(|| within(&regex.tree));
    }
    let Meant { place, says, mended, help } = meant?;
    let fix = regex.replace(&format!("write `{mended}`"), &place, &mended, Safety::NeedsReview);
    Some(with(Diagnostic::new(Code::W0828, regex.place(&place), says).help(help), fix))
}

/// The sign that is there any number of times, with the bytes that say so.
fn any_number(tree: &Ast) -> Option<(char, Range<usize>)> {
    let Ast::Repetition(many) = tree else { return None };
    let Ast::Literal(letter) = &*many.ast else { return None };
    (many.greedy && many.op.kind == RepetitionKind::ZeroOrMore).then(|| (letter.c, bytes(&many.span)))
}

fn letter(tree: &Ast) -> Option<char> {
    if let Ast::Literal(letter) = tree { Some(letter.c) } else { None }
}

fn is_word(tree: &Ast) -> bool {
    letter(tree).is_some_and(|letter| letter.is_ascii_alphanumeric())
}

/// Whether it is meant as a dot, with `\` before it or not.
fn is_dot(tree: &Ast) -> bool {
    matches!(tree, Ast::Dot(_)) || letter(tree) == Some('.')
}

/// `/images/*` or `Googlebot*`, behind which nothing has to stand: whatever is like it is so without the last sign.
fn at_end(tree: &Ast, regex: &Regex) -> Option<Meant> {
    let row = match tree {
        Ast::Group(group) => return at_end(&group.ast, regex),
        Ast::Alternation(either) => return either.asts.iter().find_map(|one| at_end(one, regex)),
        Ast::Concat(row) => row.asts.as_slice(),
        _ => return None,
    };
    let [before @ .., last] = row else { return None };
    let Some((sign, place)) = any_number(last) else { return at_end(last, regex) };
    let is_taken_away = |part: &Ast| matches!(part, Ast::Assertion(_)) || letter(part) == Some('/');
    let is_folder = sign == '/' && before.last().is_some_and(|part| !is_taken_away(part));
    let letters = before.iter().rev().take_while(|part| is_word(part)).count();
    let is_meant = is_folder || (sign.is_ascii_alphanumeric() && letters >= FEWEST_LETTERS);
    let says = format!("`{sign}*` is any number of `{sign}`, or none, and not any text behind it");
    let help = if is_folder && regex.is_path() {
        "leave the `*` out, or ask for what lies below a path by `under`".to_owned()
    } else {
        "leave the `*` out: a pattern is found anywhere".to_owned()
    };
    is_meant.then(|| Meant { place, says, mended: sign.to_string(), help })
}

/// `/api/*/users` or `/images/*.jpg`
fn within(tree: &Ast) -> Option<Meant> {
    let row = match tree {
        Ast::Group(group) => return within(&group.ast),
        Ast::Alternation(either) => return either.asts.iter().find_map(within),
        Ast::Concat(row) => row.asts.as_slice(),
        _ => return None,
    };
    let found = row.windows(3).zip(1..).find_map(|(three, at)| {
        let [before, stars, next] = three else { return None };
        let (_, stars) = any_number(stars).filter(|(sign, _)| *sign == '/' && is_word(before))?;
        let says = "`/*` is any number of `/`, or none, and not any text between two".to_owned();
        let meant = |place, mended: &str| {
            Some(Meant { place, says, mended: mended.to_owned(), help: format!("write `{mended}`") })
        };
        match next {
            Ast::Literal(slash) if slash.c == '/' => meant(stars.start..bytes(&slash.span).end, "/[^/]+/"),
            _ if is_dot(next) && is_extension(row.get(at + 2..)?) => {
                meant(stars.start..bytes(next.span()).end, "/.*\\.")
            }
            _ => None,
        }
    });
    found.or_else(|| row.iter().find_map(within))
}

/// Whether a row begins with an extension, or with several of them.
fn is_extension(row: &[Ast]) -> bool {
    let word: String = row.iter().map_while(letter).collect();
    let is_several =
        |tree: &Ast| super::few::all(tree).is_some_and(|all| all.iter().all(|one| is_known_extension(one)));
    is_known_extension(&word) || row.first().is_some_and(is_several)
}
