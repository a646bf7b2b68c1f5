//! The values of expressions, and what statements do: shared by the tree and the oracle.
//!
//! What each expression yields is said at [`ExpressionKind`](crate::lang::hir::ExpressionKind).
//! Text is borrowed from the facts or the policy as long as nothing changes it.

mod acl;
mod codings;
mod compare;
pub(crate) mod cookies;
mod copied;
mod credentials;
mod device;
pub(crate) mod directives;
mod effect;
mod expression;
mod functions;
mod jwt;
mod key_part;
mod md5_crypt;
mod normalize;
mod parse;
pub(crate) mod query;
mod reckon;
mod replace;
mod shell;
mod signed_url;
mod strftime;
mod tables;
mod text;
mod truth;
mod url_path;
mod work;

pub(super) use acl::AclIndex;
pub(crate) use acl::AclNetworks;
pub use acl::ChangingAcl;
pub use credentials::is_password;
pub(super) use effect::{conclude, perform};
pub(crate) use normalize::normalize;
pub(crate) use reckon::reckon;
pub(super) use tables::{TableIndex, Tables};
pub(super) use truth::{has_extension, is_under};
pub(super) use work::Work;

use crate::decision::facts::{Facts, Value};
use crate::lang::hir::{Acl, AclId, Expression, LocalId};
use crate::lang::schema::Step;

/// The access lists as they are asked.
#[derive(Clone, Copy)]
pub(super) enum Acls<'a> {
    /// Entry by entry: the oracle.
    Declared(&'a [Acl]),
    /// By longest prefix.
    Indexed(&'a [AclIndex]),
}

impl Acls<'_> {
    /// Whether the list holds `address`; no list of that name holds none.
    pub fn contain(self, id: AclId, address: std::net::IpAddr) -> bool {
        match self {
            Self::Declared(acls) => acls.get(id.0 as usize).is_some_and(|acl| acl.contains(address)),
            Self::Indexed(acls) => acls.get(id.0 as usize).is_some_and(|acl| acl.contains(address)),
        }
    }
}

/// What does not change during a run.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The step that is run.
    pub step: Step,
    /// The names of the backends and, behind those, of the directors.
    pub names: &'a [Box<str>],
    /// The access lists in order of declaration.
    pub acls: Acls<'a>,
    /// The tables in order of declaration.
    pub tables: Tables<'a>,
    /// What may still be done; `None` if that is not counted.
    pub work: Option<&'a Work>,
    /// Whether text that is read and made counts: that of statements does, that of conditions does not.
    pub counts: bool,
}

/// All that an expression can see: the request, the locals of its body, the declared names.
pub(super) struct Scope<'a, F> {
    /// The request.
    pub facts: &'a F,
    /// The locals of this body.
    pub locals: &'a [Value<'static>],
    /// What the expressions around gave names to.
    bound: Option<&'a Bound<'a>>,
    /// What does not change during the run.
    pub context: Context<'a>,
}

/// A value with a name, within the expression that gave it one.
struct Bound<'a> {
    id: LocalId,
    value: Value<'a>,
    outer: Option<&'a Bound<'a>>,
}

impl Bound<'_> {
    /// The value of that name here or further out.
    fn find(&self, id: LocalId) -> Option<&Value<'_>> {
        let mut at = Some(self);
        while let Some(bound) = at {
            if bound.id == id {
                return Some(&bound.value);
            }
            at = bound.outer;
        }
        None
    }
}

impl<F> Clone for Scope<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Scope<'_, F> {}

impl<'a, F: Facts> Scope<'a, F> {
    /// What a body sees whose locals are these.
    pub fn new(facts: &'a F, locals: &'a [Value<'static>], context: Context<'a>) -> Self {
        Self { facts, locals, bound: None, context }
    }

    /// The value of a local; unset if it was never bound.
    fn local(&self, id: LocalId) -> Value<'a> {
        match self.bound.and_then(|bound| bound.find(id)) {
            Some(value) => borrow(value),
            None => self.locals.get(id.0 as usize).map_or(Value::UNSET, borrow),
        }
    }

    /// The value of `body` with that of `value` as a local. It owns its text, as the local ends here.
    fn bind(&self, id: LocalId, value: &'a Expression, body: &'a Expression) -> Value<'a> {
        let bound = Bound { id, value: self.value(value), outer: self.bound };
        let inner: Scope<'_, F> = *self;
        own(Scope { bound: Some(&bound), ..inner }.value(body))
    }
}

/// The same value, borrowing its text.
fn borrow<'a>(value: &'a Value<'_>) -> Value<'a> {
    match value {
        Value::Text(Some(text)) => Value::Text(Some(std::borrow::Cow::Borrowed(text.as_ref()))),
        other => other.clone(),
    }
}

/// The same value, owning its text.
pub(super) fn own(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::Text(text.map(|text| text.into_owned().into())),
        Value::Int(number) => Value::Int(number),
        Value::Real(number) => Value::Real(number),
        Value::Bool(flag) => Value::Bool(flag),
        Value::Duration(millis) => Value::Duration(millis),
        Value::Bytes(bytes) => Value::Bytes(bytes),
        Value::Ip(address) => Value::Ip(address),
        Value::Time(moment) => Value::Time(moment),
        Value::Backend(backend) => Value::Backend(backend),
    }
}
