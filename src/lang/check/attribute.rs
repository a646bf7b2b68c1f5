//! Attributes of backends, probes and directors, read against their table in the schema.

use std::ops::RangeInclusive;
use std::time::Duration;

use smol_str::SmolStr;

use super::amount::Kind;
use super::context::Context;
use super::fold::Literal;
use super::scope::{Home, Scope};
use super::{unknown, vcl, words};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{BackendId, Expression, ExpressionKind, FileText};
use crate::lang::schema::{self, DURATION_UNITS, Step, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, AttributeValue, ListItem};

/// The attributes of one declaration.
pub(super) struct Attributes<'c, 'a, 'b> {
    cx: &'c Context<'a>,
    table: &'static [schema::Attribute],
    given: Vec<&'b ast::Attribute>,
}

impl<'c, 'a, 'b> Attributes<'c, 'a, 'b> {
    /// Takes what is written; reports what is not in the table, and what is there twice.
    pub(super) fn new(
        cx: &'c Context<'a>,
        written: &'b [ast::Attribute],
        table: &'static [schema::Attribute],
        owner: &str,
    ) -> Self {
        let mut attributes = Self { cx, table, given: Vec::new() };
        for attribute in written {
            attributes.take(attribute, owner);
        }
        attributes
    }

    fn take(&mut self, attribute: &'b ast::Attribute, owner: &str) {
        let name = &attribute.name;
        if !self.table.iter().any(|row| row.name == name.text) {
            let finding = Diagnostic::new(Code::E0601, name.span, format!("a {owner} has no `.{}`", name.text));
            self.cx.findings.report(self.with_help(finding, &name.text, owner));
        } else if let Some(first) = self.given(&name.text) {
            let finding = Diagnostic::new(Code::E0602, name.span, format!("`.{}` is set twice", name.text))
                .context(first.name.span, "set here first")
                .help("remove one of them");
            self.cx.findings.report(finding);
        } else {
            self.given.push(attribute);
        }
    }

    /// A finding about an unknown attribute, with what there is in its place.
    fn with_help(&self, finding: Diagnostic, name: &str, owner: &str) -> Diagnostic {
        let names = || self.table.iter().map(|row| row.name);
        if let Some(instead) = vcl::attribute(name).filter(|_| owner == "backend") {
            return finding.help(instead);
        }
        match (self.table, unknown::nearest(self.cx.findings, name, names())) {
            ([], _) => finding.help("remove it"),
            (_, Some(nearest)) => finding.help(format!("did you mean `{nearest}`?")),
            (_, None) => finding.help(format!("it has {}", words::quoted(names(), "and"))),
        }
    }

    /// The attribute of that name, as written.
    pub(super) fn given(&self, name: &str) -> Option<&'b ast::Attribute> {
        self.given.iter().find(|attribute| attribute.name.text == name).copied()
    }

    /// Reports a finding.
    pub(super) fn report(&self, finding: Diagnostic) {
        self.cx.findings.report(finding);
    }

    /// Reports a value that cannot be.
    pub(super) fn refuse(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.cx.findings.report(Diagnostic::new(Code::E0603, span, message).help(help));
    }

    /// Reports an attribute that only does something beside another one.
    pub(super) fn useless_without(&self, name: &str, other: &str, example: &str) {
        let Some(given) = self.given(name).filter(|_| self.given(other).is_none()) else { return };
        let message = format!("`.{name}` does nothing without `.{other}`");
        self.refuse(given.span, message, format!("add `.{other} = {example};`, or remove this line"));
    }

    /// A backend that is named; not a director.
    pub(super) fn backend(&self, name: &str) -> Option<(BackendId, Span)> {
        let AttributeValue::Expression(written) = &self.given(name)?.value else {
            self.value(name);
            return None;
        };
        let mut scope = Scope::new(self.cx, Home::Constant);
        let value = scope.wanted(written, Type::Backend, format_args!("`.{name}`"))?;
        match value.kind {
            ExpressionKind::Backend(Some(id)) if (id.0 as usize) < self.cx.names.backends.len() => {
                Some((id, value.span))
            }
            _ => {
                self.refuse(value.span, format!("`.{name}` takes a backend"), "write the name of a backend");
                None
            }
        }
    }

    /// What the file says that is named; its path counts from the folder of the file with the attribute.
    pub(super) fn file(&self, name: &str) -> Option<FileText> {
        let (path, span) = self.text(name)?;
        let span = span?;
        self.cx.read(&path, span, Kind::Text)
    }

    /// A value as it is written, of whatever type; `None` if it is left out or wrong.
    pub(super) fn any_value(&self, name: &str) -> Option<(Literal, Span)> {
        self.value_with(name, Scope::expression)
    }

    /// A value of the type that the table names.
    pub(super) fn value(&self, name: &str) -> Option<(Literal, Span)> {
        let ty = self.table.iter().find(|row| row.name == name).map_or(Type::String, |row| row.ty);
        // Anything can be turned into text; in an attribute that is more likely a mistake.
        if ty == Type::String {
            let (literal, span) = self.any_value(name)?;
            if literal.ty() == Type::String {
                return Some((literal, span));
            }
            let message = format!("`.{name}` takes {}, this is {}", ty.in_words(), literal.ty().in_words());
            self.cx.findings.report(Diagnostic::new(Code::E0301, span, message).help("put it in quotes"));
            return None;
        }
        self.value_with(name, |scope, written| scope.wanted(written, ty, format_args!("`.{name}`")))
    }

    fn value_with(
        &self,
        name: &str,
        read: impl FnOnce(&mut Scope<'c, 'a>, &ast::Expression) -> Option<Expression>,
    ) -> Option<(Literal, Span)> {
        let written = match &self.given(name)?.value {
            AttributeValue::Expression(written) => written,
            AttributeValue::Block(block) => {
                self.refuse(block.span, format!("`.{name}` takes a value, not a block"), "write the value");
                return None;
            }
        };
        let mut scope = Scope::new(self.cx, Home::Constant);
        let value = read(&mut scope, written)?;
        let literal = scope.known(&value, format_args!("the value of `.{name}`"))?;
        Some((literal, written.span))
    }

    /// Text, else the default of the table, else `None`.
    pub(super) fn text(&self, name: &str) -> Option<(String, Option<Span>)> {
        match self.value(name) {
            Some((Literal::Text(text), span)) => Some((String::from_utf8_lossy(&text).into_owned(), Some(span))),
            _ => match self.default_of(name)? {
                Literal::Text(text) => Some((String::from_utf8_lossy(&text).into_owned(), None)),
                _ => None,
            },
        }
    }

    /// A list of texts, or one alone, each held against `complaint`; and where they are written.
    pub(super) fn texts(
        &self,
        name: &str,
        complaint: impl Fn(&[u8]) -> Option<&'static str>,
    ) -> Option<(Vec<String>, Span)> {
        let AttributeValue::Expression(written) = &self.given(name)?.value else {
            self.value(name);
            return None;
        };
        let alone = [ListItem::Value(written.clone())];
        let items = match &written.kind {
            ast::ExpressionKind::List(items) => items.as_slice(),
            _ => alone.as_slice(),
        };
        let texts = Scope::new(self.cx, Home::Constant).checked_texts(items, complaint)?;
        Some((texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect(), written.span))
    }

    /// Whole numbers and ranges of them, if they are written as a list; and where.
    pub(super) fn ranges(&self, name: &str) -> Option<(Vec<RangeInclusive<i64>>, Span)> {
        match &self.given(name)?.value {
            AttributeValue::Expression(ast::Expression { kind: ast::ExpressionKind::List(items), span }) => {
                // What is wrong with an element is told already.
                let ranges = Scope::new(self.cx, Home::Constant).ranges(items, Type::Int);
                Some((ranges.unwrap_or_else(|| vec![200..=200]), *span))
            }
            _ => None,
        }
    }

    /// A length of time above zero, else the default of the table.
    pub(super) fn duration(&self, name: &str) -> Duration {
        self.duration_from(name, 1, "has to be longer than nothing")
    }

    /// A length of time, which may be none, else the default of the table.
    pub(super) fn duration_or_none(&self, name: &str) -> Duration {
        self.duration_from(name, 0, "cannot be less than nothing")
    }

    fn duration_from(&self, name: &str, least_ms: i64, complaint: &str) -> Duration {
        let given = match self.value(name) {
            Some((Literal::Duration(millis), _)) if millis >= least_ms => Some(millis),
            Some((_, span)) => {
                self.refuse(span, format!("`.{name}` {complaint}"), "write a duration such as `5s`");
                None
            }
            None => None,
        };
        let millis = given.or(match self.default_of(name) {
            Some(Literal::Duration(millis)) => Some(millis),
            _ => None,
        });
        Duration::from_millis(millis.and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default())
    }

    /// A number within `range` and where it is written; `None` if it is left out or outside.
    pub(super) fn number_at(&self, name: &str, range: RangeInclusive<i64>) -> Option<(i64, Span)> {
        let (Literal::Int(number), span) = self.value(name)? else { return None };
        if range.contains(&number) {
            return Some((number, span));
        }
        let (low, high) = range.into_inner();
        self.refuse(span, format!("`.{name}` cannot be {number}"), format!("write a number from {low} to {high}"));
        None
    }

    /// A number within `range`, else the default of the table.
    pub(super) fn number(&self, name: &str, range: RangeInclusive<i64>) -> i64 {
        let default = || match self.default_of(name) {
            Some(Literal::Int(number)) => number,
            _ => 0,
        };
        self.number_at(name, range).map_or_else(default, |(number, _)| number)
    }

    /// True or false, else the default of the table.
    pub(super) fn truth(&self, name: &str) -> bool {
        let given = self.value(name).map(|(literal, _)| literal);
        given.or_else(|| self.default_of(name)) == Some(Literal::Bool(true))
    }

    /// A number with a fraction in thousandths, within `range`, else the default of the table.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
    pub(super) fn thousandths(&self, name: &str, range: RangeInclusive<f64>) -> u32 {
        let given = match self.value(name) {
            Some((Literal::Real(number), _)) if range.contains(&number) => Some(number),
            Some((Literal::Real(number), span)) => {
                let help = format!("write a number from {:?} to {:?}", range.start(), range.end());
                self.refuse(span, format!("`.{name}` cannot be {number:?}"), help);
                None
            }
            _ => None,
        };
        let default = || match self.default_of(name) {
            Some(Literal::Real(number)) => number,
            _ => 0.0,
        };
        let number = given.unwrap_or_else(default);
        // What is next to nothing is not nothing.
        ((number * 1_000.0).round() as u32).max(u32::from(number > 0.0))
    }

    /// One of the words of the table, else its default.
    pub(super) fn word(&self, name: &str) -> &'static str {
        let Some(row) = self.table.iter().find(|row| row.name == name) else { return "" };
        let default = row.default.unwrap_or_default();
        let Some(attribute) = self.given(name) else { return default };
        let written = match &attribute.value {
            AttributeValue::Expression(ast::Expression { kind: ast::ExpressionKind::Path(path), .. }) => path.text(),
            _ => SmolStr::default(),
        };
        row.words.iter().find(|word| **word == written).copied().unwrap_or_else(|| {
            let span = match &attribute.value {
                AttributeValue::Expression(value) => value.span,
                AttributeValue::Block(block) => block.span,
            };
            self.refuse(span, format!("`.{name}` takes a word"), format!("write {}", words::join(row.words, "or")));
            default
        })
    }

    /// A value that is found out for each request, as `backend_fetch` sees it; `None` if it is left out or wrong.
    pub(super) fn of_request(&self, name: &str) -> Option<Expression> {
        let row = self.table.iter().find(|row| row.name == name)?;
        let AttributeValue::Expression(written) = &self.given(name)?.value else {
            self.value(name);
            return None;
        };
        Scope::new(self.cx, Home::Step(Step::BackendFetch)).wanted(written, row.ty, format_args!("`.{name}`"))
    }

    fn default_of(&self, name: &str) -> Option<Literal> {
        parse_default(self.table.iter().find(|row| row.name == name)?.default?)
    }
}

/// A default of the table: `"80"`, `200`, `1.0`, `3500ms`, `false`.
fn parse_default(text: &str) -> Option<Literal> {
    if let Ok(truth) = text.parse() {
        return Some(Literal::Bool(truth));
    }
    if text.contains('.') {
        return text.parse().ok().map(Literal::Real);
    }
    if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return Some(Literal::Text(text.as_bytes().into()));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    if unit.is_empty() {
        return Some(Literal::Int(number));
    }
    let factor = DURATION_UNITS.iter().find(|known| known.name == unit)?.factor;
    Some(Literal::Duration(number.checked_mul(i64::try_from(factor).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_of_the_tables_can_be_read() {
        let directors = schema::DirectorKind::ALL.iter().flat_map(|kind| kind.attributes());
        let members =
            schema::BACKEND_ATTRIBUTES.iter().chain(schema::PROBE_ATTRIBUTES).chain(schema::MEMBER_ATTRIBUTES);
        for row in members.chain(directors) {
            let Some(default) = row.default else { continue };
            if !row.words.is_empty() {
                assert!(row.words.contains(&default), "{}", row.name);
                continue;
            }
            assert_eq!(parse_default(default).map(|literal| literal.ty()), Some(row.ty), "{}", row.name);
        }
    }
}
