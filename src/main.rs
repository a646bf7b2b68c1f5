//! The `warp` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    warp_edge::cli::run()
}
