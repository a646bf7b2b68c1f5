//! Whether what a policy promises holds of every request.
//!
//! All that can come of a request is a list of [`Outcome`]s; of each a solver is asked whether the facts of an invariant can
//! hold in it and the claim not. If that is impossible for all of them, the invariant is proved. What is possible is taken
//! through the policy as a request (`replay`): only one that breaks the promise there refutes it.

mod bound;
mod claim;
mod input;
mod outcome;
mod pool;
mod replay;
mod report;

use std::sync::Arc;

use super::formula::{Formula, Test};
use super::journey::Analysis;
use super::solve::{Answer, Solver};
use super::term::{Op, Place, Term};
use super::walk::Blind;
use crate::lang::hir::{Hir, HostPattern, Invariant, Normalization, Statement, StatementKind, Texts};
use crate::lang::schema::{Message, Step, Variable};
use crate::simulate::Simulator;
use claim::formula;
use outcome::{Outcome, outcomes};
use replay::Replay;
pub use replay::{Counterexample, breaks};
pub use report::report;

/// What was found out about an invariant.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It holds of every request.
    Proved,
    /// Here is a request of which it does not.
    Refuted(Box<Counterexample>),
    /// Neither was found: the bound that was met.
    Undecided(String),
}

/// An invariant with what was found out.
#[derive(Clone, Debug)]
pub struct Decided<'h> {
    /// The promise.
    pub invariant: &'h Invariant,
    /// The first host of the site that it is about; `None` for the root's.
    pub site: Option<String>,
    /// What was found out.
    pub decision: Decision,
}

/// Decides all invariants of a policy and of its sites, those of a file with several sites once.
#[must_use]
pub fn decide(hir: &Hir) -> Vec<Decided<'_>> {
    let is_empty = |hir: &Hir| hir.invariants.is_empty();
    if is_empty(hir) && hir.sites.iter().all(|site| is_empty(&site.policy)) {
        return Vec::new();
    }
    let simulator = Simulator::new(hir.clone());
    let everywhere: Vec<HostPattern> = hir.sites.iter().flat_map(|site| site.hosts.iter().cloned()).collect();
    let mut decided = Prover::new(hir, &of_hosts(&everywhere).not(), None, &simulator).decide();
    let mut seen: Vec<&Arc<Hir>> = Vec::new();
    for site in &hir.sites {
        if is_empty(&site.policy) || seen.iter().any(|other| Arc::ptr_eq(other, &site.policy)) {
            continue;
        }
        seen.push(&site.policy);
        let same = hir.sites.iter().filter(|other| Arc::ptr_eq(&other.policy, &site.policy));
        let hosts: Vec<HostPattern> = same.flat_map(|site| site.hosts.iter().cloned()).collect();
        decided.extend(Prover::new(&site.policy, &of_hosts(&hosts), Some(site.name()), &simulator).decide());
    }
    decided
}

/// When a request is for one of those hosts.
#[must_use]
pub fn of_hosts(hosts: &[HostPattern]) -> Formula {
    let texts = hosts.iter().map(|pattern| {
        let name = pattern.name.as_str();
        let is_wildcard = pattern.is_wildcard;
        if is_wildcard {
            Texts::Suffix(format!(".{name}").into_bytes().into())
        } else {
            Texts::Exact(name.as_bytes().to_vec().into())
        }
    });
    let texts: Vec<Texts<'static>> = texts.collect();
    if texts.is_empty() {
        return Formula::Const(false);
    }
    // A name that only begins with the dot is no part of what a wildcard stands for.
    let bare = |texts: &Texts<'static>| match texts {
        Texts::Suffix(suffix) => Some(Texts::Exact(suffix.clone())),
        _ => None,
    };
    let bare: Vec<Texts<'static>> = texts.iter().filter_map(bare).collect();
    let is_of = |texts: Vec<Texts<'static>>| {
        Formula::of(Term::made(Op::Host, vec![Term::field(Message::Req, &http::header::HOST)]), Test::In(texts.into()))
    };
    let is_bare = if bare.is_empty() { Formula::Const(false) } else { is_of(bare) };
    Formula::all([is_of(texts), is_bare.not()])
}

/// A request of HTTP/1.1 without a host does not come as far as the policy (RFC 9112 section 3.2).
#[must_use]
pub fn has_host() -> Formula {
    let is_newest = [Texts::Exact(b"HTTP/1.1"[..].into())].to_vec();
    let protocol = Term::Input(Place::Variable(Variable::ReqProto));
    let host = Formula::of(Term::field(Message::Req, &http::header::HOST), Test::Set);
    Formula::any([host, Formula::of(protocol, Test::In(is_newest.into())).not()])
}

/// When so many outcomes are left open, an invariant is not decided, and no more are looked at.
const MOST_OPEN: usize = 8;

/// What the invariants of one policy are asked of.
struct Prover<'h, 's> {
    hir: &'h Hir,
    site: Option<String>,
    analysis: Analysis<'h>,
    outcomes: Vec<Outcome>,
    /// Those of backends that answer the same each time, where one may be asked again: requests to be tried.
    steady: Option<(Analysis<'h>, Vec<Outcome>)>,
    /// The bound that ended the walk over the policy.
    gave_up: Option<&'static str>,
    simulator: &'s Simulator,
}

impl<'h, 's> Prover<'h, 's> {
    fn new(hir: &'h Hir, hosts: &Formula, site: Option<String>, simulator: &'s Simulator) -> Self {
        let analysis = Analysis::of_clients(hir);
        if hir.invariants.is_empty() {
            return Self { hir, site, analysis, outcomes: Vec::new(), steady: None, gave_up: None, simulator };
        }
        let journeys = analysis.journeys(&mut Blind);
        let outcomes = of_hosts_alone(outcomes(&analysis, &journeys), hosts);
        let asks_again = journeys.reached.iter().any(|reached| !analysis.answers_once(&reached.class.state));
        let gave_up = analysis.gave_up();
        let steady = (asks_again && gave_up.is_none()).then(|| {
            let analysis = Analysis::steady(hir);
            let journeys = analysis.journeys(&mut Blind);
            let outcomes = of_hosts_alone(self::outcomes(&analysis, &journeys), hosts);
            (analysis, outcomes)
        });
        Self { hir, site, analysis, outcomes, steady, gave_up, simulator }
    }

    fn decide(&self) -> Vec<Decided<'h>> {
        // What it builds for one invariant serves the next.
        let mut solver = if self.gave_up.is_some() { Solver::hurried(self.hir) } else { Solver::new(self.hir) };
        let is_normalized = self.normalizes_paths();
        let mut decide = |invariant| {
            let mut decision = self.decision(invariant, &mut solver);
            if let Decision::Refuted(found) = &mut decision {
                found.is_normalized = is_normalized;
            }
            Decided { invariant, site: self.site.clone(), decision }
        };
        self.hir.invariants.iter().map(&mut decide).collect()
    }

    /// Whether a clause of `normalize`, which stands in no other statement, writes paths anew.
    fn normalizes_paths(&self) -> bool {
        use Normalization::{PathDecode, PathMerge, PathResolve};
        let is_clause = |statement: &Statement| {
            matches!(statement.kind, StatementKind::Normalize(PathDecode | PathMerge | PathResolve))
        };
        self.hir.step(Step::Recv).is_some_and(|recv| recv.body.statements.iter().any(is_clause))
    }

    fn decision(&self, invariant: &Invariant, solver: &mut Solver<'_>) -> Decision {
        let gave_up = self.gave_up.map(|_| bound::walked());
        let (simulator, site) = (self.simulator, self.site.as_deref());
        let mut replay = Replay { simulator, site, invariant, tried: 0, seen: Vec::new() };
        let decision = Self::asked((&self.analysis, &self.outcomes), solver, gave_up, &mut replay);
        let decision = match (decision, &self.steady) {
            (Decision::Undecided(bound), Some((analysis, outcomes))) => {
                match Self::asked((analysis, outcomes), solver, None, &mut replay) {
                    Decision::Proved => Decision::Undecided(bound::ANOTHER_ANSWER.to_owned()),
                    Decision::Undecided(_) => Decision::Undecided(bound),
                    found @ Decision::Refuted(_) => found,
                }
            }
            (decision, _) => decision,
        };
        match decision {
            Decision::Undecided(bound) => {
                let found = replay.breaks_otherwise(self.steady.is_some());
                found.map_or(Decision::Undecided(bound), |found| Decision::Refuted(Box::new(found)))
            }
            decision => decision,
        }
    }

    /// What is found out by asking of each outcome.
    fn asked(
        (analysis, outcomes): (&Analysis<'_>, &[Outcome]),
        solver: &mut Solver<'_>,
        mut undecided: Option<String>,
        replay: &mut Replay<'_>,
    ) -> Decision {
        let (invariant, mut open) = (replay.invariant, 0);
        for outcome in outcomes {
            if open >= MOST_OPEN {
                break;
            }
            let facts = formula(analysis, &invariant.facts, outcome);
            let broken = formula(analysis, &invariant.claim, outcome).not();
            match solver.solve(&Formula::all([facts, broken, outcome.guard.clone()])) {
                Answer::Impossible(_) => {}
                Answer::GaveUp(budget) => {
                    (undecided, open) = (Some(bound::met(budget, solver.about())), open + 1);
                }
                Answer::Possible(model) => {
                    let hints = outcome.key.hints();
                    if let Some(found) = model.witness().and_then(|witness| replay.breaks(&witness, &hints)) {
                        return Decision::Refuted(Box::new(found));
                    }
                    (undecided, open) = (Some(bound::tried(replay.tried, &model)), open + 1);
                }
            }
        }
        undecided.map_or(Decision::Proved, Decision::Undecided)
    }
}

/// The outcomes for requests to these hosts.
fn of_hosts_alone(mut outcomes: Vec<Outcome>, hosts: &Formula) -> Vec<Outcome> {
    let has_host = has_host();
    for outcome in &mut outcomes {
        outcome.guard = Formula::all([hosts.clone(), has_host.clone(), outcome.guard.clone()]);
    }
    outcomes
}
