//! What was stored, as the next request finds it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use http::header::AGE;
use http::{HeaderMap, HeaderName};

use super::journey::{KeyPart, Response, Stored};
use super::state::State;
use crate::cache::asked::QUERY;
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::{CacheControl, Lifetimes, StaleUse, StaleWindows, Vary, hop_by_hop, vary};

/// Stored responses, and how many there are at most.
#[derive(Clone, Debug, Default)]
pub struct Store {
    by_place: HashMap<Place, Vec<Stored>>,
    most: Option<usize>,
    count: usize,
    refused: usize,
}

/// The site and the key under which a response stands.
pub(super) type Place = (Option<String>, Vec<KeyPart>);

impl Store {
    /// One that holds so many; what comes when it is full of what is fresh is not stored.
    #[must_use]
    pub fn of_at_most(most: usize) -> Self {
        Self { most: Some(most), ..Self::default() }
    }

    /// Whether something was not stored because it was full.
    #[must_use]
    pub fn was_full(&self) -> bool {
        self.refused > 0
    }

    /// What answers the request and is fresh, or within its grace; as old as it is by now. Its key has been made.
    pub(super) fn find(&mut self, state: &State<'_>) -> Option<Stored> {
        let variants = self.by_place.get_mut(&state.place())?;
        let found = variants.iter_mut().rev().find(|stored| {
            let variant = variant(&stored.headers, &state.req.headers, None);
            let is_wanted = state.exchange.ignore_vary || variant.as_ref() == Some(&stored.variant);
            is_wanted && (stored.is_fresh(state.now()) || stored.is_in_grace(state))
        });
        found.map(|stored| {
            stored.hits += 1;
            stored.aged(state.now())
        })
    }

    /// Whether something stands under a request's key.
    pub(super) fn holds(&self, state: &State<'_>) -> bool {
        self.by_place.contains_key(&state.place())
    }

    /// Stores a response; one for the same requests makes way.
    pub(super) fn add(&mut self, stored: Stored) {
        let mut known = self.by_place.get(&stored.place).into_iter().flatten();
        let takes_a_place = !known.any(|other| stored.replaces(other));
        if takes_a_place && !self.has_room(stored.at) {
            self.refused += 1;
            return;
        }
        self.count += usize::from(takes_a_place);
        let variants = self.by_place.entry(stored.place.clone()).or_default();
        variants.retain(|other| !stored.replaces(other));
        variants.push(stored);
    }

    /// Removes what stands under a request's key.
    pub(super) fn purge(&mut self, state: &State<'_>) {
        let removed = self.by_place.remove(&state.place());
        self.count -= removed.map_or(0, |variants| variants.len());
    }

    /// Lets what stands under a request's key be stale from now on.
    pub(super) fn expire(&mut self, state: &State<'_>) {
        for stored in self.by_place.get_mut(&state.place()).into_iter().flatten() {
            let passed_ms = i64::try_from(stored.stored_for(state.now()).as_millis()).unwrap_or(i64::MAX);
            stored.lifetimes.ttl_ms = stored.lifetimes.ttl_ms.min(passed_ms);
        }
    }

    /// Whether there is room for one more, once what is stale is gone.
    fn has_room(&mut self, now: SystemTime) -> bool {
        let Some(most) = self.most else { return true };
        // All are looked at, so not each time.
        if self.count >= most && self.refused.is_multiple_of(most / 4 + 1) {
            self.forget_useless(now);
        }
        self.count < most
    }

    fn forget_useless(&mut self, now: SystemTime) {
        for variants in self.by_place.values_mut() {
            variants.retain(|stored| stored.is_fresh(now) || stored.may_be_used_stale(now, None));
        }
        self.by_place.retain(|_, variants| !variants.is_empty());
        self.count = self.by_place.values().map(Vec::len).sum();
    }
}

impl Stored {
    /// For how long it has been stored; none, where clocks were set back.
    fn stored_for(&self, now: SystemTime) -> Duration {
        now.duration_since(self.at).unwrap_or_default()
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.left_ms(now) > 0
    }

    /// Whether it may be used for this request while it is fetched anew. A fetch behind it would have no content to send.
    fn is_in_grace(&self, state: &State<'_>) -> bool {
        state.req.method.as_str() != QUERY && self.may_be_used_stale(state.now(), state.exchange.grace)
    }

    /// Whether it may be used stale, by a request that puts up with so much at most.
    fn may_be_used_stale(&self, now: SystemTime, most: Option<Duration>) -> bool {
        let stale_for = Lifetimes::duration(self.left_ms(now).saturating_neg());
        let grace = Lifetimes::duration(self.lifetimes.grace_ms).min(most.unwrap_or(Duration::MAX));
        StaleWindows { grace, ..self.lifetimes.windows() }.allow(StaleUse::WhileRevalidating, stale_for)
    }

    fn left_ms(&self, now: SystemTime) -> i64 {
        let stored_ms = i64::try_from(self.stored_for(now).as_millis()).unwrap_or(i64::MAX);
        self.lifetimes.ttl_ms.saturating_sub(stored_ms)
    }

    /// The same as it is at that time.
    fn aged(&self, now: SystemTime) -> Self {
        let mut aged = self.clone();
        aged.lifetimes.ttl_ms = self.left_ms(now);
        aged.lifetimes.age = self.lifetimes.age.saturating_add(self.stored_for(now));
        aged.at = now;
        aged
    }
}

impl State<'_> {
    /// Where what is stored for this request stands.
    pub(super) fn place(&self) -> Place {
        (self.site.map(str::to_owned), self.exchange.key.clone())
    }

    /// The response that came, as it is stored.
    pub(super) fn to_store(&self, beresp: &Response, cc: &CacheControl) -> Stored {
        let mut headers = beresp.headers.clone();
        let withheld = cc.withheld_fields().cloned().collect::<Vec<HeaderName>>();
        for name in hop_by_hop::found_in(&headers).iter().chain(&withheld) {
            headers.remove(name);
        }
        // The age is reckoned anew at each use.
        headers.remove(AGE);
        let asked = self.fetch.asked_with.as_ref();
        Stored {
            place: self.place(),
            at: self.now(),
            variant: variant(&beresp.headers, &self.req.headers, asked).unwrap_or_default(),
            hits: 0,
            status: beresp.status,
            headers,
            body: beresp.body.clone(),
            keeps_surrogate_control: cc.targeted == Some(SURROGATE_CONTROL),
            lifetimes: self.fetch.lifetimes.clone(),
            tags: self.fetch.tags.clone(),
        }
    }
}

/// What requests have to agree in to be answered with a response; `None` if none can be.
fn variant(response: &HeaderMap, request: &HeaderMap, asked: Option<&HeaderMap>) -> Option<Vec<u8>> {
    let vary = Vary::parse(response);
    match (&vary, asked) {
        (Vary::Fields(names), Some(asked)) => vary.secondary_key(&vary::asked_with(names, request, asked, response)),
        _ => vary.secondary_key(request),
    }
}
