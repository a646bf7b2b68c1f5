//! Where steps are run: what a step of the policy sees of a request is put together here and nowhere else.

use pingora::http::{RequestHeader, ResponseHeader};

use super::ctx::{Exchange, RequestCtx};
use super::facts::{ObjView, StepFacts};
use super::site;
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step, StepSet};
use crate::policy::Policy;

/// The messages that a step sees beside `bereq`, which the context holds.
#[derive(Default)]
pub struct Messages<'a> {
    /// `req`.
    pub req: Option<&'a mut RequestHeader>,
    /// `beresp`.
    pub beresp: Option<&'a mut ResponseHeader>,
    /// `obj`.
    pub obj: Option<ObjView<'a>>,
    /// `resp`.
    pub resp: Option<&'a mut ResponseHeader>,
}

impl<'a> Messages<'a> {
    /// The client's request alone.
    pub fn req(req: &'a mut RequestHeader) -> Self {
        Self { req: Some(req), ..Self::default() }
    }

    /// The response alone that the backend gave, or that stands in for it.
    pub fn beresp(beresp: &'a mut ResponseHeader) -> Self {
        Self { beresp: Some(beresp), ..Self::default() }
    }
}

impl RequestCtx {
    /// Runs a step of this request.
    pub fn run(&mut self, step: Step, messages: Messages<'_>) -> Verdict {
        let Messages { req, beresp, obj, resp } = messages;
        let sees_fetch = step == Step::Pipe || StepSet::BACKEND.contains(step);
        let mut bereq = if sees_fetch { self.fetch.bereq.take() } else { None };
        let mut facts = StepFacts::new(&mut self.exchange, req);
        (facts.beresp, facts.obj, facts.resp) = (beresp, obj, resp);
        if sees_fetch {
            facts.fetch = Some(&mut self.fetch);
            facts.bereq = bereq.as_deref_mut();
        }
        let verdict = run_on(&self.policy, step, &mut facts);
        if verdict.action == Action::Fail {
            self.policy.failures.note(step, &verdict, &self.policy.sources, self.exchange.xid);
        }
        if sees_fetch {
            self.fetch.bereq = bereq;
        }
        verdict
    }
}

/// Asks the policy what it would do with a request, beside the one that is under way.
pub fn ask(policy: &Policy, step: Step, exchange: &mut Exchange, req: &mut RequestHeader) -> Verdict {
    let mut facts = StepFacts::new(exchange, Some(req));
    facts.is_aside = true;
    run_on(policy, step, &mut facts)
}

fn run_on<'a>(policy: &'a Policy, step: Step, facts: &mut StepFacts<'a>) -> Verdict {
    facts.policy = Some(policy);
    if step == Step::Hash {
        site::begin_key(policy.site.as_deref(), &mut facts.exchange.key);
    }
    policy.program.run_traced(step, facts, &mut policy.fired.counting())
}
