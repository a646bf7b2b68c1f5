//! Ids of two policies that mean the same in both.

use std::collections::HashMap;

use crate::lang::hir::{
    Acl, AclId, BackendId, Choice, Datum, Expression, ExpressionKind as Kind, Hir, Key, KeyPart, Outcome, RateLimitId,
    Statement, StatementKind, Table, TableId, Tags,
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
    unplace(&mut old);
    unplace(&mut new);
    (old, new)
}

/// Whether two policies that were joined say the same.
pub(super) fn is_same(old: &Hir, new: &Hir) -> bool {
    old.steps == new.steps && old.subs == new.subs && old.default_backend == new.default_backend
}

/// Takes the places in texts out of a policy: what is said counts, and not where.
fn unplace(hir: &mut Hir) {
    for sub in &mut hir.subs {
        sub.span = NOWHERE;
    }
    hir.directors.iter_mut().flat_map(|director| keys(&mut director.choice)).for_each(unplace_value);
    let subs = hir.subs.iter_mut().map(|sub| &mut sub.body);
    for body in hir.steps.iter_mut().map(|step| &mut step.body).chain(subs) {
        unplace_all(&mut body.statements);
    }
}

const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

fn unplace_all(statements: &mut [Statement]) {
    for statement in statements {
        statement.span = NOWHERE;
        if let StatementKind::If { arms, otherwise, rest } = &mut statement.kind {
            *rest = None;
            for arm in arms {
                arm.span = NOWHERE;
                unplace_all(&mut arm.body);
            }
            unplace_all(otherwise);
        }
        values(statement).for_each(unplace_value);
    }
}

fn unplace_value(value: &mut Expression) {
    value.span = NOWHERE;
    if let Kind::File(file) = &mut value.kind {
        file.span = NOWHERE;
    }
    value.parts_mut().for_each(unplace_value);
}

/// The expressions by which a director chooses.
fn keys(choice: &mut Choice) -> impl Iterator<Item = &mut Expression> {
    let (key, alternative) = match choice {
        Choice::Hash(key) => (Some(key), None),
        Choice::Shard(shard) => (Some(&mut shard.key), shard.alternative.as_mut()),
        _ => (None, None),
    };
    let value = key.and_then(|key| match key {
        Key::Value(value) => Some(value),
        _ => None,
    });
    value.into_iter().chain(alternative)
}

/// The expressions of a statement, without those of the statements in it.
fn values(statement: &mut Statement) -> Box<dyn Iterator<Item = &mut Expression> + '_> {
    match &mut statement.kind {
        StatementKind::Let(_, value)
        | StatementKind::Set(_, value)
        | StatementKind::Ban(value)
        | StatementKind::Key(KeyPart::Value(value))
        | StatementKind::Tag(Tags::Text(value)) => Box::new(std::iter::once(value)),
        StatementKind::If { arms, .. } => Box::new(arms.iter_mut().map(|arm| &mut arm.condition)),
        StatementKind::Return(Outcome { status, reason, location, time, .. }) => {
            Box::new([status, reason, location, time].into_iter().flatten())
        }
        StatementKind::Effect(_, given) => Box::new(given.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
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
