//! What to write in the place of a text that is meant as a pattern or a glob.

use super::compared::{Compared, Place, Way};
use super::sign::BETWEEN;
use crate::lang::diagnostic::{Fix, Safety};
use crate::lang::source::{SourceMap, Span};
use crate::lint::regex;

pub(super) struct Instead {
    pub help: String,
    pub fix: Option<Fix>,
}

impl Instead {
    fn of(help: String) -> Self {
        Self { help, fix: None }
    }

    /// What stands in quotes now, if it does.
    fn put(text: &str, place: Option<Span>) -> Self {
        let help = format!("write `{text}`");
        Self { fix: place.map(|place| reviewed(Fix::replace(help.clone(), place, text))), help }
    }
}

/// What is mended so decides of requests of which nothing was decided before.
fn reviewed(fix: Fix) -> Fix {
    Fix { safety: Safety::NeedsReview, ..fix }
}

/// `written` is where the text stands in quotes.
pub(super) fn instead(compared: &Compared<'_>, text: &str, written: Option<Span>, sources: &SourceMap) -> Instead {
    let several = regex::texts(text).filter(|texts| texts.len() > 1).or_else(|| separate(compared.place, text));
    if let Some(texts) = several {
        return one_of(compared, &texts, written, sources);
    }
    match compared.way {
        Way::Equal | Way::NotEqual => Instead::of(format!("write `{}`", test(compared, text))),
        Way::In if compared.subject.is_empty() => Instead::of(format!("write `{} -> …`", test(compared, text))),
        Way::In => Instead::of(format!("ask for it beside the list: `{}`", test(compared, text))),
        Way::Key => Instead::of(format!("a table finds whole keys: ask in a condition, `{}`", test(compared, text))),
        Way::Under => under(compared, text, written),
        Way::Extension => Instead::of("write each one by itself: `ext [\"css\", \"js\"]`".to_owned()),
        Way::Has => has(compared, text, sources),
        Way::Named => match glob_of(text) {
            Some(glob) => Instead::of(format!("ask for names that are like it: `{} any \"{glob}\"`", compared.subject)),
            None => Instead::of(format!("a name is written out; `{} any \"wp_*\"` asks for some", compared.subject)),
        },
        Way::Prefix => plain(compared, text, text.strip_suffix('*'), written),
        Way::Suffix => plain(compared, text, text.strip_prefix('*'), written),
        Way::Contains | Way::Shell => Instead::of(format!("write `{}`", matches(compared, text))),
        Way::Globs(_) => match glob_of(text) {
            Some(glob) => Instead::put(&format!("\"{glob}\""), written),
            None => Instead::of("write names in which `*` stands for anything, such as `\"utm_*\"`".to_owned()),
        },
    }
}

/// Methods, hosts, extensions or names with commas between them.
fn separate(place: Place, text: &str) -> Option<Vec<String>> {
    let may_be_several = matches!(place, Place::Method | Place::Host | Place::Extension | Place::Name);
    let one = |part: &str| part.trim().trim_start_matches('.').to_owned();
    let parts: Vec<String> = text.split(BETWEEN).map(one).filter(|part| !part.is_empty()).collect();
    (may_be_several && parts.len() > 1 && !has_signs(text)).then_some(parts)
}

/// A list of what the text is to stand for.
fn one_of(compared: &Compared<'_>, texts: &[String], written: Option<Span>, sources: &SourceMap) -> Instead {
    let list: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    let list = list.join(", ");
    let subject = &compared.subject;
    match compared.way {
        Way::Equal if subject.is_empty() => Instead::of(format!("write `{list} -> …`")),
        Way::Equal => Instead::of(format!("write `{subject} in [{list}]`")),
        Way::NotEqual => Instead::of(format!("write `!({subject} in [{list}])`")),
        Way::Key => Instead::of(format!("write a row for each: {list}")),
        Way::Named => Instead::of(format!("ask for each: {list}")),
        Way::Prefix | Way::Suffix => Instead::of(format!("call it for each: {list}")),
        Way::Contains => Instead::of(format!("write `str.contains_any({subject}, [{list}])`")),
        Way::In | Way::Under | Way::Extension | Way::Has | Way::Globs(_) | Way::Shell => {
            let is_in_brackets = written.is_none_or(|place| is_in_brackets(place, sources));
            Instead::put(&if is_in_brackets { list } else { format!("[{list}]") }, written)
        }
    }
}

fn is_in_brackets(place: Span, sources: &SourceMap) -> bool {
    let before = sources.get(place.file).and_then(|file| file.text().get(..place.start as usize));
    before.is_some_and(|before| before.trim_end().ends_with(['[', ',']))
}

/// What lies under a path is what `*` behind it stands for.
fn under(compared: &Compared<'_>, text: &str, written: Option<Span>) -> Instead {
    let path = text.trim_end_matches("/**").trim_end_matches("/.*").trim_end_matches("/*").trim_end_matches("/(.*)");
    match text.strip_suffix('*') {
        _ if path.len() > 1 && path != text && !has_signs(path) => Instead::put(&format!("\"{path}\""), written),
        Some(start) if !has_signs(start) => {
            Instead::of(format!("`under` takes whole segments: write `std.prefixof({}, \"{start}\")`", shown(compared)))
        }
        _ if is_glob(text) => Instead::of(format!("write `{}`", shell(compared, text))),
        _ => Instead::of(format!("write `{}`", matches(compared, &format!("^{}", text.trim_start_matches('^'))))),
    }
}

fn has(compared: &Compared<'_>, text: &str, sources: &SourceMap) -> Instead {
    let Some(glob) = glob_of(text) else {
        return Instead::of("write each name out; behind `any`, `*` stands for anything in a name".to_owned());
    };
    let help = format!("write `{} any \"{glob}\"`", compared.subject);
    let whole = sources.text(compared.within);
    let word = whole.find(" has ").filter(|_| glob == text).map(|at| {
        let start = compared.within.start as usize + at + 1;
        Span::new(compared.within.file, start..start + "has".len())
    });
    Instead { help, fix: word.map(|word| reviewed(Fix::replace("write `any`", word, "any"))) }
}

/// A prefix or a suffix without the sign that makes a glob of it.
fn plain(compared: &Compared<'_>, text: &str, rest: Option<&str>, written: Option<Span>) -> Instead {
    match rest.map(|rest| rest.trim_end_matches('.')) {
        Some(rest) if !rest.is_empty() && !has_signs(rest) => Instead::put(&format!("\"{rest}\""), written),
        _ => Instead::of(format!("write `{}`", matches(compared, text))),
    }
}

/// The test that is meant, where the text was to be all of what is compared.
fn test(compared: &Compared<'_>, text: &str) -> String {
    // A host goes on behind a dot, as `www.*` says.
    let is_host = compared.place == Place::Host && text.ends_with(".*") && !has_signs(text.trim_end_matches('*'));
    if !is_glob(text) && !is_host {
        return matches(compared, text);
    }
    let is_arm = compared.subject.is_empty();
    let path = path_of(compared);
    let words = match (text.strip_suffix("/*"), extension(text), compared.place) {
        (Some(folder), _, Place::Path | Place::Url) if !folder.is_empty() && !folder.contains('*') => {
            Some(format!("{path} under \"{folder}\""))
        }
        (_, Some(extension), Place::Path | Place::Url) => Some(format!("{path} ext \"{extension}\"")),
        _ => None,
    };
    let is_negated = compared.way == Way::NotEqual;
    let sign = if is_negated { "!" } else { "" };
    let subject = shown(compared);
    match (words, text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(words), ..) if is_negated => format!("!({words})"),
        (Some(words), ..) => words.trim_start().to_owned(),
        _ if is_arm => matches(compared, &pattern_of(text)),
        (_, Some(end), None) if !end.contains('*') => format!("{sign}std.suffixof({subject}, \"{end}\")"),
        (_, None, Some(start)) if !start.contains('*') => format!("{sign}std.prefixof({subject}, \"{start}\")"),
        (_, Some(part), Some(_)) if !part.trim_end_matches('*').contains('*') => {
            format!("{sign}str.contains({subject}, \"{}\")", part.trim_end_matches('*'))
        }
        _ => format!("{sign}{}", shell(compared, text)),
    }
}

fn matches(compared: &Compared<'_>, pattern: &str) -> String {
    let sign = if compared.way == Way::NotEqual { "!~" } else { "~" };
    format!("{} {sign} \"{pattern}\"", compared.subject).trim_start().to_owned()
}

fn shell(compared: &Compared<'_>, glob: &str) -> String {
    if compared.subject.is_empty() {
        return matches(compared, &pattern_of(glob));
    }
    format!("std.fnmatch(\"{glob}\", {})", compared.subject)
}

/// The pattern that says the same as a glob.
fn pattern_of(glob: &str) -> String {
    let escaped = glob.replace('.', "\\.").replace('*', "[^/]*");
    format!("^{escaped}$").replace("^[^/]*", "").replace("[^/]*$", "")
}

/// What is compared, or what stands for it where it is written elsewhere.
fn shown<'c>(compared: &'c Compared<'_>) -> &'c str {
    if compared.subject.is_empty() { "TEXT" } else { &compared.subject }
}

/// The path of the URL that is compared.
fn path_of<'c>(compared: &'c Compared<'_>) -> &'c str {
    match compared.subject.as_str() {
        "req.url" => "req.path",
        "bereq.url" => "bereq.path",
        "url" => "path",
        other => other,
    }
}

/// `php` of `*.php` and `/*.php`.
fn extension(text: &str) -> Option<&str> {
    let word = text.trim_start_matches('/').strip_prefix("*.")?;
    (!word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric())).then_some(word)
}

/// A text with `*` as its one sign.
fn is_glob(text: &str) -> bool {
    text.contains('*') && !text.contains(".*") && !has_signs(&text.replace('*', ""))
}

fn has_signs(text: &str) -> bool {
    text.contains(['^', '$', '\\', '(', ')', '|', '[', ']', '+', '*'])
}

/// The glob of names that a text is meant for.
fn glob_of(text: &str) -> Option<String> {
    let is_whole = text.ends_with('$') || !text.starts_with('^');
    let plain =
        text.trim_start_matches('^').trim_end_matches('$').replace(".*", "*").replace(".+", "*").replace("\\.", ".");
    let glob = if is_whole || plain.ends_with('*') { plain } else { format!("{plain}*") };
    (!has_signs(&glob.replace('*', "")) && !glob.trim_matches('*').is_empty()).then_some(glob)
}
