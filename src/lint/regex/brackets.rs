//! Alternatives in brackets: `[bot|crawler]`, which is one character of those, where `(bot|crawler)` is meant, and
//! `[a-z|A-Z]`, which holds a `|`.

use regex_syntax::ast::{self, Ast, ClassBracketed, ClassSet, ClassSetItem, LiteralKind};

use super::parts::bytes;
use super::{Regex, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

/// A word has so many characters.
const WORD: usize = 2;

pub(super) fn find(regex: &Regex) -> Vec<Diagnostic> {
    ast::visit(&regex.tree, Classes { regex, found: Vec::new() }).unwrap_or_default()
}

struct Classes<'r, 'h> {
    regex: &'r Regex<'h>,
    found: Vec<Diagnostic>,
}

impl ast::Visitor for Classes<'_, '_> {
    type Output = Vec<Diagnostic>;
    type Err = ();

    fn finish(self) -> Result<Vec<Diagnostic>, ()> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        if let Ast::ClassBracketed(class) = tree {
            self.found.extend(look(self.regex, class));
        }
        Ok(())
    }
}

fn look(regex: &Regex, class: &ClassBracketed) -> Option<Diagnostic> {
    let ClassSet::Item(ClassSetItem::Union(union)) = &class.kind else { return None };
    let is_bar = |item: &ClassSetItem| literal(item) == Some('|');
    let alternatives: Vec<&[ClassSetItem]> = union.items.split(is_bar).collect();
    let is_between =
        |items: &&[ClassSetItem]| items.first().is_some_and(is_of_a_word) && items.last().is_some_and(is_of_a_word);
    if alternatives.len() < 2 || !alternatives.iter().all(is_between) {
        return None;
    }
    let place = bytes(&class.span);
    let written = regex.text.get(place.clone())?;
    let is_word = |items: &&[ClassSetItem]| items.len() >= WORD && items.iter().all(|item| literal(item).is_some());
    let inside = written.strip_prefix("[")?.strip_suffix("]")?;
    let message = format!("`{written}` is one character: the `|` in brackets is one of them, and no \"or\"");
    let finding = |help: String| Diagnostic::new(Code::W0829, regex.place(&place), message).help(help);
    if !alternatives.iter().any(is_word) {
        let mended = format!("[{}]", inside.replace('|', ""));
        let fix = regex.replace(&format!("write `{mended}`"), &place, &mended, Safety::NeedsReview);
        return Some(with(finding(format!("write `{mended}`; for the character itself, `\\|`")), fix));
    }
    let words = inside.strip_prefix('^').unwrap_or(inside);
    if class.negated {
        return Some(finding(format!("for none of these words, ask with `!~` for `({words})`")));
    }
    let mended = format!("({words})");
    let fix = regex.replace(&format!("write `{mended}`"), &place, &mended, Safety::NeedsReview);
    Some(with(finding(format!("for one of these words, write `{mended}`; for the character itself, `\\|`")), fix))
}

/// The character that an item is, if it is written as it is.
fn literal(item: &ClassSetItem) -> Option<char> {
    match item {
        ClassSetItem::Literal(literal) if literal.kind == LiteralKind::Verbatim => Some(literal.c),
        _ => None,
    }
}

/// Whether it is a letter, a digit, or a kind of them.
fn is_of_a_word(item: &ClassSetItem) -> bool {
    match item {
        ClassSetItem::Range(_) | ClassSetItem::Perl(_) | ClassSetItem::Ascii(_) => true,
        item => literal(item).is_some_and(char::is_alphanumeric),
    }
}
