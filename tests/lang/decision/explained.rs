//! What a run says of the way to its verdict.

use proptest::prelude::*;
use warp_edge::decision::{Event, Program};
use warp_edge::lang::schema::{Action, Step};

use super::facts::Request;
use super::policies::compiled;
use super::random::{policies, requests};

const POLICY: &str = r#"warp 1;

sub recv {
    call mark;
    if (req.path under "/admin/") { return (pass); }
    else if (req.path == "/a") { set req.http.X-A = "1"; }
    else { return (synth(404)); }
    return (hash);
}

sub mark {
    if (req.http.X-Debug) { set req.http.X-Seen = "debug"; }
}
"#;

/// The course of `recv` for a path, as places; `-` where no condition held.
fn course(path: &str) -> (Action, Vec<String>) {
    let (program, sources) = compiled(POLICY);
    let explanation = program.explain(Step::Recv, &mut Request::get("example.com", path));
    let rules: Vec<_> = program.rules().collect();
    let words = explanation.course.into_iter().map(|event| match event {
        Event::Decided(rule) => rules[rule.0 as usize].condition.map_or("-".to_owned(), |span| sources.describe(span)),
        Event::Acted(span) | Event::Normalized(span) => format!("does {}", sources.describe(span)),
        Event::Called(sub) => format!("calls {}", program.sub(sub).unwrap().0),
    });
    (explanation.verdict.action, words.collect())
}

#[test]
fn the_rules_that_decided_are_told_in_order_with_their_places() {
    let texts = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(course("/admin/x"), (Action::Pass, texts(&["calls mark", "-", "policy.warp:5:9"])));
    let (action, words) = course("/a");
    assert_eq!(action, Action::Hash);
    assert_eq!(words, texts(&["calls mark", "-", "policy.warp:6:14", "does policy.warp:6:34"]));
    assert_eq!(course("/b"), (Action::Synth, texts(&["calls mark", "-", "-"])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn to_explain_changes_nothing(hir in policies(), requests in prop::collection::vec(requests(), 4)) {
        let program = Program::new(hir);
        let rules: Vec<_> = program.rules().collect();
        prop_assert!(rules.iter().zip(0..).all(|(rule, at)| rule.id.0 == at) && rules.len() == program.rule_count());
        for request in requests {
            let (mut asked, mut plain) = (request.clone(), request);
            let explanation = program.explain(Step::Recv, &mut asked);
            prop_assert_eq!(&explanation.verdict, &program.run(Step::Recv, &mut plain));
            prop_assert_eq!(asked, plain);
            for event in explanation.course {
                if let Event::Decided(rule) = event {
                    prop_assert!(rules.get(rule.0 as usize).is_some_and(|rule| rule.step == Step::Recv));
                }
            }
        }
    }
}
