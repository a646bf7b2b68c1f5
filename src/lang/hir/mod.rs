//! The resolved, typed policy: every name looked up, every type known, every constant folded.
//!
//! `check` makes it, `decision` lowers it. Only an error-free policy reaches `decision`, so what
//! stands here always makes sense: an operator has operands of its types, a variable is legal in
//! its step, a sub does not call itself.

mod acl;
mod backend;
mod database;
mod director;
mod expression;
mod invariant;
mod keys;
mod pattern;
mod pcre;
mod site;
mod statement;
mod table;
mod test;
mod texts;
mod users;

pub(crate) use acl::behind;
pub use acl::{Acl, AclHost};
pub use backend::{
    Backend, BackendAddress, FileText, Greeting, HttpProbe, Limit, Place, Probe, ProbeKind, ProxyVersion, Tls, Via,
};
pub use database::Database;
pub use director::{Choice, Director, Key, Member, Shard, ShardHealth};
pub use expression::{Arithmetic, Comparison, Expression, ExpressionKind};
pub use invariant::{Claim, Input, Invariant};
pub use keys::{Algorithm, KeySet, Material, SigningKey};
pub use pattern::{Glob, PATTERN_SIZE_LIMIT_BYTES, Pattern, literal_start};
pub use pcre::{Translated, translate};
pub use site::{HostPattern, Site};
pub use statement::{Arm, KeyPart, Normalization, Outcome, Statement, StatementKind, Tags, Target};
pub use table::{Datum, Table};
pub use test::{Expectation, Origin, Sent, Test};
pub use texts::Texts;
pub use users::{MOST_BCRYPT_COST, MOST_SHA_ROUNDS, PasswordHash, ShaDigest, Users};

use std::sync::Arc;

use super::schema::Step;
use super::source::Span;

/// Names a backend of [`Hir::backends`] or, with the numbers behind those, a director of [`Hir::directors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// Names an acl of [`Hir::acls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AclId(pub u32);

/// Names a table of [`Hir::tables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// Names a rate limit of [`Hir::rate_limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RateLimitId(pub u32);

/// Names a sub of [`Hir::subs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubId(pub u32);

/// Names a `let` within one body: its place in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// A whole policy.
#[derive(Clone, Debug, Default)]
pub struct Hir {
    /// The backends in order of declaration.
    pub backends: Vec<Backend>,
    /// The directors in order of declaration.
    pub directors: Vec<Director>,
    /// The backend or director named `default`, else the first backend; `None` if there is none.
    pub default_backend: Option<BackendId>,
    /// The access lists.
    pub acls: Vec<Acl>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The subs that are called by name, the pieces of the built-in policy among them.
    pub subs: Vec<Sub>,
    /// The calls of `ratelimit`.
    pub rate_limits: Vec<RateLimit>,
    /// The sites in order of declaration.
    pub sites: Vec<Site>,
    /// What is claimed of all requests, in order of declaration.
    pub invariants: Vec<Invariant>,
    /// What is tried when it is checked, in order of declaration.
    pub tests: Vec<Test>,
    /// What each step does: the policy's own subs and tables in source order, then the built-in part.
    pub steps: Vec<StepBody>,
}

impl Hir {
    /// What `step` does; `None` if nothing is written for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepBody> {
        self.steps.iter().find(|body| body.step == step)
    }

    /// Frees what is written part by part.
    pub(crate) fn discard(self) {
        let bodies = self.steps.into_iter().map(|step| step.body).chain(self.subs.into_iter().map(|sub| sub.body));
        bodies.for_each(|body| statement::discard(body.statements));
    }

    /// Leaves the tests out, those of its sites too.
    pub fn forget_tests(&mut self) {
        self.tests = Vec::new();
        let mut known: Vec<(Arc<Self>, Arc<Self>)> = Vec::new();
        for site in self.sites.iter_mut().filter(|site| !site.policy.tests.is_empty()) {
            let shared = known.iter().find(|(whole, _)| Arc::ptr_eq(whole, &site.policy));
            let kept = shared.map(|(_, kept)| Arc::clone(kept));
            let kept = kept.unwrap_or_else(|| Arc::new(Self { tests: Vec::new(), ..Self::clone(&site.policy) }));
            let whole = std::mem::replace(&mut site.policy, Arc::clone(&kept));
            known.push((whole, kept));
        }
    }

    /// The director that `id` names; `None` if it names a backend.
    #[must_use]
    pub fn director(&self, id: BackendId) -> Option<&Director> {
        self.directors.get((id.0 as usize).checked_sub(self.backends.len())?)
    }

    /// The names of the backends, then those of the directors: what a [`BackendId`] counts in.
    #[must_use]
    pub fn target_names(&self) -> Box<[Box<str>]> {
        let backends = self.backends.iter().map(|backend| &backend.name);
        backends.chain(self.directors.iter().map(|director| &director.name)).map(|name| name.as_str().into()).collect()
    }

    /// The backends that never answer: those of `backend NAME none;`.
    pub fn nowhere(&self) -> impl Iterator<Item = BackendId> {
        let ids = (0..).zip(&self.backends).filter(|(_, backend)| backend.place.is_none());
        ids.map(|(number, _)| BackendId(number))
    }

    /// The name of a backend or director.
    #[must_use]
    pub fn backend_name(&self, id: BackendId) -> Option<&str> {
        let backend = self.backends.get(id.0 as usize).map(|backend| backend.name.as_str());
        backend.or_else(|| Some(self.director(id)?.name.as_str()))
    }
}

/// A call that counts how often something comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The call as written, white space made even: what tells it from others in the next policy.
    pub definition: String,
    /// Its place.
    pub span: Span,
}

/// A sub that is called by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub {
    /// The name, dots included.
    pub name: String,
    /// The statements.
    pub body: Body,
    /// The place of its name.
    pub span: Span,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub struct StepBody {
    /// The step.
    pub step: Step,
    /// The statements.
    pub body: Body,
}

/// Statements with the size of the frame that their `let`s need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// How many locals there are; [`LocalId`]s count from 0.
    pub locals: usize,
}
