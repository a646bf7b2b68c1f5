//! A `sub hash` that ends the step with a key that has nothing of the host, or of the URL. Of a `key` the checker says so.
//!
//! Two requests are shown that differ in that alone: the backend is asked for other things, and the second is answered with
//! what was stored for the first.

use http::header::HOST;

use super::survey::Survey;
use crate::analysis::{Answer, Formula, Place, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::{Action, Message, Step, Variable};
use crate::simulate::Asked;

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
    let second = other(&first, part);
    let is_other = differ(&asked(survey, &first)?, &asked(survey, &second)?, part);
    let is_mixed = is_other && survey.is_hit(&first, &second);
    let (what, add) = if part == Part::Host { ("host", "req.host") } else { ("URL", "req.url") };
    let message = format!("the key has nothing of the {what}: what is stored for one {what} answers for all");
    let finding = Diagnostic::new(Code::W0741, survey.first_line(span), message).label("nothing is added to it here");
    is_mixed.then(|| {
        finding.help(format!(
            "add it, `hash_data({add});`, or leave `return (lookup);` out: the built-in policy adds both. `{}` is answered \
             with what was stored for `{}`",
            second.request, first.request
        ))
    })
}

/// The same request for another host or page.
fn other(first: &Witness, part: Part) -> Witness {
    let mut second = first.clone();
    match part {
        Part::Host => "other.example".clone_into(&mut second.request.host),
        Part::Url => "/other".clone_into(&mut second.request.target),
    }
    second
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
