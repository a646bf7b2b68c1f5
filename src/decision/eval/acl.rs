//! Access lists by longest prefix.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use crate::lang::hir::Acl;

/// An access list as two tries of networks. O(prefix length) a look-up.
#[derive(Debug)]
pub(in crate::decision) struct AclIndex {
    v4: PrefixMap<Ipv4Net, bool>,
    v6: PrefixMap<Ipv6Net, bool>,
}

impl AclIndex {
    /// Sorts the entries of `acl`. A network listed twice counts as its last entry says.
    pub fn new(acl: &Acl) -> Self {
        let mut index = Self { v4: PrefixMap::new(), v6: PrefixMap::new() };
        for (net, negated) in &acl.entries {
            match net.trunc() {
                ipnet::IpNet::V4(net) => index.v4.insert(net, !negated),
                ipnet::IpNet::V6(net) => index.v6.insert(net, !negated),
            };
        }
        index
    }

    /// Whether the most specific entry that holds `address` admits it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.admits(address.into())
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
    use crate::lang::source::{FileId, Span};

    fn acl(entries: Vec<(ipnet::IpNet, bool)>) -> Acl {
        Acl { name: "a".to_owned(), entries, span: Span::new(FileId(0), 0..0) }
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
