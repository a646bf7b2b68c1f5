//! What holds for any text.

use proptest::prelude::*;
use warp_edge::lang::diagnostic::render;

use super::{builtin, parse};

/// Pieces of policies in any order: most of what the grammar knows, and some of what it does not.
const SOUP: &[&str] = &[
    "warp",
    "1",
    ";",
    "site",
    "backend",
    "probe",
    "acl",
    "table",
    "from",
    "const",
    "sub",
    "override",
    "rules",
    "request",
    "response",
    "first",
    "normalize",
    "req",
    "include",
    "none",
    "let",
    "set",
    "unset",
    "call",
    "return",
    "if",
    "else",
    "elseif",
    "when",
    "->",
    ",",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "=",
    "+=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "~",
    "!~",
    "!",
    "&&",
    "||",
    "and",
    "or",
    "not",
    "in",
    "under",
    "ext",
    "has",
    "any",
    "match",
    "??",
    "+",
    "-",
    "*",
    "/",
    "%",
    ".",
    "..",
    ":",
    "\"a\"",
    "\"",
    "\"\"\"",
    "\"\"\"b\"\"\"",
    "10s",
    "7x",
    "0.5",
    "a",
    "req.http.X",
    "builtin.cookie",
    ".host",
    "# c\n",
    "/* c */",
    "/*",
    "“",
    "”",
    "é",
    "&",
    "\n",
    "\n",
    "\n",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(SOUP);
    prop::collection::vec((piece, prop::bool::ANY), 0..80).prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, space)| [piece, if space { " " } else { "" }]).collect()
    })
}

/// A whole policy with a part of it cut out.
fn mutilated() -> impl Strategy<Value = String> {
    (0..builtin::TEXT.len(), 0..40_usize).prop_map(|(start, length)| {
        let kept = |at: &(usize, char)| at.0 < start || at.0 >= start + length;
        builtin::TEXT.char_indices().filter(kept).map(|(_, character)| character).collect()
    })
}

/// Parsing and rendering do not panic, and every span lies within the text.
fn holds(text: &str) {
    let (sources, _, diagnostics) = parse("test.warp", text);
    for diagnostic in &diagnostics {
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        let labels = diagnostic.context.iter().map(|label| label.span);
        for span in edits.chain(labels).chain([diagnostic.primary.span]) {
            assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}: {diagnostic:?}");
        }
    }
    assert!(diagnostics.len() <= 101);
    let drawn = render::graphical(&diagnostics, &sources, false);
    assert!(!drawn.contains('\u{1b}'));
    assert_eq!(render::concise(&diagnostics, &sources).lines().count(), diagnostics.len());
    assert_eq!(render::json_lines(&diagnostics, &sources).lines().count(), diagnostics.len());
}

proptest! {
    #[test]
    fn any_text_is_parsed(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn any_soup_of_tokens_is_parsed(text in soup()) {
        holds(&text);
    }

    #[test]
    fn any_soup_in_a_sub_is_parsed(text in soup()) {
        holds(&format!("warp 1;\nsub recv {{\n{text}\n}}\nbackend web none;\n"));
    }

    #[test]
    fn any_soup_in_a_table_is_parsed(text in soup()) {
        holds(&format!("warp 1;\nrules request first {{\n    when {text};\n}}\n"));
    }

    #[test]
    fn a_mutilated_policy_is_parsed(text in mutilated()) {
        holds(&text);
    }
}
