//! Ids of two policies that mean the same in both.

use std::collections::HashMap;

use super::one_way::{keys, say_in_one_way, values};
use crate::lang::hir::{
    Acl, AclId, BackendId, Datum, Expression, ExpressionKind as Kind, Hir, RateLimitId, Statement, StatementKind,
    Table, TableId,
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
                *backend = BackendId(Ids::of(&ids.backends, backend.0));
            }
        }
        ids.tables.push(position(&mut old.tables, table, is_same_table));
    }
    for limit in std::mem::take(&mut new.rate_limits) {
        ids.limits.push(position(&mut old.rate_limits, limit, |one, other| one.definition == other.definition));
    }
    for body in new.steps.iter_mut().map(|step| &mut step.body).chain(new.subs.iter_mut().map(|sub| &mut sub.body)) {
        ids.renumber(&mut body.statements);
    }
    let keys = new.directors.iter_mut().flat_map(|director| keys(&mut director.choice));
    keys.for_each(|value| ids.expression(value));
    new.default_backend = new.default_backend.map(|id| BackendId(Ids::of(&ids.backends, id.0)));
    (new.acls, new.tables) = (old.acls.clone(), old.tables.clone());
    new.rate_limits.clone_from(&old.rate_limits);
    let mut constants = Vec::new();
    for hir in [&mut old, &mut new] {
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

/// The ids of the new policy as they are in both, by those that it has.
#[derive(Default)]
struct Ids {
    backends: Vec<u32>,
    acls: Vec<u32>,
    tables: Vec<u32>,
    limits: Vec<u32>,
}

impl Ids {
    fn of(ids: &[u32], id: u32) -> u32 {
        ids.get(id as usize).copied().unwrap_or(id)
    }

    fn renumber(&self, statements: &mut [Statement]) {
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

    fn expression(&self, one: &mut Expression) {
        match &mut one.kind {
            Kind::Backend(Some(BackendId(id))) => *id = Self::of(&self.backends, *id),
            Kind::InAcl(_, AclId(id)) | Kind::Acl(AclId(id)) => *id = Self::of(&self.acls, *id),
            Kind::Lookup(TableId(id), _) | Kind::InTable(TableId(id), _) => *id = Self::of(&self.tables, *id),
            Kind::RateLimit(RateLimitId(id)) => *id = Self::of(&self.limits, *id),
            _ => {}
        }
        one.parts_mut().for_each(|part| self.expression(part));
    }
}
