//! The syntax tree and its mistakes, for every construct of the language.

use warp_edge::lang::source::{SourceFile, SourceMap};
use warp_edge::lang::{builtin, syntax};

fn parse(name: &str, text: &str) -> (SourceMap, syntax::SyntaxTree, Vec<warp_edge::lang::diagnostic::Diagnostic>) {
    let mut sources = SourceMap::default();
    let file = sources.add(SourceFile::new(name, text));
    let source = sources.get(file).unwrap();
    let (tree, diagnostics) = syntax::parse(file, source);
    (sources, tree, diagnostics)
}

#[test]
fn the_valid_corpus_is_clean() {
    insta::glob!("../corpus", "valid/*.warp", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let (_, tree, diagnostics) = parse("x.warp", &text);
        assert_eq!(diagnostics, [], "{path:?} {tree:#?}");
    });
}

#[test]
fn the_builtin_policy_is_clean() {
    let (_, tree, diagnostics) = parse(builtin::NAME, builtin::TEXT);
    assert_eq!(diagnostics, []);
    assert_eq!(tree.declarations.len(), builtin::TEXT.lines().filter(|line| line.starts_with("sub ")).count());
}

#[test]
fn mistakes_are_shown_with_their_places() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../corpus", "invalid/syntax/*.warp", |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let (sources, _, diagnostics) = parse(name, &text);
            assert!(!diagnostics.is_empty());
            insta::assert_snapshot!(warp_edge::lang::diagnostic::render::graphical(&diagnostics, &sources, false));
        });
    });
}
