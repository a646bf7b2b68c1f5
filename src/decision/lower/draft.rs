//! Nodes while the tree is being built: they borrow the policy, and chains still grow.

use crate::decision::tree::NodeId;
use crate::lang::hir::{Arm, Outcome, Statement, SubId};
use crate::lang::source::Span;

/// Names a chain of [`Drafts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChainId(pub usize);

/// A node that is not finished.
pub(super) enum Draft<'h> {
    /// The last so many arms of a chain.
    Enter {
        chain: ChainId,
        left: usize,
    },
    Act {
        statement: &'h Statement,
        frame: usize,
        next: NodeId,
    },
    Call {
        sub: SubId,
        entry: NodeId,
        next: NodeId,
    },
    Return {
        outcome: &'h Outcome,
        span: Span,
        frame: usize,
    },
    Leave,
}

/// Arms, last one first, so that a chain grows at its head in constant time, and whoever goes on in the midst of it
/// counts from its end.
pub(super) struct Chain<'h> {
    pub reversed: Vec<(&'h Arm, NodeId)>,
    pub otherwise: NodeId,
    /// Where that stands.
    pub rest: Option<Span>,
    pub frame: usize,
}

/// The nodes so far.
#[derive(Default)]
pub(super) struct Drafts<'h> {
    nodes: Vec<Draft<'h>>,
    chains: Vec<Chain<'h>>,
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

    /// How many chains there are.
    pub fn chains(&self) -> usize {
        self.chains.len()
    }

    pub fn chain(&self, id: ChainId) -> Option<&Chain<'h>> {
        self.chains.get(id.0)
    }

    /// A chain without arms.
    pub fn begin(&mut self, otherwise: NodeId, rest: Option<Span>, frame: usize) -> ChainId {
        self.chains.push(Chain { reversed: Vec::new(), otherwise, rest, frame });
        ChainId(self.chains.len() - 1)
    }

    /// Puts arms, given in order, in front of the others; the node that tries all of them.
    pub fn prepend(&mut self, chain: ChainId, arms: impl DoubleEndedIterator<Item = (&'h Arm, NodeId)>) -> NodeId {
        let arms_of = self.chains.get_mut(chain.0).map(|chain| &mut chain.reversed);
        let left = arms_of.map_or(0, |present| {
            present.extend(arms.rev());
            present.len()
        });
        self.add(Draft::Enter { chain, left })
    }
}
