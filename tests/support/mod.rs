//! What the tests of the proxy share: origins to stand behind it, the proxy itself, and clients.
//!
//! All of it is real: sockets on port 0, processes, HTTP as bytes. Waiting is for a condition with a
//! deadline, and a deadline that passes says what was waited for.

mod answer;
mod client;
mod dns;
mod message;
pub mod mmdb;
mod nginx;
mod origin;
mod proxy;
mod relay;

pub use answer::{Answer, Gate};
pub use client::{Broken, Client};
pub use dns::Dns;
pub use message::{Fields, Head, Response};
pub use nginx::Nginx;
pub use origin::{Origin, Recorded};
pub use proxy::Proxy;
pub use relay::{Authority, Certificate, Relay};

use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Asks `condition` again and again until it has a value.
///
/// # Panics
/// When it has none within [`DEADLINE`].
pub fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
