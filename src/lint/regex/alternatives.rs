//! Alternatives that add nothing: one that is there already, or that holds another, which is found in it.

use regex_syntax::ast::{Alternation, Ast};

use super::Regex;
use super::parts::{bytes, literal, parts};
use crate::lang::diagnostic::{Code, Diagnostic};

pub(super) fn find(regex: &Regex) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    look(regex, &regex.tree, true, &mut found);
    found
}

/// `is_free` where nothing stands before or behind the alternatives.
fn look(regex: &Regex, tree: &Ast, is_free: bool, found: &mut Vec<Diagnostic>) {
    match tree {
        Ast::Alternation(either) => {
            found.extend(needless(regex, either, is_free));
            either.asts.iter().for_each(|one| look(regex, one, false, found));
        }
        Ast::Group(group) => look(regex, &group.ast, is_free, found),
        Ast::Concat(row) => row.asts.iter().for_each(|one| look(regex, one, false, found)),
        Ast::Repetition(many) => look(regex, &many.ast, false, found),
        _ => {}
    }
}

fn needless(regex: &Regex, either: &Alternation, is_free: bool) -> Option<Diagnostic> {
    let texts: Vec<Option<String>> = either.asts.iter().map(|one| literal(&parts(one))).collect();
    let known = || texts.iter().enumerate().filter_map(|(at, text)| Some((at, text.as_deref()?)));
    let (at, text, other) = known().find_map(|(at, text)| {
        let is_told = |(other_at, other): &(usize, &str)| {
            (*other == text && *other_at < at)
                || (is_free && *other != text && !other.is_empty() && text.contains(other))
        };
        known().find(is_told).map(|(_, other)| (at, text, other))
    })?;
    let place = regex.place(&bytes(either.asts.get(at)?.span()));
    let message = if text == other {
        format!("`{text}` is among the alternatives already")
    } else {
        format!("whatever is like `{text}` is like `{other}` already")
    };
    Some(Diagnostic::new(Code::W0912, place, message).help("remove the alternative, or say where it has to end"))
}
