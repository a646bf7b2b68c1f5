//! From tokens to the syntax tree.
//!
//! `grammar/warp.pest` is the normative grammar. pest stops at its first error, so the file is cut
//! into declarations by tokens first, each is parsed alone, and what fails is cut further (rows of
//! a table, statements of a sub): one run reports every mistake. What names mean is left to
//! [`check`](super::check).

pub mod ast;

mod bracket;
mod build;
mod cut;
mod expected;
mod grammar;
mod head;
mod lexical;
mod limits;
mod mistake;
mod piece;
mod recover;
mod stream;
mod unit;

pub use ast::SyntaxTree;

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

    use super::grammar::{Grammar, Rule};
    use super::parse;
    use crate::lang::builtin;
    use crate::lang::source::{FileId, SourceFile};

    /// What the grammar takes whole is taken in pieces, declaration for declaration, and nothing
    /// else is: but for numbers, versions and depth, which the grammar does not look at.
    fn agrees_with_the_grammar(text: &str) {
        let (tree, diagnostics) = parse(FileId(0), &SourceFile::new("test.warp", text));
        let beyond = |code: &str| ["E0107", "E0108", "E0114", "E0115"].contains(&code);
        match Grammar::parse(Rule::file, text) {
            Ok(mut file) => {
                assert!(diagnostics.iter().all(|found| beyond(found.code.id())), "{text:?} {diagnostics:?}");
                let inner = file.next().unwrap().into_inner();
                let wanted = inner.filter(|pair| !matches!(pair.as_rule(), Rule::version | Rule::EOI)).count();
                if diagnostics.is_empty() {
                    assert_eq!(tree.declarations.len(), wanted, "{text:?}");
                }
            }
            Err(_) => assert!(!diagnostics.is_empty(), "{text:?}"),
        }
    }

    #[test]
    fn the_builtin_policy_agrees() {
        agrees_with_the_grammar(builtin::TEXT);
    }

    /// Heads and bodies of declarations, so that a good part of their mixtures is right.
    const PARTS: &[&str] = &[
        "const",
        "backend",
        "probe",
        "sub",
        "acl",
        "include",
        "override",
        "rules",
        "normalize",
        "a",
        "x.y",
        "none",
        "request",
        "req",
        "first",
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
        "host lower;",
        "call a;",
        "a(b);",
        "+",
        "# c\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn mixtures_agree(parts in prop::collection::vec(prop::sample::select(PARTS), 0..12)) {
            agrees_with_the_grammar(&format!("warp 1;\n{}", parts.join(" ")));
        }

        #[test]
        fn mutilated_policies_agree(start in 0..builtin::TEXT.len(), length in 0..30_usize) {
            let kept = |at: &(usize, char)| at.0 < start || at.0 >= start + length;
            let text: String = builtin::TEXT.char_indices().filter(kept).map(|(_, character)| character).collect();
            agrees_with_the_grammar(&text);
        }
    }
}
