//! From tokens to the syntax tree.
//!
//! `grammar/warp.pest` is the normative grammar. The file is cut into declarations by tokens first, those into statements,
//! arms, rows and entries, and pest reads each shape of those once ([`shape`], [`assembly`]). It stops at its first error:
//! a declaration that has one is parsed whole, and what fails is mended part for part ([`recover`]), so that one run
//! reports every mistake. What names mean is left to [`check`](super::check).

pub mod ast;

mod assembly;
mod bracket;
mod build;
mod cut;
mod expected;
mod foreign;
mod grammar;
mod head;
mod lexical;
mod limits;
mod mistake;
mod parsed;
mod piece;
mod recover;
mod shape;
mod stream;
mod unit;

pub use ast::SyntaxTree;
pub(in crate::lang) use foreign::misspelt_statement;

use super::diagnostic::Diagnostic;
use super::source::{FileId, SourceFile};

use piece::Parser;
use stream::Stream;

/// Parses one file. Never fails: what cannot be understood is left out of the tree and reported.
///
/// The diagnostics come in the order of their places; there are at most 101 of them, the last one
/// saying that there is more. Time is linear in the text, whatever it holds; the depth of the tree
/// is bounded, so that walks over it may recurse.
#[must_use]
pub fn parse(file: FileId, source: &SourceFile) -> (SyntaxTree, Vec<Diagnostic>) {
    let stream = Stream::new(source.text());
    let mut parser = Parser::new(&stream, file);
    parser.run();
    let Parser { tree, mut diagnostics, stopped, .. } = parser;
    limits::settle(file, &mut diagnostics, stopped);
    (tree, diagnostics)
}

#[cfg(test)]
mod tests {
    use pest::Parser as _;
    use proptest::prelude::*;

    use super::ast::Declaration;
    use super::build::{Builder, Place};
    use super::grammar::{Grammar, Rule};
    use super::parse;
    use super::parsed::{Parsed, Text};
    use super::stream::Stream;
    use crate::lang::builtin;
    use crate::lang::source::{FileId, SourceFile};

    /// The declarations of a file that the grammar takes whole.
    fn parsed_whole(text: &str) -> Option<Vec<Declaration>> {
        let pairs = Grammar::parse(Rule::file, text).ok()?;
        let toks = Stream::new(text).toks;
        let parsed = Parsed::new(&pairs, &toks).unwrap();
        let place = Place { file: FileId(0), base: 0, start: 0, end: text.len() };
        let text = Text { written: text, toks: &toks, place };
        let (file, mut diagnostics) = (parsed.root(&text).unwrap(), Vec::new());
        let declarations = file.children().filter(|node| node.rule() != Rule::version);
        Some(declarations.filter_map(|node| Builder::new(&mut diagnostics).declaration(node)).collect())
    }

    /// What the grammar takes whole is taken in pieces, with the same tree, and nothing else is: but for numbers,
    /// versions and depth, which the grammar does not look at.
    fn agrees_with_the_grammar(text: &str) {
        let (tree, diagnostics) = parse(FileId(0), &SourceFile::new("test.warp", text));
        let beyond = |code: &str| ["E0107", "E0108", "E0114", "E0115"].contains(&code);
        match parsed_whole(text) {
            Some(declarations) => {
                assert!(diagnostics.iter().all(|found| beyond(found.code.id())), "{text:?} {diagnostics:?}");
                if diagnostics.iter().all(|found| found.code.id() != "E0108") {
                    assert_eq!(tree.declarations, declarations, "{text:?}");
                }
            }
            None => assert!(!diagnostics.is_empty(), "{text:?}"),
        }
    }

    #[test]
    fn the_corpus_agrees() {
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/valid")).unwrap() {
            agrees_with_the_grammar(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }

    #[test]
    fn the_builtin_policy_agrees() {
        agrees_with_the_grammar(builtin::TEXT);
    }

    #[test]
    fn what_a_match_looks_at_may_be_a_match() {
        let value = "(match (match a { \"b\" -> c; else -> d; }) { under \"/e\" -> f; else -> g; })";
        let text = format!("warp 1;\nconst x = {value};\nsub a {{ if ({value} or h) {{ set i = 1; }} }}\nsub b {{ }}");
        assert!(parsed_whole(&text).is_some());
        agrees_with_the_grammar(&text);
    }

    /// Heads and bodies of declarations, so that a good part of their mixtures is right.
    const PARTS: &[&str] = &[
        "const",
        "backend",
        "probe",
        "sub",
        "acl",
        "include",
        "site",
        "site \"s\"",
        "override",
        "rules",
        "normalize",
        "a",
        "x.y",
        "none",
        "request",
        "req",
        "first",
        "unique",
        "=",
        ";",
        ";",
        "\n",
        "\n",
        "{",
        "}",
        "{ }",
        "1",
        "\"s\"",
        ":",
        "in",
        "[\"a\"]",
        "a none;",
        "const a =",
        "sub a { }",
        "sub a {",
        "acl a {",
        "\"s\"/8;",
        "rules request first {",
        "when a -> pass;",
        "else -> pass;",
        "set a = 1;",
        "if (a) {",
        "else",
        "return (pass);",
        ".a = 1;",
        "10q",
        "backend a {",
        "normalize req {",
        "table",
        "table a {",
        "\"k\": 1,",
        "\"k\": -b",
        ",",
        "from",
        "director a = b {",
        "match a {",
        "\"b\" or in [\"c\"] -> {",
        "else -> { }",
        "host lower;",
        "key {",
        "req.query sorted;",
        "call a;",
        "a(b);",
        "+",
        "# c\n",
    ];

    /// Statements and rows of few shapes with many texts, so that most are read by the shape of another one.
    const LINES: &[&str] = &[
        "set req.http.X-A = \"a\";",
        "set req.http.\"7\" = \"\";",
        "set  req . http.B=\"\"\"b\"\"\" ;",
        "set req.http.C = c;",
        "set req.http.C = header;",
        "set req.http.C = header \"c\";",
        "set a.b = 1;",
        "set a.b = 10s;",
        "set a.b = 10q;",
        "set a.b = a-b - c;",
        "set a.b = a - b /* why */ -c;",
        "unset req.http.X-B;",
        "unset req.first;",
        "call first;",
        "match a {",
        "match a { \"b\" or > 3 -> { call c; } else -> { } }",
        "\"b\" -> { call c; }",
        "under \"/d\" -> {",
        "else -> { }",
        "set a.b = match c { \"d\" -> 1; else -> 2; };",
        "if (match c { \"d\" -> true; else -> a; }) {",
        "if ((match (match a { else -> b; }) { \"c\" -> d; else -> e; })) {",
        "set a.b = c ?? d ?? \"e\";",
        "f(a, b: [1, 2]);",
        "call a.b;",
        "f(a, \"b\");",
        "tag \"a\" + b;",
        "tag header \"a\";",
        "tag(a);",
        "tag.a(b);",
        "call tag;",
        "ban where a;",
        "ban where b == \"a\" + c;",
        "ban.a(where);",
        "ban(a);",
        "header.f(a);",
        "let x = a || b && !c;",
        "let none: INT = (1);",
        "if (a == \"b\") {",
        "if (a ~ \"c\" && (d)) {",
        "if (a in [\"c\", 1..2]) { }",
        "} else if (b == \"c\") {",
        "} elsif (b under \"/c\") {",
        "} else {",
        "else {",
        "}",
        "}",
        "return (pass);",
        "return (synth(404, \"a\"));",
        "# note\n",
    ];

    const ENTRIES: &[&str] = &[
        "\"a\": 1,",
        "\"b\" :2,",
        "\"c\": match a { 1 -> 2; else -> 3; },",
        "\"d\": \"e\" + f(g, h),",
        "\"i\": 3",
        ",",
        "\"j\"",
        "# note\n",
    ];

    const ROWS: &[&str] = &[
        "when host == \"a\" and path under \"/b\" -> pass;",
        "when host == \"c\"and path ~ \"/d\" -> ttl 10m, unset resp.http.A;",
        "when host == b and path ext in [\"css\"] -> deny 403 \"no\";",
        "when not first -> set a = b, call c;",
        "when first -> set a = b , call c;",
        "else -> pass;",
        "when a -> pass",
        "when a ?? b -> ttl match c { \"d\" -> 1s; else -> 2s; };",
        "# note\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn mixtures_agree(parts in prop::collection::vec(prop::sample::select(PARTS), 0..12)) {
            agrees_with_the_grammar(&format!("warp 1;\n{}", parts.join(" ")));
        }

        #[test]
        fn lines_agree(lines in prop::collection::vec(prop::sample::select(LINES), 0..12), closers in 0..3_usize) {
            let closers = "}".repeat(closers);
            agrees_with_the_grammar(&format!("warp 1;\nsub a {{\n{}{closers}}}\nsub b {{ }}", lines.join("\n")));
            agrees_with_the_grammar(&format!("warp 1;\nsub a {{{} {closers}}} sub b{{}}", lines.join("")));
        }

        #[test]
        fn tables_agree(entries in prop::collection::vec(prop::sample::select(ENTRIES), 0..8)) {
            agrees_with_the_grammar(&format!("warp 1;\ntable a: STRING -> INT {{\n{}\n}}", entries.join("\n")));
        }

        #[test]
        fn rows_agree(rows in prop::collection::vec(prop::sample::select(ROWS), 0..8)) {
            agrees_with_the_grammar(&format!("warp 1;\nrules request first {{\n{}\n}}", rows.join("\n")));
        }

        #[test]
        fn mutilated_policies_agree(start in 0..builtin::TEXT.len(), length in 0..30_usize) {
            let kept = |at: &(usize, char)| at.0 < start || at.0 >= start + length;
            let text: String = builtin::TEXT.char_indices().filter(kept).map(|(_, character)| character).collect();
            agrees_with_the_grammar(&text);
        }
    }
}
