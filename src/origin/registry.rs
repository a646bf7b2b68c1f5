//! All backends that some policy holds.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::addresses::{Addresses, Lookup, SystemLookup};
use super::backend::Backend;
use super::definition::{Address, BackendDefinition};
use super::director::{Director, DirectorDefinition, State, Target};
use super::health::{Health, Probed};
use super::shared::Shared;
use crate::telemetry::Metrics;

/// Gives the same [`Backend`] for the same definition, for as long as someone holds it.
///
/// Its parts are shared more widely: addresses by host and port, health by what the probe asks, so
/// that neither is lost when a policy changes a timeout.
#[derive(Debug)]
pub struct Registry {
    runtime: Handle,
    metrics: Arc<Metrics>,
    lookup: Arc<dyn Lookup>,
    backends: Shared<BackendDefinition, Backend>,
    health: Shared<Probed, Health>,
    addresses: Shared<Address, Addresses>,
    directors: Shared<DirectorDefinition, State>,
}

impl Registry {
    /// An empty registry. Probes and name lookups run on `runtime`, which has I/O and time enabled
    /// and lives as long as the process.
    #[must_use]
    pub fn new(runtime: Handle, metrics: Arc<Metrics>) -> Self {
        Self::with_lookup(runtime, metrics, Arc::new(SystemLookup))
    }

    /// Like [`Self::new`] with another way to look names up.
    #[must_use]
    pub fn with_lookup(runtime: Handle, metrics: Arc<Metrics>, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            runtime,
            metrics,
            lookup,
            backends: Shared::default(),
            health: Shared::default(),
            addresses: Shared::default(),
            directors: Shared::default(),
        }
    }

    /// The backend of that definition. Starts its probe if it is new. Does no I/O itself.
    #[must_use]
    pub fn backend(&self, definition: &BackendDefinition) -> Arc<Backend> {
        self.backends.get_or_make(definition, || {
            let addresses = definition.address.as_ref().map(|address| self.addresses(address));
            let health = addresses.as_ref().and_then(|addresses| self.health(definition, addresses));
            Backend::new(definition.clone(), addresses, health, self.metrics.origin(&definition.name))
        })
    }

    /// The director of that definition and number, with `members` in the order of the definition.
    #[must_use]
    pub fn director(&self, number: u32, definition: DirectorDefinition, members: Vec<Target>) -> Director {
        let state = self.directors.get_or_make(&definition, || State::new(&definition));
        Director::new(number, definition, members, state)
    }

    fn addresses(&self, address: &Address) -> Arc<Addresses> {
        self.addresses
            .get_or_make(address, || Addresses::new(address.clone(), self.lookup.clone(), self.runtime.clone()))
    }

    fn health(&self, definition: &BackendDefinition, addresses: &Arc<Addresses>) -> Option<Arc<Health>> {
        let probed = Probed::of(definition)?;
        Some(self.health.get_or_make(&probed, || Health::start(&probed, addresses.clone(), &self.runtime)))
    }
}

#[cfg(test)]
mod tests;
