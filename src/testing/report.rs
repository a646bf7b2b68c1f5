//! What came of tests as diagnostics, and journeys as tests.

use std::collections::HashSet;
use std::ops::Range;

use super::{Failure, Outcome, Suite, Tested};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Claim, Test};
use crate::lang::schema::written_duration;
use crate::lang::source::{SourceFile, SourceMap};
use crate::simulate::{Case, Journey, Treatment, found_in_words};

/// What is to be said of the tests of a policy and its sites: nothing of those that pass.
#[must_use]
pub fn report(suites: &[Suite<'_>], sources: &SourceMap) -> Vec<Diagnostic> {
    let all = || suites.iter().flat_map(|suite| suite.tested.iter().map(move |tested| (suite, tested)));
    // A file that several policies include is theirs in common; the request comes to one of them.
    let at_home: HashSet<_> =
        all().filter(|(_, tested)| !tested.is_elsewhere()).map(|(_, tested)| place(tested, sources)).collect();
    let told = all().filter(|(_, tested)| !tested.is_elsewhere() || !at_home.contains(&place(tested, sources)));
    told.flat_map(|(suite, tested)| of_one(suite, tested, sources)).collect()
}

fn place<'s>(tested: &Tested<'_>, sources: &'s SourceMap) -> (Option<&'s str>, Range<usize>) {
    let span = tested.test.span;
    (sources.get(span.file).map(SourceFile::name), span.range())
}

impl Tested<'_> {
    fn is_elsewhere(&self) -> bool {
        matches!(self.outcome, Outcome::Elsewhere(_))
    }
}

fn of_one(suite: &Suite<'_>, tested: &Tested<'_>, sources: &SourceMap) -> Vec<Diagnostic> {
    let test = tested.test;
    match &tested.outcome {
        Outcome::Passed => Vec::new(),
        Outcome::Failed(failures) => failures.iter().map(|failure| failed(test, failure, sources)).collect(),
        Outcome::Unanswered => vec![unanswered(test)],
        Outcome::Elsewhere(serving) => vec![elsewhere(test, serving.as_deref(), suite.site())],
    }
}

fn failed(test: &Test, failure: &Failure<'_>, sources: &SourceMap) -> Diagnostic {
    let found = found_in_words(&failure.found);
    let message = format!("\"{}\" does not come out as expected", test.name);
    let finding = Diagnostic::new(Code::E0780, failure.expectation.span, message)
        .label(if found.is_empty() { "does not hold".to_owned() } else { found })
        .help(format!("this is what comes of the request: {}", course(&failure.journey)));
    let is_of_key = |leaf: &Claim| matches!(leaf, Claim::KeyContains(_) | Claim::KeyExcludes(_));
    // What becomes of an answer has nothing to do with the key.
    let rule = if failure.expectation.claim.leaves().into_iter().all(is_of_key) {
        failure.journey.done_for_key(sources)
    } else {
        failure.journey.decided(sources).or_else(|| failure.journey.done(sources))
    };
    match rule {
        Some(rule) => finding.context(rule, "by this rule"),
        None => finding,
    }
}

fn unanswered(test: &Test) -> Diagnostic {
    let message = "a backend is asked, and the test does not say what it answers";
    let help =
        "write `origin 200 { Cache-Control: \"max-age=60\" };`, or `origin none;` for one that cannot be reached";
    Diagnostic::new(Code::E0781, test.name_span, message).context(test.request.span, "for this request").help(help)
}

fn elsewhere(test: &Test, serving: Option<&str>, own: Option<&str>) -> Diagnostic {
    let message = match serving {
        Some(site) => format!("the request of this test is one for the site \"{site}\""),
        None => "the request of this test is for no host of this site".to_owned(),
    };
    let help = match own {
        Some(own) => format!("name a host that this policy is for: \"{own}\""),
        None => "write the test into the file of that site, or name a host that no site is for".to_owned(),
    };
    Diagnostic::new(Code::E0783, test.request.span, message).help(help)
}

/// What became of a request, in a few words.
fn course(journey: &Journey) -> String {
    let treatment = match journey.treatment {
        Treatment::Answered => "warp answers itself",
        Treatment::Hit => "it is served from the store",
        Treatment::Miss => "it is looked up and not found",
        Treatment::Pass => "it passes",
        Treatment::Pipe => "it is piped",
        Treatment::Purge { softly: false } => "it purges",
        Treatment::Purge { softly: true } => "it purges softly",
    };
    let asked = journey.asked.last().and_then(|asked| asked.backend_name.as_deref());
    let asked = asked.map_or_else(String::new, |name| format!(", `{name}` is asked"));
    let stored = match (journey.stored.last(), journey.asked.is_empty()) {
        (Some(stored), _) => format!(", stored for {}", written_duration(stored.lifetimes.ttl_ms.max(0))),
        (None, false) => ", not stored".to_owned(),
        (None, true) => String::new(),
    };
    format!("{treatment}{asked}{stored}, and the client gets {}", journey.response.status.as_u16())
}

/// What becomes of a request as a test to be pasted that claims that of it, made so often before.
pub(super) fn text(name: &str, case: &Case, times: usize, journey: &Journey, claims: &[String]) -> String {
    let request = &case.request;
    let before = format!("before {request}; ").repeat(times);
    let origin = match &case.answer {
        Some(_) if journey.asked.is_empty() && times == 0 => String::new(),
        Some(answer) => format!(" {answer};"),
        None => " origin none;".to_owned(),
    };
    let expected = claims.iter().flat_map(|claim| [" expect ", claim, ";"]).collect::<String>();
    format!("test \"{name}\" {{ {before}request {request};{origin}{expected} }}")
}
