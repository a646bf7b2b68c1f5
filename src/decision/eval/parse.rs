//! Text as numbers, sizes, durations and addresses: `std.integer`, `std.bytes`, `std.duration`, `std.ip`.

use std::net::IpAddr;

use crate::lang::schema::{BYTE_UNITS, DURATION_UNITS, Unit};

/// The number at the start and end of the text, white space around it ignored; a fraction is cut.
/// `None` if it is no number or does not fit.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_fraction)
}

/// The number, with or without a fraction, that the text is.
pub(super) fn real(text: &[u8]) -> Option<f64> {
    decimal(std::str::from_utf8(text.trim_ascii()).ok()?)
}

/// A number with a unit, such as `1.5h`, in milliseconds; `None` if it is none or does not fit.
pub(super) fn duration(text: &[u8]) -> Option<i64> {
    measured(std::str::from_utf8(text.trim_ascii()).ok()?, DURATION_UNITS)
}

/// A number of bytes, such as `64KB`, without a unit also; `None` if it is none or does not fit.
pub(super) fn bytes(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    measured(text, BYTE_UNITS).or_else(|| text.parse().ok()).filter(|bytes| *bytes >= 0)
}

fn measured(text: &str, units: &[Unit]) -> Option<i64> {
    let (number, unit) = text.split_at(text.find(|at: char| at.is_ascii_alphabetic())?);
    let factor = units.iter().find(|known| known.name == unit)?.factor;
    whole(number.trim_ascii_end(), factor)
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounds are checked")]
fn whole(number: &str, factor: u64) -> Option<i64> {
    let product = decimal(number)? * factor as f64;
    (product.abs() < i64::MAX as f64).then(|| product.round() as i64)
}

/// Digits with a point and a sign; no infinity, no exponent.
fn decimal(number: &str) -> Option<f64> {
    let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    number.parse().ok().filter(|number: &f64| is_decimal && number.is_finite())
}

/// An address, IPv6 with or without brackets; names are not resolved.
pub(super) fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_whole_or_not_at_all() {
        for (text, number) in
            [("12", Some(12)), (" -3 ", Some(-3)), ("1.9", Some(1)), ("1.", None), ("12a", None), ("", None)]
        {
            assert_eq!(integer(text.as_bytes()), number, "{text}");
        }
        assert_eq!(integer(b"9223372036854775808"), None);
    }

    #[test]
    fn durations_need_a_unit() {
        for (text, millis) in [
            ("10s", Some(10_000)),
            ("1.5h", Some(5_400_000)),
            ("250ms", Some(250)),
            ("-2m", Some(-120_000)),
            ("10", None),
            ("10 parsecs", None),
            ("infs", None),
            ("s", None),
        ] {
            assert_eq!(duration(text.as_bytes()), millis, "{text}");
        }
    }

    #[test]
    fn sizes_may_go_without_a_unit() {
        for (text, size) in
            [("64KB", Some(65_536)), ("12", Some(12)), ("1.5KB", Some(1536)), ("-1", None), ("9e9", None), ("", None)]
        {
            assert_eq!(bytes(text.as_bytes()), size, "{text}");
        }
        assert_eq!(real(b" -0.5 "), Some(-0.5));
        assert_eq!((real(b"inf"), real(b"1e5"), real(b"")), (None, None, None));
    }

    #[test]
    fn addresses_are_read_and_names_are_not() {
        assert_eq!(ip(b"10.0.0.1"), Some([10, 0, 0, 1].into()));
        assert_eq!(ip(b"[::1]"), "::1".parse().ok());
        assert_eq!(ip(b"localhost"), None);
    }
}
