//! In which regards one request is treated otherwise.

use std::collections::BTreeSet;

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName};

use crate::cache::hop_by_hop;
use crate::lang::schema::{Action, Message};
use crate::simulate::{Asked, Journey, KeyPart, Mark, Response, Stored, Treatment};

/// All in which the treatment of a request changes. It holds what policies say and nothing that only this request has, so
/// that requests that change alike have equal changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change(Vec<Aspect>);

/// One regard in which the treatment changes, from what to what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aspect {
    /// What is done with the request at all.
    Treatment(Treated, Treated),
    /// The site whose policy serves it; `None` is the root's.
    Site(Option<String>, Option<String>),
    /// How long what is stored is fresh, in milliseconds.
    Ttl(i64, i64),
    /// How long it is served stale while it is fetched anew, in milliseconds.
    Grace(i64, i64),
    /// How long it is kept beyond that, in milliseconds.
    Keep(i64, i64),
    /// How long it is served stale when the backend fails, in milliseconds, if that is said.
    StaleIfError(Option<i64>, Option<i64>),
    /// What the key is marked with where the answer is not stored.
    Mark(Option<Mark>, Option<Mark>),
    /// The parts of the cache key: how many there are.
    Key(usize, usize),
    /// The tags of what is stored.
    Tags,
    /// The backend or director that is asked.
    Backend(Option<String>, Option<String>),
    /// The status that the client gets.
    Status(u16, u16),
    /// A field: of what the backend is sent, of what is stored, or of what the client gets.
    Field(Message, HeaderText, Way),
    /// The method or the URL that the backend is sent.
    Target,
    /// The times and tries that the policy gives the request to the backend.
    Timeouts,
    /// The reason that stands beside the status.
    Reason(String, String),
    /// How many bytes of the request's content are kept at most, to be sent again.
    Kept(Option<u64>, Option<u64>),
    /// How often a backend is asked.
    Asked(usize, usize),
    /// How often the request begins again.
    Restarts(usize, usize),
    /// The content that the client gets.
    Content,
}

/// The name of a field, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeaderText(String);

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Treated {
    /// The answer is stored, and fresh for so many milliseconds.
    Stored(i64),
    /// A stored response is used.
    Hit,
    /// It is looked up, and the answer is not stored.
    NotStored,
    /// The cache is left out.
    Pass,
    /// Bytes are copied both ways.
    Pipe,
    /// What is stored is removed.
    Purge,
    /// What is stored is stale from then on.
    SoftPurge,
    /// warp answers itself, with that status.
    Synth(u16),
    /// The policy fails, or a backend cannot be asked: a page with that status.
    Error(u16),
}

impl Treated {
    /// What a journey comes to.
    #[must_use]
    pub fn of(journey: &Journey) -> Self {
        let status = journey.response.status.as_u16();
        if journey.has_failed() {
            return Self::Error(status);
        }
        match journey.treatment {
            Treatment::Answered => Self::Synth(status),
            Treatment::Hit => Self::Hit,
            Treatment::Purge { softly: false } => Self::Purge,
            Treatment::Purge { softly: true } => Self::SoftPurge,
            Treatment::Pipe => Self::Pipe,
            Treatment::Miss | Treatment::Pass if journey.asked.is_empty() && journey.stored.is_empty() => {
                Self::Error(status)
            }
            Treatment::Pass if journey.stored.is_empty() => Self::Pass,
            _ => journey.stored.last().map_or(Self::NotStored, |stored| Self::Stored(stored.lifetimes.ttl_ms)),
        }
    }

    /// Whether the backend's answer is what the client gets.
    fn is_fetched(self) -> bool {
        matches!(self, Self::Stored(_) | Self::Hit | Self::NotStored | Self::Pass)
    }
}

/// In what two journeys of one request with one answer differ, if they do.
#[must_use]
pub fn between(old: &Journey, new: &Journey) -> Option<Change> {
    let (before, after) = (Treated::of(old), Treated::of(new));
    let mut aspects = Vec::new();
    if std::mem::discriminant(&before) != std::mem::discriminant(&after) {
        aspects.push(Aspect::Treatment(before, after));
    }
    push(&mut aspects, Aspect::Site, old.site.clone(), new.site.clone());
    if let (Some(old), Some(new)) = (last_stored(old), last_stored(new)) {
        stored(&mut aspects, old, new);
    }
    if (before, after) == (Treated::NotStored, Treated::NotStored) {
        push(&mut aspects, Aspect::Mark, old.mark, new.mark);
    }
    if let (Some(before), Some(after)) = (key(old), key(new))
        && before != after
    {
        aspects.push(Aspect::Key(before.len(), after.len()));
    }
    // Where only one of them asks a backend, all that follows from that goes without saying.
    if (before == Treated::Hit) != (after == Treated::Hit) {
        if before.is_fetched() && after.is_fetched() {
            answered(&mut aspects, old, new);
            aspects.retain(|aspect| !is_of_age(aspect));
        }
    } else if before.is_fetched() == after.is_fetched() && (before == Treated::Pipe) == (after == Treated::Pipe) {
        asked(&mut aspects, old, new);
        answered(&mut aspects, old, new);
    } else if matches!((before, after), (Treated::Synth(_) | Treated::Error(_), Treated::Synth(_) | Treated::Error(_)))
    {
        answered(&mut aspects, old, new);
    }
    push(&mut aspects, Aspect::Kept, old.kept_bytes, new.kept_bytes);
    push(&mut aspects, Aspect::Restarts, restarts(old), restarts(new));
    aspects.sort();
    aspects.dedup();
    leave_out_copies(&mut aspects);
    (!aspects.is_empty()).then_some(Change(aspects))
}

/// Whether it is told by a field how old a response is.
fn is_of_age(aspect: &Aspect) -> bool {
    matches!(aspect, Aspect::Field(Message::Resp, name, _) if [AGE, DATE].iter().any(|it| it.as_str() == name.0))
}

/// What changes for the client needs not be said of what is stored as well.
fn leave_out_copies(aspects: &mut Vec<Aspect>) {
    let all = aspects.clone();
    aspects.retain(|aspect| match aspect {
        Aspect::Field(Message::Obj, name, way) => !all.contains(&Aspect::Field(Message::Resp, name.clone(), *way)),
        _ => true,
    });
}

/// Notes an aspect if its two values differ.
fn push<T: PartialEq>(aspects: &mut Vec<Aspect>, aspect: fn(T, T) -> Aspect, old: T, new: T) {
    if old != new {
        aspects.push(aspect(old, new));
    }
}

fn key(journey: &Journey) -> Option<&[KeyPart]> {
    last_stored(journey).map(Stored::key).or(journey.key.as_deref())
}

fn last_stored(journey: &Journey) -> Option<&Stored> {
    journey.and_behind().flat_map(|journey| &journey.stored).last()
}

fn restarts(journey: &Journey) -> usize {
    journey.steps.iter().filter(|ran| ran.explanation.verdict.action == Action::Restart).count()
}

fn stored(aspects: &mut Vec<Aspect>, old: &Stored, new: &Stored) {
    let (before, after) = (&old.lifetimes, &new.lifetimes);
    push(aspects, Aspect::Ttl, before.ttl_ms, after.ttl_ms);
    push(aspects, Aspect::Grace, before.grace_ms, after.grace_ms);
    push(aspects, Aspect::Keep, before.keep_ms, after.keep_ms);
    push(aspects, Aspect::StaleIfError, before.stale_if_error_ms, after.stale_if_error_ms);
    if old.tags != new.tags {
        aspects.push(Aspect::Tags);
    }
    fields(aspects, Message::Obj, &old.headers, &new.headers);
}

fn asked(aspects: &mut Vec<Aspect>, old: &Journey, new: &Journey) {
    let all = |journey| -> Vec<&Asked> { Journey::and_behind(journey).flat_map(|journey| &journey.asked).collect() };
    let (before, after) = (all(old), all(new));
    push(aspects, Aspect::Asked, before.len(), after.len());
    let backend = |journey: &Journey, asked: &[&Asked]| {
        let sent = asked.last().and_then(|asked| asked.backend_name.clone());
        sent.or_else(|| journey.backend_name.clone())
    };
    push(aspects, Aspect::Backend, backend(old, &before), backend(new, &after));
    for (old, new) in before.into_iter().zip(after) {
        let line = |asked: &Asked| (asked.method.clone(), asked.target.clone());
        if line(old) != line(new) {
            aspects.push(Aspect::Target);
        }
        if (old.timeouts, old.reconnects) != (new.timeouts, new.reconnects) {
            aspects.push(Aspect::Timeouts);
        }
        fields(aspects, Message::Bereq, &old.headers, &new.headers);
    }
}

fn answered(aspects: &mut Vec<Aspect>, old: &Journey, new: &Journey) {
    let (before, after) = (&old.response, &new.response);
    push(aspects, Aspect::Status, before.status.as_u16(), after.status.as_u16());
    fields(aspects, Message::Resp, &before.headers, &after.headers);
    let reason = |response: &Response| {
        let usual = || response.status.canonical_reason().unwrap_or_default().to_owned();
        response.reason.clone().unwrap_or_else(usual)
    };
    if before.reason != after.reason && before.status == after.status {
        push(aspects, Aspect::Reason, reason(before), reason(after));
    }
    if before.body != after.body {
        aspects.push(Aspect::Content);
    }
}

fn fields(aspects: &mut Vec<Aspect>, message: Message, old: &HeaderMap, new: &HeaderMap) {
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).map(HeaderName::as_str).collect();
    let names = names.into_iter().filter(|name| !hop_by_hop::HOP_BY_HOP.iter().any(|hop| hop == name));
    for name in names {
        let (before, after) = (values(old, name), values(new, name));
        let way = match (before.is_empty(), after.is_empty()) {
            _ if before == after => continue,
            (true, _) => Way::Added,
            (_, true) => Way::Removed,
            _ => Way::Changed,
        };
        aspects.push(Aspect::Field(message, HeaderText(name.to_owned()), way));
    }
}

/// The lines of a field.
pub(super) fn values<'m>(fields: &'m HeaderMap, name: &str) -> Vec<&'m [u8]> {
    fields.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
}

impl Change {
    /// The aspects in order, the most telling first; at least one.
    #[must_use]
    pub fn aspects(&self) -> &[Aspect] {
        &self.0
    }

    /// Whether both are in one regard at least, from and to whatever.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.0.iter().any(|aspect| other.0.iter().any(|known| known.name() == aspect.name()))
    }

    /// Those of the aspects alone, if there are some.
    pub(super) fn of(&self, is_told: impl Fn(&Aspect) -> bool) -> Option<Self> {
        let told: Vec<Aspect> = self.0.iter().filter(|aspect| is_told(aspect)).cloned().collect();
        (!told.is_empty()).then_some(Self(told))
    }
}

impl HeaderText {
    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
