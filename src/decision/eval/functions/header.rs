//! Header fields with all of their lines.

use std::borrow::Cow;

use http::HeaderName;

use super::{Arguments, Given, Settled};
use crate::decision::eval::effect::kept;
use crate::decision::eval::text::append;
use crate::decision::eval::work::LINE;
use crate::decision::facts::{Facts, Refused, TEXT_LIMIT_BYTES, Value};
use crate::lang::schema::function::Header;
use crate::lang::schema::{Message, Step};

pub(super) fn value<'a, F: Facts>(function: Header, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let lines = || match arguments.field(0) {
        Some((message, name)) => arguments.facts().header_lines(message, name),
        None => Vec::new(),
    };
    match function {
        Header::Count => Value::Int(i64::try_from(lines().len()).unwrap_or(i64::MAX)),
        Header::Get => {
            let Some(pattern) = arguments.pattern(1) else { return Value::UNSET };
            lines().into_iter().find(|line| pattern.is_match(line)).into()
        }
        Header::Collect | Header::Append | Header::Remove => Value::UNSET,
    }
}

pub(super) fn perform<F: Facts>(
    function: Header,
    arguments: &Settled<'_>,
    facts: &mut F,
    _: Step,
) -> Result<(), Refused> {
    let Some((message, name)) = arguments.field(0) else { return Ok(()) };
    match function {
        Header::Append => {
            let line = arguments.bytes(1);
            arguments.works(line.len().saturating_mul(LINE))?;
            kept(Value::Text(Some(Cow::Borrowed(&*line))))?;
            facts.append_header(message, name, &line)
        }
        Header::Collect => collect(facts, message, name, &arguments.bytes(1)),
        Header::Remove => {
            let Some(pattern) = arguments.pattern(1) else { return Ok(()) };
            keep(facts, message, name, |line| !pattern.is_match(line))
        }
        Header::Count | Header::Get => Ok(()),
    }
}

/// `Set-Cookie` is a field whose lines do not mean the same when they are joined (RFC 9110 section 5.3).
fn collect<F: Facts>(facts: &mut F, message: Message, name: &HeaderName, separator: &[u8]) -> Result<(), Refused> {
    if *name == http::header::SET_COOKIE {
        return Err(Refused("the lines of Set-Cookie cannot be joined"));
    }
    let lines = facts.header_lines(message, name);
    let Some((first, rest @ [_, ..])) = lines.split_first() else { return Ok(()) };
    let joined = rest.iter().fold(first.to_vec(), |mut joined, line| {
        append(&mut joined, separator, TEXT_LIMIT_BYTES);
        append(&mut joined, line, TEXT_LIMIT_BYTES);
        joined
    });
    kept(Value::Text(Some(Cow::Borrowed(&*joined))))?;
    facts.set_header(message, name, &joined)
}

fn keep<F: Facts>(
    facts: &mut F,
    message: Message,
    name: &HeaderName,
    keeps: impl Fn(&[u8]) -> bool,
) -> Result<(), Refused> {
    let lines = facts.header_lines(message, name);
    if lines.iter().all(|line| keeps(line)) {
        return Ok(());
    }
    let kept: Vec<Vec<u8>> = lines.into_iter().filter(|line| keeps(line)).map(Cow::into_owned).collect();
    facts.unset_header(message, name);
    kept.iter().try_for_each(|line| facts.append_header(message, name, line))
}
