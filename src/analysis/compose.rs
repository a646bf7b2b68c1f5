//! One `Cookie`, one URL, one `Cache-Control` of all that was found out about parts of them.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::CACHE_CONTROL;

use super::model::{Model, Scalar, cookie};
use super::term::{Op, Place, Term};
use super::text::Asked;
use crate::lang::hir::{Glob, Normalization};
use crate::lang::schema::Variable;

/// Gives what came in values of which those of its views follow, as far as that is possible.
pub(super) fn compose(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>) {
    unwrap(model);
    cookies(model, asked);
    parameters(model);
    directives(model);
}

/// What a clause of `normalize` has left is taken for what came in: mostly it is left as it came.
fn unwrap(model: &mut Model<'_>) {
    let left: Vec<(Term, Scalar)> = model
        .chosen()
        .filter(|(term, _)| matches!(term.as_made(), Some((Op::Normalized(_), _))))
        .map(|(term, value)| (term.clone(), value.clone()))
        .collect();
    for (term, value) in left {
        let root = root(&term).clone();
        model.remove(&term);
        if matches!(root, Term::Input(_)) && !matches!(value, Scalar::Text(None)) {
            model.set(root, value);
        } else if !matches!(root, Term::Input(_)) {
            model.set(term, value);
        }
    }
}

/// What a value is, before all clauses of `normalize`.
fn root(term: &Term) -> &Term {
    match term.as_made() {
        Some((Op::Normalized(_), [inner])) => root(inner),
        _ => term,
    }
}

/// The clauses of `normalize` that a value has been through.
fn clauses<'t>(term: &'t Term, found: &mut Vec<&'t Normalization>) {
    if let Some((Op::Normalized(clause), [inner])) = term.as_made() {
        found.push(clause);
        clauses(inner, found);
    }
}

/// A cookie or a parameter that a view wants to be there.
enum Part {
    Named(Arc<[u8]>, Arc<[u8]>),
    Like(Vec<Glob>, Term),
}

/// The parts that are wanted of what stands in `of`, taken out of the model.
fn parts(model: &mut Model<'_>, named: &Op, like: fn(&Op) -> Option<&[Glob]>, of: &Term) -> Vec<Part> {
    let mut found = Vec::new();
    let mut gone = Vec::new();
    for (term, value) in model.chosen() {
        let Some((op, parts)) = term.as_made() else { continue };
        let Some(whole) = parts.first().filter(|whole| root(whole) == of) else { continue };
        match (op, parts, value) {
            (op, [_, Term::Text(name)], Scalar::Text(text)) if op == named => {
                found.extend(text.as_ref().map(|text| Part::Named(Arc::clone(name), Arc::clone(text))));
            }
            (op, _, Scalar::Truth(truth)) if like(op).is_some() => {
                let globs = like(op).unwrap_or_default().to_vec();
                found.extend(truth.then(|| Part::Like(globs, whole.clone())));
            }
            _ => continue,
        }
        gone.push(term.clone());
    }
    for term in &gone {
        model.remove(term);
    }
    found.sort_by_key(|part| match part {
        Part::Named(name, _) => name.to_vec(),
        Part::Like(..) => Vec::new(),
    });
    found
}

/// Names of which none is to be there.
#[derive(Default)]
struct Absent {
    names: Vec<Arc<[u8]>>,
    globs: Vec<Glob>,
}

impl Absent {
    /// The cookies or parameters of `of` that are not to be there.
    fn of(model: &Model<'_>, named: &Op, like: fn(&Op) -> Option<&[Glob]>, of: &Term) -> Self {
        let mut absent = Self::default();
        for (term, value) in model.chosen() {
            let Some((op, parts)) = term.as_made() else { continue };
            if parts.first().is_none_or(|whole| root(whole) != of) {
                continue;
            }
            match (op, parts, value) {
                (op, [_, Term::Text(name)], Scalar::Text(None)) if op == named => absent.names.push(Arc::clone(name)),
                (op, _, Scalar::Truth(false)) => absent.globs.extend(like(op).unwrap_or_default().iter().cloned()),
                _ => {}
            }
        }
        absent
    }

    fn holds(&self, name: &[u8]) -> bool {
        self.names.iter().any(|one| **one == *name) || self.globs.iter().any(|glob| glob.matches(name))
    }
}

/// Texts that globs are tried with for a star.
const STARS: [&str; 3] = ["x", "1", ""];

/// A name that is like one of the patterns, and is left by all clauses that `whole` has been through.
fn instance(globs: &[Glob], whole: &Term, absent: &Absent) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    clauses(whole, &mut all);
    let names = globs.iter().flat_map(|glob| STARS.iter().map(|star| glob.text().replace('*', star)));
    let fits = |name: &Vec<u8>| all.iter().all(|clause| leaves(clause, name)) && !absent.holds(name);
    names.map(String::into_bytes).find(fits)
}

fn leaves(clause: &Normalization, name: &[u8]) -> bool {
    let like = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
    match clause {
        Normalization::CookieDrop(globs) | Normalization::QueryDrop(globs) => !like(globs),
        Normalization::CookieKeep(globs) | Normalization::QueryKeep(globs) => like(globs),
        _ => true,
    }
}

fn cookies_like(op: &Op) -> Option<&[Glob]> {
    if let Op::AnyCookie(globs) = op { Some(globs) } else { None }
}

fn parameters_like(op: &Op) -> Option<&[Glob]> {
    if let Op::AnyQuery(globs) = op { Some(globs) } else { None }
}

fn cookies(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>) {
    let header = cookie();
    let absent = Absent::of(model, &Op::Cookie, cookies_like, &header);
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    for part in parts(model, &Op::Cookie, cookies_like, &header) {
        match part {
            Part::Named(name, value) => pairs.push([&*name, b"=", &*value].concat()),
            Part::Like(globs, whole) => {
                pairs.extend(instance(&globs, &whole, &absent).map(|name| [&name, &b"=1"[..]].concat()));
            }
        }
    }
    let is_plain = |asked: &Vec<Asked>| asked.iter().all(|one| one.texts.is_none());
    let whole = asked.iter().filter(|(term, _)| root(term) == &header);
    let (mut is_set, mut is_free) = (false, true);
    let mut longest: Option<&Term> = None;
    for (term, asked) in whole {
        is_set |= asked.iter().any(|one| !one.passes(None));
        is_free &= is_plain(asked);
        let depth = |term: &Term| {
            let mut all = Vec::new();
            clauses(term, &mut all);
            all.len()
        };
        if asked.iter().any(|one| !one.passes(None)) && longest.is_none_or(|other| depth(other) < depth(term)) {
            longest = Some(term);
        }
    }
    if is_set && is_free && pairs.is_empty() {
        pairs.extend(survivor(longest, &absent).map(|name| [&name, &b"=1"[..]].concat()));
    }
    if is_free && !pairs.is_empty() {
        model.set(header, Scalar::Text(Some(pairs.join(&b"; "[..]).into())));
    }
}

/// The name of a cookie that all clauses leave which `whole` has been through.
fn survivor(whole: Option<&Term>, absent: &Absent) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(whole) = whole {
        clauses(whole, &mut all);
    }
    let kept = all.iter().find_map(|clause| match clause {
        Normalization::CookieKeep(globs) => Some(globs.clone()),
        _ => None,
    });
    let globs = kept.unwrap_or_else(|| vec![Glob::new("session"), Glob::new("a"), Glob::new("x*")]);
    instance(&globs, whole.unwrap_or(&Term::Unset), absent)
}

fn parameters(model: &mut Model<'_>) {
    let url = Term::Input(Place::Variable(Variable::ReqUrl));
    let absent = Absent::of(model, &Op::Query, parameters_like, &url);
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    for part in parts(model, &Op::Query, parameters_like, &url) {
        match part {
            Part::Named(name, value) => pairs.push([escaped(&name), b"=".to_vec(), escaped(&value)].concat()),
            Part::Like(globs, whole) => {
                pairs.extend(instance(&globs, &whole, &absent).map(|name| [escaped(&name), b"=1".to_vec()].concat()));
            }
        }
    }
    if pairs.is_empty() {
        return;
    }
    let Some(Scalar::Text(Some(before))) = model.value(&url) else { return };
    let mark = if before.contains(&b'?') { &b"&"[..] } else { b"?" };
    model.set(url, Scalar::Text(Some([&*before, mark, &pairs.join(&b"&"[..])].concat().into())));
}

/// A text as it stands in a query (RFC 3986 section 3.4).
fn escaped(text: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(byte);
    text.iter().flat_map(|byte| if plain(byte) { vec![*byte] } else { format!("%{byte:02X}").into_bytes() }).collect()
}

/// `Cache-Control` of an answer, of what is wanted of its directives.
fn directives(model: &mut Model<'_>) {
    let mut texts: HashMap<Term, Vec<String>> = HashMap::new();
    for (term, value) in model.chosen() {
        let Some((Op::Directive(_, directive), [whole @ Term::Input(Place::Field(_, name))])) = term.as_made() else {
            continue;
        };
        let name_of = directive.name().replace('_', "-");
        let said = match value {
            Scalar::Truth(true) => Some(name_of),
            Scalar::Number(Some(millis)) => Some(format!("{name_of}={}", millis.max(&0) / 1_000)),
            _ => None,
        };
        if let Some(said) = said.filter(|_| *name == CACHE_CONTROL) {
            texts.entry(whole.clone()).or_default().push(said);
        }
    }
    for (whole, mut said) in texts {
        said.sort();
        if matches!(model.value(&whole), None | Some(Scalar::Text(None))) {
            model.set(whole, Scalar::Text(Some(said.join(", ").into_bytes().into())));
        }
    }
}
