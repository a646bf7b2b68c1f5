//! Access lists: addresses, masks, duplicates.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::context::Context;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Acl, AclEntry, Name};

/// The networks of an acl.
pub(super) fn acl(cx: &Context, written: &Acl) -> hir::Acl {
    let mut seen: HashMap<IpNet, (bool, Span)> = HashMap::new();
    let mut entries = Vec::with_capacity(written.entries.len());
    for entry in &written.entries {
        let Some(net) = network(cx, entry) else { continue };
        if let Some(first) = seen.insert(net, (entry.negated, entry.span)) {
            seen.insert(net, first);
            cx.findings.report(repeated(entry, net, first));
            continue;
        }
        entries.push((net, entry.negated));
    }
    hir::Acl { name: written.name.text.clone(), entries, span: written.name.span }
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
    Some(net.trunc())
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

/// What stands where an address should: a network in one pair of quotes, a name, or nonsense.
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
    let looks_like_name = text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains(':');
    if looks_like_name {
        return Diagnostic::new(Code::E0607, address.span, format!("`{text}` is a name"))
            .help("names in acls are not supported in this version: write addresses");
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
