//! Texts that are likely to pass tests, made of what the tests say.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::{Atom, Automata, Domain, View};
use crate::lang::hir::{Pattern, Texts};

/// Some texts that probably pass all of these, the plainest first.
pub(super) fn candidates(taken: &[Atom], domain: Domain, automata: &mut Automata) -> Vec<Vec<u8>> {
    let starts = distinct(taken.iter().filter_map(|atom| start(atom, automata)), b"");
    let ends = distinct(taken.iter().filter_map(end), b"");
    let middles: [&[u8]; 4] = [b"", b"x", b"/x", domain.likely()];
    let mut found = Vec::new();
    for start in &starts {
        for end in &ends {
            let first: &[u8] = if end.is_empty() || start.is_empty() { b"" } else { b"x" };
            for middle in [first].into_iter().chain(middles) {
                found.push([start, middle, end].concat());
            }
            found.push([domain.likely(), middles[1], start, end].concat());
        }
    }
    found
}

fn distinct(texts: impl Iterator<Item = Vec<u8>>, or: &[u8]) -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = texts.collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.dedup();
    if texts.is_empty() {
        texts.push(or.to_vec());
    }
    texts
}

/// What a text starts with, before it is seen through the views.
fn start(atom: &Atom, automata: &mut Automata) -> Option<Vec<u8>> {
    let start = match &atom.texts {
        Texts::Exact(text) | Texts::Prefix(text) => text.to_vec(),
        Texts::Pattern(pattern, _) => automata.sample(pattern, sample)?,
        Texts::Suffix(_) | Texts::Extension(_) => return None,
    };
    let before = atom.views.iter().find_map(|view| match view {
        View::Around(before, _) => Some(before),
        _ => None,
    });
    Some(before.and_then(|before| start.strip_prefix(&**before)).map_or(start.clone(), <[u8]>::to_vec))
}

fn end(atom: &Atom) -> Option<Vec<u8>> {
    match &atom.texts {
        Texts::Suffix(end) => Some(end.to_vec()),
        Texts::Extension(extension) => Some([b".", &**extension].concat()),
        _ => None,
    }
}

/// A short text that a pattern may match; where it looks for ends and borders, it may not.
#[must_use]
pub fn sample(pattern: &Pattern) -> Option<Vec<u8>> {
    let hir = ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern.text()).ok()?;
    let mut text = Vec::new();
    append_sample(&hir, &mut text)?;
    Some(text)
}

/// Longer ones are left to the automata.
const LONGEST_SAMPLE_BYTES: usize = 512;

fn append_sample(hir: &Hir, text: &mut Vec<u8>) -> Option<()> {
    if text.len() > LONGEST_SAMPLE_BYTES {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            text.extend_from_slice(&literal.0);
            Some(())
        }
        HirKind::Class(class) => {
            text.push(member(class)?);
            Some(())
        }
        HirKind::Repetition(repetition) => (0..repetition.min).try_for_each(|_| append_sample(&repetition.sub, text)),
        HirKind::Capture(capture) => append_sample(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append_sample(part, text)),
        HirKind::Alternation(parts) => append_sample(parts.first()?, text),
    }
}

fn member(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    let holds = |byte: &u8| class.iter().any(|range| (range.start()..=range.end()).contains(byte));
    super::product::plainest_first().find(holds)
}
