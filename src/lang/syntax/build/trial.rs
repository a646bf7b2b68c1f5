//! Tests.

use super::super::ast::{FieldLine, Sent, Test, TestPart, TestPartKind};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;

impl Builder<'_> {
    pub(super) fn trial(&mut self, node: Node<'_>) -> Option<Test> {
        let span = node.span();
        let name = Self::text(&node.child(Rule::string)?);
        let is_part = |part: &Node<'_>| matches!(part.rule(), Rule::sent | Rule::answered | Rule::expectation);
        let parts = node.children().filter(is_part).map(|part| self.trial_part(part)).collect::<Option<_>>()?;
        Some(Test { name, parts, span })
    }

    fn trial_part(&mut self, node: Node<'_>) -> Option<TestPart> {
        let span = node.span();
        let kind = match node.rule() {
            Rule::sent if node.child(Rule::kw_before).is_some() => TestPartKind::Before(Self::sent(node)?),
            Rule::sent => TestPartKind::Request(Self::sent(node)?),
            Rule::answered => Self::answered(node)?,
            _ => TestPartKind::Expect(self.expression(node.child(Rule::expression)?, 0)?),
        };
        Some(TestPart { kind, span })
    }

    fn sent(node: Node<'_>) -> Option<Sent> {
        let mut texts = node.children().filter(|part| part.rule() == Rule::string).map(|part| Self::text(&part));
        let method = node.child(Rule::method).map(|method| Self::name(&method)).or_else(|| texts.next())?;
        let client = node.child(Rule::address).map(|address| match address.child(Rule::string) {
            Some(text) => Self::text(&text),
            None => Self::name(&address),
        });
        Some(Sent { method, url: texts.next(), fields: Self::field_lines(node)?, client })
    }

    fn answered(node: Node<'_>) -> Option<TestPartKind> {
        let Some(status) = node.child(Rule::number) else { return Some(TestPartKind::Unreachable) };
        Some(TestPartKind::Origin(Self::name(&status), Self::field_lines(node)?))
    }

    /// The fields of a message, none if none are written.
    fn field_lines(node: Node<'_>) -> Option<Vec<FieldLine>> {
        let Some(lines) = node.child(Rule::field_lines) else { return Some(Vec::new()) };
        lines.children().filter(|part| part.rule() == Rule::field_line).map(Self::field_line).collect()
    }

    fn field_line(node: Node<'_>) -> Option<FieldLine> {
        let mut texts = node.children().filter(|part| part.rule() == Rule::string).map(|part| Self::text(&part));
        let name = node.child(Rule::field_name).map(|name| Self::name(&name)).or_else(|| texts.next())?;
        Some(FieldLine { name, value: texts.next()? })
    }
}
