//! Declarations that nothing refers to.

use super::collect::PIECE_PREFIX;
use super::context::Context;
use super::names::Namespace;
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::schema::Step;

/// Reports what is declared for nothing. In Varnish that is an error, which breaks shared includes.
pub(super) fn check(cx: &Context) {
    report(cx, "backend", &cx.names.backends);
    report(cx, "director", &cx.names.directors);
    report(cx, "acl", &cx.names.acls);
    report(cx, "table", &cx.names.tables);
    report(cx, "probe", &cx.names.probes);
    report(cx, "const", &cx.names.consts);
    report(cx, "function", &cx.names.functions);
    report(cx, "sub", &cx.names.subs);
}

fn report<T>(cx: &Context, kind: &str, declared: &Namespace<'_, T>) {
    for entry in declared.iter() {
        let name = entry.name.text.as_str();
        if entry.is_used() || entry.name.span.file == cx.builtin || name.starts_with(PIECE_PREFIX) {
            continue;
        }
        let finding = Diagnostic::new(Code::W0216, entry.name.span, format!("the {kind} `{name}` is never used"));
        let edits = vec![Edit { span: entry.span, text: String::new() }];
        let title = format!("remove the {kind}");
        let finding = finding.fix(Fix { title, edits, safety: Safety::NeedsReview });
        cx.findings.advise(finding.help(help(kind, name)));
    }
}

fn help(kind: &str, name: &str) -> String {
    let steps = Step::ALL.iter().map(|step| step.name());
    match closest(name, steps).filter(|_| kind == "sub") {
        Some(step) => format!("did you mean the step `{step}`?"),
        None => format!("use it, or remove the {kind}"),
    }
}
