//! What a ban takes of the memory.

use std::mem::size_of;

use regex::bytes::{Regex, RegexBuilder};

use crate::lang::hir::{Expression, ExpressionKind, Pattern, translate};

/// Within which of these sizes a pattern of a text has to compile, in bytes. Most need the first.
const PATTERN_BYTES: [usize; 3] = [8 << 10, 32 << 10, 256 << 10];

/// A compiled pattern and a bound of what it takes: what it is made of, and as much again for what is kept of matching.
pub(super) struct Compiled {
    pub(super) pattern: Pattern,
    pub(super) bytes: usize,
}

/// Compiles a pattern.
///
/// # Errors
/// What is wrong with it, too much of it included.
pub(super) fn compile(pattern: &str) -> Result<Compiled, regex::Error> {
    let [small, middle, large] = PATTERN_BYTES;
    let pattern = &*translate(pattern).text;
    let (regex, size) =
        within(pattern, small).or_else(|_| within(pattern, middle)).or_else(|_| within(pattern, large))?;
    Ok(Compiled { pattern: Pattern::compiled(pattern, regex), bytes: 2 * size })
}

fn within(pattern: &str, size: usize) -> Result<(Regex, usize), regex::Error> {
    let regex = RegexBuilder::new(pattern).unicode(false).size_limit(size).dfa_size_limit(size).build()?;
    Ok((regex, size))
}

/// What an expression takes without what it shares with the policy.
pub(super) fn of(whole: &Expression) -> usize {
    let texts = |texts: &[Box<[u8]>]| texts.iter().map(|text| size_of::<Box<[u8]>>() + text.len()).sum();
    let own = match &whole.kind {
        ExpressionKind::Text(text) => text.len(),
        ExpressionKind::Header(_, name) => name.as_str().len(),
        ExpressionKind::File(file) => file.bytes.len(),
        ExpressionKind::InTexts(_, list)
        | ExpressionKind::Under(_, list)
        | ExpressionKind::Extension(_, list)
        | ExpressionKind::HasQuery(_, list)
        | ExpressionKind::HasCookie(_, list)
        | ExpressionKind::List(list) => texts(list),
        ExpressionKind::AnyQuery(_, list) | ExpressionKind::AnyCookie(_, list) => {
            list.iter().map(|glob| size_of::<String>() + glob.text().len()).sum()
        }
        ExpressionKind::InRanges(_, ranges) => ranges.len() * size_of::<std::ops::RangeInclusive<i64>>(),
        _ => 0,
    };
    size_of::<Expression>() + own + whole.parts().map(of).sum::<usize>()
}
