//! Tables: values by keys that are texts.

use std::net::IpAddr;

use super::BackendId;
use crate::lang::schema::Type;
use crate::lang::source::Span;

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The declared name.
    pub name: String,
    /// The type of its values.
    pub ty: Type,
    /// Keys with their values, no key twice.
    pub entries: Vec<(Box<[u8]>, Datum)>,
    /// Whether they stand in a file of their own, which may change at any time.
    pub is_from_file: bool,
    /// The place of its name.
    pub span: Span,
}

impl Table {
    /// The value of a key. O(entries): the reference that the index of `decision` is held against.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<&Datum> {
        self.entries.iter().find(|(found, _)| **found == *key).map(|(_, value)| value)
    }
}

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// STRING.
    Text(Box<[u8]>),
    /// INT.
    Int(i64),
    /// REAL.
    Real(f64),
    /// BOOL.
    Bool(bool),
    /// DURATION in milliseconds.
    Duration(i64),
    /// BYTES.
    Bytes(i64),
    /// IP.
    Ip(IpAddr),
    /// BACKEND.
    Backend(Option<BackendId>),
}
