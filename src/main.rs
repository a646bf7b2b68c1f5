//! The `warp` command.

use std::process::ExitCode;

/// Compiling a policy and serving requests are made of many small allocations, on many threads.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    warp_edge::cli::run()
}
