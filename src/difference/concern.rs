//! What a question is about: a request answers it only if it shows that, and nothing else that changes as well.

use http::header::LOCATION;

use super::change::{Aspect, Change, Way};
use super::lines::of_companion;
use super::own::Own;
use crate::analysis::Place;
use crate::lang::schema::{Message, Step, Variable};
use crate::simulate::Journey;

/// What has to differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// Anything: the policies differ in one thing alone.
    Any,
    /// What a row or a statement makes itself.
    Own(Own),
    /// How a step ends.
    End(Step),
    /// What a place comes to, in what the step leads to.
    Place(Place),
    /// The parts of the key.
    Key,
    /// What a step does beside places.
    Deed(Step, Shown),
}

/// In what it shows what is done beside places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shown {
    Tags,
    Key,
    Content,
    Fields,
    /// In how long a key is marked, or for how long an answer is fresh.
    Time,
    Reason,
    Location,
    /// In how much of its content is kept.
    Kept,
    /// In that the step fails.
    Failure,
    /// In nothing that is compared.
    Nowhere,
}

impl Concern {
    /// Whether a change is of that kind; what a row makes itself does not show in it.
    pub fn shows(&self, change: &Change, [old, new]: &[Journey; 2]) -> bool {
        let any = |is_it: &dyn Fn(&Aspect) -> bool| change.aspects().iter().any(is_it);
        match self {
            Self::Any => true,
            Self::Own(_) => false,
            Self::End(step) => ends(old, *step) != ends(new, *step),
            Self::Place(place) => any(&|aspect| is_of(place, aspect)),
            Self::Key => any(&|aspect| matches!(aspect, Aspect::Key(..))),
            Self::Deed(_, Shown::Failure) => old.has_failed() != new.has_failed(),
            // What a `return` is given goes with it.
            Self::Deed(step, Shown::Reason | Shown::Location | Shown::Time) if ends(old, *step) != ends(new, *step) => {
                true
            }
            Self::Deed(_, shown) => any(&|aspect| is_shown(*shown, aspect)),
        }
    }
}

/// Each end of a step, with its status.
fn ends(journey: &Journey, step: Step) -> Vec<impl PartialEq> {
    let ran = journey.and_behind().flat_map(|journey| &journey.steps).filter(|ran| ran.step == step);
    let end = |verdict: &crate::decision::Verdict| (verdict.action, verdict.status, verdict.soft);
    ran.map(|ran| end(&ran.explanation.verdict)).collect()
}

/// Whether a place comes to show in an aspect.
fn is_of(place: &Place, aspect: &Aspect) -> bool {
    use Variable as V;
    let of = |message: Message, told: Message| match message {
        Message::Beresp => matches!(told, Message::Obj | Message::Resp),
        Message::Req => told == Message::Bereq,
        other => told == other,
    };
    match (place, aspect) {
        (Place::Field(message, name), Aspect::Field(told, field, _)) => {
            of(*message, *told) && field.as_str() == of_companion(name).as_str()
        }
        (Place::Field(..), _) => false,
        (Place::Variable(variable), aspect) => match variable {
            V::BerespTtl => matches!(aspect, Aspect::Ttl(..) | Aspect::Treatment(..) | Aspect::Mark(..)),
            V::BereqCacheControlFields => {
                matches!(aspect, Aspect::Ttl(..) | Aspect::Treatment(..) | Aspect::Mark(..) | Aspect::Grace(..))
            }
            V::BerespUncacheable => matches!(aspect, Aspect::Treatment(..) | Aspect::Mark(..)),
            V::BerespGrace => matches!(aspect, Aspect::Grace(..)),
            V::BerespKeep => matches!(aspect, Aspect::Keep(..)),
            V::BerespStaleIfError => matches!(aspect, Aspect::StaleIfError(..)),
            V::BerespStatus | V::RespStatus => matches!(aspect, Aspect::Status(..) | Aspect::Treatment(..)),
            V::BerespReason | V::RespReason => matches!(aspect, Aspect::Reason(..)),
            V::BereqBackend | V::ReqBackendHint => matches!(aspect, Aspect::Backend(..) | Aspect::Treatment(..)),
            V::BereqUrl | V::BereqMethod | V::ReqUrl | V::ReqMethod => matches!(aspect, Aspect::Target),
            V::BereqConnectTimeout
            | V::BereqFirstByteTimeout
            | V::BereqBetweenBytesTimeout
            | V::BereqTaskDeadline
            | V::BereqRetryConnect => matches!(aspect, Aspect::Timeouts),
            V::BerespBody | V::RespBody => matches!(aspect, Aspect::Content),
            V::BereqBody => matches!(aspect, Aspect::Field(Message::Bereq, ..)),
            _ => false,
        },
    }
}

fn is_shown(shown: Shown, aspect: &Aspect) -> bool {
    match (shown, aspect) {
        (Shown::Tags, Aspect::Tags)
        | (Shown::Key, Aspect::Key(..))
        | (Shown::Content, Aspect::Content)
        | (Shown::Reason, Aspect::Reason(..))
        | (Shown::Kept, Aspect::Kept(..))
        | (Shown::Fields, Aspect::Field(..) | Aspect::Key(..))
        | (Shown::Time, Aspect::Mark(..) | Aspect::Ttl(..) | Aspect::Treatment(..)) => true,
        (Shown::Location, Aspect::Field(Message::Resp, name, Way::Changed)) => name.as_str() == LOCATION.as_str(),
        _ => false,
    }
}
