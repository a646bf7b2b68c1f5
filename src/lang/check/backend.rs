//! Backends: their attributes, the probe that applies, the one that the caller brings along.

use std::net::IpAddr;

use super::Options;
use super::attribute::Attributes;
use super::context::Context;
use super::fold::Literal;
use super::names::Entry;
use super::{greeting, probe, tls, unknown};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Backend, BackendAddress, Limit, Place, Probe, ProbeKind};
use crate::lang::schema::BACKEND_ATTRIBUTES;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Attribute, AttributeBlock, AttributeValue, ExpressionKind};

/// The name of the backend that is asked when nothing else is said, and of the probe that applies
/// to every backend without one (VCL 4.1, "vcl-probe").
const DEFAULT: &str = "default";

/// The port of https.
const TLS_PORT: u16 = 443;

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
    let place = match brought {
        Some(address) => Some(Place::Network(address.clone())),
        None if written.is_none() => None,
        None => place(cx, &attributes, entry),
    };
    let host_header = host_header(&attributes);
    let tls = tls::tls(&attributes, place.as_ref(), host_header.as_deref());
    let probe = probe_of(cx, &attributes, probes);
    if let (Some(ProbeKind::Tls), None, Some(_)) = (probe.as_ref().map(|probe| &probe.kind), &tls, &place) {
        let span = attributes.given("probe").map_or(entry.name.span, |attribute| attribute.span);
        let message = format!("a probe of kind `tls` does not go with `{}`, which does not speak TLS", entry.name.text);
        attributes.refuse(span, message, "add `.tls = true;` to the backend, or write `.kind = tcp;` in the probe");
    }
    Backend {
        name: entry.name.text.to_string(),
        tls,
        place,
        host_header,
        connect_timeout: attributes.duration("connect_timeout"),
        first_byte_timeout: attributes.duration("first_byte_timeout"),
        between_bytes_timeout: attributes.duration("between_bytes_timeout"),
        limit: limit(&attributes),
        greeting: greeting::greeting(cx, &attributes, entry.name),
        probe,
        span: entry.name.span,
    }
}

fn place(cx: &Context, attributes: &Attributes, entry: Declared) -> Option<Place> {
    if let Some(path) = attributes.given("path") {
        return socket(attributes, path);
    }
    if let Some(srv) = attributes.given("srv") {
        return service(attributes, srv);
    }
    let port = port(attributes);
    if attributes.given("host").is_none() {
        // What was not understood may be the host.
        if cx.findings.any_within(entry.span) {
            return None;
        }
        let message = format!("the backend `{}` has no `.host`", entry.name.text);
        let help = "add `.host = \"127.0.0.1\";`, or write `none` in place of the block";
        cx.findings.report(Diagnostic::new(Code::E0604, entry.name.span, message).help(help));
        return None;
    }
    let (host, span) = attributes.text("host")?;
    check_host(attributes, &host, span?).then_some(Place::Network(BackendAddress { host, port }))
}

/// A Unix socket. A path that is longer no system takes (`sun_path` of unix(7)).
fn socket(attributes: &Attributes, path: &Attribute) -> Option<Place> {
    const LONGEST: usize = 107;
    refuse_beside(attributes, "path", &["host", "port", "srv"]);
    let (text, span) = attributes.text("path")?;
    let complaint = if text.starts_with('@') {
        "sockets without a path are not supported"
    } else if !text.starts_with('/') {
        "the path of a socket starts with `/`"
    } else if text.len() > LONGEST || text.contains('\0') {
        "no socket can have that path"
    } else {
        return Some(Place::Socket(text));
    };
    attributes.refuse(span.unwrap_or(path.span), complaint, "write the path of a socket, such as \"/run/app.sock\"");
    None
}

/// A service whose hosts and ports are told by SRV records (RFC 2782).
fn service(attributes: &Attributes, written: &Attribute) -> Option<Place> {
    refuse_beside(attributes, "srv", &["host", "port"]);
    let (text, span) = attributes.text("srv")?;
    let name = text.strip_suffix('.').unwrap_or(&text);
    if is_service(name) {
        return Some(Place::Service(name.to_owned()));
    }
    let message = format!("`{text}` is not the name of a service");
    attributes.refuse(span.unwrap_or(written.span), message, "write a name such as \"_http._tcp.example.com\"");
    None
}

/// `_SERVICE._PROTOCOL.DOMAIN` (RFC 2782), or any other name for what is found that way.
fn is_service(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let is_domain = |label: &str| !label.starts_with('_');
    name.len() <= 253 && name.split('.').all(is_label) && name.split('.').any(is_domain)
}

/// Reports what says where the backend is beside the attribute that says so.
fn refuse_beside(attributes: &Attributes, name: &str, others: &[&str]) {
    for other in others.iter().filter_map(|other| attributes.given(other)) {
        let message = format!("a backend with a `.{name}` has no `.{}`", other.name.text);
        attributes.refuse(other.span, message, "remove one of the two");
    }
}

fn limit(attributes: &Attributes) -> Option<Limit> {
    let number = |name| u32::try_from(attributes.number(name, 0..=1_000_000)).unwrap_or_default();
    let (wait_limit, wait_timeout) = (number("wait_limit"), attributes.duration_or_none("wait_timeout"));
    if attributes.given("max_connections").is_none() {
        for name in ["wait_limit", "wait_timeout"] {
            attributes.useless_without(name, "max_connections", "100");
        }
        return None;
    }
    attributes.useless_without("wait_limit", "wait_timeout", "1s");
    attributes.useless_without("wait_timeout", "wait_limit", "100");
    let (max, _) = attributes.number_at("max_connections", 1..=1_000_000)?;
    Some(Limit { max_connections: u32::try_from(max).unwrap_or_default(), wait_limit, wait_timeout })
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
    if attributes.given("port").is_none() {
        let default = || attributes.text("port").and_then(|(text, _)| text.parse().ok()).unwrap_or_default();
        return if attributes.truth("tls") { TLS_PORT } else { default() };
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
        cx.findings.report(unknown::suggest(cx.findings, finding, &name, "the probes", cx.names.probes.names()));
    }
    probe
}
