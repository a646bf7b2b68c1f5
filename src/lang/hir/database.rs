//! A database of networks in `MaxMind`'s format.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use maxminddb::{PathElement, Reader};
use serde_json::Value;

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
        match self.0.lookup(address.to_canonical()).ok()?.decode_path::<Value>(&steps).ok()?? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
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
