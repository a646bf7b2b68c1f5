//! The sign by which a text is a pattern or a glob, where what it is compared with has none.

use super::compared::{Place, Way};

/// What stands in patterns and hardly elsewhere.
const OF_PATTERNS: [&str; 10] = ["\\.", "\\d", "\\w", "\\s", "\\/", "(?:", "(?i)", "[0-9]", "[a-z", "[A-Z"];

/// Before a `*` in the end stand so many letters where it is meant as one: `A*` is a name.
const FEWEST_LETTERS: usize = 3;

/// What stands between values that are meant as several.
pub(super) const BETWEEN: &str = ",";

/// The sign that is shown. A text of one character is no pattern: `*` alone stands in `Vary`, and for all rows of a table.
pub(super) fn sign(place: Place, way: Way, text: &str) -> Option<&'static str> {
    match way {
        _ if text.len() < 2 => None,
        Way::Globs(_) => of_pattern(place, text).or_else(|| star_of_pattern(text)),
        Way::Shell => edges(text),
        Way::Contains => of_pattern(place, text).or_else(|| words(text)),
        _ => of_pattern(place, text).or_else(|| star(place, text)),
    }
}

fn of_pattern(place: Place, text: &str) -> Option<&'static str> {
    let outside_query = text.split('?').next().unwrap_or_default();
    match place {
        Place::Value => (text.starts_with('^') && text.ends_with('$') && text.len() > 3).then_some("^"),
        Place::Field => start(text).or_else(|| written(text)),
        Place::Url => {
            start(text).or_else(|| written(outside_query)).or_else(|| end(text)).or_else(|| choice(outside_query))
        }
        Place::Path | Place::Origin | Place::Media => {
            start(text).or_else(|| written(text)).or_else(|| end(text)).or_else(|| choice(text))
        }
        Place::Method | Place::Host | Place::Extension | Place::Name => edges(text)
            .or_else(|| written(text))
            .or_else(|| ["|", "\\", BETWEEN].into_iter().find(|sign| text.contains(sign)))
            .or_else(|| {
                (place == Place::Extension).then(|| ["?", "("].into_iter().find(|sign| text.contains(sign)))?
            }),
    }
}

fn edges(text: &str) -> Option<&'static str> {
    start(text).or_else(|| end(text))
}

fn start(text: &str) -> Option<&'static str> {
    (text.starts_with('^') && text.len() > 2).then_some("^")
}

/// A `$` behind a word, as no path and no name has it. A URL may end with an empty variable of a template, behind `=`.
fn end(text: &str) -> Option<&'static str> {
    let before = text.strip_suffix('$')?.chars().next_back()?;
    (text.len() > 2 && (before.is_ascii_alphanumeric() || "/)*".contains(before))).then_some("$")
}

fn written(text: &str) -> Option<&'static str> {
    let sign = OF_PATTERNS.iter().copied().find(|sign| text.contains(sign));
    sign.map(|sign| if sign.starts_with('\\') { "\\" } else { sign.get(..1).unwrap_or(sign) })
}

/// `(a|b)`, or `/a|/b`.
fn choice(text: &str) -> Option<&'static str> {
    let in_group = || text.split('(').skip(1).any(|group| group.split(')').next().unwrap_or_default().contains('|'));
    (text.contains("|/") || in_group()).then_some("|")
}

/// `bot|crawler`, or `.*bot`, where a part of a text is looked for.
fn words(text: &str) -> Option<&'static str> {
    let is_word = |part: &str| part.len() >= FEWEST_LETTERS && part.chars().all(char::is_alphanumeric);
    let are_words = text.contains('|') && text.split('|').all(is_word);
    are_words.then_some("|").or_else(|| text.contains(".*").then_some("*"))
}

/// In a glob a `.` is one, as in `_pk_id.*`; behind another sign no name goes on with one.
fn star_of_pattern(text: &str) -> Option<&'static str> {
    let mut dots = text.match_indices(".*").chain(text.match_indices(".+"));
    let is_sign = |at: usize| !text.get(..at).and_then(|it| it.chars().next_back()).is_some_and(char::is_alphanumeric);
    dots.any(|(at, _)| is_sign(at)).then_some(".")
}

fn star(place: Place, text: &str) -> Option<&'static str> {
    let is_meant = match place {
        Place::Method | Place::Host => text.contains('*'),
        Place::Origin => ["*.", "/*", ":*"].iter().any(|sign| text.contains(sign)),
        Place::Media => text.ends_with("/*") && text != "*/*",
        Place::Name => text.ends_with('*') || text.starts_with('*'),
        Place::Path => in_path(text),
        // What is asked for may be a `*`, but hardly all of a query is.
        Place::Url => in_path(text.split('?').next().unwrap_or_default()) || text.ends_with("?*"),
        Place::Field => in_field(text),
        Place::Extension | Place::Value => false,
    };
    is_meant.then_some("*")
}

/// A segment that is `*`, or begins with it in front of a dot, or a word that ends with it.
fn in_path(path: &str) -> bool {
    if path.starts_with('*') && path.len() > 1 {
        return true;
    }
    let is_segment = |segment: &str| segment == "*" || segment.starts_with("*.") || segment.contains(".*");
    path.split('/').skip(1).any(is_segment) || ends_with_word(path)
}

fn in_field(text: &str) -> bool {
    let begins = text.strip_prefix('*').is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_alphanumeric()));
    begins || ends_with_word(text) || text.contains(".*")
}

/// Whether a word stands before the only `*`, at the end.
fn ends_with_word(text: &str) -> bool {
    let Some(word) = text.strip_suffix('*').filter(|rest| !rest.contains('*')) else { return false };
    let letters = word.chars().rev().take_while(char::is_ascii_alphanumeric).count();
    letters >= FEWEST_LETTERS || letters == 0 && word.len() > 1 && word.ends_with(['-', '_'])
}
