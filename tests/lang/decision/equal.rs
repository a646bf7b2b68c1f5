//! The property that matters: the tree decides as the policy as written does.

use std::collections::BTreeMap;

use proptest::prelude::*;
use warp_edge::decision::tree::{DecisionTree, Node, NodeId};
use warp_edge::decision::{Program, Value, Verdict, naive};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::{Action, Step, Variable};

use super::facts::Request;
use super::random::{policies, requests};

/// A policy, as written and as a program.
pub struct Compiled {
    pub hir: Hir,
    pub program: Program,
}

impl Compiled {
    pub fn new(hir: Hir) -> Self {
        Self { program: Program::new(hir.clone()), hir }
    }
}

/// Runs both ways; verdict and what was done to the request, of the tree and of the oracle.
pub fn both(compiled: &Compiled, request: &Request) -> ((Verdict, Request), (Verdict, Request)) {
    let tree = run(request, |request| compiled.program.run(Step::Recv, request));
    let oracle = run(request, |request| naive::run(&compiled.hir, Step::Recv, request));
    (tree, oracle)
}

/// How often a request begins again.
const MOST_RESTARTS: i64 = 4;

/// Runs a step as often as it says that the request is to begin again.
fn run(request: &Request, step: impl Fn(&mut Request) -> Verdict) -> (Verdict, Request) {
    let mut request = request.clone();
    for restarts in 0..MOST_RESTARTS {
        request.variables.insert(Variable::ReqRestarts, Value::Int(restarts));
        let verdict = step(&mut request);
        if verdict.action != Action::Restart {
            return (verdict, request);
        }
    }
    request.variables.insert(Variable::ReqRestarts, Value::Int(MOST_RESTARTS));
    (step(&mut request), request)
}

/// Fails if they differ for one of the requests.
pub fn agree(hir: Hir, requests: &[Request]) -> Result<(), TestCaseError> {
    let compiled = Compiled::new(hir);
    prop_assert!(compiled.program.trees().iter().all(ends), "a way through the tree comes back to itself");
    for request in requests {
        let (tree, oracle) = both(&compiled, request);
        prop_assert_eq!(tree, oracle, "{:?}", request);
    }
    Ok(())
}

/// Whether every way through the tree comes to an end: no node is reached from itself.
fn ends(tree: &DecisionTree) -> bool {
    let mut waits: BTreeMap<NodeId, usize> = tree.nodes().map(|(id, _)| (id, 0)).collect();
    for next in tree.nodes().flat_map(|(_, node)| successors(tree, node)) {
        *waits.entry(next).or_default() += 1;
    }
    let mut free = vec![tree.entry()];
    let mut reached = 0;
    while let Some(node) = free.pop().and_then(|id| tree.node(id)) {
        reached += 1;
        for next in successors(tree, node) {
            let wait = waits.entry(next).or_default();
            *wait -= 1;
            free.extend((*wait == 0).then_some(next));
        }
    }
    reached == waits.len()
}

fn successors(tree: &DecisionTree, node: &Node) -> Vec<NodeId> {
    match node {
        Node::Match(node) => node.arms().map(|arm| arm.target).chain([node.otherwise()]).collect(),
        Node::Resume { of, from } => match tree.node(*of) {
            Some(Node::Match(node)) => {
                node.arms().skip(*from as usize).map(|arm| arm.target).chain([node.otherwise()]).collect()
            }
            _ => Vec::new(),
        },
        Node::Act { next, .. } => vec![*next],
        Node::Call { entry, next, .. } => vec![*entry, *next],
        Node::Return { .. } | Node::Leave => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::with_cases(80) })]
    #[test]
    fn the_tree_decides_as_written(hir in policies(), requests in prop::collection::vec(requests(), 8)) {
        agree(hir, &requests)?;
    }
}
