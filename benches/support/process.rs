//! What the system says of this process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The bytes of memory that this process has in use (`VmRSS`).
#[allow(dead_code, reason = "not each bench asks for it")]
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kib * 1024
}

/// A thread of this process.
#[allow(dead_code, reason = "not each bench has threads")]
pub struct Thread {
    statistics: PathBuf,
}

#[allow(dead_code, reason = "not each bench has threads")]
impl Thread {
    /// The one that asks.
    pub fn own() -> Self {
        let own = fs::read_link("/proc/thread-self").unwrap();
        Self { statistics: PathBuf::from("/proc").join(own).join("schedstat") }
    }

    /// How long it has run, in the system as well.
    pub fn run_time(&self) -> Duration {
        let text = fs::read_to_string(&self.statistics).unwrap();
        Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
    }
}
