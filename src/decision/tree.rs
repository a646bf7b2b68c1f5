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
                next = next.saturating_add(u32::try_from(node.arms.len() + 1).unwrap_or(u32::MAX));
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
    pub(super) arms: Box<[Arm]>,
    pub(super) otherwise: NodeId,
    /// Where that stands, if it is written.
    pub(super) rest: Option<Span>,
    pub(super) frame: usize,
    /// The number of the first arm's rule.
    pub(super) first_rule: u32,
    pub(super) chooser: Chooser,
}

/// An arm.
#[derive(Debug)]
pub struct Arm {
    /// The condition as written.
    pub condition: Span,
    /// What comes if it is the first that holds.
    pub target: NodeId,
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
    #[must_use]
    pub fn arms(&self) -> &[Arm] {
        &self.arms
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
        let arms = self.arms.iter().map(|arm| (Some(arm.condition), Some(arm.condition)));
        let rule = move |(id, (condition, place))| Rule { id: RuleId(id), step, condition, place };
        (self.first_rule..).zip(arms.chain([(None, self.rest)])).map(rule)
    }

    /// The node to go on with and the rule that says so, if the arms are tried from `from` on.
    pub(super) fn choose<'a, F: Facts>(&'a self, scope: &Scope<'a, F>, from: u32) -> (NodeId, RuleId) {
        let arm = match &self.chooser {
            Chooser::InTurn(conditions) => {
                let mut tried = conditions.iter().enumerate().skip(from as usize);
                tried.find(|(_, condition)| scope.holds(condition)).map(|(arm, _)| arm)
            }
            Chooser::Indexed(index) => index.first(scope, from),
        };
        let chosen = arm.and_then(|at| Some((at, self.arms.get(at)?.target)));
        let (at, target) = chosen.unwrap_or((self.arms.len(), self.otherwise));
        (target, RuleId(self.first_rule.saturating_add(u32::try_from(at).unwrap_or(u32::MAX))))
    }
}
