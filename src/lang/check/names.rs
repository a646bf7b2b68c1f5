//! What a policy declares, by kind and name.

use std::cell::Cell;
use std::collections::HashMap;

use super::context::number;
use crate::lang::hir::BackendId;
use crate::lang::schema::Step;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{
    Acl, AttributeBlock, Binding, Block, Director, Function, Invariant, Key, Name, Normalize, Rules, Sub, Table, Test,
};

/// Declared things of one kind, numbered in the order of declaration.
pub(super) struct Namespace<'a, T> {
    entries: Vec<Entry<'a, T>>,
    index: HashMap<&'a str, usize>,
}

/// One declared thing.
pub(super) struct Entry<'a, T> {
    /// Its name.
    pub(super) name: &'a Name,
    /// The whole declaration.
    pub(super) span: Span,
    /// What was declared.
    pub(super) item: T,
    used: Cell<bool>,
}

impl<T> Entry<'_, T> {
    /// Whether anything refers to it.
    pub(super) fn is_used(&self) -> bool {
        self.used.get()
    }

    /// Notes that something refers to it.
    pub(super) fn mark_used(&self) {
        self.used.set(true);
    }
}

impl<T> Default for Namespace<'_, T> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: HashMap::new() }
    }
}

impl<'a, T> Namespace<'a, T> {
    /// Adds a thing; one of the same name is replaced.
    pub(super) fn declare(&mut self, name: &'a Name, span: Span, item: T) {
        let entry = Entry { name, span, item, used: Cell::new(false) };
        if let Some(present) = self.index.get(name.text.as_str()).and_then(|at| self.entries.get_mut(*at)) {
            *present = entry;
        } else {
            self.index.insert(&name.text, self.entries.len());
            self.entries.push(entry);
        }
    }

    /// The number of the thing of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The same, noting that something refers to it.
    pub(super) fn refer(&self, name: &str) -> Option<usize> {
        let at = self.find(name)?;
        self.entries.get(at)?.mark_used();
        Some(at)
    }

    /// The thing of that number.
    pub(super) fn get(&self, at: usize) -> Option<&Entry<'a, T>> {
        self.entries.get(at)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All of them in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<'a, T>> {
        self.entries.iter()
    }

    /// All names in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.name.text.as_str())
    }
}

/// What a sub does.
#[derive(Clone, Copy)]
pub(super) enum SubBody<'a> {
    /// Statements.
    Block(&'a Block),
    /// It makes the key, as `key { … }` says.
    Key(&'a Key),
}

/// A piece of what a step does.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// `sub recv { … }`
    Sub(&'a Sub),
    /// `rules request first { … }`
    Rules(&'a Rules),
    /// `normalize req { … }`
    Normalize(&'a Normalize),
}

/// All that a policy declares.
#[derive(Default)]
pub(super) struct Names<'a> {
    /// Backends; `None` stands for the one that the caller brought along and nobody declared.
    pub(super) backends: Namespace<'a, Option<&'a AttributeBlock>>,
    /// Directors.
    pub(super) directors: Namespace<'a, &'a Director>,
    /// Access lists.
    pub(super) acls: Namespace<'a, &'a Acl>,
    /// Tables.
    pub(super) tables: Namespace<'a, &'a Table>,
    /// Probes with a name.
    pub(super) probes: Namespace<'a, &'a AttributeBlock>,
    /// Constants.
    pub(super) consts: Namespace<'a, &'a Binding>,
    /// Functions of the policy.
    pub(super) functions: Namespace<'a, &'a Function>,
    /// Subs that are called: the user's and the pieces of the built-in policy.
    pub(super) subs: Namespace<'a, SubBody<'a>>,
    /// What is claimed of all requests.
    pub(super) invariants: Namespace<'a, &'a Invariant>,
    /// What is tried.
    pub(super) tests: Namespace<'a, &'a Test>,
    /// What the steps do, in source order, the built-in part last.
    pub(super) parts: Vec<(Step, Part<'a>)>,
}

impl<'a> Names<'a> {
    /// The names that an expression may use, apart from variables and locals.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.backend_names().chain(self.acls.names()).chain(self.consts.names()).chain(self.tables.names())
    }

    /// The names of what a request can be sent to.
    pub(super) fn backend_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.backends.names().chain(self.directors.names())
    }

    /// The backend or director of that name; it counts as used from now on.
    pub(super) fn refer_backend(&self, name: &str) -> Option<BackendId> {
        let backend = self.backends.refer(name);
        let at = backend.or_else(|| Some(self.backends.len() + self.directors.refer(name)?))?;
        Some(BackendId(number(at)))
    }

    /// The parts of one step in order.
    pub(super) fn parts_of(&self, step: Step) -> impl Iterator<Item = Part<'a>> + '_ {
        self.parts.iter().filter(move |(of, _)| *of == step).map(|(_, part)| *part)
    }
}
