//! What policies would have made of the requests of an access log.
//!
//! A line of a log becomes a [`Visit`]: a request, what was answered to it, and when. [`Replay`] takes visits in order through
//! two policies: each alone, to tell whether the second treats it otherwise than the first, and one after the other with what
//! was stored before, to tell what comes from the cache. No I/O here; what a log says of neither requests nor answers is taken
//! to be absent.

mod combined;
mod line;
mod record;
mod run;
mod text;
mod when;

pub use line::{Misread, Reader, Visit};
pub use run::{Counted, LATE, MOST_KINDS, MOST_STORED, Replay, Report, Tally};
