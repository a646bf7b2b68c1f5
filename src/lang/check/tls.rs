//! How a backend is spoken to by TLS.

use std::net::IpAddr;

use super::attribute::Attributes;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{FileText, Place, Tls};
use crate::lang::source::Span;

/// What means something only beside `.tls = true`.
const PARTS: [&str; 5] = ["sni", "verify", "ca_file", "cert_file", "key_file"];

/// What the attributes say of TLS; `None` if it is not used.
pub(super) fn tls(attributes: &Attributes, place: Option<&Place>, host_header: Option<&str>) -> Option<Tls> {
    if !attributes.truth("tls") {
        let useless = PARTS.iter().filter_map(|name| attributes.given(name));
        for part in useless {
            let message = format!("`.{}` does nothing without TLS", part.name.text);
            attributes.refuse(part.span, message, "add `.tls = true;`, or remove this line");
        }
        return None;
    }
    attributes.useless_without("cert_file", "key_file", "\"client.key\"");
    attributes.useless_without("key_file", "cert_file", "\"client.pem\"");
    let certificates = pem(attributes, "cert_file", "CERTIFICATE");
    let key = pem(attributes, "key_file", "PRIVATE KEY");
    Some(Tls {
        sni: sni(attributes, place, host_header).unwrap_or_default(),
        verify: attributes.truth("verify"),
        ca: pem(attributes, "ca_file", "CERTIFICATE"),
        client: certificates.zip(key),
    })
}

/// The name that the backend has to prove.
fn sni(attributes: &Attributes, place: Option<&Place>, host_header: Option<&str>) -> Option<String> {
    if let Some((text, span)) = attributes.text("sni") {
        if !is_server_name(&text) {
            let message = format!("`{text}` is neither a name nor an address");
            attributes.refuse(span?, message, "write the name that stands in the backend's certificate");
        }
        return Some(text);
    }
    let host = match place {
        Some(Place::Network(address)) => Some(address.host.as_str()),
        Some(Place::Service(name)) => Some(domain(name)),
        _ => None,
    };
    let name = host_header.map(without_port).filter(|name| is_server_name(name)).or(host);
    if let (None, Some(tls)) = (name, attributes.given("tls")) {
        attributes.refuse(tls.span, "which name the backend has to prove is not said", "add `.sni = \"example.com\";`");
    }
    name.map(str::to_owned)
}

/// Who offers a service: RFC 2782 has its certificate bear that name, not those of its hosts.
fn domain(service: &str) -> &str {
    let mut name = service;
    while let Some((_, rest)) = name.split_once('.').filter(|(label, _)| label.starts_with('_')) {
        name = rest;
    }
    name
}

fn without_port(host: &str) -> &str {
    if host.parse::<IpAddr>().is_ok() {
        return host;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
}

/// Whether a text can be the name of a server: an address, or the labels of a name (RFC 6066 section 3).
fn is_server_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(is_label))
}

/// A PEM file (RFC 7468) that holds something of that label.
fn pem(attributes: &Attributes, name: &str, label: &str) -> Option<FileText> {
    let file = attributes.file(name)?;
    let ending = format!("{label}-----");
    let text = String::from_utf8_lossy(&file.bytes);
    if text.lines().any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&ending)) {
        return Some(file);
    }
    attributes.report(without(label, file.span));
    None
}

fn without(label: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0664, span, format!("the file holds no {}", label.to_ascii_lowercase()))
        .help(format!("name a PEM file with a line `-----BEGIN {label}-----`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6066_3_names_of_servers() {
        for name in ["example.com", "a_b.example", "192.0.2.1", "2001:db8::1", "x"] {
            assert!(is_server_name(name), "{name}");
        }
        for text in ["", "a..b", "-a.test", "a b", "https://a.test", "*.test", &"a".repeat(64)] {
            assert!(!is_server_name(text), "{text}");
        }
    }

    #[test]
    fn a_host_header_is_a_name_without_its_port() {
        for (host, name) in [("a.test:8443", "a.test"), ("a.test", "a.test"), ("[::1]:443", "::1"), ("::1", "::1")] {
            assert_eq!(without_port(host), name);
        }
    }
}
