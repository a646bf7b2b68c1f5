//! Findings as tests: a suite for each file, in which a finding that fails the check is a test that failed, another
//! warning one that passed and has something to say, and no finding one that passed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Finding;
use super::finding::path_of;
use super::xml::escape;
use crate::lang::diagnostic::{Level, render};

#[derive(Default)]
struct Suite {
    cases: String,
    tests: usize,
    failures: usize,
}

pub(super) fn print(findings: &[Finding], files: &[String]) -> String {
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for name in files {
        suites.entry(path_of(name)).or_default();
    }
    for finding in findings {
        suites.entry(finding.place.path.clone()).or_default().add(finding);
    }
    let body: String = suites.iter_mut().map(|(path, suite)| suite.print(path)).collect();
    let tests: usize = suites.values().map(|suite| suite.tests).sum();
    let failures: usize = suites.values().map(|suite| suite.failures).sum();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <testsuites name=\"warp check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{body}</testsuites>\n"
    )
}

impl Suite {
    fn add(&mut self, finding: &Finding) {
        let place = &finding.place;
        let code = finding.diagnostic.code;
        let name = format!("{} {} at {}:{}", code.id(), code.name(), place.line, place.column);
        let said = match finding.level {
            Level::Error => {
                self.failures += 1;
                let (message, text) = (escape(&finding.message()), escape(&whole(finding)));
                format!("<failure type=\"{}\" message=\"{message}\">{text}</failure>", code.id())
            }
            Level::Warning => format!("<system-out>{}</system-out>", escape(&whole(finding))),
        };
        self.push(&place.path, &name, &said);
    }

    fn push(&mut self, path: &str, name: &str, said: &str) {
        self.tests += 1;
        let (path, name) = (escape(path), escape(name));
        let _ = writeln!(self.cases, "    <testcase classname=\"{path}\" name=\"{name}\">{said}</testcase>");
    }

    fn print(&mut self, path: &str) -> String {
        if self.tests == 0 {
            self.push(path, "warp check", "");
        }
        let Self { cases, tests, failures } = self;
        let path = escape(path);
        format!(
            "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{cases}  </testsuite>\n"
        )
    }
}

/// The place with all that is said there, and the other places that explain it.
fn whole(finding: &Finding) -> String {
    let others = finding.diagnostic.context.iter().map(|label| {
        let place = finding.sources.describe(label.span);
        format!("\n{}: {}", render::visible(&place), render::visible(&label.text))
    });
    let place = &finding.place;
    format!("{}:{}:{}: {}{}", place.path, place.line, place.column, finding.explained(), others.collect::<String>())
}
