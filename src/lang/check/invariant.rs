//! `invariant "…" { FACTS => CLAIM }`: what a policy claims of all requests. A test expects the same of one.

use super::convert::to_text;
use super::scope::Scope;
use super::words::suggestion;
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{self, Claim, Expression, ExpressionKind, Input};
use crate::lang::schema::function::Class;
use crate::lang::schema::{Message, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, BinaryOperator, Invariant, KeyClaim, Name};

/// What of a request can be kept out of the key.
const INPUTS: [&str; 3] = ["query", "header", "cookie"];

impl Scope<'_, '_> {
    /// The typed invariant; `None` after a finding.
    pub(super) fn invariant(&mut self, written: &Invariant) -> Option<hir::Invariant> {
        self.in_invariant = true;
        let facts = written.facts.as_ref().map_or(Some(Claim::ALWAYS), |facts| self.claim(facts));
        let claim = self.claim(&written.claim);
        let (facts, claim) = (facts?, claim?);
        let is_about_outcome = claim.leaves().into_iter().any(asks_outcome);
        if !is_about_outcome {
            let finding = of_no_outcome(written.claim.span, "this claims nothing of what the policy does", "");
            let turned = written.facts.as_ref().filter(|_| facts.leaves().into_iter().any(asks_outcome));
            self.report(match turned.and_then(|facts| self.turned_round(facts, &written.claim)) {
                Some(turned) => finding.help(turned),
                None => finding,
            });
            return None;
        }
        let (name, name_span) = (written.name.text.to_string(), written.name.span);
        Some(hir::Invariant { name, facts, claim, span: written.claim.span, name_span })
    }

    /// What says the same with the outcome as the claim: who is not B, though every A is, is no A.
    fn turned_round(&self, facts: &ast::Expression, claim: &ast::Expression) -> Option<String> {
        let (facts, claim) = (self.denied(facts)?, self.denied(claim)?);
        Some(format!("what came of a request is claimed, not given: write `{claim} => {facts}`"))
    }

    /// The opposite of a condition, as it would be written.
    fn denied(&self, written: &ast::Expression) -> Option<String> {
        let text = |part: &ast::Expression| self.cx.sources.get(part.span.file)?.text().get(part.span.range());
        Some(match &written.kind {
            ast::ExpressionKind::Not(inner) => text(inner)?.to_owned(),
            ast::ExpressionKind::Path(_) => format!("not {}", text(written)?),
            ast::ExpressionKind::Binary { operator, left, right, .. } => match opposite(*operator) {
                Some(opposite) => format!("{} {opposite} {}", text(left)?, text(right)?),
                None => format!("not ({})", text(written)?),
            },
            _ => format!("not ({})", text(written)?),
        })
    }

    /// The typed expectation of a test; `None` after a finding.
    pub(super) fn expectation(&mut self, written: &ast::Expression) -> Option<hir::Expectation> {
        (self.in_invariant, self.in_test) = (true, true);
        let claim = self.claim(written)?;
        let is_told = |leaf: &Claim| matches!(leaf, Claim::Holds(condition) if condition.reads(Message::Resp));
        if !claim.leaves().into_iter().any(|leaf| is_told(leaf) || asks_outcome(leaf)) {
            self.report(of_no_outcome(
                written.span,
                "this expects nothing of what the policy does",
                ", `status`, `resp.http.X`",
            ));
            return None;
        }
        Some(hir::Expectation { claim, span: written.span })
    }

    /// Who asks, in a sentence.
    pub(super) fn asker(&self) -> &'static str {
        if self.in_test { "a test" } else { "an invariant" }
    }

    fn claim(&mut self, written: &ast::Expression) -> Option<Claim> {
        match &written.kind {
            ast::ExpressionKind::And(parts) => Some(Claim::All(self.claims(parts)?)),
            ast::ExpressionKind::Or(parts) => Some(Claim::Any(self.claims(parts)?)),
            ast::ExpressionKind::Not(inner) => Some(Claim::Not(Box::new(self.claim(inner)?))),
            ast::ExpressionKind::KeyClaim(claim) => match &**claim {
                KeyClaim::Contains(value) => self.contains(value),
                KeyClaim::Excludes(kind, name) => self.excludes(kind, name),
            },
            _ => self.holds(written),
        }
    }

    /// All of them, each checked even if one is wrong.
    fn claims(&mut self, parts: &[ast::Expression]) -> Option<Vec<Claim>> {
        let checked: Vec<Option<Claim>> = parts.iter().map(|part| self.claim(part)).collect();
        checked.into_iter().collect()
    }

    fn holds(&mut self, written: &ast::Expression) -> Option<Claim> {
        let condition = self.condition(written)?;
        self.is_of_requests(&condition).then_some(Claim::Holds(condition))
    }

    fn contains(&mut self, value: &ast::Expression) -> Option<Claim> {
        let value = to_text(self.expression(value)?);
        if value.reads(Message::Beresp) || value.reads(Message::Resp) || asks(&value, is_outcome) {
            let finding = Diagnostic::new(Code::E0772, value.span, "a key is made before the backend has answered");
            self.report(finding.help("name what of the request stands in it: `key contains req.http.Host`"));
            return None;
        }
        self.is_of_requests(&value).then_some(Claim::KeyContains(value))
    }

    fn excludes(&self, kind: &Name, name: &Name) -> Option<Claim> {
        let bytes = || name.text.as_bytes().into();
        Some(Claim::KeyExcludes(match kind.text.as_str() {
            "query" => Input::Query(bytes()),
            "cookie" => Input::Cookie(bytes()),
            "header" => Input::Field(self.field_name(&name.text, name.span)?),
            other => {
                let message = format!("`{other}` is no part of a request that a key can exclude");
                let finding = Diagnostic::new(Code::E0201, kind.span, message);
                let help = suggestion(closest(other, INPUTS), "there are", INPUTS.to_vec());
                self.report(help.into_iter().fold(finding, Diagnostic::help));
                return None;
            }
        }))
    }

    /// Whether a value is the same for the same request and answer, and made of nothing else; reports what is not.
    fn is_of_requests(&mut self, value: &Expression) -> bool {
        let Some(span) = self.changing_part(value) else { return true };
        let finding = Diagnostic::new(Code::E0772, span, format!("{} cannot ask for this", self.asker()));
        self.report(finding.help(
            "it is about what the client sends and the backend answers: no functions that change with the world, and no `match` of a value",
        ));
        false
    }

    /// The first part that is not the same for the same request and answer. Names that outlive a value belong to
    /// statements.
    fn changing_part(&mut self, value: &Expression) -> Option<Span> {
        let before = self.statements_before().first().map(|statement| statement.span);
        before.or_else(|| changing(value))
    }

    /// `key contains …` where no invariant is.
    pub(super) fn report_claim_elsewhere(&self, span: Span) {
        let finding = if self.in_invariant {
            Diagnostic::new(Code::E0772, span, "what a key is made of cannot stand within a value")
                .help("join it with `and`, `or` and `not`: `stored => key contains req.http.Host`")
        } else {
            Diagnostic::new(Code::E0773, span, "only an invariant can ask what is in a key")
                .help("write it as `invariant \"…\" { stored => key contains req.http.Host }`")
        };
        self.report(finding);
    }
}

/// The first function in a value that may yield something else for the same request.
fn changing(value: &Expression) -> Option<Span> {
    let is_fit = !matches!(&value.kind, ExpressionKind::Call(function, _) if function.class() != Class::Pure);
    if is_fit { value.parts().find_map(changing) } else { Some(value.span) }
}

/// Whether a claim is about what came of a request.
fn asks_outcome(leaf: &Claim) -> bool {
    match leaf {
        Claim::Holds(condition) => asks(condition, is_outcome),
        _ => true,
    }
}

fn is_outcome(variable: Variable) -> bool {
    variable.name().starts_with("outcome.")
}

/// Whether a variable like that is read.
fn asks(value: &Expression, wanted: fn(Variable) -> bool) -> bool {
    let is_one = matches!(value.kind, ExpressionKind::Variable(variable) if wanted(variable));
    is_one || value.parts().any(|part| asks(part, wanted))
}

/// The sign that holds where another one does not.
fn opposite(operator: BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Equal => "!=",
        BinaryOperator::NotEqual => "==",
        BinaryOperator::Less => ">=",
        BinaryOperator::LessOrEqual => ">",
        BinaryOperator::Greater => "<=",
        BinaryOperator::GreaterOrEqual => "<",
        BinaryOperator::Match => "!~",
        BinaryOperator::NotMatch => "~",
        _ => return None,
    })
}

fn of_no_outcome(span: Span, message: &str, further: &str) -> Diagnostic {
    let known: Vec<String> = Variable::outcomes().map(|(name, _)| format!("`{name}`")).collect();
    let help = format!("ask for something of {}{further}, or of the `key`", known.join(", "));
    Diagnostic::new(Code::E0774, span, message).help(help)
}
