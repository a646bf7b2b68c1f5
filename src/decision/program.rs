//! A lowered policy, and how it is run.

use std::collections::HashSet;

use super::ban::bans_by_url;
use super::eval::{AclIndex, Acls, ChangingAcl, Context, Scope, TableIndex, Tables, Work, conclude, perform};
use super::facts::{Facts, Refused, Value};
use super::index::AclsOf;
use super::trace::{Explanation, Rule, RuleId, Trace};
use super::tree::{DecisionTree, Match, Node, NodeId};
use super::{fold, lower};
use crate::lang::hir::{AclId, BackendId, Director, Expression, Hir, StatementKind, SubId, TableId};
use crate::lang::schema::{Action, Step};
use crate::lang::source::Span;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What comes next.
    pub action: Action,
    /// The status of `synth` and `error`; of its digits the last three are sent.
    pub status: Option<u16>,
    /// The reason of `synth`, `error` and `fail`; of warp's own `fail`, what went wrong.
    pub reason: Option<Vec<u8>>,
    /// Where `redirect` sends the client: what a field can hold.
    pub location: Option<Vec<u8>>,
    /// The time of `pass`, in milliseconds.
    pub time_ms: Option<i64>,
    /// Whether `purge` lets what is stored be stale, and does not remove it.
    pub soft: bool,
    /// The `return` that decided, or the statement that went wrong; `None` if nothing decided.
    pub span: Option<Span>,
}

impl Verdict {
    /// A statement wanted what cannot be; none of them if the conditions before it took too much.
    pub(super) fn refused(why: Refused, span: Option<Span>) -> Self {
        Self { span, ..Self::failed(why.0.into()) }
    }

    /// No statement of `step` returned. Behind the built-in policy this does not happen.
    pub(super) fn undecided(step: Step) -> Self {
        let reason = format!("no statement of {} returned an action", step.name());
        Self::failed(reason.into_bytes())
    }

    fn failed(reason: Vec<u8>) -> Self {
        Self {
            action: Action::Fail,
            status: None,
            reason: Some(reason),
            location: None,
            time_ms: None,
            soft: false,
            span: None,
        }
    }
}

/// A policy as decision trees, one for each step. Immutable: any number of requests run it at once.
///
/// It keeps nothing of the policy but what running and drawing it need.
#[derive(Debug)]
pub struct Program {
    /// The names of the backends and, with the numbers behind those, of the directors.
    names: Box<[Box<str>]>,
    directors: Box<[Director]>,
    /// The names of the subs, with their places.
    subs: Box<[(Box<str>, Span)]>,
    trees: Box<[DecisionTree]>,
    acls: Box<[AclIndex]>,
    tables: Box<[TableIndex]>,
    endings: HashSet<(Step, Action)>,
    /// How many rules there are.
    rules: u32,
    bans_by_url: bool,
}

impl Program {
    /// Lowers a policy and indexes it. Cannot fail: only an error-free policy has a [`Hir`].
    #[must_use]
    pub fn new(hir: Hir) -> Self {
        Self::lowered(hir, true)
    }

    /// The same, with the same rules by the same numbers, but for that conditions are tested one after the other: slower, and
    /// they can be exchanged.
    #[must_use]
    pub fn in_turn(hir: Hir) -> Self {
        Self::lowered(hir, false)
    }

    fn lowered(mut hir: Hir, is_indexed: bool) -> Self {
        fold::fold(&mut hir);
        let acls: Box<[AclIndex]> = hir.acls.iter().map(AclIndex::new).collect();
        let of = is_indexed.then_some(AclsOf { declared: &hir.acls, indexed: &acls });
        let mut trees: Box<[DecisionTree]> = hir.steps.iter().map(|body| lower::lower(&hir, body, of)).collect();
        let rules = trees.iter_mut().fold(0, |next, tree| tree.number_rules(next));
        let endings = trees.iter().flat_map(endings).collect();
        let subs = hir.subs.iter().map(|sub| (sub.name.as_str().into(), sub.span)).collect();
        let tables = hir.tables.iter().map(TableIndex::new).collect();
        let bans_by_url = bans_by_url(&hir);
        let (names, directors) = (hir.target_names(), std::mem::take(&mut hir.directors).into());
        hir.discard();
        Self { names, directors, subs, trees, acls, tables, endings, rules, bans_by_url }
    }

    /// Whether it has bans that ask by which URL or host something was stored.
    #[must_use]
    pub fn bans_by_url(&self) -> bool {
        self.bans_by_url
    }

    /// The directors in order of declaration.
    #[must_use]
    pub fn directors(&self) -> &[Director] {
        &self.directors
    }

    /// The director that `id` names; `None` if it names a backend.
    #[must_use]
    pub fn director(&self, id: BackendId) -> Option<&Director> {
        let backends = self.names.len().saturating_sub(self.directors.len());
        self.directors.get((id.0 as usize).checked_sub(backends)?)
    }

    /// The name of a backend or director; `None` if the id is of another program.
    #[must_use]
    pub fn target_name(&self, id: BackendId) -> Option<&str> {
        self.names.get(id.0 as usize).map(|name| &**name)
    }

    /// What a table holds for a key; `None` for other keys, and if the id is of another program.
    #[must_use]
    pub fn lookup(&self, table: TableId, key: &[u8]) -> Option<Value<'_>> {
        Tables::Indexed(&self.tables).find(table, key)
    }

    /// A list with hosts, to hand over what they stand for: until then they stand for nothing. `None` for one without.
    #[must_use]
    pub fn changing_acl(&self, acl: AclId) -> Option<ChangingAcl> {
        match self.acls.get(acl.0 as usize)? {
            AclIndex::Changing(acl) => Some(acl.clone()),
            AclIndex::Fixed(_) => None,
        }
    }

    /// The name of a sub and its place; `None` if the id is of another program.
    #[must_use]
    pub fn sub(&self, sub: SubId) -> Option<(&str, Span)> {
        self.subs.get(sub.0 as usize).map(|(name, span)| (&**name, *span))
    }

    /// The tree of a step; `None` if nothing is written for it.
    #[must_use]
    pub fn tree(&self, step: Step) -> Option<&DecisionTree> {
        self.trees.iter().find(|tree| tree.step() == step)
    }

    /// The trees in the order of the policy's steps.
    #[must_use]
    pub fn trees(&self) -> &[DecisionTree] {
        &self.trees
    }

    /// Whether some `return` of a step has that action.
    #[must_use]
    pub fn may_end(&self, step: Step, action: Action) -> bool {
        self.endings.contains(&(step, action))
    }

    /// Runs a step on a request. Ends for every policy: trees have no cycles but for calls of subs,
    /// and subs do not call themselves.
    pub fn run<F: Facts>(&self, step: Step, facts: &mut F) -> Verdict {
        self.run_traced(step, facts, &mut ())
    }

    /// The same, and what led to the verdict.
    ///
    /// ```
    /// # use warp_edge::decision::{Event, Facts, Program};
    /// # use warp_edge::lang::schema::Step;
    /// /// Writes down which conditions held, with their places.
    /// fn explain(program: &Program, facts: &mut impl Facts) -> Vec<String> {
    ///     let explanation = program.explain(Step::Recv, facts);
    ///     let rules: Vec<_> = program.rules().collect();
    ///     let held = explanation.course.iter().filter_map(|event| match event {
    ///         Event::Decided(rule) => rules.get(rule.0 as usize)?.condition,
    ///         _ => None,
    ///     });
    ///     held.map(|place| format!("{place:?}")).collect()
    /// }
    /// ```
    pub fn explain<F: Facts>(&self, step: Step, facts: &mut F) -> Explanation {
        let mut course = Vec::new();
        let verdict = self.run_traced(step, facts, &mut course);
        Explanation { verdict, course }
    }

    /// The rules of all steps in the order of their numbers, which have no gaps.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.trees.iter().flat_map(|tree| {
            let matches = tree.nodes().filter_map(|(_, node)| match node {
                Node::Match(node) => Some(node),
                _ => None,
            });
            matches.flat_map(|node| node.rules(tree.step()))
        })
    }

    /// How many rules there are.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules as usize
    }

    /// Puts a condition in the place of that of a rule, which is given back; `None` if there is no such rule, it has none, or
    /// its arm is found by index.
    pub fn exchange(&mut self, rule: RuleId, condition: Expression) -> Option<Expression> {
        let place = self.trees.iter_mut().find_map(|tree| tree.condition_mut(rule))?;
        Some(std::mem::replace(place, condition))
    }

    /// Runs a step on a request and tells `trace` of the way. See [`Program::run`].
    pub fn run_traced<F: Facts, T: Trace>(&self, step: Step, facts: &mut F, trace: &mut T) -> Verdict {
        let Some(tree) = self.tree(step) else { return Verdict::undecided(step) };
        let work = Work::new();
        let context = self.context(step, Some(&work));
        let mut run = Run { tree, context, locals: Vec::new(), returns: Returns::default() };
        run.walk(facts, trace).unwrap_or_else(|| Verdict::undecided(step))
    }

    /// The value of an expression that stands in a declaration, as `step` sees it.
    pub fn value<'a, F: Facts>(&'a self, step: Step, expression: &'a Expression, facts: &'a F) -> Value<'a> {
        Scope::new(facts, &[], self.context(step, None)).value(expression)
    }

    fn context<'a>(&'a self, step: Step, work: Option<&'a Work>) -> Context<'a> {
        let (acls, tables) = (Acls::Indexed(&self.acls), Tables::Indexed(&self.tables));
        Context { step, names: &self.names, acls, tables, work, counts: false }
    }
}

/// How a step may end, as far as its statements say.
fn endings(tree: &DecisionTree) -> impl Iterator<Item = (Step, Action)> {
    tree.nodes().filter_map(|(_, node)| match node {
        Node::Return { outcome, .. } => Some((tree.step(), outcome.action)),
        _ => None,
    })
}

/// One run of one tree.
struct Run<'a> {
    tree: &'a DecisionTree,
    context: Context<'a>,
    locals: Vec<Value<'static>>,
    returns: Returns,
}

impl Run<'_> {
    /// From node to node; `None` if the end is reached without a `return`.
    fn walk<F: Facts, T: Trace>(&mut self, facts: &mut F, trace: &mut T) -> Option<Verdict> {
        let mut at = self.tree.entry();
        loop {
            at = match self.tree.node(at)? {
                Node::Match(node) => match self.chosen(node, 0, facts, trace) {
                    Ok(next) => next,
                    Err(why) => return Some(Verdict::refused(why, None)),
                },
                Node::Resume { of, from } => match self.tree.node(*of)? {
                    Node::Match(node) => match self.chosen(node, *from, facts, trace) {
                        Ok(next) => next,
                        Err(why) => return Some(Verdict::refused(why, None)),
                    },
                    _ => return None,
                },
                Node::Act { statement, frame, next } => {
                    match &statement.kind {
                        StatementKind::Normalize(_) => trace.normalizing(statement.span),
                        _ => trace.acting(statement.span),
                    }
                    facts.performing(statement.span);
                    match perform(&statement.kind, facts, &mut self.locals, *frame, self.context) {
                        Ok(()) => *next,
                        Err(why) => return Some(Verdict::refused(why, Some(statement.span))),
                    }
                }
                Node::Call { sub, entry, next } => {
                    trace.calling(*sub);
                    self.returns.push(*next);
                    *entry
                }
                Node::Return { outcome, span, frame } => {
                    return Some(conclude(outcome, *span, &self.scope(facts, *frame)));
                }
                Node::Leave => self.returns.pop()?,
            }
        }
    }

    fn chosen<F: Facts, T: Trace>(&self, node: &Match, from: u32, facts: &F, trace: &mut T) -> Result<NodeId, Refused> {
        let (target, rule) = node.choose(&self.scope(facts, node.frame), from);
        self.context.check_work()?;
        trace.decided(rule);
        Ok(target)
    }

    fn scope<'s, F: Facts>(&'s self, facts: &'s F, frame: usize) -> Scope<'s, F> {
        Scope::new(facts, self.locals.get(frame..).unwrap_or_default(), self.context)
    }
}

/// How deep calls go before the places to return to are kept on the heap.
const INLINE_CALLS: usize = 8;

/// Where to go on behind each call that is under way.
#[derive(Default)]
struct Returns {
    inline: [NodeId; INLINE_CALLS],
    depth: usize,
    spilled: Vec<NodeId>,
}

impl Returns {
    fn push(&mut self, next: NodeId) {
        match self.inline.get_mut(self.depth) {
            Some(place) => *place = next,
            None => self.spilled.push(next),
        }
        self.depth += 1;
    }

    fn pop(&mut self) -> Option<NodeId> {
        self.depth = self.depth.checked_sub(1)?;
        self.inline.get(self.depth).copied().or_else(|| self.spilled.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_come_back_in_reverse_order_however_deep() {
        let mut returns = Returns::default();
        (0..20).for_each(|at| returns.push(NodeId(at)));
        let back: Vec<u32> = std::iter::from_fn(|| returns.pop()).map(|id| id.0).collect();
        assert_eq!(back, (0..20).rev().collect::<Vec<_>>());
    }
}
