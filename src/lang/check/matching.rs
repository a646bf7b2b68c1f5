//! `match`: tests of one value, as a statement and as an expression.

use std::collections::HashSet;

use super::expression::negation;
use super::function::{Flow, Returned};
use super::membership::Looked;
use super::operator::{Sign, sign_of};
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Arm, Comparison, Expression, ExpressionKind, LocalId, Statement, StatementKind};
use crate::lang::schema::Type;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{
    self, Block, FunctionBody, ListItem, Match, MatchArm, MatchTest, MatchTestKind, TestOperator,
};

impl<'a> Scope<'_, 'a> {
    /// `match VALUE { TESTS -> { … } … }`
    pub(super) fn match_statement(&mut self, written: &'a Match<Block>) -> StatementKind {
        let looked = self.looked_at(&written.subject);
        let looked = looked.map(|looked| match self.kept(looked) {
            (looked, None) => looked,
            (looked, Some((id, value))) => {
                self.put_before(Statement { kind: StatementKind::Let(id, value), span: written.subject.span });
                looked
            }
        });
        let before = std::mem::take(self.statements_before());
        let mut seen = HashSet::new();
        let mut arms = Vec::with_capacity(written.arms.len());
        for arm in &written.arms {
            let condition = looked.as_ref().and_then(|looked| self.arm_condition(looked, arm, &mut seen));
            let body = self.block(&arm.then);
            arms.extend(condition.map(|condition| Arm { condition, body, span: arm.span }));
        }
        let otherwise = written.otherwise.as_ref().map(|block| self.block(block)).unwrap_or_default();
        *self.statements_before() = before;
        StatementKind::If { arms, otherwise, rest: written.otherwise.as_ref().map(|block| block.span) }
    }

    /// `match VALUE { TESTS -> { … } … }` of a function: what is looked at is kept, and then there is an `if`.
    pub(super) fn computed_match(
        &mut self,
        written: &'a Match<FunctionBody>,
        returned: Returned<'_>,
    ) -> Option<Vec<Flow>> {
        let looked = self.looked_at(&written.subject).map(|looked| self.kept(looked));
        let (looked, kept) = looked.map_or((None, None), |(looked, kept)| (Some(looked), kept));
        let mut seen = HashSet::new();
        let mut arms = Vec::with_capacity(written.arms.len());
        for arm in &written.arms {
            let condition = looked.as_ref().and_then(|looked| self.arm_condition(looked, arm, &mut seen));
            arms.push((condition, self.computed(&arm.then, returned)));
        }
        let otherwise = written.otherwise.as_ref().map(|body| self.computed(body, returned));
        let arms = arms.into_iter().map(|(condition, body)| Some((condition?, body?))).collect::<Option<_>>()?;
        let ladder = Flow::If(arms, otherwise.unwrap_or_else(|| Some(Vec::new()))?);
        Some(kept.map(|(id, value)| Flow::Let(id, value)).into_iter().chain([ladder]).collect())
    }
}

impl Scope<'_, '_> {
    /// `match VALUE { TESTS -> VALUE; … }`
    pub(super) fn match_value(&mut self, written: &Match<ast::Expression>, span: Span) -> Option<Expression> {
        let looked = self.looked_at(&written.subject).map(|looked| self.kept(looked));
        let (looked, kept) = looked.map_or((None, None), |(looked, kept)| (Some(looked), kept));
        let mut seen = HashSet::new();
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        for arm in &written.arms {
            conditions.push(looked.as_ref().and_then(|looked| self.arm_condition(looked, arm, &mut seen)));
            values.push(self.expression(&arm.then));
        }
        let Some(otherwise) = &written.otherwise else {
            let finding =
                Diagnostic::new(Code::E0343, written.subject.span, "this `match` has no value if no arm holds");
            let finding = finding.help("add `else -> VALUE;` as its last arm");
            // An arm that was not understood may be meant for that.
            return conditions.iter().all(Option::is_some).then(|| self.report(finding)).and(None);
        };
        values.push(self.expression(otherwise));
        let conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
        let values = self.of_common_type(values.into_iter().collect::<Option<Vec<_>>>()?)?;
        let ty = values.first()?.ty;
        let choice = Expression { kind: ExpressionKind::Choose(conditions, values), ty, span };
        Some(match kept {
            None => choice,
            Some((id, value)) => {
                Expression { kind: ExpressionKind::Bind(id, Box::new(value), Box::new(choice)), ty, span }
            }
        })
    }

    /// The values as ones of the first one's type; of REAL if one of them is.
    fn of_common_type(&self, values: Vec<Expression>) -> Option<Vec<Expression>> {
        let first = values.first()?.ty;
        let fraction = first == Type::Int && values.iter().any(|value| value.ty == Type::Real);
        let ty = if fraction { Type::Real } else { first };
        let values: Vec<_> =
            values.into_iter().map(|value| self.convert(value, ty, format_args!("an arm of this `match`"))).collect();
        values.into_iter().collect()
    }

    /// What is looked at, so that looking twice costs and changes nothing; and what has to be kept for that.
    fn kept(&mut self, looked: Looked) -> (Looked, Option<(LocalId, Expression)>) {
        match looked {
            Looked::Value(value) if self.cx.as_written || !is_at_hand(&value) => {
                let id = self.unnamed();
                let local = Expression { kind: ExpressionKind::Local(id), ty: value.ty, span: value.span };
                (Looked::Value(local), Some((id, value)))
            }
            looked => (looked, None),
        }
    }

    fn arm_condition<T>(
        &mut self,
        looked: &Looked,
        arm: &MatchArm<T>,
        seen: &mut HashSet<Box<[u8]>>,
    ) -> Option<Expression> {
        let tests: Vec<Option<Expression>> = arm.tests.iter().map(|test| self.match_test(looked, test)).collect();
        let mut tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
        self.advise_on_seen(&tests, seen);
        if tests.len() == 1 {
            return tests.pop();
        }
        let span = tests.first()?.span.to(tests.last()?.span);
        Some(Expression { kind: ExpressionKind::Or(tests), ty: Type::Bool, span })
    }

    /// Says of an arm whose texts all stand in earlier ones that it is never reached.
    fn advise_on_seen(&self, tests: &[Expression], seen: &mut HashSet<Box<[u8]>>) {
        let (mut taken, mut others) = (Vec::new(), false);
        for test in tests {
            match &test.kind {
                ExpressionKind::InTexts(_, listed) => taken.extend(listed.iter().cloned()),
                _ => others = true,
            }
        }
        if let (Some(first), false) = (tests.first(), taken.is_empty() || others)
            && taken.iter().all(|text| seen.contains(text))
        {
            let finding = Diagnostic::new(Code::W0501, first.span, "this arm is never reached");
            self.cx.findings.advise(finding.help("an arm above it takes what it tests for; remove one of them"));
        }
        seen.extend(taken);
    }

    fn match_test(&mut self, looked: &Looked, test: &MatchTest) -> Option<Expression> {
        let (span, looked) = (test.span, looked.at(test.span));
        match &test.kind {
            MatchTestKind::Test(TestOperator::In, list) => self.equality(looked, list, span),
            MatchTestKind::Test(operator, list) => self.listed(*operator, Some(looked), list, span),
            MatchTestKind::Compare(operator, value) => {
                let left = self.single(looked, span)?;
                match sign_of(*operator) {
                    Sign::Compare(sign) => {
                        let right = self.expression(value)?;
                        self.compared(sign, left, right, span)
                    }
                    Sign::Match { negated } => {
                        let matched = self.matched(Some(left), value, span)?;
                        Some(if negated { negation(matched, span) } else { matched })
                    }
                    Sign::Reckon(_) => None,
                }
            }
        }
    }

    /// Reports what other languages call the arm that takes the rest; a backend of that name is no test of a text.
    fn is_else_elsewhere(&self, left: &Expression, value: &ast::Expression) -> bool {
        let ast::ExpressionKind::Path(path) = &value.kind else { return false };
        let [name] = path.parts.as_slice() else { return false };
        let is_value =
            self.local_names().any(|local| local == name.text) || self.cx.names.consts.find(&name.text).is_some();
        if !matches!(name.text.as_str(), "default" | "_") || is_value || left.ty == Type::Backend {
            return false;
        }
        let finding = Diagnostic::new(Code::E0201, name.span, format!("`{}` does not stand for the rest", name.text));
        let finding = finding.help("the last arm of a `match` is called `else`");
        self.report(finding.fix(Fix::replace("write `else`", name.span, "else")));
        true
    }

    /// A value, or values and ranges: what stands behind `in`, or behind `==` where there is no `in`.
    fn equality(&mut self, looked: Looked, list: &[ListItem], span: Span) -> Option<Expression> {
        let left = self.single(looked, span)?;
        match list {
            [ListItem::Value(value)] if self.is_else_elsewhere(&left, value) => None,
            [ListItem::Value(value)] if !matches!(left.ty, Type::String | Type::Int | Type::Duration | Type::Bytes) => {
                let right = self.expression(value)?;
                self.compared(Comparison::Equal, left, right, span)
            }
            _ => self.listed(TestOperator::In, Some(Looked::Value(left)), list, span),
        }
    }
}

/// Whether asking for the value again is as good as keeping it.
pub(super) fn is_at_hand(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Variable(_)
        | ExpressionKind::Header(..)
        | ExpressionKind::Directive(..)
        | ExpressionKind::Local(_) => true,
        ExpressionKind::Query(_, key) | ExpressionKind::Cookie(_, key) => matches!(key.kind, ExpressionKind::Text(_)),
        _ => false,
    }
}
