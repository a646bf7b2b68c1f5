//! Statements that have nothing to do with each other say the same in any order: they are put in one.
//!
//! A statement is moved over another one if neither writes what the other one reads or writes, none of them ends anything,
//! and none can be refused ([`Refusals`]): then both are carried out in either order, with the same values.

use std::collections::{BTreeSet, HashSet};

use http::HeaderName;
use http::header::{CACHE_CONTROL, COOKIE, HOST};

use super::failing::Refusals;
use super::unseen::is_drawn;
use crate::lang::hir::{Expression, ExpressionKind as Kind, KeyPart, LocalId, Statement, StatementKind, Tags, Target};
use crate::lang::schema::function::{Class, Core};
use crate::lang::schema::{Function, Message, Variable};

/// So many statements in a row are put in order.
const MOST_IN_A_ROW: usize = 64;

/// Puts statements in one order, and leaves out those that nothing comes of.
pub(super) fn in_one_order(statements: &mut Vec<Statement>, refusals: &Refusals) {
    statements.retain(|statement| !is_empty(statement));
    let trace = |statement: &Statement| Trace::of(&statement.kind).filter(|_| !refusals.may_refuse(&statement.kind));
    let traces: Vec<Option<Trace>> = statements.iter().map(trace).collect();
    let mut all: Vec<Statement> = Vec::with_capacity(statements.len());
    let mut row = Vec::new();
    for (statement, trace) in statements.drain(..).zip(traces) {
        if let Some(trace) = trace {
            row.push((statement, trace));
        } else {
            all.extend(in_order(std::mem::take(&mut row)));
            all.push(statement);
        }
    }
    all.extend(in_order(row));
    *statements = all;
}

/// Whether nothing is done, whoever comes.
fn is_empty(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::If { arms, otherwise, .. } => {
            otherwise.is_empty() && arms.iter().all(|arm| arm.body.is_empty() && !is_drawn(&arm.condition))
        }
        _ => false,
    }
}

/// The least of all orders in which each statement comes behind those that it has to do with.
fn in_order(mut row: Vec<(Statement, Trace)>) -> Vec<Statement> {
    if row.len() > MOST_IN_A_ROW {
        return row.into_iter().map(|(statement, _)| statement).collect();
    }
    forget_overwritten(&mut row);
    let mut texts: Vec<(String, usize)> =
        row.iter().enumerate().map(|(at, (statement, _))| (format!("{:?}", statement.kind), at)).collect();
    texts.sort_unstable();
    let mut ranks = vec![0; row.len()];
    for (rank, (_, at)) in texts.iter().enumerate() {
        ranks[*at] = rank;
    }
    // For each the ones behind it that have to do with it, and how many before it have.
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); row.len()];
    let mut before = vec![0_usize; row.len()];
    for (at, (_, own)) in row.iter().enumerate() {
        for earlier in (0..at).filter(|earlier| !own.is_apart_from(&row[*earlier].1)) {
            behind[earlier].push(at);
            before[at] += 1;
        }
    }
    let mut free: BTreeSet<(usize, usize)> =
        (0..row.len()).filter(|at| before[*at] == 0).map(|at| (ranks[at], at)).collect();
    let mut order = Vec::with_capacity(row.len());
    while let Some((_, next)) = free.pop_first() {
        order.push(next);
        for later in &behind[next] {
            before[*later] -= 1;
            if before[*later] == 0 {
                free.insert((ranks[*later], *later));
            }
        }
    }
    let mut row: Vec<Option<Statement>> = row.into_iter().map(|(statement, _)| Some(statement)).collect();
    order.into_iter().filter_map(|at| row.get_mut(at)?.take()).collect()
}

/// Leaves out constants that are put where something else is put before anybody has asked: nothing between can end or be
/// refused.
fn forget_overwritten(row: &mut Vec<(Statement, Trace)>) {
    let is_overwritten = |at: usize| {
        let Some((statement, own)) = row.get(at) else { return false };
        let Some(target) = plain_target(&statement.kind) else { return false };
        let mut later = row.iter().skip(at + 1);
        let next = later.find(|(next, trace)| own.changes(trace) || target_of(&next.kind) == Some(target));
        next.is_some_and(|(next, trace)| !own.changes(trace) && target_of(&next.kind) == Some(target))
    };
    let gone: HashSet<usize> = (0..row.len()).filter(|at| is_overwritten(*at)).collect();
    let mut at = 0;
    row.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

fn target_of(kind: &StatementKind) -> Option<&Target> {
    match kind {
        StatementKind::Set(target, _) | StatementKind::Unset(target) => Some(target),
        _ => None,
    }
}

/// The field that a constant is put in, or that is removed.
fn plain_target(kind: &StatementKind) -> Option<&Target> {
    let is_plain = match kind {
        StatementKind::Set(Target::Header(..), value) => matches!(value.kind, Kind::Text(_)),
        StatementKind::Unset(Target::Header(..)) => true,
        _ => false,
    };
    target_of(kind).filter(|_| is_plain)
}

/// What is read or written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Field(Message, HeaderName),
    Url(Message),
    Variable(Variable),
    Name(LocalId),
    Key,
    Tags,
}

/// What a statement reads and writes.
#[derive(Default)]
pub(super) struct Trace {
    reads: HashSet<Thing>,
    writes: HashSet<Thing>,
}

impl Trace {
    /// `None` if it has to do with what comes behind it, whatever that is, or it is not known what it reads.
    pub fn of(kind: &StatementKind) -> Option<Self> {
        let mut trace = Self::default();
        trace.add(kind)?;
        Some(trace)
    }

    /// What a value is made of; `None` if that is not known.
    pub fn of_value(value: &Expression) -> Option<Self> {
        let mut trace = Self::default();
        trace.value(value)?;
        Some(trace)
    }

    /// Whether it changes something that another one reads.
    pub fn changes(&self, other: &Self) -> bool {
        self.writes.iter().any(|thing| other.reads.contains(thing))
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        let meets = |one: &Self, other: &Self| {
            one.writes.iter().any(|thing| other.writes.contains(thing) || other.reads.contains(thing))
        };
        !meets(self, other) && !meets(other, self)
    }

    fn add(&mut self, kind: &StatementKind) -> Option<()> {
        match kind {
            StatementKind::Let(name, value) => {
                self.writes.insert(Thing::Name(*name));
                self.value(value)
            }
            StatementKind::Set(target, value) => {
                self.writes.insert(written(target)?);
                self.value(value)
            }
            StatementKind::Unset(target @ Target::Header(..)) => {
                self.writes.insert(written(target)?);
                Some(())
            }
            StatementKind::Key(KeyPart::Value(value)) => {
                self.writes.insert(Thing::Key);
                self.value(value)
            }
            StatementKind::Effect(Function::Core(Core::HashData), given) => {
                self.writes.insert(Thing::Key);
                given.iter().try_for_each(|value| self.value(value))
            }
            StatementKind::Tag(tags) => {
                self.writes.insert(Thing::Tags);
                match tags {
                    Tags::Text(value) => self.value(value)?,
                    Tags::Field(name) => _ = self.reads.insert(Thing::Field(Message::Beresp, name.clone())),
                }
                Some(())
            }
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().try_for_each(|arm| self.value(&arm.condition))?;
                let mut within = arms.iter().flat_map(|arm| &arm.body).chain(otherwise);
                within.try_for_each(|statement| self.add(&statement.kind))
            }
            _ => None,
        }
    }

    fn value(&mut self, value: &Expression) -> Option<()> {
        let read = match &value.kind {
            Kind::Header(message, name) => Some(Thing::Field(*message, name.clone())),
            Kind::Directive(message, _) => Some(Thing::Field(*message, CACHE_CONTROL)),
            Kind::Cookie(message, _) | Kind::HasCookie(message, _) | Kind::AnyCookie(message, _) => {
                Some(Thing::Field(*message, COOKIE))
            }
            Kind::Query(message, _) | Kind::HasQuery(message, _) | Kind::AnyQuery(message, _) => {
                Some(Thing::Url(*message))
            }
            Kind::Variable(variable) => Some(of_variable(*variable)?),
            Kind::Local(name) => Some(Thing::Name(*name)),
            Kind::Call(Function::Header(_) | Function::Accept(_), _) | Kind::Bind(..) | Kind::RateLimit(_) => {
                return None;
            }
            Kind::Call(function, _) if function.class() != Class::Pure => return None,
            _ => None,
        };
        self.reads.extend(read);
        value.parts().try_for_each(|part| self.value(part))
    }
}

fn written(target: &Target) -> Option<Thing> {
    match target {
        Target::Header(message, name) => Some(Thing::Field(*message, name.clone())),
        Target::Variable(variable) => of_variable(*variable),
    }
}

/// What a variable is, where that has to do with no other one; `None` if it is not known.
fn of_variable(variable: Variable) -> Option<Thing> {
    use Variable as V;
    match variable {
        V::ReqUrl | V::ReqPath => Some(Thing::Url(Message::Req)),
        V::BereqUrl | V::BereqPath => Some(Thing::Url(Message::Bereq)),
        V::ReqHost => Some(Thing::Field(Message::Req, HOST)),
        V::BereqHost => Some(Thing::Field(Message::Bereq, HOST)),
        V::ReqMethod
        | V::BereqMethod
        | V::ReqBackendHint
        | V::BereqBackend
        | V::BerespTtl
        | V::BerespGrace
        | V::BerespStatus
        | V::RespStatus
        | V::ReqRestarts
        | V::BereqRetries
        | V::ClientIp
        | V::ObjHits
        | V::ObjTtl => Some(Thing::Variable(variable)),
        _ => None,
    }
}
