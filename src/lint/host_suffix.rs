//! A host that is asked for by its end alone: `std.suffixof(req.host, "example.com")` holds of `evilexample.com` too.

use http::header::HOST;

use super::regex::is_host;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Variable};
use crate::lang::source::SourceMap;

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    walk::expressions(hir).into_iter().filter_map(finding).collect()
}

fn finding(expression: &Expression) -> Option<Diagnostic> {
    let ExpressionKind::Call(Function::Text(Text::Suffixof), given) = &expression.kind else { return None };
    let [subject, Expression { kind: ExpressionKind::Text(end), .. }] = given.as_slice() else { return None };
    let end = std::str::from_utf8(end).ok().filter(|end| is_host(end) && is_of_host(subject))?;
    let message = format!("`{end}` is the end of `evil{end}` too, which may be anybody's");
    let help = format!("ask for the host itself, `== \"{end}\"`, and for those below it, whose end is `\".{end}\"`");
    Some(Diagnostic::new(Code::W0823, expression.span, message).help(help))
}

fn is_of_host(subject: &Expression) -> bool {
    match &subject.kind {
        ExpressionKind::Variable(Variable::ReqHost | Variable::BereqHost) => true,
        ExpressionKind::Header(_, name) => *name == HOST,
        ExpressionKind::ToText(inner) => is_of_host(inner),
        _ => false,
    }
}
