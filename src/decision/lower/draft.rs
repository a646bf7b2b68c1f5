//! Nodes while the tree is being built: they borrow the policy, and chains still grow.

use crate::decision::tree::NodeId;
use crate::lang::hir::{Arm, Outcome, Statement, SubId};
use crate::lang::source::Span;

/// A node that is not finished.
pub(super) enum Draft<'h> {
    Match(Chain<'h>),
    Act { statement: &'h Statement, frame: usize, next: NodeId },
    Call { sub: SubId, entry: NodeId, next: NodeId },
    Return { outcome: &'h Outcome, span: Span, frame: usize },
    Leave,
}

/// Arms, last one first, so that a chain grows at its head in constant time.
pub(super) struct Chain<'h> {
    pub reversed: Vec<(&'h Arm, NodeId)>,
    pub otherwise: NodeId,
    pub frame: usize,
}

impl<'h> Chain<'h> {
    /// Puts arms, given in order, in front of the others.
    pub fn prepend(&mut self, arms: impl DoubleEndedIterator<Item = (&'h Arm, NodeId)>) {
        self.reversed.extend(arms.rev());
    }
}

/// The nodes so far.
#[derive(Default)]
pub(super) struct Drafts<'h> {
    nodes: Vec<Draft<'h>>,
}

impl<'h> Drafts<'h> {
    pub fn add(&mut self, draft: Draft<'h>) -> NodeId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(draft);
        NodeId(id)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn get(&self, id: NodeId) -> Option<&Draft<'h>> {
        self.nodes.get(id.0 as usize)
    }

    /// The chain that begins at `rest`, to be put behind other arms; an empty chain that goes on at
    /// `rest` if there is none, or if others may point to it too (`is_ours` is false).
    pub fn take_chain(&mut self, rest: NodeId, frame: usize, is_ours: bool) -> Chain<'h> {
        let empty = Chain { reversed: Vec::new(), otherwise: rest, frame };
        match self.nodes.get_mut(rest.0 as usize) {
            Some(Draft::Match(chain)) if is_ours => std::mem::replace(chain, empty),
            _ => empty,
        }
    }
}
