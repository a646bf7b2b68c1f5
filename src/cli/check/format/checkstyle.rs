//! The XML that Checkstyle writes: files with errors.

use std::collections::BTreeMap;

use super::Finding;
use super::xml::escape;

pub(super) fn print(findings: &[Finding]) -> String {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for finding in findings {
        files.entry(&finding.place.path).or_default().push_str(&error(finding));
    }
    let files = files.iter().map(|(name, errors)| format!("  <file name=\"{}\">\n{errors}  </file>\n", escape(name)));
    let files: String = files.collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n{files}</checkstyle>\n")
}

fn error(finding: &Finding) -> String {
    let (line, column) = (finding.place.line, finding.place.column);
    let (severity, message) = (finding.level.name(), escape(&finding.explained()));
    let source = finding.diagnostic.code.id();
    format!(
        "    <error line=\"{line}\" column=\"{column}\" severity=\"{severity}\" message=\"{message}\" source=\"warp.{source}\"/>\n"
    )
}
