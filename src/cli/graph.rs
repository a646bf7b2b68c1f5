//! `warp graph`: the decision trees of a policy.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::{Failure, Outcome, Output, policy_file};
use crate::decision::{GraphFormat, Program, graph};
use crate::lang::schema::Step;

/// Print the decision trees that a policy is compiled to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warp graph site.warp --format dot --step recv | dot -Tsvg > recv.svg")]
pub(super) struct Arguments {
    /// The policy file
    policy: PathBuf,

    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,

    /// Only the tree of this step, such as `recv` or `backend_response`
    #[arg(long, value_parser = steps())]
    step: Option<Step>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Graphviz
    Dot,
    /// Mermaid, for Markdown
    Mermaid,
    /// One object, for programs
    Json,
}

/// The steps that this version runs, by name.
fn steps() -> impl TypedValueParser<Value = Step> {
    let names = Step::ALL.iter().filter(|step| step.runs()).map(|step| step.name());
    PossibleValuesParser::new(names).try_map(|name| Step::find(&name).ok_or("no such step"))
}

impl From<Format> for GraphFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Dot => Self::Dot,
            Format::Mermaid => Self::Mermaid,
            Format::Json => Self::Json,
        }
    }
}

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    let Some((hir, sources)) = policy_file::read(&arguments.policy)? else { return Ok(Outcome::Findings) };
    let (program, format) = (Program::new(&hir), arguments.format.into());
    out.write(&match arguments.step {
        Some(step) => graph::render_step(&program, &sources, format, step),
        None => graph::render(&program, &sources, format),
    })?;
    Ok(Outcome::Fine)
}
