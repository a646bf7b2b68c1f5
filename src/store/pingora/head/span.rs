//! Times and durations to the nanosecond, in few bytes where they are whole seconds or milliseconds.

use std::time::{Duration, SystemTime};

use super::varint::{self, Reader};

/// The two lowest bits of a span: what it is counted in, or that it leads into the past.
const UNIT_BITS: u32 = 2;
const SECONDS: u128 = 0;
const MILLISECONDS: u128 = 1;
const NANOSECONDS: u128 = 2;
/// Seconds back where they are whole, else nanoseconds: an odd number is that of whole seconds.
const BACK: u128 = 3;

const NANOS_A_MILLISECOND: u128 = 1_000_000;
const NANOS_A_SECOND: u64 = 1_000_000_000;

/// Writes a duration.
pub fn write(duration: Duration, out: &mut Vec<u8>) {
    let nanos = duration.as_nanos();
    let (count, unit) = match duration.subsec_nanos() {
        0 => (duration.as_secs().into(), SECONDS),
        part if u128::from(part) % NANOS_A_MILLISECOND == 0 => (nanos / NANOS_A_MILLISECOND, MILLISECONDS),
        _ => (nanos, NANOSECONDS),
    };
    varint::write(count << UNIT_BITS | unit, out);
}

/// Writes how much later than `from` a time is, or how much earlier.
pub fn write_between(from: SystemTime, to: SystemTime, out: &mut Vec<u8>) {
    match to.duration_since(from) {
        Ok(later) => write(later, out),
        Err(earlier) => write_back(earlier.duration(), out),
    }
}

fn write_back(duration: Duration, out: &mut Vec<u8>) {
    let is_whole = duration.subsec_nanos() == 0;
    let count = if is_whole { duration.as_secs().into() } else { duration.as_nanos() };
    varint::write((count << 1 | u128::from(is_whole)) << UNIT_BITS | BACK, out);
}

/// Reads a duration.
pub fn read(reader: &mut Reader) -> Option<Duration> {
    let (span, is_back) = read_span(reader)?;
    (!is_back).then_some(span)
}

/// Reads a time of which it was written how far from `from` it is.
pub fn read_from(from: SystemTime, reader: &mut Reader) -> Option<SystemTime> {
    let (span, is_back) = read_span(reader)?;
    if is_back { from.checked_sub(span) } else { from.checked_add(span) }
}

/// As [`read_from`], in nanoseconds since 1970; `None` also where 64 bits cannot tell it.
pub fn nanos_from(from: u64, reader: &mut Reader) -> Option<u64> {
    // The count may fill a word alone: its unit stands beside it.
    let number = reader.number()?;
    let (count, unit) = (u64::try_from(number >> UNIT_BITS).ok()?, number & ((1 << UNIT_BITS) - 1));
    let nanos_a_count = match unit {
        SECONDS => NANOS_A_SECOND,
        MILLISECONDS => 1_000_000,
        NANOSECONDS => 1,
        _ => return None,
    };
    from.checked_add(count.checked_mul(nanos_a_count)?)
}

#[inline]
fn read_span(reader: &mut Reader) -> Option<(Duration, bool)> {
    let number = reader.number()?;
    let (count, unit) = (number >> UNIT_BITS, number & ((1 << UNIT_BITS) - 1));
    let span = match unit {
        SECONDS => Duration::from_secs(count.try_into().ok()?),
        MILLISECONDS => from_nanos(count.checked_mul(NANOS_A_MILLISECOND)?)?,
        BACK if count & 1 == 1 => Duration::from_secs((count >> 1).try_into().ok()?),
        BACK => from_nanos(count >> 1)?,
        _ => from_nanos(count)?,
    };
    Some((span, unit == BACK))
}

#[inline]
fn from_nanos(nanos: u128) -> Option<Duration> {
    // Nearly all fit, and the processor divides no larger numbers.
    if let Ok(nanos) = u64::try_from(nanos) {
        return Some(Duration::from_nanos(nanos));
    }
    let second = u128::from(NANOS_A_SECOND);
    Some(Duration::new((nanos / second).try_into().ok()?, (nanos % second).try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    fn written(duration: Duration) -> Vec<u8> {
        let mut out = Vec::new();
        write(duration, &mut out);
        out
    }

    #[test]
    fn whole_seconds_and_milliseconds_are_short() {
        let lengths = [Duration::ZERO, Duration::from_secs(31), Duration::from_hours(1), Duration::from_millis(1500)];
        assert_eq!(lengths.map(|duration| written(duration).len()), [1, 1, 2, 2]);
    }

    #[test]
    fn what_64_bits_of_nanoseconds_can_tell_is_told() {
        let last = u64::MAX - u64::MAX % NANOS_A_SECOND;
        for nanos in [1 << 62, (1 << 62) + 1, 4_611_686_018_500_000_000, last - 1, last, last + 1, u64::MAX] {
            let read = nanos_from(0, &mut Reader(&written(Duration::from_nanos(nanos))));
            assert_eq!(read, Some(nanos), "{nanos}");
            assert_eq!(nanos_from(1, &mut Reader(&written(Duration::from_nanos(nanos)))), nanos.checked_add(1));
        }
    }

    proptest! {
        #[test]
        fn durations_are_read_back(seconds: u64, nanos in 0..1_000_000_000_u32, millis in 0..1000_u32) {
            for duration in [seconds, u64::MAX].map(|seconds| Duration::new(seconds, nanos)) {
                prop_assert_eq!(read(&mut Reader(&written(duration))), Some(duration));
            }
            let whole = Duration::new(seconds, millis * 1_000_000);
            prop_assert_eq!(read(&mut Reader(&written(whole))), Some(whole));
        }

        #[test]
        fn times_are_read_back(from in 0..1_u64 << 40, to in 0..1_u64 << 40, nanos in 0..1_000_000_000_u32) {
            let (from, to) = (UNIX_EPOCH + Duration::from_secs(from), UNIX_EPOCH + Duration::new(to, nanos));
            let mut out = Vec::new();
            write_between(from, to, &mut out);
            prop_assert_eq!(read_from(from, &mut Reader(&out)), Some(to));
            let whole = UNIX_EPOCH + Duration::from_secs(to.duration_since(UNIX_EPOCH).unwrap().as_secs());
            out.clear();
            write_between(from, whole, &mut out);
            prop_assert_eq!(read_from(from, &mut Reader(&out)), Some(whole));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(&mut Reader(&bytes));
            let _ = read_from(UNIX_EPOCH, &mut Reader(&bytes));
        }
    }
}
