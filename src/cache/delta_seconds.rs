//! delta-seconds (RFC 9111 §1.2.2): the whole seconds that directives and `Age` are written in.

use std::time::Duration;

/// The largest value: what is greater counts as this (RFC 9111 §1.2.2).
pub(super) const MAX_SECONDS: u64 = 1 << 31;

/// The same as a time.
pub(super) const MOST: Duration = Duration::from_secs(MAX_SECONDS);

/// Reads digits, and nothing but digits; `None` for everything else, the empty text too.
pub(super) fn parse(text: &[u8]) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut seconds: u64 = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        seconds = (seconds * 10 + u64::from(byte - b'0')).min(MAX_SECONDS);
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9111_1_2_2_values_saturate() {
        let seconds = |text: &str| parse(text.as_bytes()).map(|delta| delta.as_secs());
        for (text, expected) in [
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", Some(MAX_SECONDS)),
            ("2147483649", Some(MAX_SECONDS)),
            ("99999999999999999999999999", Some(MAX_SECONDS)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("1 ", None),
            ("a1", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
