//! What a client likes best of what there is.

use std::borrow::Cow;

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE};

use super::{Arguments, Given};
use crate::cache::Choice;
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::Message;
use crate::lang::schema::function::Accept;

pub(super) fn value<'a, F: Facts>(function: Accept, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let (field, choice) = match function {
        Accept::Language => (ACCEPT_LANGUAGE, Choice::Language),
        Accept::Encoding => (ACCEPT_ENCODING, Choice::Encoding),
        Accept::Media => (ACCEPT, Choice::Media),
    };
    let lines = arguments.facts().header_lines(Message::Req, &field);
    choice.best(lines.iter().map(|line| &**line), arguments.list(0)).map(Cow::Borrowed).into()
}
