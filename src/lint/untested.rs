//! Rules that no test of the policy comes to, in a policy that has tests: each with a test that does.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::guess::guesses;
use super::survey::{Survey, Visit};
use super::{MOST_OF_A_CODE, overlap, walk};
use crate::analysis::{Answer, Formula, Place, Taken, Term, Test, Witness};
use crate::decision::RuleId;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Expression, Hir, StatementKind};
use crate::lang::schema::Variable;
use crate::lang::source::Span;
use crate::simulate::{Case, Simulator};
use crate::testing::{Suite, coming_to};

/// What these lints look for.
const SOUGHT: &str = "rules that no test comes to (W0784)";

/// The tests of the policy that is looked at.
pub(super) struct Tried<'t> {
    /// The policy with all its sites, of which it is one.
    pub root: &'t Hir,
    /// The tests, run.
    pub suite: &'t Suite<'t>,
    /// The root, to take requests through.
    pub simulator: &'t Simulator,
    /// When a request is for this policy.
    pub hosts: Formula,
    /// How often a request is made, at the most, to see what comes of it.
    pub times: usize,
}

/// A rule to which no test comes.
struct Rule {
    place: Span,
    /// Its numbers, in each step that it belongs to.
    numbers: Vec<RuleId>,
    /// For what is done if no condition holds: the last condition before it.
    behind: Option<Span>,
}

/// Of each condition, by its place: the place of its arm, and the visits to it with the number of the arm.
pub(super) type Arms = HashMap<Span, (Span, Vec<(usize, usize)>)>;

/// Where no request comes, the findings in `dead` have told already.
pub(super) fn find(survey: &mut Survey<'_>, tried: &Tried<'_>, dead: &[Diagnostic]) -> Vec<Diagnostic> {
    if tried.suite.tested.is_empty() {
        return Vec::new();
    }
    survey.sought = SOUGHT;
    let (arms, worldly) = (arms(survey), worldly(survey));
    let mut findings = Vec::new();
    for rule in untested(survey, tried) {
        let arm = if rule.behind.is_none() { arms.get(&rule.place) } else { None };
        let place = survey.first_line(arm.map_or(rule.place, |(whole, _)| *whole));
        let is_dead = dead.iter().any(|finding| overlap(finding.primary.span, place));
        if is_dead || is_open(survey, &rule, &arms) {
            continue;
        }
        let is_by_chance = ways(survey, &rule, &arms).iter().any(|(visit, _)| is_of(visit, &worldly));
        // Of so many, no more are told apart.
        let reached =
            if findings.len() < MOST_OF_A_CODE { reach(survey, tried, &rule, &arms) } else { Reached::Unknown };
        findings.extend(say(place, reached, is_by_chance));
    }
    findings
}

/// The rules of the author that have a place and were not come to, each once.
fn untested(survey: &Survey<'_>, tried: &Tried<'_>) -> Vec<Rule> {
    let program = tried.simulator.program_of(tried.suite.site());
    let mut visited: HashSet<Span> = HashSet::new();
    let mut rules: BTreeMap<Span, Rule> = BTreeMap::new();
    let mut before = None;
    for rule in program.rules() {
        let behind = if rule.condition.is_some() { None } else { before };
        before = rule.condition;
        let Some(place) = rule.place.filter(|place| !survey.is_builtin(*place)) else { continue };
        if tried.suite.visits.get(rule.id.0 as usize).is_some_and(|visits| *visits > 0) {
            visited.insert(place);
        }
        rules.entry(place).or_insert_with(|| Rule { place, numbers: Vec::new(), behind }).numbers.push(rule.id);
    }
    rules.into_values().filter(|rule| !visited.contains(&rule.place)).collect()
}

pub(super) fn arms(survey: &Survey<'_>) -> Arms {
    let mut visits: HashMap<Span, Vec<(usize, usize)>> = HashMap::new();
    for (at, visit) in survey.visits.iter().enumerate() {
        for arm in 0..visit.ladder.len() {
            visits.entry(visit.ladder.span(Some(arm))).or_default().push((at, arm));
        }
    }
    let of_condition = |arm: &Arm| Some((arm.condition.span, (arm.span, visits.get(&arm.span).cloned()?)));
    all_arms(survey.hir).filter_map(of_condition).collect()
}

/// What no test says: the time, versions of HTTP, and how warp came to ask.
const UNSAID: [Variable; 6] = [
    Variable::Now,
    Variable::ReqProto,
    Variable::BerespProto,
    Variable::BerespReason,
    Variable::BerespWas304,
    Variable::BereqIsBgfetch,
];

/// The arms whose conditions ask for what no test can say: chance, limits, health, and what is [`UNSAID`].
fn worldly(survey: &Survey<'_>) -> HashSet<Span> {
    all_arms(survey.hir).filter(|arm| is_beyond_tests(&arm.condition)).map(|arm| arm.span).collect()
}

/// Whether a condition asks for what no test can say.
pub(super) fn is_beyond_tests(condition: &Expression) -> bool {
    !condition.is_pure() || UNSAID.iter().any(|variable| condition.reads_variable(*variable))
}

/// Whether it depends on one of those arms which way out of a ladder is taken, or whether it is come to.
fn is_of(visit: &Visit, arms: &HashSet<Span>) -> bool {
    let own = (0..visit.ladder.len()).map(|arm| visit.ladder.span(Some(arm)));
    own.chain(visit.around.iter().copied()).any(|arm| arms.contains(&arm))
}

fn all_arms(hir: &Hir) -> impl Iterator<Item = &Arm> {
    walk::statements(hir).into_iter().flat_map(|statement| match &statement.kind {
        StatementKind::If { arms, .. } => arms.as_slice(),
        _ => &[],
    })
}

/// The visits to the ladder of a rule, with the way out of it that the rule is.
fn ways<'s>(survey: &'s Survey<'_>, rule: &Rule, arms: &Arms) -> Vec<(&'s Visit, Option<usize>)> {
    let found = arms.get(&rule.behind.unwrap_or(rule.place)).into_iter().flat_map(|(_, visits)| visits);
    let ways = found.filter_map(|(visit, arm)| {
        let visit = survey.visits.get(*visit)?;
        let is_last = arm + 1 == visit.ladder.len();
        if rule.behind.is_none() { Some((visit, Some(*arm))) } else { is_last.then_some((visit, None)) }
    });
    ways.collect()
}

/// Whether the condition is not to be judged: it counts tries, or is switched on and off by hand.
fn is_open(survey: &Survey<'_>, rule: &Rule, arms: &Arms) -> bool {
    let is_open = |(visit, arm): &(&Visit, Option<usize>)| arm.and_then(|arm| visit.is_open.get(arm)) == Some(&true);
    ways(survey, rule, arms).iter().any(is_open)
}

/// What is known of how a rule is come to.
enum Reached {
    /// By no request.
    Never,
    /// By this test.
    By(String),
    /// It is not known by which.
    Unknown,
}

fn reach(survey: &mut Survey<'_>, tried: &Tried<'_>, rule: &Rule, arms: &Arms) -> Reached {
    let formulas = ways(survey, rule, arms).into_iter().map(|(visit, arm)| {
        let taken = Formula::first(&visit.ladder, arm.map_or_else(Taken::rest, Taken::arm));
        Formula::all([tried.hosts.clone(), is_said(), visit.guard.clone(), taken])
    });
    let formulas: Vec<Formula> = formulas.collect();
    let place = survey.sources.locate(rule.place);
    let name = place.map_or_else(String::new, |at| format!("the rule at {}:{}", at.line, at.column));
    let mut is_never = survey.journeys.gave_up.is_none();
    for formula in formulas {
        let witness = match survey.solver.solve(&formula) {
            Answer::Impossible(_) => continue,
            Answer::Possible(model) => model.witness(),
            Answer::GaveUp(_) => None,
        };
        is_never = false;
        let condition = all_arms(survey.hir).find(|arm| arm.condition.span == rule.place).map(|arm| &arm.condition);
        let guessed = |witness: &Witness| condition.map(|it| guesses(it, witness)).unwrap_or_default();
        let found = witness.and_then(|witness| {
            let said = shown(tried, &name, rule, &witness);
            said.or_else(|| guessed(&witness).iter().find_map(|guess| shown(tried, &name, rule, guess)))
        });
        if let Some(test) = found {
            return Reached::By(test);
        }
    }
    // That nothing was found is said with the rule.
    let _ = survey.solver.ended();
    if is_never { Reached::Never } else { Reached::Unknown }
}

/// When the backend answers with a status that a test can say.
fn is_said() -> Formula {
    let status = Term::Input(Place::Variable(Variable::BerespStatus));
    Formula::of(status, Test::Within([200..=999].to_vec().into()))
}

/// The test of a witness, if it comes to the rule.
fn shown(tried: &Tried<'_>, name: &str, rule: &Rule, witness: &Witness) -> Option<String> {
    let told = witness.in_text();
    let witness = told.as_ref().unwrap_or(witness);
    let with = |answer| Case::new(witness.request.clone(), answer);
    let cases = [with(Some(witness.answer.clone())), with(None)];
    cases.iter().find_map(|case| coming_to(tried.suite, tried.simulator, &rule.numbers, name, (case, tried.times)))
}

fn say(place: Span, reached: Reached, is_by_chance: bool) -> Option<Diagnostic> {
    let help = match reached {
        Reached::Never => return None,
        Reached::Unknown if is_by_chance => return None,
        Reached::By(test) => format!("see whether this is what is meant, and paste it: `{test}`"),
        Reached::Unknown => "write one with a request that does".to_owned(),
    };
    let finding = Diagnostic::new(Code::W0784, place, "no test comes to this rule");
    Some(finding.label("not tested").help(help))
}
