//! Lints: each flaw in several spellings, and its cleaned twins.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may, as tests do")]

mod carried;
mod kept_errors;
mod open_purge;
mod personal;
mod restarts;
mod shadowed;
mod speed;
mod unfinished;
mod unkeyed;
mod wasted;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::Checked;
use warp_edge::lint;

/// A policy of several files, the first of them the one that is checked.
fn linted(files: &[(&str, &str)]) -> Checked {
    let (first, text) = files.first().unwrap();
    let start = MemoryFiles::new(*first, format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; }}\n{text}"));
    let all = files.iter().skip(1).fold(start, |all, (name, text)| all.with(*name, *text));
    let checked = lint::check(first, &all);
    assert!(checked.hir.is_some(), "{:#?} in {text}", checked.diagnostics);
    checked
}

/// What is found, with the text that it points at.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let checked = linted(files);
    let say = |finding: &warp_edge::lang::diagnostic::Diagnostic| {
        format!("{} {}", finding.code.id(), checked.sources.text(finding.primary.span))
    };
    checked.diagnostics.iter().map(say).collect()
}

/// The codes that are found in one file.
fn codes(text: &str) -> Vec<String> {
    found(&[("p.warp", text)]).iter().map(|found| found.split(' ').next().unwrap().to_owned()).collect()
}

/// That each of these is found to have just that mistake.
fn all_have(code: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(codes(text), [code], "{text}");
    }
}

/// The same of policies that begin like this.
fn all_behind_have(start: &str, code: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(codes(&format!("{start}\n{text}")), [code], "{text}");
    }
}

/// That nothing is found in these.
fn none_has_any(texts: &[&str]) {
    for text in texts {
        assert_eq!(found(&[("p.warp", text)]), Vec::<String>::new(), "{text}");
    }
}
