//! All backends that some policy holds.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::addresses::Addresses;
use super::backend::{Backend, Parts};
use super::definition::{Address, BackendDefinition, Limit, Place};
use super::director::{Director, DirectorDefinition, State, Target};
use super::dns::Dns;
use super::health::{Health, Probed, Ways};
use super::host::HostAddresses;
use super::lookup::{Lookup, Name};
use super::shared::Shared;
use super::slots::Slots;
use crate::telemetry::Metrics;

/// Gives the same [`Backend`] for the same definition, for as long as someone holds it.
///
/// Its parts are shared more widely: addresses by host and port or service, health by what the probe asks, slots by name and
/// limit, so that none is lost when a policy changes a timeout.
#[derive(Debug)]
pub struct Registry {
    runtime: Handle,
    metrics: Arc<Metrics>,
    lookup: Arc<dyn Lookup>,
    backends: Shared<BackendDefinition, Backend>,
    health: Shared<Probed, Health>,
    addresses: Shared<Place, Addresses>,
    slots: Shared<(String, Option<Place>, Limit), Slots>,
    directors: Shared<DirectorDefinition, State>,
}

impl Registry {
    /// An empty registry. Probes and name lookups run on `runtime`, which has I/O and time enabled
    /// and lives as long as the process.
    #[must_use]
    pub fn new(runtime: Handle, metrics: Arc<Metrics>) -> Self {
        Self::with_lookup(runtime, metrics, Arc::new(Dns::default()))
    }

    /// Like [`Self::new`] with another way to look names up than the system's.
    #[must_use]
    pub fn with_lookup(runtime: Handle, metrics: Arc<Metrics>, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            runtime,
            metrics,
            lookup,
            backends: Shared::default(),
            health: Shared::default(),
            addresses: Shared::default(),
            slots: Shared::default(),
            directors: Shared::default(),
        }
    }

    /// The backend of that definition. Starts its probe if it is new. Does no I/O itself.
    #[must_use]
    pub fn backend(&self, definition: &BackendDefinition) -> Arc<Backend> {
        self.backends.get_or_make(definition, || {
            let addresses = self.addresses_of(definition.place.as_ref());
            let via = self.addresses_of(definition.greeting.via.as_ref().map(|via| &via.place));
            let health = self.health(definition, addresses.as_ref(), via.as_ref());
            let parts = Parts { health, slots: self.slots(definition), addresses, via };
            Backend::new(definition.clone(), parts, self.metrics.origin(&definition.name))
        })
    }

    /// The director of that definition and number, with `members` in the order of the definition.
    #[must_use]
    pub fn director(&self, number: u32, definition: DirectorDefinition, members: Vec<Target>) -> Director {
        let state = self.directors.get_or_make(&definition, || State::new(&definition));
        Director::new(number, definition, members, state)
    }

    /// What a host stands for that is named by something other than a backend.
    #[must_use]
    pub fn host(&self, name: &str) -> HostAddresses {
        let place = Place::Network(Address { host: name.to_owned(), port: 0 });
        let name = Name::Host { host: name.to_owned(), port: 0 };
        let make = || Addresses::of_name(name, self.lookup.clone(), &self.runtime);
        HostAddresses::new(self.addresses.get_or_make(&place, make), self.runtime.clone())
    }

    fn addresses_of(&self, place: Option<&Place>) -> Option<Arc<Addresses>> {
        let place = place?;
        let name = place.name()?;
        let literal = match place {
            Place::Network(address) => address.literal().map(|ip| SocketAddr::new(ip, address.port)),
            _ => None,
        };
        Some(self.addresses.get_or_make(place, || match literal {
            Some(address) => Addresses::known(address),
            None => Addresses::of_name(name, self.lookup.clone(), &self.runtime),
        }))
    }

    fn health(
        &self,
        definition: &BackendDefinition,
        addresses: Option<&Arc<Addresses>>,
        via: Option<&Arc<Addresses>>,
    ) -> Option<Arc<Health>> {
        let probed = Probed::of(definition)?;
        let ways = || Ways { addresses: addresses.cloned(), via: via.cloned() };
        Some(self.health.get_or_make(&probed, || Health::start(&probed, ways(), &self.runtime)))
    }

    fn slots(&self, definition: &BackendDefinition) -> Option<Arc<Slots>> {
        let limited = (definition.name.clone(), definition.place.clone(), definition.limit?);
        Some(self.slots.get_or_make(&limited, || Slots::new(limited.2)))
    }
}

#[cfg(test)]
mod tests;
