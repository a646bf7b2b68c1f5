//! Files of tables: a JSON object, or CSV with a key and a value in each line (RFC 4180).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::context::{Context, number};
use super::table::Entry;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{BackendId, Datum};
use crate::lang::schema::{BYTE_UNITS, DURATION_UNITS, Type, Unit};
use crate::lang::source::{FileId, Span};

/// A key and its value as they stand in the file.
struct Found<'t> {
    key: Cow<'t, str>,
    value: Cow<'t, str>,
    /// Whether the value is text: always in CSV, in JSON if it is quoted.
    is_text: Option<bool>,
    start: usize,
    end: usize,
}

/// U+FEFF, the mark of the byte order (RFC 3629 section 6).
const MARK: char = '\u{feff}';

/// The entries of a file, values of type `ty`. What is wrong is reported with its line.
pub(super) fn entries(cx: &Context, file: FileId, ty: Type) -> Vec<Entry> {
    let Some(source) = cx.sources.get(file) else { return Vec::new() };
    // Spreadsheets put a mark of the byte order in front, which is no part of the first key.
    let (text, skipped) = source.text().strip_prefix(MARK).map_or((source.text(), 0), |text| (text, MARK.len_utf8()));
    let is_csv = source.name().to_ascii_lowercase().ends_with(".csv");
    let read = if is_csv { csv(text) } else { json(text) };
    for (at, message) in read.mistakes {
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0) + skipped;
        let what =
            if is_csv { "CSV: a key, a comma, a value and the end of the line in each line" } else { "a JSON object" };
        let finding = Diagnostic::new(Code::E0347, Span::new(file, at..at), message);
        cx.findings.report(finding.help(format!("the file has to be {what}")));
    }
    let moved = |found: Found<'_>| {
        let found = Found { start: found.start + skipped, end: found.end + skipped, ..found };
        entry(cx, file, ty, &found)
    };
    read.found.into_iter().filter_map(moved).collect()
}

fn entry(cx: &Context, file: FileId, ty: Type, found: &Found<'_>) -> Option<Entry> {
    let span = Span::new(file, found.start..found.end);
    let quoted = matches!(ty, Type::String | Type::Duration | Type::Bytes | Type::Ip | Type::Backend);
    let datum = if found.is_text.is_none_or(|is_text| is_text == quoted) { datum(cx, ty, &found.value) } else { None };
    if datum.is_none() {
        let message = format!("the value of `{}` is not {}", found.key, ty.in_words());
        let finding = Diagnostic::new(Code::E0347, span, message);
        cx.findings.report(finding.help(format!("write {}", spelling(ty))));
    }
    Some((found.key.as_bytes().into(), datum?, span))
}

fn spelling(ty: Type) -> &'static str {
    match ty {
        Type::Int => "a whole number: 60",
        Type::Real => "a number: 0.5",
        Type::Bool => "true or false",
        Type::Duration => "a number with its unit, in JSON as a text: \"10s\"",
        Type::Bytes => "a number with its unit, in JSON as a text: \"64KB\"",
        Type::Ip => "an address, in JSON as a text: \"192.0.2.1\"",
        Type::Backend => "the name of a backend, in JSON as a text",
        _ => "a text, in JSON in quotes",
    }
}

fn datum(cx: &Context, ty: Type, text: &str) -> Option<Datum> {
    Some(match ty {
        Type::String => Datum::Text(text.as_bytes().into()),
        Type::Int => Datum::Int(text.parse().ok()?),
        Type::Real => Datum::Real(text.parse().ok().filter(|number: &f64| number.is_finite())?),
        Type::Bool => Datum::Bool(text.parse().ok()?),
        Type::Duration => Datum::Duration(measured(text, DURATION_UNITS)?),
        Type::Bytes => Datum::Bytes(measured(text, BYTE_UNITS)?),
        Type::Ip => Datum::Ip(text.parse().ok()?),
        Type::Backend if text == "none" => Datum::Backend(None),
        Type::Backend => Datum::Backend(Some(BackendId(number(cx.names.backends.refer(text)?)))),
        _ => return None,
    })
}

/// A whole number with a unit.
fn measured(text: &str, units: &[Unit]) -> Option<i64> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let factor = units.iter().find(|known| known.name == unit)?.factor;
    digits.parse::<i64>().ok()?.checked_mul(i64::try_from(factor).ok()?)
}

/// What is no row, and from which place on.
type Mistake = (usize, String);

/// What was read of a file.
#[derive(Default)]
struct Read<'t> {
    found: Vec<Found<'t>>,
    mistakes: Vec<Mistake>,
}

impl Read<'_> {
    fn mistake(at: usize, message: &str) -> Self {
        Self { found: Vec::new(), mistakes: vec![(at, message.to_owned())] }
    }
}

fn json(text: &str) -> Read<'_> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let entries = deserializer.deserialize_map(Entries { text });
    let entries = entries.and_then(|entries| deserializer.end().map(|()| entries));
    match entries {
        Ok(found) => Read { found, mistakes: Vec::new() },
        Err(error) => json_mistake(text, &error),
    }
}

fn json_mistake<'t>(text: &str, error: &serde_json::Error) -> Read<'t> {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
    // Where it is, the place of the finding says.
    let what = error.to_string();
    // What was found instead of an object would be shown as it is.
    let what = if error.is_data() { "expected an object" } else { what.split(" at line ").next().unwrap_or_default() };
    let at = lines.sum::<usize>() + error.column().saturating_sub(1);
    Read::mistake(at, &format!("this is not the JSON of a table: {what}"))
}

/// Reads an object with the places of its values.
struct Entries<'t> {
    text: &'t str,
}

impl<'t> Visitor<'t> for Entries<'t> {
    type Value = Vec<Found<'t>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((key, raw)) = map.next_entry::<String, &'t RawValue>()? {
            let raw = raw.get();
            let start = raw.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
            let text: Option<String> = serde_json::from_str(raw).ok();
            let is_text = Some(text.is_some());
            let value = text.map_or(Cow::Borrowed(raw), Cow::Owned);
            found.push(Found { key: Cow::Owned(key), value, is_text, start, end: start + raw.len() });
        }
        Ok(found)
    }
}

/// Each line has an end, the last one too: what has none is taken for the beginning of a file that is being written, and so
/// is a file without a byte. A table of which a part is missing would let through what the whole one does not.
fn csv(text: &str) -> Read<'_> {
    if text.is_empty() {
        return Read::mistake(0, "the file is empty; a table without rows is a file with one empty line");
    }
    if !text.ends_with('\n') {
        return Read::mistake(text.len(), "the last line has no end: the file may be half written");
    }
    let mut read = Read::default();
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(line_end) = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n")) {
            at = text.len() - line_end.len();
            continue;
        }
        at = match row(text, at) {
            Ok(found) => {
                let end = found.end;
                read.found.push(found);
                end
            }
            Err(mistake) => {
                let line_end = text.get(mistake.0..).and_then(|rest| rest.find('\n'));
                let end = line_end.map_or(text.len(), |line_end| mistake.0 + line_end);
                read.mistakes.push(mistake);
                end
            }
        };
    }
    read
}

/// The row that starts at `at`.
fn row(text: &str, at: usize) -> Result<Found<'_>, Mistake> {
    let (key, behind_key) = field(text, at)?;
    if text.as_bytes().get(behind_key) != Some(&b',') {
        return Err((behind_key, "a comma and a value are missing here".to_owned()));
    }
    let (value, end) = field(text, behind_key + 1)?;
    if text.as_bytes().get(end) == Some(&b',') {
        return Err((end, "this line has more than a key and a value".to_owned()));
    }
    Ok(Found { key, value, is_text: None, start: at, end })
}

/// A field that starts at `at`, and where it ends.
fn field(text: &str, at: usize) -> Result<(Cow<'_, str>, usize), Mistake> {
    let rest = text.get(at..).unwrap_or_default();
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
        return Ok((Cow::Borrowed(rest.get(..end).unwrap_or_default()), at + end));
    };
    let (mut value, mut left) = (String::new(), quoted);
    loop {
        let Some(quote) = left.find('"') else { return Err((at, "this text is not closed".to_owned())) };
        value.push_str(left.get(..quote).unwrap_or_default());
        left = left.get(quote + 1..).unwrap_or_default();
        match left.strip_prefix('"') {
            Some(more) => left = more,
            None => break,
        }
        value.push('"');
    }
    let end = text.len() - left.len();
    match left.chars().next() {
        None | Some(',' | '\n' | '\r') => Ok((Cow::Owned(value), end)),
        Some(_) => Err((end, "a comma or the end of the line is missing here".to_owned())),
    }
}
