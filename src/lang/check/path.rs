//! What a dotted name means: a local, a constant, a backend, an acl, a variable, a header field.

use smol_str::SmolStr;

use super::constant::Constant;
use super::findings::Findings;
use super::function::renumber;
use super::scope::{Home, Scope};
use super::{unknown, vcl, words};
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{BackendId, Expression, ExpressionKind};
use crate::lang::schema::{DirectiveView, Message, RuleTable, SHORT_NAMES, StepSet, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Name, Path, dotted};

/// What can be looked into with `[…]`, `has` and `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    /// The parameters of the query.
    Query,
    /// The cookies.
    Cookies,
}

impl Collection {
    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Cookies => "cookies",
        }
    }
}

/// What a name means.
pub(super) enum Meaning {
    /// Something with a value.
    Value(Expression),
    /// An access list.
    Acl,
    /// The table of that number.
    Table(usize),
    /// The query or the cookies of a request.
    Collection(Message, Collection),
}

/// What looking a name up yields.
enum Lookup {
    /// It means that.
    Is(Meaning),
    /// It means something that cannot stand here; that has been reported.
    Wrong,
    /// It means nothing.
    Unknown,
}

impl From<Option<Meaning>> for Lookup {
    fn from(meaning: Option<Meaning>) -> Self {
        meaning.map_or(Self::Wrong, Self::Is)
    }
}

/// What a dotted name says about header fields.
pub(super) enum FieldPath {
    /// `req.http.X`
    Field(Message, SmolStr),
    /// `req.http` without a name; that has been reported.
    Wrong,
    /// Something else.
    Other,
}

impl Scope<'_, '_> {
    /// Looks a name up; reports one that means nothing.
    pub(super) fn path(&mut self, path: &Path) -> Option<Meaning> {
        if let [name] = path.parts.as_slice() {
            return self.word(name);
        }
        match self.field_of(path) {
            FieldPath::Field(message, field) => return self.header(message, &field, path.span).map(Meaning::Value),
            FieldPath::Wrong => return None,
            FieldPath::Other => {}
        }
        let text = path.text();
        let found = self.vocabulary(&text, &text, path.span);
        self.found(found, || self.unknown_path(&text, path.span))
    }

    /// What was found; `unknown` says what is wrong if that is nothing.
    fn found(&self, lookup: Lookup, unknown: impl FnOnce() -> Diagnostic) -> Option<Meaning> {
        match lookup {
            Lookup::Is(meaning) => Some(meaning),
            Lookup::Wrong => None,
            Lookup::Unknown => {
                self.report(unknown());
                None
            }
        }
    }

    /// Whether `word` names something, without noting that it is used.
    pub(super) fn is_known_word(&self, word: &str) -> bool {
        let names = &self.cx.names;
        self.local_names().any(|name| name == word)
            || names.consts.find(word).is_some()
            || names.backend_names().any(|name| name == word)
            || names.acls.find(word).is_some()
            || names.tables.find(word).is_some()
            || Variable::find(word).is_some()
            || word == "none"
            || (self.table.is_some() || self.in_invariant) && SHORT_NAMES.iter().any(|short| short.name == word)
    }

    /// A name without dots.
    fn word(&mut self, name: &Name) -> Option<Meaning> {
        let (text, span) = (name.text.as_str(), name.span);
        let found = match self.short_name(text, span) {
            Lookup::Unknown => self.declared(text, span),
            found => found,
        };
        let found = match found {
            Lookup::Unknown => self.vocabulary(text, text, span),
            found => found,
        };
        self.found(found, || self.unknown_word(text, span))
    }

    /// A local, a constant, a backend, an acl or a table.
    fn declared(&mut self, text: &str, span: Span) -> Lookup {
        if let Some(local) = self.local(text) {
            let value = |ty| Meaning::Value(Expression { kind: ExpressionKind::Local(local.id), ty, span });
            return local.ty.map(value).into();
        }
        let names = &self.cx.names;
        if let Some(at) = names.consts.refer(text) {
            return self.constant_at(at, text, span).map(Meaning::Value).into();
        }
        if let Some(id) = names.refer_backend(text) {
            return Lookup::Is(Meaning::Value(backend_at(Some(id), span)));
        }
        if names.acls.refer(text).is_some() {
            return Lookup::Is(Meaning::Acl);
        }
        if let Some(at) = names.tables.refer(text) {
            return Lookup::Is(Meaning::Table(at));
        }
        if text == "none" {
            return Lookup::Is(Meaning::Value(backend_at(None, span)));
        }
        Lookup::Unknown
    }

    /// The value of the constant of that number and name, with places of its own in the frame.
    fn constant_at(&mut self, at: usize, name: &str, span: Span) -> Option<Expression> {
        match self.cx.constant(at, span)? {
            Constant::Value(mut value, locals) => {
                renumber(&mut value, self.reserve(locals));
                Some(Expression { span, ..value })
            }
            Constant::List => {
                let finding = Diagnostic::new(Code::E0317, span, format!("`{name}` is a list"));
                self.report(finding.help(format!("a list stands behind `in` and the like: `req.host in {name}`")));
                None
            }
        }
    }

    /// A short name of the table that is being checked.
    fn short_name(&self, text: &str, span: Span) -> Lookup {
        if self.in_invariant {
            return self.name_in_invariant(text, span);
        }
        let Some(table) = self.table else { return Lookup::Unknown };
        let Some(short) = SHORT_NAMES.iter().find(|short| short.name == text) else { return Lookup::Unknown };
        let full = match table {
            RuleTable::Request => short.request,
            RuleTable::Response => short.response,
        };
        let Some(full) = full else {
            let message = format!("`{text}` is not known in `rules {}`", table.name());
            self.report(Diagnostic::new(Code::E0201, span, message).help("move the row to the other table"));
            return Lookup::Wrong;
        };
        self.vocabulary(full, text, span)
    }

    /// What came of a request, or a short name for what the client sends or the backend answers.
    fn name_in_invariant(&self, text: &str, span: Span) -> Lookup {
        if let Some(outcome) = Variable::outcome(text) {
            return self.vocabulary(outcome.name(), text, span);
        }
        if self.in_test && text == "status" {
            return self.vocabulary(Variable::RespStatus.name(), text, span);
        }
        let short = SHORT_NAMES.iter().find(|short| short.name == text);
        match short.and_then(|short| short.request.or(short.response)) {
            Some(full) => self.vocabulary(full, text, span),
            None => Lookup::Unknown,
        }
    }

    /// A variable or a collection of the vocabulary, written as `written`.
    fn vocabulary(&self, full: &str, written: &str, span: Span) -> Lookup {
        let (readable, meaning) = if let Some(variable) = Variable::find(full) {
            let kind = ExpressionKind::Variable(variable);
            let is_told = variable.is_in_invariants() || self.in_test && variable.is_in_tests();
            if self.in_invariant && !is_told {
                self.report(self.not_asked_for(written, span));
                return Lookup::Wrong;
            }
            let is_open = self.in_invariant || self.in_ban && variable.name().starts_with("obj.");
            let read = if is_open { StepSet::ALL } else { variable.access().read };
            (read, Meaning::Value(Expression { kind, ty: variable.ty(), span }))
        } else if let Some(view) = DirectiveView::find(full) {
            return self.certain_directive(view, span).map(Meaning::Value).into();
        } else if let Some((message, collection)) = collection_of(full) {
            (message.access().read, Meaning::Collection(message, collection))
        } else {
            return Lookup::Unknown;
        };
        self.check_readable(readable, written, span).then_some(meaning).into()
    }

    /// The collection that a name stands for where it is spelled out.
    pub(super) fn collection_named(path: &Path) -> Option<(Message, Collection)> {
        collection_of(&path.text())
    }

    /// Whether the name is that of the query or the cookies.
    pub(super) fn names_collection(&self, path: &Path) -> bool {
        let text = path.text();
        let short = SHORT_NAMES.iter().find(|short| short.name == text && (self.table.is_some() || self.in_invariant));
        let full = short.and_then(|short| short.request.or(short.response)).unwrap_or(&text);
        collection_of(full).is_some()
    }

    fn check_readable(&self, allowed: StepSet, written: &str, span: Span) -> bool {
        if self.home == Home::Constant || !allowed.is_empty() {
            return self.check_steps(allowed, Code::E0401, span, format_args!("`{written}`"), "read");
        }
        if let Some(name) = written.strip_prefix("outcome.") {
            let finding = Diagnostic::new(Code::E0401, span, format!("only an invariant can ask for `{written}`"));
            self.report(finding.help(format!("write it as `invariant \"…\" {{ {name} … }}`")));
            return false;
        }
        if Variable::find(written).is_some_and(Variable::is_in_bans) {
            let finding = Diagnostic::new(Code::E0401, span, format!("only a `ban` can ask for `{written}`"));
            self.report(finding.help(format!(
                "write `ban where {written} == …;`, or `req.{}` for what this request asks for",
                written.trim_start_matches("obj.")
            )));
            return false;
        }
        let finding = Diagnostic::new(Code::E0401, span, format!("`{written}` can only be set, not read"));
        self.report(finding.help("keep the text in a `let` and use that"));
        false
    }

    /// Something that neither an invariant nor a test knows.
    fn not_asked_for(&self, what: impl std::fmt::Display, span: Span) -> Diagnostic {
        let what = what.to_string();
        let message = format!("{} cannot ask for `{}`", self.asker(), what.trim_matches('`'));
        let finding = Diagnostic::new(Code::E0772, span, message);
        finding.help(if self.in_test {
            "it knows what came of the request (`stored`, `passed`, `ttl`, `backend`, `key contains …`) and what the client gets (`status`, `resp.http.X`)"
        } else {
            "it knows what the client sends (`req`), what the backend answers (`status`, `beresp.http.X`) and what came of it (`stored`, `passed`, `ttl`, `backend`, `key contains …`)"
        })
    }

    /// A directive where a value has to be there.
    fn certain_directive(&self, view: &DirectiveView, span: Span) -> Option<Expression> {
        let value = self.directive(view, span)?;
        if value.ty != Type::Bool {
            let finding = Diagnostic::new(Code::E0345, span, format!("`{}` may not be there", view.name));
            self.report(finding.help(format!("say what stands for it: `{} ?? 0s`", view.name)));
            return None;
        }
        Some(value)
    }

    /// A directive of a message that may be read here.
    pub(super) fn directive(&self, view: &DirectiveView, span: Span) -> Option<Expression> {
        let kind = ExpressionKind::Directive(view.message, view.directive);
        let is_readable = self.is_readable(view.message, format_args!("`{}`", view.name), span);
        is_readable.then_some(Expression { kind, ty: view.directive.ty(), span })
    }

    /// Whether the fields of a message may be read here.
    fn is_readable(&self, message: Message, what: std::fmt::Arguments<'_>, span: Span) -> bool {
        let is_told = matches!(message, Message::Req | Message::Beresp) || self.in_test && message == Message::Resp;
        if self.in_invariant && !is_told {
            self.report(self.not_asked_for(what, span));
            return false;
        }
        let is_banned = self.in_invariant || self.in_ban && message == Message::Obj;
        is_banned || self.check_steps(message.access().read, Code::E0401, span, what, "read")
    }

    /// A header field of a message that may be read here.
    pub(super) fn header(&self, message: Message, field: &str, span: Span) -> Option<Expression> {
        let name = self.field_name(field, span)?;
        let readable = self.is_readable(message, format_args!("`{}.http.{field}`", message.name()), span);
        readable.then_some(Expression { kind: ExpressionKind::Header(message, name), ty: Type::String, span })
    }

    /// The message and the field that `req.http.X` names.
    pub(super) fn field_of(&self, path: &Path) -> FieldPath {
        let [first, second, field @ ..] = path.parts.as_slice() else { return FieldPath::Other };
        let message = Message::find(&first.text).filter(|_| second.text == "http");
        let Some(message) = message else { return FieldPath::Other };
        if field.is_empty() {
            let message = format!("`{}.http` holds all header fields", first.text);
            let help = format!("name one: `{}.http.Accept`", first.text);
            self.report(Diagnostic::new(Code::E0317, path.span, message).help(help));
            return FieldPath::Wrong;
        }
        FieldPath::Field(message, dotted(field))
    }

    fn unknown_path(&self, text: &str, span: Span) -> Diagnostic {
        if let Some(place) = self.place_in_collection(text) {
            let finding = no_variable(text, span).help(format!("write `{place}`"));
            return finding.fix(Fix::replace(format!("write `{place}`"), span, place));
        }
        match self.instead_of_member(text) {
            Some(instead) => no_variable(text, span).help(instead),
            None => unknown_path(self.cx.findings, text, span),
        }
    }

    /// `req.cookies["session"]` for `req.cookies.session`, and for what it is called elsewhere.
    fn place_in_collection(&self, text: &str) -> Option<String> {
        let is_short = self.table.is_some() || self.in_invariant;
        let (message, rest) = match text.split_once('.')? {
            (message @ ("req" | "bereq"), rest) => (format!("{message}."), rest),
            _ if is_short => (String::new(), text),
            _ => return None,
        };
        let (collection, name) = rest.split_once('.').filter(|(_, name)| !name.is_empty())?;
        let collection = match collection {
            "cookies" | "cookie" => Collection::Cookies,
            "query" | "params" | "args" | "querystring" => Collection::Query,
            "headers" | "header" if message.is_empty() => return Some(format!("header \"{name}\"")),
            "headers" | "header" => return Some(format!("{message}http.{name}")),
            _ => return None,
        };
        Some(format!("{message}{}[\"{name}\"]", collection.name()))
    }

    fn unknown_word(&self, text: &str, span: Span) -> Diagnostic {
        let finding = Diagnostic::new(Code::E0201, span, format!("there is nothing called `{text}`"));
        if let Some(help) = of_others(text) {
            return finding.help(help);
        }
        if text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase() || c == '-') {
            return finding.help(format!("to compare with the text, write \"{text}\""));
        }
        if let Some(short) = SHORT_NAMES.iter().find(|short| short.name == text && !self.in_invariant) {
            let full = short.request.or(short.response).unwrap_or_default();
            return finding.help(format!("outside rule tables it is spelled out: `{full}`"));
        }
        if self.cx.names.functions.find(text).is_some() {
            return finding.help(format!("it is a function: write `{text}()`, with its arguments in the parentheses"));
        }
        let short = SHORT_NAMES.iter().map(|short| short.name);
        let known = self.cx.names.values().chain(self.local_names()).chain(["now"]);
        let outcomes = Variable::outcomes().map(|(name, _)| name).filter(|_| self.in_invariant);
        let nearest = unknown::nearest(self.cx.findings, text, known.chain(short).chain(outcomes));
        let is_short = self.table.is_some() || self.in_invariant;
        let Some(nearest) = nearest else {
            let field = known_field(text).map(|field| match is_short.then_some(()) {
                Some(()) => format!("write `header \"{field}\"`"),
                None => format!("name the message too, such as `req.http.{field}`"),
            });
            return finding.help(field.unwrap_or_else(|| as_text(text)));
        };
        let full = SHORT_NAMES.iter().find(|short| short.name == nearest && !is_short);
        let nearest = full.and_then(|short| short.request.or(short.response)).unwrap_or(nearest);
        finding.help(format!("did you mean `{nearest}`?"))
    }
}

/// The header field that a word is meant for, if it is that of one that many know: `content_type`.
fn known_field(word: &str) -> Option<&'static str> {
    const FIELDS: &[&str] = &[
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "ETag",
        "Expires",
        "Last-Modified",
        "Location",
        "Origin",
        "Referer",
        "Server",
        "Set-Cookie",
        "User-Agent",
        "Vary",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Requested-With",
    ];
    let word = word.replace('_', "-");
    FIELDS.iter().copied().find(|field| field.eq_ignore_ascii_case(&word))
}

/// What is called otherwise in other languages, in whatever letters.
fn of_others(word: &str) -> Option<String> {
    Some(match word.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "enabled" => format!("write `true`, or \"{word}\" for the text"),
        "false" | "off" | "no" | "disabled" => format!("write `false`, or \"{word}\" for the text"),
        "none" => "write `none` for no backend; what is not there is false: `!NAME`".to_owned(),
        "null" | "nil" | "undefined" | "empty" => {
            "what is not there is false: write `!NAME`, and `unset NAME;` to remove it".to_owned()
        }
        _ => return None,
    })
}

/// What an unknown word was perhaps meant as.
fn as_text(word: &str) -> String {
    match word {
        "ip" | "addr" | "remote_addr" => "the client's address is `client.ip`: `client.ip ~ ACL`".to_owned(),
        "country" => "a file of MaxMind says where an address is: `geo.country(client.ip, FILE)`".to_owned(),
        "hit" | "cached" => "what is served from the store asks no backend: `backend == none`".to_owned(),
        _ if Message::find(word).is_some() => format!("name a part of it, such as `{word}.http.X`"),
        _ => format!("a text stands in quotes: \"{word}\""),
    }
}

fn no_variable(text: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0201, span, format!("there is no variable `{text}`"))
}

fn unknown_path(findings: &Findings, text: &str, span: Span) -> Diagnostic {
    let finding = no_variable(text, span);
    if let Some(instead) = vcl::instead_of(text) {
        return finding.help(instead);
    }
    let collections = ["req.query", "req.cookies", "bereq.query", "bereq.cookies"];
    let known = Variable::ALL.iter().map(|variable| variable.name()).chain(collections);
    let message = text.split_once(".cache_control").and_then(|(message, _)| Message::find(message));
    let views = DirectiveView::all().iter().filter(|view| Some(view.message) == message);
    if let Some((_, "headers" | "header")) = text.split_once('.') {
        return finding.help("header fields are named behind `http`: `req.http.NAME`");
    }
    let names: Vec<&str> =
        if message.is_some() { views.map(|view| view.name.as_str()).collect() } else { known.collect() };
    if let [first, second, field] = text.splitn(3, '.').collect::<Vec<_>>().as_slice()
        && closest(second, ["http"]).is_some()
        && let Some(message) = closest(first, Message::ALL.iter().map(|message| message.name()))
    {
        return finding.help(format!("did you mean `{message}.http.{field}`?"));
    }
    let nearest = unknown::nearest(findings, text, names.iter().copied());
    let prefix = text.split_once('.').map_or("", |(first, _)| first);
    let siblings: Vec<&str> = names.into_iter().filter(|name| name.split('.').next() == Some(prefix)).collect();
    let is_of_nothing = siblings.is_empty();
    match words::suggestion(nearest, "there are", siblings) {
        Some(help) if nearest.is_some() || Message::find(prefix).is_some() => finding.help(help),
        _ if is_of_nothing => finding.help(as_text(text)),
        _ => finding,
    }
}

fn backend_at(backend: Option<BackendId>, span: Span) -> Expression {
    Expression { kind: ExpressionKind::Backend(backend), ty: Type::Backend, span }
}

/// The collection of that name: `req.query`.
fn collection_of(name: &str) -> Option<(Message, Collection)> {
    let (message, collection) = name.split_once('.')?;
    let message = Message::find(message).filter(|message| message.is_request())?;
    let collection = [Collection::Query, Collection::Cookies].into_iter().find(|known| known.name() == collection)?;
    Some((message, collection))
}
