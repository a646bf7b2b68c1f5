//! What belongs to the steps themselves.

use super::{Arguments, Given, Settled};
use crate::decision::eval::replace;
use crate::decision::eval::work::SUBSTITUTION;
use crate::decision::facts::{Facts, Refused, Value};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Step, Variable};

pub(super) fn value<'a, F: Facts>(function: Core, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    match function {
        Core::Regsub => substitute(arguments, false),
        Core::Regsuball => substitute(arguments, true),
        Core::BanError => arguments.facts().ban_error().into(),
        _ => Value::UNSET,
    }
}

fn substitute<'a, F: Facts>(arguments: &Arguments<'_, 'a, F>, all: bool) -> Value<'a> {
    let (Some(text), Some(pattern)) = (arguments.text(0), arguments.pattern(1)) else { return Value::UNSET };
    arguments.works(text.len().saturating_mul(SUBSTITUTION));
    replace::substitute(text, pattern, || arguments.text(2), all, arguments.text_limit_bytes()).into()
}

pub(super) fn perform<F: Facts>(
    function: Core,
    arguments: &Settled<'_>,
    facts: &mut F,
    step: Step,
) -> Result<(), Refused> {
    match function {
        Core::HashData => facts.hash_data(&arguments.bytes(0)),
        Core::Log => facts.log(&arguments.bytes(0)),
        Core::Timestamp => facts.timestamp(&arguments.bytes(0)),
        Core::Syslog => facts.syslog(arguments.get(0).unwrap_or_default(), &arguments.bytes(1)),
        Core::CacheReqBody => {
            let most: i64 = arguments.get(0).unwrap_or_default();
            facts.keep_content(u64::try_from(most).unwrap_or_default());
        }
        Core::Ban => facts.ban_by_text(&arguments.bytes(0)),
        Core::PurgeTags => facts.purge_tags(&arguments.bytes(0), *arguments.bytes(1) == *b"soft"),
        Core::Synthetic => return facts.set(body_of(step), arguments.bytes(0).into()),
        Core::Regsub | Core::Regsuball | Core::BanError => {}
    }
    Ok(())
}

/// The body of the response that is being made up in this step.
fn body_of(step: Step) -> Variable {
    if step == Step::BackendError { Variable::BerespBody } else { Variable::RespBody }
}
