//! Texts and numbers that stand where conditions are joined: `x == "a" || "b"`, and `x || "b"` for a value.

use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::Type;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, BinaryOperator, ListItem, TestOperator};

/// What joins conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// `||`
    Or,
    /// `&&`
    And,
}

/// What to say where one of the conditions is a text or a number: it would hold of every request, or of none.
pub(super) fn value_among(conditions: &[ast::Expression], joint: Joint) -> Option<Diagnostic> {
    let at = conditions.iter().position(|part| value_of(part).is_some())?;
    let (before, values) = conditions.split_at(at);
    let place = values.first()?;
    let what = if text_of(place).is_some() { "a text" } else { "a number" };
    let finding = Diagnostic::new(Code::E0301, place.span, format!("{what} is no condition")).label(what);
    let compare = || format!("compare something with {}: `NAME in [A, B]`", what.replacen('a', "each", 1));
    let Some(test) = before.last() else { return Some(finding.help(compare())) };
    let words: Vec<String> = values.iter().map_while(value_of).collect();
    let last = values.get(words.len() - 1)?;
    if let Some((sign, list)) = one_test(test, &words).filter(|_| joint == Joint::Or) {
        let help = format!("write one test: `{}`", [subject(test), list.clone()].concat());
        let fix = Fix::replace("write one test", sign.to(last.span), list);
        return Some(finding.context(test.span, NOT_AGAIN).help(help).fix(fix));
    }
    match other_test(test, &words, joint) {
        Some(other) => Some(finding.context(test.span, NOT_AGAIN).help(format!("write one test: `{other}`"))),
        None if is_place(test) && joint == Joint::Or && words.len() == values.len() => Some(finding.help(INSTEAD)),
        None => Some(finding.help(compare())),
    }
}

/// What to say of a condition that stands for a text, as it does in other languages: `x || y`.
pub(super) fn condition_for_text(value: &Expression) -> Option<Diagnostic> {
    let (sign, parts) = match &value.kind {
        ExpressionKind::Or(parts) => ("||", parts),
        ExpressionKind::And(parts) => ("&&", parts),
        _ => return None,
    };
    let is_text = |part: &Expression| matches!(&part.kind, ExpressionKind::Truth(inner) if inner.ty == Type::String);
    parts.last().filter(|last| is_text(last))?;
    let message = format!("`{sign}` yields true or false, and none of the texts beside it");
    let finding = Diagnostic::new(Code::E0301, value.span, message);
    Some(finding.help(if sign == "||" { INSTEAD } else { "choose with `match CONDITION { true -> A; else -> B; }`" }))
}

const NOT_AGAIN: &str = "what is asked here is not asked again";

const INSTEAD: &str = "`A ?? B` is `B` where `A` is unset";

/// What the test and the values behind it say together, and where it begins: at the sign.
fn one_test(test: &ast::Expression, values: &[String]) -> Option<(Span, String)> {
    let (sign, word, first) = match &test.kind {
        ast::ExpressionKind::Binary { operator: BinaryOperator::Equal, operator_span, right, .. } => {
            (*operator_span, "in", vec![value_of(right)?])
        }
        ast::ExpressionKind::Test { operator, operator_span, list, .. } => {
            let values = list.iter().map(|item| match item {
                ListItem::Value(value) => value_of(value),
                ListItem::Range(..) => None,
            });
            (*operator_span, word_of(*operator), values.collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some((sign, format!("{word} [{}]", [&first, values].concat().join(", "))))
}

/// The same where it is not said with the sign that is there, `!=`, or by a pattern.
fn other_test(test: &ast::Expression, values: &[String], joint: Joint) -> Option<String> {
    let ast::ExpressionKind::Binary { operator, right, .. } = &test.kind else { return None };
    let all = [value_of(right).as_slice(), values].concat();
    let subject = subject(test);
    let pattern = || all.iter().map(|text| text.trim_matches('"')).collect::<Vec<_>>().join("|");
    match (operator, joint) {
        (BinaryOperator::Match, Joint::Or) => Some(format!("{subject}~ \"{}\"", pattern())),
        (BinaryOperator::NotMatch, Joint::And) => Some(format!("{subject}!~ \"{}\"", pattern())),
        (BinaryOperator::NotEqual, Joint::And) => Some(format!("!({subject}in [{}])", all.join(", "))),
        _ => None,
    }
}

/// What is tested, where that is a name.
fn subject(test: &ast::Expression) -> String {
    let subject = match &test.kind {
        ast::ExpressionKind::Binary { left, .. } => left,
        ast::ExpressionKind::Test { subject, .. } => subject,
        _ => return String::new(),
    };
    match &subject.kind {
        ast::ExpressionKind::Path(path) => format!("{} ", path.text()),
        _ => String::new(),
    }
}

fn text_of(part: &ast::Expression) -> Option<&str> {
    match &part.kind {
        ast::ExpressionKind::String(text) => Some(text),
        _ => None,
    }
}

/// A text or a number, as it is written.
fn value_of(part: &ast::Expression) -> Option<String> {
    match &part.kind {
        ast::ExpressionKind::String(text) => Some(format!("\"{text}\"")),
        ast::ExpressionKind::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_place(part: &ast::Expression) -> bool {
    matches!(part.kind, ast::ExpressionKind::Path(_) | ast::ExpressionKind::Index { .. } | ast::ExpressionKind::Call(_))
}

fn word_of(operator: TestOperator) -> &'static str {
    match operator {
        TestOperator::In => "in",
        TestOperator::Under => "under",
        TestOperator::Ext => "ext",
        TestOperator::Has => "has",
        TestOperator::Any => "any",
    }
}
