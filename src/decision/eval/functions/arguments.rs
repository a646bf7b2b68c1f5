//! The arguments of a call, each read as what its parameter takes.
//!
//! The checker has put all of them in the order of the parameters, defaults included, and each is of
//! its parameter's type; what is asked for as something else counts as left out.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use http::HeaderName;

use crate::decision::eval::{Context, Scope, borrow};
use crate::decision::facts::{Facts, Refused, Value};
use crate::decision::fold::LONGEST_TEXT_BYTES;
use crate::lang::hir::{BackendId, Database, Expression, ExpressionKind, KeySet, Pattern, RateLimitId, Users};
use crate::lang::schema::{Message, Step, Type};

/// The arguments of a call.
pub(super) trait Given<'v> {
    /// The value of that number; unset if it is left out.
    fn value(&self, at: usize) -> Value<'v>;

    /// The argument.
    fn argument(&self, at: usize) -> Option<&'v Expression>;

    /// The argument as it is written.
    fn written(&self, at: usize) -> Option<&'v ExpressionKind> {
        self.argument(at).map(|argument| &argument.kind)
    }

    /// Whether it is not left out.
    fn is_given(&self, at: usize) -> bool {
        self.argument(at).is_some_and(|argument| argument.kind != ExpressionKind::Unset || argument.ty != Type::Void)
    }

    /// STRING.
    fn text(&self, at: usize) -> Option<Cow<'v, [u8]>> {
        match self.value(at) {
            Value::Text(text) => text,
            _ => None,
        }
    }

    /// STRING, empty if unset; or the word of an enumeration.
    fn bytes(&self, at: usize) -> Cow<'v, [u8]> {
        self.text(at).unwrap_or_default()
    }

    /// A value of any other type; `None` if it is left out. INT, BYTES and DURATION are `i64`.
    fn get<T: FromValue>(&self, at: usize) -> Option<T> {
        T::from_value(&self.value(at))
    }

    /// LIST.
    fn list(&self, at: usize) -> &'v [Box<[u8]>] {
        match self.written(at) {
            Some(ExpressionKind::List(texts)) => texts,
            _ => &[],
        }
    }

    /// A header field.
    fn field(&self, at: usize) -> Option<(Message, &'v HeaderName)> {
        match self.written(at) {
            Some(ExpressionKind::Header(message, name)) => Some((*message, name)),
            _ => None,
        }
    }

    /// Users.
    fn users(&self, at: usize) -> Option<&'v Users> {
        match self.written(at) {
            Some(ExpressionKind::Users(users)) => Some(users),
            _ => None,
        }
    }

    /// Keys of tokens.
    fn keys(&self, at: usize) -> Option<&'v KeySet> {
        match self.written(at) {
            Some(ExpressionKind::Keys(keys)) => Some(keys),
            _ => None,
        }
    }

    /// A database of networks.
    fn database(&self, at: usize) -> Option<&'v Database> {
        match self.written(at) {
            Some(ExpressionKind::Database(database)) => Some(database),
            _ => None,
        }
    }

    /// The number of a rate limit, which the checker has put there.
    fn rate_limit(&self, at: usize) -> Option<RateLimitId> {
        match self.written(at) {
            Some(ExpressionKind::RateLimit(id)) => Some(*id),
            _ => None,
        }
    }

    /// REGEX.
    fn pattern(&self, at: usize) -> Option<&'v Pattern> {
        match self.written(at) {
            Some(ExpressionKind::Regex(pattern)) => Some(pattern),
            _ => None,
        }
    }
}

/// The arguments of a call for a value, evaluated when they are asked for.
pub(in crate::decision::eval) struct Arguments<'s, 'a, F> {
    scope: &'s Scope<'a, F>,
    given: &'a [Expression],
    /// Whether all of them are written in the policy.
    are_constant: bool,
}

impl<'s, 'a, F: Facts> Arguments<'s, 'a, F> {
    pub fn new(scope: &'s Scope<'a, F>, given: &'a [Expression], are_constant: bool) -> Self {
        Self { scope, given, are_constant }
    }

    /// Counts bytes that are worked on more than once.
    pub fn works(&self, bytes: usize) {
        if !self.are_constant || bytes > LONGEST_TEXT_BYTES {
            self.scope.works(bytes);
        }
    }

    /// Counts work that is done where it is written, in a condition too; whether there is so much left.
    pub fn may_work(&self, bytes: usize) -> bool {
        self.scope.context.works(bytes)
    }

    /// The most bytes of a text that is made of them.
    pub fn text_limit_bytes(&self) -> usize {
        self.scope.text_limit_bytes()
    }

    /// The step that is run.
    pub fn step(&self) -> Step {
        self.scope.context.step
    }

    /// What the call can ask of the request.
    pub fn facts(&self) -> &'a F {
        self.scope.facts
    }
}

impl<'a, F: Facts> Given<'a> for Arguments<'_, 'a, F> {
    fn value(&self, at: usize) -> Value<'a> {
        let value = self.given.get(at).map_or(Value::UNSET, |argument| self.scope.value(argument));
        if let Value::Text(Some(text)) = &value {
            self.scope.works_on(text, self.are_constant);
        }
        value
    }

    fn argument(&self, at: usize) -> Option<&'a Expression> {
        self.given.get(at)
    }
}

/// The arguments of a call for an effect, evaluated before it acts.
pub(in crate::decision::eval) struct Settled<'v> {
    values: &'v [Value<'static>],
    given: &'v [Expression],
    context: Context<'v>,
}

impl<'v> Settled<'v> {
    /// `values` are those of `given`.
    pub fn new(given: &'v [Expression], values: &'v [Value<'static>], context: Context<'v>) -> Self {
        Self { values, given, context }
    }

    /// Counts bytes that are worked on.
    ///
    /// # Errors
    /// When there are too many.
    pub fn works(&self, bytes: usize) -> Result<(), Refused> {
        self.context.works(bytes);
        self.context.check_work()
    }
}

impl<'v> Given<'v> for Settled<'v> {
    fn value(&self, at: usize) -> Value<'v> {
        self.values.get(at).map_or(Value::UNSET, borrow)
    }

    fn argument(&self, at: usize) -> Option<&'v Expression> {
        self.given.get(at)
    }
}

/// A value of a type that is not text.
pub(super) trait FromValue: Sized {
    /// What the value holds, if it is of that type.
    fn from_value(value: &Value<'_>) -> Option<Self>;
}

macro_rules! from_value {
    ($($ty:ty: $($variant:ident)|+;)*) => {
        $(impl FromValue for $ty {
            fn from_value(value: &Value<'_>) -> Option<Self> {
                match value {
                    $(Value::$variant(held))|+ => Some(*held),
                    _ => None,
                }
            }
        })*
    };
}

from_value! {
    i64: Int | Bytes | Duration;
    f64: Real;
    bool: Bool;
    IpAddr: Ip;
    SystemTime: Time;
    Option<BackendId>: Backend;
}
