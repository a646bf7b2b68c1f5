//! Fields and cookies that are compared with the empty text: one that is not there is not equal to it, so `== ""` holds of hardly
//! any request, and `!= ""` of those without the field, too, as in Varnish.

use std::collections::HashSet;

use http::HeaderName;
use http::header::COOKIE;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir, StatementKind, Target};
use crate::lang::schema::Function;
use crate::lang::source::SourceMap;

/// What may not be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Field(HeaderName),
    Cookie(Box<[u8]>),
    Parameter(Box<[u8]>),
}

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    // What the built-in policy asks says nothing of what the author knows.
    let builtin = super::builtin_files(sources);
    let expressions: Vec<&Expression> =
        walk::expressions(hir).into_iter().filter(|part| !builtin.contains(&part.span.file)).collect();
    let known = known(hir, &expressions);
    let finding = |expression: &Expression| {
        let (sign, place, subject) = compared(expression).filter(|(_, place, _)| !known.contains(place))?;
        Some(finding(expression, sign, &place, sources.text(subject.span)))
    };
    expressions.into_iter().filter_map(finding).collect()
}

/// Those that the policy makes itself, which may be empty, and those that it asks for elsewhere whether they are there.
fn known(hir: &Hir, expressions: &[&Expression]) -> HashSet<Place> {
    let made = walk::statements(hir).into_iter().filter_map(|statement| match &statement.kind {
        StatementKind::Set(Target::Header(_, name), _) => Some(Place::Field(name.clone())),
        StatementKind::Effect(Function::Header(_), given) => place(given.first()?),
        _ => None,
    });
    let asked = expressions.iter().flat_map(|expression| match &expression.kind {
        ExpressionKind::Truth(inner) => place(inner).into_iter().collect(),
        ExpressionKind::HasCookie(_, names) => names.iter().cloned().map(Place::Cookie).collect(),
        ExpressionKind::HasQuery(_, names) => names.iter().cloned().map(Place::Parameter).collect(),
        _ => Vec::new(),
    });
    // Where cookies are taken away one by one, nothing may be left of the field.
    made.chain(asked).chain([Place::Field(COOKIE)]).collect()
}

fn compared(expression: &Expression) -> Option<(Comparison, Place, &Expression)> {
    let ExpressionKind::Compare(sign, left, right) = &expression.kind else { return None };
    let (subject, text) = match (&left.kind, &right.kind) {
        (_, ExpressionKind::Text(text)) => (left, text),
        (ExpressionKind::Text(text), _) => (right, text),
        _ => return None,
    };
    let place = place(subject).filter(|_| text.is_empty())?;
    // Of a parameter it says that it has no value: `?debug=`.
    let is_meant = *sign == Comparison::Equal && matches!(place, Place::Parameter(_));
    (!is_meant).then_some((*sign, place, subject))
}

fn place(expression: &Expression) -> Option<Place> {
    let text = |name: &Expression| match &name.kind {
        ExpressionKind::Text(text) => Some(text.clone()),
        _ => None,
    };
    match &expression.kind {
        ExpressionKind::Header(_, name) => Some(Place::Field(name.clone())),
        ExpressionKind::Cookie(_, name) => text(name).map(Place::Cookie),
        ExpressionKind::Query(_, name) => text(name).map(Place::Parameter),
        ExpressionKind::ToText(inner) => place(inner),
        _ => None,
    }
}

fn finding(expression: &Expression, sign: Comparison, place: &Place, subject: &str) -> Diagnostic {
    let what = match place {
        Place::Field(_) => "a field",
        Place::Cookie(_) => "a cookie",
        Place::Parameter(_) => "a parameter",
    };
    let (message, help) = if sign == Comparison::Equal {
        (
            format!("{what} that is not there is not equal to the empty text"),
            format!(
                "write `!{subject}` to ask whether it is there, or `({subject} ?? \"\") == \"\"` for an empty one, too"
            ),
        )
    } else {
        (
            format!("this holds where there is no such {} too", what.trim_start_matches("a ")),
            format!("write `{subject}` to ask whether it is there, or `({subject} ?? \"\") != \"\"`"),
        )
    };
    Diagnostic::new(Code::W0515, expression.span, message).help(help)
}
