//! One shape of what can be written in several: a sub in the place of its `call`, an `else` behind what ends, one `if` for
//! one within another, conditions without a `not` around what they are made of.
//!
//! Nothing is carried out that was not, and what is, is carried out in the order in which it was; conditions are tested in
//! their order, and none is tested that was not, unless it is the same each time that it is asked for ([`is_drawn`]).

use std::collections::HashSet;

use super::unnamed::{numbered, without_names};
use super::unseen::is_drawn;
use crate::lang::hir::{
    Arm, Body, Comparison, Expression, ExpressionKind as Kind, Hir, LocalId, Statement, StatementKind, Sub, SubId,
};

/// So many statements may come to stand in the place of calls.
const MOST_STATEMENTS: usize = 2_000;
/// Only of `if`s of so few arms those are split that hold in one of so few cases.
const FEW_ARMS: usize = 64;
const FEW_CASES: usize = 16;
/// So many statements of arms are written out for further cases, in all of a policy.
const MOST_COPIES: usize = 10_000;

/// Gives a policy that shape.
pub(super) fn in_one_shape(hir: &mut Hir) {
    let subs = hir.subs.clone();
    let mut left = MOST_STATEMENTS;
    for body in hir.steps.iter_mut().map(|step| &mut step.body) {
        let mut locals = body.locals;
        body.statements = inlined(&body.statements, &subs, 0, &mut locals, &mut left);
        body.locals = locals;
    }
    forget_unused(hir);
    let mut copies = MOST_COPIES;
    let subs = hir.subs.iter_mut().map(|sub| &mut sub.body);
    for body in hir.steps.iter_mut().map(|step| &mut step.body).chain(subs) {
        body.statements = shaped(std::mem::take(&mut body.statements), &mut copies);
        body.locals = numbered(&mut body.statements);
    }
}

/// The statements with those of subs in the place of calls, and other names for what is bound there: a sub sees no name of
/// who calls it, and its own are unset when it begins, as they are where it stands once.
fn inlined(statements: &[Statement], subs: &[Sub], from: u32, locals: &mut usize, left: &mut usize) -> Vec<Statement> {
    let mut all = Vec::with_capacity(statements.len());
    for statement in statements {
        let sub = match &statement.kind {
            StatementKind::Call(id) => subs.get(id.0 as usize).filter(|sub| can_be_inlined(sub)),
            _ => None,
        };
        let size = sub.map_or(0, |sub| size(&sub.body.statements));
        if let (Some(sub), Some(fewer)) = (sub, left.checked_sub(size)) {
            *left = fewer;
            let from = u32::try_from(*locals).unwrap_or(u32::MAX);
            *locals += sub.body.locals;
            all.extend(inlined(&sub.body.statements, subs, from, locals, left));
            continue;
        }
        let mut statement = statement.clone();
        super::one_way::values(&mut statement).for_each(|value| rename(value, from));
        match &mut statement.kind {
            StatementKind::Let(LocalId(id), _) => *id = id.saturating_add(from),
            StatementKind::If { arms, otherwise, .. } => {
                for body in arms.iter_mut().map(|arm| &mut arm.body).chain([otherwise]) {
                    *body = inlined(body, subs, from, locals, left);
                }
            }
            _ => {}
        }
        all.push(statement);
    }
    all
}

/// Whether all that a sub does can stand in the place of a call: it does not go back early. What is built in stays.
fn can_be_inlined(sub: &Sub) -> bool {
    !sub.name.starts_with("builtin.") && !leaves(&sub.body.statements)
}

fn leaves(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Leave => true,
        StatementKind::If { arms, otherwise, .. } => arms.iter().any(|arm| leaves(&arm.body)) || leaves(otherwise),
        _ => false,
    })
}

fn size(statements: &[Statement]) -> usize {
    let within = |statement: &Statement| match &statement.kind {
        StatementKind::If { arms, otherwise, .. } => {
            arms.iter().map(|arm| 1 + size(&arm.body)).sum::<usize>() + size(otherwise)
        }
        _ => 1,
    };
    statements.iter().map(within).sum()
}

fn rename(value: &mut Expression, from: u32) {
    if let Kind::Local(LocalId(id)) | Kind::Bind(LocalId(id), ..) = &mut value.kind {
        *id = id.saturating_add(from);
    }
    value.parts_mut().for_each(|part| rename(part, from));
}

/// Leaves out subs that nothing calls, and puts the others in the order of their names.
fn forget_unused(hir: &mut Hir) {
    let mut called = HashSet::new();
    hir.steps.iter().for_each(|step| calls(&step.body.statements, &hir.subs, &mut called));
    let mut kept: Vec<u32> = called.into_iter().collect();
    kept.sort_by_key(|id| hir.subs.get(*id as usize).map(|sub| sub.name.clone()));
    let new_id = |id: u32| kept.iter().position(|kept| *kept == id).and_then(|at| u32::try_from(at).ok()).unwrap_or(id);
    hir.subs = kept.iter().filter_map(|id| hir.subs.get(*id as usize).cloned()).collect();
    let bodies = hir.steps.iter_mut().map(|step| &mut step.body).chain(hir.subs.iter_mut().map(|sub| &mut sub.body));
    for Body { statements, .. } in bodies {
        renumber(statements, &new_id);
    }
}

/// Adds the subs that are called, and those that they call.
pub(super) fn calls(statements: &[Statement], subs: &[Sub], called: &mut HashSet<u32>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Call(SubId(id)) if called.insert(*id) => {
                subs.get(*id as usize).into_iter().for_each(|sub| calls(&sub.body.statements, subs, called));
            }
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().map(|arm| &arm.body).chain([otherwise]).for_each(|body| calls(body, subs, called));
            }
            _ => {}
        }
    }
}

fn renumber(statements: &mut [Statement], new_id: &impl Fn(u32) -> u32) {
    for statement in statements {
        match &mut statement.kind {
            StatementKind::Call(SubId(id)) => *id = new_id(*id),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter_mut().map(|arm| &mut arm.body).chain([otherwise]).for_each(|body| renumber(body, new_id));
            }
            _ => {}
        }
    }
}

/// The statements in one shape. What stands behind the end is left out: nobody comes there.
fn shaped(mut statements: Vec<Statement>, copies: &mut usize) -> Vec<Statement> {
    without_names(&mut statements);
    let mut todo: Vec<Statement> = statements.into_iter().rev().collect();
    let mut all: Vec<Statement> = Vec::with_capacity(todo.len());
    while let Some(mut statement) = todo.pop() {
        if let StatementKind::If { arms, otherwise, rest } = &mut statement.kind {
            *rest = None;
            shape(arms, otherwise, copies);
            if arms.iter().all(|arm| ends(&arm.body)) {
                // Who is taken by none of them goes on.
                todo.extend(otherwise.drain(..).rev());
            }
            if let Some(before) = all.last_mut()
                && goes_on_untaken(before)
                && let StatementKind::If { arms: first, otherwise: last, .. } = &mut before.kind
            {
                first.append(arms);
                *last = std::mem::take(otherwise);
                continue;
            }
        }
        let is_end = ends(std::slice::from_ref(&statement));
        all.push(statement);
        if is_end {
            break;
        }
    }
    all
}

/// Whether it is an `if` behind which nobody goes on but who is taken by none of its arms.
fn goes_on_untaken(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::If { arms, otherwise, .. } => otherwise.is_empty() && arms.iter().all(|arm| ends(&arm.body)),
        _ => false,
    }
}

/// Whether nobody comes to the end of the statements.
fn ends(statements: &[Statement]) -> bool {
    statements.last().is_some_and(|last| match &last.kind {
        StatementKind::Return(_) | StatementKind::Leave => true,
        StatementKind::If { arms, otherwise, .. } => arms.iter().all(|arm| ends(&arm.body)) && ends(otherwise),
        _ => false,
    })
}

fn shape(arms: &mut Vec<Arm>, otherwise: &mut Vec<Statement>, copies: &mut usize) {
    flatten(arms, otherwise);
    for arm in &mut *arms {
        arm.body = shaped(std::mem::take(&mut arm.body), copies);
        straighten(&mut arm.condition);
    }
    *otherwise = shaped(std::mem::take(otherwise), copies);
    if arms.iter().any(|arm| is_drawn(&arm.condition)) {
        return;
    }
    turn(arms, otherwise);
    flatten(arms, otherwise);
    // One `if` within the last arm of another, and nothing else: who is not taken by it goes on, as who is taken by no arm.
    while otherwise.is_empty()
        && let Some(last) = arms.last_mut()
        && let [Statement { kind: StatementKind::If { arms: inner, otherwise: none, .. }, .. }] = &mut *last.body
        && none.is_empty()
        && let [only] = inner.as_mut_slice()
        && !is_drawn(&only.condition)
    {
        let body = std::mem::take(&mut only.body);
        let (inner, ty, span) = (only.condition.clone(), last.condition.ty, last.condition.span);
        let outer = std::mem::replace(&mut last.condition, inner.clone());
        last.condition = Expression { kind: Kind::And(vec![outer, inner]), ty, span };
        straighten(&mut last.condition);
        last.body = body;
    }
    split(arms, copies);
}

/// The shorter of the two ways to say an `if` with an `else`: what ends comes first, and no `not` that can be spared.
fn turn(arms: &mut [Arm], otherwise: &mut Vec<Statement>) {
    let [arm] = arms else { return };
    if otherwise.is_empty() {
        return;
    }
    let mut opposite =
        Expression { kind: Kind::Not(Box::new(arm.condition.clone())), ty: arm.condition.ty, span: arm.condition.span };
    straighten(&mut opposite);
    let is_turned = match (ends(&arm.body), ends(otherwise)) {
        _ if arm.body.is_empty() => true,
        (true, false) => false,
        (false, true) => true,
        _ => nots(&opposite) < nots(&arm.condition),
    };
    if is_turned {
        arm.condition = opposite;
        std::mem::swap(&mut arm.body, otherwise);
    }
}

fn nots(condition: &Expression) -> (usize, usize) {
    let own = usize::from(matches!(condition.kind, Kind::Not(_)));
    let all = condition.parts().fold((own, 0), |all, part| {
        let part = nots(part);
        (all.0 + part.0, all.1 + part.1)
    });
    // Of as many, `and` comes first.
    (all.0, all.1 + usize::from(matches!(condition.kind, Kind::Or(_))))
}

/// `else { if … }` as `else if …`.
fn flatten(arms: &mut Vec<Arm>, otherwise: &mut Vec<Statement>) {
    while let [Statement { kind: StatementKind::If { arms: more, otherwise: rest, .. }, .. }] = &mut **otherwise {
        if more.iter().any(|arm| is_drawn(&arm.condition)) {
            return;
        }
        arms.append(more);
        *otherwise = std::mem::take(rest);
    }
}

/// An arm for each case in which one is taken: the first case that holds is tested first, and does the same.
fn split(arms: &mut Vec<Arm>, copies: &mut usize) {
    if arms.len() > FEW_ARMS {
        return;
    }
    let mut all = Vec::with_capacity(arms.len());
    for mut arm in arms.drain(..) {
        let cases = cases(&mut arm.condition, size(&arm.body), copies);
        let further = |condition| Arm { condition, body: arm.body.clone(), span: arm.span };
        let further: Vec<Arm> = cases.into_iter().map(further).collect();
        all.push(arm);
        all.extend(further);
    }
    *arms = all;
}

/// The cases of a condition but for the first, which is left of it; none, if that is one case, or there are too many.
fn cases(condition: &mut Expression, size: usize, copies: &mut usize) -> Vec<Expression> {
    let Kind::Or(cases) = &mut condition.kind else { return Vec::new() };
    let needed = (cases.len() - 1).saturating_mul(1 + size);
    if cases.len() > FEW_CASES || needed > *copies {
        return Vec::new();
    }
    *copies -= needed;
    let further = cases.split_off(1);
    if let Some(first) = cases.pop() {
        *condition = first;
    }
    further
}

/// Puts each `not` to what it is about, and makes one of `and`s within `and`s and of `or`s within `or`s.
fn straighten(condition: &mut Expression) {
    if is_drawn(condition) {
        return;
    }
    if let Kind::Not(inner) = &mut condition.kind {
        let within = match &mut inner.kind {
            Kind::Not(inner) => Some(std::mem::replace(&mut inner.kind, Kind::Unset)),
            Kind::And(parts) => Some(Kind::Or(opposites(parts))),
            Kind::Or(parts) => Some(Kind::And(opposites(parts))),
            Kind::Compare(comparison, one, other) => opposite_of(*comparison).map(|opposite| {
                let nothing = || Box::new(Expression { kind: Kind::Unset, ty: one.ty, span: one.span });
                let (mut first, mut second) = (nothing(), nothing());
                std::mem::swap(&mut first, one);
                std::mem::swap(&mut second, other);
                Kind::Compare(opposite, first, second)
            }),
            _ => None,
        };
        if let Some(kind) = within {
            condition.kind = kind;
            return straighten(condition);
        }
    }
    match &mut condition.kind {
        Kind::And(parts) => {
            parts.iter_mut().for_each(straighten);
            merge(parts, |kind| if let Kind::And(parts) = kind { Some(parts) } else { None });
        }
        Kind::Or(parts) => {
            parts.iter_mut().for_each(straighten);
            merge(parts, |kind| if let Kind::Or(parts) = kind { Some(parts) } else { None });
        }
        _ => {}
    }
}

/// What holds wherever a comparison does not; of others than these neither need hold.
fn opposite_of(comparison: Comparison) -> Option<Comparison> {
    match comparison {
        Comparison::Equal => Some(Comparison::NotEqual),
        Comparison::NotEqual => Some(Comparison::Equal),
        _ => None,
    }
}

fn opposites(parts: &mut Vec<Expression>) -> Vec<Expression> {
    let not = |part: Expression| {
        let (ty, span) = (part.ty, part.span);
        Expression { kind: Kind::Not(Box::new(part)), ty, span }
    };
    parts.drain(..).map(not).collect()
}

fn merge(parts: &mut Vec<Expression>, within: impl Fn(&mut Kind) -> Option<&mut Vec<Expression>>) {
    let mut all = Vec::with_capacity(parts.len());
    for mut part in parts.drain(..) {
        match within(&mut part.kind) {
            Some(parts) => all.append(parts),
            None => all.push(part),
        }
    }
    *parts = all;
}
