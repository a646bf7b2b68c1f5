//! Access lists: addresses, masks, duplicates.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::context::Context;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Acl, AclEntry, Name};

/// The networks of an acl.
pub(super) fn acl(cx: &Context, written: &Acl) -> hir::Acl {
    let mut seen: HashMap<IpNet, (bool, Span)> = HashMap::new();
    let mut entries = Vec::with_capacity(written.entries.len());
    let mut hosts = Vec::new();
    written.flags.iter().for_each(|flag| cx.findings.report(flagged(*flag)));
    for entry in &written.entries {
        if is_host(&entry.address.text) {
            hosts.extend(host(cx, entry));
            continue;
        }
        let Some(net) = network(cx, entry) else { continue };
        if let Some(first) = seen.insert(net, (entry.negated, entry.span)) {
            seen.insert(net, first);
            cx.findings.report(repeated(entry, net, first));
            continue;
        }
        entries.push((net, entry.negated));
    }
    hir::Acl { name: written.name.text.to_string(), entries, hosts, span: written.name.span }
}

/// `acl office -pedantic { … }`
fn flagged(flag: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, flag, "an acl has no flags")
        .help("leave them out: every entry is checked, and what is in an acl twice is told")
        .fix(Fix::replace("remove it", flag, ""))
}

/// Whether a text is meant for the name of a host.
fn is_host(text: &str) -> bool {
    let looks_like_name = text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains([':', '/']);
    looks_like_name && text.parse::<IpAddr>().is_err()
}

/// The host of an entry.
fn host(cx: &Context, entry: &AclEntry) -> Option<hir::AclHost> {
    let Name { text, span } = &entry.address;
    if !is_host_name(text) {
        let message = format!("`{text}` cannot be the name of a host");
        cx.findings.report(
            Diagnostic::new(Code::E0607, *span, message)
                .help("write a name such as \"office.example.com\", or an address"),
        );
        return None;
    }
    let prefix = match &entry.mask {
        None => None,
        Some(mask) => {
            let Some(length) = mask.text.parse().ok().filter(|length| *length <= 128) else {
                let message = format!("`/{}` is too long a mask for any address", mask.text);
                let help = "write a number from 0 to 32 for IPv4, up to 128 for IPv6";
                cx.findings.report(Diagnostic::new(Code::E0608, mask.span, message).help(help));
                return None;
            };
            Some(length)
        }
    };
    let (negated, optional) = (entry.negated, entry.optional);
    Some(hir::AclHost { name: text.to_string(), prefix, negated, optional, span: *span })
}

/// Labels of letters, digits, `-` and `_`, with dots between them (RFC 1123 section 2.1).
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

/// The network of an entry, host bits cleared.
fn network(cx: &Context, entry: &AclEntry) -> Option<IpNet> {
    let address = &entry.address;
    let Ok(parsed) = address.text.parse::<IpAddr>() else {
        cx.findings.report(not_an_address(address));
        return None;
    };
    let longest = if parsed.is_ipv4() { 32 } else { 128 };
    let Some(length) = prefix_length(entry.mask.as_ref(), longest) else {
        cx.findings.report(bad_mask(entry, parsed, longest));
        return None;
    };
    let net = IpNet::new(parsed, length).ok()?;
    if net.addr() != net.network() {
        cx.findings.report(host_bits(entry, net.trunc()));
    }
    Some(of_clients(net.trunc()))
}

/// The network as clients are known by it: an address of IPv4 in the form of IPv6 (RFC 4291 section 2.5.5.2) is the one of
/// IPv4.
fn of_clients(net: IpNet) -> IpNet {
    let mapped = match (net.addr().to_canonical(), net.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(length)) if net.max_prefix_len() == 128 => Ipv4Net::new(address, length).ok(),
        _ => None,
    };
    mapped.map_or(net, IpNet::V4)
}

fn prefix_length(mask: Option<&Name>, longest: u8) -> Option<u8> {
    let Some(mask) = mask else { return Some(longest) };
    mask.text.parse().ok().filter(|length| *length <= longest)
}

fn bad_mask(entry: &AclEntry, address: IpAddr, longest: u8) -> Diagnostic {
    let (text, span) = entry.mask.as_ref().map_or(("", entry.span), |mask| (mask.text.as_str(), mask.span));
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    Diagnostic::new(Code::E0608, span, format!("`/{text}` is too long a mask for an {family} address"))
        .help(format!("write a number from 0 to {longest}"))
}

/// What stands where an address should: a network in one pair of quotes, or nonsense.
fn not_an_address(address: &Name) -> Diagnostic {
    let text = address.text.as_str();
    if let Some((before, after)) = text.split_once('/')
        && before.parse::<IpAddr>().is_ok()
    {
        let written = format!("\"{before}\"/{after}");
        return Diagnostic::new(Code::E0606, address.span, "the mask stands behind the quotes")
            .help(format!("write `{written}`"))
            .fix(Fix::replace(format!("write `{written}`"), address.span, written));
    }
    Diagnostic::new(Code::E0606, address.span, format!("`{text}` is not an IP address"))
        .help("write an address such as \"192.0.2.0\" or \"2001:db8::\"")
}

fn host_bits(entry: &AclEntry, net: IpNet) -> Diagnostic {
    let written = format!("\"{}\"", net.addr());
    let message = format!("`{}` has bits behind its mask of /{}", entry.address.text, net.prefix_len());
    let finding = Diagnostic::new(Code::W0609, entry.address.span, message)
        .help(format!("the network is {net}: write `{written}/{}`", net.prefix_len()));
    finding.fix(Fix::replace(format!("write `{written}`"), entry.address.span, written))
}

fn repeated(entry: &AclEntry, net: IpNet, (negated, first): (bool, Span)) -> Diagnostic {
    if negated != entry.negated {
        return Diagnostic::new(Code::E0611, entry.span, format!("{net} is both in the acl and excluded from it"))
            .context(first, "the other entry")
            .help("remove one of the two");
    }
    let edits = vec![Edit { span: entry.span, text: String::new() }];
    Diagnostic::new(Code::W0610, entry.span, format!("{net} is in the acl already"))
        .context(first, "here")
        .help("remove this entry")
        .fix(Fix { title: "remove the entry".to_owned(), edits, safety: Safety::Safe })
}
