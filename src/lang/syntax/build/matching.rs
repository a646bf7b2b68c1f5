//! `match`, the statement and the expression.

use super::super::ast::{Block, Expression, Match, MatchArm, MatchTest, MatchTestKind, TestOperator};
use super::super::grammar::{Pair, Rule};
use super::expression::{binary_operator, is_listed, test_operator};
use super::{Builder, child};

impl Builder<'_> {
    /// `match VALUE { TESTS -> { … } … }`
    pub(super) fn match_statement(&mut self, pair: Pair<'_>) -> Option<Match<Block>> {
        self.matching(pair, 0, |builder, arm| builder.block(child(arm, Rule::block)?))
    }

    /// `match VALUE { TESTS -> VALUE; … }`
    pub(super) fn match_value(&mut self, pair: Pair<'_>, depth: usize) -> Option<Match<Expression>> {
        self.matching(pair, depth, |builder, arm| builder.expression(child(arm, Rule::expression)?, depth + 1))
    }

    fn matching<T>(
        &mut self,
        pair: Pair<'_>,
        depth: usize,
        then: impl Fn(&mut Self, Pair<'_>) -> Option<T>,
    ) -> Option<Match<T>> {
        let (mut subject, mut arms, mut otherwise) = (None, Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => subject = Some(self.expression(part, depth + 1)?),
                Rule::arm | Rule::choice => {
                    let span = self.span(&part);
                    let tests = self.tests(child(part.clone(), Rule::tests)?, depth + 1)?;
                    arms.push(MatchArm { tests, then: then(self, part)?, span });
                }
                Rule::otherwise_arm | Rule::otherwise_choice => otherwise = Some(then(self, part)?),
                _ => {}
            }
        }
        Some(Match { subject: subject?, arms, otherwise })
    }

    fn tests(&mut self, pair: Pair<'_>, depth: usize) -> Option<Vec<MatchTest>> {
        let tests = pair.into_inner().filter(|part| part.as_rule() == Rule::test);
        tests.map(|part| self.match_test(part, depth)).collect()
    }

    fn match_test(&mut self, pair: Pair<'_>, depth: usize) -> Option<MatchTest> {
        let span = self.span(&pair);
        let (mut compare, mut test, mut kind) = (None, TestOperator::In, None);
        for part in pair.into_inner() {
            let rule = part.as_rule();
            if let Some(operator) = binary_operator(rule) {
                compare = Some(operator);
            } else if let Some(operator) =
                test_operator(rule).filter(|_| rule != Rule::kw_in || test == TestOperator::In)
            {
                test = operator;
            } else if rule == Rule::fallback {
                kind = Some(MatchTestKind::Compare(compare?, self.expression(part, depth)?));
            } else if is_listed(rule) {
                kind = Some(MatchTestKind::Test(test, self.listed(part, depth)?));
            }
        }
        Some(MatchTest { kind: kind?, span })
    }
}
