//! What anybody may do to what is stored.
//!
//! Removing what is stored, or having it fetched anew, is for those who look after a site: of whom an address is known, a
//! password or a token. It is asked whether somebody comes through who is in no list, and knows nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::forged::{Forged, is_known_to_all, is_made_of_known, is_of_a_field};
use super::personal::shown;
use super::survey::{Deed, DeedKind, Survey};
use crate::analysis::{Answer, Formula, Literal, Op, Place, Term, Test};
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Acl, Texts};
use crate::lang::schema::{Action, Message};
use crate::lang::source::Span;
use crate::simulate::{Journey, Treatment};

/// A text of so many bytes may be a secret.
const SECRET_BYTES: usize = 6;

/// Purges, bans and forced fetches that are open to all.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let mut by_place: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
    for (at, deed) in survey.deeds.iter().enumerate() {
        if subject(deed.kind).is_some() && !survey.is_builtin(deed.span) {
            by_place.entry(deed.span).or_default().push(at);
        }
    }
    let look = |(span, deeds): (Span, Vec<usize>)| survey.look_at(span, |survey| look(survey, &deeds));
    by_place.into_iter().filter_map(look).collect()
}

/// The code, and what anybody can do.
fn subject(kind: DeedKind) -> Option<(Code, &'static str)> {
    match kind {
        DeedKind::Return(Action::Purge) => Some((Code::W0806, "anybody can remove what is stored")),
        DeedKind::PurgeTags => Some((Code::W0806, "anybody can remove all that has a tag")),
        DeedKind::Ban => Some((Code::W0806, "anybody can ban what is stored")),
        DeedKind::Refresh => Some((Code::W0807, "anybody can have the backend asked again for what is stored")),
        DeedKind::Return(_)
        | DeedKind::Sends
        | DeedKind::Carries
        | DeedKind::Shapes(_)
        | DeedKind::Lives(_)
        | DeedKind::Tests => None,
    }
}

fn look(survey: &mut Survey<'_>, deeds: &[usize]) -> Option<Diagnostic> {
    let deeds: Vec<&Deed> = deeds.iter().filter_map(|at| survey.deeds.get(*at)).collect();
    let guards: Vec<Formula> =
        deeds.iter().filter(|deed| !is_rationed(deed)).map(|deed| hostile(&deed.guard, &survey.hir.acls)).collect();
    let mut list = None;
    for deed in &deeds {
        deed.guard.literals(&mut |literal| list = list.or(common_list(literal, &survey.hir.acls).map(|acl| acl.span)));
    }
    let deed = *deeds.first()?;
    let (kind, span, place) = (deed.kind, deed.span, survey.first_line(deed.span));
    let forged = Forged::of(&guards, &survey.hir.acls);
    let stranger = forged.by_a_stranger();
    let witness = guards.iter().find_map(|guard| {
        let Answer::Possible(model) = survey.solver.solve(&Formula::all([guard.clone(), stranger.clone()])) else {
            return None;
        };
        let witness = model.witness()?;
        let mut tried = std::iter::once(witness.clone()).chain(forged.requests(&witness));
        tried.find(|witness| comes_about(&survey.replay(witness), kind, span))
    })?;
    let (code, message) = subject(kind)?;
    let finding = Diagnostic::new(code, place, message).label("open to all");
    let finding = match list {
        Some(acl) => finding.context(acl, "holds everybody"),
        None => finding,
    };
    let cure = match forged.field_of(&witness) {
        Some(field) => format!("a client may write what it likes into `{field}`: ask for `client.ip`, or for a token"),
        None => "ask for the address first, `when client.ip !~ editors -> deny 403`, or for a token".to_owned(),
    };
    Some(finding.help(format!("{cure}. It happens with {}", shown(&witness))))
}

/// Whether a fetch anew hangs on something that the request does not say, such as a rate limit.
fn is_rationed(deed: &Deed) -> bool {
    let mut is_free = false;
    deed.guard.literals(&mut |literal| is_free |= matches!(literal.term, Term::Free(_)));
    is_free && deed.kind == DeedKind::Refresh
}

/// Whether a request has come to a statement.
fn comes_about(journey: &Journey, kind: DeedKind, span: Span) -> bool {
    if kind == DeedKind::Return(Action::Purge) {
        return matches!(journey.treatment, Treatment::Purge { .. });
    }
    let acted = |event: &Event| matches!(event, Event::Acted(place) if *place == span);
    journey.steps.iter().any(|ran| ran.explanation.course.iter().any(acted))
}

/// A condition, of a client who is in no list but those that hold half the world, and knows no secret.
fn hostile(guard: &Formula, acls: &[Acl]) -> Formula {
    let (mut known, mut common): (Vec<Literal>, Vec<Literal>) = Default::default();
    guard.literals(&mut |literal| {
        let of_its_kind = if common_list(literal, acls).is_some() { &mut common } else { &mut known };
        if proves_something(literal) && !of_its_kind.contains(literal) {
            of_its_kind.push(literal.clone());
        }
    });
    let asked = |literal: Literal| Formula::of(literal.term, literal.test);
    let somewhere = (!common.is_empty()).then(|| Formula::any(common.into_iter().map(asked)));
    let nothing = known.into_iter().map(|literal| asked(literal).not());
    Formula::all([guard.clone()].into_iter().chain(somewhere).chain(nothing))
}

/// The list that a test asks for, if people are in it whom nobody knows.
fn common_list<'h>(literal: &Literal, acls: &'h [Acl]) -> Option<&'h Acl> {
    let id = match (&literal.test, literal.term.as_made()) {
        (Test::Listed(id), _) | (Test::Holds, Some((Op::Listed(id), _))) => *id,
        _ => return None,
    };
    acls.get(id.0 as usize).filter(|acl| holds_many(acl))
}

/// A network of IPv4 with fewer bits than this holds more than anybody has; `10.0.0.0/8` has them.
const FEWEST_BITS: u8 = 8;
/// The same of IPv6, among the addresses that are routed.
const FEWEST_BITS_V6: u8 = 16;

/// Whether a list holds addresses of people nobody knows, such as all.
fn holds_many(acl: &Acl) -> bool {
    acl.entries.iter().any(|(net, is_excluded)| {
        let is_wide = match net {
            IpNet::V4(net) => net.prefix_len() < FEWEST_BITS,
            IpNet::V6(net) => {
                let first = net.addr().segments()[0];
                // What is routed begins with the bits 001: the rest is for links, sites and groups.
                net.prefix_len() < FEWEST_BITS_V6 && (net.prefix_len() < 3 || first >> 13 == 1)
            }
        };
        is_wide && !is_excluded
    })
}

/// Whether a test may be one of who the client is.
fn proves_something(literal: &Literal) -> bool {
    match &literal.test {
        _ if is_of_a_field(literal) => false,
        Test::Listed(_) => true,
        Test::At(address) => !matches!(address, IpAddr::V4(any) if any.is_unspecified()),
        Test::Holds => is_opaque(&literal.term),
        Test::In(texts) => is_told(&literal.term) && texts.iter().all(is_secret),
        Test::Set | Test::Within(_) => false,
    }
}

/// Functions and comparisons that are not looked into.
fn is_opaque(term: &Term) -> bool {
    match term.as_made() {
        Some((op, _)) => matches!(op, Op::Call(_) | Op::Compare(_) | Op::Listed(_)),
        None => matches!(term, Term::Free(_)),
    }
}

/// Whether it is a value that only somebody sends who knows it: no method, host or path.
fn is_told(term: &Term) -> bool {
    match term {
        Term::Input(Place::Field(Message::Req, name)) => !is_known_to_all(name),
        Term::Made(made) => match &made.op {
            Op::Query | Op::Cookie => true,
            Op::Call(_) => !is_made_of_known(term),
            Op::Lower | Op::Upper => made.of.iter().any(is_told),
            _ => false,
        },
        _ => false,
    }
}

fn is_secret(texts: &Texts<'static>) -> bool {
    match texts {
        Texts::Exact(text) | Texts::Prefix(text) | Texts::Suffix(text) => text.len() >= SECRET_BYTES,
        Texts::Pattern(_, Some(start)) => start.len() >= SECRET_BYTES,
        Texts::Pattern(_, None) | Texts::Extension(_) => false,
    }
}

impl Deed {
    /// Whether it is come to in the round of that number, which a variable counts.
    pub(super) fn is_in_round(&self, counter: crate::lang::schema::Variable, round: i64) -> bool {
        self.state.variable(counter).only() == Some(&Term::Number(round))
    }
}
