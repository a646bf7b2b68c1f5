//! From the text of a policy to what it does: the tree, the policy as it was typed before anything was put otherwise, and a
//! reading of the text that shares nothing with either come to the same.

mod policy;
mod run;
mod text;

use proptest::prelude::*;
use warp_edge::decision::{Program, naive};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options, check_with};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::Step;

use super::facts::Request;
use policy::{Policy, policies, requests};

/// The typed policy of a text; `None` where functions would become too large.
fn typed(text: &str, as_written: bool) -> Option<Hir> {
    let options = Options { require_backend: false, as_written, ..Options::default() };
    let Checked { hir, diagnostics, .. } = check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options);
    let mistakes: Vec<_> = diagnostics.iter().filter(|finding| finding.is_error()).collect();
    assert!(mistakes.iter().all(|finding| finding.code.id() == "E0503"), "{mistakes:#?}\n{text}");
    hir
}

fn agree(policy: &Policy, requests: &[Request]) -> Result<(), TestCaseError> {
    let text = text::written(policy);
    let (Some(hir), Some(as_written)) = (typed(&text, false), typed(&text, true)) else { return Ok(()) };
    let program = Program::new(hir);
    for request in requests {
        let (mut by_tree, mut by_oracle) = (request.clone(), request.clone());
        let tree = program.run(Step::Recv, &mut by_tree);
        let oracle = naive::run(&as_written, Step::Recv, &mut by_oracle);
        prop_assert_eq!(&tree, &oracle, "{:?}\n{}", request, text);
        prop_assert_eq!(&by_tree, &by_oracle, "{:?}\n{}", request, text);
        let read = run::outcome(policy, request);
        prop_assert_eq!(run::Outcome::of(&tree, &by_tree), read, "{:?}\n{}", request, text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::with_cases(160) })]
    #[test]
    fn a_policy_does_what_is_written(policy in policies(), requests in prop::collection::vec(requests(), 12)) {
        agree(&policy, &requests)?;
    }
}
