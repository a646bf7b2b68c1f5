//! Where an address is.

use std::net::IpAddr;

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Geo;

pub(super) fn value<'a, F: Facts>(function: Geo, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let found = match function {
        Geo::Country => lookup(arguments, "country.iso_code"),
        Geo::Lookup => arguments.text(2).and_then(|path| lookup(arguments, std::str::from_utf8(&path).ok()?)),
    };
    found.map_or(Value::UNSET, |found| found.into_bytes().into())
}

fn lookup<F: Facts>(arguments: &Arguments<'_, '_, F>, path: &str) -> Option<String> {
    let address = arguments.get::<IpAddr>(0)?;
    arguments.database(1)?.find(address, path)
}
