//! Probes: how a backend's health is found out.

use super::attribute::Attributes;
use super::context::Context;
use crate::lang::hir::Probe;
use crate::lang::schema::PROBE_ATTRIBUTES;
use crate::lang::syntax::ast::AttributeBlock;

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
    let expected_response = attributes.number("expected_response", 100..=999);
    Probe {
        url: url(&attributes),
        expected_response: u16::try_from(expected_response).unwrap_or_default(),
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

fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or_default()
}
