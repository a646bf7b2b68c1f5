//! Whether a claim holds of a request and what became of it.

use http::HeaderValue;
use http::header::{COOKIE, HOST};

use super::journey::{Journey, KeyPart, Ran, Stored};
use super::message::Request;
use super::run::{Case, Simulator};
use super::world::World;
use crate::lang::hir::{Claim, Input};
use crate::lang::schema::Step;

/// A request that differs in one part from another, and has another key.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Whether there may be one: keys are compared of requests for which nothing is stored yet.
    is_sought: bool,
    /// The request, if one was met.
    pub found: Option<Request>,
}

impl Twin {
    /// One that is looked for.
    #[must_use]
    pub fn sought() -> Self {
        Self { is_sought: true, found: None }
    }

    /// None, and none is looked for.
    #[must_use]
    pub fn none() -> Self {
        Self { is_sought: false, found: None }
    }
}

impl Simulator {
    /// Whether a claim holds of a request that was taken through the steps. Where it is about what a key excludes, a
    /// request that shows otherwise is left in `other`.
    #[must_use]
    pub fn keeps(&self, claim: &Claim, case: &Case, journey: &Journey, world: &World, other: &mut Twin) -> bool {
        match claim {
            Claim::All(parts) => parts.iter().all(|part| self.keeps(part, case, journey, world, other)),
            Claim::Any(parts) => parts.iter().any(|part| self.keeps(part, case, journey, world, other)),
            Claim::Not(inner) => !self.keeps(inner, case, journey, world, other),
            Claim::Holds(condition) => self.holds(condition, case, journey, world),
            Claim::KeyContains(value) => {
                let wanted = match self.text(value, case, journey, world) {
                    Some(text) => KeyPart::Value(text),
                    None => KeyPart::Unset,
                };
                journey.last_key().is_some_and(|key| key.contains(&wanted))
            }
            Claim::KeyExcludes(input) => {
                let twin = if other.is_sought { self.twin(input, case, journey, world) } else { None };
                let excludes = twin.is_none();
                other.found = twin.or(other.found.take());
                excludes
            }
        }
    }

    /// A request that differs in one part alone and has another key, though all rules decide the same.
    fn twin(&self, input: &Input, case: &Case, journey: &Journey, world: &World) -> Option<Request> {
        let own = journey.last_key()?;
        VALUES.iter().filter_map(|value| with(input, &case.request, *value)).find(|request| {
            let case = Case { request: request.clone(), ..case.clone() };
            let other = self.run_cold(&case, world);
            other.last_key().is_some_and(|other| other != own) && ways(&other.steps).eq(ways(&journey.steps))
        })
    }
}

impl Journey {
    /// The key under which something was stored, or else was looked for.
    #[must_use]
    pub fn last_key(&self) -> Option<&[KeyPart]> {
        self.stored.last().map(Stored::key).or(self.key.as_deref())
    }
}

/// What is tried in the place of a part of a request.
const VALUES: [Option<&str>; 4] = [Some("one"), Some("another"), Some("gzip"), None];

/// What the rules decide up to the key.
fn ways(steps: &[Ran]) -> impl Iterator<Item = (Step, &crate::decision::Explanation)> {
    let early = steps.iter().filter(|ran| matches!(ran.step, Step::Recv | Step::Hash));
    early.map(|ran| (ran.step, &ran.explanation))
}

/// The request with that value in the place of a part, or without it.
fn with(input: &Input, request: &Request, value: Option<&str>) -> Option<Request> {
    let mut request = request.clone();
    match input {
        Input::Field(name) if *name == HOST => value?.clone_into(&mut request.host),
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
