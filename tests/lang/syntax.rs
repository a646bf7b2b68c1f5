//! The syntax tree and its mistakes, for every construct of the language.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bounds;
mod dump;
mod fixes;
mod pages;
mod properties;
mod render;

use std::path::Path;

use warp_edge::lang::diagnostic::{self, Diagnostic};
use warp_edge::lang::source::{SourceFile, SourceMap};
use warp_edge::lang::syntax::{self, SyntaxTree};
use warp_edge::lang::{builtin, schema};

fn parse(name: &str, text: &str) -> (SourceMap, SyntaxTree, Vec<Diagnostic>) {
    let mut sources = SourceMap::default();
    let file = sources.add(SourceFile::new(name, text));
    let (tree, diagnostics) = syntax::parse(file, sources.get(file).unwrap());
    (sources, tree, diagnostics)
}

fn codes(text: &str) -> Vec<&'static str> {
    parse("test.warp", text).2.iter().map(|diagnostic| diagnostic.code.id()).collect()
}

fn snapshots(area: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../../snapshots/{area}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn read(path: &Path) -> (&str, String) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    (name, std::fs::read_to_string(path).unwrap())
}

#[test]
fn trees_of_the_valid_corpus() {
    snapshots("syntax").bind(|| {
        insta::glob!("../corpus", "valid/*.warp", |path| {
            let (name, text) = read(path);
            let (_, tree, diagnostics) = parse(name, &text);
            assert_eq!(diagnostics, [], "{name}");
            insta::assert_snapshot!("tree", format!("{text}\n-----\n{}", dump::tree(&tree)));
        });
    });
}

#[test]
fn mistakes_are_shown_with_their_places() {
    snapshots("diagnostics").bind(|| {
        insta::glob!("../corpus", "invalid/syntax/*.warp", |path| {
            let (name, text) = read(path);
            let (sources, _, diagnostics) = parse(name, &text);
            assert!(!diagnostics.is_empty(), "{name}");
            insta::assert_snapshot!("syntax", diagnostic::render::graphical(&diagnostics, &sources, false));
        });
    });
}

#[test]
fn the_builtin_policy_is_clean() {
    let (_, tree, diagnostics) = parse(builtin::NAME, builtin::TEXT);
    assert_eq!(diagnostics, []);
    let subs = builtin::TEXT.lines().filter(|line| line.starts_with("sub ")).count();
    assert_eq!(tree.declarations.len(), subs);
}

#[test]
fn a_declaration_with_a_mistake_stays_in_the_tree() {
    let text =
        "warp 1;\nsub recv {\n    set a b;\n    unset c;\n    if (x = y) { unset d; }\n}\nbakend web { .host = 1 }";
    let (_, tree, diagnostics) = parse("test.warp", text);
    assert_eq!(diagnostics.len(), 4);
    assert_eq!(
        dump::tree(&tree),
        "version Some(1)\nsub recv\n  unset c\n  if true\n    unset d\nbackend web\n  .host = 1\n"
    );
}

#[test]
fn a_match_in_brackets_is_no_mistake_behind_one() {
    let value = "(match req.url { \"/\" -> \"a\"; else -> \"b\"; })";
    for right in [
        format!("match names[{value}] {{ \"a\" -> {{ unset req.http.A; }} else -> {{ }} }}"),
        format!("match {value} {{ \"a\" -> {{ }} else -> {{ if (a) {{ call b; }} }} }}"),
        format!("if ({value} == \"a\" && names[{value}]) {{ unset req.http.A; }} else if ({value}) {{ }} else {{ }}"),
        format!("set req.http.A = std.tolower({value});"),
    ] {
        let text = format!("warp 1;\nsub recv {{ set req.http.A = ; {right} set req.http.B = ; }}\n");
        assert_eq!(codes(&text), ["E0101", "E0101"], "{right}");
        assert_eq!(codes(&format!("warp 1;\nsub recv {{ {right} }}\n")), [""; 0]);
        // The parenthesis of the mistake takes nothing away from what follows.
        let text = format!("warp 1;\nsub recv {{ set req.http.A = (b; {right} }}\n");
        assert_eq!(codes(&text).len(), 1, "{right} {:?}", codes(&text));
    }
}

#[test]
fn keywords_of_the_grammar_are_those_of_the_schema() {
    let grammar = include_str!("../../grammar/warp.pest");
    let rules = grammar.lines().filter_map(|line| line.strip_prefix("kw_")?.split_once(' '));
    let mut found: Vec<&str> = rules.map(|(word, _)| word).collect();
    found.sort_unstable();
    let lists = [
        schema::DECLARATIONS,
        schema::STATEMENTS,
        schema::ELSE_IF_WORDS,
        schema::WORD_OPERATORS,
        schema::VALUES,
        schema::CONTEXTUAL_WORDS,
        schema::CONTEXTUAL_STATEMENTS,
    ];
    let mut known: Vec<&str> = lists.concat();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn reserved_words_of_the_grammar_are_those_of_the_schema() {
    let grammar = include_str!("../../grammar/warp.pest");
    let rule = grammar.split_once("reserved = _{").unwrap().1.split_once('}').unwrap().0;
    let mut found: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
    found.sort_unstable();
    let lists = [schema::STATEMENTS, schema::ELSE_IF_WORDS, schema::WORD_OPERATORS, schema::VALUES];
    let mut known: Vec<&str> = lists.concat();
    known.sort_unstable();
    assert_eq!(found, known);
}
