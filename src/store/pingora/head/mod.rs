//! The head of a stored response in as few bytes as it can be had back from exactly.
//!
//! A record is one piece of memory: what there is beside the fields ([`particulars`]), then the fields ([`fields`]), of
//! which first comes what they are ([`plan`]) and then the values ([`value`]). Fields that many responses have alike
//! stand in it as a number ([`dictionary`]). Reading one makes pingora's head of it ([`templates`]), or a copy of
//! one that was made before ([`ready`]).

mod dictionary;
mod fields;
mod imf_date;
mod names;
mod particulars;
mod plan;
mod ready;
mod record;
mod sightings;
mod span;
mod templates;
mod value;
mod varint;

pub use particulars::{Beside, Particulars};
pub use record::Record;

/// How much memory is given to what all heads share, in bytes; never more than half a mebibyte.
#[must_use]
pub fn shared_bytes() -> usize {
    dictionary::shared().bytes()
}
