//! How often something comes.

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Rate, Value};
use crate::lang::schema::function::Limit;

pub(super) fn value<'a, F: Facts>(function: Limit, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    match function {
        Limit::Ratelimit => exceeds(arguments).into(),
    }
}

fn exceeds<F: Facts>(arguments: &Arguments<'_, '_, F>) -> bool {
    let count = |at| arguments.get::<i64>(at).map(|number| u64::try_from(number).unwrap_or(0));
    let limit = count(1).unwrap_or(0);
    let rate = Rate {
        limit,
        per_ms: count(2).unwrap_or(0),
        burst: count(3).unwrap_or(limit),
        block_ms: count(4).unwrap_or(0),
    };
    arguments.rate_limit(5).is_some_and(|id| arguments.facts().exceeds(id, &arguments.bytes(0), rate))
}
