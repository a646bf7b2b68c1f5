//! One request's way through the steps of a policy, without sockets.
//!
//! A [`Request`] is what a client sends, an [`Answer`] what the backend says to it: together they are a case that can
//! be shown, pasted and tried. No clock and no I/O here: the time comes in as an argument.

mod message;
mod written;

pub use message::{Answer, Request};
