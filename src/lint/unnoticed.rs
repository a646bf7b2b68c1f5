//! Conditions that could say the opposite without any test of the policy noticing, in rules that tests do come to: each with
//! what a test would have to expect.

use std::collections::HashMap;

use super::guess::guesses;
use super::mutant::{Mutant, Mutation, mutants};
use super::survey::Survey;
use super::unfinished::Budget;
use super::untested::{Arms, Tried, arms};
use super::{MOST_OF_A_CODE, overlap, walk, words};
use crate::analysis::{Answer, Formula, Place, Taken, Term, Test, Witness};
use crate::decision::{Program, RuleId};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Expression, StatementKind, Texts};
use crate::lang::schema::Variable;
use crate::lang::source::Span;
use crate::simulate::Case;
use crate::testing::{Outcome, Tested, Turning};

/// What these lints look for.
const SOUGHT: &str = "conditions that no test notices (W0785)";
/// Tests are run once more for so many conditions of the policy, all in all: each has all rules to go through.
const MOST_TESTED: usize = 20_000_000;
/// The budget, for people.
const TESTED: &str = "conditions that were tested in tests with one turned round";
/// What a test takes beside its conditions, in conditions.
const TEST: usize = 500;
/// For so many conditions a request is sought that shows what no test does.
const MOST_SOUGHT: usize = 200;

/// What is found in `told` is not said again.
pub(super) fn find(survey: &mut Survey<'_>, tried: &Tried<'_>, told: &[Diagnostic]) -> Vec<Diagnostic> {
    let all = &tried.suite.tested;
    if all.is_empty() || all.iter().any(|tested| !matches!(tested.outcome, Outcome::Passed)) {
        return Vec::new();
    }
    survey.sought = SOUGHT;
    let rules = Rules::of(tried.simulator.program_of(tried.suite.site()));
    let arms = arms(survey);
    let turning = Turning::of(tried.root, tried.suite, tried.simulator, tried.times);
    let mut search = Search { survey, tried, rules, turning, tested: 0, sought: 0, arms };
    let mut findings = Vec::new();
    for statement in walk::statements(tried.suite.hir) {
        let StatementKind::If { arms, rest, .. } = &statement.kind else { continue };
        let is_told = |place: Span| told.iter().any(|finding| overlap(finding.primary.span, place));
        // Of two ways it is enough to say that one is not taken.
        if search.survey.is_builtin(statement.span) || arms.len() == 1 && rest.is_some_and(is_told) {
            continue;
        }
        for arm in arms.iter().filter(|arm| !is_told(arm.condition.span)) {
            if findings.len() >= MOST_OF_A_CODE {
                search.survey.leave(Some(arm.condition.span), Budget::Places(MOST_OF_A_CODE), 1);
                continue;
            }
            findings.extend(search.of_arm(arm));
        }
    }
    findings
}

/// The rules of a program by their conditions, each with the last one of those that are tried behind it.
struct Rules {
    all: HashMap<Span, Vec<(RuleId, RuleId)>>,
    count: usize,
}

impl Rules {
    fn of(program: &Program) -> Self {
        let rules: Vec<_> = program.rules().collect();
        let mut all: HashMap<Span, Vec<(RuleId, RuleId)>> = HashMap::new();
        let mut last = RuleId::default();
        for rule in rules.iter().rev() {
            match rule.condition {
                Some(condition) => all.entry(condition).or_default().push((rule.id, last)),
                None => last = rule.id,
            }
        }
        Self { all, count: rules.len() }
    }
}

/// The search through one policy.
struct Search<'s, 'h, 't> {
    survey: &'s mut Survey<'h>,
    tried: &'s Tried<'t>,
    rules: Rules,
    turning: Turning<'t, 't>,
    /// How many conditions were tested.
    tested: usize,
    /// How many conditions a request was sought for.
    sought: usize,
    arms: Arms,
}

impl<'t> Search<'_, '_, 't> {
    /// The first of the conditions of a rule that no test notices.
    fn of_arm(&mut self, arm: &Arm) -> Option<Diagnostic> {
        let condition = &arm.condition;
        if words::counts_tries(condition) || words::has_switch(condition) {
            return None;
        }
        let rules = self.rules.all.get(&condition.span)?.clone();
        let [first, others] = self.tests(&rules);
        if first.is_empty() {
            return None;
        }
        let all: Vec<_> = first.iter().chain(&others).copied().collect();
        let numbers: Vec<RuleId> = rules.iter().map(|(rule, _)| *rule).collect();
        mutants(condition, self.survey.sources).into_iter().find_map(|mutant| {
            if self.tested >= MOST_TESTED {
                self.survey.leave(Some(mutant.place), Budget::Of(TESTED), 1);
                return None;
            }
            // What is left out makes a condition hold less often.
            let tests = if matches!(mutant.change, Mutation::LeftOut(_)) { &first } else { &all };
            self.of_mutant(&mutant, condition, &numbers, tests)
        })
    }

    /// The tests that come to a rule, and those that come to one that is tried behind it.
    fn tests(&self, rules: &[(RuleId, RuleId)]) -> [Vec<&'t Tested<'t>>; 2] {
        let comes_to = |tested: &&Tested<'_>| rules.iter().any(|(rule, _)| tested.rules.contains(rule));
        let comes_by =
            |tested: &&Tested<'_>| rules.iter().any(|(rule, last)| tested.rules.range(*rule..=*last).next().is_some());
        let (first, others): (Vec<_>, Vec<_>) = self.tried.suite.tested.iter().partition(comes_to);
        [first, others.into_iter().filter(comes_by).collect()]
    }

    fn of_mutant(
        &mut self,
        mutant: &Mutant,
        own: &Expression,
        rules: &[RuleId],
        tests: &[&Tested<'_>],
    ) -> Option<Diagnostic> {
        let (mut tested, cost) = (0, self.rules.count + TEST);
        let missed = self.turning.turned(rules, &mutant.condition, |turning| {
            let is_noticed = tests.iter().any(|test| {
                tested += cost;
                turning.is_noticed(test)
            });
            let missed = || tests.iter().find_map(|test| Some((turning.missed(test)?, &test.test.name)));
            (!is_noticed).then(missed)
        });
        self.tested += tested;
        let place = self.survey.first_line(mutant.place);
        let help = if let Some((claim, name)) = missed? {
            format!("see whether this is what is meant, and put it into \"{name}\": `expect {claim};`")
        } else {
            let test = self.sought(mutant, own, rules)?;
            format!("see whether this is what is meant, and paste it: `{test}`")
        };
        let finding = Diagnostic::new(Code::W0785, place, mutant.change.shown());
        Some(finding.label("not noticed").help(help))
    }

    /// A test that shows what the condition changes, if a request can be found that shows it.
    fn sought(&mut self, mutant: &Mutant, own: &Expression, rules: &[RuleId]) -> Option<String> {
        let place = mutant.place;
        self.sought += 1;
        if self.sought > MOST_SOUGHT {
            self.survey.leave(Some(place), Budget::Places(MOST_SOUGHT), 1);
            return None;
        }
        let at = self.survey.sources.locate(place);
        let name = at.map_or_else(String::new, |at| format!("the condition at {}:{}", at.line, at.column));
        let formulas = self.deciding(mutant, own);
        let witnesses = self.survey.look_at(place, |survey| {
            let asked = formulas.iter().flat_map(|formula| [Formula::all([gets(), formula.clone()]), formula.clone()]);
            let found: Vec<Witness> = asked
                .filter_map(|formula| match survey.solver.solve(&formula) {
                    Answer::Possible(model) => model.witness(),
                    _ => None,
                })
                .collect();
            (!found.is_empty()).then_some(found)
        })?;
        let guessed: Vec<Witness> = witnesses.iter().flat_map(|witness| guesses(own, witness)).collect();
        self.turning.turned(rules, &mutant.condition, |turning| {
            witnesses.iter().chain(&guessed).find_map(|Witness { request, answer }| {
                let with = |answer| Case::new(request.clone(), answer);
                [with(Some(answer.clone())), with(None)].iter().find_map(|case| turning.telling(&name, case))
            })
        })
    }

    /// When a request comes to a rule for which it matters which of the two its condition is, each time that it is come to.
    fn deciding(&self, mutant: &Mutant, own: &Expression) -> Vec<Formula> {
        let survey = &*self.survey;
        let (_, visits) = self.arms.get(&own.span).map_or((own.span, [].as_slice()), |(arm, visits)| (*arm, visits));
        let formulas = visits.iter().filter_map(|(visit, arm)| {
            let visit = survey.visits.get(*visit)?;
            let state = visit.state.as_deref()?;
            let [one, other] = [own, &mutant.condition].map(|it| survey.analysis.formula(it, state, visit.step));
            let differs = [[one.clone(), other.not()], [one.not(), other]].map(Formula::all);
            let all = visit.ladder.len();
            let is_asked = Formula::first(&visit.ladder, Taken::of(*arm..=all, all));
            Some(Formula::all([self.tried.hosts.clone(), visit.guard.clone(), is_asked, Formula::any(differs)]))
        });
        formulas.collect()
    }
}

/// That a request is one that people know.
fn gets() -> Formula {
    let method = Term::Input(Place::Variable(Variable::ReqMethod));
    Formula::of(method, Test::In([Texts::Exact(b"GET".as_slice().into())].to_vec().into()))
}
