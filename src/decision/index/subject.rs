//! What can be looked up: expressions that many conditions share.

use http::HeaderName;

use crate::lang::hir::{Expression, ExpressionKind, Glob, LocalId, TableId};
use crate::lang::schema::function::{Accept, Takes, Text};
use crate::lang::schema::{Directive, Function, Message, Type, Variable};

/// The identity of an expression, its place left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject<'h> {
    Variable(Variable),
    Header(Message, &'h HeaderName),
    Directive(Message, Directive),
    Query(Message, &'h [u8]),
    Cookie(Message, &'h [u8]),
    Local(LocalId),
    Changed(Function, Box<Subject<'h>>),
    Accepted(Accept, &'h [Box<[u8]>]),
    IsSet(Box<Subject<'h>>),
    Lookup(TableId, Box<Subject<'h>>),
    InTable(TableId, Box<Subject<'h>>),
    Text(&'h [u8]),
    Number(i64),
    Fallback(Vec<Subject<'h>>),
    HasQuery(Message, &'h [Box<[u8]>]),
    AnyQuery(Message, &'h [Glob]),
    HasCookie(Message, &'h [Box<[u8]>]),
    AnyCookie(Message, &'h [Glob]),
}

impl<'h> Subject<'h> {
    /// The identity of `expression`; `None` if it is not looked up.
    pub fn of(expression: &'h Expression) -> Option<Self> {
        use ExpressionKind as Kind;
        Some(match &expression.kind {
            Kind::Variable(variable) => Self::Variable(*variable),
            Kind::Header(message, name) => Self::Header(*message, name),
            Kind::Directive(message, directive) => Self::Directive(*message, *directive),
            Kind::Query(message, name) => Self::Query(*message, constant(name)?),
            Kind::Cookie(message, name) => Self::Cookie(*message, constant(name)?),
            Kind::Local(id) => Self::Local(*id),
            Kind::Call(function @ Function::Text(Text::ToLower | Text::ToUpper), arguments) => match arguments
                .as_slice()
            {
                [argument] if argument.ty == Type::String => Self::Changed(*function, Box::new(Self::of(argument)?)),
                _ => return None,
            },
            Kind::Call(Function::Accept(function), arguments) => match arguments.as_slice() {
                [Expression { kind: Kind::List(offered), .. }] => Self::Accepted(*function, offered),
                _ => return None,
            },
            Kind::Truth(inner) if inner.ty == Type::String => Self::IsSet(Box::new(Self::of(inner)?)),
            Kind::Lookup(table, key) => Self::Lookup(*table, Box::new(Self::of(key)?)),
            Kind::InTable(table, key) => Self::InTable(*table, Box::new(Self::of(key)?)),
            Kind::Fallback(parts) => Self::Fallback(parts.iter().map(Self::part).collect::<Option<_>>()?),
            Kind::HasQuery(message, names) => Self::HasQuery(*message, names),
            Kind::AnyQuery(message, globs) => Self::AnyQuery(*message, globs),
            Kind::HasCookie(message, names) => Self::HasCookie(*message, names),
            Kind::AnyCookie(message, globs) => Self::AnyCookie(*message, globs),
            _ => return None,
        })
    }

    /// A part of something that is looked up, which may be a literal.
    fn part(expression: &'h Expression) -> Option<Self> {
        match &expression.kind {
            ExpressionKind::Text(text) => Some(Self::Text(text)),
            ExpressionKind::Int(number) | ExpressionKind::Duration(number) | ExpressionKind::Bytes(number) => {
                Some(Self::Number(*number))
            }
            _ => Self::of(expression),
        }
    }
}

/// The text of a literal.
pub(super) fn constant(expression: &Expression) -> Option<&[u8]> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(text),
        _ => None,
    }
}

/// The expression as it would be written, for people.
pub(super) fn describe(expression: &Expression) -> String {
    use ExpressionKind as Kind;
    let texts = |names: &[Box<[u8]>]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let globs = |globs: &[Glob]| globs.iter().map(|glob| quoted(glob.text().as_bytes())).collect::<Vec<_>>().join(", ");
    match &expression.kind {
        Kind::Variable(variable) => variable.name().to_owned(),
        Kind::Header(message, name) => format!("{}.http.{name}", message.name()),
        Kind::Directive(message, directive) => format!("{}.cache_control.{}", message.name(), directive.name()),
        Kind::Query(message, name) => format!("{}.query[{}]", message.name(), describe(name)),
        Kind::Cookie(message, name) => format!("{}.cookies[{}]", message.name(), describe(name)),
        Kind::Text(text) => quoted(text),
        Kind::Local(id) => format!("local {}", id.0),
        Kind::Call(function, arguments) => format!("{}({})", function.name(), described(*function, arguments)),
        Kind::File(_) => "a file".to_owned(),
        Kind::Lookup(_, key) => format!("a table[{}]", describe(key)),
        Kind::InTable(_, key) => format!("a table has {}", describe(key)),
        Kind::Fallback(parts) => parts.iter().map(describe).collect::<Vec<_>>().join(" ?? "),
        Kind::Unset => "unset".to_owned(),
        Kind::Regex(pattern) => quoted(pattern.text().as_bytes()),
        Kind::List(items) => format!("[{}]", texts(items)),
        Kind::Truth(inner) => describe(inner),
        Kind::HasQuery(message, names) => format!("{}.query has [{}]", message.name(), texts(names)),
        Kind::AnyQuery(message, names) => format!("{}.query any [{}]", message.name(), globs(names)),
        Kind::HasCookie(message, names) => format!("{}.cookies has [{}]", message.name(), texts(names)),
        Kind::AnyCookie(message, names) => format!("{}.cookies any [{}]", message.name(), globs(names)),
        _ => "an expression".to_owned(),
    }
}

/// The arguments of a call, without what is nobody's business.
fn described(function: Function, arguments: &[Expression]) -> String {
    let pairs = arguments.iter().zip(function.parameters());
    let shown = pairs.map(|(argument, parameter)| match (parameter.takes, &argument.kind) {
        (Takes::Secret, ExpressionKind::Text(_)) => "…".to_owned(),
        _ => describe(argument),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn quoted(text: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::hir::FileText;
    use crate::lang::schema::function::Digest;
    use crate::lang::source::{FileId, Span};

    #[test]
    fn what_may_be_a_secret_is_not_described() {
        let span = Span::new(FileId(0), 0..0);
        let expression = |kind| Expression { kind, ty: Type::String, span };
        let sign = |key| {
            let text = expression(ExpressionKind::Variable(Variable::ReqUrl));
            describe(&expression(ExpressionKind::Call(Digest::HmacSha256.into(), vec![expression(key), text])))
        };
        assert_eq!(sign(ExpressionKind::Text(b"s3cret"[..].into())), "digest.hmac_sha256(…, req.url)");
        let file = FileText { bytes: b"s3cret".to_vec(), span };
        assert_eq!(sign(ExpressionKind::File(file)), "digest.hmac_sha256(a file, req.url)");
    }
}
