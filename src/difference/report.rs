//! A difference as text, as JSON and as Markdown. Each is made of sections, so that others can stand beside these.

use std::fmt::Write;

use serde_json::{Value, json};

use super::change::Aspect;
use super::classes::{Also, Class, Difference, strangeness};
use super::counts::InLog;
use super::fired::Fired;
use super::trial::When;
use super::worlds::World;
use crate::lang::schema::written_duration as duration;
use crate::simulate::Case;

/// `1 class changes`, `3 classes change`, or that nothing does; requests of a log may change all the same.
fn summary(found: &Difference, log: Option<&InLog>) -> String {
    let plain = match (found.classes.len(), found.declarations.len()) {
        (0, 0) => "no change".to_owned(),
        (0, 1) => "1 declaration changes".to_owned(),
        (0, many) => format!("{many} declarations change"),
        (1, _) => "1 class of requests changes".to_owned(),
        (many, _) => format!("{many} classes of requests change"),
    };
    match (plain.as_str(), log.is_some_and(|log| log.changed > 0)) {
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
        When::In(world) => format!(" ({})", world.text()),
    }
}

/// So many requests are shown of what a class changes for others.
const MOST_ALSO: usize = 3;

/// What a class changes for others, those first that people know best.
fn also(class: &Class) -> Vec<String> {
    let mut all: Vec<&Also> = class.also.iter().collect();
    all.sort_by_key(|also| strangeness(&also.case));
    let left_out = all.len().saturating_sub(MOST_ALSO);
    let more = (left_out > 0).then(|| format!("… and {left_out} more; `--format json` has them all"));
    all.into_iter().take(MOST_ALSO).map(Also::text).chain(more).collect()
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
            "again": self.when.is_later(),
            "stale": self.when == When::Stale,
            "world": self.when.world().map(World::text),
            "curl": self.case.request.curl("127.0.0.1:8080"),
        })
    }
}

/// Which site it is about, if a policy has several.
fn of_site(site: Option<&str>) -> String {
    site.map(|site| format!(" ({site})")).unwrap_or_default()
}

impl Class {
    /// What it is about: `GET /a`, and the site.
    fn request(&self) -> String {
        let request = &self.case.request;
        format!("{} {}{}", request.method, request.target, of_site(self.site()))
    }

    fn site(&self) -> Option<&str> {
        self.new.site.as_deref().or(self.old.site.as_deref())
    }

    fn json(&self) -> Value {
        let rules = |rules: &[Fired]| -> Vec<Value> {
            rules.iter().map(|rule| json!({ "place": rule.place, "text": rule.text })).collect()
        };
        json!({
            "summary": self.change.to_string(),
            "changes": self.change.aspects().iter().map(aspect).collect::<Vec<_>>(),
            "site": self.site(),
            "request": self.case.request.to_string(),
            "answer": self.case.answer.as_ref().map(ToString::to_string),
            "again": self.when.is_later(),
            "stale": self.when == When::Stale,
            "world": self.when.world().map(World::text),
            "curl": self.case.request.curl("127.0.0.1:8080"),
            "old_rules": rules(&self.old_rules),
            "new_rules": rules(&self.new_rules),
            "also": self.also.iter().map(Also::json).collect::<Vec<_>>(),
        })
    }
}

/// The lines that only one policy carries out. What is done by an `else` tells more than that it is done by one.
fn lines(class: &Class) -> impl Iterator<Item = String> {
    let of = |mark: char, rules: &[Fired]| -> Vec<String> {
        let told = rules.iter().filter(|rule| rule.text.trim_matches(['{', '}', ' ']) != "else" || rules.len() == 1);
        told.map(|rule| format!("{mark} {}  {}", rule.place, rule.text)).collect()
    };
    of('-', &class.old_rules).into_iter().chain(of('+', &class.new_rules))
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

impl InLog {
    /// How many requests belong to the class of that number.
    fn of(&self, class: usize) -> u64 {
        self.of_classes.get(class).copied().unwrap_or(0)
    }

    /// `3 of 5 requests (60.0 %)`
    fn text(&self, class: usize) -> String {
        let requests = self.of(class);
        format!("{requests} of {} requests ({})", self.requests, percent(requests, self.requests))
    }
}

/// Tenths of a percent, rounded.
#[must_use]
pub fn tenths(part: u64, whole: u64) -> u128 {
    let whole = u128::from(whole.max(1));
    (u128::from(part) * 2_000 + whole) / (whole * 2)
}

/// A share: `37.5 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let share = tenths(part, whole);
    format!("{}.{} %", share / 10, share % 10)
}

/// For people, with what requests of a log came to, if there is one.
#[must_use]
pub fn text(found: &Difference, log: Option<&InLog>) -> String {
    let mut text = summary(found, log) + "\n";
    for (number, class) in found.classes.iter().enumerate() {
        let _ = write!(text, "\n{}: {}\n", class.request(), class.change);
        let _ = writeln!(text, "    request  {}{}", class.case.request, told(class.when));
        let _ = writeln!(text, "    answer   {}", answer(&class.case));
        for also in also(class) {
            let _ = writeln!(text, "    also     {also}");
        }
        if let Some(log) = log {
            let _ = writeln!(text, "    log      {}", log.text(number));
        }
        for line in lines(class) {
            let _ = writeln!(text, "  {line}");
        }
    }
    for declaration in &found.declarations {
        let site = of_site(declaration.site.as_deref());
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
pub fn json(found: &Difference, log: Option<&InLog>) -> Value {
    let declarations = found
        .declarations
        .iter()
        .map(|declaration| json!({ "site": declaration.site, "name": declaration.name, "changes": declaration.what }));
    let classes = found.classes.iter().enumerate().map(|(number, class)| {
        let mut told = class.json();
        if let (Some(log), Some(members)) = (log, told.as_object_mut()) {
            members.insert("requests".to_owned(), log.of(number).into());
        }
        told
    });
    json!({
        "summary": summary(found, log),
        "classes": classes.collect::<Vec<_>>(),
        "declarations": declarations.collect::<Vec<_>>(),
        "may_differ": found.gave_up,
    })
}

/// A comment on a change.
#[must_use]
pub fn markdown(found: &Difference, log: Option<&InLog>) -> String {
    let mut text = format!("### warp diff: {}\n", summary(found, log));
    for (number, class) in found.classes.iter().enumerate() {
        let in_log = log.map(|log| format!(" – in the log {}", log.text(number))).unwrap_or_default();
        let _ = write!(
            text,
            "\n<details><summary>{}: {}{in_log}</summary>\n\n",
            html(&class.request()),
            html(&class.change.to_string())
        );
        let also: Vec<String> = also(class).into_iter().map(|also| format!("also {also}\n")).collect();
        let request = format!("{}{}\n", class.case.request, told(class.when));
        let shown = format!("{request}{}\n{}", answer(&class.case), also.concat());
        let _ = writeln!(text, "{}", fenced(&shown, ""));
        let lines: Vec<String> = lines(class).map(|line| line + "\n").collect();
        // Where no rule is another one, as where a backend is, there is nothing to show.
        let lines = if lines.is_empty() { String::new() } else { fenced(&lines.concat(), "diff") + "\n" };
        let _ = writeln!(text, "{lines}</details>");
    }
    for declaration in &found.declarations {
        let site = html(&of_site(declaration.site.as_deref()));
        let _ =
            write!(text, "\n- all requests to `{}`{site}: {} changed\n", declaration.name, declaration.what.join(", "));
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
