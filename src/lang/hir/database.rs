//! A database of networks in `MaxMind`'s format.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use maxminddb::{PathElement, Reader};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// How deep a value may be in a record.
const MOST_STEPS: usize = 16;

/// A database, as it was read.
#[derive(Clone)]
pub struct Database(Arc<Reader<Vec<u8>>>);

impl Database {
    /// A database of these bytes.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        Reader::from_source(bytes).map(|reader| Self(Arc::new(reader))).map_err(|error| error.to_string())
    }

    /// What it says of an address, at a path with dots; `None` if that is nothing, or more than one value. What
    /// is broken in it counts as nothing.
    #[must_use]
    pub fn find(&self, address: IpAddr, path: &str) -> Option<String> {
        let steps: Vec<PathElement<'_>> = path.split('.').take(MOST_STEPS).map(step).collect();
        self.0.lookup(address.to_canonical()).ok()?.decode_path::<Single>(&steps).ok()??.0
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
        write!(f, "Database({})", self.0.metadata().database_type)
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
