//! The values that one look-up asks for, each fetched at most once.

use std::cell::OnceCell;
use std::net::IpAddr;

use super::Index;
use super::found::Found;
use super::test::{Check, Test};
use super::text_list::TextList;
use crate::decision::eval::{Scope, has_extension, is_under};
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::AclId;

/// How many values are kept; those of further subjects are fetched each time.
const KEPT_VALUES: usize = 6;
/// How many automata an index may have: the patterns found are kept for each.
pub(super) const MOST_AUTOMATA: usize = 3;

/// The request as an index sees it. Lives on the stack.
pub(super) struct Inputs<'a, F> {
    index: &'a Index,
    scope: Scope<'a, F>,
    values: [OnceCell<Value<'a>>; KEPT_VALUES],
    found: [OnceCell<Found>; MOST_AUTOMATA],
}

impl<'a, F: Facts> Inputs<'a, F> {
    pub fn new(index: &'a Index, scope: Scope<'a, F>) -> Self {
        let (values, found) = ([const { OnceCell::new() }; KEPT_VALUES], [const { OnceCell::new() }; MOST_AUTOMATA]);
        Self { index, scope, values, found }
    }

    /// Hands the value of a subject to `use_it`.
    pub fn with_value<T>(&self, subject: u32, use_it: impl FnOnce(&Value<'a>) -> T) -> T {
        let expression = self.index.subjects.get(subject as usize);
        let fetch = || expression.map_or(Value::UNSET, |expression| self.scope.value(expression));
        match self.values.get(subject as usize) {
            Some(kept) => use_it(kept.get_or_init(fetch)),
            None => use_it(&fetch()),
        }
    }

    /// Hands the patterns of an automaton that match the value of a subject to `use_it`.
    pub fn with_found<T>(&self, automaton: u32, subject: u32, use_it: impl FnOnce(&Found) -> T) -> T {
        let find = || {
            self.with_value(subject, |value| {
                let automaton = self.index.automata.get(automaton as usize);
                automaton.map(|automaton| automaton.find(text_of(value).unwrap_or_default())).unwrap_or_default()
            })
        };
        match self.found.get(automaton as usize) {
            Some(kept) => use_it(kept.get_or_init(find)),
            None => use_it(&find()),
        }
    }

    /// Whether a test passes.
    pub fn passes(&self, test: u32) -> bool {
        match self.index.tests.get(test as usize) {
            Some(Test::Value { subject, check, negated }) => self.holds(*subject, check) != *negated,
            Some(Test::Condition { expression, negated }) => self.scope.holds(expression) != *negated,
            None => false,
        }
    }

    /// Whether a subject is a text.
    pub fn is(&self, subject: u32, text: &[u8]) -> bool {
        self.with_value(subject, |value| text_of(value) == Some(text))
    }

    /// Whether an access list holds an address.
    pub fn acl_holds(&self, acl: AclId, address: IpAddr) -> bool {
        self.scope.context.acls.contain(acl, address)
    }

    fn holds(&self, subject: u32, check: &Check<'_>) -> bool {
        if let Check::Shared { automaton, pattern } = check {
            return self.with_found(*automaton, subject, |found| found.contains(*pattern));
        }
        self.with_value(subject, |value| match (check, value) {
            (Check::Matches(pattern), value) => pattern.is_match(text_of(value).unwrap_or_default()),
            (Check::Within(ranges), Value::Int(number) | Value::Duration(number) | Value::Bytes(number)) => {
                ranges.iter().any(|range| range.contains(number))
            }
            (Check::InAcl(acl), Value::Ip(address)) => self.acl_holds(*acl, *address),
            (Check::IsTrue, Value::Bool(flag)) => *flag,
            (check, Value::Text(Some(text))) => text_passes(check, text),
            _ => false,
        })
    }
}

fn text_passes(check: &Check<'_>, text: &[u8]) -> bool {
    let any = |texts: &TextList<'_>, test: fn(&[u8], &[u8]) -> bool| texts.iter().any(|one| test(text, one));
    match check {
        Check::OneOf(texts) => any(texts, |text, one| text == one),
        Check::StartsWith(texts) => any(texts, <[u8]>::starts_with),
        Check::Under(texts) => any(texts, is_under),
        Check::EndsWith(texts) => any(texts, <[u8]>::ends_with),
        Check::Extension(texts) => any(texts, has_extension),
        Check::Guarded(starts, confirm) => any(starts, <[u8]>::starts_with) && confirm.is_match(text),
        Check::GuardedEnd(ends, confirm) => any(ends, <[u8]>::ends_with) && confirm.is_match(text),
        Check::Confirmed(confirm) => confirm.is_match(text),
        Check::Matches(_) | Check::Shared { .. } | Check::Within(_) | Check::InAcl(_) | Check::IsTrue => false,
    }
}

/// The text of a value; `None` if it is unset or no text.
pub(super) fn text_of<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    match value {
        Value::Text(text) => text.as_deref(),
        _ => None,
    }
}
