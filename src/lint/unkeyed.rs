//! What one client says and another one gets: cache poisoning.
//!
//! A policy writes what a request says into what is stored, or asks another backend, host or URL for it, and the key is the
//! same. Two requests are looked for that differ in one thing that clients are free to say: the first is stored, and the
//! second answered with it, though it would have been another answer on its own.

use std::collections::{BTreeMap, HashMap};

use http::HeaderName;
use http::header::HOST;

use super::mixed::{Mixed, Trial, model, tried};
use super::said::{Heard, Said, look_through};
use super::survey::{Deed, DeedKind, Shaped, Survey};
use super::telling;
use super::unfinished::Budget;
use super::{personal, walk};
use crate::analysis::{Formula, Witness};
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Statement, StatementKind, Target};
use crate::lang::schema::Message;
use crate::lang::source::Span;
use crate::simulate::Journey;

/// So many places are looked at.
const MOST_PLACES: usize = 1_000;
/// So many ways to come to a place are looked at.
const MOST_WAYS: usize = 64;
/// So many things that requests say are tried at a place.
const MOST_SAID: usize = 32;
/// So many parts of conditions are looked through for what requests say, at all places.
const MOST_PARTS: usize = 5_000_000;
/// So many requests are tried for one policy.
const MOST_TRIED: usize = 50_000;
/// The budget, for people.
const SAMPLES: &str = "requests that were tried with what clients may say";
/// What is tried beside what the policy says.
const MADE_UP: [&[u8]; 2] = [b"evil.example", b"203.0.113.9"];

/// A place that shapes what is stored, and what may decide how.
struct Question {
    span: Span,
    shaped: Shaped,
    field: Option<HeaderName>,
    guard: Formula,
    said: Vec<Said>,
    values: Vec<Vec<u8>>,
    /// Paths that are rewritten there.
    targets: Vec<String>,
    /// Whether there is more to try than is tried.
    is_cut: bool,
}

/// Answers that are stored for others than those who had a say in them.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let questions = questions(survey);
    if questions.is_empty() {
        return Vec::new();
    }
    let stored = survey.stored();
    if let Some(left_out) = questions.get(MOST_PLACES) {
        survey.leave(Some(left_out.span), Budget::Places(MOST_PLACES), questions.len() - MOST_PLACES);
    }
    let looked_at = questions.iter().take(MOST_PLACES);
    let mut left = MOST_TRIED;
    let mut findings = Vec::new();
    for question in looked_at {
        let found = survey.look_at(question.span, |survey| look(survey, question, &stored, &mut left));
        if found.is_none() && (question.is_cut || left == 0) {
            survey.leave(Some(question.span), Budget::Of(SAMPLES), 1);
        }
        findings.extend(found);
    }
    findings
}

fn questions(survey: &Survey<'_>) -> Vec<Question> {
    let mut by_place: BTreeMap<Span, Vec<&Deed>> = BTreeMap::new();
    for deed in survey.deeds.iter().filter(|deed| matches!(deed.kind, DeedKind::Shapes(_))) {
        by_place.entry(deed.span).or_default().push(deed);
    }
    if by_place.is_empty() {
        return Vec::new();
    }
    let statements: HashMap<Span, &Statement> =
        walk::statements(survey.hir).into_iter().map(|statement| (statement.span, statement)).collect();
    let arms = arms(survey);
    let mut left = MOST_PARTS;
    let asked = |(span, deeds): (Span, Vec<&Deed>)| {
        let statement = statements.get(&span)?;
        let DeedKind::Shapes(shaped) = deeds.first()?.kind else { return None };
        let mut heard = Heard::default();
        let mut is_over = false;
        for deed in deeds.iter().take(MOST_WAYS) {
            is_over = heard.parts() >= left;
            if is_over {
                break;
            }
            for value in written(statement) {
                look_through(survey, value, deed, &mut heard);
            }
            for arm in &deed.around {
                arms.get(arm).into_iter().flatten().for_each(|condition| heard.hear(condition));
            }
            for condition in survey.asking.around(span, &deed.around) {
                look_through(survey, condition, deed, &mut heard);
            }
        }
        if !is_over && (is_another_by_class(survey, statement, &deeds) || is_asked_by_class(survey, &arms, &deeds)) {
            deeds.iter().take(MOST_WAYS).for_each(|deed| heard.hear(&deed.guard));
        }
        left = left.saturating_sub(heard.parts());
        let Heard { mut said, texts: mut values, .. } = heard;
        values.sort();
        values.dedup();
        let is_cut = is_over
            || said.len() > MOST_SAID
            || values.len() > Trial::most_of_policy(MADE_UP.len())
            || deeds.len() > MOST_WAYS
            || deeds.iter().take(MOST_WAYS).any(|deed| survey.asking.is_cut(span, &deed.around));
        said.truncate(MOST_SAID);
        let guard = Formula::any(deeds.iter().map(|deed| deed.guard.clone()));
        let (field, targets) = (field(statement), telling::targets(&written(statement)));
        let question = Question { span, shaped, field, guard, said, values, targets, is_cut };
        (is_over || !question.said.is_empty()).then_some(question)
    };
    by_place.into_iter().filter_map(asked).collect()
}

/// The conditions of arms, by their places.
fn arms<'s>(survey: &'s Survey<'_>) -> HashMap<Span, Vec<&'s Formula>> {
    let mut arms: HashMap<Span, Vec<&Formula>> = HashMap::new();
    for visit in &survey.visits {
        for (at, condition) in visit.ladder.conditions().iter().enumerate() {
            let known = arms.entry(visit.ladder.span(Some(at))).or_default();
            if known.len() < MOST_WAYS {
                known.push(condition);
            }
        }
    }
    arms
}

/// Whether a statement writes other values for other classes of requests, which something before it has told apart.
fn is_another_by_class(survey: &Survey<'_>, statement: &Statement, deeds: &[&Deed]) -> bool {
    let written = |deed: &&Deed| -> Vec<_> {
        let values = written(statement).into_iter();
        values.map(|value| survey.analysis.value(value, &deed.state, deed.step)).collect()
    };
    let mut ways = deeds.iter().take(MOST_WAYS).map(written);
    let first = ways.next();
    ways.any(|other| Some(&other) != first.as_ref())
}

/// Whether a condition around a statement that asks for something of the request is another one for other classes of
/// requests: it asks for what was set where they were told apart.
fn is_asked_by_class(survey: &Survey<'_>, arms: &HashMap<Span, Vec<&Formula>>, deeds: &[&Deed]) -> bool {
    deeds.iter().take(MOST_WAYS).any(|deed| {
        let differs = |arm: &Span| arms.get(arm).is_some_and(|conditions| are_several(conditions));
        deed.around.iter().any(differs) && survey.asking.around(deed.span, &deed.around).next().is_some()
    })
}

fn are_several(conditions: &[&Formula]) -> bool {
    conditions.split_first().is_some_and(|(first, others)| others.iter().any(|other| other != first))
}

/// The values that a statement writes.
pub(super) fn written(statement: &Statement) -> Vec<&Expression> {
    match &statement.kind {
        StatementKind::Set(_, value) => vec![value],
        StatementKind::Effect(_, given) => given.iter().collect(),
        _ => Vec::new(),
    }
}

/// The field that a statement writes.
fn field(statement: &Statement) -> Option<HeaderName> {
    match &statement.kind {
        StatementKind::Set(Target::Header(_, name), _) => Some(name.clone()),
        StatementKind::Effect(_, given) => match &given.first()?.kind {
            ExpressionKind::Header(Message::Beresp, name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn look(survey: &mut Survey<'_>, question: &Question, stored: &Formula, left: &mut usize) -> Option<Diagnostic> {
    let base = model(survey, &[stored.clone(), question.guard.clone()])?;
    let other = model(survey, &[stored.clone(), question.guard.not()]);
    let made_up = MADE_UP.map(<[u8]>::to_vec);
    let addresses: Vec<Vec<u8>> = made_up.iter().cloned().chain(telling::addresses(survey.hir)).collect();
    let rewritten = question.targets.iter().map(|target| personal::asking_for(&base, target));
    let bases: Vec<Witness> = std::iter::once(base.clone()).chain(rewritten).collect();
    let found = bases.iter().find_map(|base| {
        question.said.iter().find_map(|said| {
            let models = [Some(base), other.as_ref()];
            let made_up = if *said == Said::Address { &addresses } else { &made_up[..] };
            let trial = Trial { said, models, made_up, values: &question.values };
            tried(survey, &trial, left, |one, other| is_mixed(question, one, other))
        })
    })?;
    let finding = say(survey, question, &found);
    survey.mixed.push(found);
    Some(finding)
}

/// The statements that a request comes to, in order.
pub(super) fn acts(journey: &Journey) -> impl Iterator<Item = Span> {
    let course = journey.steps.iter().flat_map(|ran| &ran.explanation.course);
    course.filter_map(|event| if let Event::Acted(place) = event { Some(*place) } else { None })
}

/// Whether two answers differ in what a place shapes.
fn is_mixed(question: &Question, one: &Journey, other: &Journey) -> bool {
    let (Some(first), Some(second)) = (one.stored.last(), other.stored.last()) else { return false };
    let acted = |journey: &Journey| acts(journey).any(|place| place == question.span);
    let asked = |journey: &Journey| journey.asked.last().cloned();
    let differs = match (question.shaped, &question.field) {
        (Shaped::Field, Some(name)) => {
            first.headers.get_all(name).iter().collect::<Vec<_>>()
                != second.headers.get_all(name).iter().collect::<Vec<_>>()
        }
        (Shaped::Field, None) => false,
        (Shaped::Body, _) => first.body != second.body,
        (Shaped::Backend, _) => asked(one).map(|asked| asked.backend) != asked(other).map(|asked| asked.backend),
        (Shaped::Url, _) => asked(one).map(|asked| asked.target) != asked(other).map(|asked| asked.target),
        (Shaped::Host, _) => {
            let host = |journey| asked(journey).and_then(|asked| asked.headers.get(HOST).cloned());
            host(one) != host(other)
        }
    };
    differs && (acted(one) || acted(other))
}

fn say(survey: &Survey<'_>, question: &Question, found: &Mixed) -> Diagnostic {
    let name = found.said.name();
    let does = match question.shaped {
        Shaped::Field | Shaped::Body => "is written into what is stored for everybody",
        Shaped::Url | Shaped::Host => "decides what the backend is asked for, and everybody gets the answer",
        Shaped::Backend => "decides which backend is asked, and everybody gets its answer",
    };
    let cure = match found.said {
        Said::Field(_) => "make it a part of the key, name it in `Vary`",
        _ => "make it a part of the key",
    };
    let place = survey.first_line(question.span);
    Diagnostic::new(Code::W0805, place, format!("{name} {does}, and is no part of the key")).label("shared").help(
        format!(
            "{cure}, or let such requests `pass`. `{}` is answered with what was stored for `{}`, of `{}`",
            found.second.request, found.first.request, found.first.answer
        ),
    )
}
