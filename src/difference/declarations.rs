//! Declarations of backends and directors that say something else: all requests that go there are treated otherwise.

use std::collections::BTreeSet;

use super::join::join;
use crate::lang::hir::{Backend, Director, Hir};

/// A backend or director of which the declaration changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declaration {
    /// The site whose policy declares it; `None` for the root's.
    pub site: Option<String>,
    /// Its name.
    pub name: String,
    /// What changes of it: `host`, `timeouts`, …
    pub what: Vec<&'static str>,
}

/// The declarations of backends and directors that both have and that differ, those of sites included.
pub(super) fn declarations(old: &Hir, new: &Hir) -> Vec<Declaration> {
    let mut all = of(None, old, new);
    for site in &new.sites {
        let before = old.sites.iter().find(|before| before.name() == site.name());
        all.extend(before.into_iter().flat_map(|before| of(Some(&site.name()), &before.policy, &site.policy)));
    }
    all.into_iter().collect()
}

fn of(site: Option<&str>, old: &Hir, new: &Hir) -> BTreeSet<Declaration> {
    let backends = new.backends.iter().filter_map(|after| {
        let before = old.backends.iter().find(|before| before.name == after.name)?;
        Some((after.name.clone(), backend((before, old), (after, new))))
    });
    // What keys look up has the same id in both.
    let (joined_old, joined_new) = join(old, new);
    let directors = joined_new.directors.iter().filter_map(|after| {
        let before = joined_old.directors.iter().find(|before| before.name == after.name)?;
        Some((after.name.clone(), director((before, old), (after, new))))
    });
    let all = backends.chain(directors).filter(|(_, what)| !what.is_empty());
    all.map(|(name, what)| Declaration { site: site.map(str::to_owned), name, what }).collect()
}

fn backend((old, before): (&Backend, &Hir), (new, after): (&Backend, &Hir)) -> Vec<&'static str> {
    let times = |it: &Backend| (it.connect_timeout, it.first_byte_timeout, it.between_bytes_timeout);
    let via = |it: &Backend, hir: &Hir| {
        let via = it.greeting.via.as_ref();
        via.map(|via| (hir.backend_name(via.backend).map(str::to_owned), via.authority.clone()))
    };
    let greeting = |it: &Backend, hir: &Hir| (via(it, hir), it.greeting.preamble.clone(), it.greeting.proxy_header);
    let tls = |it: &Backend| {
        it.tls.as_ref().map(|tls| {
            let bytes = |file: &crate::lang::hir::FileText| file.bytes.clone();
            let client = tls.client.as_ref().map(|(certificate, key)| (bytes(certificate), bytes(key)));
            (tls.sni.clone(), tls.verify, tls.ca.as_ref().map(bytes), client)
        })
    };
    changed([
        ("address", old.place != new.place),
        ("host_header", old.host_header != new.host_header),
        ("timeouts", times(old) != times(new)),
        ("limit", old.limit != new.limit),
        ("greeting", greeting(old, before) != greeting(new, after)),
        ("tls", tls(old) != tls(new)),
        ("probe", old.probe != new.probe),
    ])
}

fn director((old, before): (&Director, &Hir), (new, after): (&Director, &Hir)) -> Vec<&'static str> {
    let members = |it: &Director, hir: &Hir| -> Vec<_> {
        it.members.iter().map(|one| (hir.backend_name(one.backend).map(str::to_owned), one.weight)).collect()
    };
    changed([("choice", old.choice != new.choice), ("members", members(old, before) != members(new, after))])
}

fn changed<const N: usize>(all: [(&'static str, bool); N]) -> Vec<&'static str> {
    all.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect()
}
