//! What is legal and still a mistake, seen in the words of a policy: each flaw in several spellings, and its cleaned twin.

mod absent;
mod as_it_is;
mod backends;
mod changes;
mod corpus;
mod escapes;
mod globs;
mod hosts;
mod lists;
mod messages;
mod misspelt;
mod order;
mod patterns;
mod queries;
mod sites;
mod storing;
mod unnoticed;
mod windows;
mod words;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options};
use warp_edge::lint;

/// A policy of several files, the first of them the one that is checked.
fn linted(files: &[(&str, &str)]) -> Checked {
    let (first, text) = files.first().unwrap();
    let start = MemoryFiles::new(*first, format!("warp 1;\n{text}"));
    let all = files.iter().skip(1).fold(start, |all, (name, text)| all.with(*name, *text));
    let checked = lint::check_with(first, &all, &Options { require_backend: false, ..Options::default() });
    assert!(checked.hir.is_some(), "{:#?} in {text}", checked.diagnostics);
    checked
}

/// The codes that are found, with the text that each points at.
fn found(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let checked = linted(files);
    let text = |span| checked.sources.text(span).to_owned();
    checked.diagnostics.iter().map(|it| (it.code.id().to_owned(), text(it.primary.span))).collect()
}

/// The flaw in five spellings: in a step, in a sub, in a table, in an included file, and in a condition that is turned
/// around and split. Each is a policy that has it once; the twin of each is the policy with the cure in the place of the flaw.
struct Spellings<'a> {
    code: &'a str,
    flaw: &'a str,
    cure: &'a str,
    policies: &'a [&'a str],
}

impl Spellings<'_> {
    /// Holds that each has just that flaw, at the flaw, and its twin nothing; the last but one is that of the include.
    fn hold(&self) {
        for policy in self.policies {
            let with = |what: &str| policy.replace("FLAW", what);
            assert_eq!(of(&with(self.flaw)), [self.code], "{}", with(self.flaw));
            assert_eq!(of(&with(self.cure)), [""; 0], "{}", with(self.cure));
        }
    }
}

/// What is advised on the first finding in a policy.
fn help(policy: &str) -> String {
    linted(&[("p.warp", policy)]).diagnostics.into_iter().find_map(|finding| finding.help).unwrap_or_default()
}

/// The codes of a policy; what stands behind `----` is a file that it includes as `part.warp`.
fn of(policy: &str) -> Vec<String> {
    let (main, part) = policy.split_once("----").unwrap_or((policy, ""));
    found(&[("p.warp", main), ("part.warp", part)]).into_iter().map(|(code, _)| code).collect()
}
