//! `warp diff`: what changes for requests from one policy to another.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Failure, Outcome, Output, policy_file};
use crate::difference::{Policy, difference, report};

/// Show which requests are treated otherwise by another policy.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warp diff old.warp new.warp\n  warp diff old.warp new.warp --format markdown")]
pub(super) struct Arguments {
    /// The policy as it was
    old: PathBuf,

    /// The policy as it is to be
    new: PathBuf,

    /// How to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object, for programs
    Json,
    /// A comment on a change, for GitHub and GitLab
    Markdown,
}

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    let (old, new) = (policy_file::read(&arguments.old)?, policy_file::read(&arguments.new)?);
    let (Some((old, old_sources)), Some((new, new_sources))) = (old, new) else {
        return Err(Failure::Usage("a policy with errors cannot be compared".to_owned()));
    };
    let found = difference(Policy { hir: &old, sources: &old_sources }, Policy { hir: &new, sources: &new_sources });
    out.write(&match arguments.format {
        Format::Text => report::text(&found),
        Format::Json => report::json(&found).to_string() + "\n",
        Format::Markdown => report::markdown(&found),
    })?;
    Ok(if found.is_none() { Outcome::Fine } else { Outcome::Findings })
}
