//! Access lists.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use crate::lang::source::Span;

/// An access list. The most specific entry that holds the address decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// The declared name.
    pub name: String,
    /// The networks, host bits cleared; `true` if the entry is negated.
    pub entries: Vec<(IpNet, bool)>,
    /// The hosts that are named: what they stand for is known only where a policy runs.
    pub hosts: Vec<AclHost>,
    /// The place of its name.
    pub span: Span,
}

/// A host of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclHost {
    /// The name.
    pub name: String,
    /// The prefix length of the networks around its addresses; the addresses alone if `None`.
    pub prefix: Option<u8>,
    /// Whether the entry is negated.
    pub negated: bool,
    /// Whether the entry is left out while the name cannot be looked up.
    pub optional: bool,
    /// The place of the name.
    pub span: Span,
}

impl AclHost {
    /// The network around an address of this host, and whether it is excluded.
    ///
    /// A prefix length goes with the family that it can be meant for, up to 32 with IPv4: an address of the other one
    /// stands for itself.
    #[must_use]
    pub fn network(&self, address: IpAddr) -> (IpNet, bool) {
        let whole = IpNet::from(address);
        let fits = |length: &u8| address.is_ipv4() == (*length <= 32);
        let net = self.prefix.filter(fits).and_then(|length| IpNet::new(address, length).ok());
        (net.unwrap_or(whole).trunc(), self.negated)
    }
}

impl Acl {
    /// Whether `address` is in the list: the longest matching prefix decides, and none means no. Hosts do not count.
    ///
    /// O(entries): the reference that the index of `decision` is held against.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let matching = self.entries.iter().filter(|(net, _)| net.contains(&address));
        matching.max_by_key(|(net, _)| net.prefix_len()).is_some_and(|(_, negated)| !negated)
    }

    /// The addresses that are in the list: ranges in order, each behind the one before with a gap between them. `None` if
    /// the list names hosts, which stand for nobody knows which addresses.
    #[must_use]
    pub fn admitted(&self) -> Option<Vec<RangeInclusive<IpAddr>>> {
        self.hosts.is_empty().then(|| Admitted::of(&self.entries))
    }
}

/// The addresses that are told of so far, network by network from the first address on.
#[derive(Default)]
struct Admitted {
    ranges: Vec<RangeInclusive<IpAddr>>,
    /// The networks that the next address is in, the narrowest last, and whether each lets in.
    open: Vec<(IpNet, bool)>,
    /// The next address; none behind the last one of its family.
    next: Option<IpAddr>,
}

impl Admitted {
    fn of(entries: &[(IpNet, bool)]) -> Vec<RangeInclusive<IpAddr>> {
        let mut sorted = entries.to_vec();
        sorted.sort_by_key(|(net, _)| (net.network(), net.prefix_len()));
        let mut told = Self::default();
        for (net, negated) in sorted {
            while told.open.last().is_some_and(|(outer, _)| !outer.contains(&net)) {
                told.close();
            }
            if let Some(last) = before(net.network()) {
                told.tell_until(last);
            }
            told.next = Some(net.network());
            told.open.push((net, !negated));
        }
        while !told.open.is_empty() {
            told.close();
        }
        told.ranges
    }

    /// The narrowest network ends.
    fn close(&mut self) {
        let Some((net, _)) = self.open.last().copied() else { return };
        self.tell_until(net.broadcast());
        self.next = behind(net.broadcast());
        self.open.pop();
    }

    /// Up to this address the narrowest network counts.
    fn tell_until(&mut self, last: IpAddr) {
        let Some(first) = self.next.filter(|first| *first <= last) else { return };
        if self.open.last().is_some_and(|(_, admits)| *admits) {
            let joined = self.ranges.pop_if(|range| behind(*range.end()) == Some(first));
            self.ranges.push(*joined.as_ref().map_or(&first, RangeInclusive::start)..=last);
        }
    }
}

/// The next address of the same family.
pub(crate) fn behind(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

fn before(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_sub(1).map(|last| IpAddr::V4(last.into())),
        IpAddr::V6(address) => u128::from(address).checked_sub(1).map(|last| IpAddr::V6(last.into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::source::FileId;

    fn acl(entries: Vec<(IpNet, bool)>) -> Acl {
        Acl { name: "a".to_owned(), entries, hosts: Vec::new(), span: Span::new(FileId(0), 0..0) }
    }

    fn shown(entries: &[(&str, bool)]) -> Vec<String> {
        let entries = entries.iter().map(|(net, negated)| (net.parse().unwrap(), *negated)).collect();
        let ranges = acl(entries).admitted().unwrap();
        ranges.iter().map(|range| format!("{}-{}", range.start(), range.end())).collect()
    }

    #[test]
    fn networks_side_by_side_are_one_range_and_excluded_ones_are_gaps() {
        assert_eq!(shown(&[("10.0.1.0/24", false), ("10.0.0.0/24", false)]), ["10.0.0.0-10.0.1.255"]);
        assert_eq!(
            shown(&[
                ("10.0.0.0/8", false),
                ("10.0.0.0/24", true),
                ("10.0.0.7/32", false),
                ("255.255.255.255/32", false)
            ]),
            ["10.0.0.7-10.0.0.7", "10.0.1.0-10.255.255.255", "255.255.255.255-255.255.255.255"]
        );
        assert_eq!(shown(&[("0.0.0.0/0", true), ("::/0", false)]), ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
    }

    proptest! {
        #[test]
        fn what_is_told_is_what_the_longest_prefix_decides(
            entries in prop::collection::vec((any::<u8>(), 24_u8..=32, any::<bool>()), 0..8),
        ) {
            let net = |(last, length, negated): (u8, u8, bool)| {
                (IpNet::new([192, 0, 2, last].into(), length).unwrap().trunc(), negated)
            };
            let acl = acl(entries.into_iter().map(net).collect());
            let ranges = acl.admitted().unwrap();
            for address in (0..=u8::MAX).map(|last| IpAddr::from([192, 0, 2, last])) {
                prop_assert_eq!(ranges.iter().any(|range| range.contains(&address)), acl.contains(address));
            }
            for pair in ranges.windows(2) {
                prop_assert!(behind(*pair[0].end()).is_some_and(|next| next < *pair[1].start()));
            }
        }
    }
}
