//! What the functions of the schema do: one file for each family.

mod amount;
mod arguments;

use arguments::Given;
pub(super) use arguments::{Arguments, Settled};

use crate::decision::facts::{Facts, Refused, Value};
use crate::lang::schema::{Function, Step};

macro_rules! families {
    (values: $($value:ident $family:ident),*; effects: $($effect:ident $acting:ident),*;) => {
        $(mod $value;)*

        /// What a function yields.
        pub(super) fn value<'a, F: Facts>(function: Function, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
            match function { $(Function::$family(function) => $value::value(function, arguments),)* }
        }

        /// Does what a function does; one that yields a value does nothing else.
        ///
        /// # Errors
        /// When the facts refuse a value.
        pub(super) fn perform<F: Facts>(
            function: Function,
            arguments: &Settled<'_>,
            facts: &mut F,
            step: Step,
        ) -> Result<(), Refused> {
            match function {
                $(Function::$acting(function) => $effect::perform(function, arguments, facts, step),)*
                _ => Ok(()),
            }
        }
    };
}

families! {
    values: core Core, text Text, convert Convert, math Math, time Time, digest Digest,
        header Header, access Access, accept Accept, jwt Jwt, geo Geo, cookie Cookie, limit Limit, world World;
    effects: core Core, header Header, cookie Cookie;
}
