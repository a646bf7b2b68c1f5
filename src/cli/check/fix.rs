//! Applies the fixes that diagnostics offer.

use std::collections::{BTreeMap, BTreeSet};

use super::contested::Contested;
use super::levels::{Levels, Weight};
use super::overlay::Overlay;
use crate::lang::builtin;
use crate::lang::check::Checked;
use crate::lang::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::lang::source::SourceMap;
use crate::lint::check;

/// One fix may make room for the next; more rounds than this means that two undo each other.
const MAX_ROUNDS: usize = 64;

/// Applies the fixes up to `safety` to the policies, in memory, until none is left; tells how many
/// were applied. A round that adds errors is taken back, and ends the mending of that policy.
pub(super) fn until_stable(policies: &[String], levels: &Levels, safety: Safety, overlay: &mut Overlay) -> usize {
    let checked: Vec<Checked> = policies.iter().map(|name| check(name, overlay)).collect();
    let contested = Contested::of(&checked);
    let wanted = |policy| Wanted { policy, levels, safety, contested: &contested };
    policies.iter().map(|name| mend(name, &wanted(name), overlay)).sum()
}

/// Which fixes are applied.
struct Wanted<'a> {
    policy: &'a str,
    levels: &'a Levels,
    safety: Safety,
    contested: &'a Contested,
}

impl Wanted<'_> {
    fn wants(&self, finding: &Diagnostic, fix: &Fix, sources: &SourceMap) -> bool {
        let welcome = fix.safety == Safety::Safe || self.safety == Safety::NeedsReview;
        let told = self.levels.weight(self.policy, finding, sources) != Weight::Hidden;
        welcome && told && !fix.edits.is_empty() && !self.contested.holds(finding, sources)
    }
}

fn mend(name: &str, wanted: &Wanted, overlay: &mut Overlay) -> usize {
    let mut applied = 0;
    let mut checked = check(name, overlay);
    for _ in 0..MAX_ROUNDS {
        let fixes = applicable(&checked, wanted);
        if fixes.is_empty() {
            break;
        }
        let mut mended = overlay.clone();
        for (name, text) in apply(&checked.sources, &fixes) {
            mended.change(&name, text);
        }
        let after = check(name, &mended);
        if errors(&after) > errors(&checked) {
            break;
        }
        applied += fixes.len();
        *overlay = mended;
        checked = after;
    }
    applied
}

/// The fixes to apply in one round: in order of the findings, none touching the text of another.
fn applicable<'a>(checked: &'a Checked, wanted: &Wanted) -> Vec<&'a Fix> {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut fixes = Vec::new();
    for diagnostic in &checked.diagnostics {
        let Some(fix) = &diagnostic.fix else { continue };
        let free = |edit: &Edit| is_ours(&checked.sources, edit) && !taken.iter().any(|other| touch(edit, other));
        if wanted.wants(diagnostic, fix, &checked.sources) && fix.edits.iter().all(free) {
            taken.extend(&fix.edits);
            fixes.push(fix);
        }
    }
    fixes
}

/// The built-in policy is not for mending.
fn is_ours(sources: &SourceMap, edit: &Edit) -> bool {
    sources.get(edit.span.file).is_some_and(|file| file.name() != builtin::NAME)
}

/// Whether two edits overlap, or insert at the same place, where the order would matter.
fn touch(one: &Edit, other: &Edit) -> bool {
    one.span.file == other.span.file && one.span.start <= other.span.end && other.span.start <= one.span.end
}

/// The new texts of the files that the fixes change, by name.
fn apply(sources: &SourceMap, fixes: &[&Fix]) -> BTreeMap<String, String> {
    let edits: Vec<&Edit> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    let changed: BTreeSet<_> = edits.iter().map(|edit| edit.span.file).collect();
    let rewrite = |id| {
        let file = sources.get(id)?;
        let mut edits: Vec<&Edit> = edits.iter().copied().filter(|edit| edit.span.file == id).collect();
        edits.sort_by_key(|edit| edit.span);
        Some((file.name().to_owned(), edited(file.text(), &edits)))
    };
    changed.into_iter().filter_map(rewrite).collect()
}

/// `text` with the edits, which are sorted and do not overlap.
fn edited(text: &str, edits: &[&Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let has_crlf = text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        result.push_str(text.get(at..range.start).unwrap_or_default());
        result.push_str(&if has_crlf { with_crlf(&edit.text) } else { edit.text.clone() });
        at = range.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

/// The text with the ends that the lines of its file have; what was taken from there has them.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn errors(checked: &Checked) -> usize {
    checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::diagnostic::Code;
    use crate::lang::source::{SourceFile, Span};

    fn finding(sources: &SourceMap, at: std::ops::Range<usize>, text: &str, safety: Safety) -> Diagnostic {
        let (file, _) = sources.iter().next().unwrap();
        let fix = Fix { safety, ..Fix::replace("mend", Span::new(file, at.clone()), text) };
        Diagnostic::new(Code::E0101, Span::new(file, at), "wrong").fix(fix)
    }

    fn mended(text: &str, edits: &[(std::ops::Range<usize>, &str, Safety)], safety: Safety) -> String {
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new("a.warp", text));
        let diagnostics = edits.iter().map(|(at, text, safety)| finding(&sources, at.clone(), text, *safety)).collect();
        let checked = Checked { sources, diagnostics, hir: None };
        let wanted = Wanted { policy: "a.warp", levels: &Levels::default(), safety, contested: &Contested::default() };
        let fixes = applicable(&checked, &wanted);
        apply(&checked.sources, &fixes).remove("a.warp").unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn edits_apply_from_front_to_back_whatever_their_order() {
        let edits = [(6..10, "three", Safety::Safe), (0..1, "1", Safety::Safe), (5..5, ";", Safety::Safe)];
        assert_eq!(mended("a bé tré", &edits, Safety::Safe), "1 bé; three");
    }

    #[test]
    fn of_fixes_that_touch_only_the_first_is_taken() {
        let edits = [(2..2, ";", Safety::Safe), (2..2, ";", Safety::Safe), (1..3, "x", Safety::Safe)];
        assert_eq!(mended("abc", &edits, Safety::Safe), "ab;c");
    }

    #[test]
    fn what_needs_a_look_is_applied_only_when_asked_for() {
        let edits = [(0..1, "x", Safety::NeedsReview)];
        assert_eq!(mended("abc", &edits, Safety::Safe), "abc");
        assert_eq!(mended("abc", &edits, Safety::NeedsReview), "xbc");
    }
}
