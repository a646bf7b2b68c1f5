//! Where all parts of the check put what they find.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::SourceMap;

/// The findings so far. Shared by reference, so that looking something up can report as well.
#[derive(Default)]
pub(super) struct Findings {
    certain: RefCell<Vec<Diagnostic>>,
    advice: RefCell<Vec<Diagnostic>>,
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

    /// Whether an error was found so far.
    pub(super) fn any_error(&self) -> bool {
        self.certain.borrow().iter().any(Diagnostic::is_error)
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

/// Puts the findings of several policies in the order of their places. One in a file that several of them include is told
/// once.
pub(super) fn tell_once(findings: &mut Vec<Diagnostic>, sources: &SourceMap) {
    findings.sort_by_key(|finding| finding.primary.span);
    let mut told = HashSet::new();
    findings.retain(|finding| {
        let span = finding.primary.span;
        let file = sources.get(span.file).map(|file| file.name().to_owned());
        told.insert((file, span.range(), finding.code.id(), finding.message.clone()))
    });
}
