//! What changes for requests from one policy to another.
//!
//! [`between`] compares two journeys of one request: a [`Change`] says in which regards they differ.

mod change;
mod wording;

pub use change::{Aspect, Change, HeaderText, Treated, Way, between};
pub use wording::duration;
