//! Tokens: lossless for any text, and as written for each file of the corpus.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;

use proptest::prelude::*;
use warp_edge::lang::lexer::{Token, TokenKind, tokenize};

fn rebuild(text: &str, tokens: &[Token]) -> String {
    tokens.iter().map(|token| &text[token.range()]).collect()
}

fn kinds(text: &str) -> Vec<TokenKind> {
    tokenize(text).into_iter().map(|token| token.kind).filter(|kind| *kind != TokenKind::Whitespace).collect()
}

/// Each line of the text, and below it the tokens that start there.
fn beside_source(text: &str) -> String {
    let tokens = tokenize(text);
    let mut shown = String::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let range = offset..offset + line.len();
        offset = range.end;
        writeln!(shown, "{}", line.trim_end_matches('\n')).unwrap();
        let here = tokens.iter().filter(|token| range.contains(&token.range().start));
        let here = here.filter(|token| token.kind != TokenKind::Whitespace);
        let names: Vec<String> = here.map(|token| format!("{:?}", token.kind)).collect();
        writeln!(shown, "    {}", names.join(" ")).unwrap();
    }
    shown
}

#[test]
fn tokens_of_the_corpus() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/tokens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../corpus", "valid/*.warp", |path| {
            let text = std::fs::read_to_string(path).unwrap();
            assert_eq!(rebuild(&text, &tokenize(&text)), text);
            insta::assert_snapshot!("tokens", beside_source(&text));
        });
    });
}

#[test]
fn longer_marks_win() {
    use TokenKind::{Arrow, Assign, Dots, Equal, Minus, Not, NotEqual, NotMatch, Number, SubtractAssign, Word};
    assert_eq!(kinds("a->b -= - ->"), [Word, Arrow, Word, SubtractAssign, Minus, Arrow]);
    assert_eq!(kinds("== = != !~ !"), [Equal, Assign, NotEqual, NotMatch, Not]);
    assert_eq!(kinds("500..599"), [Number, Dots, Number]);
}

#[test]
fn a_minus_belongs_to_a_name_only_between_letters_and_digits() {
    use TokenKind::{Minus, Number, Word};
    assert_eq!(kinds("X-Forwarded-For"), [Word]);
    assert_eq!(kinds("a--b"), [Word]);
    assert_eq!(kinds("a - b"), [Word, Minus, Word]);
    assert_eq!(kinds("a- b"), [Word, Minus, Word]);
    assert_eq!(kinds("10s-x"), [Number, Minus, Word]);
}

#[test]
fn numbers_keep_their_suffix() {
    use TokenKind::{Dot, Number};
    assert_eq!(kinds("10s 1.5h 64KB 500ms 7parsecs"), [Number; 5]);
    assert_eq!(kinds("1. 1.2.3"), [Number, Dot, Number, Dot, Number]);
}

#[test]
fn what_is_not_closed_is_its_own_kind() {
    use TokenKind::{BraceOpen, Number, ParenClose, Semicolon, UnterminatedString, Word};
    assert_eq!(kinds("\"abc;\nx"), [UnterminatedString, Semicolon, Word]);
    assert_eq!(kinds("\"abc) {\n1"), [UnterminatedString, ParenClose, BraceOpen, Number]);
    assert_eq!(kinds("\""), [UnterminatedString]);
    assert_eq!(kinds("\"\"\"a\"\" \n;"), [TokenKind::UnterminatedLongString]);
    assert_eq!(kinds("/* a\n;"), [TokenKind::UnterminatedComment]);
}

#[test]
fn a_text_in_braces_is_told_from_a_brace() {
    use TokenKind::{Assign, BraceClose, BraceOpen, BracedString, Colon, LineComment, Plus, String, Word};
    assert_eq!(kinds("a = {\"b\nc\"} + {\"}\"}"), [Word, Assign, BracedString, Plus, BracedString]);
    assert_eq!(kinds("a {\"b\": \"c\"}"), [Word, BraceOpen, String, Colon, String, BraceClose]);
    assert_eq!(kinds("= {\"b\" }"), [Assign, BraceOpen, String, BraceClose]);
    assert_eq!(kinds("a # =\n{\"b\"}"), [Word, LineComment, BraceOpen, String, BraceClose]);
}

#[test]
fn a_run_of_unknown_characters_is_one_token() {
    use TokenKind::{Unknown, Word};
    assert_eq!(kinds("a @§\u{0}é b"), [Word, Unknown, Word]);
}

#[test]
fn a_byte_order_mark_is_white_space() {
    assert_eq!(kinds("\u{FEFF}warp"), [TokenKind::Word]);
}

proptest! {
    #[test]
    fn tokens_rebuild_the_text(text in any::<String>()) {
        let tokens = tokenize(&text);
        prop_assert_eq!(rebuild(&text, &tokens), text);
    }

    #[test]
    fn tokens_rebuild_texts_of_marks(text in r#"["/*#\na10.\-=!~<>&|{}“ ]{0,60}"#) {
        let tokens = tokenize(&text);
        prop_assert!(tokens.iter().all(|token| token.start < token.end));
        prop_assert_eq!(rebuild(&text, &tokens), text);
    }
}
