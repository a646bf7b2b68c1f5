//! Policies that differ in a few statements and rows of ladders alone.
//!
//! As long as a request comes to nothing that only one policy has, it is treated alike by both. So it is enough to ask of
//! each statement and row that only one of them has who comes there, and does something else by the other policy.

use std::collections::HashMap;
use std::sync::Arc;

use super::apart::{Pair, Side, moves, pairs};
use super::concern::Concern;
use super::ladders::can_be_asked;
use super::own::Own;
use super::search::{QUESTIONS, Question, Questions};
use super::unequal::Tables;
use crate::analysis::{
    Analysis, At, Cases, Formula, Hint, Ladder, Op, Place, State, Taken, Term, Test, Visitor, hints_of,
};
use crate::lang::hir::{Arm, Expression, ExpressionKind as Kind, Hir, LocalId, Statement, StatementKind, Tags, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Message, Step, Type, Variable};

/// So much is tried of what lets statements show.
const MOST_HINTS: usize = 16;

/// In so many ways two values are asked to differ.
const MOST_WAYS: usize = 16;

/// A ladder of so many arms is met anew by requests that come to it in another state.
const MOST_ARMS: usize = 512;

/// So many rows and statements may differ.
const MOST_APART: usize = 64;

/// The ladders and statements of two policies that are not the same.
pub(super) struct Rows<'h>(Vec<Pair<'h>>);

impl<'h> Rows<'h> {
    /// `None` if the policies differ in something else, or in too much, or in where something stands.
    pub fn of(old: &'h Hir, new: &'h Hir) -> Option<Self> {
        let rows = Self(pairs(old, new)?);
        (rows.count() <= MOST_APART && !moves(&rows.0)).then_some(rows)
    }

    /// How many rows and statements differ.
    pub fn count(&self) -> usize {
        self.0.iter().map(Pair::count).sum()
    }

    /// All that differs.
    pub fn pairs(&self) -> &[Pair<'h>] {
        &self.0
    }

    /// What rows do that only one policy has.
    pub fn done(&self) -> impl Iterator<Item = &'h [Statement]> {
        let sides = self.0.iter().flat_map(|pair| match pair {
            Pair::Ladders(sides) => sides.as_slice(),
            Pair::Only { .. } => &[],
        });
        sides.flat_map(|side| side.only.iter().map(|row| side.body(*row)))
    }

    /// The names that only one policy binds in a block, or binds to something else.
    pub fn names(&self) -> impl Iterator<Item = LocalId> {
        self.0.iter().filter_map(|pair| match pair {
            Pair::Only { statement: Statement { kind: StatementKind::Let(name, _), .. }, .. } => Some(*name),
            _ => None,
        })
    }

    /// What a request is to show that is asked for by the question about a row or statement.
    fn concern(&self, own: Own) -> Concern {
        if self.count() == 1 { Concern::Any } else { Concern::Own(own) }
    }

    /// Of each row and statement: who comes to it.
    pub fn questions(&self, analyses: &[Analysis<'_>; 2], hosts: &Formula) -> Questions {
        let mut gave_up = None;
        let seen = [0, 1].map(|own| {
            let mut eyes = Eyes::of(&self.0, own);
            gave_up = gave_up.or(analyses[own].journeys(&mut eyes).gave_up);
            eyes
        });
        let mut all = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            for visit in &seen[own].visits {
                let there = seen[other].visits.iter().find(|there| visit.is_like(there));
                let Some(Pair::Ladders(sides)) = self.0.get(visit.pair) else { continue };
                let met = || visit.met(&sides[other], &analyses[other]);
                let ladder = there.map(|there| Arc::clone(&there.ladder)).or_else(met);
                let others = ladder.as_ref().map(|ladder| (&sides[other], ladder));
                all.extend(visit.questions(&analyses[own], (&sides[own], own), others, hosts));
            }
            all.extend(seen[own].passages.iter().map(|passage| passage.question(&analyses[own], own, hosts)));
        }
        for question in &mut all {
            if let Concern::Own(own) = question.concern {
                question.concern = self.concern(own);
            }
        }
        // Requests for one row are tried one after the other.
        all.sort_by_key(|question| if let Concern::Own(own) = question.concern { Some(own) } else { None });
        // What one clause drops shows where another one keeps it.
        let hints: Vec<Hint> = seen.iter().flat_map(|eyes| &eyes.passages).flat_map(|it| it.hints.clone()).collect();
        for question in &mut all {
            question.hints.extend(hints.iter().take(MOST_HINTS).cloned());
        }
        all.retain(|question| question.formula != Formula::Const(false));
        let count = all.len();
        all.retain(|question| can_be_asked(&question.formula));
        Questions { gave_up: gave_up.or((all.len() < count).then_some(QUESTIONS)), all }
    }
}

impl Side<'_> {
    /// Whether a row is taken that does something else.
    fn doing_otherwise(&self, body: &[Statement], ladder: &Arc<Ladder>) -> Formula {
        let mut taken = Taken::default();
        let others = (0..=self.arms.len()).filter(|row| self.body(*row) != body);
        others.for_each(|row| taken.add(row, ladder.len()));
        Formula::first(ladder, taken)
    }
}

/// A ladder as some requests come to it.
struct Visit {
    pair: usize,
    step: Step,
    guard: Formula,
    state: State,
    ladder: Arc<Ladder>,
}

impl Visit {
    /// Whether requests come to the other one in the same state, so that its conditions are about the same values.
    fn is_like(&self, other: &Self) -> bool {
        self.pair == other.pair && self.step == other.step && self.state == other.state
    }

    /// The ladder of the other policy as requests would meet it that come here: up to where they are first treated otherwise
    /// they leave the same values in both, however differently these are written. `None` if it reads names, which are
    /// numbered in each policy by itself, or if it is long.
    fn met(&self, other: &Side<'_>, analysis: &Analysis<'_>) -> Option<Arc<Ladder>> {
        if other.arms.len() > MOST_ARMS || other.arms.iter().any(|arm| reads_names(&arm.condition)) {
            return None;
        }
        let condition = |arm: &Arm| analysis.formula(&arm.condition, &self.state, self.step);
        let spans = other.arms.iter().map(|arm| arm.span).collect();
        Some(Arc::new(Ladder::new(other.arms.iter().map(condition).collect(), spans, self.ladder.span(None))))
    }

    /// Of each row that only one side has: who takes it.
    fn questions(
        &self,
        analysis: &Analysis<'_>,
        (mine, own): (&Side<'_>, usize),
        there: Option<(&Side<'_>, &Arc<Ladder>)>,
        hosts: &Formula,
    ) -> Vec<Question> {
        let of = |row: &usize| {
            let otherwise = there.map(|(others, ladder)| others.doing_otherwise(mine.body(*row), ladder));
            let taken = if *row < self.ladder.len() { Taken::arm(*row) } else { Taken::rest() };
            let taken = Formula::first(&self.ladder, taken);
            let parts = [hosts.clone(), taken, self.guard.clone(), otherwise.unwrap_or(Formula::Const(true))];
            let place = format!("which rows of a table in `{}` are taken", self.step.name());
            let about = format!("row {own} {} {row}", self.pair);
            let conditions = mine.arms.get(*row).map(|arm| &arm.condition);
            let likely = conditions.map(|condition| as_it_comes(analysis, condition, self.step, hosts)).into_iter();
            let (formula, likely) = (Formula::all(parts), likely.collect());
            let concern = Concern::Own(Own { side: own, pair: self.pair, row: Some(*row) });
            Question { formula, place, about, concern, hints: vec![Hint::Disorder], likely, is_of_lines: false }
        };
        mine.only.iter().map(of).collect()
    }
}

/// A statement that only one policy has, as some requests come to it.
struct Passage {
    pair: usize,
    step: Step,
    guard: Formula,
    state: State,
    /// When it changes something, if that is known: a pattern is to be found.
    acts: Option<Expression>,
    /// What lets it show that it does, and other clauses.
    hints: Vec<Hint>,
    /// The field that it finds tags in, as the backend says it.
    tagged: Vec<Hint>,
    /// The field that it removes.
    removed: Option<Place>,
    /// What it puts somewhere, and what the other policy puts there in its place.
    values: Option<(Expression, Expression)>,
}

impl Passage {
    fn question(&self, analysis: &Analysis<'_>, own: usize, hosts: &Formula) -> Question {
        let formula = Formula::all([hosts.clone(), self.guard.clone()]);
        let acts = self.acts.iter().flat_map(|acts| {
            let there = Formula::all([formula.clone(), analysis.formula(acts, &self.state, self.step)]);
            [there, as_it_comes(analysis, acts, self.step, hosts)]
        });
        // A field shows that is removed only where it is.
        let is_there = self.removed.iter().map(|place| {
            let is_there = analysis.test(&self.state.get(place), &Test::Set);
            Formula::all([formula.clone(), is_there])
        });
        // What is put there shows where the other policy puts something else.
        let differs = self.values.iter().flat_map(|values| self.unequal(analysis, values));
        let differs = differs.map(|differs| Formula::all([formula.clone(), differs]));
        let acts = acts.chain(is_there).chain(differs);
        let (place, about) = (format!("what `{}` does", self.step.name()), format!("statement {own} {}", self.pair));
        let concern = Concern::Own(Own { side: own, pair: self.pair, row: None });
        let hints = [vec![Hint::Disorder], self.tagged.clone()].concat();
        Question { place, about, concern, hints, likely: acts.collect(), formula, is_of_lines: false }
    }
}

impl Passage {
    /// Conditions of which one holds wherever two values differ.
    fn unequal(&self, analysis: &Analysis<'_>, (one, other): &(Expression, Expression)) -> Vec<Formula> {
        let mut tables = Tables::new(&analysis.hir().tables);
        let [ones, others] = [one, other].map(|value| analysis.value(value, &self.state, self.step).spread());
        let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
        let apart = pairs.filter(|((_, one), (_, other))| one != other).take(MOST_WAYS);
        let ways = apart.flat_map(|((holds, one), (also, other))| {
            let unequal = tables.unequal(analysis, one, other);
            unequal.into_iter().map(|unequal| Formula::all([holds.clone(), also.clone(), unequal])).collect::<Vec<_>>()
        });
        ways.filter(can_be_asked).collect()
    }
}

/// When a condition holds of a request that is as it came, whatever was done to it by then.
fn as_it_comes(analysis: &Analysis<'_>, condition: &Expression, step: Step, hosts: &Formula) -> Formula {
    let mut state = State::default();
    for place in analysis.followed() {
        let came = match place {
            Place::Field(Message::Bereq, name) => Place::Field(Message::Req, name.clone()),
            Place::Variable(Variable::BereqUrl) => Place::Variable(Variable::ReqUrl),
            _ => continue,
        };
        state.set(place.clone(), Cases::one(Term::Input(came)));
    }
    Formula::all([hosts.clone(), analysis.formula(condition, &state, step)])
}

/// Whether a value is made of what has a name in its block.
fn reads_names(value: &Expression) -> bool {
    matches!(value.kind, Kind::Local(_) | Kind::Bind(..)) || value.parts().any(reads_names)
}

/// What lets a clause of `normalize` show.
fn hints_in(kind: &StatementKind) -> Vec<Hint> {
    let mut hints = Vec::new();
    if let StatementKind::Normalize(clause) = kind {
        let url = Term::Input(Place::Variable(Variable::ReqUrl));
        hints_of(&Term::made(Op::Normalized(clause.clone()), vec![url]), &mut hints);
    }
    hints
}

/// When a statement changes something, if it puts what a pattern matches in the place of a text.
fn acts(statement: &Statement) -> Option<Expression> {
    let StatementKind::Set(_, value) = &statement.kind else { return None };
    let Kind::Call(Function::Core(Core::Regsub | Core::Regsuball), given) = &value.kind else { return None };
    let [text, Expression { kind: Kind::Regex(pattern), .. }, ..] = given.as_slice() else { return None };
    let kind = Kind::Matches(Box::new(text.clone()), pattern.clone());
    Some(Expression { kind, ty: Type::Bool, span: value.span })
}

/// Sees requests come to what differs in one of the policies.
struct Eyes<'h> {
    ladders: HashMap<*const Arm, usize>,
    /// The pair of a statement, and what the other policy has in its place.
    statements: HashMap<*const Statement, (usize, Option<&'h Statement>)>,
    visits: Vec<Visit>,
    passages: Vec<Passage>,
}

impl<'h> Eyes<'h> {
    fn of(pairs: &[Pair<'h>], own: usize) -> Self {
        let (mut ladders, mut statements) = (HashMap::new(), HashMap::new());
        for (at, pair) in pairs.iter().enumerate() {
            _ = match pair {
                Pair::Ladders(sides) if !sides[own].arms.is_empty() => ladders.insert(sides[own].arms.as_ptr(), at),
                Pair::Only { side, statement, partner } if *side == own => {
                    _ = statements.insert(std::ptr::from_ref(*statement), (at, *partner));
                    None
                }
                _ => None,
            };
        }
        Self { ladders, statements, visits: Vec::new(), passages: Vec::new() }
    }
}

impl Visitor for Eyes<'_> {
    fn ladder(&mut self, ladder: &Arc<Ladder>, arms: &[Arm], at: &At<'_>) {
        if let Some(pair) = self.ladders.get(&arms.as_ptr()).copied() {
            let (step, guard, state) = (at.step, (at.guard)(), at.state.clone());
            self.visits.push(Visit { pair, step, guard, state, ladder: Arc::clone(ladder) });
        }
    }

    fn statement(&mut self, statement: &Statement, at: &At<'_>) {
        if let Some((pair, partner)) = self.statements.get(&std::ptr::from_ref(statement)).copied() {
            let (step, guard, state) = (at.step, (at.guard)(), at.state.clone());
            let hints = hints_in(&statement.kind);
            let values = match (&statement.kind, partner.map(|other| &other.kind)) {
                (StatementKind::Set(_, one), Some(StatementKind::Set(_, other))) => Some((one.clone(), other.clone())),
                _ => None,
            };
            let removed = match &statement.kind {
                StatementKind::Unset(Target::Header(message, name)) => Some(Place::Field(*message, name.clone())),
                _ => None,
            };
            let tagged = match &statement.kind {
                StatementKind::Tag(Tags::Field(name)) => vec![Hint::Answered(name.clone(), b"one".to_vec())],
                _ => Vec::new(),
            };
            self.passages.push(Passage {
                pair,
                step,
                guard,
                state,
                acts: acts(statement),
                hints,
                tagged,
                removed,
                values,
            });
        }
    }
}
