//! What is declared for hosts, found by the host of a request.

use std::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};

use crate::lang::hir::HostPattern;

/// Places in a list, by hosts and by what hosts end with.
#[derive(Debug, Default)]
pub(super) struct ByHost {
    hosts: HashMap<Host, usize>,
    /// By the name behind `*.`.
    ends: HashMap<Host, usize>,
    /// The length of the longest of either: what is longer need not be looked for.
    longest_bytes: usize,
}

/// A host in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Host(Box<[u8]>);

/// A host as it comes, whatever its case.
struct AnyCase<'h>(&'h [u8]);

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        AnyCase(&self.0).hash(state);
    }
}

impl Hash for AnyCase<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

impl Equivalent<Host> for AnyCase<'_> {
    fn equivalent(&self, host: &Host) -> bool {
        self.0.eq_ignore_ascii_case(&host.0)
    }
}

impl ByHost {
    /// Adds a place; one for the same host is replaced.
    pub(super) fn add(&mut self, host: &HostPattern, place: usize) {
        self.longest_bytes = self.longest_bytes.max(host.name.len());
        let places = if host.is_wildcard { &mut self.ends } else { &mut self.hosts };
        places.insert(Host(host.name.as_bytes().into()), place);
    }

    /// The place for a host, which has neither a port nor a dot at its end; of several that fit the one of the longest.
    ///
    /// Time is that of hashing the host once for each label, of which no more is looked at than the longest that was
    /// added has. Nothing is allocated.
    pub(super) fn find(&self, host: &[u8]) -> Option<usize> {
        let exact = if host.len() <= self.longest_bytes { self.hosts.get(&AnyCase(host)) } else { None };
        exact.or_else(|| self.by_end(host)).copied()
    }

    /// From the longest end to the shortest. Before it there is a label at least.
    fn by_end(&self, host: &[u8]) -> Option<&usize> {
        if self.ends.is_empty() {
            return None;
        }
        let first_dot = host.len().saturating_sub(self.longest_bytes + 1).max(1);
        let dots = memchr::memchr_iter(b'.', host.get(first_dot..)?);
        dots.filter_map(|dot| host.get(first_dot + dot + 1..)).find_map(|end| self.ends.get(&AnyCase(end)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> HostPattern {
        let name = text.strip_prefix("*.");
        HostPattern { name: name.unwrap_or(text).to_owned(), is_wildcard: name.is_some() }
    }

    fn of(hosts: &[&str]) -> ByHost {
        let mut by_host = ByHost::default();
        hosts.iter().enumerate().for_each(|(place, host)| by_host.add(&pattern(host), place));
        by_host
    }

    #[test]
    fn the_longest_that_fits_is_found() {
        let hosts = ["example.com", "*.example.com", "*.shop.example.com", "shop.example.com", "*.com", "localhost"];
        let by_host = of(&hosts);
        let found = |host: &str| by_host.find(host.as_bytes()).map(|place| hosts[place]);
        for (host, expected) in [
            ("example.com", Some("example.com")),
            ("EXAMPLE.com", Some("example.com")),
            ("www.example.com", Some("*.example.com")),
            ("a.b.Example.Com", Some("*.example.com")),
            ("shop.example.com", Some("shop.example.com")),
            ("a.shop.example.com", Some("*.shop.example.com")),
            ("example.org", None),
            ("notexample.com", Some("*.com")),
            ("com", None),
            ("localhost", Some("localhost")),
            ("a.localhost", None),
            ("", None),
        ] {
            assert_eq!(found(host), expected, "{host}");
        }
        assert_eq!(found(&format!("{}.example.com", "a".repeat(300))), Some("*.example.com"));
        assert_eq!(found(".example.com"), Some("*.com"), "an empty label is none");
        assert_eq!(of(&[]).find(b"example.com"), None);
    }

    /// As it is said in the reference.
    fn plainly(hosts: &[String], host: &str) -> Option<usize> {
        let host = host.to_ascii_lowercase();
        let fits = |text: &&(usize, &String)| match text.1.strip_prefix('*') {
            Some(end) => host.strip_suffix(end).is_some_and(|before| !before.is_empty()),
            None => *text.1 == host,
        };
        let numbered: Vec<(usize, &String)> = hosts.iter().enumerate().collect();
        let rank = |text: &&(usize, &String)| (!text.1.starts_with('*'), text.1.len());
        numbered.iter().filter(fits).max_by_key(rank).map(|(place, _)| *place)
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_fits_best(
            hosts in prop::collection::btree_set("(\\*\\.)?[ab]{1,2}(\\.[ab]{1,2}){0,2}", 0..8),
            host in "[abA]{1,2}(\\.[abB]{1,2}){0,4}",
        ) {
            let hosts: Vec<String> = hosts.into_iter().collect();
            let by_host = of(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(by_host.find(host.as_bytes()), plainly(&hosts, &host));
        }
    }
}
