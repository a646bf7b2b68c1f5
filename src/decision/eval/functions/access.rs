//! Who may come in.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use ipnet::IpNet;

use super::{Arguments, Given};
use crate::decision::eval::credentials::Basic;
use crate::decision::eval::device;
use crate::decision::eval::signed_url::{Covers, Signing};
use crate::decision::eval::work::PASSWORD_BYTES;
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Access;

pub(super) fn value<'a, F: Facts>(function: Access, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    match function {
        Access::SignedUrl => is_signed(arguments).into(),
        Access::SignUrl => sign(arguments).map_or(Value::UNSET, Value::from),
        Access::Basic => knows(arguments).into(),
        Access::BasicUser => match arguments.text(0).and_then(|field| Basic::parse(&field)) {
            Some(Basic { user, .. }) => user.into(),
            None => Value::UNSET,
        },
        Access::DeviceClass => Value::text(device::class(&arguments.bytes(0))),
        Access::Network => network(arguments).map_or(Value::UNSET, Value::from),
    }
}

/// Of more bits than an address has, all count; of fewer than none, none.
fn network<F: Facts>(arguments: &Arguments<'_, '_, F>) -> Option<Vec<u8>> {
    let address = arguments.get::<IpAddr>(0)?;
    let (bits, all) = if address.is_ipv4() { (arguments.get(1)?, 32) } else { (arguments.get::<i64>(2)?, 128) };
    let length = u8::try_from(bits.clamp(0, all)).ok()?;
    Some(IpNet::new(address, length).ok()?.trunc().to_string().into_bytes())
}

fn covers(word: &[u8]) -> Covers {
    if word == b"path" { Covers::Path } else { Covers::Url }
}

/// Seconds after 1970.
fn seconds(moment: Option<SystemTime>) -> Option<u64> {
    Some(moment?.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn is_signed<F: Facts>(arguments: &Arguments<'_, '_, F>) -> bool {
    let (secret, signature, expires) = (arguments.bytes(1), arguments.bytes(2), arguments.bytes(3));
    let signing =
        Signing { secret: &secret, signature: &signature, expires: &expires, covers: covers(&arguments.bytes(4)) };
    seconds(arguments.get(5)).is_some_and(|now| signing.holds(&arguments.bytes(0), now))
}

fn sign<F: Facts>(arguments: &Arguments<'_, '_, F>) -> Option<Vec<u8>> {
    let (secret, signature, expires) = (arguments.bytes(1), arguments.bytes(3), arguments.bytes(4));
    let signing =
        Signing { secret: &secret, signature: &signature, expires: &expires, covers: covers(&arguments.bytes(5)) };
    signing.sign(&arguments.text(0)?, seconds(arguments.get(2))?)
}

/// A user that is not there takes the same time as one that is.
fn knows<F: Facts>(arguments: &Arguments<'_, '_, F>) -> bool {
    let (Some(users), Some(field)) = (arguments.users(1), arguments.text(0)) else { return false };
    let Some(Basic { user, password }) = Basic::parse(&field) else { return false };
    let (known, hash) = match users.password(&user) {
        Some(hash) => (true, Some(hash)),
        None => (false, users.any_password()),
    };
    hash.is_some_and(|hash| arguments.may_work(PASSWORD_BYTES) && arguments.facts().proves(&user, hash, &password)) && known
}
