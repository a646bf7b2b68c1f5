//! Functions of the policy.

use super::super::ast::{Binding, Expression, Function, FunctionBody, FunctionIf, FunctionStatement, Parameter};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;

impl Builder<'_> {
    pub(super) fn function(&mut self, node: Node<'_>) -> Option<Function> {
        let span = node.span();
        Some(Function {
            name: Self::name(&node.child(Rule::name)?),
            parameters: Self::parameters(node.child(Rule::parameters)?)?,
            result: Self::name(&node.child(Rule::type_name)?),
            body: self.function_body(node.child(Rule::fn_block)?)?,
            span,
        })
    }

    fn parameters(node: Node<'_>) -> Option<Vec<Parameter>> {
        let parameters = node.children().filter(|part| part.rule() == Rule::parameter);
        let parameter = |part: Node<'_>| {
            let (name, ty) = (part.child(Rule::name)?, part.child(Rule::type_name)?);
            Some(Parameter { name: Self::name(&name), ty: Self::name(&ty) })
        };
        parameters.map(parameter).collect()
    }

    pub(super) fn function_body(&mut self, node: Node<'_>) -> Option<FunctionBody> {
        let span = node.span();
        let statements = node.children().filter(|part| !matches!(part.rule(), Rule::brace_open | Rule::brace_close));
        Some(FunctionBody { statements: statements.map(|part| self.computing(part)).collect::<Option<_>>()?, span })
    }

    /// A statement of a function.
    fn computing(&mut self, node: Node<'_>) -> Option<FunctionStatement> {
        Some(match node.rule() {
            Rule::let_statement => {
                let span = node.span();
                FunctionStatement::Let(Binding { span, ..self.binding(node.child(Rule::binding)?)? })
            }
            Rule::fn_if => FunctionStatement::If(self.function_if(node)?),
            Rule::fn_match => FunctionStatement::Match(self.function_match(node)?, node.span()),
            Rule::value_return => FunctionStatement::Return(self.expression(node.child(Rule::expression)?, 0)?),
            _ => return None,
        })
    }

    fn function_if(&mut self, node: Node<'_>) -> Option<FunctionIf> {
        let mut arms = vec![self.function_arm(node)?];
        let mut otherwise = None;
        for part in node.children() {
            match part.rule() {
                Rule::fn_else_if => arms.push(self.function_arm(part)?),
                Rule::fn_otherwise => otherwise = Some(self.function_body(part.child(Rule::fn_block)?)?),
                _ => {}
            }
        }
        Some(FunctionIf { arms, otherwise, span: node.span() })
    }

    fn function_arm(&mut self, node: Node<'_>) -> Option<(Expression, FunctionBody)> {
        let condition = self.condition(node.child(Rule::condition)?)?;
        Some((condition, self.function_body(node.child(Rule::fn_block)?)?))
    }
}
