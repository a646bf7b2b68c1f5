//! The value of an expression.

use std::borrow::Cow;

use super::functions::{self, Arguments};
use super::{Scope, compare, cookies, directives, query, reckon, text};
use crate::decision::facts::{Facts, Value};
use crate::decision::fold::{LONGEST_TEXT_BYTES, is_constant};
use crate::lang::hir::{Expression, ExpressionKind, TableId};
use crate::lang::schema::{Function, Message, Type, Variable};

impl<'a, F: Facts> Scope<'a, F> {
    /// The value of `expression`, of its type.
    pub fn value(&self, expression: &'a Expression) -> Value<'a> {
        use ExpressionKind as Kind;
        if self.context.counts && expression.ty == Type::Bool {
            return self.as_condition().value(expression);
        }
        match &expression.kind {
            Kind::Text(text) => Value::text(text),
            Kind::File(file) => Value::text(&file.bytes),
            Kind::Int(number) => Value::Int(*number),
            Kind::Real(number) => Value::Real(*number),
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Duration(millis) => Value::Duration(*millis),
            Kind::Bytes(bytes) => Value::Bytes(*bytes),
            Kind::Ip(address) => Value::Ip(*address),
            Kind::Backend(backend) => Value::Backend(*backend),
            Kind::Variable(variable) => self.facts.get(*variable),
            Kind::Header(message, name) => Value::Text(self.facts.header(*message, name)),
            Kind::Directive(message, directive) => directives::value(self.facts, *message, *directive),
            Kind::Query(message, name) => Value::Text(self.query_parameter(*message, name)),
            Kind::Cookie(message, name) => Value::Text(self.cookie(*message, name)),
            Kind::Local(id) => self.local(*id),
            Kind::Concat(parts) => Value::Text(Some(self.concat(expression, parts))),
            Kind::ToText(inner) => Value::Text(self.text(inner)),
            Kind::Arithmetic(operation, left, right) => {
                reckon::reckon(*operation, &self.value(left), &self.value(right))
            }
            Kind::Lookup(table, key) => self.found(*table, key).unwrap_or(Value::UNSET),
            Kind::Fallback(parts) => self.first_set(parts),
            Kind::Choose(conditions, values) => self.chosen(conditions, values),
            Kind::Bind(id, value, body) => self.bind(*id, value, body),
            Kind::Call(function, given) => self.called(*function, expression, given),
            Kind::Unset
            | Kind::Regex(_)
            | Kind::Acl(_)
            | Kind::List(_)
            | Kind::Users(_)
            | Kind::Keys(_)
            | Kind::Database(_)
            | Kind::RateLimit(_) => Value::UNSET,
            _ => Value::Bool(self.holds(expression)),
        }
    }

    /// What `expression` yields, as text; `None` if it is unset.
    pub fn text(&self, expression: &'a Expression) -> Option<Cow<'a, [u8]>> {
        match self.value(expression) {
            Value::Text(text) => text,
            other => text::to_text(other, self.context.names),
        }
    }

    /// The text of a variable such as `req.url`; `None` if it is unset.
    pub fn variable_text(&self, variable: Variable) -> Option<Cow<'a, [u8]>> {
        match self.facts.get(variable) {
            Value::Text(text) => text,
            _ => None,
        }
    }

    /// The query of a message, without its `?`; `None` if there is no `?` or it is not a request.
    pub(super) fn query(&self, message: Message) -> Option<Cow<'a, [u8]>> {
        query::of_url(self.variable_text(query::url_of(message)?)?)
    }

    fn concat(&self, whole: &Expression, parts: &'a [Expression]) -> Cow<'a, [u8]> {
        let (mut joined, limit) = (Vec::new(), self.text_limit_bytes());
        for text in parts.iter().filter_map(|part| self.text(part)) {
            text::append(&mut joined, &text, limit);
        }
        self.works_on(&joined, self.context.counts && is_constant(whole));
        Cow::Owned(joined)
    }

    fn called(&self, function: Function, whole: &Expression, given: &'a [Expression]) -> Value<'a> {
        let is_constant = self.context.counts && is_constant(whole);
        let value = functions::value(function, &Arguments::new(self, given, is_constant));
        if let Value::Text(Some(text)) = &value {
            self.works_on(text, is_constant);
        }
        value
    }

    /// Counts a text that was read or made. What is computed when the policy is compiled counts as little in the policy
    /// as it is written.
    pub(super) fn works_on(&self, text: &[u8], is_constant: bool) {
        if !is_constant || text.len() > LONGEST_TEXT_BYTES {
            self.works(text.len());
        }
    }

    /// What a table holds for a key; an unset key is in no table.
    pub(super) fn found(&self, table: TableId, key: &'a Expression) -> Option<Value<'a>> {
        self.context.tables.find(table, &self.text(key)?)
    }

    fn first_set(&self, parts: &'a [Expression]) -> Value<'a> {
        parts.iter().map(|part| self.value(part)).find(|value| *value != Value::UNSET).unwrap_or(Value::UNSET)
    }

    fn chosen(&self, conditions: &'a [Expression], values: &'a [Expression]) -> Value<'a> {
        let tested = self.as_condition();
        let at = conditions.iter().position(|condition| tested.holds(condition)).unwrap_or(conditions.len());
        values.get(at).map_or(Value::UNSET, |value| self.value(value))
    }

    fn query_parameter(&self, message: Message, name: &'a Expression) -> Option<Cow<'a, [u8]>> {
        let name = self.text(name)?;
        query::parameter(self.query(message)?, &name)
    }

    fn cookie(&self, message: Message, name: &'a Expression) -> Option<Cow<'a, [u8]>> {
        let name = self.text(name)?;
        cookies::cookie(self.facts.header(message, &http::header::COOKIE)?, &name)
    }

    /// How two values compare; for the tests of an index on a value that is at hand already.
    pub(super) fn compare(&self, left: &'a Expression, right: &'a Expression) -> compare::Relation {
        compare::relate(&self.value(left), &self.value(right))
    }
}

/// A part of `text`, borrowed if `text` is.
pub(super) fn part(text: Cow<'_, [u8]>, range: std::ops::Range<usize>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(range.end);
            text.drain(..range.start.min(text.len()));
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_borrowed_text_is_borrowed() {
        assert!(matches!(part(Cow::Borrowed(b"abcd"), 1..3), Cow::Borrowed(b"bc")));
        assert_eq!(part(Cow::Owned(b"abcd".to_vec()), 1..3), &b"bc"[..]);
    }
}
