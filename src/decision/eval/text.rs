//! Values as text, as VCL writes them.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::decision::facts::Value;

/// Appends to a computed text, as far as the limit allows. Nothing as long as that of a statement can be kept, so that
/// what is cut off is never sent; without a limit a policy that doubles a text could take all memory.
pub(super) fn append(text: &mut Vec<u8>, more: &[u8], limit_bytes: usize) {
    let room = limit_bytes.saturating_sub(text.len());
    text.extend_from_slice(more.get(..room).unwrap_or(more));
}

/// The text of a value: durations in seconds and reals with three decimals, moments as RFC 9110
/// dates, backends by name. Unset text and the backend `none` are unset.
pub(super) fn to_text<'a>(value: Value<'a>, names: &'a [Box<str>]) -> Option<Cow<'a, [u8]>> {
    let written = match value {
        Value::Text(text) => return text,
        Value::Bool(flag) => return Some(Cow::Borrowed(if flag { b"true" } else { b"false" })),
        Value::Backend(id) => return names.get(id?.0 as usize).map(|name| Cow::Borrowed(name.as_bytes())),
        Value::Int(number) | Value::Bytes(number) => number.to_string(),
        Value::Real(number) => format!("{number:.3}"),
        Value::Duration(millis) => seconds(millis),
        Value::Ip(address) => address.to_string(),
        Value::Time(moment) => date(moment),
    };
    Some(Cow::Owned(written.into_bytes()))
}

fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1_000, millis % 1_000)
}

/// RFC 9110 section 5.6.7; moments outside the years 1970 to 9999 are written as the nearest one.
pub(super) fn date(moment: SystemTime) -> String {
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    httpdate::fmt_http_date(moment.clamp(SystemTime::UNIX_EPOCH, latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: Value<'_>) -> Option<String> {
        to_text(value, &[]).map(|text| String::from_utf8(text.into_owned()).unwrap())
    }

    #[test]
    fn values_are_written_as_vcl_writes_them() {
        let day = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, text) in [
            (Value::Int(-7), "-7"),
            (Value::Real(1.5), "1.500"),
            (Value::Duration(-1_234), "-1.234"),
            (Value::Duration(60_000), "60.000"),
            (Value::Bytes(1_024), "1024"),
            (Value::Bool(true), "true"),
            (Value::Ip([10, 0, 0, 1].into()), "10.0.0.1"),
            (Value::Time(day), "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(written(value).as_deref(), Some(text));
        }
        assert_eq!(written(Value::UNSET), None);
        assert_eq!(written(Value::Backend(None)), None);
    }

    #[test]
    fn moments_out_of_range_do_not_break_the_date() {
        let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(10);
        assert_eq!(written(Value::Time(long_ago)).as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    }
}
