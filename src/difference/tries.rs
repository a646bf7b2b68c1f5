//! Requests and answers that are tried for a question.

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, StatusCode};

use super::search::Question;
use super::trial::lasting;
use crate::analysis::{Answer, Formula, Hint, Model, Place, Solver, Term, Test, Witness, variants};
use crate::lang::hir::Texts;
use crate::lang::schema::Variable;
use crate::simulate::{Answer as Response, Case};

/// Methods, those first that people know best.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];

/// Where a method stands among them.
pub(super) fn rank(method: &Method) -> usize {
    METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len())
}

/// An answer to a question of a method that people know, if there is one.
pub(super) fn plain<'h>(solver: &mut Solver<'h>, question: &Question) -> Option<Box<Model<'h>>> {
    METHODS.iter().find_map(|known| {
        let method = Term::Input(Place::Variable(Variable::ReqMethod));
        let is_known =
            Formula::of(method, Test::In([Texts::Exact(known.as_str().as_bytes().to_vec().into())].to_vec().into()));
        match solver.solve(&Formula::all([is_known, question.formula.clone()])) {
            Answer::Possible(model) => Some(model),
            _ => None,
        }
    })
}

/// Requests and answers like a witness; whether a backend that is asked in vain may be asked again.
pub(super) type Cases = dyn Fn(&Witness, &[Hint], bool) -> Vec<Case>;

/// What an answer may say of how long it is fresh, where nothing is asked of that.
const FRESH: [&str; 4] = ["max-age=1", "max-age=90000", "s-maxage=30", "private"];

/// The request with other answers: how long they are fresh is what the witness has made up.
pub(super) fn others(witness: &Witness, _: &[Hint], _: bool) -> Vec<Case> {
    let said = FRESH.map(HeaderValue::from_static).map(Some).into_iter().chain([None]);
    let answers = said.map(|said| {
        let mut answer = witness.answer.clone();
        answer.headers.remove(CACHE_CONTROL);
        answer.headers.extend(said.map(|said| (CACHE_CONTROL, said)));
        answer
    });
    answers.map(|answer| Case::new(witness.request.clone(), Some(answer))).collect()
}

/// The requests with the answer, with one that may be used stale, and without one; with one that is of no use as well, where
/// a backend that is asked in vain may be asked again.
pub(super) fn cases(witness: &Witness, hints: &[Hint], may_try_again: bool) -> Vec<Case> {
    let answer = &witness.answer;
    let useless = may_try_again.then(|| Response { status: StatusCode::NOT_MODIFIED, ..answer.clone() });
    let answers = [Some(answer.clone()), Some(lasting(answer)), None].into_iter().chain(useless.map(Some));
    let of = |answer| variants(&Case::new(witness.request.clone(), answer), hints);
    answers.flat_map(of).collect()
}
