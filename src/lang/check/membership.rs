//! Words between a subject and a list: `in`, `under`, `ext`, `has`, `any`.

use super::convert::to_text;
use super::path::{Collection, Meaning};
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Glob};
use crate::lang::schema::{Message, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, ListItem, TestOperator};

impl Scope<'_, '_> {
    /// `subject WORD [list]`
    pub(super) fn membership(
        &mut self,
        operator: TestOperator,
        subject: &ast::Expression,
        list: &[ListItem],
        span: Span,
    ) -> Option<Expression> {
        let kind = match operator {
            TestOperator::In => self.test_in(subject, list, span),
            TestOperator::Under => self.test_under(subject, list),
            TestOperator::Ext => self.test_extension(subject, list),
            TestOperator::Has => self.test_has(subject, list),
            TestOperator::Any => self.test_any(subject, list),
        };
        Some(Expression { kind: kind?, ty: Type::Bool, span })
    }

    fn test_in(&mut self, subject: &ast::Expression, list: &[ListItem], span: Span) -> Option<ExpressionKind> {
        let subject = self.expression(subject)?;
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

    fn test_under(&mut self, subject: &ast::Expression, list: &[ListItem]) -> Option<ExpressionKind> {
        let subject = self.text_subject(subject, "under");
        let paths = self.checked_texts(list, |text| {
            (!text.starts_with(b"/")).then_some("a path starts with `/`, so this matches nothing")
        });
        Some(ExpressionKind::Under(Box::new(subject?), paths?))
    }

    fn test_extension(&mut self, subject: &ast::Expression, list: &[ListItem]) -> Option<ExpressionKind> {
        let subject = self.text_subject(subject, "ext");
        let extensions = self.checked_texts(list, |text| {
            let bare = text.strip_prefix(b".").unwrap_or(text);
            (bare.is_empty() || bare.iter().any(|byte| b"./*".contains(byte)))
                .then_some("an extension is what stands behind the last dot: \"css\"")
        })?;
        let bare = extensions.iter().map(|text| text.strip_prefix(b".").unwrap_or(text).to_ascii_lowercase());
        Some(ExpressionKind::Extension(Box::new(subject?), bare.map(Vec::into_boxed_slice).collect()))
    }

    fn test_has(&mut self, subject: &ast::Expression, list: &[ListItem]) -> Option<ExpressionKind> {
        let collection = self.collection(subject, "has");
        let names = self.checked_texts(list, empty_name)?;
        Some(match collection? {
            (message, Collection::Query) => ExpressionKind::HasQuery(message, names),
            (message, Collection::Cookies) => ExpressionKind::HasCookie(message, names),
        })
    }

    fn test_any(&mut self, subject: &ast::Expression, list: &[ListItem]) -> Option<ExpressionKind> {
        let collection = self.collection(subject, "any");
        let names = self.checked_texts(list, empty_name)?;
        let globs = names.iter().map(|name| Glob::new(String::from_utf8_lossy(name))).collect();
        Some(match collection? {
            (message, Collection::Query) => ExpressionKind::AnyQuery(message, globs),
            (message, Collection::Cookies) => ExpressionKind::AnyCookie(message, globs),
        })
    }

    /// The text that `word` tests.
    fn text_subject(&mut self, subject: &ast::Expression, word: &str) -> Option<Expression> {
        let value = self.expression(subject)?;
        if value.ty == Type::String {
            return Some(to_text(value));
        }
        let message = format!("`{word}` tests a path, this is {}", value.ty.in_words());
        self.report(Diagnostic::new(Code::E0317, value.span, message).help("write `req.path` before it"));
        None
    }

    /// The collection that `word` looks into.
    fn collection(&mut self, subject: &ast::Expression, word: &str) -> Option<(Message, Collection)> {
        if let ast::ExpressionKind::Path(path) = &subject.kind
            && let Meaning::Collection(message, collection) = self.path(path)?
        {
            return Some((message, collection));
        }
        let message = format!("`{word}` looks for a name in the query or in the cookies");
        let finding = Diagnostic::new(Code::E0317, subject.span, message)
            .label("neither the query nor the cookies")
            .help(format!("write `req.query {word} …` or `req.cookies {word} …`"));
        self.report(finding);
        None
    }
}

fn empty_name(name: &[u8]) -> Option<&'static str> {
    name.is_empty().then_some("a name cannot be empty")
}

/// Whether a list may name the subject's values as bare words: `method in [GET, HEAD]`.
fn is_method(subject: &ExpressionKind) -> bool {
    matches!(subject, ExpressionKind::Variable(Variable::ReqMethod | Variable::BereqMethod))
}
