//! Requests that may break a promise, taken through the policy.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LOCATION, HOST};
use http::{HeaderValue, Method};

use crate::analysis::witness::Witness;
use crate::lang::hir::{Claim, Invariant};
use crate::lang::schema::{Message, Variable};
use crate::lang::source::{SourceMap, Span};
use crate::simulate::{Case, Journey, Request, Simulator, Store, Treatment, Twin, World};

/// A moment like any other.
fn world() -> World {
    World::at(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000))
}

/// A request that breaks a promise.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The request, and what the backend answers.
    pub case: Case,
    /// A second request that differs in one part alone, and has another key.
    pub other: Option<Request>,
    /// Whether it is the second time that it is asked for.
    pub is_again: bool,
    /// What became of it.
    pub journey: Journey,
}

impl Counterexample {
    /// Why no backend was asked, if the claim speaks of it: what is served without one breaks `backend == x` on its own.
    #[must_use]
    pub fn remark(&self, invariant: &Invariant) -> Option<&'static str> {
        let reads = |leaf: &Claim| matches!(leaf, Claim::Holds(condition) if condition.reads_variable(Variable::OutcomeBackend));
        if !invariant.claim.leaves().into_iter().any(reads) {
            return None;
        }
        match self.journey.treatment {
            Treatment::Hit => {
                Some("it is served from the store, and `backend` is `none`: say `stored => …`, or `or backend == none`")
            }
            Treatment::Pipe => {
                Some("it is piped, and `backend` is `none`: say `not passed => …`, or `or backend == none`")
            }
            Treatment::Answered => Some("warp answers itself, and `backend` is `none`: say `or backend == none`"),
            _ => None,
        }
    }

    /// The rule by which it came so. What is done behind the key has no part in which key it is.
    #[must_use]
    pub fn rule(&self, sources: &SourceMap) -> Option<Span> {
        self.journey.decided(sources).or_else(|| self.journey.done(sources).filter(|_| self.other.is_none()))
    }
}

/// Tries requests on an invariant.
pub(super) struct Replay<'r> {
    pub simulator: &'r Simulator,
    /// The name of the site that the invariant is of.
    pub site: Option<&'r str>,
    pub invariant: &'r Invariant,
}

/// Tries a request on an invariant of the root's policy, or of the site of that name; what breaks it, if that does.
#[must_use]
pub fn breaks(simulator: &Simulator, site: Option<&str>, invariant: &Invariant, case: &Case) -> Option<Counterexample> {
    Replay { simulator, site, invariant }.tried(case.clone())
}

impl Replay<'_> {
    /// What breaks the promise of what a witness says; `None` if nothing does.
    pub fn breaks(&self, witness: &Witness) -> Option<Counterexample> {
        self.requests(&witness.request).into_iter().find_map(|request| {
            let answered = |answer| Case { request: request.clone(), answer };
            let mut answer = witness.answer.clone();
            let plain = answered(Some(answer.clone()));
            // What a POST is answered may be stored for a GET if it says that it is the same.
            if request.method == Method::POST
                && let Ok(target) = HeaderValue::from_str(&request.target)
            {
                answer.headers.insert(CONTENT_LOCATION, target);
            }
            [plain, answered(Some(answer)), answered(None)].into_iter().find_map(|case| self.tried(case))
        })
    }

    /// The request, and others like it: a claim about the key may be broken by how a host is spelled, or by a field that
    /// nothing else asks for.
    fn requests(&self, request: &Request) -> Vec<Request> {
        let mut request = request.clone();
        if request.host.is_empty() {
            // Without one it is of HTTP/1.0, which no request here is.
            "www.example.com".clone_into(&mut request.host);
        }
        let request = &request;
        let mut requests = vec![request.clone()];
        let leaves = self.invariant.claim.leaves();
        let values = leaves.iter().filter_map(|leaf| match leaf {
            Claim::KeyContains(value) => Some(value),
            _ => None,
        });
        let values: Vec<_> = values.collect();
        if values.is_empty() {
            return requests;
        }
        requests.push(Request { host: request.host.to_ascii_uppercase(), ..request.clone() });
        let mut filled = request.clone();
        for name in values.iter().flat_map(|value| value.fields(Message::Req)) {
            if name != HOST {
                filled.headers.entry(name).or_insert(HeaderValue::from_static("one"));
            }
        }
        requests.push(filled);
        requests
    }

    /// Tries a request, and once more with what is stored by then.
    fn tried(&self, case: Case) -> Option<Counterexample> {
        let mut store = Store::default();
        let first = self.simulator.run(&case, &mut store, &world());
        let second = self.simulator.run(&case, &mut store, &world());
        let broken = [(first, false), (second, true)].into_iter().find_map(|(journey, is_again)| {
            let mut other = if is_again { Twin::none() } else { Twin::sought() };
            self.is_broken(&case, &journey, &mut other).then_some((journey, is_again, other.found))
        });
        broken.map(|(journey, is_again, other)| Counterexample { case, other, is_again, journey })
    }

    fn is_broken(&self, case: &Case, journey: &Journey, other: &mut Twin) -> bool {
        // A site of several hosts is known by the first of them.
        let is_ours = !journey.has_failed() && journey.site.is_some() == self.site.is_some();
        is_ours
            && self.simulator.keeps(&self.invariant.facts, case, journey, &world(), other)
            && !self.simulator.keeps(&self.invariant.claim, case, journey, &world(), other)
    }
}
