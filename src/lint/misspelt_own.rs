//! Fields of a request that a policy sets by one name and reads by another one: `X-Device` here, `X-Devcie` there.

use std::collections::{BTreeMap, HashSet};

use http::HeaderName;

use super::known_fields::KNOWN;
use super::misspelt_field::named_within;
use super::walk;
use crate::lang::diagnostic::suggest::distance;
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir, StatementKind, Target};
use crate::lang::schema::{Function, Message};
use crate::lang::source::{SourceMap, Span};

/// Above so many names they are data, and each is compared with each.
const MOST_NAMES: usize = 500;
/// A word of fewer letters is near to others by chance, such as `id` and `ip`.
const FEWEST_LETTERS: usize = 5;

/// The fields by their names, with the places that read them.
#[derive(Default)]
struct Fields<'h> {
    read: BTreeMap<&'h str, Vec<Span>>,
    set: BTreeMap<&'h str, Span>,
    /// Those of which another one is made: by their names, that one's first.
    made_of: HashSet<(&'h str, HeaderName)>,
}

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let fields = Fields::of(hir);
    if fields.read.len() > MOST_NAMES || fields.set.len() > MOST_NAMES {
        return Vec::new();
    }
    // One that is read in several places is no slip.
    let once = fields.read.iter().filter_map(|(name, places)| match places.as_slice() {
        [place] => Some((*name, *place)),
        _ => None,
    });
    once.filter_map(|(name, place)| {
        let (other, there) = fields.meant(name)?;
        Some(finding(name, other, place, *there, sources))
    })
    .collect()
}

impl<'h> Fields<'h> {
    fn of(hir: &'h Hir) -> Self {
        let mut fields = Self::default();
        let mut written: HashSet<Span> = HashSet::new();
        for statement in walk::statements(hir) {
            match &statement.kind {
                StatementKind::Set(Target::Header(Message::Req | Message::Bereq, name), value) => {
                    fields.set.entry(name.as_str()).or_insert(statement.span);
                    let read = value.fields(Message::Req).into_iter().chain(value.fields(Message::Bereq));
                    fields.made_of.extend(read.map(|other| (name.as_str(), other)));
                }
                StatementKind::Effect(Function::Header(_), given) => {
                    if let [field @ Expression { kind: ExpressionKind::Header(_, name), .. }, ..] = given.as_slice() {
                        written.insert(field.span);
                        fields.set.entry(name.as_str()).or_insert(field.span);
                    }
                }
                _ => {}
            }
        }
        for expression in walk::expressions(hir) {
            let ExpressionKind::Header(Message::Req | Message::Bereq, name) = &expression.kind else { continue };
            let places = fields.read.entry(name.as_str()).or_default();
            if !written.contains(&expression.span) && !places.contains(&expression.span) {
                places.push(expression.span);
            }
        }
        fields
    }

    /// The field that is set and has nearly that name, which nothing sets.
    fn meant(&self, name: &str) -> Option<(&'h str, &Span)> {
        if self.set.contains_key(name) || KNOWN.contains(&name) {
            return None;
        }
        let makes = |other: &str| self.made_of.iter().any(|(made, of)| *made == other && of.as_str() == name);
        let is_meant = |other: &str| is_near(name, other) && !makes(other);
        self.set.iter().find(|(other, _)| is_meant(other)).map(|(other, place)| (*other, place))
    }
}

/// Whether one of the words of a name is that of the other with one typing error. A number that differs, or an ending, is none.
fn is_near(name: &str, other: &str) -> bool {
    let (words, others): (Vec<&str>, Vec<&str>) = (name.split('-').collect(), other.split('-').collect());
    let differing: Vec<(&str, &str)> =
        words.iter().copied().zip(others.iter().copied()).filter(|(word, other)| word != other).collect();
    let [(word, other)] = differing.as_slice() else { return false };
    let is_whole = |text: &str| text.len() >= FEWEST_LETTERS && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    words.len() == others.len()
        && is_whole(word)
        && is_whole(other)
        && !word.starts_with(other)
        && !other.starts_with(word)
        && distance(word, other, 1).is_some()
}

fn finding(name: &str, other: &str, place: Span, there: Span, sources: &SourceMap) -> Diagnostic {
    let (at, set_at) = (named_within(name, place, sources), named_within(other, there, sources));
    let [read, set] = [(at, name), (set_at, other)].map(|(span, name)| spelt(name, span, sources));
    let finding = Diagnostic::new(Code::W0260, at, format!("nothing sets `{read}`, which is nearly `{set}`"));
    let finding = finding.context(set_at, "set here").help(format!("did you mean `{set}`?"));
    if sources.text(at).len() != name.len() {
        return finding;
    }
    finding.fix(Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("write `{set}`"), at, set) })
}

/// The name as it is written there.
fn spelt(name: &str, place: Span, sources: &SourceMap) -> String {
    let written = sources.text(place);
    if written.len() == name.len() { written } else { name }.to_owned()
}
