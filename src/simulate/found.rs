//! What came of a request of that which a claim asks for, to be shown.

use std::collections::BTreeMap;

use super::{Case, Journey, KeyPart, Simulator, World};
use crate::cache::spelling;
use crate::lang::hir::{Claim, Expression, ExpressionKind};
use crate::lang::schema::{Message, Variable};

impl Simulator {
    /// What a claim asks for of what came of a request, with what that came to: `ttl` and `1h`.
    #[must_use]
    pub fn found(&self, claim: &Claim, case: &Case, journey: &Journey, world: &World) -> Vec<(String, String)> {
        let mut found = BTreeMap::new();
        for leaf in claim.leaves() {
            match leaf {
                Claim::Holds(condition) => asked(condition, &mut |name, value| {
                    found.entry(name).or_insert_with(|| self.shown(value, case, journey, world));
                }),
                _ => drop(found.insert("key".to_owned(), key(journey))),
            }
        }
        found.into_iter().collect()
    }
}

/// So many characters of a value are shown.
const MOST_SHOWN: usize = 120;

/// What was found, in a sentence without its end: `status is 200, ttl is 1h`.
#[must_use]
pub fn found_in_words(found: &[(String, String)]) -> String {
    let found = found.iter().map(|(name, value)| format!("{name} is {}", shortened(value)));
    found.collect::<Vec<_>>().join(", ")
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// Visits what an expression asks for of what came of a request.
fn asked(value: &Expression, visit: &mut impl FnMut(String, &Expression)) {
    match &value.kind {
        ExpressionKind::Variable(variable) => visit(name(*variable), value),
        ExpressionKind::Header(message, field) if *message == Message::Resp => {
            visit(format!("resp.http.{}", spelling(field)), value);
        }
        _ => value.parts().for_each(|part| asked(part, visit)),
    }
}

/// What a test calls it.
fn name(variable: Variable) -> String {
    match variable {
        Variable::RespStatus => "status".to_owned(),
        other => other.name().trim_start_matches("outcome.").to_owned(),
    }
}

/// The parts of the key.
fn key(journey: &Journey) -> String {
    let Some(parts) = journey.last_key() else { return "none".to_owned() };
    let parts = parts.iter().map(|part| match part {
        KeyPart::Value(value) | KeyPart::Further(value) => format!("\"{}\"", String::from_utf8_lossy(value)),
        KeyPart::Unset => "unset".to_owned(),
    });
    parts.collect::<Vec<_>>().join(", ")
}
