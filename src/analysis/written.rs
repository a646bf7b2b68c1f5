//! What a text says in which numbers are written: no number is a part of a name, so that any will do to read the names.

use super::concrete;
use super::model::Scalar;
use super::number;
use super::term::{Op, Place, Term};
use crate::lang::schema::Type;

/// Which directives a text of constants and numbers has, if that does not depend on the numbers: whether one is there
/// never does, how long it is may.
pub(super) fn said(op: &Op, text: &Term) -> Option<Term> {
    let Some((Op::Concat, parts)) = text.as_made() else { return None };
    let mut whole = Vec::new();
    for part in parts {
        match part {
            Term::Text(text) => whole.extend_from_slice(text),
            number if is_number(number) => whole.push(b'0'),
            _ => return None,
        }
    }
    match concrete::of_text(op, &whole)? {
        Scalar::Truth(truth) => Some(Term::Truth(truth)),
        Scalar::Number(None) => Some(Term::Unset),
        _ => None,
    }
}

/// Whether it is the text of a number that is never missing.
fn is_number(term: &Term) -> bool {
    let Some((Op::ToText, [number])) = term.as_made() else { return false };
    let ty = match number::seen_through(number).0.place() {
        Some(Place::Variable(variable)) => variable.ty(),
        _ => return false,
    };
    matches!(ty, Type::Int | Type::Duration | Type::Bytes)
}
