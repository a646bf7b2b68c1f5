//! Tests as requests that can be taken through a policy.

use http::StatusCode;

use crate::lang::hir::{Origin, Sent};
use crate::simulate::{Answer, Case, Request, SOMEWHERE};

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
