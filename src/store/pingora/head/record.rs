//! A head as it is kept.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName};
use pingora::http::ResponseHeader;

use super::fields::{self, Fields};
use super::particulars::{Beside, Lifetime, Particulars, nanos_since_epoch};
use super::varint::Reader;
use super::{ready, templates};
use crate::store::allocated_bytes;
use crate::store::pingora::StoredTarget;

/// A head in one piece of memory. What cannot be read, which a record from [`Record::new`] always can, is `None`.
pub struct Record(Box<[u8]>);

/// Most records are shorter.
const USUAL_BYTES: usize = 256;

impl Record {
    /// The record of a head, with what is known beside it.
    pub fn new(particulars: &Particulars, header: &ResponseHeader, beside: Beside<'_>) -> Self {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        particulars.write(beside, &mut bytes);
        fields::write(header, particulars.created, &mut bytes);
        // Copied: made smaller where it is, it might keep its larger block.
        Self(Box::from(bytes.as_slice()))
    }

    /// The same head, fresh until that moment at most.
    pub fn expired(&self, at: SystemTime) -> Self {
        let Some((mut particulars, header)) = self.read() else { return Self(self.0.clone()) };
        particulars.fresh_until = particulars.fresh_until.min(at);
        Self::new(&particulars, &header, Beside { tags: &self.tags(), target: self.target().as_ref() })
    }

    /// How much memory it takes, with its block and without the record itself, in bytes.
    pub fn owned_bytes(&self) -> usize {
        allocated_bytes(self.0.len())
    }

    /// When it is of no more use.
    pub fn useless_after(&self) -> Option<SystemTime> {
        Lifetime::read(&mut Reader(&self.0)).map(|lifetime| lifetime.end())
    }

    /// Whether it is fresh; `false` if it is damaged.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        if let (Some(now), Some(end)) = (nanos_since_epoch(now), Lifetime::fresh_until_nanos(&mut Reader(&self.0))) {
            return end > now;
        }
        Lifetime::read_fresh_until(&mut Reader(&self.0)).is_some_and(|(.., fresh_until)| fresh_until > now)
    }

    /// All but the fields.
    pub fn particulars(&self) -> Option<Particulars> {
        self.parts().map(|(particulars, _)| particulars)
    }

    /// The tags.
    pub fn tags(&self) -> Vec<u64> {
        let tags = Particulars::read_with_tags(&mut Reader(&self.0)).map(|(_, tags)| tags).unwrap_or_default();
        tags.as_chunks().0.iter().map(|tag| u64::from_le_bytes(*tag)).collect()
    }

    /// What was asked for.
    pub fn target(&self) -> Option<StoredTarget> {
        Particulars::read_with_target(&mut Reader(&self.0))?.1
    }

    /// The fields of one name.
    pub fn fields_named(&self, name: &HeaderName) -> Option<HeaderMap> {
        self.parts()?.1.named(name)
    }

    /// All of it.
    pub fn read(&self) -> Option<(Particulars, ResponseHeader)> {
        self.read_as(|particulars, header| (particulars.clone(), header))
    }

    /// What is made of all of it.
    pub fn read_as<T>(&self, make: impl Fn(&Particulars, ResponseHeader) -> T) -> Option<T> {
        ready::or_read(&self.0, || self.read_anew(), make)
    }

    fn read_anew(&self) -> Option<(Particulars, ResponseHeader)> {
        let (particulars, fields) = self.parts()?;
        let mut header = templates::head(&fields)?;
        header.set_status(particulars.status).ok()?;
        header.set_version(particulars.version);
        if particulars.reason.is_some() {
            header.set_reason_phrase(particulars.reason.as_deref()).ok()?;
        }
        Some((particulars, header))
    }

    fn parts(&self) -> Option<(Particulars, Fields<'_>)> {
        let mut reader = Reader(&self.0);
        let particulars = Particulars::read(&mut reader)?;
        let fields = Fields::at_end(reader, particulars.created)?;
        Some((particulars, fields))
    }
}
