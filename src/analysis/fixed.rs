//! Tests of what came in that leave it a few texts alone: of each it is known what all that is made of it is.

use std::sync::Arc;

use super::formula::{Literal, Test};
use super::model::{Model, Scalar};
use super::term::{Op, Term};
use crate::lang::hir::{Hir, Texts};

/// So many texts are tried of one value.
const MOST_TEXTS: usize = 64;

/// Tests, by number, that do not go together, as none of the few texts that one of them leaves passes all of them.
pub(super) fn apart(literals: &[(Arc<Literal>, bool)], hir: &Hir) -> Option<Vec<usize>> {
    literals.iter().enumerate().find_map(|(at, (literal, holds))| {
        let (few, texts) = few_texts(literal).filter(|_| *holds)?;
        let mut apart = vec![at];
        for text in texts {
            apart.push(refusal(literals, &few, &text, hir)?);
        }
        Some(apart)
    })
}

/// What came in, whole or up to its `?`.
struct Few<'t> {
    of: &'t Term,
    is_path: bool,
}

/// The texts that a test leaves of what came in, if they are few.
fn few_texts(literal: &Literal) -> Option<(Few<'_>, Vec<Vec<u8>>)> {
    let Test::In(texts) = &literal.test else { return None };
    let few = match (&literal.term, literal.term.as_made()) {
        (of @ Term::Input(_), _) => Few { of, is_path: false },
        (_, Some((Op::Path, [of @ Term::Input(_)]))) => Few { of, is_path: true },
        _ => return None,
    };
    let text = |texts: &'_ Texts<'static>| if let Texts::Exact(text) = texts { Some(text.to_vec()) } else { None };
    let texts = if texts.len() > MOST_TEXTS { None } else { texts.iter().map(text).collect() };
    texts.map(|texts| (few, texts))
}

/// The number of a test that is decided by the text, and not as it is to be.
fn refusal(literals: &[(Arc<Literal>, bool)], few: &Few<'_>, text: &[u8], hir: &Hir) -> Option<usize> {
    let mut model = Model::new(&hir.acls, &hir.tables);
    model.set(few.of.clone(), Scalar::Text(Some(text.into())));
    literals.iter().position(|(literal, holds)| {
        let is_known = few.decides(&literal.term) && model.value(&literal.term).is_some();
        is_known && model.passes(literal) != *holds
    })
}

impl Few<'_> {
    /// Whether a value is made of nothing but that.
    fn decides(&self, term: &Term) -> bool {
        match term.as_made() {
            // Other lines of the field may say more.
            Some((Op::Directive(..), _)) => false,
            Some((Op::Path, [of])) if self.is_path && self.is_left_of(of) => true,
            Some((_, of)) => of.iter().all(|part| self.decides(part)),
            None => term.is_constant() || !self.is_path && term == self.of,
        }
    }

    /// Whether a value is that, or what clauses of `normalize` have left of it: what they do to the query leaves the path as
    /// it is.
    fn is_left_of(&self, term: &Term) -> bool {
        match term.as_made() {
            Some((Op::Normalized(_), [inner])) => self.is_left_of(inner),
            _ => term == self.of,
        }
    }
}
