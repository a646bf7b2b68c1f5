//! Findings that are true of one policy and not of another that includes the same file: a comment that leaves nothing out of
//! the one may leave something out of the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::lang::check::Checked;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::SourceMap;
use crate::lang::suppress::is_about_use;

/// For each file and comment, how many policies say that it leaves nothing out; for each file, how many read it.
#[derive(Debug, Default)]
pub(super) struct Contested {
    unused: BTreeMap<(String, String), usize>,
    readers: BTreeMap<String, usize>,
}

impl Contested {
    /// What these policies say of their comments.
    pub(super) fn of<'a>(policies: impl IntoIterator<Item = &'a Checked>) -> Self {
        let mut contested = Self::default();
        for checked in policies {
            let names: BTreeSet<&str> = checked.sources.iter().map(|(_, file)| file.name()).collect();
            for name in names {
                *contested.readers.entry(name.to_owned()).or_default() += 1;
            }
            let unused = checked.diagnostics.iter().filter(|finding| is_about_use(finding));
            let unused: BTreeSet<_> = unused.map(|finding| identity(finding, &checked.sources)).collect();
            for identity in unused {
                *contested.unused.entry(identity).or_default() += 1;
            }
        }
        contested
    }

    /// Whether not every policy that reads the file says the same.
    pub(super) fn holds(&self, finding: &Diagnostic, sources: &SourceMap) -> bool {
        if !is_about_use(finding) {
            return false;
        }
        let identity = identity(finding, sources);
        self.unused.get(&identity) != self.readers.get(&identity.0)
    }
}

/// The file and the line with the comment, which stay as they are while other lines are mended.
fn identity(finding: &Diagnostic, sources: &SourceMap) -> (String, String) {
    let span = finding.primary.span;
    let Some(file) = sources.get(span.file) else { return <_>::default() };
    let at = file.lines().locate(file.text(), span.start as usize);
    let line = file.lines().range(file.text(), at.line - 1).and_then(|range| file.text().get(range));
    (file.name().to_owned(), format!("{}\0{}", line.unwrap_or_default().trim(), finding.message))
}
