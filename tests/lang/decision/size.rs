//! Big policies: flat, deep, long chains of calls.

use warp_edge::decision::tree::Node;
use warp_edge::decision::{Program, naive};
use warp_edge::lang::hir::{ExpressionKind, Hir, StatementKind, StepBody, Sub, SubId};
use warp_edge::lang::schema::{Action, Step};

use super::build::*;
use super::equal::{Compiled, both};
use super::facts::Request;

#[test]
fn ten_thousand_arms_are_decided_as_written() {
    let rows = |at: usize| {
        let place = if at.is_multiple_of(2) {
            under(&format!("/p{at}/"))
        } else {
            matches(path(), &format!("^/r{at}/[a-z]+/[0-9]+\\.html$"))
        };
        arm(all(vec![equal(host(), &format!("h{}", at / 5)), place]), vec![ends(Action::Pass)])
    };
    let compiled = Compiled::new(policy(vec![ladder((0..10_000).map(rows).collect(), vec![ends(Action::Hash)])]));
    for (host, url) in
        [("h1999", "/r9999/ab/12.html"), ("h1999", "/p9998/x"), ("h0", "/r9999/ab/12.html"), ("none", "/")]
    {
        let (tree, oracle) = both(&compiled, &Request::get(host, url));
        assert_eq!(tree, oracle, "{host}{url}");
    }
}

#[test]
fn ten_thousand_ifs_that_go_on_stay_linear() {
    let ifs = (0..10_000).map(|at| when(equal(host(), &format!("h{at}")), vec![set_header("x-a", text("b"))]));
    let compiled = Compiled::new(policy(ifs.chain([ends(Action::Hash)]).collect()));
    // The match, the effects, where each goes on, and the end.
    assert_eq!(compiled.program.tree(Step::Recv).unwrap().nodes().count(), 20_001);
    let (tree, oracle) = both(&compiled, &Request::get("h9999", "/"));
    assert_eq!(tree, oracle);
}

#[test]
fn sixty_blocks_deep_is_no_deeper_stack() {
    let mut statements = vec![ends(Action::Pass)];
    for at in 0..60 {
        statements = vec![
            set_header("x-a", text("b")),
            when(under("/a"), statements),
            when(equal(host(), &format!("h{at}")), vec![ends(Action::Hash)]),
        ];
    }
    let compiled = Compiled::new(policy(statements));
    for url in ["/a", "/b"] {
        let (tree, oracle) = both(&compiled, &Request::get("h3", url));
        assert_eq!(tree, oracle);
    }
}

#[test]
fn ten_thousand_calls_deep_need_no_stack() {
    let call = |sub| statement(StatementKind::Call(SubId(sub)));
    let sub = |at: u32| Sub {
        name: format!("s{at}"),
        body: body(if at == 9_999 { vec![set_header("x-a", text("b"))] } else { vec![call(at + 1)] }),
        span: nowhere(),
    };
    let steps = vec![StepBody { step: Step::Recv, body: body(vec![call(0), ends(Action::Hash)]) }];
    let program = Program::new(Hir { subs: (0..10_000).map(sub).collect(), steps, ..Hir::default() });
    let mut request = Request::get("a", "/");
    assert_eq!(program.run(Step::Recv, &mut request).action, Action::Hash);
    assert_eq!(request.headers.len(), 2);
}

#[test]
fn conditions_with_thousands_of_tests_need_no_stack() {
    let row = |row: usize| {
        let part = |part: usize| {
            let texts = vec![bytes("a"), bytes(&format!("{row}-{part}"))];
            condition(ExpressionKind::InTexts(Box::new(host()), texts))
        };
        arm(all((0..3_000).map(part).collect()), vec![ends(Action::Pass)])
    };
    let compiled = Compiled::new(policy(vec![ladder((0..6).map(row).collect(), vec![ends(Action::Hash)])]));
    for host in ["a", "3-7", "b"] {
        let (tree, oracle) = both(&compiled, &Request::get(host, "/"));
        assert_eq!(tree, oracle);
    }
}

#[test]
fn a_table_of_lists_in_lists_stays_small() {
    let names = |kind: &str| (0..300).map(|at| format!("{kind}{at}")).collect::<Vec<_>>();
    let (hosts, paths) = (names("h"), names("/p"));
    let row = |at: usize| {
        let some = |names: &[String]| names.iter().skip(at).map(|name| bytes(name)).collect::<Vec<_>>();
        let host = condition(ExpressionKind::InTexts(Box::new(host()), some(&hosts)));
        let path = condition(ExpressionKind::InTexts(Box::new(path()), some(&paths)));
        arm(all(vec![host, path]), vec![ends(Action::Pass)])
    };
    let compiled = Compiled::new(policy(vec![ladder((0..100).map(row).collect(), vec![ends(Action::Hash)])]));
    let nodes = compiled.program.tree(Step::Recv).unwrap().nodes();
    let indexes = nodes.filter_map(|(_, node)| if let Node::Match(node) = node { node.index() } else { None });
    let keys: usize = indexes.flat_map(|index| index.summary().lookups).flat_map(|it| it.keys.into_values()).sum();
    // The rows have 50,100 texts. Each host with the paths of its rows would be 90,000 keys, so that it is tested in turn.
    assert!(keys < 50_100, "{keys}");
    let mut request = Request::get("h250", "/p99");
    let verdict = compiled.program.run(Step::Recv, &mut request);
    assert_eq!(verdict, naive::run(&compiled.hir, Step::Recv, &mut request));
}
