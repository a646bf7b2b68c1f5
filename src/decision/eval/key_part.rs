//! The parts of a cache key.

use std::borrow::Cow;

use http::header::COOKIE;

use super::{Scope, cookies, query};
use crate::decision::facts::Facts;
use crate::lang::hir::{Expression, ExpressionKind as Kind};

/// The further values of what a part names by its name: of a field, a parameter or a cookie that a request has more than
/// once. A policy reads the first, as a backend may read the last: with one of them in the key, who sends both would have
/// the page of one stored for those who ask for the other.
pub(super) fn further_values<'a, F: Facts>(scope: &Scope<'a, F>, part: &'a Expression) -> Vec<Vec<u8>> {
    let owned = |values: &mut dyn Iterator<Item = Cow<'_, [u8]>>| values.skip(1).map(Cow::into_owned).collect();
    match &part.kind {
        Kind::Fallback(parts) => parts.first().map(|first| further_values(scope, first)).unwrap_or_default(),
        // Nothing is taken from the heap for what all requests have once.
        Kind::Header(message, name) if *name != COOKIE && scope.facts.count_header_lines(*message, name) > 1 => {
            owned(&mut scope.facts.header_lines(*message, name).into_iter())
        }
        Kind::Query(message, name) => {
            let (Some(name), Some(query)) = (scope.text(name), scope.query(*message)) else { return Vec::new() };
            owned(&mut query::values(&query, &name))
        }
        Kind::Cookie(message, name) => {
            let (Some(name), Some(header)) = (scope.text(name), scope.facts.header(*message, &COOKIE)) else {
                return Vec::new();
            };
            owned(&mut cookies::values(&header, |one| *one == *name).map(Cow::Borrowed))
        }
        _ => Vec::new(),
    }
}
