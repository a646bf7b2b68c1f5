//! One `Cookie`, one URL, one `Cache-Control` of all that was found out about parts of them.

use std::sync::Arc;

use hashbrown::HashMap;
use http::header::CACHE_CONTROL;

use super::model::{Model, Scalar, cookie};
use super::names::Names;
use super::spelling::spellings;
use super::term::{Op, Place, Term};
use super::text::{self, Asked, Automata, Domain, Found};
use super::{concrete, left, theory};
use crate::lang::hir::Normalization;
use crate::lang::schema::Variable;

/// Names that were found for views that want one of many, by view; for `Cookie`, one that may stand in it.
pub(super) type Instances = HashMap<Term, Arc<[u8]>>;

/// Gives what came in values of which those of its views follow, as far as that is possible.
pub(super) fn compose(
    model: &mut Model<'_>,
    asked: &HashMap<Term, Vec<Asked>>,
    found: &Instances,
    automata: &mut Automata,
) {
    unwrap(model, asked, automata);
    split(model, asked);
    for header in wholes(model, &Op::Cookie, cookie()) {
        cookies(model, asked, found, header);
    }
    for url in wholes(model, &Op::Query, Term::Input(Place::Variable(Variable::ReqUrl))) {
        parameters(model, found, &url);
    }
    directives(model, asked);
}

/// Gives the parts of texts that were put together what is left of the whole by what stands between them.
fn split(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>) {
    let is_other = |(term, value): &(&Term, &Scalar)| model.value(term).as_ref() != Some(*value);
    let wholes: Vec<(Term, Scalar)> =
        model.chosen().filter(is_other).map(|(term, value)| (term.clone(), value.clone())).collect();
    for (whole, value) in &wholes {
        let (Some((Op::Concat, parts)), Some(text)) = (whole.as_made(), value.as_text()) else { continue };
        let parts = parts_of(parts, text).unwrap_or_default();
        let came: Option<Vec<(Term, &[u8])>> =
            parts.into_iter().map(|(part, text)| Some((came(part)?, text))).collect();
        for (part, text) in came.into_iter().flatten().filter(|(part, _)| !asked.contains_key(part)) {
            model.set(part, Scalar::Text(Some(text.into())));
        }
    }
}

/// The parts of a text that is put together, with the text of each that is no constant.
fn parts_of<'t>(parts: &'t [Term], text: &'t [u8]) -> Option<Vec<(&'t Term, &'t [u8])>> {
    let (mut found, mut open, mut rest) = (Vec::new(), None, text);
    for part in parts {
        match part {
            Term::Text(between) => {
                let at = if open.is_some() { memchr::memmem::find(rest, between)? } else { 0 };
                let (before, behind) = rest.split_at_checked(at)?;
                found.extend(open.take().map(|part| (part, before)));
                rest = behind.strip_prefix(&**between)?;
            }
            // Of two that stand side by side the second is all of it.
            part => found.extend(open.replace(part).map(|before| (before, &b""[..]))),
        }
    }
    match open {
        Some(part) => found.push((part, rest)),
        None if rest.is_empty() => {}
        None => return None,
    }
    Some(found)
}

/// What came in that has the same text as a value made of it, mostly.
fn came(part: &Term) -> Option<Term> {
    match (part, part.as_made()) {
        (Term::Input(_), _) => Some(part.clone()),
        (_, Some((Op::Host | Op::Lower | Op::Upper | Op::Path, [inner]))) => came(inner),
        _ => None,
    }
}

/// What cookies or parameters stand in: in what the client sends, and in what nothing is known of.
fn wholes(model: &Model<'_>, named: &Op, first: Term) -> Vec<Term> {
    let mut all = vec![first];
    for (term, _) in model.chosen() {
        if let Some((op, [whole, ..])) = term.as_made()
            && is_of(op, named)
            && let whole @ Term::Free(_) = root(whole)
            && !all.contains(whole)
        {
            all.push(whole.clone());
        }
    }
    all
}

/// What clauses of `normalize` have left is taken for what came in: mostly it is left as it came. Of several values that were
/// found for what came in and for what is left of it, one is taken of which all follows that is asked of any of them.
fn unwrap(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>, automata: &mut Automata) {
    let mut left: Vec<(Term, Scalar)> = model
        .chosen()
        .filter(|(term, _)| term != &root(term) && matches!(root(term), Term::Input(_)))
        .map(|(term, value)| (term.clone(), value.clone()))
        .collect();
    left.sort_by_key(|(term, _)| std::cmp::Reverse(depth(term)));
    for (term, _) in &left {
        model.remove(term);
    }
    let mut roots: Vec<&Term> = left.iter().map(|(term, _)| root(term)).collect();
    roots.dedup();
    for whole in roots {
        let of_it: Vec<(&Term, &Vec<Asked>)> = asked.iter().filter(|(term, _)| root(term) == whole).collect();
        let found = left.iter().filter(|(term, _)| root(term) == whole).map(|(_, value)| value.clone());
        let own = model.value(whole);
        let found = own.clone().into_iter().chain(found).find(|value| all_follows(model, whole, value, &of_it));
        let found = found.or_else(|| {
            let joint = joint(whole, &of_it, automata);
            let follows = joint.clone().filter(|value| all_follows(model, whole, value, &of_it));
            let left = left.iter().filter(|(term, _)| root(term) == whole).map(|(_, value)| value);
            let follows = follows.or_else(|| spelt(model, whole, own.as_ref(), left.clone(), &of_it));
            follows.or_else(|| in_a_cookie(model, whole, left, &of_it)).or(joint)
        });
        let found = found.filter(|value| *value != Scalar::Text(None));
        if let Some(found) = found {
            model.set(whole.clone(), found);
        }
    }
}

/// Whether all that is asked of what came in, and of what is left of it, is so with that value.
fn all_follows(model: &mut Model<'_>, whole: &Term, value: &Scalar, asked: &[(&Term, &Vec<Asked>)]) -> bool {
    model.set(whole.clone(), value.clone());
    asked.iter().all(|(term, asked)| {
        let value = model.value(term);
        let text = value.as_ref().and_then(Scalar::as_text);
        asked.iter().all(|one| one.passes(text))
    })
}

/// A text that is all that is asked of what came in and of what is left of it.
fn joint(whole: &Term, asked: &[(&Term, &Vec<Asked>)], automata: &mut Automata) -> Option<Scalar> {
    let all: Vec<Asked> =
        asked.iter().flat_map(|(term, asked)| [asked.as_slice(), &left::asked(term)].concat()).collect();
    match text::find(theory::domain(whole), &all, automata) {
        Found::Value(text) => Some(Scalar::Text(text.map(Arc::from))),
        Found::Nothing | Found::GaveUp => None,
    }
}

/// A URL that is one path as it came, and another one as it is left.
fn spelt<'v>(
    model: &mut Model<'_>,
    whole: &Term,
    came: Option<&Scalar>,
    left: impl Iterator<Item = &'v Scalar>,
    asked: &[(&Term, &Vec<Asked>)],
) -> Option<Scalar> {
    let Scalar::Text(Some(came)) = came.filter(|_| theory::domain(whole) == Domain::Url)? else { return None };
    let spellings = left.filter_map(Scalar::as_text).flat_map(|left| spellings(came, left));
    let mut spellings = spellings.map(|url| Scalar::Text(Some(url.into())));
    spellings.find(|url| all_follows(model, whole, url, asked))
}

/// A `Cookie` with the text that is to be left of it in the value of a cookie that is left.
fn in_a_cookie<'v>(
    model: &mut Model<'_>,
    whole: &Term,
    left: impl Iterator<Item = &'v Scalar>,
    asked: &[(&Term, &Vec<Asked>)],
) -> Option<Scalar> {
    let left: Vec<&[u8]> = left.filter_map(Scalar::as_text).collect();
    let clauses = asked.iter().filter_map(|(term, _)| if *whole == cookie() { term.as_made() } else { None });
    let names = clauses.flat_map(|(op, _)| match op {
        Op::Normalized(Normalization::CookieKeep(globs)) => {
            globs.iter().map(|glob| glob.text().replace('*', "x")).collect()
        }
        _ => vec!["x".to_owned()],
    });
    let texts = names.flat_map(|name| {
        left.iter().map(move |text| Scalar::Text(Some([name.as_bytes(), b"=", text].concat().into())))
    });
    texts.collect::<Vec<_>>().into_iter().find(|text| all_follows(model, whole, text, asked))
}

/// Through how many clauses of `normalize` a value has gone.
fn depth(term: &Term) -> usize {
    match term.as_made() {
        Some((Op::Normalized(_), [inner])) => depth(inner) + 1,
        _ => 0,
    }
}

/// What a value is, before all clauses of `normalize`.
fn root(term: &Term) -> &Term {
    match term.as_made() {
        Some((Op::Normalized(_), [inner])) => root(inner),
        _ => term,
    }
}

/// The names of which one is to be there, or is not.
pub(super) fn any_of(op: &Op) -> Option<&Names> {
    if let Op::AnyCookie(names) | Op::AnyQuery(names) = op { Some(names) } else { None }
}

/// Whether a view is one of cookies, or of parameters.
fn is_of(op: &Op, named: &Op) -> bool {
    op == named || matches!((op, named), (Op::AnyCookie(_), Op::Cookie) | (Op::AnyQuery(_), Op::Query))
}

/// A name and a value.
type Pair = (Arc<[u8]>, Arc<[u8]>);

/// The cookies or parameters that views want to be there of what stands in `of`, taken out of the model.
fn parts(model: &mut Model<'_>, named: &Op, of: &Term, found: &Instances) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut gone = Vec::new();
    for (term, value) in model.chosen() {
        let Some((op, parts)) = term.as_made() else { continue };
        if !is_of(op, named) || parts.first().is_none_or(|whole| root(whole) != of) {
            continue;
        }
        match (parts, value) {
            ([_, Term::Text(name)], Scalar::Text(Some(text))) => pairs.push((Arc::clone(name), Arc::clone(text))),
            ([_], Scalar::Truth(true)) => pairs.extend(found.get(term).map(|name| (Arc::clone(name), b"1"[..].into()))),
            _ => {}
        }
        gone.push(term.clone());
    }
    for term in &gone {
        model.remove(term);
    }
    pairs.sort();
    pairs.dedup_by(|one, other| one.0 == other.0);
    pairs
}

fn cookies(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>, found: &Instances, header: Term) {
    let mut pairs: Vec<Vec<u8>> = parts(model, &Op::Cookie, &header, found)
        .iter()
        .map(|(name, value)| [name, &b"="[..], value].concat())
        .collect();
    let is_plain = |asked: &Vec<Asked>| asked.iter().all(|one| one.texts.is_none());
    let mut whole = asked.iter().filter(|(term, _)| root(term) == &header).map(|(_, asked)| asked);
    let is_free = whole.clone().all(is_plain);
    let is_set = whole.any(|asked| asked.iter().any(|one| !one.passes(None)));
    if is_set && is_free && pairs.is_empty() {
        // A `Cookie` without any is one, too.
        pairs.push(found.get(&header).map_or_else(|| b";".to_vec(), |name| [name, &b"=1"[..]].concat()));
    }
    if is_free && !pairs.is_empty() {
        model.set(header, Scalar::Text(Some(pairs.join(&b"; "[..]).into())));
    }
}

fn parameters(model: &mut Model<'_>, found: &Instances, url: &Term) {
    let pairs = parts(model, &Op::Query, url, found);
    let Some(Scalar::Text(Some(before))) = model.value(url) else { return };
    // What the text of the URL says already is not said once more.
    let is_missing = |name: &[u8]| !concrete::has_parameter(Some(&before), |own| own == name);
    let pairs = pairs.iter().filter(|(name, _)| is_missing(name));
    let pairs: Vec<Vec<u8>> =
        pairs.map(|(name, value)| [escaped(name), b"=".to_vec(), escaped(value)].concat()).collect();
    if pairs.is_empty() {
        return;
    }
    let mark = if before.contains(&b'?') { &b"&"[..] } else { b"?" };
    model.set(url.clone(), Scalar::Text(Some([&*before, mark, &pairs.join(&b"&"[..])].concat().into())));
}

/// A text as it stands in a query (RFC 3986 section 3.4).
fn escaped(text: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(byte);
    text.iter().flat_map(|byte| if plain(byte) { vec![*byte] } else { format!("%{byte:02X}").into_bytes() }).collect()
}

fn is_cache_control(term: &Term) -> bool {
    matches!(term.place(), Some(Place::Field(_, name)) if *name == CACHE_CONTROL)
}

fn joined(mut said: Vec<String>) -> Arc<[u8]> {
    said.sort();
    said.join(", ").into_bytes().into()
}

/// `Cache-Control` of an answer, of what is wanted of its directives. Where its text is given, a second line says the rest.
fn directives(model: &mut Model<'_>, asked: &HashMap<Term, Vec<Asked>>) {
    let mut texts: HashMap<Term, Vec<String>> = HashMap::new();
    let unsaid = model.chosen().filter(|(term, value)| model.value(term).as_ref() != Some(*value));
    for (term, value) in unsaid {
        let Some((Op::Directive(_, directive), [whole])) = term.as_made() else { continue };
        let name_of = directive.name().replace('_', "-");
        let said = match value {
            Scalar::Truth(true) => Some(name_of),
            Scalar::Number(Some(millis)) => Some(format!("{name_of}={}", millis.max(&0) / 1_000)),
            _ => None,
        };
        if let Some(said) = said.filter(|_| is_cache_control(whole)) {
            texts.entry(whole.clone()).or_default().push(said);
        }
    }
    let is_given = |(_, asked): &(&Term, &Vec<Asked>)| asked.iter().any(|one| one.texts.is_some());
    for (whole, _) in asked.iter().filter(|(whole, _)| is_cache_control(whole)).filter(is_given) {
        if matches!(model.value(whole), Some(Scalar::Text(Some(_)))) {
            let said = texts.remove(whole).unwrap_or_default();
            model.add_line(whole.clone(), joined(said));
        }
    }
    for (whole, said) in texts {
        model.set(whole, Scalar::Text(Some(joined(said))));
    }
}
