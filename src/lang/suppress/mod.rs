//! Comments that say of a warning that it is meant: `# warp: allow(W0701) reason`.
//!
//! Behind all that finds something, before levels. A comment is about the statement behind it, or about the line that it ends;
//! `allow-file(…)` at the top of a file is about all of it. Errors are never left out. What is wrong with such a
//! comment itself, and that it leaves nothing out, is told in its turn.

mod comment;
mod extent;
mod verdict;

use std::collections::BTreeMap;

use super::diagnostic::{Code, Diagnostic};
use super::source::{FileId, SourceFile, SourceMap};
use comment::Comment;

/// The findings without those that a comment leaves out, with those about the comments, in the order of their places. That one
/// leaves nothing out is told where everything `is_looked_at`.
#[must_use]
pub fn apply(sources: &SourceMap, mut found: Vec<Diagnostic>, is_looked_at: bool) -> Vec<Diagnostic> {
    let mut comments = Comments::of(sources);
    if comments.by_file.is_empty() {
        return found;
    }
    found.retain(|finding| !comments.take(sources, finding));
    for (file, comment) in comments.all() {
        found.extend(verdict::flaws(file, comment));
        if is_looked_at {
            found.extend(verdict::unused(file, comment));
        }
    }
    found.sort_by_key(|finding| finding.primary.span);
    found
}

/// The comments of all files. A file that is read twice, for two sites, has its comments once.
struct Comments {
    by_file: BTreeMap<String, (FileId, Vec<Comment>)>,
}

impl Comments {
    fn of(sources: &SourceMap) -> Self {
        let mut by_file = BTreeMap::new();
        for (id, file) in sources.iter().filter(|(_, file)| !file.is_data() && file.text().contains(comment::MARK)) {
            let comments = comment::comments(file.text());
            if !comments.is_empty() {
                by_file.entry(file.name().to_owned()).or_insert((id, comments));
            }
        }
        Self { by_file }
    }

    /// Whether a comment leaves the finding out, which is then used.
    fn take(&mut self, sources: &SourceMap, finding: &Diagnostic) -> bool {
        let span = finding.primary.span;
        let file = sources.get(span.file).map(SourceFile::name).and_then(|name| self.by_file.get_mut(name));
        let Some((_, comments)) = file.filter(|_| !finding.is_error()) else { return false };
        let mut taken = false;
        for comment in comments.iter_mut().filter(|comment| comment.extent.contains(&(span.start as usize))) {
            taken |= comment.take(finding.code);
        }
        taken
    }

    fn all(&self) -> impl Iterator<Item = (FileId, &Comment)> {
        self.by_file.values().flat_map(|(file, comments)| comments.iter().map(|comment| (*file, comment)))
    }
}

/// Whether a finding says that a comment leaves nothing out: true of a policy, and perhaps not of another that includes the
/// same file.
#[must_use]
pub fn is_about_use(finding: &Diagnostic) -> bool {
    finding.code == Code::W1010
}
