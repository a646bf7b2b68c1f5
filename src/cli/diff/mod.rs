//! `warp diff`: what changes for requests from one policy to another.

mod log;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue};

use super::{Failure, Outcome, Output, policy_file};
use crate::difference::{Counts, Difference, Policy, difference, report};
use crate::replay::Reader;
use crate::simulate::Simulator;
use log::Replayed;

/// Show which requests are treated otherwise by another policy.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  warp diff old.warp new.warp\n  warp diff old.warp new.warp --format markdown\n  zcat -f $(ls -tr access.log*) | warp diff old.warp new.warp --log - --log-host shop.example"
)]
pub(super) struct Arguments {
    /// The policy as it was
    old: PathBuf,

    /// The policy as it is to be
    new: PathBuf,

    /// How to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// An access log whose requests are taken through both: combined, common or a JSON object a line; `-` is standard
    /// input
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,

    /// The host of requests of which the log says none
    #[arg(long, value_name = "HOST", requires = "log")]
    log_host: Option<String>,

    /// A field of answers of which the log says none of that name; may be given more than once
    #[arg(long = "origin-header", value_name = "'NAME: VALUE'", requires = "log", value_parser = field)]
    origin_headers: Vec<(HeaderName, HeaderValue)>,
}

/// `NAME: VALUE`
fn field(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parts = text.split_once(':').map(|(name, value)| (name.parse(), HeaderValue::from_str(value.trim())));
    match parts {
        Some((Ok(name), Ok(value))) => Ok((name, value)),
        _ => Err("a field is written `Cache-Control: max-age=60`".to_owned()),
    }
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
    let before = Policy { hir: &old, sources: &old_sources };
    let after = Policy { hir: &new, sources: &new_sources };
    let found = difference(before, after);
    let replayed = match &arguments.log {
        Some(path) => {
            let simulators = [&old, &new].map(|hir| Simulator::new(hir.clone()));
            let counts = Counts::new(&found, (before, &simulators[0]), (after, &simulators[1]));
            Some(log::replay(path, &arguments.reader(), simulators.each_ref(), counts)?)
        }
        None => None,
    };
    out.write(&shown(arguments.format, &found, replayed.as_ref()))?;
    let has_changes = !found.is_none() || replayed.is_some_and(|replayed| replayed.has_changes());
    Ok(if has_changes { Outcome::Findings } else { Outcome::Fine })
}

impl Arguments {
    fn reader(&self) -> Reader {
        let answer = self.origin_headers.iter().cloned().collect();
        Reader { host: self.log_host.clone(), answer }
    }
}

fn shown(format: Format, found: &Difference, replayed: Option<&Replayed>) -> String {
    let section = |text: fn(&Replayed) -> String| replayed.map(|it| format!("\n{}", text(it))).unwrap_or_default();
    let log = replayed.map(Replayed::in_log);
    match format {
        Format::Text => report::text(found, log) + &section(Replayed::text),
        Format::Markdown => report::markdown(found, log) + &section(Replayed::markdown),
        Format::Json => {
            let mut object = report::json(found, log);
            if let (Some(replayed), Some(object)) = (replayed, object.as_object_mut()) {
                object.insert("log".to_owned(), replayed.json());
            }
            object.to_string() + "\n"
        }
    }
}
