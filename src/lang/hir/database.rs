//! A database of networks in `MaxMind`'s format.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep a value may be in a record.
const MOST_STEPS: usize = 16;

/// How many values of records are looked at for each byte of a file: so many the reader allows itself as well.
const VALUES_PER_BYTE: usize = 8;

/// A database, as it was read.
#[derive(Clone)]
pub struct Database(Arc<Verified>);

/// A database that was looked through.
struct Verified {
    bytes: Bytes,
    reader: Reader<Bytes>,
}

/// What a file holds, for those who compare it and for those who read it.
#[derive(Clone)]
struct Bytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The databases that some policy holds. To look through one of a hundred megabytes takes seconds, and a policy is loaded
/// again more often than its database is.
static HELD: Mutex<Vec<Weak<Verified>>> = Mutex::new(Vec::new());

impl Database {
    /// A database of these bytes; the one that is held already, if that has the same.
    ///
    /// # Errors
    /// When it is none, or something in it is broken.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        if let Some(held) = held(&bytes) {
            return Ok(Self(held));
        }
        let verified = Arc::new(Verified::new(bytes)?);
        let mut all = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|held| held.strong_count() > 0);
        all.push(Arc::downgrade(&verified));
        Ok(Self(verified))
    }

    /// What it says of an address, at a path with dots; `None` if that is nothing, or more than one value. What
    /// is broken in it counts as nothing.
    #[must_use]
    pub fn find(&self, address: IpAddr, path: &str) -> Option<String> {
        let steps: Vec<PathElement<'_>> = path.split('.').take(MOST_STEPS).map(step).collect();
        self.0.reader.lookup(address.to_canonical()).ok()?.decode_path::<Single>(&steps).ok()??.0
    }
}

impl Verified {
    fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let bytes = Bytes(Arc::new(bytes));
        let reader = Reader::from_source(bytes.clone()).map_err(|error| error.to_string())?;
        let metadata = reader.metadata();
        // The reader looks through no file without these, which lookups do without.
        if !metadata.description.is_empty() && !metadata.database_type.is_empty() {
            reader.verify().or_else(|error| whole_or_deep(&error))?;
        }
        look_through(&reader, bytes.0.len())?;
        Ok(Self { bytes, reader })
    }
}

/// Looks at each record once, whether lookups find their way in it. Records may lie within each other: no more values are
/// looked at than verifying would.
fn look_through(reader: &Reader<Bytes>, bytes: usize) -> Result<(), String> {
    let (mut seen, mut left) = (HashSet::new(), bytes.saturating_mul(VALUES_PER_BYTE));
    let networks = reader.networks(WithinOptions::default()).map_err(|error| error.to_string())?;
    // A tree that comes back to itself has more networks than that.
    let most = usize::try_from(reader.metadata().node_count).unwrap_or(usize::MAX).saturating_mul(3);
    for (at, record) in networks.enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        if at > most {
            return Err("its tree of networks comes back to itself".to_owned());
        }
        if left == 0 || !record.offset().is_some_and(|offset| seen.insert(offset)) {
            continue;
        }
        match record.decode::<Whole>() {
            Ok(values) => left = left.saturating_sub(values.map_or(1, |Whole(values)| values)),
            Err(error) => whole_or_deep(&error)?,
        }
    }
    Ok(())
}

/// Of a record that is deeper than the reader goes nothing is told; no lookup goes there either.
fn whole_or_deep(error: &MaxMindDbError) -> Result<(), String> {
    let error = error.to_string();
    if error.contains("exceeded maximum data structure depth") { Ok(()) } else { Err(error) }
}

/// The database of these bytes, if some policy holds it.
fn held(bytes: &[u8]) -> Option<Arc<Verified>> {
    let all: Vec<Arc<Verified>> =
        HELD.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
    all.into_iter().find(|held| *held.bytes.0 == bytes)
}

/// A value that can be read to its end, with how many values it is made of.
struct Whole(usize);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfValues)
    }
}

struct OfValues;

impl<'de> Visitor<'de> for OfValues {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, _: &str) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Whole, E> {
        Ok(Whole(1))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
        let mut values = 1;
        while map.next_key::<Key>()?.is_some() {
            values += 1 + map.next_value::<Whole>()?.0;
        }
        Ok(Whole(values))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Whole, A::Error> {
        let mut values = 1;
        while let Some(Whole(more)) = list.next_element()? {
            values += more;
        }
        Ok(Whole(values))
    }
}

/// What a value of a record is called. One that is no text is found by no path, nor is what stands behind it.
struct Key;

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfText)
    }
}

struct OfText;

impl Visitor<'_> for OfText {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is a text")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Key, E> {
        Ok(Key)
    }
}

/// A single value as text; nothing for a map or a list, which is not looked into however deep it is.
struct Single(Option<String>);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfOneValue)
    }
}

struct OfOneValue;

impl<'de> Visitor<'de> for OfOneValue {
    type Value = Single;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Single, E> {
        Ok(Single(Some(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Single, E> {
        Ok(Single(Some(number.to_string())))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Single, E> {
        Ok(Single(Some(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Single, E> {
        Ok(Single(Some(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Single, E> {
        Ok(Single(Some(format!("{number:?}"))))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Single, E> {
        Ok(Single(Some(flag.to_string())))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Single, E> {
        Ok(Single(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Single, A::Error> {
        Ok(Single(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Single, A::Error> {
        Ok(Single(None))
    }
}

fn step(name: &str) -> PathElement<'_> {
    name.parse().map_or(PathElement::Key(name), PathElement::Index)
}

/// The same one, not one that says the same.
impl PartialEq for Database {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.0.reader.metadata().database_type)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_database_is_told() {
        assert!(Database::new(Vec::new()).is_err() && Database::new(b"\xAB\xCD\xEFMaxMind.com".to_vec()).is_err());
    }

    /// A database of IPv4 with one node, whose sides are both the one record.
    fn database(record: &[u8]) -> Vec<u8> {
        described(record, b"\x44Test", b"\xE1\x42en\x44Test")
    }

    fn described(record: &[u8], database_type: &[u8], description: &[u8]) -> Vec<u8> {
        // Behind the node, of which there is one, come sixteen bytes of nothing, and then the record.
        let mut file = [&[0, 0, 17, 0, 0, 17], [0; 16].as_slice(), record, b"\xAB\xCD\xEFMaxMind.com"].concat();
        let fields: [(&[u8], &[u8]); 9] = [
            (b"node_count", b"\xC1\x01"),
            (b"record_size", b"\xA1\x18"),
            (b"ip_version", b"\xA1\x04"),
            (b"binary_format_major_version", b"\xA1\x02"),
            (b"binary_format_minor_version", b"\xA0"),
            (b"build_epoch", b"\x01\x02\x01"),
            (b"database_type", database_type),
            (b"languages", b"\x00\x04"),
            (b"description", description),
        ];
        file.push(0xE9);
        for (name, value) in fields {
            file.push(0x40 | u8::try_from(name.len()).unwrap());
            file.extend_from_slice(&[name, value].concat());
        }
        file
    }

    #[test]
    fn a_broken_record_is_told_and_what_is_whole_is_read() {
        let whole = Database::new(database(b"\xE1\x41c\x42NL")).unwrap();
        assert_eq!(whole.find(IpAddr::from([192, 0, 2, 1]), "c"), Some("NL".to_owned()));
        let key_is_a_number = b"\xE1\xA1\x07\x42NL";
        let deep = b"\xE1\x41c\xE1\xA1\x07\x42NL";
        for broken in [b"\xE1\x41c\x42N".as_slice(), b"\xE1\x41c\x5FNL", b"\xE2\x41c\x42NL", key_is_a_number, deep] {
            assert!(Database::new(database(broken)).is_err(), "{broken:x?}");
            // Lookups do without a description, and so does looking through it.
            assert!(Database::new(described(broken, b"\x40", b"\xE0")).is_err(), "{broken:x?}");
        }
        assert!(Database::new(described(b"\xE1\x41c\x42NL", b"\x40", b"\xE0")).is_ok());
    }

    #[test]
    fn what_is_held_is_not_looked_through_again() {
        let (one, other) = (database(b"\xE1\x41a\x41b"), database(b"\xE1\x41a\x41c"));
        let held = Database::new(one.clone()).unwrap();
        assert_eq!(Database::new(one).unwrap(), held);
        assert_ne!(Database::new(other).unwrap(), held);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(mut bytes in prop::collection::vec(any::<u8>(), 0..300), tail: Vec<u8>, address: u32) {
            bytes.extend_from_slice(b"\xAB\xCD\xEFMaxMind.com");
            bytes.extend(tail);
            if let Ok(database) = Database::new(bytes) {
                let _ = database.find(IpAddr::from(address.to_be_bytes()), "country.iso_code");
            }
        }
    }
}
