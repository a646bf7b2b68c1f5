//! HTTP dates (RFC 9110 §5.6.7): the three forms a recipient accepts, and the one it writes.
//!
//! Letter case is forgiven, for it is common and harmless; nothing else is, so that a damaged
//! `Expires` counts as expired. The name of the weekday must be one, not the right one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SHORT_DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECONDS: i64 = 86_400;
/// The last second that the form for writing has a year for: the end of 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// Reads a date in any of the three forms; `None` when it is not exactly one of them.
///
/// `now` is needed for the two-digit year of the RFC 850 form: it is the one that lies at most 50
/// years ahead (RFC 9110 §5.6.7).
#[must_use]
pub fn parse(value: &[u8], now: SystemTime) -> Option<SystemTime> {
    let date = imf_fixdate(Cursor(value)).or_else(|| asctime(Cursor(value))).or_else(|| rfc850(Cursor(value), now))?;
    from_unix(date.unix_seconds()?)
}

/// Writes a date as IMF-fixdate. Times before 1970 and after 9999 are written as the nearest one
/// that the form can express; fractions of a second are cut off.
#[must_use]
pub fn format(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(mut text: Cursor) -> Option<Civil> {
    text.one_of(&SHORT_DAYS)?;
    text.literal(b", ")?;
    let day = text.digits(2)?;
    text.literal(b" ")?;
    let month = text.one_of(&MONTHS)?;
    text.literal(b" ")?;
    let year = text.digits(4)?;
    text.literal(b" ")?;
    let time = text.time()?;
    text.gmt()?;
    text.end(Civil { year, month: month + 1, day, time })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(mut text: Cursor, now: SystemTime) -> Option<Civil> {
    text.one_of(&LONG_DAYS)?;
    text.literal(b", ")?;
    let day = text.digits(2)?;
    text.literal(b"-")?;
    let month = text.one_of(&MONTHS)?;
    text.literal(b"-")?;
    let year = full_year(text.digits(2)?, now);
    text.literal(b" ")?;
    let time = text.time()?;
    text.gmt()?;
    text.end(Civil { year, month: month + 1, day, time })
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(mut text: Cursor) -> Option<Civil> {
    text.one_of(&SHORT_DAYS)?;
    text.literal(b" ")?;
    let month = text.one_of(&MONTHS)?;
    text.literal(b" ")?;
    let day = if text.literal(b" ").is_some() { text.digits(1)? } else { text.digits(2)? };
    text.literal(b" ")?;
    let time = text.time()?;
    text.literal(b" ")?;
    let year = text.digits(4)?;
    text.end(Civil { year, month: month + 1, day, time })
}

/// The latest year with these two last digits that is at most 50 years after `now`.
fn full_year(two_digits: i64, now: SystemTime) -> i64 {
    let latest = year_of(to_unix(now)).saturating_add(50);
    two_digits + (latest - two_digits).div_euclid(100) * 100
}

/// A date on the Gregorian calendar, month and day from 1, and the second of its day.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    time: i64,
}

impl Civil {
    /// Seconds since 1970; `None` when the month has no such day.
    fn unix_seconds(&self) -> Option<i64> {
        if self.day < 1 || self.day > self.days_in_month() {
            return None;
        }
        Some(days_since_1970(self.year, self.month, self.day) * DAY_SECONDS + self.time)
    }

    fn days_in_month(&self) -> i64 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

/// Days from 1970-01-01, counting years from March so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The year that a second lies in: the inverse of [`days_since_1970`].
fn year_of(unix_seconds: i64) -> i64 {
    let days = unix_seconds.div_euclid(DAY_SECONDS) + 719_468;
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    days.div_euclid(146_097) * 400 + year_of_era + i64::from(day_of_year >= 306)
}

fn to_unix(time: SystemTime) -> i64 {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX / 2);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

fn from_unix(seconds: i64) -> Option<SystemTime> {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) }
}

/// What is left to read; every method reads one piece or says that it is not there.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn literal(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    /// The index of the word that comes next, in any letter case.
    fn one_of(&mut self, words: &[&str]) -> Option<i64> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.0.split_at_checked(len)?;
        let index = words.iter().position(|known| word.eq_ignore_ascii_case(known.as_bytes()))?;
        self.0 = rest;
        i64::try_from(index).ok()
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        Some(number)
    }

    /// `08:49:37` as the second of the day; a 60th second is a leap second.
    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.literal(b":")?;
        let minute = self.digits(2)?;
        self.literal(b":")?;
        let second = self.digits(2)?;
        (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
    }

    fn gmt(&mut self) -> Option<()> {
        self.literal(b" ")?;
        self.one_of(&["GMT"]).map(|_| ())
    }

    fn end(&self, date: Civil) -> Option<Civil> {
        self.0.is_empty().then_some(date)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-08-01T00:00:00Z
    const NOW: u64 = 1_785_542_400;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn unix(text: &str) -> Option<i64> {
        parse(text.as_bytes(), at(NOW)).map(to_unix)
    }

    #[test]
    fn rfc9110_5_6_7_the_three_forms() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(unix(text), Some(784_111_777), "{text}");
        }
        assert_eq!(unix("Wed Nov 16 08:49:37 1994"), Some(784_975_777));
    }

    #[test]
    fn letter_case_is_forgiven() {
        for text in ["THU, 18 Aug 2050 02:01:18 GMT", "Thu, 18 AUG 2050 02:01:18 GMT", "Thu, 18 Aug 2050 02:01:18 gMT"]
        {
            assert_eq!(unix(text), Some(2_544_400_878), "{text}");
        }
    }

    #[test]
    fn far_dates() {
        assert_eq!(unix("Tue, 19 Jan 2038 14:14:08 GMT"), Some(2_147_523_248));
        assert_eq!(unix("Sun, 21 Nov 2286 04:46:39 GMT"), Some(10_000_039_599));
        assert_eq!(unix("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(unix("Wed, 31 Dec 1969 23:59:59 GMT"), Some(-1));
        assert_eq!(unix("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
    }

    #[test]
    fn rfc9110_5_6_7_two_digit_years_lie_at_most_50_years_ahead() {
        let year = |digits: i64| full_year(digits, at(NOW));
        assert_eq!((year(26), year(50), year(76), year(77), year(99), year(0)), (2026, 2050, 2076, 1977, 1999, 2000));
        assert_eq!(unix("Thursday, 18-Aug-50 02:01:18 GMT"), unix("Thu, 18 Aug 2050 02:01:18 GMT"));
    }

    #[test]
    fn damaged_dates_are_none() {
        for text in [
            "",
            "0",
            "-1",
            "foo",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 2050 02:01:18",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug 2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 8 Aug 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 24:00:00 GMT",
            "Thu, 18 Aug 2050 02:60:18 GMT",
            "Thu, 18 Aug 2050 02:01:61 GMT",
            "Thu, 32 Aug 2050 02:01:18 GMT",
            "Thu, 00 Aug 2050 02:01:18 GMT",
            "Fri, 31 Feb 2050 02:01:18 GMT",
            "Mon, 29 Feb 2100 02:01:18 GMT",
            "Xyz, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18 Xyz 2050 02:01:18 GMT",
            "Thursday, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18-Aug-50 02:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMT ",
            " Thu, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMTx",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Thu, +8 Aug 2050 02:01:18 GMT",
        ] {
            assert_eq!(unix(text), None, "{text}");
        }
    }

    #[test]
    fn leap_days_and_leap_seconds() {
        assert!(unix("Tue, 29 Feb 2000 00:00:00 GMT").is_some());
        assert_eq!(unix("Sat, 31 Dec 2016 23:59:60 GMT"), unix("Sun, 01 Jan 2017 00:00:00 GMT"));
    }

    #[test]
    fn writing_clamps_to_the_years_of_the_form() {
        assert_eq!(format(UNIX_EPOCH - Duration::from_secs(9)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(at(LAST_SECOND + 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0..=LAST_SECOND) {
            prop_assert_eq!(parse(format(at(seconds)).as_bytes(), at(NOW)), Some(at(seconds)));
        }

        #[test]
        fn years_are_found_back(seconds in 0..=LAST_SECOND) {
            let text = format(at(seconds));
            let year: i64 = text[12..16].parse().unwrap();
            prop_assert_eq!(year_of(to_unix(at(seconds))), year);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), now in 0..u64::MAX / 4) {
            let now = UNIX_EPOCH.checked_add(Duration::from_secs(now)).unwrap_or(UNIX_EPOCH);
            let _ = parse(&bytes, now);
        }

        #[test]
        fn no_near_date_panics(text in "[A-Z][a-z]{2,8},? [0-9]{1,2}[- ][A-Z][a-z]{2}[- ][0-9]{2,4} [0-9:]{8} ?[A-Z]{0,3}") {
            let _ = unix(&text);
        }
    }
}
