//! Addresses of which tests hold or do not.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::formula::Test;
use super::theory::Wanted;
use crate::decision::AclNetworks;
use crate::lang::hir::{Acl, AclId, behind};
use crate::simulate::SOMEWHERE;

/// The access lists that were asked for so far, sorted. Hosts in a list stand for nobody knows which addresses.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<AclId, AclNetworks>);

impl Lists {
    /// An address that is in all lists that are wanted and in none of the others. Lists change only where a network begins
    /// or ends.
    pub fn address(&mut self, wanted: &[Wanted<'_>], acls: &[Acl]) -> Option<IpAddr> {
        let of = |id: &AclId| acls.get(id.0 as usize).map_or(&[][..], |acl| &acl.entries);
        for (test, _) in wanted {
            if let Test::Listed(id) = test {
                self.0.entry(*id).or_insert_with(|| AclNetworks::new(of(id).iter().copied()));
            }
        }
        let passes = |address: &IpAddr| {
            wanted.iter().all(|(test, holds)| match test {
                Test::Listed(id) => self.0.get(id).is_some_and(|list| list.admits((*address).into())) == *holds,
                Test::At(one) => (one == address) == *holds,
                _ => true,
            })
        };
        let edges = wanted.iter().flat_map(|(test, _)| match test {
            Test::Listed(id) => of(id).iter().map(|(network, _)| *network).collect(),
            Test::At(one) => vec![IpNet::from(*one)],
            _ => Vec::new(),
        });
        let edges =
            edges.flat_map(|network| [Some(network.network()), Some(network.broadcast()), behind(network.broadcast())]);
        let likely = [SOMEWHERE, Ipv4Addr::new(203, 0, 113, 9).into(), Ipv4Addr::UNSPECIFIED.into()];
        let mut all = likely.into_iter().chain([Ipv6Addr::UNSPECIFIED.into()]).chain(edges.flatten());
        all.find(passes)
    }
}
