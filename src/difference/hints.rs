//! What a model assumes that can be brought about.

use http::header::COOKIE;

use super::trial::Met;
use super::worlds::{CONFIGURED, World};
use crate::analysis::{Formula, Hint, Made, Model, Op, Place, Scalar, Term, yielded_in};
use crate::lang::schema::function::{Accept, Convert};
use crate::lang::schema::{Function, Message, Variable};

/// What a model assumes that can be brought about: numbers in texts, and what a response says that is stored or sent on.
pub(super) fn of_model(model: &Model<'_>, hints: &mut Vec<Hint>) -> Vec<Met> {
    let mut met = Vec::new();
    for (term, value) in model.chosen() {
        if let (Term::Made(made), Scalar::Number(Some(number))) = (term, value)
            && let (Op::Call(function), [text, ..]) = (&made.op, made.of.as_slice())
        {
            hints.extend(saying(text, &written(*function, *number)));
        }
        match (term.place(), value) {
            (Some(Place::Field(Message::Obj | Message::Resp, name)), Scalar::Text(Some(text))) => {
                hints.push(Hint::Answered(name.clone(), text.to_vec()));
            }
            (Some(Place::Variable(variable)), Scalar::Number(Some(number))) => match variable {
                Variable::ObjStatus | Variable::RespStatus => {
                    hints.extend(u16::try_from(*number).ok().map(Hint::Status));
                }
                Variable::ObjHits => met.push(Met::Hits(*number)),
                Variable::ObjAge => met.push(Met::Age(*number)),
                Variable::ObjTtl => met.push(Met::Left(*number)),
                _ => {}
            },
            _ => {}
        }
    }
    met
}

/// Clients that like nothing of what a condition offers them, and what the world has to be like for functions in it to yield
/// something else than they usually do.
pub(super) fn of_functions(formula: &Formula, hints: &mut Vec<Hint>, met: &mut Vec<Met>) {
    for term in yielded_in(formula) {
        let world = match &term {
            Term::Free(unknown) => unknown.function.and_then(World::of),
            Term::Made(made) => {
                let (hint, world) = of_made(made);
                hints.extend(hint);
                world
            }
            _ => None,
        };
        met.extend(world.map(Met::World).filter(|world| !met.contains(world)));
    }
}

/// The same of a value that is made of others.
fn of_made(made: &Made) -> (Option<Hint>, Option<World>) {
    let is_set = |term: &Term| matches!(term, Term::Free(unknown) if unknown.function.and_then(World::of) == Some(World::Configured));
    match (&made.op, made.of.as_slice()) {
        (Op::Call(Function::Accept(liked)), _) => (Some(Hint::Said(liked.field(), unoffered(*liked).to_vec())), None),
        (Op::Compare(_), [one, other]) if is_set(one) != is_set(other) => {
            (saying(if is_set(one) { other } else { one }, CONFIGURED), Some(World::Configured))
        }
        _ => (None, None),
    }
}

/// What nobody offers, for a client that likes nothing else.
fn unoffered(liked: Accept) -> &'static [u8] {
    match liked {
        Accept::Media => b"x-none/none",
        Accept::Language => b"x-none",
        Accept::Encoding => b"x-none, identity;q=0",
    }
}

/// A number as a function reads it out of a text.
fn written(function: Function, number: i64) -> String {
    match function {
        Function::Convert(Convert::Duration) => format!("{number}ms"),
        _ => number.to_string(),
    }
}

/// What has a value say that, if clients say what it is.
fn saying(term: &Term, text: &str) -> Option<Hint> {
    match term {
        Term::Input(Place::Field(Message::Req, name)) => Some(Hint::Said(name.clone(), text.into())),
        Term::Made(made) => match (&made.op, made.of.get(1)) {
            (Op::Query, Some(Term::Text(name))) => {
                Some(Hint::Pair(String::from_utf8_lossy(name).into_owned(), text.to_owned()))
            }
            (Op::Cookie | Op::Call(_), Some(Term::Text(name))) => {
                Some(Hint::Said(COOKIE, [&**name, b"=", text.as_bytes()].concat()))
            }
            _ => None,
        },
        _ => None,
    }
}
