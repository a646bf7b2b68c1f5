//! `warp rule`: the page of a diagnostic.

use clap::Args;

use super::{Failure, Outcome, Output};
use crate::lang::diagnostic::Code;
use crate::lang::diagnostic::render::visible;
use crate::lang::diagnostic::suggest::closest;

/// Print the page of a diagnostic: what, why, a bad and a good example.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warp rule E0101\n  warp rule unexpected-text")]
pub(super) struct Arguments {
    /// A code or its name; without one, all codes are listed
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    match &arguments.code {
        None => Code::ALL.iter().try_for_each(|&code| out.write(&row(code)))?,
        Some(text) => out.write(find(text)?.page())?,
    }
    Ok(Outcome::Fine)
}

/// The code of that id or name.
///
/// # Errors
/// When there is none; says which one may be meant.
pub(super) fn find(text: &str) -> Result<Code, Failure> {
    Code::find(text).ok_or_else(|| Failure::Usage(unknown(text)))
}

fn unknown(text: &str) -> String {
    let known = Code::ALL.iter().flat_map(|code| [code.id(), code.name()]);
    let meant = closest(text, known).map(|code| format!("; did you mean `{code}`?")).unwrap_or_default();
    let text = visible(text);
    format!("there is no diagnostic `{text}`{meant}\n  `warp rule` lists all")
}

fn row(code: Code) -> String {
    format!("{}  {:<28} {}\n", code.id(), code.name(), code.summary())
}
