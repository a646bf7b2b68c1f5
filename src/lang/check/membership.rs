//! Words between a subject and a list: `in`, `under`, `ext`, `has`, `any`.

use super::convert::to_text;
use super::path::{Collection, Meaning};
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Glob};
use crate::lang::schema::{Message, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, ListItem, TestOperator};

/// What words such as `in` and `has` look at.
#[derive(Clone)]
pub(super) enum Looked {
    /// A value.
    Value(Expression),
    /// The query or the cookies.
    Collection(Message, Collection),
    /// The table of that number.
    Table(usize),
}

impl Looked {
    /// The same, written at another place.
    pub(super) fn at(&self, span: Span) -> Self {
        match self {
            Self::Value(value) => Self::Value(Expression { span, ..value.clone() }),
            collection => collection.clone(),
        }
    }
}

const SEVERAL: &str = "each extension is a text by itself: [\"css\", \"js\"]";

impl Scope<'_, '_> {
    /// `subject WORD [list]`
    pub(super) fn membership(
        &mut self,
        operator: TestOperator,
        subject: &ast::Expression,
        list: &[ListItem],
        span: Span,
    ) -> Option<Expression> {
        let looked = match operator {
            TestOperator::In | TestOperator::Under | TestOperator::Ext => self.expression(subject).map(Looked::Value),
            TestOperator::Has | TestOperator::Any => self.collection(subject, operator),
        };
        self.listed(operator, looked, list, span)
    }

    /// What an expression is that words may look at.
    pub(super) fn looked_at(&mut self, written: &ast::Expression) -> Option<Looked> {
        if let ast::ExpressionKind::Path(path) = &written.kind
            && self.names_collection(path)
            && let Meaning::Collection(message, collection) = self.path(path)?
        {
            return Some(Looked::Collection(message, collection));
        }
        self.expression(written).map(Looked::Value)
    }

    /// `WORD [list]`, asked of what is looked at; `None` for that is a mistake that has been reported.
    pub(super) fn listed(
        &mut self,
        operator: TestOperator,
        looked: Option<Looked>,
        list: &[ListItem],
        span: Span,
    ) -> Option<Expression> {
        let list = &*self.spliced(list);
        let kind = match operator {
            TestOperator::In => self.test_in(looked, list, span),
            TestOperator::Under => self.test_under(looked, list, span),
            TestOperator::Ext => self.test_extension(looked, list, span),
            TestOperator::Has => self.test_has(looked, list, span),
            TestOperator::Any => self.test_any(looked, list, span),
        };
        Some(Expression { kind: kind?, ty: Type::Bool, span })
    }

    /// The value that is looked at, if it is one.
    pub(super) fn single(&self, looked: Looked, span: Span) -> Option<Expression> {
        match looked {
            Looked::Value(value) => Some(value),
            Looked::Table(_) | Looked::Collection(..) => {
                let finding = Diagnostic::new(Code::E0317, span, "the query and the cookies hold many values");
                self.report(
                    finding.help("ask for a key with `has` or `any`, or look at one value: `req.query[\"key\"]`"),
                );
                None
            }
        }
    }

    fn test_in(&mut self, looked: Option<Looked>, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        let subject = self.single(looked?, span)?;
        match subject.ty {
            Type::String => {
                let texts = self.texts(list, is_method(&subject.kind))?;
                Some(ExpressionKind::InTexts(Box::new(subject), texts))
            }
            Type::Int | Type::Duration | Type::Bytes => {
                let ranges = self.ranges(list, subject.ty)?;
                Some(ExpressionKind::InRanges(Box::new(subject), ranges))
            }
            ty => {
                let message = format!("`in` does not work for {}", ty.in_words());
                let finding = Diagnostic::new(Code::E0317, span, message);
                self.report(match ty {
                    Type::Ip => finding.help("declare an acl with the addresses and test with `~`"),
                    _ => finding.help("compare with `==`, joined by `||`"),
                });
                None
            }
        }
    }

    fn test_under(&mut self, looked: Option<Looked>, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        let subject = self.text_subject(looked, "under", span);
        let paths = self.checked_texts(list, |text| {
            (!text.starts_with(b"/")).then_some("a path starts with `/`, so this matches nothing")
        });
        // Who closes `/staff/` means `/staff` as well, which most backends answer with the same.
        let without_slash = |path: Box<[u8]>| path.strip_suffix(b"/").map(Into::into).unwrap_or(path);
        Some(ExpressionKind::Under(Box::new(subject?), paths?.into_iter().map(without_slash).collect()))
    }

    fn test_extension(&mut self, looked: Option<Looked>, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        let subject = self.text_subject(looked, "ext", span);
        let extensions = self.checked_texts(list, |text| {
            let bare = text.strip_prefix(b".").unwrap_or(text);
            let is_several = bare.contains(&b',') && bare.contains(&b'.');
            let why = if is_several { SEVERAL } else { "an extension is what stands behind the last dot: \"css\"" };
            (bare.is_empty() || bare.iter().any(|byte| b"./*".contains(byte))).then_some(why)
        })?;
        let bare = extensions.iter().map(|text| text.strip_prefix(b".").unwrap_or(text).to_ascii_lowercase());
        Some(ExpressionKind::Extension(Box::new(subject?), bare.map(Vec::into_boxed_slice).collect()))
    }

    fn test_has(&mut self, looked: Option<Looked>, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        if let Some(Looked::Table(at)) = looked {
            return self.has_key(at, list);
        }
        let names = self.checked_texts(list, empty_name)?;
        Some(match self.many(&looked?, TestOperator::Has, span)? {
            (message, Collection::Query) => ExpressionKind::HasQuery(message, names),
            (message, Collection::Cookies) => ExpressionKind::HasCookie(message, names),
        })
    }

    fn test_any(&mut self, looked: Option<Looked>, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        let names = self.checked_texts(list, empty_name)?;
        let globs = names.iter().map(|name| Glob::new(String::from_utf8_lossy(name))).collect();
        Some(match self.many(&looked?, TestOperator::Any, span)? {
            (message, Collection::Query) => ExpressionKind::AnyQuery(message, globs),
            (message, Collection::Cookies) => ExpressionKind::AnyCookie(message, globs),
        })
    }

    /// The text that `word`, written at `at`, tests.
    fn text_subject(&mut self, looked: Option<Looked>, word: &str, at: Span) -> Option<Expression> {
        let looked = looked?;
        let span = match &looked {
            Looked::Value(value) => value.span,
            Looked::Table(_) | Looked::Collection(..) => at,
        };
        let value = self.single(looked, span)?;
        if value.ty == Type::String {
            return Some(to_text(value));
        }
        let message = format!("`{word}` tests a path, this is {}", value.ty.in_words());
        self.report(Diagnostic::new(Code::E0317, value.span, message).help("write `req.path` before it"));
        None
    }

    /// The collection that a word looks into.
    fn collection(&mut self, subject: &ast::Expression, operator: TestOperator) -> Option<Looked> {
        if let ast::ExpressionKind::Path(path) = &subject.kind {
            match self.path(path)? {
                Meaning::Collection(message, collection) => return Some(Looked::Collection(message, collection)),
                Meaning::Table(at) if operator == TestOperator::Has => return Some(Looked::Table(at)),
                _ => {}
            }
        }
        self.report_no_collection(operator, subject.span);
        None
    }

    /// The collection that is looked at, if it is one.
    fn many(&self, looked: &Looked, operator: TestOperator, span: Span) -> Option<(Message, Collection)> {
        match looked {
            Looked::Collection(message, collection) => Some((*message, *collection)),
            Looked::Table(_) | Looked::Value(_) => {
                self.report_no_collection(operator, span);
                None
            }
        }
    }

    fn report_no_collection(&self, operator: TestOperator, span: Span) {
        let (message, label, help) = if operator == TestOperator::Any {
            let message = "`any` looks for names in the query or in the cookies";
            (message, "neither the query nor the cookies", "write `req.query any …` or `req.cookies any …`")
        } else {
            let message = "`has` looks for a name in the query, in the cookies or in a table";
            (message, "none of them", "write `req.query has …`, `req.cookies has …` or `TABLE has …`")
        };
        self.report(Diagnostic::new(Code::E0317, span, message).label(label).help(help));
    }
}

fn empty_name(name: &[u8]) -> Option<&'static str> {
    name.is_empty().then_some("a name cannot be empty")
}

/// Whether a list may name the subject's values as bare words: `method in [GET, HEAD]`.
fn is_method(subject: &ExpressionKind) -> bool {
    matches!(subject, ExpressionKind::Variable(Variable::ReqMethod | Variable::BereqMethod))
}
