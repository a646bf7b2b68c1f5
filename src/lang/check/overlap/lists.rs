//! The addresses that rows ask for, and whether two such questions can both be answered with yes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::lang::hir::{Acl, AclId};

/// Of longer lists it is kept what was found out about two of them.
const SHORT: usize = 8;

/// Addresses, in order.
type Ranges = Vec<RangeInclusive<IpAddr>>;

/// What is asked of an address: to be in a list, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listed {
    list: usize,
    holds: bool,
}

/// What the addresses are that a question is about.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Name {
    Acl(AclId),
    One(IpAddr),
}

/// All lists that are asked for.
#[derive(Debug)]
pub(super) struct Lists<'h> {
    acls: &'h [Acl],
    numbers: HashMap<Name, usize>,
    /// By number; none for a list with hosts, which are at nobody knows which addresses.
    ranges: Vec<Option<Ranges>>,
    known: RefCell<HashMap<(Listed, Listed), bool>>,
}

impl<'h> Lists<'h> {
    pub fn new(acls: &'h [Acl]) -> Self {
        Self { acls, numbers: HashMap::new(), ranges: Vec::new(), known: RefCell::default() }
    }

    /// `address ~ acl`, or its opposite.
    pub fn acl(&mut self, acl: AclId, holds: bool) -> Listed {
        let acls = self.acls;
        self.listed(Name::Acl(acl), || acls.get(acl.0 as usize).and_then(Acl::admitted), holds)
    }

    /// `address == "192.0.2.1"`, or its opposite.
    pub fn one(&mut self, address: IpAddr, holds: bool) -> Listed {
        self.listed(Name::One(address), || Some(vec![address..=address]), holds)
    }

    fn listed(&mut self, name: Name, ranges: impl FnOnce() -> Option<Ranges>, holds: bool) -> Listed {
        let list = *self.numbers.entry(name).or_insert(self.ranges.len());
        if list == self.ranges.len() {
            self.ranges.push(ranges());
        }
        Listed { list, holds }
    }

    /// Whether no address is as both want it. False where that is not known.
    pub fn exclude(&self, one: Listed, other: Listed) -> bool {
        if one.list == other.list {
            return one.holds != other.holds;
        }
        let ranges = |listed: Listed| self.ranges.get(listed.list).and_then(Option::as_ref);
        let Some((first, second)) = ranges(one).zip(ranges(other)) else { return false };
        let excluded = || match (one.holds, other.holds) {
            (true, true) => are_apart(first, second),
            (true, false) => is_within(first, second),
            (false, true) => is_within(second, first),
            (false, false) => false,
        };
        if first.len() + second.len() <= SHORT {
            return excluded();
        }
        *self.known.borrow_mut().entry((one, other)).or_insert_with(excluded)
    }
}

fn are_apart(mut one: &[RangeInclusive<IpAddr>], mut other: &[RangeInclusive<IpAddr>]) -> bool {
    while let (Some((first, rest)), Some((second, others))) = (one.split_first(), other.split_first()) {
        if first.end() < second.start() {
            one = rest;
        } else if second.end() < first.start() {
            other = others;
        } else {
            return false;
        }
    }
    true
}

fn is_within(some: &[RangeInclusive<IpAddr>], whole: &[RangeInclusive<IpAddr>]) -> bool {
    let mut left = whole.iter().peekable();
    some.iter().all(|range| {
        while left.next_if(|outer| outer.end() < range.start()).is_some() {}
        left.peek().is_some_and(|outer| outer.contains(range.start()) && outer.contains(range.end()))
    })
}
