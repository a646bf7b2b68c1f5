//! A change of text that mends a mistake.

use crate::lang::source::Span;

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Keeps the meaning that the author must have had in mind.
    Safe,
    /// May change what the policy does; a person has to look.
    NeedsReview,
}

/// Replace the text at `span` (empty for an insertion) by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What to replace.
    pub span: Span,
    /// What to put there.
    pub text: String,
}

/// A titled set of edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words: ``add the missing `;` ``.
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be applied without a look.
    pub safety: Safety,
}

impl Fix {
    /// One safe replacement of the text at `span`.
    #[must_use]
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let edits = vec![Edit { span, text: text.into() }];
        Self { title: title.into(), edits, safety: Safety::Safe }
    }
}
