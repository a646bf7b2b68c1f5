//! A `sub hash` that ends the step with a key that has nothing of the host, or of the URL. Of a `key` the checker says so.
//!
//! Two requests are shown that differ in that alone: the backend is asked for other things, and the second is answered with
//! what was stored for the first.

use http::header::HOST;

use super::survey::Survey;
use crate::analysis::{Answer, Formula, Place, Test, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::Texts;
use crate::lang::schema::{Action, Message, Step, Variable};
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
    let unkeyed =
        survey.journeys.at(Step::BackendResponse).filter(|it| !survey.analysis.is_keyed(&it.class.state, &place));
    let stored = Formula::any(unkeyed.map(|reached| survey.analysis.stored(reached)).collect::<Vec<_>>());
    let Answer::Possible(model) = survey.solver.solve(&stored) else { return None };
    let span = survey.decided(Step::Hash, Action::Lookup, &model)?.span;
    let first = model.witness().filter(|_| !survey.is_builtin(span))?;
    let all = others(&first, part).into_iter().chain(named(&first, part, &stored, &place));
    let second = all.into_iter().find(|second| is_mixed(survey, &first, second, part))?;
    let (what, add) = if part == Part::Host { ("host", "req.host") } else { ("URL", "req.url") };
    let message = format!("the key has nothing of the {what}: what is stored for one {what} answers for all");
    let finding = Diagnostic::new(Code::W0741, survey.first_line(span), message).label("nothing is added to it here");
    Some(finding.help(format!(
        "add it, `hash_data({add});`, or leave `return (lookup);` out: the built-in policy adds both. `{}` is answered \
         with what was stored for `{}`",
        second.request, first.request
    )))
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
