//! The memory store as a cache of pingora's: what `HttpCache::enable` is given.
//!
//! Nothing here knows of policies; it works with pingora alone.

mod gate;
mod lock;
mod storage;
mod stored;
mod stored_body;
mod turn;

pub use gate::{Gate, Place};
pub use lock::{AlwaysMiss, Coalescing, FetchLock, HEAD_ONLY};
pub use storage::{Family, FillIntent, LanguageWanted, ObjectId, OfSlice, PingoraStorage, key_of};
pub use stored::{StoredResponse, StoredTimes};
pub use stored_body::{StoredFill, StoredHit, Surround};
pub use turn::{Ended, Turn};
