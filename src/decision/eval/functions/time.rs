//! Moments.

use std::time::{Duration, SystemTime};

use ::time::OffsetDateTime;
use ::time::format_description::parse_strftime_borrowed;

use super::{Arguments, Given, amount};
use crate::decision::eval::{parse, reckon};
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::Arithmetic;
use crate::lang::schema::Type;
use crate::lang::schema::function::Time;

pub(super) fn value<'a, F: Facts>(function: Time, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let moment = |at| arguments.get::<SystemTime>(at).unwrap_or(SystemTime::UNIX_EPOCH);
    let moved = |operation| reckon::reckon(operation, &Value::Time(moment(0)), &arguments.value(1));
    match function {
        Time::Parse => amount::converted(Type::Time, arguments).unwrap_or_else(|| {
            let read = arguments.text(0).and_then(|text| read(&text));
            read.map_or_else(|| arguments.value(1), Value::Time)
        }),
        Time::Strftime => written(moment(0), &arguments.bytes(1)).map_or(Value::UNSET, Value::from),
        Time::Seconds => seconds(moment(0)).map_or_else(|| arguments.value(1), Value::Int),
        Time::Add => moved(Arithmetic::Add),
        Time::Sub => moved(Arithmetic::Subtract),
        Time::IsAfter => (moment(0) > moment(1)).into(),
    }
}

/// The latest moment that a date can be written for (9999-12-31T23:59:59Z), in seconds after 1970.
const LAST_SECOND: u64 = 253_402_300_799;

fn read(text: &[u8]) -> Option<SystemTime> {
    if let Some(seconds) = parse::integer(text) {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds <= LAST_SECOND)?;
        return Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(std::str::from_utf8(text).ok()?).ok()
}

fn written(moment: SystemTime, format: &[u8]) -> Option<Vec<u8>> {
    let items = parse_strftime_borrowed(std::str::from_utf8(format).ok()?).ok()?;
    let moment = OffsetDateTime::from_unix_timestamp(seconds(moment)?).ok()?;
    moment.format(&items).ok().map(String::into_bytes)
}

fn seconds(moment: SystemTime) -> Option<i64> {
    i64::try_from(moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}
