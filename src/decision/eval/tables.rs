//! Tables as they are asked.

use std::collections::HashMap;

use crate::decision::facts::Value;
use crate::lang::hir::{Datum, Table, TableId};

/// A table by hash of its keys.
#[derive(Debug)]
pub(in crate::decision) struct TableIndex {
    values: HashMap<Box<[u8]>, Datum>,
}

impl TableIndex {
    /// An index over all entries.
    pub fn new(table: &Table) -> Self {
        Self { values: table.entries.iter().cloned().collect() }
    }
}

/// The tables of a policy.
#[derive(Clone, Copy)]
pub(in crate::decision) enum Tables<'a> {
    /// Entry by entry: the oracle.
    Declared(&'a [Table]),
    /// By hash.
    Indexed(&'a [TableIndex]),
}

impl<'a> Tables<'a> {
    /// What the table holds for the key; no table of that name holds nothing.
    pub fn find(self, id: TableId, key: &[u8]) -> Option<Value<'a>> {
        let at = id.0 as usize;
        let found = match self {
            Self::Declared(tables) => tables.get(at)?.find(key),
            Self::Indexed(tables) => tables.get(at)?.values.get(key),
        };
        found.map(value)
    }
}

fn value(datum: &Datum) -> Value<'_> {
    match datum {
        Datum::Text(text) => Value::text(text),
        Datum::Int(number) => Value::Int(*number),
        Datum::Real(number) => Value::Real(*number),
        Datum::Bool(flag) => Value::Bool(*flag),
        Datum::Duration(millis) => Value::Duration(*millis),
        Datum::Bytes(bytes) => Value::Bytes(*bytes),
        Datum::Ip(address) => Value::Ip(*address),
        Datum::Backend(backend) => Value::Backend(*backend),
    }
}
