//! More requests that may break a promise: like those that values were found for, in other ways.

use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, IF_MATCH};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::replay::{Counterexample, Replay};
use crate::simulate::{Answer, Case, Request};

/// So many requests are tried with answers that stay the same, and so many with answers that do not.
const MOST_CASES: [usize; 2] = [400, 800];

/// So many answers of those that values were found for are tried with other requests.
const MOST_ANSWERS: usize = 4;

/// Answers that policies mostly have something to say about.
const USUAL: [(StatusCode, &str); 5] = [
    (StatusCode::OK, "max-age=60"),
    (StatusCode::OK, "no-store"),
    (StatusCode::NOT_FOUND, "max-age=60"),
    (StatusCode::INTERNAL_SERVER_ERROR, "max-age=60"),
    (StatusCode::SERVICE_UNAVAILABLE, "max-age=60"),
];

impl Replay<'_> {
    /// What breaks the promise of requests like those that did not: with another method or one field more, answered otherwise
    /// and, where a backend may be asked again, once more otherwise then.
    pub fn breaks_otherwise(&mut self, may_ask_again: bool) -> Option<Counterexample> {
        let seen = std::mem::take(&mut self.seen);
        let mut requests: Vec<Request> = Vec::new();
        let mut answers: Vec<Option<Answer>> = vec![None];
        for witness in &seen {
            requests.extend(alike(&witness.request).filter(|request| !requests.contains(request)).collect::<Vec<_>>());
            let answer = Some(witness.answer.clone());
            if answers.len() <= MOST_ANSWERS && !answers.contains(&answer) {
                answers.extend([answer, Some(unstored(&witness.answer))]);
            }
        }
        answers.extend(
            USUAL.map(|(status, control)| {
                Some(Answer::new(status).with(CACHE_CONTROL, HeaderValue::from_static(control)))
            }),
        );
        let same =
            requests.iter().flat_map(|request| answers.iter().map(|answer| Case::new(request.clone(), answer.clone())));
        let others = requests.iter().filter(|_| may_ask_again).flat_map(|request| {
            sequences(&answers).map(|(first, later)| Case { later, ..Case::new(request.clone(), first) })
        });
        let all = same.take(MOST_CASES[0]).chain(others.take(MOST_CASES[1]));
        all.into_iter().find_map(|case| self.attempt(case))
    }
}

/// A request, and others that a policy may treat in another way.
fn alike(request: &Request) -> impl Iterator<Item = Request> {
    let of_method = |method: Method| Request { method, ..request.clone() };
    let with = |name: HeaderName, value| request.clone().with(name, HeaderValue::from_static(value));
    let others = [
        request.clone(),
        of_method(Method::POST),
        of_method(Method::GET),
        with(AUTHORIZATION, "Basic eDp4"),
        with(COOKIE, "x=1"),
        with(IF_MATCH, "\"1\""),
    ];
    others.into_iter()
}

/// The answer, which is not to be stored.
fn unstored(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    answer.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// One answer and then another one, the second or the third time.
fn sequences(answers: &[Option<Answer>]) -> impl Iterator<Item = (Option<Answer>, Vec<Option<Answer>>)> {
    let pairs = answers.iter().flat_map(move |one| answers.iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| one != other).flat_map(|(one, other)| {
        let later = [vec![other.clone()], vec![one.clone(), other.clone()]];
        later.map(|later| (one.clone(), later))
    })
}
