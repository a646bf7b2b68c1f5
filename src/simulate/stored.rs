//! What was stored, as the next request finds it.

use http::header::AGE;
use http::{HeaderMap, HeaderName};

use super::journey::{Response, Stored};
use super::state::State;
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::{CacheControl, Vary, hop_by_hop, vary};

/// Stored responses.
#[derive(Clone, Debug, Default)]
pub struct Store(Vec<Stored>);

impl Store {
    /// What is fresh and answers the request; its own key has been made.
    pub(super) fn find(&self, state: &State<'_>) -> Option<&Stored> {
        let place = state.place();
        self.0.iter().rev().find(|stored| {
            let variant = variant(&stored.headers, &state.req.headers, None);
            let is_wanted = state.exchange.ignore_vary || variant.as_ref() == Some(&stored.variant);
            stored.place == place && is_wanted && stored.lifetimes.ttl_ms > 0
        })
    }

    /// Stores a response; one for the same requests makes way.
    pub(super) fn add(&mut self, stored: Stored) {
        self.0.retain(|other| !stored.replaces(other));
        self.0.push(stored);
    }

    /// Removes what stands under a request's key.
    pub(super) fn purge(&mut self, state: &State<'_>) {
        let place = state.place();
        self.0.retain(|stored| stored.place != place);
    }
}

impl State<'_> {
    /// Where what is stored for this request stands.
    pub(super) fn place(&self) -> (Option<String>, Vec<super::KeyPart>) {
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
            variant: variant(&beresp.headers, &self.req.headers, asked).unwrap_or_default(),
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
