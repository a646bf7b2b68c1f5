use super::survey::Survey;
use crate::lang::diagnostic::Diagnostic;
pub(super) fn find(_: &mut Survey<'_>) -> Vec<Diagnostic> {
    Vec::new()
}
