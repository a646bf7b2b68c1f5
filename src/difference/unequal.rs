//! When two values differ, as far as that can be asked.

use std::collections::HashMap;
use std::rc::Rc;

use crate::analysis::{Analysis, Cases, Formula, Op, Term, Test};
use crate::lang::hir::{Datum, Table, TableId, Texts};

/// So many keys of a table are asked for one by one; the others are asked for together.
const MOST_KEYS: usize = 16;

/// Tables, and the keys for which two of them hold something else.
pub(super) struct Tables<'h> {
    tables: &'h [Table],
    apart: HashMap<(TableId, TableId), Rc<[Texts<'static>]>>,
}

impl<'h> Tables<'h> {
    /// None were compared yet.
    pub fn new(tables: &'h [Table]) -> Self {
        Self { tables, apart: HashMap::new() }
    }

    /// Conditions of which one holds wherever two values differ.
    pub fn unequal(&mut self, analysis: &Analysis<'_>, one: &Term, other: &Term) -> Vec<Formula> {
        if let (Some((op, of)), Some((other_op, others))) = (one.as_made(), other.as_made()) {
            return match (op, other_op) {
                (Op::Lookup(table), Op::Lookup(other)) if of == others => {
                    self.looked_up(analysis, (*table, *other), of)
                }
                _ if op == other_op && of.len() == others.len() => {
                    let parts = of.iter().zip(others).filter(|(one, other)| one != other);
                    parts.flat_map(|(one, other)| self.unequal(analysis, one, other)).collect()
                }
                _ => vec![Formula::Const(true)],
            };
        }
        vec![simply(analysis, one, other)]
    }

    fn looked_up(&mut self, analysis: &Analysis<'_>, tables: (TableId, TableId), of: &[Term]) -> Vec<Formula> {
        let [key] = of else { return vec![Formula::Const(true)] };
        let keys = self.apart(tables);
        let (alone, together) = keys.split_at(keys.len().min(MOST_KEYS));
        let sets = alone.iter().map(std::slice::from_ref).chain([together]).filter(|keys| !keys.is_empty());
        sets.map(|keys| analysis.test(&Cases::one(key.clone()), &Test::In(keys.into()))).collect()
    }

    fn apart(&mut self, (one, other): (TableId, TableId)) -> Rc<[Texts<'static>]> {
        let tables = self.tables;
        let entries = |id: TableId| tables.get(id.0 as usize).map_or(&[][..], |table| &table.entries);
        let keys = self.apart.entry((one, other)).or_insert_with(|| keys_apart(entries(one), entries(other)));
        Rc::clone(keys)
    }
}

/// The keys that have another value in each, or none in one of them.
fn keys_apart(ones: &[(Box<[u8]>, Datum)], others: &[(Box<[u8]>, Datum)]) -> Rc<[Texts<'static>]> {
    let values: HashMap<&[u8], &Datum> = ones.iter().map(|(key, value)| (&**key, value)).collect();
    let known: HashMap<&[u8], &Datum> = others.iter().map(|(key, value)| (&**key, value)).collect();
    let gone = ones.iter().filter(|(key, value)| known.get(&**key) != Some(&value));
    let came = others.iter().filter(|(key, _)| !values.contains_key(&**key));
    gone.chain(came).map(|(key, _)| Texts::Exact(key.to_vec().into())).collect()
}

/// When two values differ of which one at least is not made of others.
fn simply(analysis: &Analysis<'_>, one: &Term, other: &Term) -> Formula {
    let (term, constant) = match (one.is_constant(), other.is_constant()) {
        (true, true) => return Formula::Const(one != other),
        (true, false) => (other, one),
        (false, true) => (one, other),
        (false, false) => return Formula::Const(true),
    };
    let test = match constant {
        Term::Text(text) => Test::In([Texts::Exact(text.to_vec().into())].to_vec().into()),
        Term::Number(number) => Test::Within([*number..=*number].to_vec().into()),
        Term::Unset => return analysis.test(&Cases::one(term.clone()), &Test::Set),
        Term::Address(address) => Test::At(*address),
        Term::Truth(truth) => {
            let holds = analysis.test(&Cases::one(term.clone()), &Test::Holds);
            return if *truth { holds.not() } else { holds };
        }
        _ => return Formula::Const(true),
    };
    analysis.test(&Cases::one(term.clone()), &test).not()
}
