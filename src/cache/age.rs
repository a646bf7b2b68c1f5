//! The age of a response (RFC 9111 §4.2.3) and the `Age` field (§5.1).

use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderValue};

use super::{date, delta_seconds, list};

/// When, by our clock, a response was asked for and when its head arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// When the request was sent.
    pub request_time: SystemTime,
    /// When the response head was received.
    pub response_time: SystemTime,
}

impl Timing {
    /// Sent and received at the same moment: for what did not come over a network.
    #[must_use]
    pub fn instant(now: SystemTime) -> Self {
        Self { request_time: now, response_time: now }
    }
}

/// How old the response was when it was received: `corrected_initial_age` of RFC 9111 §4.2.3.
///
/// An `Age` that is not a number is ignored; of several the first counts; a missing or damaged
/// `Date` counts as the time of receipt. Fractions of a second of apparent age are dropped, since
/// `Date` has none.
#[must_use]
pub fn corrected_initial_age(headers: &HeaderMap, timing: Timing) -> Duration {
    let apparent_age = date_value(headers, timing.response_time)
        .map_or(Duration::ZERO, |date| Duration::from_secs(since(timing.response_time, date).as_secs()));
    // An age has whole seconds (§1.2.2), so that a quick answer does not come aged.
    let response_delay = Duration::from_secs(since(timing.response_time, timing.request_time).as_secs());
    let corrected_age_value = age_value(headers).unwrap_or_default().saturating_add(response_delay);
    apparent_age.max(corrected_age_value)
}

/// How old the response is at `now`: `current_age` of RFC 9111 §4.2.3. A clock that was set back
/// does not make it younger than it came.
#[must_use]
pub fn current_age(initial_age: Duration, response_time: SystemTime, now: SystemTime) -> Duration {
    initial_age.saturating_add(since(now, response_time))
}

/// The value of an `Age` field for this age: whole seconds, at most 2^31 (RFC 9111 §1.2.2, §5.1).
#[must_use]
pub fn header_value(age: Duration) -> HeaderValue {
    HeaderValue::from(age.as_secs().min(delta_seconds::MAX_SECONDS))
}

/// The `Date` of a message, or `None` when it has none, several or a damaged one.
pub(super) fn date_value(headers: &HeaderMap, now: SystemTime) -> Option<SystemTime> {
    let mut lines = headers.get_all(DATE).iter();
    let date = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    date::parse(date.as_bytes(), now)
}

/// The first member of the first `Age` line, if that is a number.
fn age_value(headers: &HeaderMap) -> Option<Duration> {
    let first_line = headers.get(AGE)?;
    delta_seconds::parse(list::split(first_line.as_bytes()).next()?)
}

/// `later` - `earlier`, zero when they are the other way round.
pub(super) fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    fn initial_age(ages: &[&str], date: Option<&str>, sent: u64, received: u64) -> u64 {
        let mut headers = HeaderMap::new();
        for age in ages {
            headers.append(AGE, HeaderValue::from_str(age).unwrap());
        }
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        corrected_initial_age(&headers, Timing { request_time: at(sent), response_time: at(received) }).as_secs()
    }

    #[test]
    fn rfc9111_5_1_the_first_age_counts_and_nonsense_is_ignored() {
        for (ages, expected) in [
            (&["7200"][..], 7200),
            (&["7200, 0"], 7200),
            (&["0, 7200"], 0),
            (&["7200", "0"], 7200),
            (&["0", "7200"], 0),
            (&["abc"], 0),
            (&["-7200"], 0),
            (&["7200.0"], 0),
            (&["7200;foo=bar"], 0),
            (&["2147483647"], 2_147_483_647),
            (&["99999999999"], 2_147_483_648),
        ] {
            assert_eq!(initial_age(ages, None, 0, 0), expected, "{ages:?}");
        }
    }

    #[test]
    fn rfc9111_4_2_3_the_greater_of_apparent_age_and_age_with_delay() {
        let date = date::format(at(0));
        assert_eq!(initial_age(&[], Some(&date), 5, 5), 5);
        assert_eq!(initial_age(&["30"], Some(&date), 3, 5), 32);
        assert_eq!(initial_age(&["1"], Some(&date), 90, 100), 100);
        assert_eq!(initial_age(&[], Some("Fri, 01 Jan 2100 00:00:00 GMT"), 0, 0), 0);
        assert_eq!(initial_age(&[], Some("foo"), 0, 4), 4);
    }

    #[test]
    fn fractions_of_apparent_age_are_dropped() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_str(&date::format(at(0))).unwrap());
        let received = at(0) + Duration::from_millis(900);
        assert_eq!(corrected_initial_age(&headers, Timing::instant(received)), Duration::ZERO);
    }

    #[test]
    fn rfc9111_4_2_3_current_age_grows_and_saturates() {
        assert_eq!(current_age(Duration::from_secs(30), at(0), at(12)), Duration::from_secs(42));
        assert_eq!(current_age(Duration::from_secs(30), at(10), at(0)), Duration::from_secs(30));
        assert_eq!(current_age(Duration::MAX, at(0), at(12)), Duration::MAX);
    }

    #[test]
    fn rfc9111_5_1_the_written_value() {
        assert_eq!(header_value(Duration::from_millis(4_900)), "4");
        assert_eq!(header_value(Duration::MAX), "2147483648");
    }
}
