//! Workflow commands of GitHub Actions: `::error file=…,line=…::…`.

use super::Finding;
use crate::lang::diagnostic::Level;

/// The command that puts a finding at its lines.
pub(super) fn line(finding: &Finding) -> String {
    let (code, place) = (finding.diagnostic.code, &finding.place);
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let file = property(&place.path);
    let title = property(&format!("{} {}", code.id(), code.name()));
    let message = data(&finding.explained());
    let (line, end_line) = (place.line, place.end_line);
    format!("::{command} file={file},line={line},endLine={end_line}{},title={title}::{message}\n", columns(finding))
}

/// The columns, which GitHub takes of a single line alone.
fn columns(finding: &Finding) -> String {
    let place = &finding.place;
    if place.line == place.end_line {
        format!(",col={},endColumn={}", place.column, place.end_column)
    } else {
        String::new()
    }
}

/// Text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        assert_eq!(data("50%\r\n::a, b"), "50%25%0D%0A::a, b");
        assert_eq!(property("c:\\a,b%.warp"), "c%3A\\a%2Cb%25.warp");
    }
}
