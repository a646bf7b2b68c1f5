//! Where all parts of the check put what they find.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::{SourceMap, Span};

/// How many errors of a policy are reported.
const MOST_ERRORS: usize = 1_000;

/// How many names are compared with unknown ones at most: thousands of each would take minutes.
const MOST_COMPARISONS: usize = 200_000;

/// The findings so far. Shared by reference, so that looking something up can report as well.
#[derive(Default)]
pub(super) struct Findings {
    certain: RefCell<Vec<Diagnostic>>,
    advice: RefCell<Vec<Diagnostic>>,
    /// How many names were compared with unknown ones.
    compared: Cell<usize>,
}

impl Findings {
    /// Keeps a finding.
    pub(super) fn report(&self, finding: Diagnostic) {
        self.certain.borrow_mut().push(finding);
    }

    /// Keeps a finding that only makes sense of a policy without errors: what looks unused in a
    /// policy that was not understood may well be used.
    pub(super) fn advise(&self, finding: Diagnostic) {
        self.advice.borrow_mut().push(finding);
    }

    /// How many names may still be compared with unknown ones.
    pub(super) fn comparisons_left(&self) -> usize {
        MOST_COMPARISONS.saturating_sub(self.compared.get())
    }

    /// Notes that so many names are compared with an unknown one.
    pub(super) fn compare(&self, names: usize) {
        self.compared.set(self.compared.get().saturating_add(names));
    }

    /// Whether an error was found so far.
    pub(super) fn any_error(&self) -> bool {
        self.certain.borrow().iter().any(Diagnostic::is_error)
    }

    /// Whether an error was found within that place so far. O(findings).
    pub(super) fn any_within(&self, place: Span) -> bool {
        let is_within = |span: Span| span.file == place.file && place.start <= span.start && span.end <= place.end;
        self.certain.borrow().iter().any(|finding| finding.is_error() && is_within(finding.primary.span))
    }

    /// All findings in the order of their places.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        let any_error = self.any_error();
        let mut findings = self.certain.into_inner();
        if !any_error {
            findings.append(&mut self.advice.into_inner());
        }
        findings.sort_by_key(|finding| finding.primary.span);
        // Two places of one piece of the built-in policy come out at one call.
        findings.dedup();
        findings
    }
}

/// Puts the findings of a policy and its sites in the order of their places. One in a file that several of them include
/// is told once; too many are cut off.
pub fn tell_once(findings: &mut Vec<Diagnostic>, sources: &SourceMap) {
    findings.sort_by_key(|finding| finding.primary.span);
    let mut told = HashSet::new();
    findings.retain(|finding| {
        let span = finding.primary.span;
        let file = sources.get(span.file).map(|file| file.name().to_owned());
        told.insert((file, span.range(), finding.code.id(), finding.message.clone()))
    });
    cut_off(findings);
}

/// Nobody reads the mistake behind the thousandth, and to draw a hundred thousand takes seconds.
fn cut_off(findings: &mut Vec<Diagnostic>) {
    let errors = || (0..).zip(&*findings).filter(|(_, finding)| finding.is_error());
    let Some((end, first)) = errors().nth(MOST_ERRORS) else { return };
    let (place, more) = (first.primary.span, errors().count() - MOST_ERRORS);
    findings.truncate(end);
    let last = Diagnostic::new(Code::E0119, place, format!("{more} more mistakes from here on"));
    findings.push(last.help("mend the ones above and check again"));
}
