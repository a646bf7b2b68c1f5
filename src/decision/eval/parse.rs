//! Text as numbers, durations and addresses: `std.integer`, `std.duration`, `std.ip`.

use std::net::IpAddr;

use crate::lang::schema::DURATION_UNITS;

/// The number at the start and end of the text, white space around it ignored; a fraction is cut.
/// `None` if it is no number or does not fit.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_fraction)
}

/// A number with a unit, such as `1.5h`, in milliseconds; `None` if it is none or does not fit.
pub(super) fn duration(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let (number, unit) = text.split_at(text.find(|at: char| at.is_ascii_alphabetic())?);
    let factor = DURATION_UNITS.iter().find(|known| known.name == unit)?.factor;
    millis(number.trim_ascii_end(), factor)
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounds are checked")]
fn millis(number: &str, factor: u64) -> Option<i64> {
    let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    let millis = number.parse::<f64>().ok().filter(|_| is_decimal)? * factor as f64;
    (millis.abs() < i64::MAX as f64).then(|| millis.round() as i64)
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
    fn addresses_are_read_and_names_are_not() {
        assert_eq!(ip(b"10.0.0.1"), Some([10, 0, 0, 1].into()));
        assert_eq!(ip(b"[::1]"), "::1".parse().ok());
        assert_eq!(ip(b"localhost"), None);
    }
}
