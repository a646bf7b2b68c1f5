//! Whether a value is made of a part of the request.

use http::header::COOKIE;

use crate::analysis::state::Cases;
use crate::analysis::term::{Op, Place, Term};
use crate::analysis::within::{Look, Within};
use crate::lang::hir::{Glob, Input, Normalization};
use crate::lang::schema::{Message, Variable};

/// Whether a value may be another one if nothing but that part of the request is.
pub(super) fn depends(value: &Cases, input: &Input) -> bool {
    let mut within = Within::new(|term| look(term, input));
    value.iter().any(|(guard, term)| within.term(term) || within.formula(guard))
}

fn look(term: &Term, input: &Input) -> Look {
    match term {
        Term::Input(place) if *place == place_of(input) => Look::Found,
        Term::Free(_) => Look::Found,
        Term::Made(made) if leaves_out(&made.op, &made.of, input) => Look::Past,
        _ => Look::Inside,
    }
}

/// What stands in front of a part of a request.
fn place_of(input: &Input) -> Place {
    match input {
        Input::Query(_) => Place::Variable(Variable::ReqUrl),
        Input::Cookie(_) => Place::Field(Message::Req, COOKIE),
        Input::Field(name) => Place::Field(Message::Req, name.clone()),
    }
}

/// Whether nothing of that part is in what is made.
fn leaves_out(op: &Op, of: &[Term], input: &Input) -> bool {
    let like = |globs: &[Glob], name: &[u8]| globs.iter().any(|glob| glob.matches(name));
    let named = |name: &Term, own: &[u8]| !matches!(name, Term::Text(name) if **name != *own);
    match (op, of, input) {
        // What the policy has put together may have the part anywhere.
        (_, [whole, ..], _) if !is_as_sent(whole, input) => false,
        (Op::Path, _, Input::Query(_)) => true,
        (Op::Query, [_, name], Input::Query(own)) | (Op::Cookie, [_, name], Input::Cookie(own)) => !named(name, own),
        (Op::AnyQuery(sought), _, Input::Query(own)) | (Op::AnyCookie(sought), _, Input::Cookie(own)) => {
            !sought.holds(own)
        }
        (Op::Normalized(Normalization::QueryDrop(globs)), _, Input::Query(own))
        | (Op::Normalized(Normalization::CookieDrop(globs)), _, Input::Cookie(own)) => like(globs, own),
        (Op::Normalized(Normalization::QueryKeep(globs)), _, Input::Query(own))
        | (Op::Normalized(Normalization::CookieKeep(globs)), _, Input::Cookie(own)) => !like(globs, own),
        _ => false,
    }
}

/// Whether a value is what the client sends, or what `normalize` leaves of that.
fn is_as_sent(whole: &Term, input: &Input) -> bool {
    match whole {
        Term::Input(place) => *place == place_of(input),
        Term::Made(made) => {
            matches!(made.op, Op::Normalized(_)) && made.of.first().is_some_and(|whole| is_as_sent(whole, input))
        }
        _ => false,
    }
}
