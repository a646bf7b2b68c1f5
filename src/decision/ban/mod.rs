//! Bans: conditions on what is stored, made at one moment and tested later.
//!
//! What the policy writes as `ban where …` is bound when the statement is run: all but what it asks of the stored
//! response gets the value that it has then. What `std.ban` is given is parsed then ([`parse`]).

mod by_url;
mod parse;
mod size;

pub(super) use by_url::bans_by_url;

use super::eval::{Acls, Context, Scope, Tables};
use super::facts::Facts;
use super::fold::literal;
use crate::lang::hir::Expression;
use crate::lang::schema::{Message, Step};

/// A condition on a stored response and, if it came as a text, on the request that asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ban {
    condition: Expression,
    asks_request: bool,
    asks_url: bool,
    /// Of the patterns that are its own.
    pattern_bytes: usize,
}

impl Ban {
    /// The ban that a text says, in the words of Varnish: `obj.http.X-Tag ~ news && obj.age > 1h`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        parse::parse(text)
    }

    fn new(condition: Expression, pattern_bytes: usize) -> Self {
        let asks_request = condition.reads(Message::Req);
        Self { asks_url: by_url::asks_url(&condition), condition, asks_request, pattern_bytes }
    }

    /// The condition with what it asks of anything but the stored response in its place.
    pub(super) fn bind<'e, F: Facts>(condition: &'e Expression, scope: &Scope<'e, F>) -> Self {
        let asks_url = by_url::asks_url(condition);
        Self { condition: bound(condition, scope), asks_request: false, asks_url, pattern_bytes: 0 }
    }

    /// Whether it can only be tested when somebody asks for the stored response.
    #[must_use]
    pub fn asks_request(&self) -> bool {
        self.asks_request
    }

    /// Whether it asks what was asked for when a response was stored, which not each of them tells.
    #[must_use]
    pub fn asks_url(&self) -> bool {
        self.asks_url
    }

    /// The bytes of memory that it takes for itself, at most.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pattern_bytes + size::of(&self.condition)
    }

    /// Whether it bans the stored response that `facts` know.
    pub fn holds<F: Facts>(&self, facts: &F) -> bool {
        let (acls, tables) = (Acls::Declared(&[]), Tables::Declared(&[]));
        let context = Context { step: Step::Hit, names: &[], acls, tables, work: None, counts: false };
        Scope::new(facts, &[], context).holds(&self.condition)
    }
}

fn bound<'e, F: Facts>(whole: &'e Expression, scope: &Scope<'e, F>) -> Expression {
    if !whole.reads(Message::Obj) {
        let kind = literal(scope.value(whole)).unwrap_or_else(|| whole.kind.clone());
        return Expression { kind, ..whole.clone() };
    }
    let mut copy = whole.clone();
    for (part, written) in copy.parts_mut().zip(whole.parts()) {
        *part = bound(written, scope);
    }
    copy
}
