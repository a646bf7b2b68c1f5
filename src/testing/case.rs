//! Tests as requests that can be taken through a policy, and what they ask for.

use std::collections::BTreeMap;

use http::StatusCode;

use crate::cache::spelling;
use crate::lang::hir::{Claim, Expression, ExpressionKind, Origin, Sent};
use crate::lang::schema::{Message, Variable};
use crate::simulate::{Answer, Case, Journey, KeyPart, Request, SOMEWHERE, Simulator, World};

/// The request, with what the backend does. Where nothing is said of that, it answers 200 so that one can go on.
pub(super) fn of(sent: &Sent, origins: &[Origin]) -> Case {
    let request = Request {
        method: sent.method.clone(),
        host: sent.host.clone(),
        target: sent.target.clone(),
        headers: sent.headers.clone(),
        client: sent.client.unwrap_or(SOMEWHERE),
        body: Vec::new(),
    };
    let mut answers = origins.iter().map(|origin| match origin {
        Origin::Unreachable => None,
        Origin::Answers(status, headers) => Some(Answer { headers: headers.clone(), ..Answer::new(*status) }),
    });
    let answer = answers.next().unwrap_or_else(|| Some(Answer::new(StatusCode::OK)));
    Case { later: answers.collect(), ..Case::new(request, answer) }
}

/// What a claim asks for of what came of a request, with what that came to.
pub(super) fn found(
    simulator: &Simulator,
    claim: &Claim,
    case: &Case,
    journey: &Journey,
    world: &World,
) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    for leaf in claim.leaves() {
        match leaf {
            Claim::Holds(condition) => asked(condition, &mut |name, value| {
                found.entry(name).or_insert_with(|| simulator.shown(value, case, journey, world));
            }),
            _ => drop(found.insert("key".to_owned(), key(journey))),
        }
    }
    found.into_iter().collect()
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
