//! Mistakes in a policy as values: a code, a place, words, and what to write instead.
//!
//! A mistake is never an `Err`: every room of `lang` returns a value *and* its diagnostics, so
//! that one run shows them all. Rendering is in [`render`]; the table of codes is in [`code`].

mod code;
mod fix;

pub mod render;
pub mod suggest;

pub use code::{Code, Level};
pub use fix::{Edit, Fix, Safety};

use super::source::Span;

/// A place with a few words, shown under the source line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The smallest text that the words are about.
    pub span: Span,
    /// A few words without a full stop; may be empty.
    pub text: String,
}

/// One mistake, or one piece of advice, about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake it is: its row in the table, its page in `docs/diagnostics/`.
    pub code: Code,
    /// One line in the user's words: what is wrong.
    pub message: String,
    /// The place that has to change.
    pub primary: Label,
    /// Other places that explain it (the first definition, the enclosing sub …).
    pub context: Vec<Label>,
    /// One sentence that says what to write instead.
    pub help: Option<String>,
    /// A change of text that mends it, where one is known.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` about `span`, which says `message`.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let primary = Label { span, text: String::new() };
        Self { code, message: message.into(), primary, context: Vec::new(), help: None, fix: None }
    }

    /// Sets the words under the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place that explains the mistake.
    #[must_use]
    pub fn context(mut self, span: Span, text: impl Into<String>) -> Self {
        self.context.push(Label { span, text: text.into() });
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers the change of text that mends it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether it keeps the policy from running.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.code.level() == Level::Error
    }
}
