//! Access lists side by side: which of them hold an address, by one look-up.

use std::net::IpAddr;

use hashbrown::HashMap;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use crate::lang::hir::Acl;

/// Maps addresses to the targets of all lists that hold them.
#[derive(Debug)]
pub(super) struct Networks {
    v4: PrefixMap<Ipv4Net, u32>,
    v6: PrefixMap<Ipv6Net, u32>,
    /// Targets, each set once.
    sets: Box<[Box<[u32]>]>,
    /// How many lists there are.
    lists: usize,
}

impl Networks {
    /// The networks of all entries of all lists, each with the lists that hold the addresses in it that are in none of the
    /// smaller ones; `None` if that makes more than `most` targets beside four for each entry.
    pub fn new(lists: &[List<'_>], most: usize) -> Option<Self> {
        let entries = sorted(lists);
        let most = most.saturating_add(4 * entries.len());
        let (mut v4, mut v6) = (PrefixMap::new(), PrefixMap::new());
        let (mut sets, mut named) = (Sets::default(), 0);
        // The networks that hold the one at hand, the largest first, each with the lists that hold it.
        let mut open: Vec<(IpNet, Vec<usize>)> = Vec::new();
        for of_net in entries.chunk_by(|one, other| one.net == other.net) {
            let Some(Entry { net, .. }) = of_net.first() else { continue };
            while open.pop_if(|(larger, _)| !larger.contains(net)).is_some() {}
            let holding = holding(open.last().map_or(&[], |(_, lists)| lists), of_net);
            named += holding.len() + 1;
            if named > most {
                return None;
            }
            let targets = holding.iter().filter_map(|at| lists.get(*at)).map(|list| list.target);
            let set = sets.number(targets.collect())?;
            match net {
                IpNet::V4(net) => v4.insert(*net, set),
                IpNet::V6(net) => v6.insert(*net, set),
            };
            open.push((*net, holding));
        }
        Some(Self { v4, v6, sets: sets.list.into(), lists: lists.len() })
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        self.lists
    }

    /// The targets of the lists that hold an address.
    pub fn find(&self, address: IpAddr) -> &[u32] {
        let set = match address {
            IpAddr::V4(address) => self.v4.get_lpm(&address.into()).map(|(_, set)| *set),
            IpAddr::V6(address) => self.v6.get_lpm(&address.into()).map(|(_, set)| *set),
        };
        set.and_then(|set| self.sets.get(set as usize)).map(|set| &**set).unwrap_or_default()
    }
}

/// A list with its target.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    pub declared: &'a Acl,
    pub target: u32,
}

/// An entry of the list of that number.
struct Entry {
    net: IpNet,
    list: usize,
    admits: bool,
}

/// All entries, a network before those within it. Of a network that a list has twice the last entry stays.
fn sorted(lists: &[List<'_>]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (list, of) in lists.iter().enumerate() {
        let of_list = of.declared.entries.iter().rev();
        entries.extend(of_list.map(|(net, excludes)| Entry { net: net.trunc(), list, admits: !excludes }));
    }
    entries.sort_by_key(|entry| (entry.net, entry.list));
    entries.dedup_by_key(|entry| (entry.net, entry.list));
    entries
}

/// The lists that hold a network: those of the next larger one, but for what its own entries say.
fn holding(larger: &[usize], own: &[Entry]) -> Vec<usize> {
    let says_nothing = |list: &&usize| own.binary_search_by_key(*list, |entry| entry.list).is_err();
    let mut lists: Vec<usize> = larger.iter().filter(says_nothing).copied().collect();
    lists.extend(own.iter().filter(|entry| entry.admits).map(|entry| entry.list));
    lists.sort_unstable();
    lists
}

/// Sets of targets, each once.
#[derive(Default)]
struct Sets {
    list: Vec<Box<[u32]>>,
    numbers: HashMap<Box<[u32]>, u32>,
}

impl Sets {
    fn number(&mut self, set: Box<[u32]>) -> Option<u32> {
        if let Some(known) = self.numbers.get(&set) {
            return Some(*known);
        }
        let number = u32::try_from(self.list.len()).ok()?;
        self.numbers.insert(set.clone(), number);
        self.list.push(set);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::source::{FileId, Span};

    proptest! {
        #[test]
        fn it_finds_what_the_lists_hold_each(
            lists in prop::collection::vec(prop::collection::vec((0_u32..64, 0_u8..=32, any::<bool>()), 0..8), 1..6),
            address in 0_u32..80,
        ) {
            let acls: Vec<Acl> = lists.into_iter().map(|entries| {
                let entries = entries.into_iter().map(|(low, length, negated)| {
                    (Ipv4Net::new((0x0a00_0000 | low).into(), length).unwrap().trunc().into(), negated)
                });
                Acl { name: "a".to_owned(), entries: entries.collect(), hosts: Vec::new(), span: Span::new(FileId(0), 0..0) }
            }).collect();
            let address = IpAddr::V4((0x0a00_0000 | address).into());
            let lists: Vec<List<'_>> = (0..).zip(&acls).map(|(target, declared)| List { declared, target }).collect();
            let expected: Vec<u32> = (0..).zip(&acls).filter(|(_, acl)| acl.contains(address)).map(|(at, _)| at).collect();
            let networks = Networks::new(&lists, 1_000).unwrap();
            prop_assert_eq!(networks.find(address), expected);
        }
    }
}
