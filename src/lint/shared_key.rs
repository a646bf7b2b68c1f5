//! A key that has nothing of the host, or of the URL: of a `key`, or of a `sub hash` that ends the step.
//!
//! Two requests are shown that differ in that alone: the backend is asked for other things, and the second is answered with
//! what was stored for the first.

use http::header::HOST;

use super::query_left_out;
use super::survey::Survey;
use crate::analysis::{Answer, Cases, Formula, Place, Reached, State, Term, Test, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::Texts;
use crate::lang::schema::{Message, Step, Variable};
use crate::simulate::Asked;

/// So many hosts or pages are tried that the policy names.
const MOST_NAMED: usize = 20;

/// What a key has to tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Url,
}

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    [Part::Host, Part::Url].into_iter().filter_map(|part| look(survey, part)).collect()
}

fn look(survey: &mut Survey<'_>, part: Part) -> Option<Diagnostic> {
    let place = match part {
        Part::Host => Place::Field(Message::Req, HOST),
        Part::Url => Place::Variable(Variable::ReqUrl),
    };
    let unkeyed = survey.journeys.at(Step::BackendResponse).filter(|it| {
        let state = &it.class.state;
        !survey.analysis.is_keyed(state, &place) && !is_told_apart(state, &place)
    });
    let unkeyed: Vec<&Reached> = unkeyed.collect();
    let is_grouped = is_grouped(&unkeyed, &place);
    let stored: Vec<Formula> = unkeyed.into_iter().map(|reached| survey.analysis.stored(reached)).collect();
    let stored = Formula::any(stored);
    let Answer::Possible(model) = survey.solver.solve(&stored) else { return None };
    let (span, is_key) = query_left_out::place(survey, &model)?;
    let first = model.witness()?;
    // Those that the policy names together are one to it.
    let named = if is_grouped { Vec::new() } else { named(&first, part, &stored, &place) };
    let second = others(&first, part).into_iter().chain(named).find(|second| is_mixed(survey, &first, second, part))?;
    let (what, add) = if part == Part::Host { ("host", "req.host") } else { ("URL", "req.url") };
    let message = format!("the key has nothing of the {what}: what is stored for one {what} answers for all");
    let finding = Diagnostic::new(Code::W0741, survey.first_line(span), message).label("nothing is added to it here");
    let mend = if is_key {
        format!("`{add};`")
    } else {
        format!("`hash_data({add});`, or leave `return (lookup);` out: the built-in policy adds both")
    };
    let (one, other) = (&first.request, &second.request);
    Some(finding.help(format!("add it, {mend}. `{other}` is answered with what was stored for `{one}`")))
}

/// Whether a part of the key is another one for some of them: a name for several hosts, say, that are one site.
fn is_told_apart(state: &State, place: &Place) -> bool {
    state.key.iter().any(|part| part.only().is_none() && part.iter().any(|(guard, _)| asks(guard, place)))
}

/// The same of requests that were told apart before: each has its own name in the key.
fn is_grouped(unkeyed: &[&Reached], place: &Place) -> bool {
    let mut keys = unkeyed.iter().filter(|it| asks(&it.class.guard, place)).map(|it| &it.class.state.key);
    let Some(first) = keys.next() else { return false };
    let is_another = |one: &Cases, other: &Cases| matches!((one.only(), other.only()), (Some(Term::Text(one)), Some(Term::Text(other))) if one != other);
    keys.any(|key| key.iter().zip(first).any(|(one, other)| is_another(one, other)))
}

fn asks(guard: &Formula, place: &Place) -> bool {
    let mut asks = false;
    guard.literals(&mut |literal| asks |= literal.term.holds(place));
    asks
}

/// The same request for another host or page: for any, and for one that is much like it, where few are served.
fn others(first: &Witness, part: Part) -> [Witness; 2] {
    let (host, target) = (&first.request.host, &first.request.target);
    let texts = match part {
        Part::Host => ["other.example".to_owned(), format!("other.{host}")],
        Part::Url => ["/other".to_owned(), format!("{}/other", target.trim_end_matches('/'))],
    };
    texts.map(|text| with(first, part, text))
}

fn with(first: &Witness, part: Part, text: String) -> Witness {
    let mut second = first.clone();
    match part {
        Part::Host => second.request.host = text,
        Part::Url => second.request.target = text,
    }
    second
}

/// The same request for each of those that the policy names, where it serves no others.
fn named(first: &Witness, part: Part, stored: &Formula, place: &Place) -> Vec<Witness> {
    let mut texts: Vec<String> = Vec::new();
    stored.literals(&mut |literal| {
        let Test::In(wanted) = &literal.test else { return };
        if literal.term.holds(place) && texts.len() < MOST_NAMED {
            let exact = |text: &Texts<'_>| if let Texts::Exact(text) = text { Some(text.to_vec()) } else { None };
            texts.extend(wanted.iter().filter_map(exact).filter_map(|text| String::from_utf8(text).ok()));
        }
    });
    texts.retain(|text| part == Part::Host || text.starts_with('/'));
    texts.truncate(MOST_NAMED);
    texts.into_iter().map(|text| with(first, part, text)).collect()
}

/// Whether the second is for something else and answered with what was stored for the first.
fn is_mixed(survey: &mut Survey<'_>, first: &Witness, second: &Witness, part: Part) -> bool {
    let pair = asked(survey, first).zip(asked(survey, second));
    pair.is_some_and(|(one, other)| differ(&one, &other, part)) && survey.is_hit(first, second)
}

/// What the backend is asked at last, where nothing is stored yet.
fn asked(survey: &mut Survey<'_>, witness: &Witness) -> Option<Asked> {
    survey.replay(witness).asked.pop()
}

fn differ(one: &Asked, other: &Asked, part: Part) -> bool {
    match part {
        Part::Host => one.headers.get(HOST) != other.headers.get(HOST),
        Part::Url => one.target != other.target,
    }
}
