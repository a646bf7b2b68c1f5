//! Moments.

use std::time::{Duration, SystemTime};

use ::time::{Date, Month, OffsetDateTime};

use super::{Arguments, Given, amount};
use crate::decision::eval::{parse, reckon, strftime};
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
        Time::Seconds => match moment(0).checked_add(HALF_A_SECOND).and_then(seconds) {
            Some(seconds) => Value::Int(seconds),
            None => arguments.value(1),
        },
        Time::Add => moved(Arithmetic::Add),
        Time::Sub => moved(Arithmetic::Subtract),
        Time::IsAfter => (moment(0) > moment(1)).into(),
    }
}

/// The latest moment that a date can be written for (9999-12-31T23:59:59Z), in seconds after 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// A moment as a number of seconds is the nearest one, as in Varnish.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

fn read(text: &[u8]) -> Option<SystemTime> {
    if let Some(seconds) = parse::real(text) {
        let after = Duration::try_from_secs_f64(seconds).ok().filter(|after| after.as_secs() <= LAST_SECOND)?;
        return Some(SystemTime::UNIX_EPOCH + after);
    }
    let text = std::str::from_utf8(text).ok()?;
    httpdate::parse_http_date(text).ok().or_else(|| iso(text))
}

/// `1994-11-06T08:49:37`, in UTC: the form of ISO 8601 that Varnish reads.
fn iso(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    let is_mark = |(at, mark): (usize, u8)| bytes.get(at) == Some(&mark);
    if bytes.len() != 19 || ![(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')].into_iter().all(is_mark) {
        return None;
    }
    let number = |range| {
        let digits: &str = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten()
    };
    let small = |start: usize| number(start..start + 2).and_then(|number| u8::try_from(number).ok());
    let month = Month::try_from(small(5)?).ok()?;
    let day = Date::from_calendar_date(i32::from(number(0..4)?), month, small(8)?).ok()?;
    let moment = day.with_hms(small(11)?, small(14)?, small(17)?).ok()?;
    let seconds = u64::try_from(moment.assume_utc().unix_timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn written(moment: SystemTime, format: &[u8]) -> Option<Vec<u8>> {
    strftime::written(OffsetDateTime::from_unix_timestamp(seconds(moment)?).ok()?, format)
}

fn seconds(moment: SystemTime) -> Option<i64> {
    i64::try_from(moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}
