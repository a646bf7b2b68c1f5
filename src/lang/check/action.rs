//! How a step ends: `return (ACTION(ARGUMENTS))`.

use super::fold::Literal;
use super::scope::Scope;
use super::{unknown, vcl, words};
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, Outcome};
use crate::lang::schema::{Action, ActionArguments, SOFT, Step, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Name};

/// The actions that all of these steps may end with, as they are written.
pub(super) fn choices(steps: &[Step]) -> String {
    format!("`return (…)` with {}", words::actions(steps))
}

impl Scope<'_, '_> {
    /// The end that an action with its arguments means; `span` is the whole statement.
    pub(super) fn outcome(&mut self, name: &Name, arguments: &[ast::Expression], span: Span) -> Option<Outcome> {
        let Some(action) = Action::find(&name.text) else {
            self.report(self.unknown_action(name));
            // The label that `vcl` takes is no value.
            for argument in arguments.iter().filter(|_| name.text != "vcl") {
                self.expression(argument);
            }
            return None;
        };
        let here = self.check_action(action, name.span);
        let outcome = self.action_arguments(action, arguments, name.span.to(span));
        outcome.filter(|_| here)
    }

    fn unknown_action(&self, name: &Name) -> Diagnostic {
        let finding = Diagnostic::new(Code::E0207, name.span, format!("there is no action `{}`", name.text));
        if let Some(instead) = vcl::instead_of(&name.text) {
            return finding.help(instead);
        }
        let possible = |action: &&Action| self.missing_steps(action.runs()).is_empty();
        let names = Action::ALL.iter().filter(possible).map(|action| action.name());
        unknown::suggest(self.cx.findings, finding, &name.text, "possible here", names)
    }

    /// Whether all steps that reach this place may end so.
    pub(super) fn check_action(&self, action: Action, span: Span) -> bool {
        let never = self.missing_steps(action.steps());
        if !never.is_empty() {
            let message = format!("`return ({})` is not possible in {}", action.name(), self.in_steps(&never));
            let here: Vec<Step> = self.steps().iter().collect();
            let help = match (action, here.as_slice()) {
                // As in VCL 3, and as Fastly has it.
                (Action::Lookup, [Step::Recv]) => "write `return (hash)`".to_owned(),
                _ => format!("write {}", choices(&here)),
            };
            self.report_in_steps(Diagnostic::new(Code::E0404, span, message).help(help), &never);
            return false;
        }
        let not_yet = self.missing_steps(action.runs());
        if !not_yet.is_empty() {
            let message = format!(
                "this version of warp does not carry out `return ({})` in {}",
                action.name(),
                self.in_steps(&not_yet)
            );
            let here: Vec<Step> = self.steps().iter().collect();
            let finding = Diagnostic::new(Code::E0406, span, message).help(format!("write {}", choices(&here)));
            self.report_in_steps(finding, &not_yet);
            return false;
        }
        true
    }

    fn action_arguments(&mut self, action: Action, arguments: &[ast::Expression], span: Span) -> Option<Outcome> {
        let name = action.name();
        match (action.arguments(), arguments) {
            (_, []) if action.arguments() != ActionArguments::StatusAndReason => Some(Outcome::of(action)),
            (ActionArguments::StatusAndReason | ActionArguments::OptionalStatusAndReason, [status]) => {
                let status = Some(self.status(status, name)?);
                Some(Outcome { status, ..Outcome::of(action) })
            }
            (ActionArguments::StatusAndReason | ActionArguments::OptionalStatusAndReason, [status, reason]) => {
                let (status, reason) = (self.status(status, name), self.reason(reason, name));
                Some(Outcome { status: Some(status?), reason: Some(reason?), ..Outcome::of(action) })
            }
            (ActionArguments::OptionalReason, [reason]) => {
                let reason = Some(self.reason(reason, name)?);
                Some(Outcome { reason, ..Outcome::of(action) })
            }
            (ActionArguments::OptionalTime, [time])
                if self.steps().iter().all(|step| step == Step::BackendResponse) =>
            {
                let time = Some(self.pass_time(time)?);
                Some(Outcome { time, ..Outcome::of(action) })
            }
            (ActionArguments::OptionalSoft, [word]) => {
                let soft = self.soft(word, name)?;
                Some(Outcome { soft, ..Outcome::of(action) })
            }
            _ => {
                self.report(wrong_arguments(action, span));
                None
            }
        }
    }

    /// How long requests are to pass.
    pub(super) fn pass_time(&mut self, written: &ast::Expression) -> Option<Expression> {
        let time = self.wanted(written, Type::Duration, format_args!("the time of `pass`"))?;
        if matches!(Literal::of(&time.kind), Some(Literal::Duration(..=0))) {
            let finding =
                Diagnostic::new(Code::E0348, time.span, "no request passes for that time: it is not above zero");
            self.report(
                finding.help("write how long, as in `pass(10m)`; to keep this response out, set `beresp.uncacheable`"),
            );
            return None;
        }
        Some(time)
    }

    /// Whether what `what` takes is the word `soft`; `None` if it is anything else, which is reported.
    pub(super) fn soft(&mut self, written: &ast::Expression, what: &str) -> Option<bool> {
        let finding = match &written.kind {
            ast::ExpressionKind::Path(path) if path.text() == SOFT => return Some(true),
            ast::ExpressionKind::Path(path) => {
                let text = path.text();
                let help = match closest(&text, [SOFT]) {
                    Some(soft) => format!("did you mean `{soft}`?"),
                    None => format!("leave it out, or write `{SOFT}`"),
                };
                Diagnostic::new(Code::E0201, written.span, format!("`{what}` cannot be `{text}`")).help(help)
            }
            _ => Diagnostic::new(Code::E0301, written.span, format!("`{what}` takes nothing but the word `{SOFT}`"))
                .help(format!("write `{SOFT}`, without quotation marks")),
        };
        self.report(finding);
        None
    }

    /// A status in the arguments of `what`.
    pub(super) fn status(&mut self, written: &ast::Expression, what: &str) -> Option<Expression> {
        let status = self.wanted(written, Type::Int, format_args!("the status of `{what}`"))?;
        self.check_status(&status).then_some(status)
    }

    /// A reason in the arguments of `what`.
    pub(super) fn reason(&mut self, written: &ast::Expression, what: &str) -> Option<Expression> {
        let reason = self.wanted(written, Type::String, format_args!("the reason of `{what}`"))?;
        (self.check_length(&reason) && self.check_line(&reason)).then_some(reason)
    }
}

fn wrong_arguments(action: Action, span: Span) -> Diagnostic {
    let name = action.name();
    let (message, form) = match action.arguments() {
        ActionArguments::None => (format!("`{name}` takes nothing in parentheses"), format!("return ({name});")),
        ActionArguments::StatusAndReason => {
            (format!("`{name}` takes a status and, if wanted, a reason"), format!("return ({name}(503, \"Why\"));"))
        }
        ActionArguments::OptionalStatusAndReason => (
            format!("`{name}` takes a status and a reason at most"),
            format!("return ({name});` or `return ({name}(503, \"Why\"));"),
        ),
        ActionArguments::OptionalTime => (
            format!("`{name}` takes one time at most, and that in backend_response only"),
            format!("return ({name});` or, in backend_response, `return ({name}(10m));"),
        ),
        ActionArguments::OptionalSoft => (
            format!("`{name}` takes one word at most, `{SOFT}`"),
            format!("return ({name});` or `return ({name}({SOFT}));"),
        ),
        ActionArguments::OptionalReason => {
            (format!("`{name}` takes one reason at most"), format!("return ({name}(\"Why\"));"))
        }
    };
    Diagnostic::new(Code::E0305, span, message).help(format!("write `{form}`"))
}
