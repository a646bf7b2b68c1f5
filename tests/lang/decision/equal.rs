//! The property that matters: the tree decides as the policy as written does.

use proptest::prelude::*;
use warp_edge::decision::{Program, Verdict, naive};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::Step;

use super::facts::Request;
use super::random::{policies, requests};

/// Runs both ways; verdict and what was done to the request, of the tree and of the oracle.
pub fn both(program: &Program, request: &Request) -> ((Verdict, Request), (Verdict, Request)) {
    let (mut by_tree, mut as_written) = (request.clone(), request.clone());
    let tree = program.run(Step::Recv, &mut by_tree);
    let oracle = naive::run(program.hir(), Step::Recv, &mut as_written);
    ((tree, by_tree), (oracle, as_written))
}

/// Fails if they differ for one of the requests.
pub fn agree(hir: Hir, requests: &[Request]) -> Result<(), TestCaseError> {
    let program = Program::new(hir);
    for request in requests {
        let (tree, oracle) = both(&program, request);
        prop_assert_eq!(tree, oracle, "{:?}", request);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::with_cases(80) })]
    #[test]
    fn the_tree_decides_as_written(hir in policies(), requests in prop::collection::vec(requests(), 8)) {
        agree(hir, &requests)?;
    }
}
