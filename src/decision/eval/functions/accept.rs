//! What a client likes best of what there is.

use std::borrow::Cow;

use super::{Arguments, Given};
use crate::cache::Choice;
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::Message;
use crate::lang::schema::function::Accept;

pub(super) fn value<'a, F: Facts>(function: Accept, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let choice = match function {
        Accept::Language => Choice::Language,
        Accept::Encoding => Choice::Encoding,
        Accept::Media => Choice::Media,
    };
    let lines = arguments.facts().header_lines(Message::Req, &function.field());
    choice.best(lines.iter().map(|line| &**line), arguments.list(0)).map(Cow::Borrowed).into()
}
