//! JSON: `{"version": 1, "steps": [{"step", "entry", "nodes": [{"id", "kind", "text", …}]}]}`.

use serde::Serialize;

use super::picture::Picture;

#[derive(Serialize)]
struct Document<'p> {
    /// Grows when the meaning of a member changes; members may be added without.
    version: u32,
    steps: &'p [Picture],
}

/// One object with a line feed behind it.
pub(super) fn write(pictures: &[Picture]) -> String {
    // Strings and numbers only, so that it cannot fail.
    let mut text = serde_json::to_string_pretty(&Document { version: 1, steps: pictures }).unwrap_or_default();
    text.push('\n');
    text
}
