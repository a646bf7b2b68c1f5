//! Further lines of fields. What is compared of a field is its first line; whether the others are still there is compared as
//! if each field had a companion that holds them: who sets or removes the field removes the companion.

use std::collections::HashSet;

use http::header::{COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::analysis::{Formula, Place, Term, Test, Witness};
use crate::lang::hir::{Expression, ExpressionKind as Kind, Hir, KeyPart, Statement, StatementKind, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Type};

/// What the names of companions end in; `!` may stand in a name (RFC 9110 section 5.6.2), and does in none.
const FURTHER: &str = "!further";
/// What is compared of companions, for people.
pub(super) const FURTHER_LINES: &str = "further lines of";
/// A line that says nothing, of any field.
const LINE: HeaderValue = HeaderValue::from_static("x");

/// Two policies with the companions of all fields that one of them sets.
pub(super) fn with_companions(policies: [&Hir; 2]) -> [Hir; 2] {
    let mut policies = policies.map(Clone::clone);
    let mut fields = HashSet::new();
    for statement in policies.iter().flat_map(bodies).flatten() {
        set_fields(statement, &mut fields);
    }
    for hir in &mut policies {
        let subs = hir.subs.iter_mut().map(|sub| &mut sub.body);
        for body in hir.steps.iter_mut().map(|step| &mut step.body).chain(subs) {
            accompany(&mut body.statements, &fields);
        }
    }
    policies
}

fn bodies(hir: &Hir) -> impl Iterator<Item = &Vec<Statement>> {
    let subs = hir.subs.iter().map(|sub| &sub.body.statements);
    hir.steps.iter().map(|step| &step.body.statements).chain(subs)
}

fn set_fields(statement: &Statement, fields: &mut HashSet<HeaderName>) {
    match &statement.kind {
        // There is one `Host` (RFC 9112 section 3.2).
        StatementKind::Set(Target::Header(_, name), _) if *name != HOST => _ = fields.insert(name.clone()),
        StatementKind::If { arms, otherwise, .. } => {
            let within = arms.iter().flat_map(|arm| &arm.body).chain(otherwise);
            within.for_each(|statement| set_fields(statement, fields));
        }
        _ => {}
    }
}

fn accompany(statements: &mut Vec<Statement>, fields: &HashSet<HeaderName>) {
    let mut all = Vec::with_capacity(statements.len());
    for mut statement in statements.drain(..) {
        if let StatementKind::If { arms, otherwise, .. } = &mut statement.kind {
            arms.iter_mut().map(|arm| &mut arm.body).chain([otherwise]).for_each(|body| accompany(body, fields));
        }
        let more = beside(&statement, fields).map(|kind| Statement { kind, span: statement.span });
        all.push(statement);
        all.extend(more);
    }
    *statements = all;
}

/// What is done to companions where a statement is carried out.
fn beside(statement: &Statement, fields: &HashSet<HeaderName>) -> Option<StatementKind> {
    match &statement.kind {
        StatementKind::Set(Target::Header(message, name), _) | StatementKind::Unset(Target::Header(message, name))
            if fields.contains(name) =>
        {
            Some(StatementKind::Unset(Target::Header(*message, companion(name)?)))
        }
        StatementKind::Key(KeyPart::Value(value)) => Some(StatementKind::Key(KeyPart::Value(all_of(value)))),
        StatementKind::Effect(function @ Function::Core(Core::HashData), given) => {
            Some(StatementKind::Effect(*function, given.iter().take(1).map(all_of).collect()))
        }
        _ => None,
    }
}

/// What a part of a key has beside the first line of a field, or the first value of a parameter or a cookie: a key has all.
fn all_of(part: &Expression) -> Expression {
    let name = |name: &Expression, of: &str| match &name.kind {
        Kind::Text(text) => HeaderName::from_bytes(&[of.as_bytes(), text, FURTHER.as_bytes()].concat()).ok(),
        _ => None,
    };
    let kind = match &part.kind {
        Kind::Fallback(parts) if !parts.is_empty() => return parts.first().map_or_else(|| part.clone(), all_of),
        Kind::Header(message, field) if *field != HOST => companion(field).map(|name| Kind::Header(*message, name)),
        Kind::Query(message, parameter) => name(parameter, "query-").map(|name| Kind::Header(*message, name)),
        Kind::Cookie(message, cookie) => name(cookie, "cookie-").map(|name| Kind::Header(*message, name)),
        _ => None,
    };
    Expression { kind: kind.unwrap_or(Kind::Unset), ty: Type::String, span: part.span }
}

fn companion(field: &HeaderName) -> Option<HeaderName> {
    HeaderName::from_bytes(format!("{field}{FURTHER}").as_bytes()).ok()
}

/// The field that a companion belongs to, by its name.
fn owner(companion: &HeaderName) -> Option<HeaderName> {
    HeaderName::from_bytes(companion.as_str().strip_suffix(FURTHER)?.as_bytes()).ok()
}

/// Whether a field is there for the further lines of another one.
pub(super) fn is_companion(name: &HeaderName) -> bool {
    name.as_str().ends_with(FURTHER)
}

/// The field whose further lines a field stands for, or the field itself.
pub(super) fn of_companion(name: &HeaderName) -> HeaderName {
    owner(name).unwrap_or_else(|| name.clone())
}

/// A place for people, and the field whose further lines it stands for.
pub(super) fn told(place: &Place) -> String {
    match place {
        Place::Field(message, name) if owner(name).is_some() => {
            let field = owner(name).map(|name| Place::Field(*message, name));
            format!("{FURTHER_LINES} `{}`", field.as_ref().unwrap_or(place))
        }
        _ => format!("`{place}`"),
    }
}

/// That a field has a first line, where a value is what stands in further ones.
pub(super) fn have_a_first(value: &Term) -> Formula {
    match value {
        Term::Input(Place::Field(message, name)) => match owner(name) {
            Some(field) if !name.as_str().starts_with("query-") && !name.as_str().starts_with("cookie-") => {
                Formula::of(Term::Input(Place::Field(*message, field)), Test::Set)
            }
            _ => Formula::Const(true),
        },
        _ => Formula::Const(true),
    }
}

/// The same request and answer, with lines in the place of companions.
pub(super) fn in_lines(mut witness: Witness) -> Witness {
    let further = put(&mut witness.request.headers);
    put(&mut witness.answer.headers);
    for name in further.iter().filter_map(|name| name.as_str().strip_suffix(FURTHER)) {
        if let Some(parameter) = name.strip_prefix("query-") {
            let mark = if witness.request.target.contains('?') { '&' } else { '?' };
            witness.request.target = format!("{}{mark}{parameter}=a&{parameter}=b", witness.request.target);
        }
        if let Some(cookie) = name.strip_prefix("cookie-")
            && let Ok(line) = HeaderValue::from_str(&format!("{cookie}=a; {cookie}=b"))
        {
            witness.request.headers.append(COOKIE, line);
        }
    }
    witness
}

/// Puts a line behind those of each field whose companion is there; the names of the companions.
fn put(fields: &mut HeaderMap) -> Vec<HeaderName> {
    let further: Vec<HeaderName> = fields.keys().filter(|name| owner(name).is_some()).cloned().collect();
    for name in &further {
        fields.remove(name);
        if let Some(field) = owner(name).filter(|field| fields.contains_key(field)) {
            fields.append(field, LINE);
        }
    }
    further
}
