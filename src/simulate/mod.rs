//! One request's way through the steps of a policy, without sockets.
//!
//! A [`Request`] is what a client sends, an [`Answer`] what the backend says to it: together they are a case that can
//! be shown, pasted and tried. A [`Simulator`] takes it through the steps as the proxy does, by the same functions of
//! [`cache`](crate::cache) and [`decision`](crate::decision), and tells what became of it, a [`Journey`]. What it stores
//! is found by the next request. No clock and no I/O here: what a request meets is a [`World`], in which time stands
//! still; the next one may be met by a later one.
//!
//! What is stored and stale is not used: it is fetched anew and neither served nor validated. Keys are not marked
//! hit-for-miss or hit-for-pass, slices are fetched as the whole, and a director asks its first healthy member.

mod claim;
mod client;
mod facts;
mod fetch;
mod found;
mod journey;
mod message;
mod run;
mod state;
mod stored;
mod world;
mod written;

pub use claim::Twin;
pub use found::found_in_words;
pub use journey::{Asked, Journey, KeyPart, Mark, Ran, Response, Stored, Treatment};
pub use message::{Answer, Request, SOMEWHERE};
pub use run::{Case, Simulator};
pub use stored::Store;
pub use world::World;
