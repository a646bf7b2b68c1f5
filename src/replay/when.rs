//! Times as logs write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// `10/Oct/2000:13:55:36 -0700`.
const COMMON: &[BorrowedFormatItem<'_>] = format_description!(
    "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// A number beyond this counts milliseconds since 1970, not seconds.
const MOST_SECONDS: f64 = 1e11;

/// What a text says: that of the common log format, of RFC 3339, or seconds or milliseconds since 1970.
pub(super) fn from_text(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let said = OffsetDateTime::parse(text, COMMON).or_else(|_| OffsetDateTime::parse(text, &Rfc3339));
    said.ok().map(SystemTime::from).or_else(|| text.parse().ok().and_then(from_number))
}

/// Seconds or milliseconds since 1970.
pub(super) fn from_number(number: f64) -> Option<SystemTime> {
    let seconds = if number > MOST_SECONDS { number / 1e3 } else { number };
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_moment_are_read() {
        let moment = UNIX_EPOCH + Duration::from_secs(971_211_336);
        for text in [
            "10/Oct/2000:13:55:36 -0700",
            "10/Oct/2000:20:55:36 +0000",
            "2000-10-10T20:55:36Z",
            "2000-10-10T20:55:36.000+00:00",
            "971211336",
            "971211336.000",
            "971211336000",
        ] {
            assert_eq!(from_text(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "-", "yesterday", "-5", "NaN", "inf", "1e300", "32/Oct/2000:13:55:36 -0700"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }
}
