//! Access lists by longest prefix.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use crate::lang::hir::Acl;

/// An access list. O(prefix length) a look-up.
#[derive(Debug)]
pub(in crate::decision) enum AclIndex {
    /// One of networks alone.
    Fixed(Box<AclNetworks>),
    /// One with hosts, whose addresses change.
    Changing(ChangingAcl),
}

impl AclIndex {
    /// Sorts the entries of `acl`. A network listed twice counts as its last entry says.
    pub fn new(acl: &Acl) -> Self {
        let networks = AclNetworks::new(acl.entries.iter().copied());
        if acl.hosts.is_empty() {
            return Self::Fixed(Box::new(networks));
        }
        let declared = acl.entries.as_slice().into();
        Self::Changing(ChangingAcl { declared, now: Arc::new(RwLock::new(networks)) })
    }

    /// Whether the most specific entry that holds `address` admits it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match self {
            Self::Fixed(networks) => networks.admits(address.into()),
            Self::Changing(acl) => acl.now.read().unwrap_or_else(PoisonError::into_inner).admits(address.into()),
        }
    }

    /// Its networks, if they never change.
    pub fn fixed(&self) -> Option<&AclNetworks> {
        match self {
            Self::Fixed(networks) => Some(networks),
            Self::Changing(_) => None,
        }
    }
}

/// The access list of a running policy whose hosts' addresses change. Clones stand for the same list.
#[derive(Clone, Debug)]
pub struct ChangingAcl {
    declared: Arc<[(IpNet, bool)]>,
    now: Arc<RwLock<AclNetworks>>,
}

impl ChangingAcl {
    /// From now on the hosts stand for these networks; `true` for one that is excluded. Of two entries for one network
    /// the one that excludes counts.
    pub fn set_hosts(&self, hosts: impl Iterator<Item = (IpNet, bool)>) {
        let mut networks = AclNetworks::new(self.declared.iter().copied());
        for (net, negated) in hosts {
            networks.insert(net, negated || networks.excludes(net));
        }
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }
}

/// Networks as two tries.
#[derive(Debug)]
pub(crate) struct AclNetworks {
    v4: PrefixMap<Ipv4Net, bool>,
    v6: PrefixMap<Ipv6Net, bool>,
}

impl AclNetworks {
    /// Sorts entries; `true` for one that excludes. A network that comes twice counts as its last entry says.
    pub fn new(entries: impl Iterator<Item = (IpNet, bool)>) -> Self {
        let mut networks = Self { v4: PrefixMap::new(), v6: PrefixMap::new() };
        entries.for_each(|(net, negated)| networks.insert(net, negated));
        networks
    }

    fn insert(&mut self, net: IpNet, negated: bool) {
        match net.trunc() {
            IpNet::V4(net) => self.v4.insert(net, !negated),
            IpNet::V6(net) => self.v6.insert(net, !negated),
        };
    }

    /// Whether an entry for this very network excludes it.
    fn excludes(&self, net: IpNet) -> bool {
        match net {
            IpNet::V4(net) => self.v4.get(&net) == Some(&false),
            IpNet::V6(net) => self.v6.get(&net) == Some(&false),
        }
    }

    /// Whether the most specific entry that holds all of `net` admits it.
    pub fn admits(&self, net: IpNet) -> bool {
        let admitted = match net {
            IpNet::V4(net) => self.v4.get_lpm(&net).map(|(_, admitted)| admitted),
            IpNet::V6(net) => self.v6.get_lpm(&net).map(|(_, admitted)| admitted),
        };
        admitted.copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::hir::AclHost;
    use crate::lang::source::{FileId, Span};

    fn acl(entries: Vec<(ipnet::IpNet, bool)>) -> Acl {
        Acl { name: "a".to_owned(), entries, hosts: Vec::new(), span: Span::new(FileId(0), 0..0) }
    }

    #[test]
    fn the_longest_prefix_decides() {
        let acl = acl(vec![
            ("10.0.0.0/8".parse().unwrap(), false),
            ("10.1.0.0/16".parse().unwrap(), true),
            ("2001:db8::/32".parse().unwrap(), false),
        ]);
        let index = AclIndex::new(&acl);
        for (address, held) in [("10.2.3.4", true), ("10.1.3.4", false), ("11.0.0.1", false), ("2001:db8::1", true)] {
            assert_eq!(index.contains(address.parse().unwrap()), held, "{address}");
        }
    }

    #[test]
    fn hosts_come_and_go_beside_the_networks() {
        let span = Span::new(FileId(0), 0..0);
        let host = |prefix, negated| AclHost { name: "a.test".to_owned(), prefix, negated, optional: false, span };
        let (office, guest) = (host(Some(24), false), host(None, true));
        let networks = vec![("10.0.0.0/8".parse().unwrap(), false), ("192.0.2.9/32".parse().unwrap(), true)];
        let index = AclIndex::new(&Acl { hosts: vec![office.clone(), guest.clone()], ..acl(networks) });
        let AclIndex::Changing(acl) = &index else { panic!() };
        let held = |addresses: &[&str]| -> Vec<bool> {
            addresses.iter().map(|address| index.contains(address.parse().unwrap())).collect()
        };
        let asked = ["10.0.0.1", "192.0.2.7", "192.0.2.9", "2001:db8::1", "2001:db8::2"];
        assert_eq!(held(&asked), [true, false, false, false, false]);
        let network = |host: &AclHost, address: &str| host.network(address.parse().unwrap());
        acl.set_hosts([network(&office, "192.0.2.1"), network(&office, "2001:db8::1")].into_iter());
        assert_eq!(held(&asked), [true, true, false, true, false], "a mask for IPv4 says nothing of IPv6");
        acl.set_hosts([network(&guest, "10.0.0.1"), (network(&office, "10.0.0.1").0, false)].into_iter());
        assert_eq!(held(&asked), [false, false, false, false, false], "what is excluded is not let in by another host");
        let twice = [(network(&guest, "10.0.0.7").0, true), (network(&guest, "10.0.0.7").0, false)];
        acl.set_hosts(twice.into_iter());
        assert_eq!(held(&["10.0.0.7", "10.0.0.1"]), [false, true]);
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_the_list(
            entries in prop::collection::vec((0_u32..64, 24_u8..=32, any::<bool>()), 0..20),
            address in 0_u32..80,
        ) {
            let entries = entries.into_iter().map(|(low, length, negated)| {
                let net = Ipv4Net::new((0x0a00_0000 | low).into(), length).unwrap().trunc();
                (net.into(), negated)
            });
            let acl = acl(entries.collect());
            let address = IpAddr::V4((0x0a00_0000 | address).into());
            prop_assert_eq!(AclIndex::new(&acl).contains(address), acl.contains(address));
        }
    }
}
