//! Pictures of small policies.

use insta::with_settings;
use warp_edge::decision::graph::render;
use warp_edge::decision::{GraphFormat, Program};
use warp_edge::lang::hir::{Hir, StatementKind, Sub, SubId};
use warp_edge::lang::schema::Action;
use warp_edge::lang::source::SourceMap;

use super::build::*;

/// A table, an effect, a call and an `if`.
fn program() -> Program {
    let rows = (0..6).map(|at| arm(equal(host(), &format!("h{at}")), vec![ends(Action::Pass)])).collect();
    let call = statement(StatementKind::Call(SubId(0)));
    let statements = vec![
        call,
        set_header("x-a", text("b")),
        ladder(rows, Vec::new()),
        when(under("/admin"), vec![synth(403, Some(text("no")))]),
        ends(Action::Hash),
    ];
    let sub = Sub { name: "mark".to_owned(), body: body(vec![set_header("x-b", text("c"))]), span: nowhere() };
    Program::new(&Hir { subs: vec![sub], ..policy(statements) })
}

fn check(name: &str, format: GraphFormat) {
    let (first, second) = (program(), program());
    let text = render(&first, &SourceMap::default(), format);
    assert_eq!(text, render(&second, &SourceMap::default(), format));
    with_settings!({snapshot_path => "../../../snapshots/decision", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn dot() {
    check("by-hand.dot", GraphFormat::Dot);
}

#[test]
fn mermaid() {
    check("by-hand.mermaid", GraphFormat::Mermaid);
}

#[test]
fn json() {
    check("by-hand.json", GraphFormat::Json);
}
