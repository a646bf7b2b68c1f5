//! Which fields a head has, in their order: whole ones that are known, and names whose values follow.
//!
//! Many heads have the same plan, as what tells them apart is in the values.

use bytes::Bytes;

use super::dictionary::{self, Known};
use super::names;
use super::varint::{self, Reader};

/// Before a name that has no code.
const SPELLED_OUT: u8 = 0;
/// Set on the first of the two bytes of a known field.
const KNOWN: u8 = 0x80;

/// One field of a plan.
pub enum Planned<'a> {
    /// The whole field.
    Whole(&'static Known),
    /// A field whose value is among those that follow.
    Usual(&'static str),
    /// The same, of a name that has no code.
    Spelled(&'a [u8]),
}

/// Writes a field that is known.
pub fn write_whole(code: u16, plan: &mut Vec<u8>) {
    let [high, low] = code.to_be_bytes();
    plan.extend_from_slice(&[high | KNOWN, low]);
}

/// Writes the name of a field whose value follows.
pub fn write_name(name: &[u8], plan: &mut Vec<u8>) {
    if let Some(code) = names::code(name) {
        plan.push(code);
    } else {
        plan.push(SPELLED_OUT);
        varint::write_bytes(name, plan);
    }
}

/// The next field of a plan.
pub fn read<'a>(plan: &mut Reader<'a>) -> Option<Planned<'a>> {
    match plan.byte()? {
        SPELLED_OUT => plan.bytes().map(Planned::Spelled),
        code if code & KNOWN == 0 => names::name(code).map(Planned::Usual),
        high => {
            let code = u16::from_be_bytes([high & !KNOWN, plan.byte()?]);
            dictionary::shared().known(code).map(Planned::Whole)
        }
    }
}

impl Planned<'_> {
    /// Its name as it is spelled.
    pub fn spelled(&self) -> Bytes {
        match self {
            Self::Whole(known) => known.name.clone(),
            Self::Usual(name) => Bytes::from_static(name.as_bytes()),
            Self::Spelled(name) => Bytes::copy_from_slice(name),
        }
    }

    /// Whether it has that name, in any spelling.
    pub fn is_named(&self, name: &str) -> bool {
        let own = match self {
            Self::Whole(known) => &known.name,
            Self::Usual(name) => name.as_bytes(),
            Self::Spelled(name) => name,
        };
        own.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// How many fields a plan has.
pub fn count(plan: &[u8]) -> Option<usize> {
    let (mut plan, mut count) = (Reader(plan), 0);
    while !plan.is_empty() {
        read(&mut plan)?;
        count += 1;
    }
    Some(count)
}
