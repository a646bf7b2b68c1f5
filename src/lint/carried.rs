//! What is one person's, and sent on in another field.
//!
//! With `Cookie` or `Authorization` a request passes, and what is answered to it stays with one person. Where a policy takes
//! that field off and writes what it says into another one, or what it makes of it, such as a role, the backend still knows
//! who asks, and nothing keeps the answer from the others. Two requests are looked for that differ in that alone: the backend
//! is asked otherwise for each, and the second is answered with what was stored for the first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, COOKIE};

use super::mixed::{Mixed, Trial, model, tried};
use super::personal::takes_many;
use super::said::{Heard, Said, look_through, word};
use super::survey::{Deed, DeedKind, Survey};
use super::unfinished::Budget;
use super::unkeyed::{acts, written};
use super::{walk, words};
use crate::analysis::{Formula, State};
use crate::cache::spelling;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, KeyPart, Statement, StatementKind, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Message};
use crate::lang::source::Span;
use crate::simulate::Journey;

/// So many places are looked at.
const MOST_PLACES: usize = 200;
/// So many ways to come to a place are looked at.
const MOST_WAYS: usize = 64;
/// Where more fields are written, it is not asked what was decided before the conditions around a place: programs write so.
const MOST_BY_GUARD: usize = 100;
/// So many requests are tried for one policy.
const MOST_TRIED: usize = 10_000;

/// A place that writes a field of what the backend is sent.
struct Place {
    span: Span,
    field: HeaderName,
    guard: Formula,
    state: Arc<State>,
    heard: Heard,
    /// Whether the value itself is made of what somebody's own fields say; else it is decided by them.
    is_made_of_it: bool,
}

/// Fields that tell the backend who asks, and whose answers are stored for all.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let places = places(survey);
    let asking: Vec<&Place> = places.iter().filter(|place| !place.heard.said.is_empty()).collect();
    if asking.is_empty() {
        return Vec::new();
    }
    let stored = survey.stored();
    let mut sent = Sent::of(survey.hir, &places);
    let mut left = MOST_TRIED;
    let mut findings = Vec::new();
    let mut looked_at = 0;
    sent.tell(&survey.mixed);
    for (at, place) in asking.iter().enumerate() {
        if !sent.fields.contains(&place.field) {
            continue;
        }
        if looked_at >= MOST_PLACES || left == 0 {
            survey.leave(Some(place.span), Budget::Places(MOST_PLACES), asking.len() - at);
            break;
        }
        looked_at += 1;
        findings.extend(survey.look_at(place.span, |survey| look(survey, place, &sent, &stored, &mut left)));
        sent.tell(&survey.mixed);
    }
    findings
}

fn places(survey: &Survey<'_>) -> Vec<Place> {
    let mut by_place: BTreeMap<Span, Vec<&Deed>> = BTreeMap::new();
    let carries = |deed: &&Deed| matches!(deed.kind, DeedKind::Carries | DeedKind::Sends);
    for deed in survey.deeds.iter().filter(carries).filter(|deed| !survey.is_builtin(deed.span)) {
        by_place.entry(deed.span).or_default().push(deed);
    }
    if by_place.is_empty() {
        return Vec::new();
    }
    let statements: HashMap<Span, &Statement> =
        walk::statements(survey.hir).into_iter().map(|statement| (statement.span, statement)).collect();
    let hears_guards = by_place.len() <= MOST_BY_GUARD;
    let asks_for_cookies = !survey.overrides("builtin.cookie");
    let place = |(span, deeds): (Span, Vec<&Deed>)| {
        let statement = statements.get(&span)?;
        let mut heard = Heard::default();
        let ways = || deeds.iter().take(MOST_WAYS);
        for deed in ways() {
            for value in written(statement) {
                look_through(survey, value, deed, &mut heard);
            }
        }
        let is_made_of_it = heard.said.iter().any(is_somebodys);
        for deed in ways() {
            let around = survey.asking.around(span, &deed.around);
            around.for_each(|condition| look_through(survey, condition, deed, &mut heard));
            if hears_guards {
                heard.hear(&deed.guard);
            }
        }
        heard.said.retain(|said| is_somebodys(said) && (asks_for_cookies || *said == Said::Field(AUTHORIZATION)));
        let guard = Formula::any(deeds.iter().map(|deed| deed.guard.clone()));
        let (field, state) = (words::carrying(&statement.kind)?.clone(), Arc::clone(&deeds.first()?.state));
        Some(Place { span, field, guard, state, heard, is_made_of_it })
    };
    by_place.into_iter().filter_map(place).collect()
}

/// Whether it says who somebody is.
fn is_somebodys(said: &Said) -> bool {
    match said {
        Said::Field(name) => *name == COOKIE || *name == AUTHORIZATION,
        Said::Cookie(_) => true,
        Said::Parameter(_) | Said::Address => false,
    }
}

/// The fields of which it matters how the backend is asked.
struct Sent<'p> {
    places: &'p [Place],
    fields: HashSet<HeaderName>,
}

/// What a backend answers by these, it names in `Vary`: that is what they are for.
const NEGOTIATED: [HeaderName; 4] = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE];

impl<'p> Sent<'p> {
    /// What a policy decides and asks for itself is a note to itself, not to the backend.
    fn of(hir: &Hir, places: &'p [Place]) -> Self {
        let asked = asked_by_policy(hir);
        let is_told = |place: &&Place| place.is_made_of_it || !asked.contains(&place.field);
        let fields = places.iter().filter(is_told).map(|place| place.field.clone());
        Self { places, fields: fields.filter(|name| !NEGOTIATED.contains(name)).collect() }
    }

    /// Leaves out what is told of.
    fn tell(&mut self, mixed: &[Mixed]) {
        for found in mixed {
            let [one, other] = &found.journeys;
            for name in self.differing(one, other) {
                self.fields.remove(&name);
            }
        }
    }

    /// The fields in which the backend is asked otherwise.
    fn differing(&self, one: &Journey, other: &Journey) -> Vec<HeaderName> {
        let (Some(one), Some(other)) = (one.asked.last(), other.asked.last()) else { return Vec::new() };
        let differs = |name: &&HeaderName| !one.headers.get_all(*name).iter().eq(other.headers.get_all(*name));
        self.fields.iter().filter(differs).cloned().collect()
    }

    /// Whether the backend is asked otherwise in such a field, and by nothing else that keeps the answers apart or that other
    /// lints tell of.
    fn is_mixed(&self, said: &Said, one: &Journey, other: &Journey) -> bool {
        let (Some(first), Some(second)) = (one.asked.last(), other.asked.last()) else { return false };
        let is_same = |name| first.headers.get_all(name).iter().eq(second.headers.get_all(name));
        let is_alone = match said {
            Said::Field(name) if *name == AUTHORIZATION => {
                is_same(&AUTHORIZATION) || !(says_shared(one) && says_shared(other))
            }
            _ => is_same(&COOKIE),
        };
        is_alone
            && first.target == second.target
            && first.backend == second.backend
            && !self.differing(one, other).is_empty()
    }

    /// The last place that wrote one of the fields which differ.
    fn place(&self, found: &Mixed) -> Option<&'p Place> {
        let [one, other] = &found.journeys;
        let fields = self.differing(one, other);
        let writes = |place: &&Place| fields.contains(&place.field);
        let last = |journey: &Journey| {
            let spans: Vec<Span> = acts(journey).collect();
            spans.into_iter().rev().find_map(|span| self.places.iter().filter(writes).find(|place| place.span == span))
        };
        last(one).or_else(|| last(other))
    }
}

/// Whether what is stored says that it is for all.
fn says_shared(journey: &Journey) -> bool {
    let said = journey.stored.last().and_then(|stored| stored.headers.get(CACHE_CONTROL)?.to_str().ok());
    said.is_some_and(|said| SHARED.iter().any(|directive| said.to_ascii_lowercase().contains(directive)))
}

/// Directives by which an answer to credentials is for all (RFC 9111 section 3.5).
const SHARED: [&str; 3] = ["public", "must-revalidate", "s-maxage"];

/// The fields of requests that a policy reads for more than to write others, or the key.
fn asked_by_policy(hir: &Hir) -> HashSet<HeaderName> {
    let passes_on = |statement: &Statement| {
        matches!(
            &statement.kind,
            StatementKind::Set(Target::Header(Message::Req | Message::Bereq, _), _)
                | StatementKind::Effect(Function::Core(Core::HashData) | Function::Header(_), _)
                | StatementKind::Key(KeyPart::Value(_))
        )
    };
    let statements = walk::statements(hir).into_iter().filter(|statement| !passes_on(statement)).collect::<Vec<_>>();
    let field = |part: &Expression| match &part.kind {
        ExpressionKind::Header(Message::Req | Message::Bereq, name) => Some(name.clone()),
        _ => None,
    };
    walk::expressions_of(&statements).into_iter().filter_map(field).collect()
}

fn look(
    survey: &mut Survey<'_>,
    place: &Place,
    sent: &Sent<'_>,
    stored: &Formula,
    left: &mut usize,
) -> Option<Diagnostic> {
    let here = Formula::all([stored.clone(), place.guard.clone()]);
    let base = model(survey, std::slice::from_ref(&here))?;
    let other = model(survey, &[stored.clone(), place.guard.not()]);
    let found = place.heard.said.iter().find_map(|said| {
        let models = [Some(&base), other.as_ref()];
        let trial = Trial { said, models, made_up: &people(said, &place.heard.texts), values: &[] };
        tried(survey, &trial, left, |one, other| sent.is_mixed(said, one, other))
    })?;
    if !takes_many(survey, &here, &place.state) {
        return None;
    }
    let finding = sent.place(&found).map(|place| say(survey, place, &found));
    survey.mixed.push(found);
    finding
}

/// What two people may say there, if the policy looks for one of these texts.
fn people(said: &Said, texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let plain = |name: &str| [format!("{name}=alice").into_bytes(), format!("{name}=bob").into_bytes()];
    match said {
        Said::Field(name) if *name == COOKIE => {
            let names = texts.iter().filter_map(|text| word(text.strip_suffix(b"=").unwrap_or(text)));
            let all = ["session"].into_iter().chain(names).flat_map(plain);
            all.chain(texts.iter().cloned()).collect()
        }
        // `alice:open` and `bob:open`.
        Said::Field(_) => [b"Basic YWxpY2U6b3Blbg==".as_slice(), b"Basic Ym9iOm9wZW4=", b"Bearer alice", b"Bearer bob"]
            .map(<[u8]>::to_vec)
            .to_vec(),
        _ => [b"alice".to_vec(), b"bob".to_vec()].into_iter().chain(texts.iter().cloned()).collect(),
    }
}

fn say(survey: &Survey<'_>, place: &Place, found: &Mixed) -> Diagnostic {
    let (code, whose) = match &found.said {
        Said::Field(name) if *name == AUTHORIZATION => (Code::W0802, "credentials"),
        _ => (Code::W0801, "cookies"),
    };
    let name = spelling(&place.field);
    let message = format!(
        "what somebody's {whose} say goes to the backend in `{name}` here, and what it answers is stored for everybody"
    );
    Diagnostic::new(code, survey.first_line(place.span), message).label("stored for everybody").help(format!(
        "`pass` such requests, make `{name}` a part of the key or name it in `Vary`. `{}` is answered with what was stored \
         for `{}`, of `{}`",
        found.second.request, found.first.request, found.first.answer
    ))
}
