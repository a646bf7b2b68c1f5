//! `normalize req { … }`: its clauses as statements of `recv`.

use http::HeaderName;

use super::scope::Scope;
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{
    Arm, Expression, ExpressionKind, Glob, Normalization, Outcome, Pattern, Statement, StatementKind,
};
use crate::lang::schema::{Action, NORMALIZE_CLAUSES, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Name, Normalize, NormalizeClause, NormalizeOperation};

/// What an operation takes in brackets, and what it stands for.
#[derive(Clone, Copy)]
enum Takes {
    /// Nothing.
    Nothing(fn(Span) -> StatementKind),
    /// Names in which `*` stands for any characters.
    Globs(fn(Vec<Glob>) -> Normalization),
    /// Names of content codings.
    Codings,
}

/// A subject, what may be done to it, and what that takes.
type Row = (&'static str, &'static str, Takes);

const OPERATIONS: &[Row] = &[
    ("path", "decode_unreserved", Takes::Nothing(|_| StatementKind::Normalize(Normalization::PathDecode))),
    ("path", "resolve_dots", Takes::Nothing(|_| StatementKind::Normalize(Normalization::PathResolve))),
    ("path", "merge_slashes", Takes::Nothing(|_| StatementKind::Normalize(Normalization::PathMerge))),
    ("path", "refuse_ambiguous", Takes::Nothing(refuse_ambiguous)),
    ("query", "drop", Takes::Globs(Normalization::QueryDrop)),
    ("query", "keep", Takes::Globs(Normalization::QueryKeep)),
    ("query", "sort", Takes::Nothing(|_| StatementKind::Normalize(Normalization::QuerySort))),
    ("cookie", "drop", Takes::Globs(Normalization::CookieDrop)),
    ("cookie", "keep", Takes::Globs(Normalization::CookieKeep)),
    ("accept_encoding", "to", Takes::Codings),
    ("host", "lower", Takes::Nothing(|_| StatementKind::Normalize(Normalization::HostLower))),
];

/// What servers read in more than one way: slashes and backslashes that are escaped, backslashes, controls, and a `%`
/// that escapes nothing.
const AMBIGUOUS: &str = r"(?i)%(?:2f|5c|[01][0-9a-f]|7f)|\\|%(?:[^0-9a-f]|$)|%[0-9a-f](?:[^0-9a-f]|$)";

impl Scope<'_, '_> {
    /// The statements that a block stands for, one for each operation.
    pub(super) fn normalize(&mut self, normalize: &Normalize) -> Vec<Statement> {
        normalize.clauses.iter().flat_map(|clause| self.clause(clause)).collect()
    }

    fn clause(&self, clause: &NormalizeClause) -> Vec<Statement> {
        let subject = &clause.subject;
        if !NORMALIZE_CLAUSES.contains(&subject.text.as_str()) {
            let finding =
                Diagnostic::new(Code::E0215, subject.span, format!("`{}` cannot be normalized", subject.text));
            self.report(unknown::suggest(
                self.cx.findings,
                finding,
                &subject.text,
                "can be",
                NORMALIZE_CLAUSES.iter().copied(),
            ));
            return Vec::new();
        }
        let statement = |operation: &NormalizeOperation| {
            let kind = self.operation(&subject.text, operation)?;
            Some(Statement { kind, span: operation.span })
        };
        clause.operations.iter().filter_map(statement).collect()
    }

    fn operation(&self, subject: &str, operation: &NormalizeOperation) -> Option<StatementKind> {
        let rows = || OPERATIONS.iter().filter(|(of, ..)| *of == subject);
        let name = &operation.name;
        let Some((_, _, takes)) = rows().find(|(_, word, _)| *word == name.text) else {
            let finding =
                Diagnostic::new(Code::E0215, name.span, format!("`{subject}` has no operation `{}`", name.text));
            self.report(unknown::suggest(
                self.cx.findings,
                finding,
                &name.text,
                "it has",
                rows().map(|(_, word, _)| *word),
            ));
            return None;
        };
        match takes {
            Takes::Nothing(statement) => self.without_arguments(operation).map(|()| statement(operation.span)),
            Takes::Globs(normalization) => {
                self.need_arguments(operation, "[\"utm_*\"]")?;
                let globs: Vec<_> = operation.arguments.iter().map(|name| self.glob(name)).collect();
                Some(StatementKind::Normalize(normalization(globs.into_iter().collect::<Option<_>>()?)))
            }
            Takes::Codings => {
                self.need_arguments(operation, "[\"br\", \"gzip\", \"identity\"]")?;
                let codings: Vec<_> = operation.arguments.iter().map(|name| self.coding(name)).collect();
                let codings = codings.into_iter().collect::<Option<_>>()?;
                Some(StatementKind::Normalize(Normalization::AcceptEncoding(codings)))
            }
        }
    }

    fn without_arguments(&self, operation: &NormalizeOperation) -> Option<()> {
        let Some(argument) = operation.arguments.first() else { return Some(()) };
        let message = format!("nothing follows `{}`", operation.name.text);
        self.report(Diagnostic::new(Code::E0305, argument.span, message).help("remove the brackets"));
        None
    }

    fn need_arguments(&self, operation: &NormalizeOperation, example: &str) -> Option<()> {
        if !operation.arguments.is_empty() {
            return Some(());
        }
        let name = &operation.name.text;
        let finding = Diagnostic::new(Code::E0305, operation.span, format!("`{name}` is followed by a list of names"));
        self.report(finding.help(format!("write `{name} {example}`")));
        None
    }

    fn glob(&self, name: &Name) -> Option<Glob> {
        if name.text.is_empty() {
            self.report(Diagnostic::new(Code::E0314, name.span, "a name cannot be empty").help("remove this element"));
            return None;
        }
        Some(Glob::new(name.text.as_str()))
    }

    /// A content coding (RFC 9110 section 8.4.1): a token, in lower case.
    fn coding(&self, name: &Name) -> Option<String> {
        if HeaderName::from_bytes(name.text.as_bytes()).is_err() {
            let message = format!("`{}` is not the name of a content coding", name.text);
            let help = "write names such as \"br\", \"gzip\" or \"identity\"";
            self.report(Diagnostic::new(Code::E0314, name.span, message).help(help));
            return None;
        }
        Some(name.text.to_ascii_lowercase())
    }
}

/// `if (req.path ~ …) { return (synth(400)); }`
fn refuse_ambiguous(span: Span) -> StatementKind {
    let expression = |kind, ty| Expression { kind, ty, span };
    let path = expression(ExpressionKind::Variable(Variable::ReqPath), Type::String);
    let condition = expression(ExpressionKind::Matches(Box::new(path), Pattern::new(AMBIGUOUS)), Type::Bool);
    let status = Some(expression(ExpressionKind::Int(400), Type::Int));
    let refused = StatementKind::Return(Box::new(Outcome { status, ..Outcome::of(Action::Synth) }));
    let arms = vec![Arm { condition, body: vec![Statement { kind: refused, span }], span }];
    StatementKind::If { arms, otherwise: Vec::new(), rest: None }
}
