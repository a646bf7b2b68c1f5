//! From statements to the nodes of a tree, back to front: what comes next is lowered first, so that
//! ways that meet again share it.
//!
//! Consecutive `if`s are one match if no arm of the earlier ones goes on behind it: then what
//! follows is an `else`, and nothing is doubled. An `if` alone in an `else` is part of the match
//! around it for the same reason. Conditions change nothing, so that a match may test them in any
//! order; effects and `let`s stand between matches and are never moved.

mod draft;
mod finish;

use std::collections::{HashMap, HashSet};

use self::draft::{Draft, Drafts};
use super::tree::{DecisionTree, NodeId};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind, StepBody, SubId};

/// Lowers what `body` does, with the subs that it calls.
pub(super) fn lower(hir: &Hir, body: &StepBody) -> DecisionTree {
    let mut lowering = Lowering { hir, drafts: Drafts::default(), subs: HashMap::new(), frame_end: 0 };
    lowering.subs_in_calling_order(&body.body.statements);
    let end = lowering.end();
    let frame = lowering.reserve(body.body.locals);
    let entry = lowering.block(&body.body.statements, end, frame);
    finish::finish(body.step, &lowering.drafts, entry)
}

/// What comes behind a statement.
#[derive(Clone, Copy)]
struct Next {
    node: NodeId,
    /// Whether nothing else points to the node, so that a chain there may be taken over.
    is_ours: bool,
}

struct Lowering<'h> {
    hir: &'h Hir,
    drafts: Drafts<'h>,
    /// The first node of each sub that is lowered already.
    subs: HashMap<SubId, NodeId>,
    /// Subs do not call themselves, so that each has one place for its locals in the step's frame.
    frame_end: usize,
}

impl<'h> Lowering<'h> {
    fn end(&mut self) -> Next {
        Next { node: self.drafts.add(Draft::Leave), is_ours: true }
    }

    fn reserve(&mut self, locals: usize) -> usize {
        let frame = self.frame_end;
        self.frame_end += locals;
        frame
    }

    /// Lowers the subs that the step reaches, callees first; a worklist, since chains of calls may
    /// be long.
    fn subs_in_calling_order(&mut self, statements: &'h [Statement]) {
        let mut work: Vec<SubId> = called(statements);
        let mut expanded = HashSet::new();
        while let Some(id) = work.last().copied() {
            if expanded.insert(id) {
                let body = self.hir.subs.get(id.0 as usize).map(|sub| &sub.body);
                work.extend(body.map(|body| called(&body.statements)).unwrap_or_default());
            } else {
                work.pop();
                self.sub(id);
            }
        }
    }

    fn sub(&mut self, id: SubId) {
        let Some(sub) = self.hir.subs.get(id.0 as usize).filter(|_| !self.subs.contains_key(&id)) else { return };
        let end = self.end();
        let frame = self.reserve(sub.body.locals);
        let entry = self.block(&sub.body.statements, end, frame);
        self.subs.insert(id, entry);
    }

    /// Lowers statements; what comes behind them is `next`. Nothing behind a statement that never
    /// goes on is lowered.
    fn block(&mut self, statements: &'h [Statement], next: Next, frame: usize) -> NodeId {
        let live = statements.iter().position(ends).map_or(statements.len(), |last| last + 1);
        let statements = statements.iter().take(live).rev();
        let first = statements.fold(next, |next, statement| {
            let node = self.statement(statement, next, frame);
            Next { node, is_ours: next.is_ours || node != next.node }
        });
        first.node
    }

    fn statement(&mut self, statement: &'h Statement, next: Next, frame: usize) -> NodeId {
        let draft = match &statement.kind {
            StatementKind::If { arms, otherwise } => return self.branch(arms, otherwise, next, frame),
            StatementKind::Call(sub) => match self.subs.get(sub) {
                Some(entry) => Draft::Call { sub: *sub, entry: *entry, next: next.node },
                None => return next.node,
            },
            StatementKind::Return(outcome) => Draft::Return { outcome, span: statement.span, frame },
            StatementKind::Leave => Draft::Leave,
            _ => Draft::Act { statement, frame, next: next.node },
        };
        self.drafts.add(draft)
    }

    fn branch(&mut self, arms: &'h [Arm], otherwise: &'h [Statement], next: Next, frame: usize) -> NodeId {
        let only_else_goes_on = arms.iter().all(|arm| end_all(&arm.body));
        let behind_else = Next { is_ours: next.is_ours && only_else_goes_on, ..next };
        let rest = self.block(otherwise, behind_else, frame);
        let behind_arm = Next { is_ours: false, ..next };
        let targets: Vec<NodeId> = arms.iter().map(|arm| self.block(&arm.body, behind_arm, frame)).collect();
        let mut chain = self.drafts.take_chain(rest, frame, behind_else.is_ours || rest != next.node);
        chain.prepend(arms.iter().zip(targets));
        self.drafts.add(Draft::Match(chain))
    }
}

/// Whether control never goes on behind these statements.
fn end_all(statements: &[Statement]) -> bool {
    statements.iter().any(ends)
}

fn ends(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Leave => true,
        StatementKind::If { arms, otherwise } => end_all(otherwise) && arms.iter().all(|arm| end_all(&arm.body)),
        _ => false,
    }
}

/// The subs that these statements call, in order.
fn called(statements: &[Statement]) -> Vec<SubId> {
    let mut subs = Vec::new();
    for statement in statements {
        match &statement.kind {
            StatementKind::Call(sub) => subs.push(*sub),
            StatementKind::If { arms, otherwise } => {
                subs.extend(arms.iter().flat_map(|arm| called(&arm.body)));
                subs.extend(called(otherwise));
            }
            _ => {}
        }
    }
    subs
}
