//! Ranges of characters that hold more than is meant: `[A-z]`, where `[A-Za-z]` is, and `[a-z0-9.-_]`, where a `-` is.

use regex_syntax::ast::{self, ClassPerlKind, ClassSetItem, ClassSetRange, Literal, LiteralKind};

use super::parts::bytes;
use super::{Regex, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

/// Characters that stand one after the other, and that people count as one kind.
const KINDS: [(char, char); 3] = [('0', '9'), ('A', 'Z'), ('a', 'z')];

/// The signs behind each of these kinds, up to the next.
const SIGNS_BEHIND: [&str; 2] = [": ; < = > ? @", "[ \\ ] ^ _ `"];

pub(super) fn find(regex: &Regex) -> Vec<Diagnostic> {
    let found = ast::visit(&regex.tree, Ranges { regex, found: Vec::new() });
    found.unwrap_or_default()
}

struct Ranges<'r, 'h> {
    regex: &'r Regex<'h>,
    found: Vec<Diagnostic>,
}

impl ast::Visitor for Ranges<'_, '_> {
    type Output = Vec<Diagnostic>;
    type Err = ();

    fn finish(self) -> Result<Vec<Diagnostic>, ()> {
        Ok(self.found)
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), ()> {
        match item {
            ClassSetItem::Range(range) => self.found.extend(across(self.regex, range)),
            ClassSetItem::Union(union) => self.found.extend(with_sign(self.regex, &union.items)),
            _ => {}
        }
        Ok(())
    }
}

/// A range from one kind to another: `A-z`, `0-z`.
fn across(regex: &Regex, range: &ClassSetRange) -> Option<Diagnostic> {
    let (start, end) = (range.start.c, range.end.c);
    let kind = |letter: &Literal| {
        let is_in = |(first, last): &(char, char)| (*first..=*last).contains(&letter.c);
        KINDS.iter().position(is_in).filter(|_| letter.kind == LiteralKind::Verbatim)
    };
    let (from, to) = (kind(&range.start)?, kind(&range.end)?);
    let kinds = KINDS.get(from..=to).filter(|_| from < to)?;
    let mended: String = kinds
        .iter()
        .map(|(first, last)| match (start.max(*first), end.min(*last)) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        })
        .collect();
    let signs = SIGNS_BEHIND.get(from..to)?.join(" ");
    let message = format!("`{start}-{end}` holds more than letters and digits: {signs}");
    Some(tell(regex, range, message, format!("write `{mended}`"), &mended))
}

/// A `-` between two signs that is meant as one, since what it makes a range of holds what stands beside it anyway.
fn with_sign(regex: &Regex, items: &[ClassSetItem]) -> Option<Diagnostic> {
    let is_sign = |letter: &Literal| letter.c.is_ascii_punctuation() && letter.c != '!';
    let ranges = items.iter().filter_map(|item| if let ClassSetItem::Range(range) = item { Some(range) } else { None });
    let range = ranges
        .into_iter()
        .find(|range| is_sign(&range.start) && is_sign(&range.end) && items.iter().any(|item| holds(range, item)))?;
    let written = |letter: &Literal| regex.text.get(bytes(&letter.span)).unwrap_or_default();
    let (start, end) = (written(&range.start), written(&range.end));
    let mended = format!("{start}\\-{end}");
    let message = format!("`{start}-{end}` is all characters from the one to the other, and no `-`");
    Some(tell(regex, range, message, format!("write `{mended}` for the `-` itself"), &mended))
}

/// Whether a range holds what stands beside it.
fn holds(range: &ClassSetRange, item: &ClassSetItem) -> bool {
    let (start, end) = match item {
        ClassSetItem::Range(other) => (other.start.c, other.end.c),
        ClassSetItem::Perl(perl) if perl.kind == ClassPerlKind::Digit && !perl.negated => ('0', '9'),
        _ => return false,
    };
    range.start.c < start && end < range.end.c
}

fn tell(regex: &Regex, range: &ClassSetRange, message: String, help: String, mended: &str) -> Diagnostic {
    let place = bytes(&range.span);
    let fix = regex.replace(&help, &place, mended, Safety::NeedsReview);
    with(Diagnostic::new(Code::W0827, regex.place(&place), message).help(help), fix)
}
