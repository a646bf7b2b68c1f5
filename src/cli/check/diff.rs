//! What a change of a file is, as `git apply` and `patch` take it.

use std::fmt::Write as _;
use std::path::Path;

use similar::{ChangeTag, DiffOp, TextDiff, udiff::UnifiedHunkHeader};

/// How many lines are shown around a change.
const CONTEXT_LINES: usize = 3;

/// The unified diff of a file; empty if nothing changed.
pub(super) fn unified(name: &str, before: &str, after: &str) -> String {
    // A line ends with a line feed and with nothing else; what stands before that belongs to it.
    let lines = |text| <str>::split_inclusive(text, '\n').collect::<Vec<_>>();
    let (before, after) = (lines(before), lines(after));
    let diff = TextDiff::from_slices(&before, &after);
    let hunks: String = diff.grouped_ops(CONTEXT_LINES).iter().map(|ops| hunk(&diff, ops)).collect();
    if hunks.is_empty() {
        return hunks;
    }
    let path = path_of(name);
    format!("--- {}\n+++ {}\n{hunks}", named("a/", &path), named("b/", &path))
}

fn hunk(diff: &TextDiff<'_, '_, '_, str>, ops: &[DiffOp]) -> String {
    let mut hunk = format!("{}\n", UnifiedHunkHeader::new(ops));
    for change in ops.iter().flat_map(|op| diff.iter_changes(op)) {
        hunk.push(match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        });
        hunk.push_str(change.value());
        if !change.value().ends_with('\n') {
            hunk.push_str("\n\\ No newline at end of file\n");
        }
    }
    hunk
}

/// The path from the current folder where the file is below it, as both tools want it; a link is followed, since a patch
/// changes no file behind one.
fn path_of(name: &str) -> String {
    let below = || {
        let here = std::env::current_dir().ok()?.canonicalize().ok()?;
        Some(Path::new(name).canonicalize().ok()?.strip_prefix(here).ok()?.to_owned())
    };
    let path = below().unwrap_or_else(|| Path::new(name).to_owned());
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A name in the head of a diff: quoted as git does where it has to be, else ended by a tab if there are spaces in it.
fn named(side: &str, path: &str) -> String {
    let is_special = |letter: char| letter.is_control() || letter == '"' || letter == '\\';
    if !path.contains(is_special) {
        return format!("{side}{path}{}", if path.contains(' ') { "\t" } else { "" });
    }
    let mut quoted = format!("\"{side}");
    for letter in path.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_line_without_its_end_is_told() {
        let expected = "--- a/x.warp\n+++ b/x.warp\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n";
        assert_eq!(unified("x.warp", "a\r\nb", "a\r\nc"), expected);
        assert_eq!(unified("x.warp", "a\n", "a\n"), "");
    }

    #[test]
    fn a_carriage_return_alone_ends_no_line() {
        let diff = unified("x.warp", "a\rb\nc\r", "a\rB\nc\r");
        assert!(diff.ends_with("@@ -1,2 +1,2 @@\n-a\rb\n+a\rB\n c\r\n\\ No newline at end of file\n"), "{diff:?}");
    }

    #[test]
    fn names_are_written_as_git_writes_them() {
        assert_eq!(named("a/", "x.warp"), "a/x.warp");
        assert_eq!(named("a/", "ä b.warp"), "a/ä b.warp\t");
        assert_eq!(named("a/", "\"x\\\n.warp"), "\"a/\\\"x\\\\\\012.warp\"");
    }
}
