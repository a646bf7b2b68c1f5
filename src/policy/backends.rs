//! From the backends of a policy to those that run.
//!
//! The registry gives the same backend for the same definition, so that what a swap does not change
//! keeps its health, its addresses and its counters.

use std::sync::Arc;

use crate::lang::hir;
use crate::origin::{Address, Backend, BackendDefinition, ProbeDefinition, Registry};

/// The running backends, in the order of the declared ones.
pub(super) fn resolve(declared: &[hir::Backend], registry: &Registry) -> Vec<Arc<Backend>> {
    declared.iter().map(|backend| registry.backend(&definition(backend))).collect()
}

fn definition(backend: &hir::Backend) -> BackendDefinition {
    let address = backend.address.as_ref();
    BackendDefinition {
        name: backend.name.clone(),
        address: address.map(|address| Address { host: address.host.clone(), port: address.port }),
        host_header: backend.host_header.clone(),
        connect_timeout: backend.connect_timeout,
        first_byte_timeout: backend.first_byte_timeout,
        between_bytes_timeout: backend.between_bytes_timeout,
        probe: backend.probe.as_ref().map(probe),
    }
}

fn probe(probe: &hir::Probe) -> ProbeDefinition {
    ProbeDefinition {
        url: probe.url.clone(),
        expected_response: probe.expected_response,
        timeout: probe.timeout,
        interval: probe.interval,
        window: probe.window,
        threshold: probe.threshold,
        initial: probe.initial,
    }
}
