//! The fields of a head: a plan of them, then the values that the plan leaves open.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use pingora::http::ResponseHeader;

use super::dictionary;
use super::plan::{self, Planned};
use super::value;
use super::varint::{self, Reader};
use crate::cache::spelling;

/// Writes all fields of a head; `stored` is what dates are measured from.
pub fn write(header: &ResponseHeader, stored: SystemTime, out: &mut Vec<u8>) {
    let mut writer = Writer { stored, plan: Vec::with_capacity(64), values: Vec::with_capacity(128) };
    if header.has_case() {
        header.case_header_iter().for_each(|(name, value)| writer.field(name.as_slice(), value.as_bytes()));
    } else {
        header.headers.iter().for_each(|(name, value)| writer.field(spelling(name).as_bytes(), value.as_bytes()));
    }
    varint::write_bytes(&writer.plan, out);
    out.extend_from_slice(&writer.values);
}

struct Writer {
    stored: SystemTime,
    plan: Vec<u8>,
    values: Vec<u8>,
}

impl Writer {
    fn field(&mut self, name: &[u8], value: &[u8]) {
        if value::write_short(value, self.stored, &mut self.values) {
            plan::write_name(name, &mut self.plan);
        } else if let Some(code) = dictionary::shared().code(name, value) {
            plan::write_whole(code, &mut self.plan);
        } else {
            plan::write_name(name, &mut self.plan);
            value::write_text(value, &mut self.values);
        }
    }
}

/// The fields of a record, to be read.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    /// What they are.
    pub plan: &'a [u8],
    values: &'a [u8],
    stored: SystemTime,
}

impl<'a> Fields<'a> {
    /// What stands at the end of a record.
    pub fn at_end(mut reader: Reader<'a>, stored: SystemTime) -> Option<Self> {
        let plan = reader.bytes()?;
        Some(Self { plan, values: reader.0, stored })
    }

    /// The values that the plan leaves open, in their order.
    pub fn open_values(&self) -> impl FnMut() -> Option<HeaderValue> + use<'a> {
        let (mut values, stored) = (Reader(self.values), self.stored);
        move || value::read(&mut values, stored)
    }

    /// Adds all of them to a head.
    pub fn append_to(&self, header: &mut ResponseHeader) -> Option<()> {
        let (mut plan, mut next_open) = (Reader(self.plan), self.open_values());
        while !plan.is_empty() {
            let planned = plan::read(&mut plan)?;
            let value = if let Planned::Whole(known) = planned { known.value.clone() } else { next_open()? };
            header.append_header(planned.spelled(), value).ok()?;
        }
        Some(())
    }

    /// Those of one name.
    pub fn named(&self, name: &HeaderName) -> Option<HeaderMap> {
        let (mut plan, mut values, mut found) = (Reader(self.plan), Reader(self.values), HeaderMap::new());
        while !plan.is_empty() {
            let planned = plan::read(&mut plan)?;
            let value = match (&planned, planned.is_named(name.as_str())) {
                (Planned::Whole(known), true) => known.value.clone(),
                (Planned::Whole(_), false) => continue,
                (_, true) => value::read(&mut values, self.stored)?,
                (_, false) => {
                    value::skip(&mut values)?;
                    continue;
                }
            };
            found.try_append(name.clone(), value).ok()?;
        }
        Some(found)
    }
}
