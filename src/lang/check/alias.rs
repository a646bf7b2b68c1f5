//! `let`s that give another name to what stands elsewhere: `let tenant = req.http.X-Tenant`.
//!
//! Where nothing changes what stands there while the name is in sight, the place itself takes the place of the name. So
//! nothing is copied, a ladder of tests is looked up however it is written, and a key that names the field so has all its
//! values in it, as one that names the field itself.

use std::collections::{HashMap, HashSet};

use http::HeaderName;
use http::header::COOKIE;

use crate::lang::hir::{Expression, ExpressionKind as Kind, Hir, KeyPart, LocalId, Statement, StatementKind};
use crate::lang::hir::{Tags, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Message, Type, Variable};
use crate::pace;

/// Puts what they stand for in the place of all such names.
pub(super) fn resolve(hir: &mut Hir) {
    let subs = hir.subs.iter_mut().map(|sub| &mut sub.body);
    let steps = hir.steps.iter_mut().map(|step| &mut step.body);
    for body in subs.chain(steps) {
        if body.locals > 0 {
            block(&mut body.statements, &mut Names::default());
        }
    }
}

/// The names in sight that stand for a place.
type Names = HashMap<LocalId, Expression>;

fn block(statements: &mut Vec<Statement>, names: &mut Names) {
    let changes = Changes::of(statements);
    let mut at = 0;
    let mut own = Vec::new();
    statements.retain_mut(|statement| {
        let place = at;
        at += 1;
        expressions(statement, &mut |expression| replace(expression, names));
        match &mut statement.kind {
            StatementKind::Let(local, value) => {
                own.push(*local);
                names.remove(local);
                if !changes.leave(value, *local, place) {
                    return true;
                }
                names.insert(*local, value.clone());
                return false;
            }
            StatementKind::If { arms, otherwise, .. } => {
                for arm in arms {
                    block(&mut arm.body, names);
                }
                block(otherwise, names);
            }
            _ => {}
        }
        true
    });
    // Their places in the frame are given to others behind the block.
    for local in own {
        names.remove(&local);
    }
}

/// Calls `visit` with the expressions of a statement, but for those of the statements in it.
fn expressions(statement: &mut Statement, visit: &mut impl FnMut(&mut Expression)) {
    pace::pause();
    match &mut statement.kind {
        StatementKind::Let(_, value)
        | StatementKind::Set(_, value)
        | StatementKind::Key(KeyPart::Value(value))
        | StatementKind::Tag(Tags::Text(value)) => visit(value),
        StatementKind::If { arms, .. } => arms.iter_mut().for_each(|arm| visit(&mut arm.condition)),
        StatementKind::Effect(_, arguments) => arguments.iter_mut().for_each(visit),
        StatementKind::Return(outcome) => outcome.values_mut().for_each(visit),
        // A ban reads the fields of whoever asks later, and what a name stands for now.
        StatementKind::Ban(_)
        | StatementKind::Unset(_)
        | StatementKind::Call(_)
        | StatementKind::Leave
        | StatementKind::Normalize(_)
        | StatementKind::Key(KeyPart::Query { .. })
        | StatementKind::Tag(Tags::Field(_)) => {}
    }
}

fn replace(expression: &mut Expression, names: &mut Names) {
    if names.is_empty() {
        return;
    }
    if let Kind::Local(local) = &expression.kind {
        if let Some(place) = names.get(local) {
            expression.kind = place.kind.clone();
        }
        return;
    }
    // What is bound within an expression may have the place of a name that is out of sight.
    let bound = if let Kind::Bind(local, ..) = &expression.kind { Some(*local) } else { None };
    let hidden = bound.and_then(|local| Some((local, names.remove(&local)?)));
    expression.parts_mut().for_each(|part| replace(part, names));
    names.extend(hidden);
}

/// Where in a block something is changed, in order, and where names are read last.
#[derive(Default)]
struct Changes {
    /// By what may change anything.
    anything: Vec<usize>,
    fields: HashMap<(Message, HeaderName), Vec<usize>>,
    /// A field of a message, by its name.
    any_field: HashMap<&'static str, Vec<usize>>,
    /// A variable, by the first part of its name.
    variables: HashMap<&'static str, Vec<usize>>,
    /// The same of those that fields may depend on.
    sources: HashMap<&'static str, Vec<usize>>,
    reads: HashMap<LocalId, usize>,
    /// Names that a ban reads.
    banned: HashSet<LocalId>,
}

impl Changes {
    /// Those of a block, and of the blocks in it. Nothing is changed yet.
    fn of(statements: &mut [Statement]) -> Self {
        let mut changes = Self::default();
        statements.iter_mut().enumerate().for_each(|(at, statement)| changes.add(statement, at));
        changes
    }

    fn add(&mut self, statement: &mut Statement, at: usize) {
        expressions(statement, &mut |expression| {
            locals(expression, &mut |local| {
                self.reads.insert(local, at);
            });
        });
        match &mut statement.kind {
            StatementKind::Set(target, _) | StatementKind::Unset(target) => self.change(target, at),
            StatementKind::If { arms, otherwise, .. } => {
                let inner = arms.iter_mut().flat_map(|arm| &mut arm.body).chain(otherwise);
                inner.for_each(|statement| self.add(statement, at));
            }
            StatementKind::Effect(Function::Core(Core::HashData | Core::Log | Core::Syslog | Core::Timestamp), _)
            | StatementKind::Let(..)
            | StatementKind::Return(_)
            | StatementKind::Leave
            | StatementKind::Key(_)
            | StatementKind::Tag(_) => {}
            StatementKind::Ban(condition) => locals(condition, &mut |local| {
                self.banned.insert(local);
            }),
            StatementKind::Effect(..) | StatementKind::Call(_) | StatementKind::Normalize(_) => self.anything.push(at),
        }
    }

    fn change(&mut self, target: &Target, at: usize) {
        match target {
            Target::Header(message, name) => {
                self.fields.entry((*message, name.clone())).or_default().push(at);
                self.any_field.entry(message.name()).or_default().push(at);
            }
            Target::Variable(variable) => {
                self.variables.entry(first_part(*variable)).or_default().push(at);
                if !leaves_fields_alone(*variable) {
                    self.sources.entry(first_part(*variable)).or_default().push(at);
                }
            }
        }
    }

    /// Whether `local`, bound at `from`, stands for the place that `value` reads as long as it is read.
    fn leave(&self, value: &Expression, local: LocalId, from: usize) -> bool {
        // One that nothing reads here is read behind the block: an arm of a `match` gives its value to a name that is in sight
        // there.
        let Some(until) = self.reads.get(&local).copied() else { return false };
        let leaves = |places: Option<&Vec<usize>>| {
            let next = places.and_then(|places| places.get(places.partition_point(|place| *place <= from)));
            next.is_none_or(|next| *next > until)
        };
        if value.ty != Type::String || !leaves(Some(&self.anything)) || self.banned.contains(&local) {
            return false;
        }
        let field = |message: Message, name: &HeaderName| {
            leaves(self.fields.get(&(message, name.clone()))) && leaves(self.sources.get(message.name()))
        };
        match &value.kind {
            Kind::Header(message, name) => field(*message, name),
            Kind::Cookie(message, name) if matches!(name.kind, Kind::Text(_)) => field(*message, &COOKIE),
            Kind::Query(message, name) if matches!(name.kind, Kind::Text(_)) => {
                leaves(self.variables.get(message.name()))
            }
            Kind::Variable(variable) => {
                let message = first_part(*variable);
                leaves(self.variables.get(message))
                    && (is_apart_from_fields(*variable) || leaves(self.any_field.get(message)))
            }
            _ => false,
        }
    }
}

/// Calls `visit` with each name in an expression.
fn locals(expression: &Expression, visit: &mut impl FnMut(LocalId)) {
    if let Kind::Local(local) = &expression.kind {
        visit(*local);
    }
    expression.parts().for_each(|part| locals(part, visit));
}

/// What a variable is one of: `req` of `req.url`.
fn first_part(variable: Variable) -> &'static str {
    let name = variable.name();
    name.split_once('.').map_or(name, |(first, _)| first)
}

/// Whether setting the variable changes no field.
fn leaves_fields_alone(variable: Variable) -> bool {
    use Variable as V;
    matches!(
        variable,
        V::ReqUrl
            | V::BereqUrl
            | V::ReqMethod
            | V::BereqMethod
            | V::ReqBackendHint
            | V::BereqBackend
            | V::BerespTtl
            | V::BerespGrace
            | V::BerespKeep
            | V::BerespUncacheable
            | V::BerespStatus
            | V::RespStatus
    )
}

/// Whether the variable says the same whatever fields there are.
fn is_apart_from_fields(variable: Variable) -> bool {
    use Variable as V;
    matches!(variable, V::ReqUrl | V::ReqPath | V::ReqMethod | V::BereqUrl | V::BereqPath | V::BereqMethod)
}
