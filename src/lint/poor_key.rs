//! Keys that hardly two requests share: a whole `Cookie`, `User-Agent`, `Accept-Language` or `Referer`, or the address of a
//! client, in the key or in `Vary`, or a query in whatever order it comes.

use std::collections::HashMap;

use http::HeaderName;
use http::header::{COOKIE, VARY};

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir, KeyPart, Normalization, Statement, StatementKind, Target};
use crate::lang::schema::function::{Convert, Core, Text};
use crate::lang::schema::{Function, Message, Variable};
use crate::lang::source::{SourceMap, Span};

/// The fields, as people write them, and what to do about each.
const MANIFOLD: [(&str, &str); 9] = [
    ("Cookie", "take the cookie that counts: `req.cookies[\"name\"]`, or `normalize req { cookie keep [\"name\"]; }`"),
    ("User-Agent", "put what counts into a field of your own first, such as `mobile` or `desktop`"),
    ("Accept-Language", "take the language that you would answer in: `req.accept.language([\"en\", \"de\"])`"),
    ("Referer", "take the part that counts with `regsub`, or leave it out"),
    ("X-Forwarded-For", OF_ONE_CLIENT),
    ("X-Real-IP", OF_ONE_CLIENT),
    ("True-Client-IP", OF_ONE_CLIENT),
    ("CF-Connecting-IP", OF_ONE_CLIENT),
    ("Forwarded", OF_ONE_CLIENT),
];

/// What to do about what is another one for each client.
const OF_ONE_CLIENT: &str = "leave it out; where answers differ by client, `pass` such requests";

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let statements = walk::statements(hir);
    let raw: Vec<(&str, &str)> = MANIFOLD.into_iter().filter(|(name, _)| !is_made_few(&statements, name)).collect();
    let sorts = |statement: &&Statement| matches!(statement.kind, StatementKind::Normalize(Normalization::QuerySort));
    let is_sorted = statements.iter().any(sorts);
    let copies = copies(&statements);
    let mut found = Vec::new();
    for statement in &statements {
        for part in key_parts(statement) {
            let field = raw.iter().find(|(name, _)| is_field(origin(part, &copies), name));
            found.extend(field.map(|(name, help)| many(part.span, &format!("all of `{name}` is in the key"), help)));
            found.extend(of_one_client(part.span, origin(part, &copies)));
        }
        found.extend(varied(statement, &raw));
        found.extend(unsorted(statement, sources).filter(|_| !is_sorted));
    }
    found
}

/// The fields that the policy makes of one other thing each, with that.
fn copies<'h>(statements: &[&'h Statement]) -> HashMap<&'h HeaderName, &'h Expression> {
    let mut written: HashMap<&HeaderName, Vec<&Expression>> = HashMap::new();
    for statement in statements {
        if let StatementKind::Set(Target::Header(Message::Req, name), value) = &statement.kind {
            written.entry(name).or_default().extend(beside_texts(value));
        }
    }
    written.into_iter().filter_map(|(name, parts)| Some((name, *parts.first().filter(|_| parts.len() == 1)?))).collect()
}

/// The parts of a value without the texts that stand beside others.
fn beside_texts(value: &Expression) -> Vec<&Expression> {
    let mut parts = Vec::new();
    plain_parts(value, &mut parts);
    if parts.len() > 1 {
        parts.retain(|part| !matches!(part.kind, ExpressionKind::Text(_)));
    }
    parts
}

/// What a field is a copy of, or else the part of the key itself.
fn origin<'h>(part: &'h Expression, copies: &HashMap<&HeaderName, &'h Expression>) -> &'h Expression {
    match &part.kind {
        ExpressionKind::Header(Message::Req, name) => copies.get(name).copied().unwrap_or(part),
        _ => part,
    }
}

/// What is another one for each client, or each request.
fn of_one_client(place: Span, part: &Expression) -> Option<Diagnostic> {
    let ExpressionKind::Variable(variable) = part.kind else { return None };
    match variable {
        Variable::ClientIp | Variable::RemoteIp | Variable::ReqXid | Variable::Now => {
            Some(many(place, &format!("`{}` is in the key", variable.name()), OF_ONE_CLIENT))
        }
        _ => None,
    }
}

/// Whether the policy writes the field anew somewhere, or picks cookies. A proxy that adds the address of the client to those
/// that are there makes it no fewer.
fn is_made_few(statements: &[&Statement], name: &str) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Set(Target::Header(_, set), value) if is_called(set, name) => {
            let mut parts = Vec::new();
            plain_parts(value, &mut parts);
            !parts.iter().any(|part| is_field(part, name) || is_address(part))
        }
        StatementKind::Normalize(Normalization::CookieKeep(_)) => is_called(&COOKIE, name),
        _ => false,
    })
}

/// The texts that a statement adds to the key as they are.
fn key_parts(statement: &Statement) -> Vec<&Expression> {
    let mut parts = Vec::new();
    match &statement.kind {
        StatementKind::Key(KeyPart::Value(value)) => plain_parts(value, &mut parts),
        StatementKind::Effect(Function::Core(Core::HashData), values) => {
            for value in values {
                plain_parts(value, &mut parts);
            }
        }
        _ => {}
    }
    parts
}

fn plain_parts<'h>(value: &'h Expression, parts: &mut Vec<&'h Expression>) {
    match &value.kind {
        ExpressionKind::Concat(inner) | ExpressionKind::Fallback(inner) => {
            for part in inner {
                plain_parts(part, parts);
            }
        }
        ExpressionKind::ToText(inner) => plain_parts(inner, parts),
        ExpressionKind::Call(function, given) if keeps_apart(*function) => {
            given.first().into_iter().for_each(|text| plain_parts(text, parts));
        }
        _ => parts.push(value),
    }
}

/// Functions that make about as many texts as they are given.
fn keeps_apart(function: Function) -> bool {
    matches!(
        function,
        Function::Digest(_) | Function::Text(Text::ToLower | Text::ToUpper) | Function::Convert(Convert::Ip)
    )
}

fn is_address(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Variable(Variable::ClientIp | Variable::RemoteIp))
}

fn is_field(expression: &Expression, wanted: &str) -> bool {
    matches!(&expression.kind, ExpressionKind::Header(_, name) if is_called(name, wanted))
}

fn is_called(name: &HeaderName, written: &str) -> bool {
    name.as_str().eq_ignore_ascii_case(written)
}

/// A `Vary` of the policy's own that names such a field. What `deliver` writes is for caches behind warp.
fn varied(statement: &Statement, raw: &[(&str, &str)]) -> Option<Diagnostic> {
    let value = match &statement.kind {
        StatementKind::Set(Target::Header(Message::Beresp, VARY), value) => value,
        StatementKind::Effect(Function::Header(_), given) => match given.as_slice() {
            [Expression { kind: ExpressionKind::Header(Message::Beresp, VARY), .. }, value, ..] => value,
            _ => return None,
        },
        _ => return None,
    };
    let mut parts = Vec::new();
    plain_parts(value, &mut parts);
    let names = |part: &&Expression, wanted: &str| match &part.kind {
        ExpressionKind::Text(text) => {
            let text = String::from_utf8_lossy(text);
            text.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted))
        }
        _ => false,
    };
    let (name, _) = raw.iter().find(|(name, _)| parts.iter().any(|part| names(part, name)))?;
    let help = "write a field of your own with few values, and let `Vary` name that";
    Some(many(value.span, &format!("there is a response for each `{name}` that comes"), help))
}

fn many(place: Span, message: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::W0915, place, format!("{message}: hardly two clients share an answer")).help(help)
}

/// A query in the key as it comes, which nothing sorts.
fn unsorted(statement: &Statement, sources: &SourceMap) -> Option<Diagnostic> {
    let StatementKind::Key(KeyPart::Query { sorted: false }) = &statement.kind else { return None };
    let text = sources.text(statement.span);
    let end = statement.span.start as usize + text.trim_end_matches([';', ' ', '\t', '\n', '\r']).len();
    let edits = vec![Edit { span: Span::new(statement.span.file, end..end), text: " sorted".to_owned() }];
    let fix = Fix { title: "write `sorted` behind it".to_owned(), edits, safety: Safety::NeedsReview };
    let finding = Diagnostic::new(Code::W0916, statement.span, "`?a=1&b=2` and `?b=2&a=1` have two keys");
    Some(finding.help("write `sorted` behind it, unless the backend goes by the order").fix(fix))
}
