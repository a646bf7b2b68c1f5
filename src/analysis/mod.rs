//! What a policy does with *all* requests.
//!
//! [`Analysis`] walks the typed policy with values that are not known yet: what a place holds is a [`Term`], when something
//! happens is a [`Formula`] over tests of terms. A [`Solver`] says of a formula that no request makes it hold, or gives
//! values that do, or names the budget that ended before it knew. *Impossible* is a proof: only said where it is true of
//! every request, every answer and every state of the world. *Possible* is a claim to be tried: [`Model::witness`] makes a
//! request and an answer of the values, which `simulate` takes through the policy.
//!
//! ```
//! use warp_edge::analysis::{Analysis, Answer, Blind, Formula, Solver};
//! use warp_edge::files::MemoryFiles;
//! use warp_edge::lang::check::check;
//! use warp_edge::lang::schema::{Action, Step};
//!
//! let text = r#"
//!     warp 1;
//!     backend default { .host = "127.0.0.1"; }
//!     rules request first {
//!         when path under "/account/" -> pass;
//!         when path ext "css" -> cache;
//!     }
//! "#;
//! let checked = check("site.warp", &MemoryFiles::new("site.warp", text));
//! let hir = checked.hir.expect("a policy without mistakes");
//! let analysis = Analysis::new(&hir);
//!
//! // All ways through all steps, those joined that differ in nothing that is followed.
//! let journeys = analysis.journeys(&mut Blind);
//! // When is something stored that lies below `/account/`? `Expression`s of the policy become formulas by
//! // `analysis.formula(condition, state, step)`; here is one by hand.
//! let stored = journeys.reached.iter().map(|reached| {
//!     let path = reached.class.state.variable(warp_edge::lang::schema::Variable::ReqPath);
//!     let account = warp_edge::analysis::Test::In(warp_edge::lang::hir::Texts::under(b"/account").into());
//!     Formula::all([analysis.stored(reached), analysis.test(&path, &account)])
//! });
//! assert!(matches!(Solver::new(&hir).solve(&Formula::any(stored)), Answer::Impossible(_)));
//!
//! // And when does `recv` look in the cache by the second row?
//! let looked_up = journeys.at(Step::Recv).filter(|reached| reached.class.end.action == Some(Action::Hash));
//! let Answer::Possible(model) = Solver::new(&hir).solve(&Formula::any(looked_up.map(|it| it.class.guard.clone()))) else {
//!     panic!("something is looked up")
//! };
//! assert!(model.witness().is_some());
//! ```
//!
//! How a question about the whole journey is asked: [`Analysis::journeys`] yields [`Reached`] ends of steps; at the end of
//! `backend_response` the state still has `req`, `bereq` and the key beside `beresp`, so that one formula can speak of all
//! of them; [`Analysis::stored`] is the condition under which the answer is kept. Several conditions are asked together with
//! [`Formula::all`]. If [`Journeys::gave_up`] says so, nothing may be called impossible.
//!
//! What is beyond it is *free*: functions that look at the world, texts made by patterns, comparisons of two unknown
//! values. A value that is free is the same wherever its term is the same. [`Model::is_certain`] tells whether anything of
//! that kind was assumed.

mod address;
mod cacheable;
mod choices;
mod chosen;
mod compare;
mod compose;
mod concrete;
mod effect;
mod effort;
mod entry;
mod fixed;
mod follow;
mod formula;
mod groups;
mod hint;
mod index;
pub mod invariant;
mod join;
mod journey;
mod ladder;
mod last_use;
mod learned;
mod left;
mod lookup;
mod model;
mod names;
mod number;
mod parts;
mod read;
mod settled;
mod several;
mod shared;
mod solve;
mod spelling;
mod state;
mod term;
mod text;
mod theory;
mod unknown;
mod walk;
mod within;
mod witness;
mod written;

pub use chosen::Chosen;
pub use formula::{Formula, Literal, Test};
pub use hint::{Hint, hints_of, variants, yielded_in};
pub use journey::{Analysis, Fate, Journeys, MOST_ROUNDS, Reached};
pub use ladder::{First, Ladder, Taken};
pub use model::{Model, Scalar};
pub use names::Names;
pub use several::Several;
pub use solve::{Answer, MOST_TRIES, Proof, Solver};
pub use state::{Cases, State};
pub use term::{Amount, Made, Op, Place, Term, Unknown};
pub use text::sample;
pub use walk::{At, Blind, Class, End, Visitor};
pub use witness::Witness;

#[cfg(test)]
mod tests;
