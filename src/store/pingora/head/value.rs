//! The value of a field: dates, numbers and the usual entity tags in few bytes, all else as it is.

use std::time::SystemTime;

use http::HeaderValue;

use super::imf_date;
use super::span;
use super::varint::{self, Reader};

/// What a value begins with says how it is written.
mod kind {
    /// A date, as its distance from the time at which the response was stored.
    pub const DATE: u8 = 0;
    /// Digits, without a zero before them.
    pub const NUMBER: u8 = 1;
    /// `"66b3a1f2-400"`, as nginx and Apache make entity tags.
    pub const HEX_PAIR: u8 = 2;
    pub const WEAK_HEX_PAIR: u8 = 3;
    /// `"5d41402abc4b2a76b9719d911017c592"`, as those make them that hash.
    pub const HEX: u8 = 4;
    pub const WEAK_HEX: u8 = 5;
    /// A text of a length that stands behind it.
    pub const LONG_TEXT: u8 = 6;
    /// A text; its length is what is above this.
    pub const TEXT: u8 = 7;
}

/// The longest text whose length is in its first byte.
const SHORT_TEXT: usize = (u8::MAX - kind::TEXT) as usize;
/// Digits that a `u64` surely holds.
const MAX_DIGITS: usize = 19;
const MAX_HEX_DIGITS: usize = 16;

/// Writes a value in a shorter form than its text, if it has one; `stored` is what dates are measured from.
pub fn write_short(value: &[u8], stored: SystemTime, out: &mut Vec<u8>) -> bool {
    match value {
        [b'0'..=b'9', ..] => write_number(value, out),
        [b'"', tag @ .., b'"'] => write_tag(tag, 0, out),
        [b'W', b'/', b'"', tag @ .., b'"'] => write_tag(tag, 1, out),
        _ => write_date(value, stored, out),
    }
    .is_some()
}

/// Writes a value as it is.
pub fn write_text(value: &[u8], out: &mut Vec<u8>) {
    match u8::try_from(value.len()) {
        Ok(short) if value.len() <= SHORT_TEXT => {
            out.push(kind::TEXT + short);
            out.extend_from_slice(value);
        }
        _ => {
            out.push(kind::LONG_TEXT);
            varint::write_bytes(value, out);
        }
    }
}

fn write_date(value: &[u8], stored: SystemTime, out: &mut Vec<u8>) -> Option<()> {
    let date = imf_date::at(imf_date::seconds(value)?)?;
    out.push(kind::DATE);
    span::write_between(whole_second(stored)?, date, out);
    Some(())
}

/// From a whole second, the distance to a date is one of whole seconds.
fn whole_second(time: SystemTime) -> Option<SystemTime> {
    imf_date::at(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

fn write_number(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let has_zero = value.len() > 1 && value.starts_with(b"0");
    if has_zero || value.len() > MAX_DIGITS || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = str::from_utf8(value).ok()?.parse().ok()?;
    out.push(kind::NUMBER);
    varint::write(number.into(), out);
    Some(())
}

fn write_tag(tag: &[u8], weak: u8, out: &mut Vec<u8>) -> Option<()> {
    if let Some(dash) = tag.iter().position(|byte| *byte == b'-') {
        let (first, second) = tag.split_at_checked(dash)?;
        let (first, second) = (hex_number(first)?, hex_number(second.strip_prefix(b"-")?)?);
        out.push(kind::HEX_PAIR + weak);
        varint::write(first.into(), out);
        varint::write(second.into(), out);
        return Some(());
    }
    let digits: Option<Vec<u8>> = tag.iter().map(|digit| hex_digit(*digit)).collect();
    let digits = digits?;
    out.push(kind::HEX + weak);
    varint::write(digits.len() as u128, out);
    let packed = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    out.extend(packed);
    Some(())
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The number that is written as `{:x}`.
fn hex_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > MAX_HEX_DIGITS || (text.len() > 1 && text.starts_with(b"0")) {
        return None;
    }
    text.iter().try_fold(0, |number, digit| Some(number << 4 | u64::from(hex_digit(*digit)?)))
}

/// Reads a value.
pub fn read(reader: &mut Reader, stored: SystemTime) -> Option<HeaderValue> {
    match reader.byte()? {
        kind::DATE => read_date(reader, stored),
        kind::NUMBER => read_number(reader),
        kind::HEX_PAIR => read_hex_pair(reader, b"\""),
        kind::WEAK_HEX_PAIR => read_hex_pair(reader, b"W/\""),
        kind::HEX => read_hex(reader, b"\""),
        kind::WEAK_HEX => read_hex(reader, b"W/\""),
        kind::LONG_TEXT => HeaderValue::from_bytes(reader.bytes()?).ok(),
        short => HeaderValue::from_bytes(reader.take(usize::from(short - kind::TEXT))?).ok(),
    }
}

/// Passes a value over.
pub fn skip(reader: &mut Reader) -> Option<()> {
    match reader.byte()? {
        kind::DATE | kind::NUMBER => reader.number().map(drop),
        kind::HEX_PAIR | kind::WEAK_HEX_PAIR => reader.number().and_then(|_| reader.number()).map(drop),
        kind::HEX | kind::WEAK_HEX => {
            let digits: usize = reader.number_as()?;
            reader.take(digits.div_ceil(2)).map(drop)
        }
        kind::LONG_TEXT => reader.bytes().map(drop),
        short => reader.take(usize::from(short - kind::TEXT)).map(drop),
    }
}

fn read_date(reader: &mut Reader, stored: SystemTime) -> Option<HeaderValue> {
    let date = span::read_from(whole_second(stored)?, reader)?;
    let text = imf_date::write(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())?;
    HeaderValue::from_bytes(&text).ok()
}

fn read_number(reader: &mut Reader) -> Option<HeaderValue> {
    let mut number: u64 = reader.number_as()?;
    let mut text = Text::default();
    while number > 0 || text.is_empty() {
        text.put_before(&[b'0' + u8::try_from(number % 10).ok()?])?;
        number /= 10;
    }
    text.value()
}

fn read_hex_pair(reader: &mut Reader, opening: &[u8]) -> Option<HeaderValue> {
    let (first, second): (u64, u64) = (reader.number_as()?, reader.number_as()?);
    let mut text = Text::default();
    text.put_before(b"\"")?;
    text.put_hex_before(second)?;
    text.put_before(b"-")?;
    text.put_hex_before(first)?;
    text.put_before(opening)?;
    text.value()
}

/// A short text that is made from its end, without an allocation.
struct Text {
    bytes: [u8; 48],
    start: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self { bytes: [0; 48], start: 48 }
    }
}

impl Text {
    fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    #[inline]
    fn put_before(&mut self, part: &[u8]) -> Option<()> {
        let start = self.start.checked_sub(part.len())?;
        self.bytes.get_mut(start..self.start)?.copy_from_slice(part);
        self.start = start;
        Some(())
    }

    /// Without zeros before it.
    fn put_hex_before(&mut self, mut number: u64) -> Option<()> {
        self.put_before(&[hex_letter(number)])?;
        while number > 0xf {
            number >>= 4;
            self.put_before(&[hex_letter(number)])?;
        }
        Some(())
    }

    fn value(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(self.bytes.get(self.start..)?).ok()
    }
}

/// The digit of the four lowest bits.
fn hex_letter(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    match low & 0xf {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    }
}

fn read_hex(reader: &mut Reader, opening: &[u8]) -> Option<HeaderValue> {
    let count: usize = reader.number_as()?;
    let packed = reader.take(count.div_ceil(2))?;
    let mut text = Vec::with_capacity(opening.len() + count + 1);
    text.extend_from_slice(opening);
    let (last, pairs) =
        if count.is_multiple_of(2) { (None, packed) } else { packed.split_last().map(|(l, p)| (Some(l), p))? };
    text.extend(pairs.iter().flat_map(|pair| [pair >> 4, *pair]).map(|digit| hex_letter(digit.into())));
    text.extend(last.map(|digit| hex_letter((*digit).into())));
    text.push(b'"');
    HeaderValue::from_bytes(&text).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    /// 2026-08-01T00:00:00.5Z
    const STORED: Duration = Duration::from_millis(1_785_542_400_500);

    /// How many bytes a value takes; it is read back as it was, and passed over.
    fn taken(value: &[u8]) -> usize {
        let stored = UNIX_EPOCH + STORED;
        let mut out = Vec::new();
        if !write_short(value, stored, &mut out) {
            assert!(out.is_empty());
            write_text(value, &mut out);
        }
        let (mut reader, mut skipping) = (Reader(&out), Reader(&out));
        assert_eq!(read(&mut reader, stored).unwrap().as_bytes(), value);
        skip(&mut skipping).unwrap();
        assert!(reader.is_empty() && skipping.is_empty());
        out.len()
    }

    #[test]
    fn what_servers_send_is_short() {
        let usual: [(&str, usize); 9] = [
            ("Sat, 01 Aug 2026 00:00:00 GMT", 2),
            ("Fri, 31 Jul 2026 23:59:59 GMT", 2),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 6),
            ("0", 2),
            ("1024", 3),
            ("\"66b3a1f2-400\"", 8),
            ("W/\"66b3a1f2-400\"", 8),
            ("\"5d41402abc4b2a76b9719d911017c592\"", 18),
            ("text/html", 10),
        ];
        for (value, bytes) in usual {
            assert_eq!(taken(value.as_bytes()), bytes, "{value}");
        }
    }

    #[test]
    fn what_is_nearly_so_stays_as_it_is() {
        let near = [
            "007",
            "00",
            "1 ",
            "+1",
            "99999999999999999999",
            "\"",
            "W/\"",
            "\"\"",
            "W/\"\"",
            "\"-\"",
            "\"0-0\"",
            "\"01-2\"",
            "\"AB-2\"",
            "\"1-2-3\"",
            "\"abc\"",
            "\"00\"",
            "w/\"1-2\"",
            "\"12345678901234567-1\"",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "",
        ];
        for value in near {
            taken(value.as_bytes());
        }
        taken(&[b'a'; SHORT_TEXT]);
        taken(&[b'a'; SHORT_TEXT + 1]);
        taken(&vec![0xff; 70_000]);
    }

    proptest! {
        #[test]
        fn every_value_is_read_back(value in "[\t -~\u{80}-\u{ff}]{0,40}", tag in "(W/)?\"[0-9a-f]{0,18}-?[0-9a-f]{0,18}\"", number in "[0-9]{1,21}") {
            taken(value.as_bytes());
            taken(tag.as_bytes());
            taken(number.as_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&mut Reader(&bytes), UNIX_EPOCH);
            let _ = skip(&mut Reader(&bytes));
        }
    }
}
