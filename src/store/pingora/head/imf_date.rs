//! Dates as servers write them, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), as a number of seconds.
//! Only a date that comes back as it was, byte for byte, is taken for one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cache::date;

/// How long the form is.
pub const LEN: usize = 29;
const DAYS: &[u8; 7 * 3] = b"ThuFriSatSunMonTueWed";
const MONTHS: &[u8; 12 * 3] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
const DAY_SECONDS: u64 = 86_400;
/// The last second that the form has a year for: the end of 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// The seconds since 1970 of a date that [`write`] writes in these very bytes.
pub fn seconds(text: &[u8]) -> Option<u64> {
    if text.len() != LEN {
        return None;
    }
    // The form with a year of two digits is none of that length, so the time of day plays no part.
    let time = date::parse(text, SystemTime::UNIX_EPOCH)?;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (write(seconds)?.as_slice() == text).then_some(seconds)
}

/// The time that a number of seconds is.
pub fn at(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The date as text; `None` after 9999.
pub fn write(seconds: u64) -> Option<[u8; LEN]> {
    if seconds > LAST_SECOND {
        return None;
    }
    let (days, second) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (year, month, day) = civil(days);
    let mut text = *b"Xxx, 00 Xxx 0000 00:00:00 GMT";
    put(&mut text, 0, name(DAYS, days % 7)?)?;
    put(&mut text, 5, &two_digits(day))?;
    put(&mut text, 8, name(MONTHS, month - 1)?)?;
    put(&mut text, 12, &two_digits(year / 100))?;
    put(&mut text, 14, &two_digits(year % 100))?;
    put(&mut text, 17, &two_digits(second / 3600))?;
    put(&mut text, 20, &two_digits(second / 60 % 60))?;
    put(&mut text, 23, &two_digits(second % 60))?;
    Some(text)
}

/// Year, month from 1 and day of the month, days after 1970-01-01. Reckoned in years that begin in March,
/// so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01, in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * era + year + u64::from(month <= 2), month, day - (153 * from_march + 2) / 5 + 1)
}

fn name(names: &[u8], index: u64) -> Option<&[u8]> {
    let start = usize::try_from(index).ok()? * 3;
    names.get(start..start + 3)
}

fn two_digits(number: u64) -> [u8; 2] {
    // Below 100, so that each is a digit.
    let digit = |number: u64| b'0' + u8::try_from(number % 10).unwrap_or_default();
    [digit(number / 10), digit(number)]
}

fn put(text: &mut [u8; LEN], at: usize, part: &[u8]) -> Option<()> {
    text.get_mut(at..at + part.len())?.copy_from_slice(part);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_comes_back_as_it_was_is_taken() {
        assert_eq!(seconds(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for other in [
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sat, 31 Dec 2016 23:59:60 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "0",
        ] {
            assert_eq!(seconds(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn written_as_everywhere_else(seconds in 0..=LAST_SECOND) {
            let text = write(seconds).unwrap();
            prop_assert_eq!(str::from_utf8(&text).unwrap(), date::format(at(seconds).unwrap()));
            prop_assert_eq!(super::seconds(&text), Some(seconds));
        }

        #[test]
        fn no_number_panics(seconds: u64) {
            prop_assert_eq!(write(seconds).is_some(), seconds <= LAST_SECOND);
        }
    }
}
