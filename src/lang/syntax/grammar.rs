//! The parser that pest makes of `grammar/warp.pest`.

use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "grammar/warp.pest"]
pub(super) struct Grammar;

/// The grammar as written.
pub(super) const GRAMMAR: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/grammar/warp.pest"));

/// Nodes of pest's tree.
pub(super) type Pairs<'i> = pest::iterators::Pairs<'i, Rule>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pest::Parser as _;
    use proptest::prelude::*;

    use super::{Grammar, Pairs, Rule};
    use crate::lang::builtin;
    use crate::lang::lexer;

    /// Every terminal of the tree starts and ends where a token does.
    fn on_token_borders(text: &str, pairs: Pairs<'_>) {
        let tokens = lexer::tokenize(text);
        let borders: BTreeSet<usize> =
            tokens.iter().flat_map(|token| [token.range().start, token.range().end]).collect();
        for pair in pairs.flatten().filter(|pair| pair.as_rule() != Rule::EOI) {
            if pair.clone().into_inner().next().is_some() {
                continue;
            }
            let span = pair.as_span();
            let both = borders.contains(&span.start()) && borders.contains(&span.end());
            assert!(both, "{:?} {:?} in {text:?}", pair.as_rule(), span.as_str());
        }
    }

    #[test]
    fn terminals_of_the_builtin_policy_are_on_token_borders() {
        on_token_borders(builtin::TEXT, Grammar::parse(Rule::file, builtin::TEXT).unwrap());
    }

    #[test]
    fn terminals_of_the_corpus_are_on_token_borders() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/valid");
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            on_token_borders(&text, Grammar::parse(Rule::file, &text).unwrap());
        }
    }

    const SOUP: &[&str] = &[
        "a",
        "a-b",
        "-",
        "1",
        "10s",
        "0.5",
        ".",
        "..",
        "(",
        ")",
        "[",
        "]",
        "\"a\"",
        "\"",
        "\"\"\"b\"\"\"",
        "+",
        "*",
        "/",
        "%",
        "=",
        "==",
        "!",
        "!=",
        "~",
        "!~",
        "<",
        "<=",
        ">",
        "->",
        "&&",
        "||",
        "and",
        "or",
        "not",
        "in",
        "ext",
        "true",
        "header",
        "set",
        "if",
        "else",
        "return",
        "call",
        "let",
        "unset",
        "match",
        "??",
        "?",
        "{",
        "}",
        ";",
        ",",
        "+=",
        "-=",
        "/=",
        "//c\n",
        "/*c*/",
        " ",
        " ",
        "\n",
    ];

    proptest! {
        /// pest parses as far as it can; what it took is looked at.
        #[test]
        fn terminals_of_any_soup_are_on_token_borders(
            pieces in prop::collection::vec(prop::sample::select(SOUP), 1..40),
            rule in prop::sample::select(&[Rule::expression, Rule::set, Rule::rule_action, Rule::block, Rule::acl_entry][..]),
        ) {
            let text = match rule {
                Rule::set => format!("set a = {}", pieces.concat()),
                Rule::block => format!("{{ set a = {}", pieces.concat()),
                _ => pieces.concat(),
            };
            if let Ok(pairs) = Grammar::parse(rule, &text) {
                on_token_borders(&text, pairs);
            }
        }
    }
}
