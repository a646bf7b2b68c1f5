//! The heads that were read most lately, as they were read: a hot object is asked for again and again, and to copy
//! its head costs less than to make it anew. Each thread has a few of its own.

use std::cell::RefCell;

use pingora::http::ResponseHeader;

use super::particulars::Particulars;
use super::templates::hash;

/// How many a thread has.
const PLACES: usize = 64;
/// The longest record that is kept ready, in bytes, and the most fields of its head: so they take no more than some
/// hundred kilobytes.
const MAX_RECORD: usize = 1_024;
const MAX_FIELDS: usize = 32;

#[derive(Default)]
struct Place {
    /// The record that was asked for last without being here, by its hash.
    missed: u64,
    ready: Option<Ready>,
}

struct Ready {
    record: Box<[u8]>,
    particulars: Particulars,
    header: ResponseHeader,
}

thread_local! {
    static READY: RefCell<[Place; PLACES]> = RefCell::new(std::array::from_fn(|_| Place::default()));
}

/// Records differ at their beginning, where it is said when the response was stored.
fn place_hash(record: &[u8]) -> u64 {
    let [first, second, ..] = record.as_chunks().0 else { return hash(record) };
    let mixed = u64::from_le_bytes(*first) ^ u64::from_le_bytes(*second).rotate_left(u64::BITS / 2);
    mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS / 2)
}

/// What is made of that which `read` reads of the record, its head being a copy where that is ready.
pub fn or_read<T>(
    record: &[u8],
    read: impl Fn() -> Option<(Particulars, ResponseHeader)>,
    make: impl Fn(&Particulars, ResponseHeader) -> T,
) -> Option<T> {
    let of_read = |(particulars, header): (Particulars, ResponseHeader)| make(&particulars, header);
    if record.len() > MAX_RECORD {
        return read().map(of_read);
    }
    let hash = place_hash(record);
    let found = READY.try_with(|places| {
        let mut places = places.try_borrow_mut().ok()?;
        let place = places.get_mut(usize::try_from(hash % PLACES as u64).ok()?)?;
        if let Some(ready) = place.ready.as_ref().filter(|ready| *ready.record == *record) {
            return Some(make(&ready.particulars, ready.header.clone()));
        }
        // The second time in a row, so that records that share a place do not make one for each reading.
        if std::mem::replace(&mut place.missed, hash) != hash {
            return None;
        }
        let (particulars, header) = read().filter(|(_, header)| header.headers.len() <= MAX_FIELDS)?;
        let result = make(&particulars, header.clone());
        place.ready = Some(Ready { record: record.into(), particulars, header });
        Some(result)
    });
    found.ok().flatten().or_else(|| read().map(of_read))
}
