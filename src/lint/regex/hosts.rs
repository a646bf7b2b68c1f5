//! Hosts that stand in a pattern, and those of somebody else that it is like as well.

use super::few::few;
use super::parts::rows;
use super::{Part, Regex, Subject};

/// What somebody else may put before a host and behind it, to have one that is nearly it.
const OTHERS: [(&str, &str); 2] = [("evil", ""), ("", ".evil.example")];

/// A host of somebody else that a pattern is like, which is meant to be like one. `around` is what may stand around a host.
pub(super) fn stranger(regex: &Regex, around: &[(&str, &str)]) -> Option<String> {
    let is_like = |text: &str| regex.pattern.is_match(text.as_bytes());
    // A client names a host by what it asks for, and what is behind it may be a port.
    let others = if regex.subject == Subject::Host { &OTHERS[..1] } else { &OTHERS[..] };
    let of = |name: &String| {
        around.iter().find_map(|(before, behind)| {
            let is_meant = ["", "www."].iter().any(|below| is_like(&format!("{before}{below}{name}{behind}")));
            let mut strangers = others.iter().map(|(first, last)| format!("{before}{first}{name}{last}{behind}"));
            strangers.find(|text| is_meant && is_like(text))
        })
    };
    names(regex).iter().find_map(of)
}

/// The hosts that stand in it.
fn names(regex: &Regex) -> Vec<String> {
    let mut texts: Vec<String> = few(&regex.tree).map(|(_, texts)| texts).unwrap_or_default();
    for row in rows(&regex.tree) {
        texts.extend(row.parts.split(|part| letter(part).is_none()).filter_map(plain));
    }
    let host = |text: String| {
        let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let end = text.find([':', '/']).unwrap_or(text.len());
        text.get(..end).filter(|host| is_host(host)).map(str::to_owned)
    };
    texts.into_iter().filter_map(host).collect()
}

/// What the parts stand for, a `.` for itself, if nothing else is among them.
pub(super) fn plain(parts: &[Part]) -> Option<String> {
    parts.iter().map(letter).collect()
}

fn letter(part: &Part) -> Option<char> {
    match part {
        Part::Letter(letter) => Some(*letter),
        Part::Dot(_) => Some('.'),
        _ => None,
    }
}

/// `example.com`, not `.example.com` or `example`.
pub(in crate::lint) fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    labels.len() > 1 && labels.iter().all(is_label)
}
