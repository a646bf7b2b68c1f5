//! Escapes and variables of other languages in texts, which have none here: `synthetic("one\ntwo")` sends a backslash and an
//! `n`, and `"https://example.org$request_uri"` is sent as it is.

mod variable;

use super::list::Value;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, KeyPart, Statement, StatementKind, Target};
use crate::lang::schema::function::{Core, Text};
use crate::lang::schema::{Function, Variable};
use crate::lang::source::SourceMap;

const ESCAPES: [(&str, &str); 3] = [("\\r", "line break"), ("\\n", "line break"), ("\\t", "tab")];

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
    is_short(statement) || matches!(statement.kind, StatementKind::Set(..) | StatementKind::Effect(..))
}

/// Whether what it gives away is no body, which may be of another language.
fn is_short(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Set(Target::Variable(variable), _) => {
            matches!(variable, Variable::ReqUrl | Variable::BereqUrl | Variable::RespReason)
        }
        StatementKind::Effect(function, _) => *function != Function::Core(Core::Synthetic),
        StatementKind::Set(Target::Header(..), _)
        | StatementKind::Return(_)
        | StatementKind::Key(KeyPart::Value(_)) => true,
        _ => false,
    }
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

fn finding(text: &str, value: &Expression, statement: &Statement, sources: &SourceMap) -> Option<Diagnostic> {
    let place = Value::Text(text.as_bytes()).place(value.span, sources);
    let told = |message: String, help: &str| Diagnostic::new(Code::W0826, place, message).help(help);
    if let Some(foreign) = variable::find(text).filter(|_| is_short(statement)) {
        return Some(told(format!("`{}` is text, and no variable", foreign.name), &foreign.help));
    }
    let (escape, what) = escape(text)?;
    let is_field = matches!(&statement.kind, StatementKind::Set(Target::Header(..), _) | StatementKind::Return(_));
    let help = match (escape, is_field) {
        ("\\t", _) => "write the tab itself",
        (_, true) => "leave it out: a field has one line",
        _ => "a text over several lines stands in `\"\"\"`, with its lines as they are",
    };
    Some(told(format!("`{escape}` is no {what}, but two characters"), help))
}

/// A text with a `"` in it may be of another language, such as JSON, and a backslash behind a colon begins a path.
fn escape(text: &str) -> Option<(&'static str, &'static str)> {
    let is_other = text.contains('"') || text.contains(":\\");
    ESCAPES.into_iter().find(|(escape, _)| text.contains(escape)).filter(|_| !is_other)
}
