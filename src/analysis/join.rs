//! Ways that lead to the same are one; of too many, those at the end are one of which less is known.

use super::formula::Formula;
use super::read::Context;
use super::state::{Differences, State};
use super::walk::{Flow, MOST_CLASSES, Way};

/// Ways that are one.
struct Joined {
    flow: Flow,
    guard: Formula,
    state: State,
    /// The last one that led to something else, and in what they differ. Those that follow each other differ in little, and
    /// what any two differ in, some two that follow each other do.
    others: Option<(State, Differences)>,
}

/// Makes one of ways that lead to the same.
pub(super) fn joined(ways: Vec<Way>, cx: &Context<'_>) -> Vec<Way> {
    let mut all: Vec<Joined> = Vec::new();
    for (flow, guard, state) in ways {
        cx.unknowns.effort.add(all.len());
        if let Some(same) = all.iter_mut().find(|one| one.flow == flow && one.state == state) {
            same.guard = Formula::any([same.guard.clone(), guard]);
            continue;
        }
        let is_full = all.len() >= MOST_CLASSES;
        match all.iter_mut().rev().find(|one| is_full && one.flow == flow) {
            Some(last) => last.mix(guard, state),
            None => all.push(Joined { flow, guard, state, others: None }),
        }
    }
    all.into_iter().map(|one| one.way(cx)).collect()
}

impl Joined {
    fn mix(&mut self, guard: Formula, state: State) {
        self.guard = Formula::any([self.guard.clone(), guard]);
        let (last, differences) = self.others.get_or_insert_with(|| (self.state.clone(), Differences::default()));
        last.add_differences(&state, differences);
        *last = state;
    }

    fn way(mut self, cx: &Context<'_>) -> Way {
        if let Some((_, differences)) = &self.others {
            self.state.blur(differences, &mut || cx.anything());
        }
        (self.flow, self.guard, self.state)
    }
}
