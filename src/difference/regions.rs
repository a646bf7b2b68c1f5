//! Hosts that are served by the same two policies: by those of sites, or of the root.

use std::sync::Arc;

use crate::analysis::Formula;
use crate::analysis::invariant::of_hosts;
use crate::lang::hir::{Hir, HostPattern};

/// Hosts that have the same two policies.
pub(super) struct Region<'h> {
    pub hosts: Formula,
    pub old: &'h Hir,
    pub new: &'h Hir,
    /// Whether the site that serves them has another name.
    pub moves: bool,
}

/// The regions of all hosts that a site is for in one of the policies, and that of all others.
pub(super) fn regions<'h>(old: &'h Hir, new: &'h Hir) -> Vec<Region<'h>> {
    let mut patterns: Vec<HostPattern> =
        old.sites.iter().chain(&new.sites).flat_map(|site| site.hosts.iter().cloned()).collect();
    patterns.sort_by_key(|pattern| (pattern.is_wildcard, usize::MAX - pattern.name.len(), pattern.name.clone()));
    patterns.dedup();
    let mut regions: Vec<(Vec<HostPattern>, Region<'h>)> = Vec::new();
    for pattern in &patterns {
        let ((before, old), (after, new)) = (serving(old, pattern), serving(new, pattern));
        let is_same = |one: &Region<'_>| std::ptr::eq(one.old, old) && std::ptr::eq(one.new, new);
        let known = regions.iter_mut().find(|(_, region)| is_same(region) && region.moves == (before != after));
        if let Some((hosts, _)) = known {
            hosts.push(pattern.clone());
        } else {
            let region = Region { hosts: Formula::Const(true), old, new, moves: before != after };
            regions.push((vec![pattern.clone()], region));
        }
    }
    let elsewhere = Region { hosts: of_hosts(&patterns).not(), old, new, moves: false };
    let sites = regions.into_iter().map(|(hosts, region)| {
        let hosts = hosts.iter().map(|pattern| most_like(pattern, &patterns));
        Region { hosts: Formula::any(hosts), ..region }
    });
    let sites: Vec<Region<'h>> = sites.collect();
    sites.into_iter().chain([elsewhere]).collect()
}

/// When a host is like a pattern, and like none that is more specific.
fn most_like(pattern: &HostPattern, all: &[HostPattern]) -> Formula {
    let like = of_hosts(std::slice::from_ref(pattern));
    if !pattern.is_wildcard {
        return like;
    }
    let below = format!(".{}", pattern.name);
    let mut others: Vec<HostPattern> = all.iter().filter(|other| other.name.ends_with(&below)).cloned().collect();
    // There is a name in front of the dot.
    others.push(HostPattern { name: below, is_wildcard: false });
    Formula::all([like, of_hosts(&others).not()])
}

/// The site that serves hosts of that pattern, and its policy.
fn serving<'h>(hir: &'h Hir, wanted: &HostPattern) -> (Option<String>, &'h Hir) {
    let covers = |pattern: &HostPattern| {
        pattern == wanted || pattern.is_wildcard && wanted.name.ends_with(&format!(".{}", pattern.name))
    };
    let fits = hir.sites.iter().flat_map(|site| site.hosts.iter().map(move |pattern| (pattern, site)));
    let best = fits.filter(|(pattern, _)| covers(pattern)).max_by_key(|(it, _)| (!it.is_wildcard, it.name.len()));
    best.map_or((None, hir), |(_, site)| (Some(site.name()), Arc::as_ref(&site.policy)))
}
