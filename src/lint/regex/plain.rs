//! A pattern that says what a plain test says, which reads better and is looked up.

use std::collections::HashSet;

use super::few::{Shape, few};
use super::{Regex, Subject, Use, with};
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::source::SourceMap;

/// What to write in the place of the pattern.
struct Plain {
    /// `under "/a/"`, or `== "/a"`.
    test: String,
    /// What is tested where it is not what the pattern is matched with.
    view: Option<&'static str>,
    safety: Safety,
}

pub(super) fn find(regex: &Regex, sources: &SourceMap) -> Option<Diagnostic> {
    let plain = plain(regex)?;
    let test = sources.text(regex.test);
    let message = format!("`{}` says what a plain test says", regex.text);
    let finding = Diagnostic::new(Code::W0910, regex.place(&(0..regex.text.len())), message);
    let why = "it reads better, and is looked up, not matched";
    if regex.used == Use::Arm {
        return Some(finding.help(in_arm(&plain, why)));
    }
    let replacement = turned(&plain, regex.subject_text, test.contains("!~"));
    let is_itself = plain.view.is_none() || matches!(regex.subject_text, "url" | "req.url" | "bereq.url");
    let is_written_here = test.starts_with(regex.subject_text) && test.ends_with('"') && regex.written.is_some();
    let fix = (is_itself && is_written_here).then(|| Fix {
        safety: plain.safety,
        ..Fix::replace(format!("write `{replacement}`"), regex.test, replacement.clone())
    });
    Some(with(finding.help(format!("write `{replacement}`: {why}")), fix))
}

/// The whole test.
fn turned(plain: &Plain, subject: &str, is_negated: bool) -> String {
    let Plain { test, view, .. } = plain;
    let subject = view.unwrap_or(subject);
    match test.strip_prefix("== ").filter(|_| is_negated) {
        Some(value) => format!("{subject} != {value}"),
        None if is_negated => format!("!({subject} {test})"),
        None => format!("{subject} {test}"),
    }
}

/// What to write in an arm of a `match`.
fn in_arm(plain: &Plain, why: &str) -> String {
    let test = plain.test.trim_start_matches("== ").trim_start_matches("in ");
    match plain.view {
        Some(view) => format!("let the `match` look at `{view}`, and write `{test}`: {why}"),
        None => format!("write `{test}`: {why}"),
    }
}

fn plain(regex: &Regex) -> Option<Plain> {
    let (shape, mut texts) = few(&regex.tree)?;
    let mut seen = HashSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    match shape {
        Shape::Whole => whole(&texts),
        Shape::Start => start(regex, &texts),
        Shape::Below(_) => below(regex, &texts, shape),
        Shape::End(_) => end(regex, &texts),
    }
}

/// `^/a$` is an equality. An empty text is another thing: unset is like it, and equal to nothing.
fn whole(texts: &[String]) -> Option<Plain> {
    let test = match texts {
        [text] => format!("== \"{text}\""),
        texts => format!("in {}", list(texts)),
    };
    texts.iter().all(|text| is_writable(text)).then_some(Plain { test, view: None, safety: Safety::Safe })
}

/// `^/a/` of a path is what lies under it; `/a` itself then too.
fn start(regex: &Regex, texts: &[String]) -> Option<Plain> {
    let is_folder = |text: &String| is_path(text) && text.len() > 1 && text.ends_with('/');
    if !regex.is_path() || !texts.iter().all(is_folder) {
        return None;
    }
    Some(Plain { test: format!("under {}", one_or_list(texts)), view: view(regex), safety: Safety::NeedsReview })
}

/// `^/a(/|$)` of a path is what lies under it, and nothing else.
fn below(regex: &Regex, texts: &[String], shape: Shape) -> Option<Plain> {
    let folder = |text: &String| is_path(text) && text.len() > 1 && !text.ends_with('/');
    if !regex.is_path() || !texts.iter().all(folder) {
        return None;
    }
    let is_same = matches!((regex.subject, shape), (Subject::Path, _) | (Subject::Url, Shape::Below(true)));
    let safety = if is_same { Safety::Safe } else { Safety::NeedsReview };
    Some(Plain { test: format!("under {}", one_or_list(texts)), view: view(regex), safety })
}

/// `\.css$` of a path is an extension, in whatever case; of a URL, also before a `?`.
fn end(regex: &Regex, texts: &[String]) -> Option<Plain> {
    let word = |text: &String| Some(text.strip_prefix('.').filter(|word| is_word(word))?.to_ascii_lowercase());
    let words: Vec<String> = texts.iter().map(word).collect::<Option<_>>().filter(|_| regex.is_path())?;
    Some(Plain { test: format!("ext {}", list(&words)), view: view(regex), safety: Safety::NeedsReview })
}

/// The path of the URL that the pattern is matched with.
fn view(regex: &Regex) -> Option<&'static str> {
    let view = match regex.subject_text {
        "url" => "path",
        _ if regex.is_of_backend => "bereq.path",
        _ => "req.path",
    };
    (regex.subject == Subject::Url).then_some(view)
}

fn one_or_list(texts: &[String]) -> String {
    match texts {
        [text] => format!("\"{text}\""),
        texts => list(texts),
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    format!("[{}]", texts.join(", "))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}

fn is_path(text: &str) -> bool {
    is_writable(text) && text.starts_with('/') && !text.contains('?')
}

/// Whether the text can stand between quotes.
fn is_writable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_graphic() && letter != '"')
}
