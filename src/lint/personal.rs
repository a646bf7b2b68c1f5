//! What is one person's and stored for everybody.
//!
//! A response may be stored although it was asked for with somebody's cookies, which are no part of the key; or it has a `Set-Cookie` still. The built-in policy keeps both out of the cache. A policy that says `return (hash)`
//! or `return (deliver)` before it comes to that has to see to it itself; one that replaces the piece,
//! `override builtin.cookie { … }`, has decided.

use http::HeaderName;
use http::header::{COOKIE, SET_COOKIE, VARY};

use super::survey::{Deed, DeedKind, Survey};
use super::targets;
use super::unfinished::Budget;
use crate::analysis::{Answer, Cases, Formula, Model, Place, Reached, State, Term, Test, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Pattern, Texts};
use crate::lang::schema::{Action, Message, Step, Variable};
use crate::lang::source::Span;
use crate::simulate::Journey;

/// So many places are named of one kind of leak.
const MOST_PLACES: usize = 20;
/// So many requests are tried for one place.
const MOST_TRIALS: usize = 40;

/// So many statements that let it happen are asked for one by one.
const MOST_OWN: usize = 64;

/// What reaches a person's page, and what of it is stored.
struct Leak {
    code: Code,
    /// The piece of the built-in policy that prevents it.
    piece: &'static str,
    /// The field of the request or the response.
    field: HeaderName,
    message: &'static str,
    help: &'static str,
    step: Step,
    decided: Action,
}

/// Responses that are stored and should not be.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let leaks = [
        Leak {
            code: Code::W0801,
            piece: "builtin.cookie",
            field: COOKIE,
            message: "what the backend answers to somebody's cookies may be stored here for everybody",
            help: "`pass` such requests, `strip cookie` before, or make the cookie that the backend reads a part of the key",
            step: Step::Recv,
            decided: Action::Hash,
        },
        Leak {
            code: Code::W0803,
            piece: "builtin.set_cookie",
            field: SET_COOKIE,
            message: "a response may be stored here with its `Set-Cookie`: everybody gets that cookie",
            help: "`strip set_cookie` (`unset beresp.http.Set-Cookie;`), or do not store it: `uncacheable`",
            step: Step::BackendResponse,
            decided: Action::Deliver,
        },
    ];
    let mut findings = Vec::new();
    for leak in &leaks {
        if !survey.overrides(leak.piece) {
            findings.extend(look(survey, leak));
        }
    }
    findings
}

fn look(survey: &mut Survey<'_>, leak: &Leak) -> Vec<Diagnostic> {
    let stored = survey.journeys.at(Step::BackendResponse).map(|reached| leaks(survey, leak, reached));
    let whole = Formula::any(stored.collect::<Vec<_>>());
    let mut open = match own(survey, leak) {
        // What the built-in policy does is not told, and need not be looked for.
        Some(own) => Formula::all([whole.clone(), own]),
        None => whole.clone(),
    };
    let targets = targets::guessed(survey.hir);
    let mut findings: Vec<Diagnostic> = Vec::new();
    for trial in 0.. {
        if findings.len() >= MOST_PLACES || trial >= MOST_TRIALS {
            let most = if trial >= MOST_TRIALS { MOST_TRIALS } else { MOST_PLACES };
            survey.leave(None, Budget::Places(most), 1);
            break;
        }
        let Answer::Possible(model) = survey.solver.solve(&open) else { break };
        let Some(deed) = decided(survey, leak, &model) else { break };
        let (span, guard, state) = (deed.span, guard_of(survey, deed), deed.state.clone());
        let witness = model.witness();
        let happens = |witness: &Witness| happens(survey, leak, witness) || happens_confirming(survey, leak, witness);
        let guessed = witness.iter().flat_map(|known| targets.iter().map(|target| asking_for(known, target)));
        let witness = witness.iter().cloned().chain(guessed).find(happens);
        let here = Formula::all([whole.clone(), guard.clone()]);
        let takes_many = takes_many(survey, &here, &state);
        if let Some(witness) = witness.filter(|_| takes_many && !survey.is_builtin(span)) {
            findings.push(say(survey, leak, span, &here, &state, &witness));
        }
        open = Formula::all([open, guard.not()]);
    }
    findings
}

/// When a request comes to a statement of the author that lets it happen; `None` if there are too many to ask for each.
fn own(survey: &Survey<'_>, leak: &Leak) -> Option<Formula> {
    let lets = |deed: &&Deed| match deed.kind {
        DeedKind::Sends => leak.step == Step::Recv,
        DeedKind::Return(action) => deed.step == leak.step && action == leak.decided,
        _ => false,
    };
    let deeds: Vec<&Deed> =
        survey.deeds.iter().filter(lets).filter(|deed| !survey.is_builtin(deed.span)).take(MOST_OWN + 1).collect();
    (deeds.len() <= MOST_OWN).then(|| Formula::any(deeds.into_iter().map(|deed| deed.guard.clone())))
}

/// Whether there is no end to the paths for which it happens. Who names each of them, `/robots.txt`, knows what is there.
pub(super) fn takes_many(survey: &mut Survey<'_>, leak: &Formula, state: &State) -> bool {
    let backend = matches!(state.variable(Variable::BereqUncacheable).only(), Some(Term::Truth(_)));
    let path = state.variable(if backend { Variable::BereqPath } else { Variable::ReqPath });
    let unlikely = Texts::matching(&Pattern::new(UNLIKELY));
    let is_that = survey.analysis.test(&path, &Test::In([unlikely].to_vec().into()));
    matches!(survey.solver.solve(&Formula::all([leak.clone(), is_that])), Answer::Possible(_))
}

/// What stands in no path that anybody names.
const UNLIKELY: &str = "q7zx-k2wv";

/// The statement that lets it happen: one that sends the field on, else the one that ends the step.
fn decided<'s>(survey: &'s Survey<'_>, leak: &Leak, model: &Model<'_>) -> Option<&'s Deed> {
    let sends = survey.deeds.iter().filter(|deed| deed.kind == DeedKind::Sends && leak.step == Step::Recv);
    let sent = sends.filter(|deed| !survey.is_builtin(deed.span)).find(|deed| model.satisfies(&deed.guard));
    sent.or_else(|| survey.decided(leak.step, leak.decided, model))
}

/// When a place is come to, in whatever way.
pub(super) fn guard_of(survey: &Survey<'_>, deed: &Deed) -> Formula {
    let same = survey.deeds.iter().filter(|other| other.span == deed.span && other.kind == deed.kind);
    Formula::any(same.map(|deed| deed.guard.clone()))
}

/// When what is reached is stored, and is somebody's.
fn leaks(survey: &Survey<'_>, leak: &Leak, reached: &Reached) -> Formula {
    let state = &reached.class.state;
    let analysis = &survey.analysis;
    if leak.step != Step::Recv {
        let set = analysis.test(&state.field(Message::Beresp, &leak.field), &Test::Set);
        return Formula::all([analysis.stored(reached), set]);
    }
    let place = Place::Field(Message::Req, leak.field.clone());
    if analysis.is_keyed(state, &place) || varies(&state.field(Message::Beresp, &VARY), &leak.field) {
        return Formula::Const(false);
    }
    let sent = state.field(Message::Bereq, &leak.field).spread();
    let personal = sent.iter().filter(|(_, term)| term.holds(&place)).map(|(guard, term)| {
        let one = Cases::one(term.clone());
        Formula::all([guard.clone(), analysis.test(&one, &Test::Set)])
    });
    Formula::all([analysis.stored(reached), Formula::any(personal)])
}

/// Whether the policy itself says that responses differ by that field.
pub(super) fn varies(vary: &Cases, field: &HeaderName) -> bool {
    vary.spread().iter().any(|(_, term)| match term {
        Term::Text(text) => String::from_utf8_lossy(text).to_ascii_lowercase().contains(field.as_str()),
        Term::Made(made) => made.of.iter().any(|part| varies(&Cases::one(part.clone()), field)),
        Term::Free(_) => true,
        _ => false,
    })
}

/// Whether it comes about when the request is made.
fn happens(survey: &mut Survey<'_>, leak: &Leak, witness: &Witness) -> bool {
    let journey = survey.replay(witness);
    if leak.step == Step::Recv {
        let sent = journey.asked.iter().any(|asked| asked.headers.contains_key(&leak.field));
        return sent && !journey.stored.is_empty();
    }
    stores(&journey, leak)
}

/// Whether it comes about when the answer confirms what is stored: its fields take the place of those (RFC 9111 section 3.2).
fn happens_confirming(survey: &mut Survey<'_>, leak: &Leak, witness: &Witness) -> bool {
    leak.step == Step::BackendResponse && stores(&survey.replay_confirming(witness), leak)
}

fn stores(journey: &Journey, leak: &Leak) -> bool {
    journey.stored.iter().any(|stored| stored.headers.contains_key(&leak.field))
}

/// A page that is somebody's own, on most sites.
const SOMEBODYS_PAGE: &str = "/account/settings";

fn say(
    survey: &mut Survey<'_>,
    leak: &Leak,
    span: Span,
    here: &Formula,
    state: &State,
    witness: &Witness,
) -> Diagnostic {
    let place = survey.first_line(span);
    if leak.step == Step::Recv
        && let Some(witness) = by_ending(survey, leak, here, state, witness)
    {
        let message = "the end of a path decides here that a page is stored, with what is somebody's own in it";
        let finding = Diagnostic::new(Code::W0804, place, message).label("stored for everybody");
        return finding.help(format!(
            "most backends answer `/account/settings/x.css` with `/account/settings`: ask for the start of the path, too, \
             or strip the cookies. It happens with {witness}",
            witness = shown(&witness)
        ));
    }
    let finding = Diagnostic::new(leak.code, place, leak.message).label("stored for everybody");
    if leak.step == Step::BackendResponse && !happens(survey, leak, witness) {
        let request = &witness.request;
        return finding.help(format!(
            "{}. It happens where `{request}` finds a stale response, and the backend confirms it by a 304 with a `Set-Cookie`",
            leak.help
        ));
    }
    finding.help(format!("{}. It happens with {}", leak.help, shown(witness)))
}

/// A request for somebody's page by a path that ends so that it is stored, where the page itself is not.
fn by_ending(
    survey: &mut Survey<'_>,
    leak: &Leak,
    formula: &Formula,
    state: &State,
    known: &Witness,
) -> Option<Witness> {
    let (url, path) = (state.variable(Variable::ReqUrl), state.variable(Variable::ReqPath));
    let among = |texts: Texts<'static>| Test::In([texts].to_vec().into());
    let itself = survey.analysis.test(&url, &among(Texts::Exact(SOMEBODYS_PAGE.as_bytes().into())));
    let below = survey.analysis.test(&path, &among(Texts::Prefix(format!("{SOMEBODYS_PAGE}/").into_bytes().into())));
    let is_apart = match survey.solver.solve(&Formula::all([formula.clone(), itself])) {
        Answer::Impossible(_) => true,
        Answer::Possible(_) => false,
        Answer::GaveUp(_) => !happens(survey, leak, &asking_for(known, SOMEBODYS_PAGE)),
    };
    let found = match is_apart.then(|| survey.solver.solve(&Formula::all([formula.clone(), below]))) {
        Some(Answer::Possible(model)) => model.witness(),
        Some(Answer::GaveUp(_)) => ending(known).map(|end| asking_for(known, &format!("{SOMEBODYS_PAGE}/x.{end}"))),
        _ => None,
    };
    // What it did not find out is said in other words in any case.
    let _ = survey.solver.ended();
    found.filter(|witness| happens(survey, leak, witness))
}

/// The same for another page.
pub(super) fn asking_for(known: &Witness, target: &str) -> Witness {
    let mut other = known.clone();
    target.clone_into(&mut other.request.target);
    other
}

/// What the path of a request ends in, behind the last dot.
fn ending(known: &Witness) -> Option<&str> {
    let path = known.request.target.split('?').next()?;
    path.rsplit('/').next()?.rsplit_once('.').map(|(_, end)| end)
}

/// A request with the answer, as a test says them.
pub(super) fn shown(witness: &Witness) -> String {
    format!("`{}` and `{}`", witness.request, witness.answer)
}
