//! Ways out of a ladder that lead to the same.
//!
//! Of more than can be kept apart the last ones are one, in which a place that arms leave differently has a value that the
//! ladder chooses.

use std::collections::HashMap;
use std::sync::Arc;

use super::formula::Formula;
use super::ladder::{Ladder, Taken};
use super::read::Context;
use super::state::{Cases, State};
use super::term::{Place, Term};
use super::walk::{Flow, MOST_CLASSES, Way};
use crate::lang::source::Span;

/// So many are kept apart of a ladder that is long, if it can choose what differs: each is a class of its own in all that
/// follows.
const MOST_APART: usize = 2;

/// All ways out of a ladder.
pub(super) struct Groups {
    all: Vec<Group>,
    /// So many are kept apart, if the ladder can choose what differs.
    most_apart: usize,
}

struct Group {
    flow: Flow,
    state: State,
    /// Arms that lead there, whatever else holds.
    taken: Taken,
    /// Arms that may lead there.
    partly: Vec<Formula>,
    /// What some arms leave in places otherwise; `None` where it is not known what they leave.
    otherwise: HashMap<Place, Option<Vec<(usize, Term)>>>,
}

impl Groups {
    /// Those of a ladder of so many arms; `is_crowded` if it is come to by requests of many kinds already.
    pub(super) fn new(arms: usize, is_crowded: bool) -> Self {
        let most_apart = match (is_crowded, arms > MOST_CLASSES) {
            (true, _) => 1,
            (false, true) => MOST_APART,
            (false, false) => MOST_CLASSES,
        };
        Self { all: Vec::new(), most_apart }
    }

    /// Adds a way that the arm of that number leads to.
    pub(super) fn add(&mut self, (flow, guard, state): Way, at: usize, ladder: &Arc<Ladder>, cx: &Context<'_>) {
        let is_whole = guard == Formula::Const(true);
        let arm = is_whole.then_some(at);
        let Some(group) = self.of((flow, state), arm, ladder, cx) else { return };
        if is_whole {
            group.taken.add(at, ladder.len());
        } else {
            let taken = if at < ladder.len() { Taken::arm(at) } else { Taken::rest() };
            group.partly.push(Formula::all([Formula::first(ladder, taken), guard]));
        }
    }

    /// The group of ways that lead there; of too many, the last one, of which less is known then.
    fn of(
        &mut self,
        (flow, state): (Flow, State),
        arm: Option<usize>,
        ladder: &Ladder,
        cx: &Context<'_>,
    ) -> Option<&mut Group> {
        let known = self.all.iter().rposition(|group| group.flow == flow && group.state == state);
        let last = || {
            let at = self.all.iter().rposition(|group| group.flow == flow)?;
            let loses_nothing = || arm.is_some() && self.all.get(at).is_some_and(|group| group.chooses(&state));
            let is_full = self.all.len() >= MOST_CLASSES || self.all.len() >= self.most_apart && loses_nothing();
            is_full.then_some(at)
        };
        if let Some(at) = known.or_else(last) {
            let group = self.all.get_mut(at)?;
            if known.is_none() {
                group.mix(&state, arm, ladder.span(None), cx);
            }
            return Some(group);
        }
        let (taken, partly, otherwise) = (Taken::default(), Vec::new(), HashMap::new());
        self.all.push(Group { flow, state, taken, partly, otherwise });
        self.all.last_mut()
    }

    /// The ways, for requests that come to the ladder.
    pub(super) fn ways(self, ladder: &Arc<Ladder>, guard: &Formula, cx: &Context<'_>) -> Vec<Way> {
        let way = |group: Group| {
            let flow = group.flow.clone();
            // Two policies that are compared are told apart by the ladders that both have.
            let guard = if group.taken == Taken::rest() && group.partly.is_empty() && !cx.unknowns.are_shared() {
                ladder.behind(guard)
            } else {
                let taken = Formula::first(ladder, group.taken.clone());
                Formula::all([guard.clone(), Formula::any([taken].into_iter().chain(group.partly.clone()))])
            };
            (flow, guard, group.mixed(ladder, cx))
        };
        self.all.into_iter().map(way).collect()
    }
}

impl Group {
    /// Whether nothing is lost of a state if the ladder chooses what differs.
    fn chooses(&self, state: &State) -> bool {
        let is_known = |place: &Place| !matches!(self.otherwise.get(place), Some(None));
        self.state.is_alike(state) && self.state.differences(state).iter().all(is_known)
    }

    /// Takes a state in that differs; `arm` leads there whatever else holds.
    fn mix(&mut self, state: &State, arm: Option<usize>, span: Span, cx: &Context<'_>) {
        let effort = &cx.unknowns.effort;
        // What one arm leaves otherwise is kept of each of the others.
        let arm = arm.filter(|_| !effort.ends());
        for place in self.state.differences(state) {
            effort.add(1);
            let own = arm.map(|arm| (arm, cx.as_one(&state.get(&place), span)));
            let known = self.otherwise.entry(place).or_insert_with(|| Some(Vec::new()));
            match (known.as_mut(), own) {
                (Some(all), Some(own)) => all.push(own),
                _ => *known = None,
            }
        }
        self.state.blur_rest(state, &mut || cx.anything());
    }

    /// The state that all of them lead to.
    fn mixed(mut self, ladder: &Arc<Ladder>, cx: &Context<'_>) -> State {
        for (place, own) in self.otherwise {
            let value = own.map(|own| {
                let before = cx.as_one(&self.state.get(&place), ladder.span(None));
                cx.chosen(ladder, &own, before)
            });
            self.state.set(place, Cases::one(value.unwrap_or_else(|| cx.anything())));
        }
        self.state
    }
}
