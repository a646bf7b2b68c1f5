//! Requests that may break a promise, taken through the policy.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LOCATION, COOKIE, HOST};
use http::{HeaderValue, Method};

use crate::analysis::witness::Witness;
use crate::decision::Event;
use crate::lang::builtin;
use crate::lang::hir::{Claim, Input, Invariant};
use crate::lang::schema::{Message, Step, Variable};
use crate::lang::source::{SourceMap, Span};
use crate::simulate::{Case, Journey, KeyPart, Request, Simulator, Store, Stored, Treatment, World};

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

    /// The rule by which it came so: of the steps that decided, the first one that the author has written; else the last
    /// thing that the author has it do.
    #[must_use]
    pub fn rule(&self, sources: &SourceMap) -> Option<Span> {
        let is_own = |span: &Span| sources.get(span.file).is_some_and(|file| file.name() != builtin::NAME);
        let verdicts = [Step::Recv, Step::Miss, Step::BackendResponse, Step::Hash, Step::BackendError];
        let of = |wanted: Step| self.journey.steps.iter().filter(move |ran| ran.step == wanted);
        let decided =
            verdicts.iter().flat_map(|step| of(*step)).find_map(|ran| ran.explanation.verdict.span.filter(is_own));
        let events = [Step::BackendResponse, Step::Recv].into_iter().flat_map(of);
        let mut done = events.filter_map(|ran| {
            ran.explanation.course.iter().rev().find_map(|event| match event {
                Event::Acted(span) if is_own(span) => Some(*span),
                _ => None,
            })
        });
        // What is done behind the key has no part in it.
        decided.or_else(|| done.next().filter(|_| self.other.is_none()))
    }
}

/// A request that differs in one part from another.
struct Twin {
    /// Whether there may be one: keys are compared of requests for which nothing is stored yet.
    is_sought: bool,
    found: Option<Request>,
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
            let mut other = Twin { is_sought: !is_again, found: None };
            self.is_broken(&case, &journey, &mut other).then_some((journey, is_again, other.found))
        });
        broken.map(|(journey, is_again, other)| Counterexample { case, other, is_again, journey })
    }

    fn is_broken(&self, case: &Case, journey: &Journey, other: &mut Twin) -> bool {
        // A site of several hosts is known by the first of them.
        let is_ours = !journey.has_failed() && journey.site.is_some() == self.site.is_some();
        is_ours
            && self.holds(&self.invariant.facts, case, journey, other)
            && !self.holds(&self.invariant.claim, case, journey, other)
    }

    fn holds(&self, claim: &Claim, case: &Case, journey: &Journey, other: &mut Twin) -> bool {
        match claim {
            Claim::All(parts) => parts.iter().all(|part| self.holds(part, case, journey, other)),
            Claim::Any(parts) => parts.iter().any(|part| self.holds(part, case, journey, other)),
            Claim::Not(inner) => !self.holds(inner, case, journey, other),
            Claim::Holds(condition) => self.simulator.holds(condition, case, journey, &world()),
            Claim::KeyContains(value) => {
                let wanted = match self.simulator.text(value, case, journey, &world()) {
                    Some(text) => KeyPart::Value(text),
                    None => KeyPart::Unset,
                };
                key(journey).is_some_and(|key| key.contains(&wanted))
            }
            Claim::KeyExcludes(input) => {
                let twin = if other.is_sought { self.twin(input, case, journey) } else { None };
                let excludes = twin.is_none();
                other.found = twin.or(other.found.take());
                excludes
            }
        }
    }

    /// A request that differs in one part alone and has another key, though all rules decide the same.
    fn twin(&self, input: &Input, case: &Case, journey: &Journey) -> Option<Request> {
        let own = key(journey)?;
        VALUES.iter().filter_map(|value| with(input, &case.request, *value)).find(|request| {
            let case = Case { request: request.clone(), answer: case.answer.clone() };
            let other = self.simulator.run_cold(&case, &world());
            key(&other).is_some_and(|other| other != own) && ways(&other.steps).eq(ways(&journey.steps))
        })
    }
}

/// The key under which something was stored, or else was looked for.
fn key(journey: &Journey) -> Option<&[KeyPart]> {
    journey.stored.last().map(Stored::key).or(journey.key.as_deref())
}

/// What is tried in the place of a part of a request.
const VALUES: [Option<&str>; 3] = [Some("one"), Some("another"), None];

/// What the rules decide up to the key.
fn ways(steps: &[crate::simulate::Ran]) -> impl Iterator<Item = (Step, &crate::decision::Explanation)> {
    let early = steps.iter().filter(|ran| matches!(ran.step, Step::Recv | Step::Hash));
    early.map(|ran| (ran.step, &ran.explanation))
}

/// The request with that value in the place of a part, or without it.
fn with(input: &Input, request: &Request, value: Option<&str>) -> Option<Request> {
    let mut request = request.clone();
    match input {
        Input::Field(name) => match value {
            Some(value) => drop(request.headers.insert(name, HeaderValue::from_str(value).ok()?)),
            None => drop(request.headers.remove(name)),
        },
        Input::Query(name) => {
            let name = std::str::from_utf8(name).ok()?;
            let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
            let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
            let pairs: Vec<String> =
                others.map(str::to_owned).chain(value.map(|value| format!("{name}={value}"))).collect();
            request.target = if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
        }
        Input::Cookie(name) => {
            let name = std::str::from_utf8(name).ok()?;
            let cookies = request.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let others = cookies.split("; ").filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
            let pairs: Vec<String> =
                others.map(str::to_owned).chain(value.map(|value| format!("{name}={value}"))).collect();
            request.headers.remove(COOKIE);
            if !pairs.is_empty() {
                request.headers.insert(COOKIE, HeaderValue::from_str(&pairs.join("; ")).ok()?);
            }
        }
    }
    Some(request)
}
