//! From statements to the nodes of a tree, back to front: what comes next is lowered first, so that
//! ways that meet again share it.
//!
//! Consecutive `if`s are one chain of arms, whether they end the step or go on: who goes on behind an
//! `if` goes on with the arms of the next one, in the midst of the chain. That is what the policy says
//! word for word, whatever the statements between have changed: conditions are tested when they are
//! come to, and change nothing, so that a match may test those of its arms in any order. An `if` alone
//! in an `else` is part of the chain around it. Effects and `let`s stand between chains and are never
//! moved.

mod draft;
mod finish;

use std::collections::{HashMap, HashSet};

use self::draft::{ChainId, Draft, Drafts};
use super::index::AclsOf;
use super::tree::{DecisionTree, NodeId};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind, StepBody, SubId};
use crate::lang::source::Span;
use crate::pace;

/// Lowers what `body` does, with the subs that it calls. Without `acls` nothing is indexed.
pub(super) fn lower(hir: &Hir, body: &StepBody, acls: Option<AclsOf<'_>>) -> DecisionTree {
    let mut lowering = Lowering { hir, drafts: Drafts::default(), subs: HashMap::new(), frame_end: 0 };
    lowering.subs_in_calling_order(&body.body.statements);
    let end = lowering.end();
    let frame = lowering.reserve(body.body.locals);
    let entry = lowering.block(&body.body.statements, end, frame).node;
    finish::finish(body.step, &lowering.drafts, entry, acls)
}

/// What comes behind a statement.
#[derive(Clone, Copy)]
struct Next {
    node: NodeId,
    /// The chain that begins there, if `if`s in front of it belong to it.
    chain: Option<ChainId>,
}

impl Next {
    fn plain(node: NodeId) -> Self {
        Self { node, chain: None }
    }
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
        Next::plain(self.drafts.add(Draft::Leave))
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
        let entry = self.block(&sub.body.statements, end, frame).node;
        self.subs.insert(id, entry);
    }

    /// Lowers statements; what comes behind them is `next`. Nothing behind a statement that never
    /// goes on is lowered.
    fn block(&mut self, statements: &'h [Statement], next: Next, frame: usize) -> Next {
        let live = statements.iter().position(ends).map_or(statements.len(), |last| last + 1);
        let statements = statements.iter().take(live).rev();
        statements.fold(next, |next, statement| self.statement(statement, next, frame))
    }

    fn statement(&mut self, statement: &'h Statement, next: Next, frame: usize) -> Next {
        pace::pause();
        let draft = match &statement.kind {
            StatementKind::If { arms, otherwise, rest } => {
                return self.branch(arms, (otherwise, *rest), next, frame);
            }
            StatementKind::Call(sub) => match self.subs.get(sub) {
                Some(entry) => Draft::Call { sub: *sub, entry: *entry, next: next.node },
                None => return next,
            },
            StatementKind::Return(outcome) => Draft::Return { outcome, span: statement.span, frame },
            StatementKind::Leave => Draft::Leave,
            _ => Draft::Act { statement, frame, next: next.node },
        };
        Next::plain(self.drafts.add(draft))
    }

    /// `otherwise` is what is done if no arm holds, with its place.
    fn branch(
        &mut self,
        arms: &'h [Arm],
        (otherwise, place): (&'h [Statement], Option<Span>),
        next: Next,
        frame: usize,
    ) -> Next {
        let behind = Next::plain(next.node);
        let rest = if otherwise.is_empty() { next } else { self.block(otherwise, behind, frame) };
        let targets: Vec<NodeId> = arms.iter().map(|arm| self.block(&arm.body, behind, frame).node).collect();
        let chain = rest.chain.unwrap_or_else(|| self.drafts.begin(rest.node, place, frame));
        let node = self.drafts.prepend(chain, arms.iter().zip(targets));
        Next { node, chain: Some(chain) }
    }
}

/// Whether control never goes on behind these statements.
fn end_all(statements: &[Statement]) -> bool {
    statements.iter().any(ends)
}

fn ends(statement: &Statement) -> bool {
    pace::pause();
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Leave => true,
        StatementKind::If { arms, otherwise, .. } => end_all(otherwise) && arms.iter().all(|arm| end_all(&arm.body)),
        _ => false,
    }
}

/// The subs that these statements call, in order.
fn called(statements: &[Statement]) -> Vec<SubId> {
    let mut subs = Vec::new();
    for statement in statements {
        match &statement.kind {
            StatementKind::Call(sub) => subs.push(*sub),
            StatementKind::If { arms, otherwise, .. } => {
                subs.extend(arms.iter().flat_map(|arm| called(&arm.body)));
                subs.extend(called(otherwise));
            }
            _ => {}
        }
    }
    subs
}
