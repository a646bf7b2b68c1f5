//! What a regular expression really asks for.

use std::sync::Arc;

use hashbrown::HashMap;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::confirm::{Confirm, Rest};
use crate::lang::hir::{Pattern, literal_start};

/// Texts, none of them empty.
pub(crate) type Texts = Vec<Box<[u8]>>;

/// The kinds that are worth telling apart. None of the texts is empty.
#[derive(Debug)]
pub(super) enum Shape {
    /// The whole text is one of these: `^(a|b)$`.
    Equal(Texts),
    /// The text starts with one of these: `^/api/`.
    StartsWith(Texts),
    /// The text ends with one of these: `\.(css|js)$`.
    EndsWith(Texts),
    /// The text starts with one of these and what follows is more: `^/a/[0-9]+`.
    Guarded(Texts, Confirm),
    /// The text ends with that and what comes before is more: `[0-9]+\.html$`.
    GuardedEnd(Texts, Confirm),
    /// Anything else.
    Other(Hir),
}

/// How long a literal must be to be taken as the start without a look at what could lengthen it.
const LONG_LITERAL_BYTES: usize = 3;

/// A pattern as [`Pattern::regex`] reads it; `None` if it is not one.
pub(super) fn parse(pattern: &str) -> Option<Hir> {
    ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern).ok()
}

/// Looks at patterns, and keeps what follows their literals: many rules end alike, and share what is compiled.
#[derive(Default)]
pub(super) struct Shapes {
    /// By what is written behind the literal.
    written: HashMap<Box<str>, Option<Arc<Rest>>>,
    /// By what it means.
    meant: HashMap<String, Arc<Rest>>,
}

impl Shapes {
    /// What a pattern asks for; `None` if it is none.
    pub fn shape(&mut self, pattern: &Pattern) -> Option<Shape> {
        if let Some(shape) = self.literal_shape(pattern.text()) {
            return Some(shape);
        }
        let whole = parse(pattern.text())?;
        let parts = Parts::of(&whole);
        if let Some((starts, rest)) = parts.long_literal() {
            let confirm = self.confirm(pattern, &starts, Some(rest));
            return Some(Shape::Guarded(starts, confirm));
        }
        if let Some((end, front)) = parts.long_end() {
            return Some(self.behind_front(end, front));
        }
        let body = Hir::concat(parts.body.to_vec());
        Some(match exact(&body) {
            Some(texts) if parts.starts && parts.ends => Shape::Equal(texts),
            Some(texts) if parts.starts => Shape::StartsWith(texts),
            Some(texts) if parts.ends => Shape::EndsWith(texts),
            _ if parts.starts => match necessary(&body, ExtractKind::Prefix) {
                Some(starts) => {
                    let confirm = self.confirm(pattern, &starts, parts.behind(&starts));
                    Shape::Guarded(starts, confirm)
                }
                None => Shape::Other(whole),
            },
            _ => Shape::Other(whole),
        })
    }

    /// The shape of a pattern that needs no parsing, or only that of an end that is known.
    fn literal_shape(&mut self, pattern: &str) -> Option<Shape> {
        let (literal, rest) = literal_start(pattern)?;
        let literal: Box<[u8]> = literal.into_bytes().into();
        match rest {
            "" => return Some(Shape::StartsWith(vec![literal])),
            "$" => return Some(Shape::Equal(vec![literal])),
            _ if literal.len() < LONG_LITERAL_BYTES => return None,
            _ => {}
        }
        if !self.written.contains_key(rest) {
            let parsed = parse(rest).map(Rest::new).filter(Rest::is_unbounded).map(Arc::new);
            self.written.insert(rest.into(), parsed);
        }
        let rest = Arc::clone(self.written.get(rest)?.as_ref()?);
        let literal_bytes = u32::try_from(literal.len()).ok()?;
        Some(Shape::Guarded(vec![literal], Confirm::Rest { literal_bytes, rest }))
    }

    /// The shape of a pattern with a literal at its end and that in front.
    fn behind_front(&mut self, end: Box<[u8]>, front: Hir) -> Shape {
        let literal_bytes = u32::try_from(end.len()).unwrap_or(u32::MAX);
        let front = self.meant.entry(front.to_string()).or_insert_with(|| Arc::new(Rest::new(front)));
        Shape::GuardedEnd(vec![end], Confirm::Front { literal_bytes, front: Arc::clone(front) })
    }

    /// How to confirm a pattern behind its literals, of which `rest` follows if there is but one.
    fn confirm(&mut self, pattern: &Pattern, starts: &Texts, rest: Option<Hir>) -> Confirm {
        let (Some(rest), [literal]) = (rest, starts.as_slice()) else { return Confirm::Whole(pattern.clone()) };
        let Ok(literal_bytes) = u32::try_from(literal.len()) else { return Confirm::Whole(pattern.clone()) };
        let rest = self.meant.entry(rest.to_string()).or_insert_with(|| Arc::new(Rest::new(rest)));
        Confirm::Rest { literal_bytes, rest: Arc::clone(rest) }
    }
}

/// Texts of which one is within each text that a pattern matches.
#[derive(Debug)]
pub(super) struct Guard {
    pub texts: Texts,
    /// Whether the pattern asks for nothing else.
    pub is_sure: bool,
}

/// Literals of so few bytes are in every other text.
const SHORT_LITERAL_BYTES: usize = 3;

/// So many parts of a pattern are looked at for a longer literal.
const MOST_PARTS: usize = 16;

/// The literals that a pattern cannot match without; `None` if it has none. Of those in front and
/// those at the end the longer ones; at the end if it is anchored, for then many begin alike. If they are short, longer ones
/// from between.
pub(super) fn guard(whole: &Hir) -> Option<Guard> {
    let parts = Parts::of(whole);
    let body = Hir::concat(parts.body.to_vec());
    if let Some(texts) = exact(&body) {
        return Some(Guard { texts, is_sure: !parts.starts && !parts.ends });
    }
    let starts = necessary(&body, ExtractKind::Prefix);
    let ends = necessary(&body, ExtractKind::Suffix);
    let shortest = |texts: &Option<Texts>| texts.iter().flatten().map(|text| text.len()).min().unwrap_or(0);
    let prefers_ends = ends.is_some() && (parts.starts || shortest(&ends) > shortest(&starts));
    let outer = if prefers_ends { ends } else { starts };
    let most = shortest(&outer);
    let inner = if most < SHORT_LITERAL_BYTES { parts.inner() } else { None };
    let texts = if shortest(&inner) > most { inner } else { outer }?;
    Some(Guard { texts, is_sure: false })
}

/// Lists of literals, of each of which one is in each text that a pattern matches: those that a match begins with, those
/// that it ends with, and if both are short longer ones from between.
pub(crate) fn literals(pattern: &Pattern) -> Vec<Texts> {
    let Some(whole) = parse(pattern.text()) else { return Vec::new() };
    let parts = Parts::of(&whole);
    let body = Hir::concat(parts.body.to_vec());
    let ends = [ExtractKind::Prefix, ExtractKind::Suffix].map(|kind| necessary(&body, kind));
    let is_long = |texts: &Texts| texts.iter().all(|text| text.len() >= SHORT_LITERAL_BYTES);
    let inner = if ends.iter().flatten().any(is_long) { None } else { parts.inner() };
    ends.into_iter().chain([inner]).flatten().collect()
}

/// A pattern without the anchors at its ends.
struct Parts<'h> {
    starts: bool,
    ends: bool,
    body: &'h [Hir],
}

impl<'h> Parts<'h> {
    fn of(whole: &'h Hir) -> Self {
        let mut body = match whole.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(whole),
        };
        let is = |part: Option<&Hir>, look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
        let starts = is(body.first(), Look::Start);
        body = body.get(usize::from(starts)..).unwrap_or_default();
        let ends = is(body.last(), Look::End);
        body = body.get(..body.len() - usize::from(ends)).unwrap_or_default();
        Self { starts, ends, body }
    }

    /// The longest literals that begin with one of the parts.
    fn inner(&self) -> Option<Texts> {
        let parts = (1..self.body.len().min(MOST_PARTS)).filter_map(|at| self.body.get(at..));
        let literals = parts.filter_map(|parts| necessary(&Hir::concat(parts.to_vec()), ExtractKind::Prefix));
        literals.max_by_key(|texts| texts.iter().map(|text| text.len()).min())
    }

    /// The literal at the start, with what follows. Only if the pattern is anchored there and can
    /// be of any length, so that it is surely not a list of texts.
    fn long_literal(&self) -> Option<(Texts, Hir)> {
        let (HirKind::Literal(literal), true) = (self.body.first()?.kind(), self.starts) else { return None };
        let unbounded = self.body.iter().any(|part| part.properties().maximum_len().is_none());
        let starts = vec![literal.0.clone()];
        (unbounded && literal.0.len() >= LONG_LITERAL_BYTES).then(|| self.behind(&starts).map(|rest| (starts, rest)))?
    }

    /// The literal at the end, with what comes before. Only if the pattern is anchored there and can be of any length, and
    /// if nothing looks beyond where it is cut.
    fn long_end(&self) -> Option<(Box<[u8]>, Hir)> {
        let (last, front) = self.body.split_last()?;
        let (HirKind::Literal(literal), true) = (last.kind(), self.ends) else { return None };
        let is_plain = |part: &Hir| part.properties().look_set().is_empty();
        let unbounded = front.iter().any(|part| part.properties().maximum_len().is_none());
        if !unbounded || !front.iter().all(is_plain) || literal.0.len() < LONG_LITERAL_BYTES {
            return None;
        }
        let start = self.starts.then(|| Hir::look(Look::Start));
        let parts = start.into_iter().chain(front.iter().cloned()).chain([Hir::look(Look::End)]);
        Some((literal.0.clone(), Hir::concat(parts.collect())))
    }

    /// What follows the literal that is the only start and the first part of the body.
    fn behind(&self, starts: &Texts) -> Option<Hir> {
        let ([start], Some((first, rest))) = (starts.as_slice(), self.body.split_first()) else { return None };
        let HirKind::Literal(literal) = first.kind() else { return None };
        let end = self.ends.then(|| Hir::look(Look::End));
        (literal.0 == *start).then(|| Hir::concat(rest.iter().cloned().chain(end).collect()))
    }
}

/// The texts that the pattern matches, if that is all it does.
fn exact(body: &Hir) -> Option<Texts> {
    if !body.properties().look_set().is_empty() {
        return None;
    }
    let literals = Extractor::new().extract(body);
    if literals.is_exact() { texts(&literals) } else { None }
}

/// Texts of which one is at the start (or the end) of each match.
fn necessary(body: &Hir, kind: ExtractKind) -> Option<Texts> {
    texts(&Extractor::new().kind(kind).extract(body))
}

fn texts(literals: &Seq) -> Option<Texts> {
    let literals = literals.literals().filter(|literals| literals.iter().all(|literal| !literal.is_empty()))?;
    let mut texts: Vec<Box<[u8]>> = literals.iter().map(|literal| literal.as_bytes().into()).collect();
    texts.sort_unstable();
    texts.dedup();
    (!texts.is_empty()).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> String {
        let list = |texts: &Texts| texts.iter().map(|text| String::from_utf8_lossy(text)).collect::<Vec<_>>().join(" ");
        match Shapes::default().shape(&Pattern::new(pattern)).unwrap() {
            Shape::Equal(texts) => format!("equal {}", list(&texts)),
            Shape::StartsWith(texts) => format!("starts {}", list(&texts)),
            Shape::EndsWith(texts) => format!("ends {}", list(&texts)),
            Shape::Guarded(starts, Confirm::Rest { rest, .. }) => format!("{} then {rest}", list(&starts)),
            Shape::Guarded(starts, _) => format!("{} whole", list(&starts)),
            Shape::GuardedEnd(ends, Confirm::Front { front, .. }) => format!("{front} before {}", list(&ends)),
            Shape::GuardedEnd(..) => "not as it should be".to_owned(),
            Shape::Other(_) => "other".to_owned(),
        }
    }

    #[test]
    fn the_literal_that_tells_most_is_looked_for_first() {
        let guarded = |pattern: &str| {
            let texts = guard(&parse(pattern).unwrap()).unwrap().texts;
            texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(guarded("a.{0,200}b17x.*c"), ["b17x"]);
        assert_eq!(guarded("a.*(news|blog).*c"), ["blog", "news"]);
        assert_eq!(guarded("/news/.*-id17-.*c"), ["/news/"]);
        assert_eq!(guarded("a.*c"), ["a"]);
    }

    #[test]
    fn plain_patterns_are_recognised() {
        assert_eq!(shown("^/a$"), "equal /a");
        assert_eq!(shown("^/(a|b)/"), "starts /a/ /b/");
        assert_eq!(shown(r"\.(css|js)$"), "ends .css .js");
        assert_eq!(shown("^(?:www)$"), "equal www");
    }

    #[test]
    fn a_literal_in_front_guards_the_rest() {
        assert_eq!(shown(r"^/r1/[a-z]+\.html$"), r"/r1/ then (?:(?-u:[a-z])+(?:\.html)\z)");
        assert_eq!(shown("^/(a|b)[a-z]*x"), "/a /b whole");
    }

    #[test]
    fn a_literal_at_the_end_guards_what_is_before() {
        assert_eq!(shown(r"/[a-z]+-7\.html$"), r"(?:/(?-u:[a-z])+\z) before -7.html");
        assert_eq!(shown(r"^/.*\.html$"), r"(?:\A/(?-u:[\x00-\x09\x0B-\xFF])*\z) before .html");
        assert_eq!(shown(r"^/r1/[a-z]+\.html$"), r"/r1/ then (?:(?-u:[a-z])+(?:\.html)\z)");
        for pattern in [r"a+\b\.html$", r"a+.ht$|b", r"a+ht$", r"(?m)a+\.html$", r"a+\.html"] {
            assert_eq!(shown(pattern), "other", "{pattern}");
        }
    }

    #[test]
    fn what_may_match_empty_text_or_looks_around_is_left_alone() {
        for pattern in ["", "^", "^$", "a*$", "a", r"\ba$", "(?m)^a", "(?i)a", "^[a-z]+x", "^a$|b"] {
            assert_eq!(shown(pattern), "other", "{pattern}");
        }
        assert_eq!(shown(r"^a\b"), r"a then \b".replace(r"\b", r"(?-u:\b)"));
    }

    #[test]
    fn a_guard_is_made_of_the_literals_at_either_end() {
        let guarded = |pattern: &str| {
            let guard = guard(&parse(pattern).unwrap())?;
            let texts = guard.texts.iter().map(|text| String::from_utf8_lossy(text)).collect::<Vec<_>>().join(" ");
            Some(if guard.is_sure { format!("{texts} is all") } else { texts })
        };
        assert_eq!(guarded("^/a[a-z]*"), Some("/a".to_owned()));
        assert_eq!(guarded("^/api/.*x7"), Some("x7".to_owned()));
        assert_eq!(guarded("long[a-z]+foo"), Some("long".to_owned()));
        assert_eq!(guarded("[a-z]+foo"), Some("foo".to_owned()));
        assert_eq!(guarded("a|b"), Some("a b is all".to_owned()));
        assert_eq!(guarded(r"foo\b"), Some("foo".to_owned()));
        assert_eq!(guarded("[a-z]+[g-z]+"), None);
    }
}
