//! `warp check`: all diagnostics of files and folders, and the mending of what can be mended.

mod collect;
mod config;
mod contested;
mod diff;
mod fix;
mod format;
mod levels;
mod overlay;
mod report;

use std::path::PathBuf;

use clap::Args;

use super::failure::shown;
use super::output::remark;
use super::{Failure, Outcome, Output};
use collect::Entries;
use format::Format;
use levels::{Denied, Levels};
use overlay::Overlay;
use report::Report;

use crate::lang::diagnostic::{Code, Safety};

/// Show every mistake in policy files and folders.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  warp check
  warp check site.warp --deny warnings
  warp check --fix policies/
  cat site.warp | warp check --format concise -

In a folder, files that end in .warp and begin with `warp 1;` are policies; the others are
checked through the policies that include them.")]
pub(super) struct Arguments {
    /// Files and folders; `-` is stdin, none is the current folder
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Fail on this warning too, or on all `warnings`
    #[arg(long, value_name = "CODE|warnings", value_parser = levels::denied)]
    deny: Vec<Denied>,

    /// Leave this warning out
    #[arg(long, value_name = "CODE", value_parser = levels::allowed)]
    allow: Vec<Code>,

    /// Take the levels from this file, not from the `warp.toml` in the folders above each policy
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Mend what can be mended without changing what the policy does
    #[arg(long)]
    fix: bool,

    /// Mend what needs a look afterwards, too
    #[arg(long)]
    unsafe_fixes: bool,

    /// Show what --fix would write, and write nothing
    #[arg(long)]
    diff: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    if arguments.unsafe_fixes && !arguments.fix && !arguments.diff {
        return Err(Failure::Usage("--unsafe-fixes goes with --fix or --diff".to_owned()));
    }
    let levels = Levels::new(&arguments.deny, &arguments.allow)?;
    let mut files = Overlay::default();
    let entries = collect::entries(&arguments.paths, &mut files)?;
    let names = entries.names();
    let configs = config::of_policies(names.iter().map(String::as_str), arguments.config.as_deref())?;
    let levels = levels.with(configs);
    if arguments.fix || arguments.diff {
        return mend(arguments, &entries, &levels, files, out);
    }
    let report = Report::of(&entries, &files, &levels);
    out.write(&report.print(arguments.format, out.colour()))?;
    Ok(conclude(&report, ""))
}

fn mend(
    arguments: &Arguments,
    entries: &Entries,
    levels: &Levels,
    mut files: Overlay,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let safety = if arguments.unsafe_fixes { Safety::NeedsReview } else { Safety::Safe };
    let policies = Report::of(entries, &files, levels);
    let applied = fix::until_stable(policies.names(), levels, safety, &mut files);
    if arguments.diff {
        let diff = files.diff();
        out.write(&diff)?;
        return Ok(if diff.is_empty() { Outcome::Fine } else { Outcome::Findings });
    }
    files.save(out)?;
    let report = Report::of(entries, &files, levels);
    // The mended text of stdin is on stdout, so that an editor can take it from there.
    let mut err = Output::stderr();
    let out = if entries.have_stdin() { &mut err } else { out };
    out.write(&report.print(arguments.format, out.colour()))?;
    Ok(conclude(&report, &format!("mended {applied}; ")))
}

fn conclude(report: &Report, before: &str) -> Outcome {
    for fragment in report.unseen() {
        remark(&format!("not checked: {} has no `warp 1;` and nothing here includes it", shown(fragment)));
    }
    remark(&format!("{before}{}", report.summary()));
    if report.fails() { Outcome::Findings } else { Outcome::Fine }
}
