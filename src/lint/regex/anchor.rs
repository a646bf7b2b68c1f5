//! A plain path or host without anchors, which is found in the middle of others too.

use super::{Part, Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let text = plain(&regex.parts)?;
    match regex.subject {
        Subject::Path | Subject::Url if is_path(&text) => Some(path(regex, &text)),
        Subject::Host if is_host(&text) => Some(host(regex, &text)),
        _ => None,
    }
}

/// What the parts stand for, a `.` for itself, if nothing else is among them.
fn plain(parts: &[Part]) -> Option<String> {
    let letter = |part: &Part| match part {
        Part::Letter(letter) => Some(*letter),
        Part::Dot(_) => Some('.'),
        _ => None,
    };
    parts.iter().map(letter).collect()
}

/// `/admin`, not `/` or `/.`, and nothing that is in the query.
fn is_path(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('/')
        && letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter))
}

/// `example.com`, not `.example.com` or `example`.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    labels.len() > 1 && labels.iter().all(is_label)
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

fn host(regex: &Regex, text: &str) -> Diagnostic {
    let whole = 0..regex.text.len();
    let message = format!("`{}` is found anywhere: in `{text}.other.example` too", regex.text);
    let exact = format!("^{}$", text.replace('.', "\\."));
    let fix = regex.replace("match the whole host", &whole, &exact, Safety::NeedsReview);
    let help =
        format!("write `== \"{text}\"` for the host, `~ \"\\.{}$\"` for those below it", text.replace('.', "\\."));
    with(Diagnostic::new(Code::W0823, regex.place(&whole), message).help(help), fix)
}
