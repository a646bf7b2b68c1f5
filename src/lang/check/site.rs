//! Sites: the hosts that they are for, and the policies that stand in their files.
//!
//! The policy of a site is checked as if it were alone: it knows nothing of the one that declares it, nor of its
//! neighbours. A file that several sites have is checked once, so that a mistake in it is told once.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::sync::Arc;

use super::assemble::{Assembled, SiteFile, assemble_site};
use super::context::check_policy;
use super::findings::Findings;
use super::{Files, Options};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Hir, HostPattern, Site};
use crate::lang::source::{SourceMap, Span};
use crate::lang::syntax::ast::Name;

/// The longest name that DNS has (RFC 1035 section 2.3.4), and the longest part between dots.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The sites that a policy declares, and what is found in their files.
pub(super) fn sites(root: &Assembled, files: &dyn Files, sources: &mut SourceMap) -> (Vec<Site>, Vec<Diagnostic>) {
    let declared = Findings::default();
    let hosts = hosts(&root.sites, &declared);
    let mut diagnostics = declared.into_sorted();
    let mut checked: HashMap<&str, Arc<Hir>> = HashMap::new();
    let mut sites = Vec::with_capacity(root.sites.len());
    for (SiteFile { declared, name }, hosts) in root.sites.iter().zip(hosts) {
        let policy = checked.entry(name).or_insert_with(|| {
            let (hir, found) = policy(name, declared.path.span, files, sources);
            diagnostics.extend(found);
            Arc::new(hir)
        });
        sites.push(Site { hosts, file: name.clone(), policy: Arc::clone(policy), span: declared.span });
    }
    (sites, diagnostics)
}

/// The policy of a site, as far as it makes sense.
fn policy(name: &str, from: Span, files: &dyn Files, sources: &mut SourceMap) -> (Hir, Vec<Diagnostic>) {
    let findings = Findings::default();
    let assembled = assemble_site(name, from, files, sources, &findings);
    let hir = check_policy(&assembled, sources, files, &findings, &Options::default());
    assembled.discard();
    (hir, findings.into_sorted())
}

/// The hosts of each site. What is no host, or has been named before, is left out.
fn hosts(sites: &[SiteFile], findings: &Findings) -> Vec<Vec<HostPattern>> {
    let mut named = HashMap::new();
    let mut of_site = |site: &SiteFile| {
        let hosts = site.declared.hosts.iter().filter_map(|host| named_once(host, &mut named, findings));
        hosts.collect()
    };
    sites.iter().map(&mut of_site).collect()
}

fn named_once(host: &Name, named: &mut HashMap<HostPattern, Span>, findings: &Findings) -> Option<HostPattern> {
    let pattern = match pattern(&host.text) {
        Ok(pattern) => pattern,
        Err(Complaint { message, help }) => {
            findings.report(Diagnostic::new(Code::E0250, host.span, message).help(help));
            return None;
        }
    };
    let Some(first) = named.get(&pattern) else {
        named.insert(pattern.clone(), host.span);
        return Some(pattern);
    };
    let finding = Diagnostic::new(Code::E0251, host.span, format!("`{pattern}` has a site already"))
        .label("named again")
        .context(*first, "named here first")
        .help("a request has one policy: leave the host out in one of the two places");
    findings.report(finding);
    None
}

/// Why a text is no host, and what to write.
struct Complaint {
    message: String,
    help: String,
}

fn complaint(message: impl Into<String>, help: impl Into<String>) -> Complaint {
    Complaint { message: message.into(), help: help.into() }
}

/// The host that a text stands for, compared as `req.host` is: whatever its case, and with or without a dot at its end.
fn pattern(text: &str) -> Result<HostPattern, Complaint> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let (name, is_wildcard) = match name.strip_prefix("*.") {
        Some(name) => (name.to_owned(), true),
        None => (name, false),
    };
    match wrong(&name, is_wildcard) {
        Some(complaint) => Err(complaint),
        None => Ok(HostPattern { name, is_wildcard }),
    }
}

fn wrong(name: &str, is_wildcard: bool) -> Option<Complaint> {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if address.is_some_and(|address| !is_wildcard && address.parse::<Ipv6Addr>().is_ok()) {
        return None;
    }
    if name.is_empty() {
        return Some(complaint("this names no host", "write a name, such as \"example.com\" or \"*.example.com\""));
    }
    if name == "*" {
        let help = "leave it out: what no site is for is answered by this policy itself";
        return Some(complaint("a site is not for all hosts", help));
    }
    if let Some((scheme, rest)) = name.split_once("://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        return Some(complaint(format!("a host has no `{scheme}://`"), format!("write the name alone: \"{host}\"")));
    }
    if let Some((host, _)) = name.split_once('/') {
        return Some(complaint("a host has no path", format!("write the name alone: \"{host}\"")));
    }
    if name.contains('*') {
        let help = "write `*.` in front of a name, and nowhere else: \"*.example.com\"";
        return Some(complaint("only what stands in front of a name can be left open", help));
    }
    if name.parse::<Ipv6Addr>().is_ok() {
        return Some(complaint("an IPv6 address stands in brackets in a `Host`", format!("write \"[{name}]\"")));
    }
    if let Some((host, port)) = name.split_once(':') {
        let message = format!("the port `{port}` does not belong to the host");
        return Some(complaint(message, format!("write \"{host}\": it is meant whatever the port")));
    }
    if !name.is_ascii() {
        let help = "write it as browsers send it, with `xn--` in front";
        return Some(complaint("a host is sent in ASCII", help));
    }
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if name.len() <= LONGEST_NAME && name.split('.').all(is_label) {
        return None;
    }
    Some(complaint(format!("`{name}` is no host"), "write a name, such as \"example.com\" or \"*.example.com\""))
}

#[cfg(test)]
mod tests {
    use super::pattern;

    fn read(text: &str) -> Option<String> {
        pattern(text).ok().map(|pattern| pattern.to_string())
    }

    #[test]
    fn a_host_is_a_name_or_an_address_or_all_names_below_one() {
        for (text, host) in [
            ("example.com", "example.com"),
            ("WWW.Example.COM.", "www.example.com"),
            ("*.example.com", "*.example.com"),
            ("*.com", "*.com"),
            ("localhost", "localhost"),
            ("my_host-1", "my_host-1"),
            ("192.0.2.1", "192.0.2.1"),
            ("[::1]", "[::1]"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
        ] {
            assert_eq!(read(text).as_deref(), Some(host), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let (long, label) = ("a.".repeat(127) + "b", "a".repeat(64));
        for text in [
            "",
            ".",
            "*",
            "*.",
            "*.*.com",
            "www.*.com",
            "*example.com",
            "example.com:80",
            "http://example.com",
            "example.com/x",
            "::1",
            "[::1",
            "*.[::1]",
            "a..b",
            ".a",
            "a b",
            "müller.example",
            &long,
            &label,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
