//! Names that mean something already, which a policy cannot give to anything else.
//!
//! What is named for expressions may be called like the first word of a variable or a function, since names with dots are
//! looked up whole: Varnish's own examples have an `acl local`, beside `local.ip`.

use super::collect::with_article;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::{Function, Message, SHORT_NAMES, Variable};
use crate::lang::syntax::ast::Name;

/// Why nothing that expressions name can have that name; `None` if it can.
pub(super) fn value(kind: &str, name: &Name) -> Option<Diagnostic> {
    let text = name.text.as_str();
    let is_taken = text == "none" || text == "now" || Message::find(text).is_some();
    is_taken.then(|| refused(kind, name))
}

/// The same for what rule tables see as well, with their short names.
pub(super) fn declared_value(kind: &str, name: &Name) -> Option<Diagnostic> {
    let is_short = SHORT_NAMES.iter().any(|short| short.name == name.text);
    value(kind, name).or_else(|| is_short.then(|| refused(kind, name)))
}

/// Why no function of the policy can have that name; `None` if one can.
pub(super) fn function(name: &Name) -> Option<Diagnostic> {
    let text = name.text.as_str();
    if Function::find(text).is_some() {
        let message = format!("`{text}` is a function of the language");
        return Some(Diagnostic::new(Code::E0212, name.span, message).help("choose another name"));
    }
    let starts = |known: &&str| known.split_once('.').is_some_and(|(first, _)| first == text);
    let variables = Variable::ALL.iter().map(|variable| variable.name());
    let known = variables.chain(Function::all().map(Function::name)).find(starts);
    if let Some(known) = known {
        let message = format!("names of the language start with `{text}`: `{known}`");
        return Some(Diagnostic::new(Code::E0212, name.span, message).help("choose another name for the function"));
    }
    value("function", name)
}

fn refused(kind: &str, name: &Name) -> Diagnostic {
    let message = format!("`{}` has a meaning of its own, {} cannot have that name", name.text, with_article(kind));
    Diagnostic::new(Code::E0212, name.span, message).help("choose another name")
}
