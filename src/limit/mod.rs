//! Rate limits: how often a key may come, and whether it has come more often.
//!
//! A [`Limiter`] is one call of `ratelimit` in a policy, with a bucket for each key. [`Limiters`] keeps those
//! of the process: a policy that is loaded anew finds the buckets of the calls that it still has.

mod bucket;
mod kept;
mod limiter;

pub use bucket::Rate;
pub use kept::Limiters;
pub use limiter::{Limiter, MOST_KEYS};
