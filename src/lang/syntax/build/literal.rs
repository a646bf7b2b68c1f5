//! Numbers with their units, and strings.

use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::schema::{BYTE_UNITS, DURATION_UNITS, Unit};
use crate::lang::source::Span;

use super::super::ast::ExpressionKind;
use super::super::parsed::Node;
use super::Builder;

/// What is between the quotes of a string literal.
pub(super) fn unquote(literal: &str) -> &str {
    let long = literal.strip_prefix("\"\"\"").and_then(|rest| rest.strip_suffix("\"\"\""));
    long.or_else(|| literal.strip_prefix('"')?.strip_suffix('"')).unwrap_or(literal)
}

impl Builder<'_> {
    /// A number. One that cannot be read is reported and stands as its nearest reading.
    pub(super) fn number(&mut self, node: &Node<'_>) -> ExpressionKind {
        let (text, span) = (node.text(), node.span());
        let digits = text.find(|character: char| character.is_ascii_alphabetic() || character == '_');
        let (digits, suffix) = text.split_at(digits.unwrap_or(text.len()));
        let kind = if suffix.is_empty() { plain(digits) } else { self.with_unit(digits, suffix, span) };
        kind.unwrap_or_else(|| {
            self.diagnostics.push(too_large(text, span));
            ExpressionKind::Int(0)
        })
    }

    fn with_unit(&mut self, digits: &str, suffix: &str, span: Span) -> Option<ExpressionKind> {
        if let Some(unit) = find_unit(suffix) {
            return unit.times(digits);
        }
        if let Some((sum, unit)) = several(digits, suffix) {
            self.diagnostics.push(several_units(&sum, span));
            return unit.times(digits);
        }
        let meant = meant_unit(suffix);
        self.diagnostics.push(unknown_unit(digits, suffix, meant, span));
        meant.and_then(find_unit).map_or_else(|| plain(digits), |unit| unit.times(digits))
    }
}

fn plain(digits: &str) -> Option<ExpressionKind> {
    if digits.contains('.') {
        digits.parse().ok().map(ExpressionKind::Real)
    } else {
        digits.parse().ok().map(ExpressionKind::Int)
    }
}

/// A unit's factor, and what a number with it is.
struct Measure {
    factor: u64,
    kind: fn(i64) -> ExpressionKind,
}

impl Measure {
    /// `None` if the number is too large.
    fn times(&self, digits: &str) -> Option<ExpressionKind> {
        multiply(digits, self.factor).map(self.kind)
    }
}

/// `1h30m` with a sign between the parts, and the first unit.
fn several(digits: &str, suffix: &str) -> Option<(String, Measure)> {
    let unit = suffix.get(..suffix.find(|character: char| character.is_ascii_digit())?)?;
    let (mut sum, mut in_unit) = (digits.to_owned(), false);
    for character in suffix.chars() {
        if in_unit && character.is_ascii_digit() {
            sum.push_str(" + ");
        }
        in_unit = !character.is_ascii_digit();
        sum.push(character);
    }
    Some((sum, find_unit(unit)?))
}

fn several_units(sum: &str, span: Span) -> Diagnostic {
    let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("write `{sum}`"), span, sum) };
    Diagnostic::new(Code::E0114, span, "a number has one unit")
        .label("several of them")
        .help(format!("write `{sum}`"))
        .fix(fix)
}

fn find_unit(suffix: &str) -> Option<Measure> {
    let factor = |units: &[Unit]| units.iter().find(|unit| unit.name == suffix).map(|unit| unit.factor);
    let duration = factor(DURATION_UNITS).map(|factor| Measure { factor, kind: ExpressionKind::Duration });
    duration.or_else(|| factor(BYTE_UNITS).map(|factor| Measure { factor, kind: ExpressionKind::Bytes }))
}

/// `digits` times `factor`, exact, rounded down to whole milliseconds or bytes.
fn multiply(digits: &str, factor: u64) -> Option<i64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: u64 = whole.parse().ok()?;
    // More than twelve decimals cannot change a whole millisecond of a year.
    let fraction = fraction.get(..12).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
    let total = u128::from(whole) * u128::from(factor) + part * u128::from(factor) / scale;
    i64::try_from(total).ok()
}

/// The unit that somebody means who writes `suffix`.
fn meant_unit(suffix: &str) -> Option<&'static str> {
    let lower = suffix.to_ascii_lowercase();
    let same = |unit: &&Unit| unit.name.eq_ignore_ascii_case(suffix);
    if let Some(unit) = DURATION_UNITS.iter().chain(BYTE_UNITS).find(same) {
        return Some(unit.name);
    }
    Some(match lower.as_str() {
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "wk" | "week" | "weeks" => "w",
        "yr" | "year" | "years" => "y",
        "byte" | "bytes" => "B",
        "k" | "kib" | "kbyte" | "kbytes" => "KB",
        "mib" | "mbyte" | "mbytes" | "meg" => "MB",
        "g" | "gib" | "gbyte" | "gbytes" => "GB",
        "t" | "tib" | "tbyte" | "tbytes" => "TB",
        _ => return None,
    })
}

fn unknown_unit(digits: &str, suffix: &str, meant: Option<&str>, span: Span) -> Diagnostic {
    let message = format!("`{suffix}` is not a unit");
    let diagnostic = Diagnostic::new(Code::E0114, span, message).label("this number");
    // A class of statuses: `2xx`.
    if let (1, true) = (digits.len(), suffix.eq_ignore_ascii_case("xx")) {
        return diagnostic.help(format!("for all statuses of a kind, write `in {digits}00..{digits}99`"));
    }
    match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{digits}{meant}`?")).fix(Fix::replace(
            format!("write `{digits}{meant}`"),
            span,
            format!("{digits}{meant}"),
        )),
        None => diagnostic.help("durations end in ms, s, m, h, d, w or y; sizes in B, KB, MB, GB or TB"),
    }
}

fn too_large(text: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0115, span, format!("`{}` is too large", shorten(text)))
        .label("does not fit in 64 bits")
        .help(format!("the largest number is {}", i64::MAX))
}

fn shorten(text: &str) -> String {
    match text.get(..24) {
        Some(start) if text.len() > 24 => format!("{start}…"),
        _ => text.to_owned(),
    }
}
