//! The last pass: nodes that are reached get their final numbers, long matches their index.

use super::draft::{Chain, Draft, Drafts};
use crate::decision::index::Index;
use crate::decision::tree::{Arm, Chooser, DecisionTree, Match, Node, NodeId};
use crate::lang::schema::Step;

/// The tree of what is reached from `entry`.
pub(super) fn finish(step: Step, drafts: &Drafts<'_>, entry: NodeId) -> DecisionTree {
    let (order, numbers) = reached(drafts, entry);
    let renumber = |id: NodeId| numbers.get(id.0 as usize).copied().flatten().unwrap_or_default();
    let nodes = order.iter().filter_map(|id| drafts.get(*id)).map(|draft| node(draft, &renumber)).collect();
    DecisionTree::new(step, renumber(entry), nodes)
}

/// The nodes in the order in which they are first reached, and the new number of each old one.
fn reached(drafts: &Drafts<'_>, entry: NodeId) -> (Vec<NodeId>, Vec<Option<NodeId>>) {
    let (mut order, mut numbers, mut work) = (Vec::new(), vec![None; drafts.len()], vec![entry]);
    while let Some(id) = work.pop() {
        let Some(number @ None) = numbers.get_mut(id.0 as usize) else { continue };
        *number = Some(NodeId(u32::try_from(order.len()).unwrap_or(u32::MAX)));
        order.push(id);
        if let Some(draft) = drafts.get(id) {
            push_successors(draft, &mut work);
        }
    }
    (order, numbers)
}

/// Puts the successors of a node on the work list, the last one first.
fn push_successors(draft: &Draft<'_>, work: &mut Vec<NodeId>) {
    match draft {
        Draft::Match(chain) => {
            work.push(chain.otherwise);
            work.extend(chain.reversed.iter().map(|(_, target)| *target));
        }
        Draft::Act { next, .. } => work.push(*next),
        Draft::Call { entry, next, .. } => work.extend([*next, *entry]),
        Draft::Return { .. } | Draft::Leave => {}
    }
}

fn node(draft: &Draft<'_>, renumber: &impl Fn(NodeId) -> NodeId) -> Node {
    match draft {
        Draft::Match(chain) => Node::Match(match_node(chain, renumber)),
        Draft::Act { statement, frame, next } => {
            Node::Act { statement: (*statement).clone(), frame: *frame, next: renumber(*next) }
        }
        Draft::Call { sub, entry, next } => Node::Call { sub: *sub, entry: renumber(*entry), next: renumber(*next) },
        Draft::Return { outcome, span, frame } => {
            Node::Return { outcome: (*outcome).clone(), span: *span, frame: *frame }
        }
        Draft::Leave => Node::Leave,
    }
}

fn match_node(chain: &Chain<'_>, renumber: &impl Fn(NodeId) -> NodeId) -> Match {
    let conditions: Vec<_> = chain.reversed.iter().rev().map(|(arm, _)| &arm.condition).collect();
    let chooser = match Index::build(&conditions) {
        Some(index) => Chooser::Indexed(Box::new(index)),
        None => Chooser::InTurn(conditions.into_iter().cloned().collect()),
    };
    let arm = |(arm, target): &(&crate::lang::hir::Arm, NodeId)| Arm {
        condition: arm.condition.span,
        target: renumber(*target),
    };
    let arms = chain.reversed.iter().rev().map(arm).collect();
    Match { arms, otherwise: renumber(chain.otherwise), frame: chain.frame, chooser }
}
