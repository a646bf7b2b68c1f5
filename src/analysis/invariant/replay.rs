//! Requests that may break a promise, taken through the policy.

use std::time::{Duration, SystemTime};

use http::header::{CACHE_CONTROL, CONTENT_LOCATION, ETAG, EXPIRES, HOST};
use http::{HeaderValue, Method};

use crate::analysis::hint::{Hint, variants};
use crate::analysis::left::may_be_rewritten;
use crate::analysis::witness::Witness;
use crate::cache::asked::path_of;
use crate::cache::{TargetList, date};
use crate::lang::hir::{Claim, Invariant};
use crate::lang::schema::{Message, Variable};
use crate::lang::source::{SourceMap, Span};
use crate::simulate::{Answer, Asked, Case, Journey, Request, Simulator, Store, Treatment, Twin, World};

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
    /// Whether no backend is asked.
    pub is_unasked: bool,
    /// Whether the policy writes paths anew with `normalize`.
    pub is_normalized: bool,
    /// What became of it.
    pub journey: Journey,
    /// What of that the claim asks for, with what it came to: `ttl` and `1h`.
    pub found: Vec<(String, String)>,
}

impl Counterexample {
    /// What the backend answers, if it is asked and can be.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.case.answer.as_ref().filter(|_| !self.is_unasked)
    }

    /// The same of each time that it is asked, where it says something else the next time.
    #[must_use]
    pub fn answers(&self) -> Vec<Option<&Answer>> {
        let is_asked = !self.is_unasked && !self.case.later.is_empty();
        self.case.answers().filter(|_| is_asked).collect()
    }

    /// Whether the key is to hold a field that the backend is sent otherwise than it came.
    fn is_set_anew(&self, leaf: &Claim) -> bool {
        let Claim::KeyContains(value) = leaf else { return false };
        let came = &self.case.request.headers;
        let differs = |name| self.journey.asked.last().is_some_and(|asked| asked.headers.get(&name) != came.get(&name));
        value.fields(Message::Req).into_iter().any(differs)
    }

    fn is_text(&self) -> bool {
        let answered = self.case.answers().flatten().flat_map(|answer| answer.headers.values());
        let mut values = self.case.request.headers.values().chain(answered);
        values.all(|value| std::str::from_utf8(value.as_bytes()).is_ok())
    }

    /// Why a word of the claim does not hold where nothing was asked or looked for: what is served without a backend breaks
    /// `backend == x` on its own.
    #[must_use]
    pub fn remark(&self, invariant: &Invariant) -> Option<&'static str> {
        if !self.is_text() {
            return Some("bytes that are no text are shown as U+FFFD, and no test can say them");
        }
        let names_key = |leaf: &Claim| matches!(leaf, Claim::KeyContains(_));
        if self.journey.last_key().is_none() && invariant.claim.leaves().into_iter().any(names_key) {
            return Some("no key was made for it, so that `key contains` is false: say `stored => …`");
        }
        if invariant.claim.leaves().into_iter().any(|leaf| self.is_set_anew(leaf)) {
            return Some(
                "a field in a promise is what the client sends, and the policy sets it anew: name what it sets",
            );
        }
        let reads = |variable| {
            let reads =
                move |leaf: &Claim| matches!(leaf, Claim::Holds(condition) if condition.reads_variable(variable));
            [&invariant.facts, &invariant.claim].into_iter().flat_map(Claim::leaves).any(reads)
        };
        if reads(Variable::ReqPath) && self.is_asked_elsewhere() {
            return Some(OTHER_PATH);
        }
        if !reads(Variable::OutcomeBackend) {
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

    /// Whether a backend is asked for another path, and `normalize` may have made it of that of the request.
    fn is_asked_elsewhere(&self) -> bool {
        let came = self.case.request.target.as_bytes();
        let is_another = |asked: &Asked| path_of(asked.target.as_bytes()) != path_of(came);
        self.is_normalized && may_be_rewritten(came) && self.journey.asked.iter().any(is_another)
    }

    /// The rule by which it came so. What is done behind the key has no part in which key it is.
    #[must_use]
    pub fn rule(&self, sources: &SourceMap) -> Option<Span> {
        self.journey.decided(sources).or_else(|| self.journey.done(sources).filter(|_| self.other.is_none()))
    }
}

/// What is said of a request whose path is rewritten before the policy asks for it.
const OTHER_PATH: &str = "`path` is what the client asks for, and the policy goes by what it makes of that: promise it of paths \
                          that are left as they are, `not path ~ \"%|//|/[.]\" and …`";

/// An answer, and others that say the same in other words.
fn answers(request: &Request, answer: &Answer) -> Vec<Answer> {
    let mut all = vec![answer.clone()];
    // What a POST is answered may be stored for a GET if it says that it is the same.
    if request.method == Method::POST
        && let Ok(target) = HeaderValue::from_str(&request.target)
    {
        all.push(answer.clone().with(CONTENT_LOCATION, target));
    }
    for name in <&TargetList>::default().names().iter().filter(|name| answer.headers.contains_key(*name)) {
        let mut other = answer.clone().with(ETAG, HeaderValue::from_static("\"1\""));
        other.headers.insert(name, HeaderValue::from_static("no-cache"));
        all.push(other);
    }
    let said = answer.headers.get(CACHE_CONTROL).and_then(|said| said.to_str().ok()?.strip_prefix("max-age="));
    if let Some(seconds) = said.and_then(|said| said.parse().ok()) {
        let without = || {
            let mut answer = answer.clone();
            answer.headers.remove(CACHE_CONTROL);
            answer
        };
        let shared = HeaderValue::from_str(&format!("s-maxage={seconds}")).ok();
        all.extend(shared.map(|said| without().with(CACHE_CONTROL, said)));
        let expires = world().now.checked_add(Duration::from_secs(seconds)).map(date::format);
        let expires = expires.and_then(|date| HeaderValue::from_str(&date).ok());
        all.extend(expires.map(|date| without().with(EXPIRES, date)));
    }
    all
}

/// Tries requests on an invariant.
pub(super) struct Replay<'r> {
    pub simulator: &'r Simulator,
    /// The name of the site that the invariant is of.
    pub site: Option<&'r str>,
    pub invariant: &'r Invariant,
    /// How many requests were tried.
    pub tried: usize,
    /// What values were found for that did not break it.
    pub seen: Vec<Witness>,
}

/// Tries a request on an invariant of the root's policy, or of the site of that name; what breaks it, if that does.
#[must_use]
pub fn breaks(simulator: &Simulator, site: Option<&str>, invariant: &Invariant, case: &Case) -> Option<Counterexample> {
    Replay { simulator, site, invariant, tried: 0, seen: Vec::new() }.attempt(case.clone())
}

impl Replay<'_> {
    /// What breaks the promise of what a witness says, or of what is hinted at; `None` if nothing does.
    pub fn breaks(&mut self, witness: &Witness, hints: &[Hint]) -> Option<Counterexample> {
        let found = witness.in_text().iter().chain([witness]).find_map(|witness| {
            self.requests(&witness.request, hints).into_iter().find_map(|request| {
                let answers = answers(&request, &witness.answer).into_iter().map(Some).chain([None]);
                answers.into_iter().find_map(|answer| self.attempt(Case::new(request.clone(), answer)))
            })
        });
        if found.is_none() {
            self.seen.push(witness.clone());
        }
        found
    }

    /// The request, and others like it: a claim about the key may be broken by how a host is spelled, by what a policy takes
    /// away, or by a field that nothing else asks for.
    fn requests(&self, request: &Request, hints: &[Hint]) -> Vec<Request> {
        let mut request = request.clone();
        if request.host.is_empty() {
            // Without one it is of HTTP/1.0, which no request here is.
            "www.example.com".clone_into(&mut request.host);
        }
        let leaves = self.invariant.claim.leaves();
        if !leaves.iter().any(|leaf| matches!(leaf, Claim::KeyContains(_) | Claim::KeyExcludes(_))) {
            return vec![request];
        }
        let fields = leaves.iter().filter_map(|leaf| match leaf {
            Claim::KeyContains(value) => Some(value.fields(Message::Req)),
            _ => None,
        });
        let fields = fields.flatten().filter(|name| *name != HOST).map(Hint::Field);
        let hints: Vec<Hint> =
            [Hint::Capitals, Hint::Port].into_iter().chain(fields).chain(hints.iter().cloned()).collect();
        variants(&Case::new(request, None), &hints).into_iter().map(|case| case.request).collect()
    }

    /// Tries a request, and once more with what is stored by then.
    pub(super) fn attempt(&mut self, case: Case) -> Option<Counterexample> {
        self.tried += 1;
        let mut store = Store::default();
        let first = self.simulator.run(&case, &mut store, &world());
        let second = self.simulator.run(&case, &mut store, &world());
        let broken = [(first, false), (second, true)].into_iter().find_map(|(journey, is_again)| {
            let mut other = if is_again { Twin::none() } else { Twin::sought() };
            self.is_broken(&case, &journey, &mut other).then_some((journey, is_again, other.found))
        });
        broken.map(|(journey, is_again, other)| {
            let is_unasked = case.answer.is_some() && !is_again && journey.asked.is_empty();
            let part = self.broken_part(&self.invariant.claim, &case, &journey);
            let found = self.simulator.found(part, &case, &journey, &world());
            Counterexample { case, other, is_again, is_unasked, is_normalized: false, journey, found }
        })
    }

    /// The part of a claim that does not hold, of several that are joined by `and`.
    fn broken_part<'c>(&self, claim: &'c Claim, case: &Case, journey: &Journey) -> &'c Claim {
        let Claim::All(parts) = claim else { return claim };
        let keeps = |part: &Claim| self.simulator.keeps(part, case, journey, &world(), &mut Twin::none());
        parts.iter().find(|part| !keeps(part)).map_or(claim, |part| self.broken_part(part, case, journey))
    }

    fn is_broken(&self, case: &Case, journey: &Journey, other: &mut Twin) -> bool {
        // A site of several hosts is known by the first of them.
        let is_ours = !journey.has_failed() && journey.site.is_some() == self.site.is_some();
        is_ours
            && self.simulator.keeps(&self.invariant.facts, case, journey, &world(), other)
            && !self.simulator.keeps(&self.invariant.claim, case, journey, &world(), other)
    }
}
