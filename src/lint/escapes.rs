//! Escapes of other languages in texts, which have none here: `synthetic("one\ntwo")` sends a backslash and an `n`.

use super::list::Value;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind, Target};
use crate::lang::schema::Function;
use crate::lang::schema::function::Text;
use crate::lang::source::SourceMap;

const ESCAPES: [(&str, &str); 3] = [("\\r", "a line break"), ("\\n", "a line break"), ("\\t", "a tab")];

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let sent = walk::statements(hir).into_iter().filter(|statement| sends(statement));
    let mut found = Vec::new();
    for statement in sent {
        for value in statement.kind.expressions() {
            add(value, statement, sources, &mut found);
        }
    }
    found
}

/// Whether a statement gives a text away.
fn sends(statement: &Statement) -> bool {
    matches!(statement.kind, StatementKind::Set(..) | StatementKind::Effect(..) | StatementKind::Return(_))
}

fn add(value: &Expression, statement: &Statement, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    if let ExpressionKind::Text(text) = &value.kind {
        found.extend(std::str::from_utf8(text).ok().and_then(|text| finding(text, value, statement, sources)));
    }
    for part in made_of(value) {
        add(part, statement, sources, found);
    }
}

/// The parts of which a text is made as they are.
fn made_of(value: &Expression) -> &[Expression] {
    match &value.kind {
        ExpressionKind::Concat(parts) | ExpressionKind::Fallback(parts) => parts,
        ExpressionKind::Choose(_, values) => values,
        ExpressionKind::Call(Function::Text(function), given) if *function != Text::Fnmatch => given,
        _ => &[],
    }
}

/// A text with a `"` in it may be of another language, such as JSON, and a backslash behind a colon begins a path.
fn finding(text: &str, value: &Expression, statement: &Statement, sources: &SourceMap) -> Option<Diagnostic> {
    let (escape, what) = ESCAPES.iter().find(|(escape, _)| text.contains(escape))?;
    if text.contains('"') || text.contains(":\\") {
        return None;
    }
    let is_field = matches!(&statement.kind, StatementKind::Set(Target::Header(..), _) | StatementKind::Return(_));
    let help = match (*escape, is_field) {
        ("\\t", _) => "write the tab itself",
        (_, true) => "leave it out: a field has one line",
        _ => "a text over several lines stands in `\"\"\"`, with its lines as they are",
    };
    let place = Value::Text(text.as_bytes()).place(value.span, sources);
    let message = format!("`{escape}` is no {}, but two characters", what.trim_start_matches("a "));
    Some(Diagnostic::new(Code::W0826, place, message).help(help))
}
