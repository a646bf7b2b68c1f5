//! `warp prove`: the invariants of a policy.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::count;
use super::{Failure, Outcome, Output, policy_file};
use crate::analysis::invariant::{Decided, Decision, decide};
use crate::lang::diagnostic::render::visible;
use crate::lang::source::SourceMap;

/// Prove the invariants of a policy, or show a request that breaks one.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  warp prove site.warp\n  warp prove site.warp --format json")]
pub(super) struct Arguments {
    /// The policy file
    policy: PathBuf,

    /// How to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object for each invariant, for programs
    Json,
}

/// An invariant, for programs.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    /// `file:line:column` of the claim.
    place: String,
    /// `proved`, `refuted` or `undecided`.
    verdict: &'static str,
    /// The bound that was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<&'a str>,
    /// The request that breaks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Whether it is that request made for the second time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    /// A second request, with another key.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<String>,
    /// Whether no backend is asked, so that it does not matter what one would answer.
    #[serde(skip_serializing_if = "std::ops::Not::not", rename = "unasked")]
    is_unasked: bool,
    /// What the backend answers; absent if it is not asked, or cannot be.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// What it answers each time that it is asked, where it says something else the next time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<String>,
    /// The request as a command, for a proxy on the default address.
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<String>,
    /// The place of the rule by which it came so.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// What a word of the claim means for that request.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'static str>,
}

impl<'a> Row<'a> {
    fn of(decided: &'a Decided<'_>, sources: &SourceMap) -> Self {
        let mut row = Self {
            name: &decided.invariant.name,
            site: decided.site.as_deref(),
            place: sources.describe(decided.invariant.span),
            verdict: "proved",
            bound: None,
            request: None,
            again: false,
            other: None,
            is_unasked: false,
            answer: None,
            answers: Vec::new(),
            curl: None,
            rule: None,
            remark: None,
        };
        match &decided.decision {
            Decision::Proved => {}
            Decision::Undecided(bound) => (row.verdict, row.bound) = ("undecided", Some(bound.as_str())),
            Decision::Refuted(found) => {
                row.verdict = "refuted";
                row.request = Some(found.case.request.to_string());
                row.again = found.is_again;
                row.other = found.other.as_ref().map(ToString::to_string);
                row.answer = found.answer().map(ToString::to_string);
                let none = || "origin none".to_owned();
                row.answers =
                    found.answers().into_iter().map(|answer| answer.map_or_else(none, ToString::to_string)).collect();
                row.is_unasked = found.is_unasked;
                row.curl = Some(found.case.request.curl("127.0.0.1:8080"));
                row.remark = found.remark(decided.invariant);
                row.rule = found.rule(sources).map(|rule| sources.describe(rule));
            }
        }
        row
    }

    /// Whether it is broken by a request alone that no backend answers.
    fn needs_no_answer(&self) -> bool {
        self.request.is_some() && self.other.is_none() && self.answer.is_none() && !self.is_unasked
    }

    /// What the backend answers, or that it cannot be asked.
    fn answered(&self) -> Option<String> {
        self.answer.clone().or_else(|| self.needs_no_answer().then(|| "the backend cannot be asked".to_owned()))
    }

    /// A line for people, with what breaks the promise below it.
    fn text(&self) -> String {
        let site = self.site.map(|site| format!(" ({})", visible(site))).unwrap_or_default();
        let bound = self.bound.map(|bound| format!(": given up, {bound}")).unwrap_or_default();
        let below = [
            self.request.as_ref().map(|request| format!("{request}{}", if self.again { " (again)" } else { "" })),
            self.other.clone(),
            if self.answers.is_empty() { self.answered() } else { Some(self.answers.join("\n    ")) },
            self.rule.as_ref().map(|rule| format!("by {rule}")),
            self.remark.map(str::to_owned),
        ];
        let below: Vec<String> = below.into_iter().flatten().map(|line| format!("    {line}\n")).collect();
        format!("{:<9}  {}{site}{bound}\n{}", self.verdict, visible(self.name), below.concat())
    }
}

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    let Some((hir, sources)) = policy_file::read(&arguments.policy)? else { return Ok(Outcome::Findings) };
    let decided = decide(&hir);
    for one in &decided {
        let row = Row::of(one, &sources);
        match arguments.format {
            Format::Text => out.write(&row.text())?,
            Format::Json => out.write(&(serde_json::json!(row).to_string() + "\n"))?,
        }
    }
    let open = decided.iter().filter(|one| !matches!(one.decision, Decision::Proved)).count();
    if arguments.format == Format::Text {
        super::output::remark(&format!("{} of {} proved", decided.len() - open, count(decided.len(), "invariant")));
    }
    Ok(if open == 0 { Outcome::Fine } else { Outcome::Findings })
}
