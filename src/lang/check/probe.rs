//! Probes: how a backend's health is found out.

use std::ops::RangeInclusive;

use super::attribute::Attributes;
use super::context::Context;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{HttpProbe, Probe, ProbeKind};
use crate::lang::schema::PROBE_ATTRIBUTES;
use crate::lang::source::Span;
use crate::lang::syntax::ast::AttributeBlock;

/// What means something only to a probe that asks for something.
const HTTP_PARTS: [&str; 4] = ["url", "request", "expected_response", "expect_close"];

/// The statuses of HTTP, and those that a status line has room for.
const STATUSES: RangeInclusive<i64> = 100..=999;

/// The probes with a name, in order of declaration.
pub(super) fn named<'a>(cx: &Context<'a>) -> Vec<(&'a str, Probe)> {
    cx.names.probes.iter().map(|entry| (entry.name.text.as_str(), probe(cx, entry.item))).collect()
}

/// The probe that a block describes.
pub(super) fn probe(cx: &Context, block: &AttributeBlock) -> Probe {
    let written = block.attributes.as_deref().unwrap_or_default();
    let attributes = Attributes::new(cx, written, PROBE_ATTRIBUTES, "probe");
    let window = attributes.number("window", 1..=64);
    let threshold = within_window(&attributes, "threshold", window).unwrap_or(3.min(window));
    let initial = within_window(&attributes, "initial", window).unwrap_or((threshold - 1).max(0));
    Probe {
        kind: kind(&attributes),
        timeout: attributes.duration("timeout"),
        interval: attributes.duration("interval"),
        window: small(window),
        threshold: small(threshold),
        initial: small(initial),
    }
}

/// A number of probes out of the last `window`; `None` if it is left out or wrong.
fn within_window(attributes: &Attributes, name: &str, window: i64) -> Option<i64> {
    let (number, span) = attributes.number_at(name, 0..=64)?;
    if number <= window {
        return Some(number);
    }
    let help = format!("write a number up to {window}, or a larger `.window`");
    attributes.refuse(span, format!("`.{name}` is {number}, but only {window} probes are looked at"), help);
    None
}

fn kind(attributes: &Attributes) -> ProbeKind {
    let word = attributes.word("kind");
    let kind = match word {
        "tcp" => ProbeKind::Tcp,
        "tls" => ProbeKind::Tls,
        _ => return ProbeKind::Http(http(attributes)),
    };
    for part in HTTP_PARTS.iter().filter_map(|name| attributes.given(name)) {
        let message = format!("a probe of kind `{word}` has no `.{}`: it asks for nothing", part.name.text);
        attributes.refuse(part.span, message, "remove this line, or write `.kind = http;`");
    }
    kind
}

fn http(attributes: &Attributes) -> HttpProbe {
    let expect_close = attributes.truth("expect_close");
    let lines = lines(attributes, expect_close);
    let url = match lines.first().and_then(|line| request_target(line)) {
        Some(target) => target.to_owned(),
        None => url(attributes),
    };
    HttpProbe { url, lines, expected: expected(attributes), expect_close }
}

/// What a probe asks for: a path.
fn url(attributes: &Attributes) -> String {
    let Some((url, span)) = attributes.text("url") else { return String::new() };
    if let Some(span) = span
        && !(url.starts_with('/') && url.chars().all(|c| c.is_ascii_graphic()))
    {
        attributes.refuse(span, "a probe asks for a path", "write a path that starts with `/`");
    }
    url
}

/// The head of a request that is written out, each line without its end.
fn lines(attributes: &Attributes, expect_close: bool) -> Vec<String> {
    let Some((lines, span)) = attributes.texts("request", line_complaint) else { return Vec::new() };
    if let Some(url) = attributes.given("url") {
        attributes.refuse(url.span, "`.url` does nothing beside `.request`", "remove one of the two");
    }
    let Some(first) = lines.first() else {
        attributes.refuse(span, "the request is empty", "write its lines, or `.url` in its place");
        return lines;
    };
    if request_target(first).is_none() {
        let message = format!("`{first}` does not start a request");
        attributes.refuse(span, message, "begin with a line such as \"GET / HTTP/1.1\"");
    } else if expect_close && !asks_to_close(&lines) {
        attributes.report(never_closed(span));
    }
    lines
}

/// The target of a request line: `METHOD TARGET HTTP/1.x` (RFC 9112 section 3).
fn request_target(line: &str) -> Option<&str> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let fine = !method.is_empty()
        && !target.is_empty()
        && matches!(version, "HTTP/1.0" | "HTTP/1.1")
        && words.next().is_none();
    fine.then_some(target)
}

/// Whether a server closes the connection after this request (RFC 9112 section 9.3).
fn asks_to_close(lines: &[String]) -> bool {
    let closes = |line: &String| {
        let (name, value) = line.split_once(':')?;
        let close = value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"));
        (name.eq_ignore_ascii_case("connection") && close).then_some(())
    };
    lines.iter().any(|line| closes(line).is_some()) || lines.first().is_some_and(|line| line.ends_with("HTTP/1.0"))
}

fn never_closed(span: Span) -> Diagnostic {
    let message = "the request does not ask for the connection to be closed, which the probe waits for";
    Diagnostic::new(Code::W0665, span, message)
        .help("add \"Connection: close\" to the lines, or write `.expect_close = false;`")
}

fn line_complaint(line: &[u8]) -> Option<&'static str> {
    if line.is_empty() {
        return Some("an empty line would end the request");
    }
    let fine = line.iter().all(|byte| *byte == b'\t' || (b' '..=b'~').contains(byte));
    (!fine).then_some("a line of a request is printable ASCII, without its end")
}

/// The statuses that count as healthy.
fn expected(attributes: &Attributes) -> Vec<RangeInclusive<u16>> {
    let written = attributes.ranges("expected_response");
    let span = written.as_ref().map(|(_, span)| *span);
    let ranges = written.map_or_else(|| alone(attributes.number("expected_response", STATUSES)), |(ranges, _)| ranges);
    for range in &ranges {
        let outside = [range.start(), range.end()].into_iter().find(|status| !STATUSES.contains(status));
        if let (Some(outside), Some(span)) = (outside, span) {
            attributes.refuse(span, format!("no status is {outside}"), "write statuses from 100 to 999");
        }
    }
    if let (true, Some(span)) = (ranges.is_empty(), span) {
        attributes.refuse(span, "no answer would count as healthy", "write a status such as 200");
    }
    let status = |number: i64| u16::try_from(number).unwrap_or_default();
    ranges.into_iter().map(|range| status(*range.start())..=status(*range.end())).collect()
}

fn alone(number: i64) -> Vec<RangeInclusive<i64>> {
    vec![number..=number]
}

fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or_default()
}
