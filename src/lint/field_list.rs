//! Lists that a statement writes into a header field, such as a `Vary`, as far as they are written out.

use http::HeaderName;

use crate::lang::hir::{Expression, ExpressionKind, Statement, StatementKind, Target};
use crate::lang::schema::Function;

/// Stands for what is not written out.
const UNKNOWN: char = '\0';

/// The field that a statement writes, with what.
pub(super) fn written(statement: &Statement) -> Option<(&HeaderName, &Expression)> {
    match &statement.kind {
        StatementKind::Set(Target::Header(_, name), value) => Some((name, value)),
        StatementKind::Effect(Function::Header(_), given) => match given.as_slice() {
            [Expression { kind: ExpressionKind::Header(_, name), .. }, value, ..] => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

/// The elements between commas that are written out at least as far as their `=`.
pub(super) fn elements(value: &Expression) -> Vec<String> {
    let element = |element: &str| {
        let element = element.trim();
        let name = element.split('=').next().unwrap_or_default();
        (!name.is_empty() && !name.contains(UNKNOWN)).then(|| element.to_owned())
    };
    texts(value).iter().flat_map(|text| text.split(',').filter_map(element).collect::<Vec<_>>()).collect()
}

/// The texts that a value may be.
fn texts(value: &Expression) -> Vec<String> {
    match &value.kind {
        ExpressionKind::Choose(_, values) | ExpressionKind::Fallback(values) => values.iter().flat_map(texts).collect(),
        ExpressionKind::Bind(_, _, value) => texts(value),
        ExpressionKind::Concat(parts) => vec![parts.iter().map(part).collect()],
        _ => vec![part(value)],
    }
}

fn part(value: &Expression) -> String {
    match &value.kind {
        ExpressionKind::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => UNKNOWN.to_string(),
    }
}
