//! Questions of which every request that is treated otherwise is an answer.
//!
//! Both policies are walked with the same inputs. As long as the ends of steps are the same, a request is at the same step
//! in both: so it is enough to compare ends of the same step, each with each, that differ in how they end or in what they
//! leave in places that come to show there.

use std::collections::HashMap;

use super::concern::{Concern, Shown};
use super::failing::Refusals;
use super::ladders::{Alignments, parts};
use super::lines::{FURTHER_LINES, have_a_first, is_companion, told};
use super::unequal::Tables;
use super::unseen::is_drawn;
use crate::analysis::{Analysis, At, Cases, Fate, Formula, Hint, Journeys, Place, Reached, Term, Visitor, hints_of};
use crate::lang::hir::{Expression, ExpressionKind, KeyPart, Outcome, Statement, StatementKind, Tags};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Action, Function, Message, Step, Type, Variable};

/// A condition under which requests may be treated otherwise.
pub(super) struct Question {
    pub formula: Formula,
    /// What is compared, for people.
    pub place: String,
    /// The same with what it is in both: its answers are alike.
    pub about: String,
    /// What a request has to show that answers it.
    pub concern: Concern,
    /// What lets a difference show.
    pub hints: Vec<Hint>,
    /// Conditions of requests that are likely to be answers, where those of the formula show no difference.
    pub likely: Vec<Formula>,
    /// Whether it is about further lines of a field.
    pub is_of_lines: bool,
}

impl Question {
    /// Whom a site serves that comes or goes.
    pub fn of_site(hosts: &Formula) -> Self {
        let (place, about) = ("hosts of sites".to_owned(), "site".to_owned());
        let (hints, likely) = (Vec::new(), Vec::new());
        Self { formula: hosts.clone(), place, about, concern: Concern::Any, hints, likely, is_of_lines: false }
    }
}

/// What two policies are asked.
pub(super) struct Questions {
    pub all: Vec<Question>,
    /// The budget that ended before all were found.
    pub gave_up: Option<&'static str>,
}

/// So many questions are asked of two policies.
const MOST_QUESTIONS: usize = 4_000;
/// So many parts all conditions have together that questions are made of: as many as take a second or two.
const MOST_PARTS: usize = 4_000_000;
/// Why it is not known: there is too much to compare.
pub(super) const QUESTIONS: &str = "questions about two policies";

/// All questions, of requests for which `hosts` holds.
pub(super) fn questions(analyses: &[Analysis<'_>; 2], hosts: &Formula) -> Questions {
    let [old, new] = analyses;
    let (mut old_deeds, mut new_deeds) = (Deeds::default(), Deeds::default());
    let (before, after) = (walked(old, &mut old_deeds), walked(new, &mut new_deeds));
    let mut search = Search {
        hosts,
        alignments: Alignments::default(),
        tables: Tables::new(&old.hir().tables),
        all: Vec::new(),
        left: MOST_PARTS,
        is_too_large: false,
    };
    for one in &before.reached {
        for other in &after.reached {
            if is_at_once(one, other) && search.is_open() {
                search.ends(old, one, other);
            }
        }
    }
    search.deeds(&old_deeds, &new_deeds);
    search.all.sort_by_key(|question| question.is_of_lines);
    let is_full = (search.is_too_large || !search.is_open()).then_some(QUESTIONS);
    Questions { all: search.all, gave_up: before.gave_up.or(after.gave_up).or(is_full) }
}

fn walked(analysis: &Analysis<'_>, deeds: &mut Deeds) -> Journeys {
    let mut eyes = Eyes { analysis, refusals: Refusals::of(analysis.hir()), deeds };
    analysis.journeys(&mut eyes)
}

/// Whether a request may be at both ends at the same time.
fn is_at_once(one: &Reached, other: &Reached) -> bool {
    let counts = |reached: &Reached| {
        [Variable::ReqRestarts, Variable::BereqRetries].map(|count| reached.class.state.variable(count))
    };
    one.step == other.step
        && one.fate == other.fate
        && one.class.state.origin == other.class.state.origin
        && counts(one) == counts(other)
}

struct Search<'s> {
    hosts: &'s Formula,
    alignments: Alignments,
    tables: Tables<'s>,
    all: Vec<Question>,
    /// How many parts the conditions may still have that questions are made of.
    left: usize,
    /// Whether a question was left out because it has too many parts, or all together have.
    is_too_large: bool,
}

impl Search<'_> {
    fn ends(&mut self, analysis: &Analysis<'_>, one: &Reached, other: &Reached) {
        let (old, new) = (&one.class, &other.class);
        if old.end != new.end {
            let both = (old.guard.clone(), new.guard.clone());
            let about = format!("{:?} {:?} {:?}", one.step, old.end.action, new.end.action);
            let place = format!("how `{}` ends", one.step.name());
            self.ask(&both.0, &both.1, &Formula::Const(true), (&place, &about, &Concern::End(one.step), &[]));
            return;
        }
        for place in analysis.followed().filter(|place| shows(one.step, place)) {
            let (before, after) = (old.state.get(place), new.state.get(place));
            let name = format!("{} behind `{}`", told(place), one.step.name());
            let told = (name.as_str(), &Concern::Place(place.clone()));
            self.values(analysis, (one, &before), (other, &after), told, &matters(analysis, one, place));
        }
        if one.step == Step::Hash {
            let (before, after) = (&old.state.key, &new.state.key);
            if before.len() != after.len() {
                self.ask(&old.guard, &new.guard, &Formula::Const(true), (KEY, KEY, &Concern::Key, &[Hint::Disorder]));
            }
            for (before, after) in before.iter().zip(after).filter(|_| before.len() == after.len()) {
                self.values(analysis, (one, before), (other, after), (KEY, &Concern::Key), &Formula::Const(true));
            }
        }
    }

    /// Asks for requests that leave other values in a place, and for which that matters.
    fn values(
        &mut self,
        analysis: &Analysis<'_>,
        old: (&Reached, &Cases),
        new: (&Reached, &Cases),
        (place, concern): (&str, &Concern),
        matters: &Formula,
    ) {
        if old.1 == new.1 {
            return;
        }
        let (ones, others) = (old.1.spread(), new.1.spread());
        for (guard, before) in ones.iter() {
            for (further, after) in others.iter().filter(|(_, after)| after != before) {
                if !self.is_open() {
                    return;
                }
                let (guards, others) = (old.0.class.guard.clone(), new.0.class.guard.clone());
                let what = format!("{place} {} {}", shown(before), shown(after));
                let mut hints = Vec::new();
                hints_of(before, &mut hints);
                hints_of(after, &mut hints);
                hints.retain(|hint| !matches!(hint, Hint::Field(name) if is_companion(name)));
                let (old, new) = (Formula::all([guards, guard.clone()]), Formula::all([others, further.clone()]));
                for unequal in self.tables.unequal(analysis, before, after) {
                    let firsts = [before, after].map(have_a_first);
                    let unequal = Formula::all(firsts.into_iter().chain([matters.clone(), unequal]));
                    self.ask(&old, &new, &unequal, (place, &what, concern, &hints));
                }
            }
        }
    }

    fn ask(&mut self, old: &Formula, new: &Formula, further: &Formula, (place, about, concern, hints): Told<'_>) {
        if *further == Formula::Const(false) {
            return;
        }
        if !self.may_ask([old, new, further]) {
            return;
        }
        for both in self.alignments.questions(old, new) {
            let formula = Formula::all([self.hosts.clone(), further.clone(), both]);
            if self.all.len() < MOST_QUESTIONS && formula != Formula::Const(false) {
                let (place, about) = (place.to_owned(), about.to_owned());
                let (concern, hints) = (concern.clone(), hints.to_vec());
                let (likely, is_of_lines) = (Vec::new(), place.starts_with(FURTHER_LINES));
                self.all.push(Question { formula, place, about, concern, hints, likely, is_of_lines });
            }
        }
    }

    /// Whether there may be more questions.
    fn is_open(&self) -> bool {
        self.all.len() < MOST_QUESTIONS && self.left > 0
    }

    /// Whether a question can be made of these; otherwise it is noted that it is left out.
    fn may_ask<'f>(&mut self, formulas: impl IntoIterator<Item = &'f Formula>) -> bool {
        let Some(size) = formulas.into_iter().try_fold(0_usize, |size, formula| Some(size + parts(formula)?)) else {
            self.is_too_large = true;
            return false;
        };
        self.left = self.left.saturating_sub(size);
        self.left > 0
    }

    /// What is done beside places is done in both, or in one of them.
    fn deeds(&mut self, old: &Deeds, new: &Deeds) {
        for (deed, guards) in &old.done {
            self.only_in_one(deed, guards, new.done.get(deed));
        }
        for (deed, guards) in &new.done {
            self.only_in_one(deed, guards, old.done.get(deed));
        }
    }

    fn only_in_one(&mut self, deed: &Deed, guards: &[Formula], others: Option<&Vec<Formula>>) {
        let never = Vec::new();
        let others = others.unwrap_or(&never);
        if !self.may_ask(guards.iter().chain(others)) {
            return;
        }
        let done = Formula::any(guards.iter().filter(|guard| !others.contains(guard)).cloned());
        let not_done = Formula::any(others.iter().cloned()).not();
        let place = format!("what `{}` does", deed.step.name());
        let told =
            (place.as_str(), &*format!("{deed:?}"), &Concern::Deed(deed.step, deed.shown), &[Hint::Disorder][..]);
        self.ask(&done, &not_done, &Formula::Const(true), told);
    }
}

/// What is compared, the same with what it is in both, what has to show, and what lets it.
type Told<'t> = (&'t str, &'t str, &'t Concern, &'t [Hint]);

/// What is compared of cache keys.
const KEY: &str = "the cache key";

/// When it matters what a place holds. What passes is not stored, unless it is for a GET.
fn matters(analysis: &Analysis<'_>, reached: &Reached, place: &Place) -> Formula {
    if reached.fate != Fate::Pass || *place != Place::Variable(Variable::BerespUncacheable) {
        return Formula::Const(true);
    }
    analysis.may_be_for_get(&reached.class.state)
}

/// A constant as it tells classes apart.
fn shown(term: &Term) -> String {
    if term.is_constant() { format!("{term:?}") } else { "…".to_owned() }
}

/// Whether the value of a place comes to show in what a step leads to.
fn shows(step: Step, place: &Place) -> bool {
    let message = match place {
        Place::Field(message, _) => message.name(),
        Place::Variable(variable) => variable.name().split('.').next().unwrap_or_default(),
    };
    match step {
        Step::BackendFetch | Step::Pipe => message == Message::Bereq.name(),
        Step::BackendResponse | Step::BackendError => message == Message::Beresp.name(),
        Step::Deliver | Step::Synth => message == Message::Resp.name(),
        // The fetch behind a stale response is a request like the one that `hit` leaves.
        Step::Hit => message == Message::Req.name(),
        _ => false,
    }
}

/// What a policy does beside setting places, and when.
#[derive(Default)]
pub(super) struct Deeds {
    done: HashMap<Deed, Vec<Formula>>,
}

/// Something that is done, in words, and in which step.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Deed {
    step: Step,
    what: String,
    given: Vec<Given>,
    shown: Shown,
}

/// What is given to it.
#[derive(Clone, Debug, PartialEq, Hash)]
enum Given {
    Value(Term),
    /// A constant that nothing is known of, as it is written.
    Constant(String),
    /// It is one of too many to be told apart.
    Cases(Vec<(Formula, Term)>),
}

struct Eyes<'a, 'h> {
    analysis: &'a Analysis<'h>,
    refusals: Refusals,
    deeds: &'a mut Deeds,
}

impl Visitor for Eyes<'_, '_> {
    fn statement(&mut self, statement: &Statement, at: &At<'_>) {
        let field;
        if let StatementKind::Let(_, value) | StatementKind::Set(_, value) = &statement.kind
            && self.refusals.may_refuse(&statement.kind)
        {
            let place = if let StatementKind::Set(target, _) = &statement.kind { Some(target) } else { None };
            return self.note(&format!("may be refused {place:?}"), &[value], Shown::Failure, at);
        }
        let (what, given, shown) = match &statement.kind {
            // What is added to the key stands in it, and what goes to the log is not compared.
            StatementKind::Effect(
                Function::Core(Core::HashData | Core::Log | Core::Syslog | Core::Timestamp),
                given,
            ) if !given.iter().any(is_drawn) => return,
            StatementKind::Effect(function, given) => {
                let shown = match function {
                    Function::Core(Core::Synthetic) => Shown::Content,
                    Function::Core(Core::CacheReqBody) => Shown::Kept,
                    Function::Core(_) => Shown::Nowhere,
                    _ => Shown::Fields,
                };
                (format!("{function:?}"), given.iter().collect(), shown)
            }
            StatementKind::Tag(Tags::Text(value)) => ("tag".to_owned(), vec![value], Shown::Tags),
            StatementKind::Tag(Tags::Field(name)) => {
                field = Expression {
                    kind: ExpressionKind::Header(Message::Beresp, name.clone()),
                    ty: Type::String,
                    span: statement.span,
                };
                (format!("tag {name}"), vec![&field], Shown::Tags)
            }
            StatementKind::Ban(_) => ("ban".to_owned(), Vec::new(), Shown::Nowhere),
            StatementKind::Key(KeyPart::Query { sorted }) => (format!("query {sorted}"), Vec::new(), Shown::Key),
            StatementKind::Return(outcome) => return self.returns(outcome, at),
            _ => return,
        };
        self.note(&what, &given, shown, at);
    }
}

/// In so many ways what is given to a statement is told apart.
const MOST_WAYS: usize = 16;

impl Eyes<'_, '_> {
    /// Notes the arguments of an action that no place holds.
    fn returns(&mut self, outcome: &Outcome, at: &At<'_>) {
        let Outcome { action, reason, location, time, .. } = outcome;
        let action = format!("{action:?}");
        for (given, shown) in [(reason, Shown::Reason), (location, Shown::Location), (time, Shown::Time)] {
            if let Some(given) = given {
                self.note(&format!("{action} {shown:?}"), &[given], shown, at);
            }
        }
        if outcome.action == Action::Fail && reason.is_none() {
            self.note(&action, &[], Shown::Reason, at);
        }
    }

    fn note(&mut self, what: &str, given: &[&Expression], shown: Shown, at: &At<'_>) {
        let what = format!("{:?} {what}", at.state.variable(Variable::ReqRestarts).only());
        for (guard, given) in self.written(given, at) {
            let guard = Formula::all([(at.guard)(), guard]);
            let deed = Deed { step: at.step, what: what.clone(), given, shown };
            self.deeds.done.entry(deed).or_default().push(guard);
        }
    }

    /// What is given to a statement, with the condition under which it is that.
    fn written(&self, given: &[&Expression], at: &At<'_>) -> Vec<(Formula, Vec<Given>)> {
        let mut ways = vec![(Formula::Const(true), Vec::new())];
        for value in given {
            let cases = self.analysis.value(value, at.state, at.step).spread();
            let each = |(guard, words): &(Formula, Vec<Given>)| -> Vec<(Formula, Vec<Given>)> {
                let further = |(holds, term): &(Formula, Term)| {
                    let words = words.iter().cloned().chain([Given::of(term, value)]);
                    (Formula::all([guard.clone(), holds.clone()]), words.collect())
                };
                cases.iter().map(further).collect()
            };
            ways = ways.iter().flat_map(each).collect();
            if ways.len() > MOST_WAYS {
                let all = |value: &&Expression| self.analysis.value(value, at.state, at.step).iter().cloned().collect();
                return vec![(Formula::Const(true), given.iter().map(all).map(Given::Cases).collect())];
            }
        }
        ways
    }
}

impl Eq for Given {}

impl Given {
    fn of(term: &Term, value: &Expression) -> Self {
        if matches!(term, Term::Fixed(_)) { Self::Constant(format!("{value:?}")) } else { Self::Value(term.clone()) }
    }
}
