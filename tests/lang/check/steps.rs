//! Which step may end how: the actions against what Varnish's compiler accepts (`varnishd -C`, 7.1).

use warp_edge::lang::schema::{Action, Step};

use super::{check, codes};

/// What `return (…)` may say in each of VCL's subs.
const VCL: &[(&str, &str)] = &[
    ("recv", "hash pass pipe purge synth(404) restart fail"),
    ("hash", "lookup fail"),
    ("hit", "pass synth(404) restart deliver fail"),
    ("miss", "pass synth(404) restart fetch fail"),
    ("pass", "synth(404) restart fetch fail"),
    ("pipe", "pipe synth(404) fail"),
    ("purge", "synth(404) restart fail"),
    ("deliver", "synth(404) restart deliver fail"),
    ("synth", "restart deliver fail"),
    ("backend_fetch", "fetch abandon error fail"),
    // Of Varnish's trunk: 7.1 does not have it.
    ("backend_refresh", "merge obj_stale beresp abandon retry error fail"),
    ("backend_response", "pass deliver abandon error retry fail"),
    ("backend_error", "deliver abandon retry fail"),
];

/// All that it may say somewhere, with the arguments that it needs.
const ALL: &[&str] = &[
    "hash",
    "lookup",
    "merge",
    "obj_stale",
    "beresp",
    "pass",
    "pipe",
    "purge",
    "synth(404)",
    "restart",
    "fetch",
    "deliver",
    "abandon",
    "error",
    "retry",
    "fail",
];

#[test]
fn an_action_is_possible_where_vcl_has_it() {
    for (step, possible) in VCL.iter().filter(|(step, _)| Step::find(step).unwrap().runs()) {
        for action in ALL {
            let found = codes(&check(&format!("warp 1;\nsub {step} {{ return ({action}); }}\n")));
            let is_in_vcl = possible.split(' ').any(|it| it == *action);
            let runs =
                Action::find(action.trim_end_matches("(404)")).unwrap().runs().contains(Step::find(step).unwrap());
            let expected: &[&str] = match (is_in_vcl, runs) {
                (true, true) => &[],
                (true, false) => &["E0406"],
                (false, _) => &["E0404"],
            };
            let found: Vec<_> = found.into_iter().filter(|code| code.starts_with('E')).collect();
            assert_eq!(found, expected, "return ({action}) in {step}");
        }
    }
}
