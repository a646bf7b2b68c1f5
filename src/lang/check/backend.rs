//! Backends: their attributes, the probe that applies, the one that the caller brings along.

use std::net::IpAddr;

use super::Options;
use super::attribute::Attributes;
use super::context::Context;
use super::fold::Literal;
use super::names::Entry;
use super::probe;
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Backend, BackendAddress, Probe};
use crate::lang::schema::BACKEND_ATTRIBUTES;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{AttributeBlock, AttributeValue, ExpressionKind};

/// The name of the backend that is asked when nothing else is said, and of the probe that applies
/// to every backend without one (VCL 4.1, "vcl-probe").
const DEFAULT: &str = "default";

type Declared<'e, 'a> = &'e Entry<'a, Option<&'a AttributeBlock>>;

/// All backends in order of declaration.
pub(super) fn backends(cx: &Context, options: &Options) -> Vec<Backend> {
    let probes = probe::named(cx);
    cx.names.backends.iter().map(|entry| backend(cx, entry, &probes, options)).collect()
}

fn backend(cx: &Context, entry: Declared, probes: &[(&str, Probe)], options: &Options) -> Backend {
    let brought = options.default_backend.as_ref().filter(|_| entry.name.text == DEFAULT);
    let written = entry.item.and_then(|block| block.attributes.as_deref());
    let attributes = Attributes::new(cx, written.unwrap_or_default(), BACKEND_ATTRIBUTES, "backend");
    let address = match brought {
        Some(address) => Some(address.clone()),
        None if written.is_none() => None,
        None => address(cx, &attributes, entry),
    };
    Backend {
        name: entry.name.text.clone(),
        address,
        host_header: host_header(&attributes),
        connect_timeout: attributes.duration("connect_timeout"),
        first_byte_timeout: attributes.duration("first_byte_timeout"),
        between_bytes_timeout: attributes.duration("between_bytes_timeout"),
        probe: probe_of(cx, &attributes, probes),
        span: entry.name.span,
    }
}

fn address(cx: &Context, attributes: &Attributes, entry: Declared) -> Option<BackendAddress> {
    let port = port(attributes);
    if attributes.given("host").is_none() {
        let message = format!("the backend `{}` has no `.host`", entry.name.text);
        let help = "add `.host = \"127.0.0.1\";`, or write `none` in place of the block";
        cx.findings.report(Diagnostic::new(Code::E0604, entry.name.span, message).help(help));
        return None;
    }
    let (host, span) = attributes.text("host")?;
    check_host(attributes, &host, span?).then_some(BackendAddress { host, port })
}

/// Whether a host is a name or an address and nothing more.
fn check_host(attributes: &Attributes, host: &str, span: Span) -> bool {
    let complaint = if host.is_empty() {
        Some(("the host is empty".to_owned(), "write a name or an address".to_owned()))
    } else if let Some((scheme, rest)) = host.split_once("://") {
        let name = rest.split(['/', ':']).next().unwrap_or_default();
        Some((format!("a host has no `{scheme}://`"), format!("write the name alone: \"{name}\"")))
    } else if host.parse::<IpAddr>().is_ok() {
        None
    } else if let Some(bare) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(("a host stands without brackets".to_owned(), format!("write \"{bare}\"")))
    } else if let Some((name, port)) = host.split_once(':') {
        Some((
            format!("the port `{port}` does not belong to the host"),
            format!("write `.host = \"{name}\"; .port = \"{port}\";`"),
        ))
    } else if host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        None
    } else {
        Some((format!("`{host}` is neither a name nor an address"), "write a name or an address".to_owned()))
    };
    let fine = complaint.is_none();
    if let Some((message, help)) = complaint {
        attributes.refuse(span, message, help);
    }
    fine
}

/// The port: a number, or the text of one.
fn port(attributes: &Attributes) -> u16 {
    let default = || attributes.text("port").and_then(|(text, _)| text.parse().ok()).unwrap_or_default();
    if attributes.given("port").is_none() {
        return default();
    }
    let Some((literal, span)) = attributes.any_value("port") else { return 0 };
    let text = match &literal {
        Literal::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Literal::Int(number) => number.to_string(),
        other => format!("{} value", other.ty().name()),
    };
    match text.parse::<u16>() {
        // `parse` reads over a sign.
        Ok(port) if port > 0 && !text.starts_with('+') => port,
        _ => {
            attributes.refuse(span, format!("`{text}` is not a port"), "write a number from 1 to 65535");
            0
        }
    }
}

fn host_header(attributes: &Attributes) -> Option<String> {
    let (text, span) = attributes.text("host_header")?;
    let fine = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if !fine {
        attributes.refuse(span?, "this cannot be a `Host`", "write a name, and a port if it has one");
    }
    fine.then_some(text)
}

/// The probe of a backend: its own block, the one it names, else the one named `default`.
fn probe_of(cx: &Context, attributes: &Attributes, probes: &[(&str, Probe)]) -> Option<Probe> {
    let find = |name: &str| {
        cx.names.probes.refer(name)?;
        probes.iter().find(|(known, _)| *known == name).map(|(_, probe)| probe.clone())
    };
    let Some(attribute) = attributes.given("probe") else { return find(DEFAULT) };
    let written = match &attribute.value {
        AttributeValue::Block(block) => return Some(probe::probe(cx, block)),
        AttributeValue::Expression(written) => written,
    };
    let ExpressionKind::Path(path) = &written.kind else {
        attributes.refuse(
            written.span,
            "`.probe` takes the name of a probe, or a block",
            "write `.probe = { .url = \"/\"; };`",
        );
        return None;
    };
    let name = path.text();
    let probe = find(&name);
    if probe.is_none() {
        let finding = Diagnostic::new(Code::E0204, path.span, format!("there is no probe `{name}`"));
        cx.findings.report(unknown::suggest(finding, &name, "the probes", cx.names.probes.names()));
    }
    probe
}
