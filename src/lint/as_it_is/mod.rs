//! Signs of a pattern or a glob in a text that is compared as it is: `host == "*.example.org"`, `path under "/a/*"`,
//! `cookies has "wp_*"`; and of a pattern in a glob, where `*` alone stands for more than itself: `query drop ["utm_.*"]`.

mod compared;
mod instead;
mod sign;

use std::collections::HashSet;

use super::list::Value;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, TableId};
use crate::lang::source::SourceMap;
use compared::{Compared, Way};
use instead::instead;
use sign::sign;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let expressions = walk::expressions(hir);
    let made = made_keys(&expressions);
    let by_words = expressions.into_iter().filter_map(|expression| Compared::of(expression, hir, &made, sources));
    let by_globs = walk::statements(hir).into_iter().filter_map(Compared::by_globs);
    by_words.chain(by_globs).flat_map(|compared| look(&compared, sources)).collect()
}

fn look(compared: &Compared<'_>, sources: &SourceMap) -> Vec<Diagnostic> {
    let found = compared.texts.iter().filter_map(|text| {
        let text = std::str::from_utf8(text).ok()?;
        Some(finding(compared, text, sign(compared.place, compared.way, text)?, sources))
    });
    found.collect()
}

fn finding(compared: &Compared<'_>, text: &str, sign: &str, sources: &SourceMap) -> Diagnostic {
    let place = Value::Text(text.as_bytes()).place(compared.within, sources);
    let message = match compared.way {
        Way::Globs(_) => format!("`{text}` is no regular expression: `{sign}` stands for itself, and `*` for anything"),
        _ => format!("`{text}` is compared as it is: `{sign}` stands for itself"),
    };
    let written = (sources.text(place).starts_with('"')).then_some(place);
    let instead = instead(compared, text, written, sources);
    let finding = Diagnostic::new(Code::W0825, place, message).help(instead.help);
    match instead.fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// The tables that are asked for what a policy makes, such as `*` and the rest of a host: there a key may be a glob that
/// somebody looks for.
fn made_keys(expressions: &[&Expression]) -> HashSet<TableId> {
    let made = expressions.iter().filter_map(|expression| match &expression.kind {
        ExpressionKind::Lookup(table, key) | ExpressionKind::InTable(table, key) => {
            let is_known = compared::is_sent(key) || matches!(key.kind, ExpressionKind::Text(_));
            (!is_known).then_some(*table)
        }
        _ => None,
    });
    made.collect()
}
