//! Paths that a policy may ask for by what it makes of them: `str.split(req.path, 0, separators: "/") == "news"`. Proofs do not look into
//! that; each is a guess, for whoever tries it.

use std::collections::BTreeSet;

use super::walk;
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::Variable;

/// So many texts of a policy are tried, none of them longer.
const MOST_TEXTS: usize = 24;
const LONGEST: usize = 60;

/// Paths that are made of the texts of a policy, if it makes something of paths.
pub(super) fn guessed(hir: &Hir) -> Vec<String> {
    let expressions = walk::expressions(hir);
    if !expressions.iter().any(|expression| makes_of_path(expression)) {
        return Vec::new();
    }
    let mut texts = BTreeSet::new();
    for expression in expressions {
        add(expression, hir, &mut texts);
        if texts.len() > MOST_TEXTS {
            break;
        }
    }
    texts.into_iter().take(MOST_TEXTS).flat_map(|text| targets(&text)).collect()
}

fn makes_of_path(expression: &Expression) -> bool {
    let is_path =
        |part: &Expression| matches!(part.kind, ExpressionKind::Variable(Variable::ReqUrl | Variable::ReqPath));
    matches!(&expression.kind, ExpressionKind::Call(_, given) if given.iter().any(is_path))
}

/// The texts that something is compared with.
fn add(expression: &Expression, hir: &Hir, texts: &mut BTreeSet<String>) {
    let mut put = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok().filter(|text| (2..=LONGEST).contains(&text.len()));
        let is_of_path =
            |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/*._-".contains(&byte));
        texts.extend(text.filter(is_of_path).map(str::to_owned));
    };
    match &expression.kind {
        ExpressionKind::Compare(_, left, right) => {
            for side in [left, right] {
                if let ExpressionKind::Text(text) = &side.kind {
                    put(text);
                }
            }
        }
        ExpressionKind::InTexts(_, list) => list.iter().take(MOST_TEXTS).for_each(|text| put(text)),
        ExpressionKind::InTable(table, _) | ExpressionKind::Lookup(table, _) => {
            let entries = hir.tables.get(table.0 as usize).map(|table| &table.entries).into_iter().flatten();
            entries.take(MOST_TEXTS).for_each(|(key, _)| put(key));
        }
        ExpressionKind::Call(_, given) => {
            for part in given {
                if let ExpressionKind::Text(text) = &part.kind {
                    put(text);
                }
            }
        }
        _ => {}
    }
}

/// Paths that have the text in them: as their first part, as their last one, and as what the name of a file ends with.
fn targets(text: &str) -> Vec<String> {
    let text = text.replace('*', "x");
    if text.starts_with('/') {
        return vec![text];
    }
    let text = text.trim_start_matches('.');
    [format!("/{text}"), format!("/{text}/x"), format!("/x/{text}"), format!("/x.{text}")].to_vec()
}
