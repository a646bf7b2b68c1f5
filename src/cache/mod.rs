//! The rules of HTTP caching (RFC 9111) as pure functions.
//!
//! Headers, method and status come in as [`http`] values and the time as an argument; what comes
//! out are values for the proxy to act on. Here is no clock, no input or output and no state: what
//! is kept lives in the store, what a site owner decides lives in the policy. The flow of a
//! response: [`targeted`] says which field's [`CacheControl`] holds,
//! [`storable`](storable::storable) whether it may be kept, [`Freshness`] for how long, [`Vary`] for
//! which requests, [`validation`] how to ask again.

pub mod accept;
pub mod age;
pub mod asked;
pub mod cache_control;
pub mod cache_status;
pub mod date;
mod delta_seconds;
mod entity_tag;
mod field;
pub mod freshness;
pub mod hop_by_hop;
pub mod invalidation;
pub mod lifetimes;
mod list;
pub mod negotiate;
pub mod part;
pub mod range;
pub mod request_control;
pub mod slice;
pub mod stale;
pub mod storable;
mod surrogate_control;
pub mod tag;
pub mod targeted;
pub mod transfer_coding;
pub mod update304;
pub mod validation;
pub mod vary;

pub use age::Timing;
pub use cache_control::{CacheControl, Directive, Scope};
pub use cache_status::{CacheStatus, Forward};
pub use field::{AmbiguousLength, content_length, length_of_line, one_content_length, spelling};
pub use freshness::{Freshness, Heuristic, LifetimeSource};
pub use lifetimes::Lifetimes;
pub use negotiate::Choice;
pub use part::Part;
pub use request_control::RequestControl;
pub use stale::{StaleUse, StaleWindows};
pub use storable::{Exchange, Unstorable};
pub use targeted::TargetList;
pub use validation::Precondition;
pub use vary::Vary;
