//! A difference as text, as JSON and as Markdown. Each is made of sections, so that others can stand beside these.

use std::fmt::Write;

use serde_json::{Value, json};

use super::change::Aspect;
use super::classes::{Also, Class, Difference};
use super::fired::Fired;
use super::trial::When;
use crate::lang::schema::written_duration as duration;
use crate::simulate::Case;

/// `1 class changes`, `3 classes change`, or that nothing does; requests of a log may change all the same.
fn summary(found: &Difference, is_in_log: bool) -> String {
    let plain = match (found.classes.len(), found.declarations.len()) {
        (0, 0) => "no change".to_owned(),
        (0, 1) => "1 declaration changes".to_owned(),
        (0, many) => format!("{many} declarations change"),
        (1, _) => "1 class of requests changes".to_owned(),
        (many, _) => format!("{many} classes of requests change"),
    };
    match (plain.as_str(), is_in_log) {
        ("no change", true) => "no change was found but that of requests of the log".to_owned(),
        ("no change", false) if !found.gave_up.is_empty() => "no change was found".to_owned(),
        _ => plain,
    }
}

/// So much is told of where it may differ, and so many places of one reason.
const MOST_OPEN: usize = 12;
const MOST_PLACES: usize = 3;

/// Where it may differ beside what was found, by reason; nothing, where all is known.
fn open(found: &Difference) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for told in &found.gave_up {
        let (place, why) = told.split_once(": ").unwrap_or((told, ""));
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, places)) => places.push(place),
            None => reasons.push((why, vec![place])),
        }
    }
    let left_out = reasons.len().saturating_sub(MOST_OPEN);
    let more = (left_out > 0).then(|| format!("… and {left_out} more; `--format json` has them all"));
    let told = |(why, places): &(&str, Vec<&str>)| {
        let further = places.len().saturating_sub(MOST_PLACES);
        let first = places.iter().take(MOST_PLACES).copied().collect::<Vec<_>>().join(", ");
        let further = if further > 0 { format!(" and {further} more") } else { String::new() };
        if why.is_empty() { first } else { format!("{first}{further}: {why}") }
    };
    reasons.iter().take(MOST_OPEN).map(told).chain(more).collect()
}

/// The answer of the backend, in words.
fn answer(case: &Case) -> String {
    case.answer.as_ref().map_or_else(|| "the backend cannot be asked".to_owned(), ToString::to_string)
}

/// Which of several requests it is.
fn told(when: When) -> String {
    match when {
        When::First => String::new(),
        When::Again => " (the second time)".to_owned(),
        When::Stale => " (once what is stored is stale)".to_owned(),
        When::Number(number) => format!(" (the {number}{} time)", ending(number)),
        When::After(time) => {
            format!(" (once more {} later)", duration(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
        }
    }
}

impl Also {
    /// `pass → stored 60s: GET "https://www.example.com/" { Cookie: "a=1" }`
    fn text(&self) -> String {
        format!("{}: {}{}", self.change, self.case.request, told(self.when))
    }

    fn json(&self) -> Value {
        json!({
            "summary": self.change.to_string(),
            "changes": self.change.aspects().iter().map(aspect).collect::<Vec<_>>(),
            "request": self.case.request.to_string(),
            "answer": self.case.answer.as_ref().map(ToString::to_string),
            "again": self.when != When::First,
            "stale": self.when == When::Stale,
            "curl": self.case.request.curl("127.0.0.1:8080"),
        })
    }
}

impl Class {
    /// What it is about: `GET www.example.com/a`, and the site.
    fn request(&self) -> String {
        let request = &self.case.request;
        format!("{} {}", request.method, request.target)
    }

    fn json(&self) -> Value {
        let rules = |rules: &[Fired]| -> Vec<Value> {
            rules.iter().map(|rule| json!({ "place": rule.place, "text": rule.text })).collect()
        };
        json!({
            "summary": self.change.to_string(),
            "changes": self.change.aspects().iter().map(aspect).collect::<Vec<_>>(),
            "site": self.new.site.as_deref().or(self.old.site.as_deref()),
            "request": self.case.request.to_string(),
            "answer": self.case.answer.as_ref().map(ToString::to_string),
            "again": self.when != When::First,
            "stale": self.when == When::Stale,
            "curl": self.case.request.curl("127.0.0.1:8080"),
            "old_rules": rules(&self.old_rules),
            "new_rules": rules(&self.new_rules),
            "also": self.also.iter().map(Also::json).collect::<Vec<_>>(),
        })
    }
}

/// The end of an ordinal: `st` of 21st.
fn ending(number: u32) -> &'static str {
    match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

fn aspect(aspect: &Aspect) -> Value {
    let values = aspect.values();
    let (old, new) = values.map_or((None, None), |(old, new)| (Some(old), Some(new)));
    json!({ "aspect": aspect.name(), "text": aspect.to_string(), "old": old, "new": new })
}

/// For people. Whether requests of a log change is known to who has one.
#[must_use]
pub fn text(found: &Difference, is_in_log: bool) -> String {
    let mut text = summary(found, is_in_log) + "\n";
    for class in &found.classes {
        let _ = write!(text, "\n{}: {}\n", class.request(), class.change);
        let _ = writeln!(text, "    request  {}{}", class.case.request, told(class.when));
        let _ = writeln!(text, "    answer   {}", answer(&class.case));
        for also in &class.also {
            let _ = writeln!(text, "    also     {}", also.text());
        }
        for (mark, rules) in [('-', &class.old_rules), ('+', &class.new_rules)] {
            for rule in rules {
                let _ = writeln!(text, "  {mark} {}  {}", rule.place, rule.text);
            }
        }
    }
    for declaration in &found.declarations {
        let site = declaration.site.as_ref().map(|site| format!(" ({site})")).unwrap_or_default();
        let _ = write!(text, "\nall requests to {}{site}: {} changed\n", declaration.name, declaration.what.join(", "));
    }
    let open = open(found);
    if !open.is_empty() {
        let _ = write!(text, "\nmay differ elsewhere:\n    {}\n", open.join("\n    "));
    }
    text
}

/// For programs: the object that `tests/schemas/diff.json` describes.
#[must_use]
pub fn json(found: &Difference, is_in_log: bool) -> Value {
    let declarations = found
        .declarations
        .iter()
        .map(|declaration| json!({ "site": declaration.site, "name": declaration.name, "changes": declaration.what }));
    json!({
        "summary": summary(found, is_in_log),
        "classes": found.classes.iter().map(Class::json).collect::<Vec<_>>(),
        "declarations": declarations.collect::<Vec<_>>(),
        "may_differ": found.gave_up,
    })
}

/// A comment on a change.
#[must_use]
pub fn markdown(found: &Difference, is_in_log: bool) -> String {
    let mut text = format!("### warp diff: {}\n", summary(found, is_in_log));
    for class in &found.classes {
        let _ = write!(
            text,
            "\n<details><summary>{}: {}</summary>\n\n",
            html(&class.request()),
            html(&class.change.to_string())
        );
        let also: Vec<String> = class.also.iter().map(|also| format!("also {}\n", also.text())).collect();
        let request = format!("{}{}\n", class.case.request, told(class.when));
        let shown = format!("{request}{}\n{}", answer(&class.case), also.concat());
        let _ = writeln!(text, "{}", fenced(&shown, ""));
        let rules = [("-", &class.old_rules), ("+", &class.new_rules)]
            .into_iter()
            .flat_map(|(mark, rules)| rules.iter().map(move |rule| format!("{mark} {}  {}\n", rule.place, rule.text)));
        let rules: Vec<String> = rules.collect();
        let _ = write!(text, "{}\n</details>\n", fenced(&rules.concat(), "diff"));
    }
    for declaration in &found.declarations {
        let _ = write!(text, "\n- all requests to `{}`: {} changed\n", declaration.name, declaration.what.join(", "));
    }
    let open = open(found);
    if !open.is_empty() {
        let _ = write!(text, "\n> may differ elsewhere:\n> - {}\n", open.join("\n> - "));
    }
    text
}

/// Text in a fence that is longer than any in it (`CommonMark` section 4.5).
fn fenced(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}{fence}\n")
}

/// Text that is neither HTML nor Markdown: a path is in no place to make links or call people.
fn html(text: &str) -> String {
    let entity = |sign: char| match sign {
        '&' | '<' | '>' | '[' | ']' | '(' | ')' | '@' | '*' | '_' | '`' | '~' | '#' | '!' | ':' | '\\' | '|' => {
            format!("&#{};", u32::from(sign))
        }
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}
