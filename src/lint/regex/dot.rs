//! A `.` that is meant as a dot, in the name of a host or a file, and stands for any character.

use std::ops::Range;

use super::parts::{Row, rows};
use super::{Part, Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};

/// Ends of the names of files that sites serve, or should not.
const EXTENSIONS: &[&str] = &[
    "asp", "aspx", "avif", "bak", "bmp", "cgi", "css", "csv", "eot", "gif", "git", "gz", "htm", "html", "ico", "ini",
    "jpeg", "jpg", "js", "json", "jsp", "log", "map", "mjs", "mp3", "mp4", "otf", "pdf", "php", "png", "sql", "svg",
    "swf", "tar", "tgz", "ttf", "txt", "webm", "webp", "woff", "woff2", "xml", "yml", "zip",
];

/// Ends of the names of hosts that are no words in other texts.
const TOP_LEVELS: &[&str] = &["com", "org", "net", "edu", "gov", "io", "eu", "uk", "example"];

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let rows = rows(&regex.tree);
    let all = rows.iter().flat_map(|row| (0..row.parts.len()).filter_map(|at| meant_as_dot(regex, row, at)));
    let mut dots: Vec<Range<usize>> = all.collect();
    dots.sort_by_key(|dot| dot.start);
    let first = dots.first()?;
    let shown = regex.text.get(first.start..).unwrap_or_default();
    let message = match regex.subject {
        Subject::Host => format!("`{}` is like other hosts too: `.` stands for any character", regex.text),
        Subject::Address => format!("`{}` is like other addresses too: `.` stands for any character", regex.text),
        _ => format!("`{shown}` is like more than names that end so: `.` stands for any character"),
    };
    let edits = dots.iter().map(|dot| Edit { span: regex.place(dot), text: "\\.".to_owned() }).collect();
    let fix = Fix { title: "write `\\.`".to_owned(), edits, safety: Safety::NeedsReview };
    let finding = Diagnostic::new(Code::W0822, regex.place(first), message).help("write `\\.` for a dot");
    Some(with(finding, regex.written.map(|_| fix)))
}

/// The bytes of the part, if it is a dot between the letters of a host, or before an extension.
fn meant_as_dot(regex: &Regex, row: &Row, at: usize) -> Option<Range<usize>> {
    let Some(Part::Dot(bytes)) = row.parts.get(at) else { return None };
    let is_word = |part: Option<&Part>| matches!(part, Some(Part::Letter(letter)) if letter.is_ascii_alphanumeric());
    let before = row.get(at.checked_sub(1));
    let is_meant = match regex.subject {
        Subject::Host => is_word(row.get(Some(at + 1))) && (is_word(before) || matches!(before, Some(Part::Any(_)))),
        Subject::Path | Subject::Url => {
            !matches!(before, Some(Part::Letter('/'))) && is_extension(regex.text.get(bytes.end..)?)
        }
        Subject::Address => is_in_address(before, row.get(Some(at + 1))),
        Subject::Origin | Subject::Field | Subject::Other => {
            is_word(before) && is_top_level(regex.text.get(bytes.end..)?)
        }
    };
    is_meant.then(|| bytes.clone())
}

/// Between digits, or behind some at the end of the pattern: `^10.0.0.`
fn is_in_address(before: Option<&Part>, after: Option<&Part>) -> bool {
    let is_number =
        |part: &Part| matches!(part, Part::Letter(letter) if letter.is_ascii_digit()) || matches!(part, Part::Other(_));
    before.is_some_and(is_number) && after.is_none_or(|part| is_number(part) || matches!(part, Part::End(_)))
}

pub(super) fn is_known_extension(word: &str) -> bool {
    EXTENSIONS.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether the text begins with the last part of the name of a host.
fn is_top_level(text: &str) -> bool {
    let (word, rest) = word(text);
    TOP_LEVELS.contains(&word) && !rest.starts_with(['.', '-', '*', '+', '?', '_'])
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(text.len()))
}

/// Whether the text begins with an extension, or with a group of them.
fn is_extension(text: &str) -> bool {
    let text = text.strip_prefix('(').map_or(text, |group| group.strip_prefix("?:").unwrap_or(group));
    let (word, rest) = word(text);
    is_known_extension(word)
        && ["", "$", ")", "|", "(", "\\?"]
            .iter()
            .any(|next| if next.is_empty() { rest.is_empty() } else { rest.starts_with(next) })
}
