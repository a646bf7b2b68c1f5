//! Moments as `strftime(3)` of glibc writes them, in UTC and in the locale `C`.

use time::OffsetDateTime;

use crate::decision::facts::KEPT_TEXT_LIMIT_BYTES;

/// The widest that one part may be asked to be.
const MOST_WIDTH: usize = 255;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The moment in that format; `None` if it becomes too long. What is no conversion stands as it is.
pub(super) fn written(moment: OffsetDateTime, format: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (Vec::with_capacity(format.len() * 2), format);
    while let Some(mark) = memchr::memchr(b'%', rest) {
        let (plain, behind) = rest.split_at_checked(mark)?;
        text.extend_from_slice(plain);
        let conversion = Conversion::read(behind.get(1..)?);
        let converted = conversion.and_then(|conversion| Some((conversion.write(moment)?, conversion.bytes)));
        let (part, bytes) = converted.unwrap_or_else(|| ("%".to_owned(), 0));
        text.extend_from_slice(part.as_bytes());
        rest = behind.get(1 + bytes..)?;
        if text.len() > KEPT_TEXT_LIMIT_BYTES {
            return None;
        }
    }
    text.extend_from_slice(rest);
    Some(text)
}

/// What stands behind a `%`: `d`, `-d`, `03e`.
struct Conversion {
    /// `-`, `_` or `0`: what a number is filled up with.
    fill: Option<u8>,
    /// `^`: in capitals.
    capitals: bool,
    width: usize,
    letter: u8,
    /// How many bytes it takes.
    bytes: usize,
}

impl Conversion {
    fn read(text: &[u8]) -> Option<Self> {
        let (mut fill, mut capitals, mut width, mut at) = (None, false, 0, 0);
        while let Some(flag) = text.get(at).filter(|byte| matches!(byte, b'-' | b'_' | b'0' | b'^')) {
            if *flag == b'^' {
                capitals = true;
            } else {
                fill = Some(*flag);
            }
            at += 1;
        }
        while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            width = (width * 10 + usize::from(digit - b'0')).min(MOST_WIDTH);
            at += 1;
        }
        // Another calendar, other digits: the locale has none.
        at += usize::from(matches!(text.get(at), Some(b'E' | b'O')));
        Some(Self { fill, capitals, width, letter: *text.get(at)?, bytes: at + 1 })
    }

    fn write(&self, moment: OffsetDateTime) -> Option<String> {
        let whole = |format: &[u8]| written(moment, format).and_then(|text| String::from_utf8(text).ok());
        let hour = (moment.hour() + 11) % 12 + 1;
        let (week_year, week, _) = moment.to_iso_week_date();
        let day = usize::from(moment.weekday().number_days_from_sunday());
        let month = usize::from(u8::from(moment.month()) - 1);
        let number = |number: i64, digits| Some(self.number(number, digits, b'0'));
        let spaced = |number: u8| Some(self.number(number.into(), 2, b'_'));
        let year = |year: i32| Some(self.number(year.into(), 1, b'0'));
        let text = match self.letter {
            b'C' => return number(i64::from(moment.year() / 100), 2),
            b'd' => return number(moment.day().into(), 2),
            b'e' => return spaced(moment.day()),
            b'g' => return number((week_year % 100).into(), 2),
            b'G' => return year(week_year),
            b'H' => return number(moment.hour().into(), 2),
            b'I' => return number(hour.into(), 2),
            b'j' => return number(moment.ordinal().into(), 3),
            b'k' => return spaced(moment.hour()),
            b'l' => return spaced(hour),
            b'm' => return number(i64::from(u8::from(moment.month())), 2),
            b'M' => return number(moment.minute().into(), 2),
            b's' => return number(moment.unix_timestamp(), 1),
            b'S' => return number(moment.second().into(), 2),
            b'u' => return number(moment.weekday().number_from_monday().into(), 1),
            b'U' => return number(moment.sunday_based_week().into(), 2),
            b'V' => return number(week.into(), 2),
            b'w' => return number(moment.weekday().number_days_from_sunday().into(), 1),
            b'W' => return number(moment.monday_based_week().into(), 2),
            b'y' => return number((moment.year() % 100).into(), 2),
            b'Y' => return year(moment.year()),
            b'a' => DAYS.get(day)?.get(..3)?.to_owned(),
            b'A' => (*DAYS.get(day)?).to_owned(),
            b'b' | b'h' => MONTHS.get(month)?.get(..3)?.to_owned(),
            b'B' => (*MONTHS.get(month)?).to_owned(),
            b'c' => whole(b"%a %b %e %H:%M:%S %Y")?,
            b'D' | b'x' => whole(b"%m/%d/%y")?,
            b'F' => whole(b"%Y-%m-%d")?,
            b'n' => "\n".to_owned(),
            b'p' => if moment.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            b'P' => if moment.hour() < 12 { "am" } else { "pm" }.to_owned(),
            b'r' => whole(b"%I:%M:%S %p")?,
            b'R' => whole(b"%H:%M")?,
            b't' => "\t".to_owned(),
            b'T' | b'X' => whole(b"%H:%M:%S")?,
            b'z' => "+0000".to_owned(),
            b'Z' => "GMT".to_owned(),
            b'%' => "%".to_owned(),
            _ => return None,
        };
        Some(self.padded(&if self.capitals { text.to_ascii_uppercase() } else { text }))
    }

    fn number(&self, number: i64, digits: usize, usual: u8) -> String {
        let width = self.width.max(digits);
        match self.fill.unwrap_or(usual) {
            b'-' => number.to_string(),
            b'_' => format!("{number:width$}"),
            _ => format!("{number:0width$}"),
        }
    }

    fn padded(&self, text: &str) -> String {
        let width = self.width;
        if self.fill == Some(b'0') { format!("{text:0>width$}") } else { format!("{text:>width$}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: i64, format: &str) -> String {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        String::from_utf8(written(moment, format.as_bytes()).unwrap()).unwrap()
    }

    /// As varnishd 7.1.1 answers.
    #[test]
    fn each_conversion_is_that_of_the_locale_c() {
        let all = "%A %b %B %c %C %d %D %e %F %g %G %h %H %I %j %k %l %m %M %p %P %r %R %s %S %u %U %V %w %W %x %X %y %Y %z %Z %+ %%";
        let expected = "Sunday Nov November Sun Nov  6 08:49:37 1994 19 06 11/06/94  6 1994-11-06 94 1994 Nov 08 08 310  8  8 11 49 AM am 08:49:37 AM 08:49 784111777 37 7 45 44 0 44 11/06/94 08:49:37 94 1994 +0000 GMT %+ %";
        assert_eq!(of(784_111_777, all), expected);
        assert_eq!(of(784_111_777, "%a %T %Z"), "Sun 08:49:37 GMT");
        let odd = "%Q %E %Ey %Od %-d %_d %0e %^a %10d %f %N %i %";
        assert_eq!(of(784_111_777, odd), "%Q %E 94 06 6  6 06 SUN 0000000006 %f %N %i %");
    }

    #[test]
    fn hours_and_weeks_begin_where_they_do() {
        assert_eq!(of(0, "%I %l %p %G-W%V-%u"), "12 12 AM 1970-W01-4");
        assert_eq!(of(43_200, "%I %l %P"), "12 12 pm");
        assert_eq!(of(1_609_459_200, "%F %G-W%V %U %W"), "2021-01-01 2020-W53 00 00");
    }

    #[test]
    fn no_format_makes_a_text_without_end() {
        let moment = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(written(moment, &b"%999999999d".repeat(300)), None);
        assert_eq!(of(0, "%4a|%_9T|%04p"), " Thu| 00:00:00|00AM");
    }
}
