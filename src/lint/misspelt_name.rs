//! Cookies and parameters that the policy spells in two ways: `session` here and `sesion` there.

use std::collections::BTreeMap;

use super::{misspelt_parameter, walk};
use crate::lang::diagnostic::suggest::distance;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Glob, Hir, Normalization, StatementKind};
use crate::lang::schema::Function;
use crate::lang::source::{SourceMap, Span};

/// Names with the places that name them.
pub(super) type Names = BTreeMap<String, Vec<Span>>;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let (mut cookies, mut parameters) = (Names::new(), Names::new());
    note_read(hir, &mut cookies, &mut parameters);
    note_written(hir, &mut cookies, &mut parameters);
    let mut found = odd_ones(&cookies, Code::W0261, "cookie", sources);
    found.extend(odd_ones(&parameters, Code::W0262, "parameter", sources));
    found.extend(misspelt_parameter::find(&parameters, sources));
    found
}

fn note(names: &mut Names, name: &[u8], place: Span) {
    if let Ok(name) = std::str::from_utf8(name) {
        let places = names.entry(name.to_owned()).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }
}

fn note_read(hir: &Hir, cookies: &mut Names, parameters: &mut Names) {
    for expression in walk::expressions(hir) {
        let place = expression.span;
        match &expression.kind {
            ExpressionKind::Cookie(_, name) => note_text(cookies, &name.kind, place),
            ExpressionKind::Query(_, name) => note_text(parameters, &name.kind, place),
            ExpressionKind::HasCookie(_, names) => names.iter().for_each(|name| note(cookies, name, place)),
            ExpressionKind::HasQuery(_, names) => names.iter().for_each(|name| note(parameters, name, place)),
            ExpressionKind::Call(Function::Cookie(_), given) => note_given(cookies, given),
            _ => {}
        }
    }
}

/// The names that a function of cookies is given.
fn note_given(names: &mut Names, given: &[Expression]) {
    let Some(first) = given.first() else { return };
    match &first.kind {
        ExpressionKind::List(all) => all.iter().for_each(|name| note(names, name, first.span)),
        kind => note_text(names, kind, first.span),
    }
}

fn note_text(names: &mut Names, name: &ExpressionKind, place: Span) {
    if let ExpressionKind::Text(name) = name {
        note(names, name, place);
    }
}

fn note_written(hir: &Hir, cookies: &mut Names, parameters: &mut Names) {
    for statement in walk::statements(hir) {
        if let StatementKind::Effect(Function::Cookie(_), given) = &statement.kind {
            note_given(cookies, given);
        }
        let StatementKind::Normalize(clause) = &statement.kind else { continue };
        let (names, globs) = match clause {
            Normalization::CookieKeep(globs) | Normalization::CookieDrop(globs) => (&mut *cookies, globs),
            Normalization::QueryKeep(globs) | Normalization::QueryDrop(globs) => (&mut *parameters, globs),
            _ => continue,
        };
        for glob in globs.iter().map(Glob::text).filter(|text| !text.contains('*')) {
            note(names, glob.as_bytes(), statement.span);
        }
    }
}

/// Above so many names they are data, and each is compared with each.
const MOST_NAMES: usize = 500;

/// Names that are used once and nearly called like another, which is used more often or before.
fn odd_ones(names: &Names, code: Code, what: &str, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if names.len() > MOST_NAMES {
        return found;
    }
    for (name, places) in names {
        let [place] = places.as_slice() else { continue };
        let is_first = |other: &Vec<Span>| other.len() == 1 && other.first().is_some_and(|other| place <= other);
        let others = names.iter().filter(|(other, places)| is_near(name, other) && !is_first(places));
        let Some((other, other_places)) = others.max_by_key(|(_, places)| places.len()) else { continue };
        let place = quoted_within(name, *place, sources);
        let finding = Diagnostic::new(code, place, format!("the {what} `{name}` is elsewhere called `{other}`"));
        let finding = finding.help(format!("did you mean `{other}`?"));
        let there = other_places.first().map(|there| quoted_within(other, *there, sources));
        found.extend(there.map(|there| finding.context(there, "here")));
    }
    found
}

/// Whether one is the other with one typing error or other cases. A number that differs, or the `s` of many, is none.
pub(super) fn is_near(name: &str, other: &str) -> bool {
    let (short, long) = if name.len() < other.len() { (name, other) } else { (other, name) };
    if name == other || short.len() < 4 {
        return false;
    }
    if name.eq_ignore_ascii_case(other) {
        return true;
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_other_kind =
        digits(name) != digits(other) || long.strip_suffix('s') == Some(short) || long.starts_with(short);
    short.len() >= 5 && !is_other_kind && distance(name, other, 1).is_some()
}

/// Where the name stands in quotes within a place; the place if it does not.
pub(super) fn quoted_within(name: &str, place: Span, sources: &SourceMap) -> Span {
    let Some(at) = sources.text(place).find(&format!("\"{name}\"")) else { return place };
    let start = place.start as usize + at;
    Span::new(place.file, start..start + name.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn one_typing_error_is_near_and_another_word_is_not() {
        for (name, other) in [("sesion", "session"), ("Session", "session"), ("sessoin", "session"), ("lang", "Lang")] {
            assert!(is_near(name, other), "{name} {other}");
        }
        for (name, other) in
            [("page1", "page2"), ("item", "items"), ("sort", "port"), ("session", "session_id"), ("id", "ID")]
        {
            assert!(!is_near(name, other), "{name} {other}");
        }
    }
}
