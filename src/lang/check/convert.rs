//! From one type to another: what VCL converts by itself, and what it does not.

use std::fmt::Arguments;
use std::net::IpAddr;

use super::fold::Literal;
use super::joint::condition_for_text;
use super::scope::Scope;
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::{BYTE_UNITS, Type};
use crate::lang::syntax::ast;

/// STRING from anything.
pub(super) fn to_text(value: Expression) -> Expression {
    if value.ty == Type::String {
        return value;
    }
    let span = value.span;
    let kind = match Literal::of(&value.kind) {
        Some(literal) => ExpressionKind::Text(literal.to_text()),
        None => ExpressionKind::ToText(Box::new(value)),
    };
    Expression { kind, ty: Type::String, span }
}

/// REAL from a literal INT; anything else stays.
pub(super) fn literal_to_real(value: Expression) -> Expression {
    let ExpressionKind::Int(number) = value.kind else { return value };
    #[expect(clippy::cast_precision_loss, reason = "that is what REAL arithmetic on large numbers means")]
    let kind = ExpressionKind::Real(number as f64);
    Expression { kind, ty: Type::Real, span: value.span }
}

impl Scope<'_, '_> {
    /// An expression of type `ty`; `what` says in words what wants it: `` `beresp.ttl` ``.
    pub(super) fn wanted(&mut self, written: &ast::Expression, ty: Type, what: Arguments) -> Option<Expression> {
        if ty == Type::Backend && self.is_unknown_backend(written) {
            return None;
        }
        let value = self.expression(written)?;
        self.convert(value, ty, what)
    }

    /// Reports a bare word that should be a backend and is nothing at all.
    fn is_unknown_backend(&self, written: &ast::Expression) -> bool {
        let Some(name) = self.unknown_word_in(written) else { return false };
        let finding = Diagnostic::new(Code::E0202, name.span, format!("there is no backend `{}`", name.text));
        self.report(unknown::suggest(
            self.cx.findings,
            finding,
            &name.text,
            "the backends",
            self.cx.names.backend_names(),
        ));
        true
    }

    /// The bare word that an expression is, if nothing is called that.
    pub(super) fn unknown_word_in<'e>(&self, written: &'e ast::Expression) -> Option<&'e ast::Name> {
        let ast::ExpressionKind::Path(path) = &written.kind else { return None };
        let [name] = path.parts.as_slice() else { return None };
        (!self.is_known_word(&name.text)).then_some(name)
    }

    /// The value as `ty`, or a finding.
    pub(super) fn convert(&self, value: Expression, ty: Type, what: Arguments) -> Option<Expression> {
        if let Some(finding) = condition_for_text(&value).filter(|_| ty == Type::String) {
            self.report(finding);
            return None;
        }
        match (value.ty, ty) {
            (from, to) if from == to => Some(value),
            (_, Type::String) => Some(to_text(value)),
            (Type::Int, Type::Real) if matches!(value.kind, ExpressionKind::Int(_)) => Some(literal_to_real(value)),
            (Type::String, Type::Ip) if matches!(value.kind, ExpressionKind::Text(_)) => self.text_to_address(&value),
            (Type::Int, Type::Duration | Type::Bytes) => {
                self.report(without_unit(&value, ty, what));
                None
            }
            (from, to) => {
                let message = format!("{what} takes {}, this is {}", to.in_words(), from.in_words());
                let finding = Diagnostic::new(Code::E0301, value.span, message).label(from.name());
                let quoted = matches!(value.kind, ExpressionKind::Text(_));
                self.report(if quoted {
                    without_quotes(finding, to, &value)
                } else {
                    with_conversion(finding, from, to)
                });
                None
            }
        }
    }

    /// IP from literal text.
    pub(super) fn text_to_address(&self, value: &Expression) -> Option<Expression> {
        let ExpressionKind::Text(text) = &value.kind else { return None };
        let text = String::from_utf8_lossy(text);
        let Ok(address) = text.parse::<IpAddr>().map(|address| address.to_canonical()) else {
            let finding = Diagnostic::new(Code::E0606, value.span, format!("`{text}` is not an IP address"))
                .help("write an address such as \"192.0.2.1\" or \"2001:db8::1\"; names are not looked up here");
            self.report(finding);
            return None;
        };
        Some(Expression { kind: ExpressionKind::Ip(address), ty: Type::Ip, span: value.span })
    }

    /// An expression as a condition.
    pub(super) fn condition(&mut self, written: &ast::Expression) -> Option<Expression> {
        let value = self.expression(written)?;
        self.truth(value)
    }

    /// BOOL from what can be true or false: a text that is set, a number other than 0, …
    fn truth(&self, value: Expression) -> Option<Expression> {
        match value.ty {
            Type::Bool => Some(value),
            Type::String | Type::Int | Type::Real | Type::Duration | Type::Bytes | Type::Backend => {
                let span = value.span;
                Some(Expression { kind: ExpressionKind::Truth(Box::new(value)), ty: Type::Bool, span })
            }
            ty => {
                let message = format!("a condition cannot be {}", ty.in_words());
                self.report(Diagnostic::new(Code::E0301, value.span, message).help("compare it with something"));
                None
            }
        }
    }
}

/// `10` where a duration or a size is wanted.
pub(super) fn without_unit(value: &Expression, ty: Type, what: Arguments) -> Diagnostic {
    let kind = if ty == Type::Bytes { "a size" } else { "a duration" };
    let message = format!("{what} takes {kind}, a number has no unit");
    let finding = Diagnostic::new(Code::E0302, value.span, message).label("no unit");
    let ExpressionKind::Int(number) = value.kind else {
        let unit = if ty == Type::Bytes { "B" } else { "s" };
        return finding.help(format!("multiply it: `… * 1{unit}`"));
    };
    let text = if ty == Type::Bytes { as_size(number) } else { format!("{number}s") };
    let edits = vec![Edit { span: value.span, text: text.clone() }];
    let fix = Fix { title: format!("write `{text}`"), edits, safety: Safety::NeedsReview };
    finding.help(format!("write `{text}`")).fix(fix)
}

/// A number of bytes in the largest unit of which it is a whole number: a number alone is one of bytes
/// in most programs.
fn as_size(bytes: i64) -> String {
    let units = BYTE_UNITS.iter().rev().map(|unit| (unit.name, unit.factor.cast_signed()));
    let whole = units.into_iter().find(|(_, factor)| bytes != 0 && bytes % factor == 0);
    let (name, factor) = whole.unwrap_or(("B", 1));
    format!("{}{name}", bytes / factor)
}

/// Says how a literal of that type is written.
fn without_quotes(finding: Diagnostic, to: Type, value: &Expression) -> Diagnostic {
    let written = match &value.kind {
        ExpressionKind::Text(text) => std::str::from_utf8(text).unwrap_or_default(),
        _ => "",
    };
    let is_amount = written.starts_with(|it: char| it.is_ascii_digit()) && written.ends_with(char::is_alphabetic);
    if is_amount && matches!(to, Type::Duration | Type::Bytes) && written.bytes().all(|it| it.is_ascii_alphanumeric()) {
        let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace("remove the quotes", value.span, written) };
        return finding.help(format!("write it without quotes: `{written}`")).fix(fix);
    }
    let help = match to {
        Type::Int | Type::Real => "write the number without quotes",
        Type::Duration => "write the duration without quotes: `10s`",
        Type::Bytes => "write the size without quotes: `64KB`",
        Type::Bool => "write `true` or `false` without quotes",
        Type::Backend => "write the name of a backend without quotes",
        _ => return finding,
    };
    finding.help(help)
}

/// Says how to convert by hand where there is a way.
fn with_conversion(finding: Diagnostic, from: Type, to: Type) -> Diagnostic {
    let help = match (from, to) {
        (Type::String, Type::Int) => "turn the text into a number: `std.integer(…, 0)`",
        (Type::String, Type::Duration) => "turn the text into a duration: `std.duration(…, 0s)`",
        (Type::String, Type::Bytes) => "turn the text into a size: `std.bytes(…, 0B)`",
        (Type::String, Type::Real) => "turn the text into a number: `std.real(…, 0.0)`",
        (Type::Real, Type::Int) => "round it: `std.real2integer(…, 0)`",
        (Type::Real, Type::Duration) => "write its unit: `1.5s`",
        (Type::Real, Type::Bytes) => "write its unit: `1.5MB`",
        (Type::String, Type::Ip) => "turn the text into an address: `std.ip(…, \"0.0.0.0\")`",
        (_, Type::Backend) => "write the name of a backend",
        (Type::Int | Type::String, Type::Bool) => "write `true` or `false`, or a comparison",
        _ => return finding,
    };
    finding.help(help)
}
