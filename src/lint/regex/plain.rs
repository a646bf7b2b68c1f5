//! A pattern that says what a plain test says, which reads better and is looked up.

use super::parts::literal;
use super::{Part, Regex, Subject};
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::source::SourceMap;

pub(super) fn find(regex: &Regex, sources: &SourceMap) -> Option<Diagnostic> {
    let test = sources.text(regex.test);
    let is_negated = test.contains("!~");
    let (replacement, safety) = whole(regex, is_negated)
        .or_else(|| start(regex).or_else(|| end(regex)).map(|(test, safety)| (turned(test, is_negated), safety)))?;
    let message = format!("`{}` says what a plain test says", regex.text);
    let finding = Diagnostic::new(Code::W0910, regex.place(&(0..regex.text.len())), message)
        .help(format!("write `{replacement}`: it reads better, and is looked up, not matched"));
    let is_written_here = test.ends_with('"') && regex.written.is_some();
    let fix = || Fix { safety, ..Fix::replace(format!("write `{replacement}`"), regex.test, replacement.clone()) };
    Some(if is_written_here { finding.fix(fix()) } else { finding })
}

fn turned(test: String, is_negated: bool) -> String {
    if is_negated { format!("!({test})") } else { test }
}

/// `^/a$` is an equality. An empty text is another thing: unset is like it, and equal to nothing.
fn whole(regex: &Regex, is_negated: bool) -> Option<(String, Safety)> {
    let [Part::Start(_), letters @ .., Part::End(_)] = regex.parts.as_slice() else { return None };
    let text = literal(letters).filter(|text| is_writable(text))?;
    let sign = if is_negated { "!=" } else { "==" };
    Some((format!("{} {sign} \"{text}\"", regex.subject_text), Safety::Safe))
}

/// `^/a/` of a path is what lies under it; `/a` itself then too.
fn start(regex: &Regex) -> Option<(String, Safety)> {
    let [Part::Start(_), letters @ ..] = regex.parts.as_slice() else { return None };
    let text = literal(letters)
        .filter(|text| is_writable(text) && text.len() > 1 && text.ends_with('/') && !text.contains('?'))?;
    Some((format!("{} under \"{text}\"", path_of(regex)?), Safety::NeedsReview))
}

/// `\.css$` of a path is an extension, in whatever case.
fn end(regex: &Regex) -> Option<(String, Safety)> {
    let [Part::Letter('.'), letters @ .., Part::End(_)] = regex.parts.as_slice() else { return None };
    let is_word = |text: &String| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    let text = literal(letters).filter(is_word)?.to_ascii_lowercase();
    Some((format!("{} ext [\"{text}\"]", path_of(regex)?), Safety::NeedsReview))
}

/// The path that it is matched with, as it is written.
fn path_of<'r>(regex: &Regex<'r>) -> Option<&'r str> {
    match (regex.subject, regex.subject_text) {
        (Subject::Path, text) => Some(text),
        (Subject::Url, "req.url") => Some("req.path"),
        (Subject::Url, "bereq.url") => Some("bereq.path"),
        _ => None,
    }
}

/// Whether the text can stand between quotes.
fn is_writable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_graphic() && letter != '"')
}
