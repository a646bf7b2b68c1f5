//! Ids of two policies that mean the same in both.

use std::collections::HashMap;

use super::one_way::{keys, say_in_one_way, values};
use super::shape::in_one_shape;
use crate::lang::hir::{
    Acl, AclId, BackendId, Datum, Expression, ExpressionKind as Kind, Hir, RateLimit, RateLimitId, Statement,
    StatementKind, Table, TableId,
};
use crate::lang::source::{FileId, Span};

/// Gives lists, tables and limits that are the same the same id in both, and others another one; backends and directors go
/// by name. For questions alone: backends are not moved, only their ids.
pub(super) fn join(old: &Hir, new: &Hir) -> (Hir, Hir) {
    let (mut old, mut new) = (old.clone(), new.clone());
    let mut targets = old.target_names().to_vec();
    let backends = new.target_names().iter().map(|name| position(&mut targets, name.clone(), |a, b| a == b)).collect();
    let mut ids = Ids { backends, ..Ids::default() };
    for acl in std::mem::take(&mut new.acls) {
        ids.acls.push(position(&mut old.acls, acl, is_same_acl));
    }
    for mut table in std::mem::take(&mut new.tables) {
        for (_, datum) in &mut table.entries {
            if let Datum::Backend(Some(backend)) = datum {
                *backend = ids.target(*backend);
            }
        }
        ids.tables.push(position(&mut old.tables, table, is_same_table));
    }
    // Each counts for itself: two that say the same are two.
    let mut left: Vec<Option<RateLimit>> = old.rate_limits.iter().cloned().map(Some).collect();
    for limit in std::mem::take(&mut new.rate_limits) {
        let is_same = |other: &Option<RateLimit>| other.as_ref().is_some_and(|it| it.definition == limit.definition);
        let known = left.iter().position(is_same);
        let at = known.unwrap_or(old.rate_limits.len());
        match known.and_then(|at| left.get_mut(at)) {
            Some(known) => *known = None,
            None => old.rate_limits.push(limit),
        }
        ids.limits.push(u32::try_from(at).unwrap_or(u32::MAX));
    }
    for body in new.steps.iter_mut().map(|step| &mut step.body).chain(new.subs.iter_mut().map(|sub| &mut sub.body)) {
        ids.renumber(&mut body.statements);
    }
    let keys = new.directors.iter_mut().flat_map(|director| keys(&mut director.choice));
    keys.for_each(|value| ids.expression(value));
    new.default_backend = new.default_backend.map(|id| ids.target(id));
    (new.acls, new.tables) = (old.acls.clone(), old.tables.clone());
    new.rate_limits.clone_from(&old.rate_limits);
    let mut constants = Vec::new();
    for hir in [&mut old, &mut new] {
        in_one_shape(hir);
        say_in_one_way(hir, &mut |constant| {
            let at = position(&mut constants, constant.kind.clone(), |one, other| one == other);
            constant.span = Span { file: FileId(0), start: at, end: at };
        });
    }
    (old, new)
}

/// Whether two policies that were joined say the same.
pub(super) fn is_same(old: &Hir, new: &Hir) -> bool {
    old.steps == new.steps && old.subs == new.subs && old.default_backend == new.default_backend
}

/// Where something stands among others; it is put behind them if it is not there.
fn position<T>(all: &mut Vec<T>, one: T, is_same: impl Fn(&T, &T) -> bool) -> u32 {
    let known = all.iter().position(|other| is_same(other, &one));
    let at = known.unwrap_or(all.len());
    if known.is_none() {
        all.push(one);
    }
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_same_acl(one: &Acl, other: &Acl) -> bool {
    let hosts = |acl: &Acl| -> Vec<_> {
        acl.hosts.iter().map(|host| (host.name.clone(), host.prefix, host.negated, host.optional)).collect()
    };
    one.entries == other.entries && hosts(one) == hosts(other)
}

fn is_same_table(one: &Table, other: &Table) -> bool {
    let entries = |table: &Table| -> HashMap<Box<[u8]>, String> {
        table.entries.iter().map(|(key, datum)| (key.clone(), format!("{datum:?}"))).collect()
    };
    one.ty == other.ty
        && one.entries.len() == other.entries.len()
        && (one.entries == other.entries || entries(one) == entries(other))
}

/// Other ids, by those that a policy has.
#[derive(Default)]
pub(super) struct Ids {
    backends: Vec<u32>,
    acls: Vec<u32>,
    tables: Vec<u32>,
    limits: Vec<u32>,
}

impl Ids {
    /// Other ids of backends and directors.
    pub fn of_targets(backends: Vec<u32>) -> Self {
        Self { backends, ..Self::default() }
    }

    fn of(ids: &[u32], id: u32) -> u32 {
        ids.get(id as usize).copied().unwrap_or(id)
    }

    pub fn target(&self, BackendId(id): BackendId) -> BackendId {
        BackendId(Self::of(&self.backends, id))
    }

    pub fn renumber(&self, statements: &mut [Statement]) {
        for statement in statements {
            values(statement).for_each(|value| self.expression(value));
            if let StatementKind::If { arms, otherwise, .. } = &mut statement.kind {
                for arm in arms {
                    self.renumber(&mut arm.body);
                }
                self.renumber(otherwise);
            }
        }
    }

    pub fn expression(&self, one: &mut Expression) {
        match &mut one.kind {
            Kind::Backend(Some(id)) => *id = self.target(*id),
            Kind::InAcl(_, AclId(id)) | Kind::Acl(AclId(id)) => *id = Self::of(&self.acls, *id),
            Kind::Lookup(TableId(id), _) | Kind::InTable(TableId(id), _) => *id = Self::of(&self.tables, *id),
            Kind::RateLimit(RateLimitId(id)) => *id = Self::of(&self.limits, *id),
            _ => {}
        }
        one.parts_mut().for_each(|part| self.expression(part));
    }
}
