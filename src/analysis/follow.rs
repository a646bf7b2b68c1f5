//! Which places have to be followed, so that all is known that is asked.

use std::collections::HashSet;

use http::HeaderName;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, COOKIE, HOST, IF_MATCH, IF_UNMODIFIED_SINCE, RANGE,
    SET_COOKIE, TRANSFER_ENCODING, VARY,
};

use super::effect::place_of;
use super::term::Place;
use crate::cache::TargetList;
use crate::lang::hir::{Expression, ExpressionKind as Kind, Hir, KeyPart, Statement, StatementKind, Tags};
use crate::lang::schema::function::Takes;
use crate::lang::schema::{Function, Message, Variable};

/// All places that an expression of the policy reads, and those that decide what is stored for whom. What is written and
/// never read makes no difference to any question.
pub(super) fn followed(hir: &Hir) -> HashSet<Place> {
    let mut places = HashSet::new();
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.for_each(|body| statements(&body.statements, &mut places));
    for message in [Message::Req, Message::Bereq] {
        places.extend([COOKIE, AUTHORIZATION, HOST].map(|name| Place::Field(message, name)));
        // These keep a request from being looked up.
        let kept_out = [IF_MATCH, IF_UNMODIFIED_SINCE, CONTENT_LENGTH, TRANSFER_ENCODING];
        places.extend(kept_out.map(|name| Place::Field(message, name)));
        places.insert(Place::Field(message, RANGE));
    }
    places.insert(Place::Field(Message::Beresp, CONTENT_RANGE));
    for message in [Message::Beresp, Message::Resp] {
        places.extend([SET_COOKIE, CACHE_CONTROL, VARY].map(|name| Place::Field(message, name)));
        places.extend(<&TargetList>::default().names().iter().map(|name| Place::Field(message, name.clone())));
    }
    let variables = [
        Variable::ReqUrl,
        Variable::ReqMethod,
        Variable::BereqUrl,
        Variable::BereqMethod,
        Variable::ReqBackendHint,
        Variable::ReqSlice,
        Variable::BereqBackend,
        Variable::BereqCacheControlFields,
        Variable::BerespUncacheable,
        Variable::BerespTtl,
        Variable::BerespGrace,
        Variable::BerespKeep,
        Variable::BerespStaleIfError,
        Variable::BerespStatus,
    ];
    places.extend(variables.map(Place::Variable));
    // What the backend is sent is what the client's request had by then, and the same of what the client is sent.
    let copies: Vec<Place> = places.iter().filter_map(source_of).collect();
    places.extend(copies);
    places
}

/// The fields of which it matters what their further lines say: what is stored goes by some, and functions read all of others.
pub(super) fn read_whole(hir: &Hir) -> HashSet<HeaderName> {
    let mut names = HashSet::from([CACHE_CONTROL, VARY]);
    names.extend(<&TargetList>::default().names().iter().cloned());
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.for_each(|body| given_to_functions(&body.statements, &mut names));
    names
}

fn given_to_functions(all: &[Statement], names: &mut HashSet<HeaderName>) {
    for statement in all {
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for arm in arms {
                fields_given(&arm.condition, names);
                given_to_functions(&arm.body, names);
            }
            given_to_functions(otherwise, names);
        } else {
            statement.kind.expressions().for_each(|one| fields_given(one, names));
        }
    }
}

fn fields_given(one: &Expression, names: &mut HashSet<HeaderName>) {
    if let Kind::Call(function, given) = &one.kind {
        let whole =
            function.parameters().iter().zip(given).filter(|(parameter, _)| matches!(parameter.takes, Takes::Header));
        names.extend(whole.filter_map(|(_, field)| match &field.kind {
            Kind::Header(_, name) => Some(name.clone()),
            _ => None,
        }));
    }
    one.parts().for_each(|part| fields_given(part, names));
}

/// The same and all places that the policy writes, with those that they are copied to: what a comparison looks at.
pub(super) fn compared(hir: &Hir) -> HashSet<Place> {
    let mut places = followed(hir);
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.for_each(|body| written(&body.statements, &mut places));
    let copies: Vec<Place> = places.iter().filter_map(copy_of).collect();
    places.extend(copies);
    let sources: Vec<Place> = places.iter().filter_map(source_of).collect();
    places.extend(sources);
    places
}

/// The place that another one is copied to at the start of a step.
fn copy_of(place: &Place) -> Option<Place> {
    match place {
        Place::Field(Message::Req, name) => Some(Place::Field(Message::Bereq, name.clone())),
        Place::Field(Message::Beresp, name) => Some(Place::Field(Message::Resp, name.clone())),
        _ => None,
    }
}

fn written(all: &[Statement], places: &mut HashSet<Place>) {
    for statement in all {
        match &statement.kind {
            StatementKind::Set(target, _) | StatementKind::Unset(target) => {
                places.insert(place_of(target));
            }
            StatementKind::Normalize(clause) => {
                places.insert(Place::normalized(clause));
            }
            StatementKind::If { arms, otherwise, .. } => {
                for arm in arms {
                    written(&arm.body, places);
                }
                written(otherwise, places);
            }
            _ => {}
        }
    }
}

/// The place that a message is copied from at the start of its step.
fn source_of(place: &Place) -> Option<Place> {
    match place {
        Place::Field(Message::Bereq, name) => Some(Place::Field(Message::Req, name.clone())),
        Place::Field(Message::Resp, name) => Some(Place::Field(Message::Beresp, name.clone())),
        Place::Variable(Variable::RespStatus) => Some(Place::Variable(Variable::BerespStatus)),
        Place::Variable(Variable::BereqBackend) => Some(Place::Variable(Variable::ReqBackendHint)),
        _ => None,
    }
}

fn statements(all: &[Statement], places: &mut HashSet<Place>) {
    for statement in all {
        match &statement.kind {
            StatementKind::Let(_, value)
            | StatementKind::Set(_, value)
            | StatementKind::Ban(value)
            | StatementKind::Key(KeyPart::Value(value))
            | StatementKind::Tag(Tags::Text(value)) => {
                expression(value, places);
            }
            StatementKind::If { arms, otherwise, .. } => {
                for arm in arms {
                    expression(&arm.condition, places);
                    statements(&arm.body, places);
                }
                statements(otherwise, places);
            }
            StatementKind::Return(outcome) => {
                outcome.status.iter().for_each(|status| expression(status, places));
            }
            StatementKind::Effect(_, given) => given.iter().for_each(|argument| expression(argument, places)),
            _ => {}
        }
    }
}

fn expression(one: &Expression, places: &mut HashSet<Place>) {
    match &one.kind {
        Kind::Variable(variable) => places.extend(of_variable(*variable)),
        Kind::Header(message, name) => places.extend([Place::Field(*message, name.clone())]),
        Kind::Directive(message, _) => places.extend([Place::Field(*message, CACHE_CONTROL)]),
        Kind::Cookie(message, _) | Kind::HasCookie(message, _) | Kind::AnyCookie(message, _) => {
            places.extend([Place::Field(*message, COOKIE)]);
        }
        Kind::Call(Function::Accept(liked), _) => places.extend([Place::Field(Message::Req, liked.field())]),
        _ => {}
    }
    one.parts().for_each(|part| expression(part, places));
}

fn of_variable(variable: Variable) -> Option<Place> {
    match variable {
        // Views of what is followed always.
        Variable::ReqPath | Variable::ReqHost | Variable::BereqPath | Variable::BereqHost => None,
        Variable::ReqTtl => Some(Place::Variable(Variable::ReqMaxAge)),
        variable => Some(Place::Variable(variable)),
    }
}
