//! Signed tokens.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Arguments, Given};
use crate::decision::eval::jwt::{Claims, Name, Wanted, claims};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Jwt;

pub(super) fn value<'a, F: Facts>(function: Jwt, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    match function {
        Jwt::Valid => read(arguments, 1).is_some().into(),
        Jwt::Claim => {
            let name = arguments.text(1).and_then(|name| String::from_utf8(name.into_owned()).ok());
            let claim = name.and_then(|name| read(arguments, 2)?.text(&name));
            claim.map(|claim| Cow::Owned(claim.into_bytes())).into()
        }
    }
}

/// The claims of a token that is valid. From `at` on the arguments are those of `jwt.valid` behind the token.
fn read<F: Facts>(arguments: &Arguments<'_, '_, F>, at: usize) -> Option<Claims> {
    let token = arguments.text(0)?;
    let (secret, issuer, audience) = (arguments.text(at + 1), arguments.text(at + 2), arguments.text(at + 3));
    // What is left out is not asked for; what is asked for and unset is what no token can be.
    let asked = |at: usize, text| arguments.is_given(at).then_some(Name(text));
    let wanted = Wanted {
        keys: arguments.keys(at),
        secret: secret.as_deref(),
        issuer: asked(at + 2, issuer.as_deref()),
        audience: asked(at + 3, audience.as_deref()),
        leeway: arguments.get::<i64>(at + 4).unwrap_or_default() / 1_000,
        now: seconds(arguments.get(at + 5)?)?,
    };
    claims(&token, &wanted)
}

fn seconds(moment: SystemTime) -> Option<i64> {
    i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
