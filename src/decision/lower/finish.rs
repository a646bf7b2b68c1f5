//! The last pass: nodes that are reached get their final numbers, long matches their index.

use std::sync::Arc;

use hashbrown::HashMap;

use super::draft::{Chain, ChainId, Draft, Drafts};
use crate::decision::index::{AclsOf, Index};
use crate::decision::tree::{Chooser, DecisionTree, Match, Node, NodeId, Targets};
use crate::lang::hir::Outcome;
use crate::lang::schema::{Action, Step};
use crate::pace;

/// The tree of what is reached from `entry`.
pub(super) fn finish(step: Step, drafts: &Drafts<'_>, entry: NodeId, acls: Option<AclsOf<'_>>) -> DecisionTree {
    let mut reached = Reached::new(drafts);
    reached.follow(entry);
    let mut finishing = Finishing { drafts, reached: &reached, acls, plain: HashMap::new() };
    let nodes = reached.order.iter().filter_map(|item| finishing.node(*item)).collect();
    DecisionTree::new(step, reached.number(entry), nodes)
}

/// What becomes a node.
#[derive(Clone, Copy)]
enum Item {
    Draft(NodeId),
    /// All arms of a chain.
    Chain(ChainId),
}

/// What is reached, in order.
struct Reached<'d, 'h> {
    drafts: &'d Drafts<'h>,
    order: Vec<Item>,
    /// The number of each draft.
    drafted: Vec<Option<NodeId>>,
    /// The number of each chain, and whether somebody goes on in its midst.
    chained: Vec<(Option<NodeId>, bool)>,
}

impl<'d, 'h> Reached<'d, 'h> {
    fn new(drafts: &'d Drafts<'h>) -> Self {
        Self {
            drafts,
            order: Vec::new(),
            drafted: vec![None; drafts.len()],
            chained: vec![(None, false); drafts.chains()],
        }
    }

    /// Numbers what is reached from `entry` as it is first reached.
    fn follow(&mut self, entry: NodeId) {
        let mut work = vec![entry];
        while let Some(id) = work.pop() {
            pace::pause();
            if !matches!(self.drafted.get(id.0 as usize), Some(None)) {
                continue;
            }
            let Some(draft) = self.drafts.get(id) else { continue };
            if let Draft::Enter { chain, left } = draft {
                self.enter(id, *chain, *left, &mut work);
            } else {
                self.draft(id);
                push_successors(draft, &mut work);
            }
        }
    }

    /// Numbers a way into a chain, and the chain with it.
    fn enter(&mut self, id: NodeId, chain: ChainId, left: usize, work: &mut Vec<NodeId>) {
        let Some(arms) = self.drafts.chain(chain) else { return };
        let is_first = self.chained.get(chain.0).is_some_and(|(number, _)| number.is_none());
        if is_first {
            let number = self.next();
            self.order.push(Item::Chain(chain));
            if let Some(chained) = self.chained.get_mut(chain.0) {
                chained.0 = Some(number);
            }
        }
        if left == arms.reversed.len() {
            let number = self.chained.get(chain.0).and_then(|(number, _)| *number);
            if let Some(drafted) = self.drafted.get_mut(id.0 as usize) {
                *drafted = number;
            }
        } else {
            self.draft(id);
            if let Some(chained) = self.chained.get_mut(chain.0) {
                chained.1 = true;
            }
        }
        if is_first {
            work.push(arms.otherwise);
            work.extend(arms.reversed.iter().map(|(_, target)| *target));
        }
    }

    fn draft(&mut self, id: NodeId) {
        let number = self.next();
        self.order.push(Item::Draft(id));
        if let Some(drafted) = self.drafted.get_mut(id.0 as usize) {
            *drafted = Some(number);
        }
    }

    fn next(&self) -> NodeId {
        NodeId(u32::try_from(self.order.len()).unwrap_or(u32::MAX))
    }

    /// The number of a draft that is reached.
    fn number(&self, id: NodeId) -> NodeId {
        self.drafted.get(id.0 as usize).copied().flatten().unwrap_or_default()
    }
}

/// Puts the successors of a node that is no chain on the work list, the last one first.
fn push_successors(draft: &Draft<'_>, work: &mut Vec<NodeId>) {
    match draft {
        Draft::Act { next, .. } => work.push(*next),
        Draft::Call { entry, next, .. } => work.extend([*next, *entry]),
        Draft::Enter { .. } | Draft::Return { .. } | Draft::Leave => {}
    }
}

/// Makes nodes of what is reached.
struct Finishing<'r, 'd, 'h> {
    drafts: &'d Drafts<'h>,
    reached: &'r Reached<'d, 'h>,
    /// `None` if nothing is indexed.
    acls: Option<AclsOf<'r>>,
    /// The outcomes that hold nothing but an action, each once.
    plain: HashMap<(Action, bool), Arc<Outcome>>,
}

impl<'h> Finishing<'_, '_, 'h> {
    fn node(&mut self, item: Item) -> Option<Node> {
        pace::pause();
        let reached = self.reached;
        Some(match item {
            Item::Chain(id) => {
                let (_, from_any_arm) = reached.chained.get(id.0).copied()?;
                Node::Match(Box::new(self.matching(self.drafts.chain(id)?, from_any_arm)))
            }
            Item::Draft(id) => match self.drafts.get(id)? {
                Draft::Enter { chain, left } => {
                    let (of, _) = reached.chained.get(chain.0).copied()?;
                    let arms = self.drafts.chain(*chain)?.reversed.len();
                    Node::Resume { of: of?, from: u32::try_from(arms - left).ok()? }
                }
                Draft::Act { statement, frame, next } => {
                    Node::Act { statement: Box::new((*statement).clone()), frame: *frame, next: reached.number(*next) }
                }
                Draft::Call { sub, entry, next } => {
                    Node::Call { sub: *sub, entry: reached.number(*entry), next: reached.number(*next) }
                }
                Draft::Return { outcome, span, frame } => {
                    Node::Return { outcome: self.outcome(outcome), span: *span, frame: *frame }
                }
                Draft::Leave => Node::Leave,
            },
        })
    }

    fn outcome(&mut self, outcome: &Outcome) -> Arc<Outcome> {
        let Outcome { action, status: None, reason: None, location: None, time: None, soft } = outcome else {
            return Arc::new(outcome.clone());
        };
        Arc::clone(self.plain.entry((*action, *soft)).or_insert_with(|| Arc::new(outcome.clone())))
    }

    fn matching(&self, chain: &Chain<'h>, from_any_arm: bool) -> Match {
        let conditions: Vec<_> = chain.reversed.iter().rev().map(|(arm, _)| &arm.condition).collect();
        let chooser = match self.acls.and_then(|acls| Index::build(&conditions, acls, from_any_arm)) {
            Some(index) => Chooser::Indexed(Box::new(index)),
            None => Chooser::InTurn(conditions.into_iter().cloned().collect()),
        };
        let arms = chain.reversed.iter().rev();
        let targets = Targets::new(arms.clone().map(|(_, target)| self.reached.number(*target)).collect());
        let conditions = arms.map(|(arm, _)| arm.condition.span).collect();
        let otherwise = self.reached.number(chain.otherwise);
        Match { conditions, targets, otherwise, rest: chain.rest, frame: chain.frame, first_rule: 0, chooser }
    }
}
