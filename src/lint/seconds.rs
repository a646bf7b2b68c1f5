//! Times in header fields that are no whole number of seconds: `max-age=600.000`, `Retry-After: 10m`.
//!
//! A lifetime is written in digits alone (RFC 9111 section 1.2.2), and so are other times of fields. What is no such number is
//! taken for zero, or not taken at all.

use http::HeaderName;

use super::field_list::written;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::Type;
use crate::lang::source::{SourceMap, Span};

/// Fields that are a number of seconds.
const NUMBERS: [&str; 3] = ["age", "retry-after", "access-control-max-age"];
/// Fields that hold numbers of seconds by names.
const LISTS: [&str; 6] =
    ["cache-control", "cdn-cache-control", "surrogate-control", "strict-transport-security", "keep-alive", "alt-svc"];
/// The names in these that seconds stand behind.
const NAMES: [&str; 8] =
    ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error", "max-stale", "min-fresh", "ma", "timeout"];
/// What people write behind a number for a time.
const UNITS: [&str; 16] =
    ["ms", "s", "sec", "secs", "second", "seconds", "m", "min", "minutes", "h", "hour", "hours", "d", "days", "w", "y"];

const LABEL: &str = "no number of seconds";

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        if let Some((name, value)) = written(statement) {
            of_field(name, value, sources, &mut found);
        }
    }
    found
}

fn of_field(name: &HeaderName, value: &Expression, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    match &value.kind {
        ExpressionKind::Choose(_, values) | ExpressionKind::Fallback(values) => {
            for value in values {
                of_field(name, value, sources, found);
            }
        }
        ExpressionKind::Bind(_, _, value) => of_field(name, value, sources, found),
        _ if NUMBERS.contains(&name.as_str()) => found.extend(not_seconds(value, value.span, sources)),
        ExpressionKind::Concat(parts) if LISTS.contains(&name.as_str()) => listed(parts, sources, found),
        _ if LISTS.contains(&name.as_str()) => listed(std::slice::from_ref(value), sources, found),
        _ => {}
    }
}

/// Those behind a name, within texts and between them.
fn listed(parts: &[Expression], sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    let mut is_awaited = false;
    for part in parts {
        let ExpressionKind::Text(text) = &part.kind else {
            found.extend(not_seconds(part, part.span, sources).filter(|_| is_awaited));
            is_awaited = false;
            continue;
        };
        let text = String::from_utf8_lossy(text);
        let pairs = text.split([',', ';']).filter_map(|member| member.split_once('='));
        let mut pairs = pairs.filter(|(name, _)| NAMES.contains(&name.trim().to_ascii_lowercase().as_str()));
        let times = pairs.clone().map(|(_, time)| time.trim().trim_matches('"')).filter(|time| is_time(time));
        found.extend(times.map(|time| finding(part.span, time, of_text(time))));
        is_awaited =
            text.trim_end().ends_with('=') && pairs.next_back().is_some_and(|(_, time)| time.trim().is_empty());
    }
}

/// A value that is a time, and not written as a number of seconds.
fn not_seconds(value: &Expression, place: Span, sources: &SourceMap) -> Option<Diagnostic> {
    match &value.kind {
        ExpressionKind::Text(text) => {
            let text = std::str::from_utf8(text).ok().filter(|text| is_time(text))?;
            Some(finding(place, text, of_text(text)))
        }
        ExpressionKind::ToText(inner) if inner.ty == Type::Duration => {
            let written = sources.text(inner.span);
            let help = format!("write `std.integer(duration: {written})`");
            let message = "a time stands in a field as whole seconds, and a duration has three decimals: `60.000`";
            Some(Diagnostic::new(Code::W0708, place, message).label(LABEL).help(help))
        }
        _ => None,
    }
}

/// Whether it is a number with a fraction, or with a unit.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).unwrap_or_default();
    let is_fraction =
        rest.strip_prefix('.').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()));
    digits > 0 && (is_fraction || UNITS.contains(&rest.trim().to_ascii_lowercase().as_str()))
}

/// What to write for a constant.
fn of_text(time: &str) -> Option<String> {
    let (whole, fraction) = time.split_once('.')?;
    fraction.bytes().all(|digit| digit == b'0').then(|| format!("write `{whole}`"))
}

fn finding(place: Span, written: &str, help: Option<String>) -> Diagnostic {
    let message = format!("a time stands in a field as whole seconds, and not as `{written}`");
    let help = help.unwrap_or_else(|| "write the seconds alone, such as `600` for ten minutes".to_owned());
    Diagnostic::new(Code::W0708, place, message).label(LABEL).help(help)
}
