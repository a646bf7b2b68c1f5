//! Large, deep and odd policies: checking ends, and says something.

use std::fmt::Write as _;
use std::ops::Range;

use proptest::prelude::*;
use warp_edge::lang::check::Checked;

use super::{check, codes, typed};

fn policy(body: &str) -> String {
    format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; }}\n{body}")
}

#[test]
fn ten_thousand_rows_are_one_flat_statement() {
    let mut rows = String::new();
    for at in 0..10_000 {
        let _ = writeln!(rows, "when host == \"h{at}\" and path under \"/p{at}/\" -> pass;");
    }
    let hir = typed(&policy(&format!("rules request first {{\n{rows}}}\n")));
    let recv = hir.step(warp_edge::lang::schema::Step::Recv).unwrap();
    let warp_edge::lang::hir::StatementKind::If { arms, .. } = &recv.body.statements[0].kind else { panic!() };
    assert_eq!(arms.len(), 10_000);
}

/// Rows over so many hosts, each of which has as many paths.
fn unique_rows(hosts: usize, row: impl Fn(usize, usize) -> String) -> String {
    let mut table = "rules request unique {\n".to_owned();
    for (host, path) in (0..hosts).flat_map(|host| (0..10_000 / hosts).map(move |path| (host, path))) {
        let _ = writeln!(table, "    when {} -> pass;", row(host, path));
    }
    table
}

#[test]
fn ten_thousand_rows_are_known_to_be_apart() {
    for hosts in [1, 10, 100, 1_000, 10_000] {
        let rows = unique_rows(hosts, |host, path| format!("host == \"h{host}\" and path under \"/p{path}/\""));
        assert_eq!(codes(&check(&policy(&format!("{rows}}}\n")))), [""; 0], "{hosts}");
        let one_more = format!("{rows}    when host == \"h0\" and path == \"/p0/x\" -> pass;\n}}\n");
        assert_eq!(codes(&check(&policy(&one_more))), ["E0540"], "{hosts}");
    }
}

#[test]
fn more_pairs_than_can_be_looked_at_are_refused() {
    let rows = unique_rows(1, |_, path| format!("path ext \"x{path}\""));
    assert_eq!(codes(&check(&policy(&format!("{rows}}}\n")))), ["E0540"]);
}

/// A policy of subs, each of which calls the next one between `open` and `close`, and of `more`.
fn chain(subs: Range<usize>, [open, close]: [&str; 2], more: &str) -> Checked {
    let mut text = format!("sub s{} {{ unset req.http.X; }}\n{more}\n", subs.end);
    for at in subs {
        let _ = writeln!(text, "sub s{at} {{ {open} call s{}; {close} }}", at + 1);
    }
    check(&policy(&text))
}

#[test]
fn ten_thousand_subs_in_a_row_are_refused_without_recursing() {
    assert_eq!(codes(&chain(0..10_000, ["", ""], "sub recv { call s0; }")), ["E0503"]);
}

#[test]
fn what_no_step_reaches_may_call_as_deep_as_it_likes() {
    assert_eq!(codes(&chain(0..20_000, ["", ""], "")), ["W0216"]);
    let (open, close) = ("if (req.url) { ".repeat(58), " }".repeat(58));
    assert_eq!(codes(&chain(0..700, [&open, &close], "")), ["W0216"]);
}

#[test]
fn calls_within_the_limits_are_fine() {
    assert_eq!(codes(&chain(1..32, ["", ""], "sub recv { call s1; }")), [""; 0]);
}

#[test]
fn constants_that_wait_for_each_other_do_not_recurse_without_end() {
    let mut consts = String::new();
    for at in 0..10_000 {
        let _ = writeln!(consts, "const c{at} = c{};", at + 1);
    }
    let found = check(&policy(&format!("{consts}const c10000 = 1;\nsub recv {{ set req.http.X = c0; }}\n")));
    assert!(codes(&found).iter().all(|code| *code == "E0214"), "{:?}", codes(&found));
    assert!(found.hir.is_none());
}

#[test]
fn constants_that_double_each_other_do_not_fill_the_memory() {
    let mut consts = String::from("const c0 = \"0123456789\";\n");
    for at in 1..60 {
        let _ = writeln!(consts, "const c{at} = c{0} + c{0};", at - 1);
    }
    let found = check(&policy(&format!("{consts}sub recv {{ set req.http.X = c59; }}\n")));
    assert_eq!(codes(&found), ["E0318"]);
}

#[test]
fn deep_expressions_are_checked_as_deep_as_they_are_parsed() {
    for depth in [20, 100, 200, 250, 5_000] {
        let open = "(1 + ".repeat(depth);
        let close = ")".repeat(depth);
        let text = policy(&format!("sub recv {{ set req.http.X = {open}std.strlen(req.url){close}; }}\n"));
        assert_ends(&check(&text));
        let nots = "!".repeat(depth);
        assert_ends(&check(&policy(&format!("sub recv {{ if ({nots} req.http.X) {{ return (pass); }} }}\n"))));
        let ifs = "if (req.http.X) { ".repeat(depth);
        let ends = "}".repeat(depth);
        assert_ends(&check(&policy(&format!("sub recv {{ {ifs} unset req.http.X; {ends} }}\n"))));
    }
}

fn assert_ends(checked: &Checked) {
    assert!(checked.hir.is_some() || !checked.diagnostics.is_empty());
}

/// Pieces of statements that mean something, and some that do not.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "req.url",
            "req.http.X-A",
            "req.query",
            "req.cookies",
            "beresp.ttl",
            "client.ip",
            "now",
            "none",
            "a",
            "b",
            "c",
            "\"text\"",
            "\"/p\"",
            "\"(\"",
            "10s",
            "5",
            "0",
            "1.5",
            "64KB",
            "true",
            "std.strlen",
            "regsub",
            "hash_data",
            "(",
            ")",
            "[",
            "]",
            ",",
            "+",
            "-",
            "*",
            "/",
            "%",
            "==",
            "<",
            "~",
            "!~",
            "in",
            "under",
            "ext",
            "has",
            "any",
            "!",
            "&&",
            "||",
            "..",
            "set",
            "unset",
            "call",
            "let",
            "if",
            "else",
            "return",
            "{",
            "}",
            ";",
            "=",
            "+=",
            "pass",
            "synth",
            "when",
            "->",
            "builtin.cookie",
            "office",
            "default",
        ][..],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_row_of_words_is_checked_to_the_end(words in prop::collection::vec(fragment(), 0..40)) {
        let words = words.join(" ");
        let text = policy(&format!(
            "acl office {{ \"192.0.2.0\"/24; }}\nconst a = 1;\nconst c = {words};\nsub b {{ {words} }}\nsub recv {{ {words} }}\n\
             sub backend_response {{ set beresp.ttl = {words}; }}\nrules request first {{ when {words} -> pass; }}\n"
        ));
        assert_ends(&check(&text));
    }

    #[test]
    fn any_expression_is_checked_to_the_end(words in prop::collection::vec(fragment(), 1..8)) {
        let words = words.join(" ");
        assert_ends(&check(&policy(&format!("sub recv {{ if ({words}) {{ set req.http.X = {words}; }} }}\n"))));
    }
}
