//! The sites of a running policy.

use std::sync::Arc;

use super::Policy;
use super::hosts::ByHost;
use super::status::SiteStatus;
use crate::lang::hir::HostPattern;

/// The policies of sites, by their hosts.
#[derive(Debug, Default)]
pub struct Sites {
    sites: Vec<Site>,
    places: ByHost,
}

#[derive(Debug)]
struct Site {
    policy: Arc<Policy>,
    hosts: Vec<String>,
    file: String,
}

impl Sites {
    /// Adds a site. No other has one of its hosts.
    pub(super) fn add(&mut self, policy: Arc<Policy>, hosts: &[HostPattern], file: String) {
        for host in hosts {
            self.places.add(host, self.sites.len());
        }
        let hosts = hosts.iter().map(ToString::to_string).collect();
        self.sites.push(Site { policy, hosts, file });
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// The policy of the site for a host, which has neither a port nor a dot at its end; of several that fit that of the
    /// longest. Case does not matter, and nothing is allocated.
    #[must_use]
    pub fn find(&self, host: &[u8]) -> Option<&Arc<Policy>> {
        self.sites.get(self.places.find(host)?).map(|site| &site.policy)
    }

    /// All of them in order of declaration.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.sites.iter().map(|site| &site.policy)
    }

    /// What is told of them.
    pub(super) fn status(&self) -> Vec<SiteStatus> {
        let status = |site: &Site| SiteStatus {
            name: site.policy.site.as_deref().unwrap_or_default().to_owned(),
            hosts: site.hosts.clone(),
            file: site.file.clone(),
        };
        self.sites.iter().map(status).collect()
    }
}
