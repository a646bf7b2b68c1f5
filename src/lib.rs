//! warp: an edge HTTP cache that site owners program.
//!
//! A policy is text; it is compiled into decision trees and swapped into the running proxy. The
//! modules follow the data: [`lang`] (text, tokens, tree, typed policy), [`decision`] (decision
//! trees), `policy` (the running policy), `proxy` (a request's way), [`cache`] (the rules of
//! RFC 9111) and `store` (what is kept).
//!
//! From text to verdict, with no server:
//!
//! ```
//! use warp_edge::decision::{Facts, Program, Refused, Value};
//! use warp_edge::files::MemoryFiles;
//! use warp_edge::lang::check::check;
//! use warp_edge::lang::schema::{Action, Message, Step, Variable};
//!
//! /// A request of which only the URL is known.
//! struct Request(&'static str);
//!
//! impl Facts for Request {
//!     fn get(&self, variable: Variable) -> Value<'_> {
//!         match variable {
//!             Variable::ReqPath | Variable::ReqUrl => Value::text(self.0),
//!             _ => Value::UNSET,
//!         }
//!     }
//!     // …
//! #   fn set(&mut self, _: Variable, _: Value<'_>) -> Result<(), Refused> { Ok(()) }
//! #   fn header(&self, _: Message, _: &http::HeaderName) -> Option<std::borrow::Cow<'_, [u8]>> { None }
//! #   fn set_header(&mut self, _: Message, _: &http::HeaderName, _: &[u8]) -> Result<(), Refused> { Ok(()) }
//! #   fn unset_header(&mut self, _: Message, _: &http::HeaderName) {}
//! #   fn hash_data(&mut self, _: &[u8]) {}
//! #   fn log(&mut self, _: &[u8]) {}
//! }
//!
//! let text = r#"
//!     warp 1;
//!     backend default { .host = "127.0.0.1"; }
//!     rules request first { when path under "/admin/" -> deny 403; }
//! "#;
//! let checked = check("site.warp", &MemoryFiles::new("site.warp", text));
//! let program = Program::new(checked.hir.expect("a policy without mistakes"));
//!
//! let verdict = program.run(Step::Recv, &mut Request("/admin/users"));
//! assert_eq!((verdict.action, verdict.status), (Action::Synth, Some(403)));
//! ```

#![forbid(unsafe_code)]

pub mod analysis;
pub mod cache;
pub mod cli;
pub mod decision;
pub mod difference;
pub mod editors;
pub mod files;
pub mod lang;
pub mod lint;
pub mod pace;
pub mod replay;
pub mod simulate;
pub mod testing;

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "server")]
pub mod limit;
#[cfg(feature = "server")]
pub mod origin;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(feature = "server")]
pub mod proxy;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
