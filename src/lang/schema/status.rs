//! The statuses that a policy may give a response.
//!
//! As in VCL a status may have up to five digits, `VWXYZ`: the last three are sent, the ones before them are seen by
//! the policy alone, as a word from `recv` to `synth`. What varnishd 7.1.1 does with a number is done here, but for 1xx:
//! an interim response (RFC 9110 section 15.2) would leave the client waiting.

/// What goes before the digits that are sent.
const BEFORE: i64 = 1_000;

/// Those of them that are sent with a response that ends a request. What is above 599 is kept open.
const SENT: std::ops::RangeInclusive<i64> = 200..=999;

/// In a sentence: what a status is.
pub const STATUS_WORDS: &str = "a number from 200 to 999, or up to 65535 with such a number for its last three digits";

/// The number as a status, if it is one.
#[must_use]
pub fn status(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|_| SENT.contains(&(number % BEFORE)))
}

/// What of a status is sent, and what the policy alone sees: `404` and `10` of 10404.
#[must_use]
pub const fn split_status(status: u16) -> (u16, u16) {
    (status % 1_000, status / 1_000)
}

/// What [`split_status`] has split.
#[must_use]
pub fn join_status(sent: u16, unsent: u16) -> i64 {
    i64::from(unsent) * BEFORE + i64::from(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_up_to_five_digits_of_which_the_last_three_are_sent() {
        for good in [200, 999, 1_200, 10_404, 64_999, 65_535] {
            assert_eq!(status(good).map(i64::from), Some(good));
        }
        for bad in [-404, 0, 99, 199, 1_000, 10_099, 10_199, 65_536, 70_404, i64::MAX, i64::MIN] {
            assert_eq!(status(bad), None, "{bad}");
        }
        assert_eq!((split_status(10_404), split_status(404)), ((404, 10), (404, 0)));
        assert_eq!(join_status(404, 10), 10_404);
    }
}
