//! What changes for requests from one policy to another.
//!
//! [`between`] compares two journeys of one request: a [`Change`] says in which regards they differ. [`difference`] finds
//! the classes of requests that change: `search` makes questions of both policies, walked with the same inputs; what a
//! solver answers is tried with `simulate` in both, and only what differs there is told. What no question has an answer to
//! is proved not to change; what is not known is said not to be known.

mod apart;
mod change;
mod classes;
mod commute;
mod concern;
mod counts;
mod declarations;
mod declared;
mod disjoint;
mod failing;
mod fired;
mod hints;
mod join;
mod ladders;
mod lines;
mod one_way;
mod order;
mod own;
mod policies;
mod regions;
pub mod report;
mod rows;
mod search;
mod shape;
mod targets;
mod trial;
mod tries;
mod unequal;
mod unnamed;
mod unseen;
mod wording;
mod worlds;

pub use change::{Aspect, Change, HeaderText, Treated, Way, between};
pub use classes::{Also, Class, Difference};
pub use counts::{Counts, InLog};
pub use declarations::Declaration;
pub use fired::Fired;
pub use policies::{MOST_CLASSES, Policy, difference};
pub use trial::When;
pub use worlds::World;
