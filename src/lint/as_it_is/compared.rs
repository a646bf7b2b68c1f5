//! Texts that a policy compares, and with what.

use std::collections::HashSet;

use http::header::{CONTENT_TYPE, HOST, ORIGIN, REFERER};

use crate::lang::hir::{
    Comparison, Expression, ExpressionKind, Glob, Hir, Normalization, Statement, StatementKind, TableId,
};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Message, Variable};
use crate::lang::source::{SourceMap, Span};

/// So many keys of a table are looked at: a larger one is data.
const MOST_KEYS: usize = 50;

/// What a text is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Method,
    Host,
    /// A path, without a query.
    Path,
    /// A path with its query.
    Url,
    /// A scheme with a host, perhaps with a path behind it.
    Origin,
    /// A media type that is sent, not one that is asked for.
    Media,
    /// The name of a cookie or a parameter.
    Name,
    Extension,
    Field,
    /// What a client says in a cookie or a parameter.
    Value,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Equal,
    NotEqual,
    In,
    Under,
    Extension,
    /// `cookies has "a"`
    Has,
    /// `cookies["a"]`
    Named,
    /// A table is asked for it.
    Key,
    Prefix,
    Suffix,
    Contains,
    /// With globs in which `*` alone is a sign: `any`, or the operation of `normalize`.
    Globs(&'static str),
    /// With those of a shell.
    Shell,
}

/// Texts that something is compared with.
pub(super) struct Compared<'h> {
    pub place: Place,
    pub way: Way,
    /// What is compared, as it is written; empty in an arm of a `match`, where it stands elsewhere.
    pub subject: String,
    pub texts: Vec<&'h [u8]>,
    /// Where the texts may be written.
    pub within: Span,
}

impl<'h> Compared<'h> {
    pub(super) fn of(
        expression: &'h Expression,
        hir: &'h Hir,
        made: &HashSet<TableId>,
        sources: &SourceMap,
    ) -> Option<Self> {
        let text = |subject: &Expression| {
            if subject.span == expression.span { String::new() } else { sources.text(subject.span).to_owned() }
        };
        let about = |subject: &Expression, way, texts| {
            let place = place_of(subject)?;
            Some(Self { place, way, subject: text(subject), texts, within: expression.span })
        };
        let collection = |name: &str| {
            let whole = sources.text(expression.span);
            let before = whole.split_once(" has ").or_else(|| whole.split_once(" any "));
            before.map_or(name, |(before, _)| before.trim()).to_owned()
        };
        match &expression.kind {
            ExpressionKind::Compare(sign @ (Comparison::Equal | Comparison::NotEqual), left, right) => {
                let (subject, compared) = match (&left.kind, &right.kind) {
                    (_, ExpressionKind::Text(compared)) => (left, compared),
                    (ExpressionKind::Text(compared), _) => (right, compared),
                    _ => return None,
                };
                let way = if *sign == Comparison::Equal { Way::Equal } else { Way::NotEqual };
                about(subject, way, vec![compared])
            }
            ExpressionKind::InTexts(subject, texts) => about(subject, Way::In, all(texts)),
            ExpressionKind::Under(subject, texts) => about(subject, Way::Under, all(texts)),
            ExpressionKind::Extension(subject, texts) => {
                Some(Self { place: Place::Extension, ..about(subject, Way::Extension, all(texts))? })
            }
            ExpressionKind::HasQuery(_, names) => {
                Some(Self::names(expression, collection("query"), Way::Has, all(names)))
            }
            ExpressionKind::HasCookie(_, names) => {
                Some(Self::names(expression, collection("cookies"), Way::Has, all(names)))
            }
            ExpressionKind::AnyQuery(_, globs) => Some(Self::names(expression, collection("query"), ANY, texts(globs))),
            ExpressionKind::AnyCookie(_, globs) => {
                Some(Self::names(expression, collection("cookies"), ANY, texts(globs)))
            }
            ExpressionKind::Query(message, name) => Self::one_name(expression, *message, "query", name),
            ExpressionKind::Cookie(message, name) => Self::one_name(expression, *message, "cookies", name),
            ExpressionKind::Call(Function::Text(function), given) => {
                let (subject, compared, way) = called(*function, given)?;
                about(subject, way, vec![compared])
            }
            ExpressionKind::Lookup(id, key) | ExpressionKind::InTable(id, key) if !made.contains(id) => {
                let table = hir.tables.get(id.0 as usize)?;
                let few = table.entries.get(..table.entries.len().min(MOST_KEYS)).unwrap_or_default();
                let file = sources.get(table.span.file).filter(|_| !table.is_from_file);
                let behind = file.map(|it| Span::new(table.span.file, table.span.range().end..it.text().len()));
                let texts = few.iter().map(|(key, _)| &**key).collect();
                Some(Self { within: behind.unwrap_or(expression.span), ..about(key, Way::Key, texts)? })
            }
            _ => None,
        }
    }

    /// The names that a clause of `normalize` drops or keeps.
    pub(super) fn by_globs(statement: &'h Statement) -> Option<Self> {
        let StatementKind::Normalize(normalization) = &statement.kind else { return None };
        let (way, globs) = match normalization {
            Normalization::QueryDrop(globs) | Normalization::CookieDrop(globs) => ("drop", globs),
            Normalization::QueryKeep(globs) | Normalization::CookieKeep(globs) => ("keep", globs),
            _ => return None,
        };
        let (subject, within) = (String::new(), statement.span);
        Some(Self { place: Place::Name, way: Way::Globs(way), subject, texts: texts(globs), within })
    }

    fn names(expression: &Expression, subject: String, way: Way, texts: Vec<&'h [u8]>) -> Self {
        Self { place: Place::Name, way, subject, texts, within: expression.span }
    }

    fn one_name(expression: &Expression, message: Message, collection: &str, name: &'h Expression) -> Option<Self> {
        let ExpressionKind::Text(text) = &name.kind else { return None };
        let collection = format!("{}.{collection}", message.name());
        Some(Self::names(expression, collection, Way::Named, vec![text]))
    }
}

const ANY: Way = Way::Globs("any");

fn all(texts: &[Box<[u8]>]) -> Vec<&[u8]> {
    texts.iter().map(|text| &**text).collect()
}

fn texts(globs: &[Glob]) -> Vec<&[u8]> {
    globs.iter().map(|glob| glob.text().as_bytes()).collect()
}

/// What a function looks at, and for what.
fn called(function: Text, given: &[Expression]) -> Option<(&Expression, &[u8], Way)> {
    let [first, second, ..] = given else { return None };
    let way = match function {
        Text::Prefixof | Text::StartsWith => Way::Prefix,
        Text::Suffixof | Text::EndsWith => Way::Suffix,
        Text::Contains | Text::Strstr => Way::Contains,
        Text::Fnmatch => Way::Shell,
        _ => return None,
    };
    let (subject, text) = if way == Way::Shell { (second, first) } else { (first, second) };
    let ExpressionKind::Text(text) = &text.kind else { return None };
    Some((subject, text, way))
}

/// Whether a text is what somebody sends, as it is or in other letters.
pub(super) fn is_sent(subject: &Expression) -> bool {
    place_of(subject).is_some()
}

fn place_of(subject: &Expression) -> Option<Place> {
    Some(match &subject.kind {
        ExpressionKind::Variable(variable) => match variable {
            Variable::ReqMethod | Variable::BereqMethod => Place::Method,
            Variable::ReqHost | Variable::BereqHost => Place::Host,
            Variable::ReqPath | Variable::BereqPath => Place::Path,
            Variable::ReqUrl | Variable::BereqUrl => Place::Url,
            _ => return None,
        },
        ExpressionKind::Header(_, name) => match name {
            name if *name == HOST => Place::Host,
            name if *name == ORIGIN || *name == REFERER => Place::Origin,
            name if *name == CONTENT_TYPE => Place::Media,
            _ => Place::Field,
        },
        ExpressionKind::Query(..) | ExpressionKind::Cookie(..) => Place::Value,
        ExpressionKind::ToText(inner) => place_of(inner)?,
        ExpressionKind::Fallback(parts) => place_of(parts.first()?)?,
        ExpressionKind::Call(Function::Text(Text::ToLower | Text::ToUpper), given) => place_of(given.first()?)?,
        _ => return None,
    })
}
