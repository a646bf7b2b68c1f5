//! Tests of constants, which are known, and of what tables hold, which are tests of the key.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::formula::{Formula, Literal, Test};
use super::model::{Model, Scalar};
use super::names::Names;
use super::term::{Op, Term};
use crate::lang::hir::{BackendId, Datum, Hir, Normalization, TableId, Texts};
use crate::lang::schema::Function;

/// Keys of a table.
type Keys = Arc<[Texts<'static>]>;

/// The tables of a policy.
#[derive(Debug)]
pub(super) struct Tables<'h> {
    hir: &'h Hir,
    keys: RefCell<HashMap<TableId, Keys>>,
}

impl<'h> Tables<'h> {
    pub(super) fn new(hir: &'h Hir) -> Self {
        Self { hir, keys: RefCell::default() }
    }

    /// All keys of a table.
    pub(super) fn keys(&self, table: TableId) -> Keys {
        if let Some(known) = self.keys.borrow().get(&table) {
            return Arc::clone(known);
        }
        let keys = self.keys_where(table, |_| true);
        self.keys.borrow_mut().insert(table, Arc::clone(&keys));
        keys
    }

    /// The keys of which the value is so.
    fn keys_where(&self, table: TableId, is: impl Fn(&Datum) -> bool) -> Keys {
        let entries = self.hir.tables.get(table.0 as usize).into_iter().flat_map(|table| &table.entries);
        let keys = entries.filter(|(_, value)| is(value)).map(|(key, _)| Texts::Exact(key.to_vec().into()));
        keys.collect::<Vec<_>>().into()
    }

    /// A test of a term.
    pub(super) fn literal(&self, term: &Term, test: &Test) -> Formula {
        if term.is_constant() && !matches!(term, Term::Backend(_)) {
            let literal = Literal { term: term.clone(), test: test.clone() };
            return Formula::Const(Model::new(&self.hir.acls, &self.hir.tables).passes(&literal));
        }
        if matches!((term, test), (Term::Backend(Some(_)), Test::Set)) {
            return Formula::Const(true);
        }
        if let Term::Chosen(chosen) = term {
            let literal = |term: &Term| self.literal(term, test);
            return if *test == Test::Set { chosen.is_set(literal) } else { chosen.tested(literal) };
        }
        match term.as_made() {
            Some((Op::Lookup(table), [key])) => self.looked_up(*table, key, test),
            // An empty `Cookie` is removed.
            Some((Op::Normalized(Normalization::CookieDrop(_) | Normalization::CookieKeep(_)), _))
                if *test == Test::Set =>
            {
                let any = Term::made(Op::AnyCookie(Names::default()), vec![term.clone()]);
                Formula::of(any, Test::Holds)
            }
            Some((Op::Call(Function::Accept(_)), [_, Term::Text(offered)])) if *test != Test::Set => {
                self.chosen_of(offered, term, test)
            }
            // What the policy writes itself says what it says.
            Some((Op::Directive(..), [field])) if field.is_constant() => {
                let literal = Literal { term: term.clone(), test: test.clone() };
                Formula::Const(Model::new(&self.hir.acls, &self.hir.tables).passes(&literal))
            }
            _ => Formula::of(term.clone(), test.clone()),
        }
    }

    /// A test of what a client likes best: one of those that are offered, or none.
    fn chosen_of(&self, offered: &[u8], liked: &Term, test: &Test) -> Formula {
        let model = Model::new(&self.hir.acls, &self.hir.tables);
        let passes = |term: Term| model.passes(&Literal { term, test: test.clone() });
        let passing = offered.split(|byte| *byte == b'\n').filter(|one| passes(Term::text(one)));
        let passing: Vec<Texts<'static>> = passing.map(|one| Texts::Exact(one.to_vec().into())).collect();
        let none = Formula::all([Formula::Const(passes(Term::Unset)), Formula::of(liked.clone(), Test::Set).not()]);
        let is_one = (!passing.is_empty()).then(|| Formula::of(liked.clone(), Test::In(passing.into())));
        Formula::any(is_one.into_iter().chain([none]))
    }

    /// When a table holds that backend for a key.
    pub(super) fn has_backend(&self, table: TableId, key: &Term, backend: BackendId) -> Formula {
        let is_it = |value: &Datum| matches!(value, Datum::Backend(Some(one)) if *one == backend);
        self.literal(key, &Test::In(self.keys_where(table, is_it)))
    }

    fn looked_up(&self, table: TableId, key: &Term, test: &Test) -> Formula {
        let model = Model::new(&self.hir.acls, &self.hir.tables);
        let passes = |value: &Datum| {
            let term = match value {
                Datum::Text(written) => Term::text(written),
                Datum::Int(number) | Datum::Duration(number) | Datum::Bytes(number) => Term::Number(*number),
                Datum::Bool(flag) => Term::Truth(*flag),
                Datum::Ip(address) => Term::Address(*address),
                // It is there, and that is all.
                Datum::Real(_) | Datum::Backend(_) => return *test == Test::Set,
            };
            model.passes(&Literal { term, test: test.clone() }) || *test == Test::Set
        };
        let found = self.literal(key, &Test::In(self.keys_where(table, passes)));
        // What is not in the table is unset.
        let missing = Literal { term: Term::Unset, test: test.clone() };
        if !model.passes(&missing) {
            return found;
        }
        Formula::any([found, self.literal(key, &Test::In(self.keys(table))).not()])
    }
}

impl Scalar {
    /// The text of one, if it is set.
    #[must_use]
    pub fn as_text(&self) -> Option<&[u8]> {
        if let Self::Text(Some(text)) = self { Some(text) } else { None }
    }
}
