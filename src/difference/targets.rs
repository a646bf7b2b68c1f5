//! A policy with the backends and directors of both, so that what one of them says can stand in the other.

use std::collections::{HashMap, HashSet};

use super::join::Ids;
use super::one_way::keys;
use crate::lang::hir::{BackendId, Datum, Director, Hir, Member};

/// A policy of two that were joined, with all backends and directors that one of them has, those that both have as the old one
/// has them. Frames have room for the names of both.
pub(super) fn with_all_targets(mut hir: Hir, [old, new]: [&Hir; 2]) -> Hir {
    let mut joined = old.target_names().into_vec();
    let known: HashSet<Box<str>> = joined.iter().cloned().collect();
    joined.extend(new.target_names().into_iter().filter(|name| !known.contains(name)));
    let is_new = |name: &str| !known.contains(name);
    hir.backends = old.backends.iter().chain(new.backends.iter().filter(|it| is_new(&it.name))).cloned().collect();
    let came = new.directors.iter().filter(|it| is_new(&it.name)).map(|it| (it, new));
    let directors: Vec<(&Director, &Hir)> = old.directors.iter().map(|it| (it, old)).chain(came).collect();
    hir.directors = directors.iter().map(|(it, _)| Director::clone(it)).collect();
    let names = hir.target_names();
    let places: HashMap<&str, u32> = names.iter().map(|name| &**name).zip(0..).collect();
    let place = |name: &str| places.get(name).copied().unwrap_or(u32::MAX);
    let ids = Ids::of_targets(joined.iter().map(|name| place(name)).collect());
    for (director, (it, of)) in hir.directors.iter_mut().zip(&directors) {
        let member = |one: &Member| Member {
            backend: BackendId(of.backend_name(one.backend).map_or(u32::MAX, place)),
            weight: one.weight,
        };
        director.members = it.members.iter().map(member).collect();
        keys(&mut director.choice).for_each(|value| ids.expression(value));
    }
    for (_, datum) in hir.tables.iter_mut().flat_map(|table| &mut table.entries) {
        if let Datum::Backend(Some(id)) = datum {
            *id = ids.target(*id);
        }
    }
    hir.default_backend = hir.default_backend.map(|id| ids.target(id));
    let bodies = |hir: &Hir| {
        hir.steps.iter().map(|step| step.body.locals).chain(hir.subs.iter().map(|sub| sub.body.locals)).max()
    };
    let locals = bodies(old).max(bodies(new)).unwrap_or(0);
    for body in hir.steps.iter_mut().map(|step| &mut step.body).chain(hir.subs.iter_mut().map(|sub| &mut sub.body)) {
        ids.renumber(&mut body.statements);
        body.locals = locals;
    }
    (hir.sites, hir.tests, hir.invariants) = (Vec::new(), Vec::new(), Vec::new());
    hir
}
