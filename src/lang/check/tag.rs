//! `tag`: the tags of a response.

use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, StatementKind, Tags};
use crate::lang::schema::{Step, StepSet, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast;

/// Where there is a response that may be stored.
const STORING: StepSet = StepSet::of(&[Step::BackendResponse, Step::BackendError]);

impl Scope<'_, '_> {
    /// `tag "post-12";`, `tag header "Surrogate-Key";`
    pub(super) fn tag(&mut self, tags: &ast::Expression, span: Span) -> Option<StatementKind> {
        let here = self.check_steps(STORING, Code::E0404, span, format_args!("`tag`"), "used");
        if let ast::ExpressionKind::Header(name) = &tags.kind {
            let name = self.field_name(&name.text, name.span)?;
            return here.then_some(StatementKind::Tag(Tags::Field(name)));
        }
        let text = self.wanted(tags, Type::String, format_args!("`tag`"))?;
        if matches!(&text.kind, ExpressionKind::Text(text) if holds_none(text)) {
            let finding = Diagnostic::new(Code::E0743, text.span, "there is no tag in this text");
            self.report(finding.help("write one or more tags, with spaces between them: `tag \"post-12\";`"));
            return None;
        }
        here.then_some(StatementKind::Tag(Tags::Text(text)))
    }
}

fn holds_none(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',')
}
