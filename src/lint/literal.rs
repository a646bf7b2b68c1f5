//! Conditions that compare what is written with what is written: `if ("a" == "b")`. One with a constant in it is a switch.

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, Hir};
use crate::lang::lexer::{TokenKind, tokenize};
use crate::lang::source::SourceMap;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for expression in walk::expressions(hir) {
        let ExpressionKind::Bool(truth) = expression.kind else { continue };
        if compares_texts(sources.text(expression.span)) {
            let (code, message, label) = if truth {
                (Code::W0512, "this holds of every request: it compares what is written here", "always holds")
            } else {
                (Code::W0511, "this holds of no request: it compares what is written here", "never holds")
            };
            let finding = Diagnostic::new(code, expression.span, message).label(label);
            found.push(
                finding.help("name what is to be compared, such as `req.path`; a switch is a `const` with a name"),
            );
        }
    }
    found
}

/// Whether it is a comparison of texts and numbers that are written out.
fn compares_texts(written: &str) -> bool {
    let kinds: Vec<TokenKind> =
        tokenize(written).iter().map(|token| token.kind).filter(|kind| !kind.is_trivia()).collect();
    let is_sign = |kind: &TokenKind| {
        use TokenKind::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Match, NotEqual, NotMatch};
        matches!(kind, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Match | NotMatch)
    };
    matches!(kinds.as_slice(), [left, sign, right] if is_value(*left) && is_sign(sign) && is_value(*right))
}

fn is_value(kind: TokenKind) -> bool {
    kind == TokenKind::Number || kind.is_string()
}
