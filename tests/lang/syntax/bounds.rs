//! Input that is no policy: bounded depth, a bounded number of findings, no recursion over lists.

use super::{codes, parse};

fn sub(body: &str) -> String {
    format!("warp 1;\nsub recv {{ {body} }}\n")
}

#[test]
fn nesting_of_ten_thousand_is_refused_at_the_first_level_too_many() {
    const DEPTH: usize = 10_000;
    for (open, middle, close) in
        [("(", "1", ")"), ("[", "1", "]"), ("a(", "1", ")"), ("a[", "1", "]"), ("if (a) {", "", "}"), ("!(", "1", ")")]
    {
        let text = format!("{}{middle}{}", open.repeat(DEPTH), close.repeat(DEPTH));
        let statement = if open.starts_with("if") { text } else { format!("set a = {text};") };
        assert_eq!(codes(&sub(&statement)), ["E0108"], "{open}");
    }
    assert_eq!(codes(&format!("warp 1;\n{}", "{".repeat(DEPTH))), ["E0108"]);
    assert_eq!(codes(&format!("warp 1;\nsub a {}", "{(".repeat(DEPTH))), ["E0108"]);
}

#[test]
fn the_deepest_nesting_allowed_is_parsed() {
    let text = |depth: usize| format!("warp 1;\nconst a = {}1{};\n", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(codes(&text(64)), [""; 0]);
    assert_eq!(codes(&text(65)), ["E0108"]);
    let blocks = |depth: usize| sub(&format!("{}{}", "if (a) { ".repeat(depth), "} ".repeat(depth)));
    assert_eq!(codes(&blocks(63)), [""; 0]);
}

#[test]
fn prefixes_and_chains_are_bounded_too() {
    for expression in [
        format!("{}a", "!".repeat(10_000)),
        format!("{}a", "not ".repeat(10_000)),
        format!("{}a", "- ".repeat(10_000)),
        vec!["a"; 10_000].join(" + "),
        vec!["a"; 10_000].join(" * "),
    ] {
        assert_eq!(codes(&format!("warp 1;\nconst x = {expression};\n")), ["E0108"], "{}", &expression[..20]);
    }
    let first_too_many = |text: &str| parse("test.warp", text).2[0].primary.span.start as usize;
    for (parts, sign) in [(100_000, " + "), (300, " * ")] {
        let text = format!("warp 1;\nconst x = {};\n", vec!["a"; parts].join(sign));
        assert_eq!(first_too_many(&text), "warp 1;\nconst x = ".len() + 256 * 4 + 2);
    }
    // Each sum for itself, and each product.
    let products = vec!["a * b * c"; 120].join(" + ");
    let text = format!("warp 1;\nconst x = f({products}, {products}) == {products} && {products} < -d;\n");
    assert_eq!(codes(&text), [""; 0]);
    let chain = vec!["a"; 200].join(" + ");
    assert_eq!(codes(&format!("warp 1;\nconst x = {chain};\n")), [""; 0]);
}

#[test]
fn ladders_and_lists_may_be_long() {
    let ladder = "else if (a) { unset b; } ".repeat(10_000);
    assert_eq!(codes(&sub(&format!("if (a) {{ }} {ladder}"))), [""; 0]);
    let bad_ladder = format!("{ladder} else if (a = b) {{ }} {ladder}");
    assert_eq!(codes(&sub(&format!("if (a) {{ }} {bad_ladder}"))), ["E0113"]);
    let or = vec!["a"; 10_000].join(" || ");
    assert_eq!(codes(&format!("warp 1;\nconst x = {or};\n")), [""; 0]);
    let list = vec!["\"a\""; 10_000].join(", ");
    assert_eq!(codes(&format!("warp 1;\nconst x = a in [{list}];\n")), [""; 0]);
}

#[test]
fn a_large_table_with_two_mistakes_reports_both() {
    let rows = "    when path under \"/a/\" and host == \"b\" -> ttl 10m, grace 1h;\n".repeat(1_000);
    let table =
        format!("warp 1;\nrules response first {{\n{rows}    when path = 1 -> pass;\n{rows}    when x -> ;\n}}\n");
    let (_, tree, diagnostics) = parse("test.warp", &table);
    assert_eq!(diagnostics.iter().map(|found| found.code.id()).collect::<Vec<_>>(), ["E0113", "E0101"]);
    assert_eq!(tree.declarations.len(), 1);
}

#[test]
fn garbage_is_given_up_after_a_hundred_mistakes() {
    const SIZE: usize = 100_000;
    for unit in [
        "(",
        ")",
        "{",
        "}",
        "[",
        ";",
        "\"",
        "\"\n",
        "\"\"\"",
        "/*",
        "é",
        "a ",
        "a;",
        "1x;",
        "\u{0}",
        "sub a {",
        "}{",
        "set a b; ",
        "“a” ",
        "const x = ;\n",
        "\\;\n",
        "if (",
        "when ",
        "sub a { if (a) { set ",
    ] {
        let text = unit.repeat(SIZE / unit.len());
        let found = codes(&text);
        assert!(!found.is_empty() && found.len() <= 101, "{unit:?}: {}", found.len());
        let inside = sub(&text);
        let found = codes(&inside);
        assert!(!found.is_empty() && found.len() <= 101, "in a sub, {unit:?}: {}", found.len());
    }
}

#[test]
fn the_last_of_too_many_says_so() {
    let found = codes(&format!("warp 1;\n{}", ";\n".repeat(500)));
    assert_eq!(found.len(), 101);
    assert_eq!(found.last(), Some(&"E0119"));
    assert_eq!(codes(&format!("warp 1;\n{}", ";\n".repeat(100))).len(), 100);
}
