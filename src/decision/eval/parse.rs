//! Text as numbers, sizes, durations and addresses: `std.integer`, `std.bytes`, `std.duration`, `std.ip`.

use std::net::IpAddr;

use crate::lang::schema::{BYTE_UNITS, DURATION_UNITS, Unit};

/// The whole number that the text is, white space around it ignored; `None` if it is none or does not fit. A point
/// behind it is let pass, as in Varnish.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let number = text.strip_suffix('.').unwrap_or(text);
    number.parse().ok().filter(|_| !number.starts_with('+'))
}

/// The number, with or without a fraction, that the text is.
pub(super) fn real(text: &[u8]) -> Option<f64> {
    decimal(std::str::from_utf8(text.trim_ascii()).ok()?)
}

/// A number with a unit, such as `1.5h`, in milliseconds; `None` if it is none or does not fit.
pub(super) fn duration(text: &[u8]) -> Option<i64> {
    measured(std::str::from_utf8(text.trim_ascii()).ok()?, DURATION_UNITS)
}

/// A number of bytes, such as `64KB`, `1.5k` or `12`; `None` if it is none, not a whole one or does not fit.
pub(super) fn bytes(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let (number, unit) = text.split_at(text.find(|at: char| at.is_ascii_alphabetic()).unwrap_or(text.len()));
    let is_unit = |known: &&Unit| {
        [known.name, known.name.trim_end_matches('B')].iter().any(|name| name.eq_ignore_ascii_case(unit))
    };
    let factor = BYTE_UNITS.iter().find(is_unit)?.factor;
    let number = number.trim_ascii_end();
    let bytes = product(number, factor).filter(|_| !number.starts_with('.') && !number.ends_with('.'))?;
    (bytes.fract() == 0.0).then_some(bytes).and_then(rounded).filter(|bytes| *bytes >= 0)
}

fn measured(text: &str, units: &[Unit]) -> Option<i64> {
    let (number, unit) = text.split_at(text.find(|at: char| at.is_ascii_alphabetic())?);
    let factor = units.iter().find(|known| known.name == unit)?.factor;
    product(number.trim_ascii_end(), factor).and_then(rounded)
}

#[expect(clippy::cast_precision_loss, reason = "units are short numbers")]
fn product(number: &str, factor: u64) -> Option<f64> {
    Some(decimal(number)? * factor as f64)
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounds are checked")]
fn rounded(number: f64) -> Option<i64> {
    (number.abs() < i64::MAX as f64).then(|| number.round() as i64)
}

/// Digits with a point and a minus; no infinity, no exponent.
fn decimal(number: &str) -> Option<f64> {
    let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    number.parse().ok().filter(|number: &f64| is_decimal && number.is_finite())
}

/// An address, IPv6 with or without brackets, also with a port: `192.0.2.1:80`, `[::1]:80`, `::1 80`. Names are not
/// resolved. An address of IPv4 in the form of IPv6 is the one of IPv4, as that of a client is.
pub(super) fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let (address, port) = match text.strip_prefix('[') {
        Some(text) => text.split_once(']')?,
        None => text.split_at(text.find(' ').or_else(|| only_colon(text)).unwrap_or(text.len())),
    };
    let port = port.strip_prefix([':', ' ']).unwrap_or(port);
    let address: IpAddr = address.parse().ok()?;
    port.bytes().all(|byte| byte.is_ascii_digit()).then(|| address.to_canonical())
}

/// Where the colon stands, if there is one: of an address of IPv6 there are more.
fn only_colon(text: &str) -> Option<usize> {
    text.find(':').filter(|at| text.rfind(':') == Some(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_whole_or_not_at_all() {
        for (text, number) in [
            ("12", Some(12)),
            (" -3 ", Some(-3)),
            ("1.9", None),
            ("1.", Some(1)),
            ("+5", None),
            ("12a", None),
            ("", None),
        ] {
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
        for (text, size) in [
            ("64KB", Some(65_536)),
            ("12", Some(12)),
            ("1.5KB", Some(1536)),
            ("1.5k", Some(1536)),
            (" 1 kb ", Some(1024)),
            ("2T", Some(2 << 40)),
            ("1b", Some(1)),
            ("1.5", None),
            ("1.0005K", None),
            ("-1", None),
            ("9e9", None),
            ("", None),
            ("K", None),
            (".5K", None),
            ("1.K", None),
        ] {
            assert_eq!(bytes(text.as_bytes()), size, "{text}");
        }
        assert_eq!(real(b" -0.5 "), Some(-0.5));
        assert_eq!((real(b"inf"), real(b"1e5"), real(b"")), (None, None, None));
    }

    #[test]
    fn addresses_are_read_and_names_are_not() {
        assert_eq!(ip(b"10.0.0.1"), Some([10, 0, 0, 1].into()));
        for text in ["[::1]", "::1", "[::1]:80", "::1 80"] {
            assert_eq!(ip(text.as_bytes()), "::1".parse().ok(), "{text}");
        }
        for text in ["10.0.0.1:80", "10.0.0.1 80", "10.0.0.1:", "10.0.0.1 ", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:80"]
        {
            assert_eq!(ip(text.as_bytes()), Some([10, 0, 0, 1].into()), "{text}");
        }
        for text in ["10.0.0.1:nosuch", "10.0.0.1:80:80", "[10.0.0.1", "10.1", "010.0.0.1", ""] {
            assert_eq!(ip(text.as_bytes()), None, "{text}");
        }
        assert_eq!(ip(b"localhost"), None);
    }
}
