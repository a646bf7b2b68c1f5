//! From the backends of a policy to those that run.
//!
//! The registry gives the same backend for the same definition, so that what a swap does not change
//! keeps its health, its addresses and its counters.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{self, FileText};
use crate::origin::{
    Address, BackendDefinition, ClientIdentity, Greeting, HttpProbe, Limit, Place, ProbeDefinition, ProbeKind,
    ProxyVersion, TlsDefinition, TlsError, Via, certificates, full_name, private_key,
};

/// What the backends of a site or of the root are, in the order of declaration. What is wrong with certificates and keys
/// is a finding, and such a backend is left out.
pub(super) fn definitions(
    site: Option<&str>,
    declared: &[hir::Backend],
    findings: &mut Vec<Diagnostic>,
) -> Vec<BackendDefinition> {
    let mut definitions = Vec::with_capacity(declared.len());
    for backend in declared {
        match definition(site, backend, declared) {
            Ok(definition) => definitions.push(definition),
            Err(finding) => findings.push(*finding),
        }
    }
    definitions
}

fn definition(
    site: Option<&str>,
    backend: &hir::Backend,
    declared: &[hir::Backend],
) -> Result<BackendDefinition, Box<Diagnostic>> {
    Ok(BackendDefinition {
        name: full_name(site, &backend.name),
        place: backend.place.as_ref().map(place),
        host_header: backend.host_header.clone(),
        connect_timeout: backend.connect_timeout,
        first_byte_timeout: backend.first_byte_timeout,
        between_bytes_timeout: backend.between_bytes_timeout,
        limit: backend.limit.map(|limit| Limit {
            max_connections: limit.max_connections,
            wait_limit: limit.wait_limit,
            wait_timeout: limit.wait_timeout,
        }),
        greeting: greeting(backend, declared),
        tls: backend.tls.as_ref().map(tls).transpose()?,
        probe: backend.probe.as_ref().map(probe),
    })
}

fn place(place: &hir::Place) -> Place {
    match place {
        hir::Place::Network(address) => Place::Network(Address { host: address.host.clone(), port: address.port }),
        hir::Place::Socket(path) => Place::Socket(path.clone()),
        hir::Place::Service(name) => Place::Service(name.clone()),
    }
}

fn greeting(backend: &hir::Backend, declared: &[hir::Backend]) -> Greeting {
    let via = backend.greeting.via.as_ref().and_then(|via| {
        let proxy = declared.get(via.backend.0 as usize)?.place.as_ref()?;
        Some(Via { place: place(proxy), authority: via.authority.clone().or_else(|| authority(backend)) })
    });
    Greeting {
        via,
        preamble: backend.greeting.preamble.clone(),
        proxy_header: backend.greeting.proxy_header.map(|version| match version {
            hir::ProxyVersion::V1 => ProxyVersion::V1,
            hir::ProxyVersion::V2 => ProxyVersion::V2,
        }),
    }
}

/// The name of a backend where none is said, as Varnish has it.
fn authority(backend: &hir::Backend) -> Option<String> {
    let host = match &backend.place {
        Some(hir::Place::Network(address)) => Some(address.host.clone()),
        Some(service @ hir::Place::Service(_)) => Some(place(service).host_text()),
        _ => None,
    };
    backend.host_header.clone().or(host)
}

fn tls(tls: &hir::Tls) -> Result<TlsDefinition, Box<Diagnostic>> {
    let ca = tls.ca.as_ref().map(|file| read(file, certificates)).transpose()?.unwrap_or_default();
    let client = tls.client.as_ref().map(identity).transpose()?;
    let definition = TlsDefinition { server_name: tls.sni.clone(), verify: tls.verify, ca, client };
    let certificate = tls.client.as_ref().map(|(certificate, _)| certificate);
    // Of all that can be wrong now only the key is the policy's: whom the system trusts may change.
    if let (Err(error @ TlsError::Mismatch(_)), Some(file)) = (definition.client_config(), certificate) {
        return Err(bad_certificate(file, &error));
    }
    Ok(definition)
}

fn identity((certificate, key): &(FileText, FileText)) -> Result<ClientIdentity, Box<Diagnostic>> {
    Ok(ClientIdentity { certificates: read(certificate, certificates)?, key: read(key, private_key)? })
}

fn read<T>(file: &FileText, read: impl FnOnce(&[u8]) -> Result<T, TlsError>) -> Result<T, Box<Diagnostic>> {
    read(&file.bytes).map_err(|error| bad_certificate(file, &error))
}

fn bad_certificate(file: &FileText, error: &TlsError) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::E0664, file.span, error.to_string()).help("name another file, or mend this one"))
}

fn probe(probe: &hir::Probe) -> ProbeDefinition {
    ProbeDefinition {
        kind: match &probe.kind {
            hir::ProbeKind::Http(http) => ProbeKind::Http(HttpProbe {
                url: http.url.clone(),
                lines: http.lines.clone(),
                expected: http.expected.clone(),
                expect_close: http.expect_close,
            }),
            hir::ProbeKind::Tcp => ProbeKind::Tcp,
            hir::ProbeKind::Tls => ProbeKind::Tls,
        },
        timeout: probe.timeout,
        interval: probe.interval,
        window: probe.window,
        threshold: probe.threshold,
        initial: probe.initial,
    }
}
