//! The words of the schema as the lists that patterns are made of, longest first, so that a word
//! never hides a longer one that starts with it.

use crate::lang::schema::{
    Action, BACKEND_ATTRIBUTES, BYTE_UNITS, CONTEXTUAL_WORDS, DURATION_UNITS, DirectiveView, DirectorKind,
    ELSE_IF_WORDS, Function, Message, PROBE_ATTRIBUTES, RULE_MODES, RuleAction, RuleTable, SHORT_NAMES, SOFT, Step,
    Type, Variable,
};

fn longest_first<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    words.dedup();
    words
}

/// The words that choose: `if`, `else`, `match` and the other spellings of `else if`.
pub(super) fn conditionals() -> Vec<&'static str> {
    longest_first(ELSE_IF_WORDS.iter().copied().chain(["if", "else", "match"]))
}

/// The words with a meaning in one place that belong to no list of their own: `none`, `header`, `soft`.
pub(super) fn place_words() -> Vec<&'static str> {
    let listed = [rule_tables(), RULE_MODES.to_vec(), messages()].concat();
    longest_first(CONTEXTUAL_WORDS.iter().copied().filter(|word| !listed.contains(word)).chain([SOFT]))
}

pub(super) fn steps() -> Vec<&'static str> {
    longest_first(Step::ALL.iter().map(|step| step.name()))
}

pub(super) fn actions() -> Vec<&'static str> {
    longest_first(Action::ALL.iter().map(|action| action.name()))
}

pub(super) fn rule_actions() -> Vec<&'static str> {
    longest_first(RuleAction::ALL.iter().map(|action| action.name()))
}

pub(super) fn rule_tables() -> Vec<&'static str> {
    longest_first([RuleTable::Request, RuleTable::Response].iter().map(|table| table.name()))
}

pub(super) fn functions() -> Vec<&'static str> {
    longest_first(Function::all().map(Function::name))
}

/// Variables and views with one value, and the collections (`req.query`) that short names stand for.
pub(super) fn variables() -> Vec<&'static str> {
    let single = Variable::ALL.iter().map(|variable| variable.name());
    let short = SHORT_NAMES.iter().flat_map(|short| [short.request, short.response]).flatten();
    let views = DirectiveView::all().iter().map(|view| view.name.as_str());
    longest_first(single.chain(short).chain(views))
}

pub(super) fn short_names() -> Vec<&'static str> {
    longest_first(SHORT_NAMES.iter().map(|short| short.name))
}

/// The short names that an invariant knows, `key` among them.
pub(super) fn names_in_invariants() -> Vec<&'static str> {
    let outcomes = Variable::outcomes().map(|(name, _)| name);
    longest_first(SHORT_NAMES.iter().map(|short| short.name).chain(outcomes).chain(["key"]))
}

pub(super) fn messages() -> Vec<&'static str> {
    longest_first(Message::ALL.iter().map(|message| message.name()))
}

pub(super) fn attributes() -> Vec<&'static str> {
    let kinds = DirectorKind::ALL.iter();
    let directors = kinds.flat_map(|kind| kind.attributes().iter().chain(kind.member_attributes()));
    let all = BACKEND_ATTRIBUTES.iter().chain(PROBE_ATTRIBUTES).chain(directors);
    longest_first(all.map(|attribute| attribute.name))
}

pub(super) fn types() -> Vec<&'static str> {
    longest_first(Type::ALL.iter().map(|ty| ty.name()))
}

pub(super) fn units() -> Vec<&'static str> {
    longest_first(DURATION_UNITS.iter().chain(BYTE_UNITS).map(|unit| unit.name))
}
