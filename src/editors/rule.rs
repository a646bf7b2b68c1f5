//! The parts of a `TextMate` grammar as values (`TextMate` manual, "Language Grammars").

use std::collections::BTreeMap;

use serde::Serialize;

/// Scopes by the number of the group.
pub(super) type Captures = BTreeMap<String, Scope>;

/// The scope that a group of a pattern gets.
#[derive(Serialize)]
pub(super) struct Scope {
    name: String,
}

/// One rule: a reference, a match, or a stretch from `begin` to `end`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_name: Option<String>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Captures::is_empty")]
    captures: Captures,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin: Option<String>,
    #[serde(skip_serializing_if = "Captures::is_empty")]
    begin_captures: Captures,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(skip_serializing_if = "Captures::is_empty")]
    end_captures: Captures,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patterns: Vec<Rule>,
}

/// The scopes of the groups 1, 2, 3 …; an empty one is left out. `.warp` is added to each.
fn captures(scopes: &[&str]) -> Captures {
    let named = scopes.iter().enumerate().filter(|(_, scope)| !scope.is_empty());
    named.map(|(at, scope)| ((at + 1).to_string(), Scope { name: format!("{scope}.warp") })).collect()
}

impl Rule {
    /// Everything in the repository's entry `name`.
    pub(super) fn include(name: &str) -> Self {
        Self { include: Some(format!("#{name}")), ..Self::default() }
    }

    /// Several rules under one name of the repository.
    pub(super) fn group(patterns: Vec<Rule>) -> Self {
        Self { patterns, ..Self::default() }
    }

    /// The whole match gets one scope.
    pub(super) fn word(scope: &str, pattern: impl Into<String>) -> Self {
        Self { name: Some(format!("{scope}.warp")), pattern: Some(pattern.into()), ..Self::default() }
    }

    /// Each group of the match gets a scope of its own.
    pub(super) fn parts(pattern: impl Into<String>, scopes: &[&str]) -> Self {
        Self { pattern: Some(pattern.into()), captures: captures(scopes), ..Self::default() }
    }

    /// A stretch of text.
    pub(super) fn between(begin: impl Into<String>, end: impl Into<String>) -> Self {
        Self { begin: Some(begin.into()), end: Some(end.into()), ..Self::default() }
    }

    /// The scope of a stretch, both ends included.
    pub(super) fn named(mut self, scope: &str) -> Self {
        self.name = Some(format!("{scope}.warp"));
        self
    }

    /// The scope of what is between the ends of a stretch.
    pub(super) fn inner(mut self, scope: &str) -> Self {
        self.content_name = Some(format!("{scope}.warp"));
        self
    }

    /// The scopes of the groups of both ends.
    pub(super) fn ends(mut self, begin: &[&str], end: &[&str]) -> Self {
        self.begin_captures = captures(begin);
        self.end_captures = captures(end);
        self
    }

    /// What is looked for within a stretch, by names of the repository.
    pub(super) fn holding(self, names: &[&str]) -> Self {
        self.with(names.iter().map(|name| Self::include(name)).collect())
    }

    /// What is looked for within a stretch.
    pub(super) fn with(mut self, patterns: Vec<Rule>) -> Self {
        self.patterns = patterns;
        self
    }
}
