//! What stands in the brackets behind `in`, `under`, `ext`, `has` and `any`.

use std::ops::RangeInclusive;

use super::fold::Literal;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::Type;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{Expression, ExpressionKind, ListItem};

impl Scope<'_, '_> {
    /// The elements as texts; with `bare_words`, words in capitals stand for themselves.
    pub(super) fn texts(&mut self, list: &[ListItem], bare_words: bool) -> Option<Vec<Box<[u8]>>> {
        let texts: Vec<_> = list.iter().map(|item| self.text_item(item, bare_words).map(|(text, _)| text)).collect();
        texts.into_iter().collect()
    }

    /// The elements as texts, each held against `complaint`, which says what is wrong with one.
    pub(super) fn checked_texts(
        &mut self,
        list: &[ListItem],
        complaint: impl Fn(&[u8]) -> Option<&'static str>,
    ) -> Option<Vec<Box<[u8]>>> {
        let texts: Vec<_> = list.iter().map(|item| self.checked_text(item, &complaint)).collect();
        texts.into_iter().collect()
    }

    fn checked_text(
        &mut self,
        item: &ListItem,
        complaint: impl Fn(&[u8]) -> Option<&'static str>,
    ) -> Option<Box<[u8]>> {
        let (text, span) = self.text_item(item, false)?;
        match complaint(&text) {
            None => Some(text),
            Some(complaint) => {
                self.report(Diagnostic::new(Code::E0314, span, complaint).help("mend or remove this element"));
                None
            }
        }
    }

    fn text_item(&mut self, item: &ListItem, bare_words: bool) -> Option<(Box<[u8]>, Span)> {
        let written = match item {
            ListItem::Value(written) => written,
            ListItem::Range(ends) => {
                let (low, high) = &**ends;
                let finding = Diagnostic::new(Code::E0314, low.span.to(high.span), "a range goes with numbers only");
                self.report(finding.help("list the texts one by one"));
                return None;
            }
        };
        if bare_words && let Some(word) = self.bare_word(written) {
            return Some((word.as_bytes().into(), written.span));
        }
        match self.known_item(written)? {
            Literal::Text(text) => Some((text, written.span)),
            other => {
                let message = format!("this list holds texts, this is {}", other.ty().in_words());
                self.report(Diagnostic::new(Code::E0314, written.span, message).help("put it in quotes"));
                None
            }
        }
    }

    /// `GET`, unless something is called that.
    fn bare_word<'e>(&self, written: &'e Expression) -> Option<&'e str> {
        let name = self.unknown_word_in(written)?;
        let capitals = name.text.chars().all(|c| c.is_ascii_uppercase() || c == '-' || c == '_');
        capitals.then_some(name.text.as_str())
    }

    fn known_item(&mut self, written: &Expression) -> Option<Literal> {
        if let ExpressionKind::Path(path) = &written.kind
            && let [name] = path.parts.as_slice()
            && self.cx.names.acls.refer(&name.text).is_some()
        {
            let finding = Diagnostic::new(Code::E0314, written.span, format!("`{}` is an acl", name.text));
            self.report(finding.help(format!("test an address with `~`: `client.ip ~ {}`", name.text)));
            return None;
        }
        if let ExpressionKind::Path(path) = &written.kind
            && let [name] = path.parts.as_slice()
            && self.cx.names.tables.refer(&name.text).is_some()
        {
            let finding = Diagnostic::new(Code::E0314, written.span, format!("`{}` is a table", name.text));
            self.report(finding.help(format!("ask for a key the other way round: `{} has VALUE`", name.text)));
            return None;
        }
        let value = self.expression(written)?;
        self.known(&value, format_args!("an element of a list"))
    }

    /// The elements as ranges of numbers of type `ty`; a single number is a range of one.
    pub(super) fn ranges(&mut self, list: &[ListItem], ty: Type) -> Option<Vec<RangeInclusive<i64>>> {
        let ranges: Vec<_> = list.iter().map(|item| self.range(item, ty)).collect();
        ranges.into_iter().collect()
    }

    fn range(&mut self, item: &ListItem, ty: Type) -> Option<RangeInclusive<i64>> {
        let (low, high) = match item {
            ListItem::Value(written) => return self.number_item(written, ty).map(|number| number..=number),
            ListItem::Range(ends) => &**ends,
        };
        let (first, last) = (self.number_item(low, ty), self.number_item(high, ty));
        let range = first?..=last?;
        if range.is_empty() {
            let span = low.span.to(high.span);
            let finding = Diagnostic::new(Code::E0315, span, "this range is empty: it starts above its end");
            self.report(finding.help("write the smaller number first"));
            return None;
        }
        Some(range)
    }

    fn number_item(&mut self, written: &Expression, ty: Type) -> Option<i64> {
        let value = self.expression(written)?;
        let value = self.convert(value, ty, format_args!("this list"))?;
        match self.known(&value, format_args!("an element of a list"))? {
            Literal::Int(number) | Literal::Duration(number) | Literal::Bytes(number) => Some(number),
            _ => None,
        }
    }
}
