//! The decision tree of one step.
//!
//! A tree in the sense that it is walked from the entry down; nodes are shared where ways meet
//! again, so that its size is that of the policy. Subs are lowered once for each step.

use std::sync::Arc;

use super::eval::Scope;
use super::facts::Facts;
use super::index::Index;
use super::trace::{Rule, RuleId};
use crate::lang::hir::{Expression, Outcome, Statement, SubId};
use crate::lang::schema::Step;
use crate::lang::source::Span;

/// Names a node of a [`DecisionTree`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What one step does.
#[derive(Debug)]
pub struct DecisionTree {
    step: Step,
    entry: NodeId,
    nodes: Box<[Node]>,
}

impl DecisionTree {
    pub(super) fn new(step: Step, entry: NodeId, nodes: Box<[Node]>) -> Self {
        Self { step, entry, nodes }
    }

    /// The step.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Where it begins.
    #[must_use]
    pub fn entry(&self) -> NodeId {
        self.entry
    }

    /// The node of that id; `None` if it is of another tree.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// Numbers the rules of all matches from `next` on; the number behind the last one.
    pub(super) fn number_rules(&mut self, mut next: u32) -> u32 {
        for node in &mut self.nodes {
            if let Node::Match(node) = node {
                node.first_rule = next;
                next = next.saturating_add(u32::try_from(node.conditions.len() + 1).unwrap_or(u32::MAX));
            }
        }
        next
    }

    /// The condition of a rule, if arms are tried in turn to find it.
    pub(super) fn condition_mut(&mut self, rule: RuleId) -> Option<&mut Expression> {
        self.nodes.iter_mut().find_map(|node| match node {
            Node::Match(node) => {
                let arm = rule.0.checked_sub(node.first_rule)? as usize;
                if let Chooser::InTurn(conditions) = &mut node.chooser { conditions.get_mut(arm) } else { None }
            }
            _ => None,
        })
    }

    /// All nodes, in the order in which they are first reached from the entry.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }
}

/// A node. `frame` is where the locals of its body begin in the frame of the step.
#[derive(Debug)]
pub enum Node {
    /// Goes on where the first arm whose condition holds points to.
    Match(Box<Match>),
    /// The same for the arms of a match from one of them on: what comes behind an arm that goes on.
    Resume {
        /// The match.
        of: NodeId,
        /// The first arm that is tried.
        from: u32,
    },
    /// Does one thing and goes on.
    Act {
        /// What it does; never control flow.
        statement: Box<Statement>,
        /// See above.
        frame: usize,
        /// What comes then.
        next: NodeId,
    },
    /// Runs a sub and goes on.
    Call {
        /// The sub.
        sub: SubId,
        /// Its first node.
        entry: NodeId,
        /// What comes behind it.
        next: NodeId,
    },
    /// Ends the step.
    Return {
        /// How.
        outcome: Arc<Outcome>,
        /// The `return` as written.
        span: Span,
        /// See above.
        frame: usize,
    },
    /// Goes back behind the call; at the end of the step, nothing was decided.
    Leave,
}

/// A node with arms.
#[derive(Debug)]
pub struct Match {
    /// The conditions of the arms as written.
    pub(super) conditions: Box<[Span]>,
    pub(super) targets: Targets,
    pub(super) otherwise: NodeId,
    /// Where that stands, if it is written.
    pub(super) rest: Option<Span>,
    pub(super) frame: usize,
    /// The number of the first arm's rule.
    pub(super) first_rule: u32,
    pub(super) chooser: Chooser,
}

/// An arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The condition as written.
    pub condition: Span,
    /// What comes if it is the first that holds.
    pub target: NodeId,
}

/// What comes behind each arm.
#[derive(Debug)]
pub(super) enum Targets {
    /// Nodes as far from each other as those of the first two, as most are: nothing is to be looked up.
    Even { first: NodeId, step: u32 },
    /// Any.
    Each(Box<[NodeId]>),
}

impl Targets {
    /// Those of the arms in order.
    pub fn new(all: Box<[NodeId]>) -> Self {
        let first = all.first().copied().unwrap_or_default();
        let step = all.get(1).map_or(0, |second| second.0.wrapping_sub(first.0));
        let even = Self::Even { first, step };
        let is_even = (0..).zip(&all).all(|(arm, target)| even.of(arm) == Some(*target));
        if is_even { even } else { Self::Each(all) }
    }

    /// That of an arm that there is.
    fn of(&self, arm: u32) -> Option<NodeId> {
        match self {
            Self::Even { first, step } => Some(NodeId(first.0.wrapping_add(step.wrapping_mul(arm)))),
            Self::Each(all) => all.get(arm as usize).copied(),
        }
    }
}

/// How the arm is found.
#[derive(Debug)]
pub(super) enum Chooser {
    /// One condition after the other.
    InTurn(Box<[Expression]>),
    /// By index.
    Indexed(Box<Index>),
}

impl Match {
    /// The arms in order.
    pub fn arms(&self) -> impl Iterator<Item = Arm> {
        let arm = |(arm, condition): (u32, &Span)| Some(Arm { condition: *condition, target: self.targets.of(arm)? });
        (0..).zip(&self.conditions).filter_map(arm)
    }

    /// What comes if no arm's condition holds.
    #[must_use]
    pub fn otherwise(&self) -> NodeId {
        self.otherwise
    }

    /// What is looked up to find the arm; `None` if the arms are tried in turn.
    #[must_use]
    pub fn index(&self) -> Option<&Index> {
        match &self.chooser {
            Chooser::InTurn(_) => None,
            Chooser::Indexed(index) => Some(index),
        }
    }

    /// The rules of the arms in order, and that for which none holds.
    pub(super) fn rules(&self, step: Step) -> impl Iterator<Item = Rule> {
        let arms = self.conditions.iter().map(|condition| (Some(*condition), Some(*condition)));
        let rule = move |(id, (condition, place))| Rule { id: RuleId(id), step, condition, place };
        (self.first_rule..).zip(arms.chain([(None, self.rest)])).map(rule)
    }

    /// The node to go on with and the rule that says so, if the arms are tried from `from` on.
    pub(super) fn choose<'a, F: Facts>(&'a self, scope: &Scope<'a, F>, from: u32) -> (NodeId, RuleId) {
        let arm = match &self.chooser {
            Chooser::InTurn(conditions) => {
                let mut tried = (0..).zip(conditions).skip(from as usize);
                tried.find(|(_, condition)| scope.holds(condition)).map(|(arm, _)| arm)
            }
            Chooser::Indexed(index) => index.first(scope, from),
        };
        let chosen = arm.and_then(|arm| Some((self.targets.of(arm)?, arm)));
        let rest = || (self.otherwise, u32::try_from(self.conditions.len()).unwrap_or(u32::MAX));
        let (target, arm) = chosen.unwrap_or_else(rest);
        (target, RuleId(self.first_rule.saturating_add(arm)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_an_arm_is_what_was_said() {
        for all in [&[][..], &[5], &[5, 6, 7], &[5, 7, 9], &[9, 7, 5], &[5, 5, 5], &[5, 6, 8]] {
            let all: Box<[NodeId]> = all.iter().copied().map(NodeId).collect();
            let targets = Targets::new(all.clone());
            let found: Box<[NodeId]> = (0..).map_while(|arm| targets.of(arm)).take(all.len()).collect();
            assert_eq!(found, all);
        }
        assert!(matches!(Targets::new([5, 7, 9].map(NodeId).into()), Targets::Even { step: 2, .. }));
    }
}
