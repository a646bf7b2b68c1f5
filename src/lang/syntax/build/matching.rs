//! `match`, the statement and the expression.

use super::super::ast::{Block, Expression, FunctionBody, Match, MatchArm, MatchTest, MatchTestKind, TestOperator};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;
use super::expression::{binary_operator, is_listed, test_operator};

impl Builder<'_> {
    /// `match VALUE { TESTS -> { … } … }`
    pub(super) fn match_statement(&mut self, node: Node<'_>) -> Option<Match<Block>> {
        self.matching(node, 0, |builder, arm| builder.block(arm.child(Rule::block)?))
    }

    /// `match VALUE { TESTS -> VALUE; … }`
    pub(super) fn match_value(&mut self, node: Node<'_>, depth: usize) -> Option<Match<Expression>> {
        self.matching(node, depth, |builder, arm| builder.expression(arm.child(Rule::expression)?, depth + 1))
    }

    /// `match VALUE { TESTS -> { … } … }` of a function.
    pub(super) fn function_match(&mut self, node: Node<'_>) -> Option<Match<FunctionBody>> {
        self.matching(node, 0, |builder, arm| builder.function_body(arm.child(Rule::fn_block)?))
    }

    fn matching<T>(
        &mut self,
        node: Node<'_>,
        depth: usize,
        then: impl Fn(&mut Self, Node<'_>) -> Option<T>,
    ) -> Option<Match<T>> {
        let (mut subject, mut arms, mut otherwise) = (None, Vec::new(), None);
        for part in node.children() {
            match part.rule() {
                Rule::expression => subject = Some(self.expression(part, depth + 1)?),
                Rule::arm | Rule::choice | Rule::fn_arm => {
                    let span = part.span();
                    let tests = self.tests(part.child(Rule::tests)?, depth + 1)?;
                    arms.push(MatchArm { tests, then: then(self, part)?, span });
                }
                Rule::otherwise_arm | Rule::otherwise_choice | Rule::fn_else_arm => {
                    otherwise = Some(then(self, part)?);
                }
                _ => {}
            }
        }
        Some(Match { subject: subject?, arms, otherwise })
    }

    fn tests(&mut self, node: Node<'_>, depth: usize) -> Option<Vec<MatchTest>> {
        let tests = node.children().filter(|part| part.rule() == Rule::test);
        tests.map(|part| self.match_test(part, depth)).collect()
    }

    fn match_test(&mut self, node: Node<'_>, depth: usize) -> Option<MatchTest> {
        let span = node.span();
        let (mut compare, mut test, mut kind) = (None, TestOperator::In, None);
        for part in node.children() {
            let rule = part.rule();
            if let Some(operator) = compare {
                kind = Some(MatchTestKind::Compare(operator, self.expression(part, depth)?));
            } else if let Some(operator) = binary_operator(rule) {
                compare = Some(operator);
            } else if let Some(operator) =
                test_operator(rule).filter(|_| rule != Rule::kw_in || test == TestOperator::In)
            {
                test = operator;
            } else if is_listed(rule) {
                kind = Some(MatchTestKind::Test(test, self.listed(part, depth)?));
            }
        }
        Some(MatchTest { kind: kind?, span })
    }
}
