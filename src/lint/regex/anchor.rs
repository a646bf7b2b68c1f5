//! A path or a host without anchors, which is found in the middle of others too.

use super::few::all;
use super::hosts::{is_host, plain, stranger};
use super::{Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let whole = plain(&regex.parts);
    match (regex.subject, &whole) {
        (Subject::Path | Subject::Url, Some(text)) if is_path(text) => Some(path(regex, text)),
        (Subject::Path | Subject::Url, None) => paths(regex),
        (Subject::Host, Some(text)) if is_host(text) => Some(host(regex, text)),
        (Subject::Host, _) => other_host(regex),
        (Subject::Origin, _) => other_origin(regex),
        _ => None,
    }
}

/// Several paths, one of which is enough.
fn paths(regex: &Regex) -> Option<Diagnostic> {
    let texts = all(&regex.tree).filter(|texts| texts.iter().all(|text| is_path(text)))?;
    let first = texts.first()?;
    let message = format!("`{}` is found anywhere: in `/other{first}` too", regex.text);
    let help = "write `^` before the paths, or `under` with a list of them";
    Some(Diagnostic::new(Code::W0823, regex.place(&(0..regex.text.len())), message).help(help))
}

/// `/admin`, not `/` or `/.`, and nothing that is in the query.
pub(super) fn is_path(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('/')
        && letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter))
}

fn path(regex: &Regex, text: &str) -> Diagnostic {
    let whole = 0..regex.text.len();
    let message = format!("`{}` is found anywhere: in `/other{text}` and `/x?y={text}` too", regex.text);
    let message = if regex.subject == Subject::Path {
        format!("`{}` is found anywhere: in `/other{text}` too", regex.text)
    } else {
        message
    };
    let view = if regex.subject_text.starts_with("bereq") { "bereq.path" } else { "req.path" };
    let fix = regex.replace("write `^`", &(0..0), "^", Safety::NeedsReview);
    let help =
        format!("write `{view} under \"{text}\"`, or `^` before it; `str.contains` says that it may be anywhere");
    with(Diagnostic::new(Code::W0823, regex.place(&whole), message).help(help), fix)
}

/// A host that others may have one behind of: `example\.com$`.
fn other_host(regex: &Regex) -> Option<Diagnostic> {
    let found = stranger(regex, &[("", "")])?;
    let message = format!("`{}` is like `{found}` too, which may be anybody's", regex.text);
    let fix = regex.replace("write `(^|\\.)`", &(0..0), "(^|\\.)", Safety::NeedsReview);
    let begins = regex.text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && !regex.text.contains('|');
    let help = "write `(^|\\.)` before it: the host itself, and those below it";
    let finding = Diagnostic::new(Code::W0823, regex.place(&(0..regex.text.len())), message).help(help);
    Some(with(finding, fix.filter(|_| begins)))
}

fn other_origin(regex: &Regex) -> Option<Diagnostic> {
    let found = stranger(regex, &[("https://", ""), ("http://", ""), ("https://", ":8443")])?;
    let message = format!("`{}` is like `{found}` too, which may be anybody's", regex.text);
    let help =
        "write all of it: `^https://` and whole names before it, `$` behind it; or ask for it by `in [\"https://…\"]`";
    Some(Diagnostic::new(Code::W0823, regex.place(&(0..regex.text.len())), message).help(help))
}

fn host(regex: &Regex, text: &str) -> Diagnostic {
    let whole = 0..regex.text.len();
    let message = format!("`{}` is found anywhere: in `{text}.other.example` too", regex.text);
    let exact = format!("^{}$", text.replace('.', "\\."));
    let fix = regex.replace("match the whole host", &whole, &exact, Safety::NeedsReview);
    let help =
        format!("write `== \"{text}\"` for the host, `~ \"\\.{}$\"` for those below it", text.replace('.', "\\."));
    with(Diagnostic::new(Code::W0823, regex.place(&whole), message).help(help), fix)
}
