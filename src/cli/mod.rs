//! The command line: one file for each subcommand.
//!
//! Exit codes everywhere: 0 fine, 1 findings, 2 wrong usage or an operating failure. Results go to
//! stdout, remarks to stderr. A command that is not built yet is absent, never accepted and ignored.

mod check;
mod diff;
mod failure;
mod graph;
mod output;
mod policy_file;
mod prove;
mod rule;

#[cfg(feature = "server")]
mod demo;
#[cfg(feature = "server")]
mod listening;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod status;
#[cfg(feature = "server")]
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use output::Output;

/// An edge HTTP cache that site owners program, and re-program while it runs.
#[derive(Debug, Parser)]
#[command(
    name = "warp",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "server")]
    Serve(serve::Arguments),
    #[cfg(feature = "server")]
    Demo(demo::Arguments),
    Check(check::Arguments),
    Prove(prove::Arguments),
    Diff(diff::Arguments),
    Graph(graph::Arguments),
    Rule(rule::Arguments),
    #[cfg(feature = "server")]
    Status(status::Arguments),
}

/// How a command ended that did what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing to report.
    Fine,
    /// It found what it looks for: mistakes, differences, a rejected reload.
    Findings,
}

/// Runs the command that the arguments of the process ask for.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match cli.command.run(Output::stdout()) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => {
            output::remark(&format!("warp: {failure}"));
            ExitCode::from(2)
        }
    }
}

impl Command {
    fn run(&self, mut out: Output) -> Result<Outcome, Failure> {
        match self {
            #[cfg(feature = "server")]
            Self::Serve(arguments) => serve::run(arguments, out),
            #[cfg(feature = "server")]
            Self::Demo(arguments) => demo::run(arguments, out),
            Self::Check(arguments) => check::run(arguments, &mut out),
            Self::Prove(arguments) => prove::run(arguments, &mut out),
            Self::Diff(arguments) => diff::run(arguments, &mut out),
            Self::Graph(arguments) => graph::run(arguments, &mut out),
            Self::Rule(arguments) => rule::run(arguments, &mut out),
            #[cfg(feature = "server")]
            Self::Status(arguments) => status::run(arguments, &mut out),
        }
    }
}

/// Prints help, the version or what is wrong with the arguments. A closed stdout is no failure.
fn explain(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::from(2), ExitCode::from)
}
