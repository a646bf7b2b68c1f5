//! Names looked up by DNS: in the system's hosts file first, then at the name servers that the system or the operator
//! names.
//!
//! Nothing is remembered here: who asks keeps the answer for as long as it holds.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name as DomainName, RData, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

use super::lookup::{Candidate, Found, Lookup, LookupFuture, Name};

/// How long what the hosts file says holds: it is a file on this machine.
const HOSTS_FILE: Duration = Duration::from_secs(10);

/// Where the system names its name servers.
const SYSTEM: &str = "/etc/resolv.conf";

/// Looks names up by DNS.
#[derive(Clone, Debug, Default)]
pub struct Dns(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The name servers of the operator; those of the system if there are none.
    servers: Vec<SocketAddr>,
    /// The resolver, and when the file was written that it was made by.
    resolver: Mutex<Option<(Option<SystemTime>, TokioResolver)>>,
}

impl Dns {
    /// Asks these name servers, in place of those that the system names if there are any.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self(Arc::new(Inner { servers, resolver: Mutex::default() }))
    }

    /// The resolver; made anew when the system's settings have changed.
    fn resolver(&self) -> io::Result<TokioResolver> {
        let system = self.0.servers.is_empty().then(|| fs::metadata(SYSTEM).and_then(|file| file.modified()));
        let written = system.and_then(Result::ok);
        let mut kept = self.0.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, resolver)) = kept.as_ref()
            && *known == written
        {
            return Ok(resolver.clone());
        }
        let resolver = make(&self.0.servers).map_err(|error| io::Error::other(format!("{SYSTEM}: {error}")))?;
        *kept = Some((written, resolver.clone()));
        Ok(resolver)
    }

    async fn found(self, name: Name) -> io::Result<Found> {
        match name {
            Name::Host { host, port } => {
                let (addresses, ttl) = self.addresses(&domain_name(&host)?).await?;
                let candidate = |ip| Candidate { address: SocketAddr::new(ip, port), priority: 0, weight: 1 };
                Ok(Found { addresses: addresses.into_iter().map(candidate).collect(), ttl })
            }
            Name::Service(name) => self.service(&domain_name(&name)?).await,
        }
    }

    async fn addresses(&self, name: &DomainName) -> io::Result<(Vec<IpAddr>, Duration)> {
        let of_file = in_hosts_file(name);
        if !of_file.is_empty() {
            return Ok((of_file, HOSTS_FILE));
        }
        let found = self.resolver()?.lookup_ip(name.clone()).await.map_err(reason)?;
        Ok((found.iter().collect(), left(found.valid_until())))
    }

    /// RFC 2782: the hosts of a service, each with its priority, weight and port. One whose name cannot be looked up is
    /// left out unless it is the last.
    async fn service(&self, name: &DomainName) -> io::Result<Found> {
        let answer = self.resolver()?.srv_lookup(name.clone()).await.map_err(reason)?;
        let mut found = Found { addresses: Vec::new(), ttl: left(answer.valid_until()) };
        let mut last_error = None;
        for record in answer.answers() {
            let RData::SRV(srv) = &record.data else { continue };
            if srv.target.is_root() {
                last_error = Some(io::Error::other("the service is not offered"));
                continue;
            }
            match self.addresses(&srv.target).await {
                Ok((addresses, ttl)) => {
                    found.ttl = found.ttl.min(ttl);
                    found.addresses.extend(shared_out(srv, &addresses));
                }
                Err(error) => last_error = Some(io::Error::other(format!("{}: {error}", srv.target))),
            }
        }
        match last_error {
            Some(error) if found.addresses.is_empty() => Err(error),
            _ => Ok(found),
        }
    }
}

impl Lookup for Dns {
    fn lookup(&self, name: &Name) -> LookupFuture {
        Box::pin(self.clone().found(name.clone()))
    }
}

/// The addresses of one host of a service, which share its weight. RFC 2782: one of weight 0 gets next to nothing where
/// others have more.
fn shared_out(srv: &SRV, addresses: &[IpAddr]) -> impl Iterator<Item = Candidate> {
    const FINENESS: u32 = 1_000;
    let weight = u32::from(srv.weight) * FINENESS + 1;
    let share = (weight / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1)).max(1);
    let (priority, port) = (srv.priority, srv.port);
    addresses.iter().map(move |ip| Candidate { address: SocketAddr::new(*ip, port), priority, weight: share })
}

fn make(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = if servers.is_empty() {
        TokioResolver::builder(provider)?
    } else {
        let servers = servers.iter().copied().map(name_server).collect();
        TokioResolver::builder_with_config(ResolverConfig::from_parts(None, Vec::new(), servers), provider)
    };
    set(builder.options_mut());
    builder.build()
}

fn set(options: &mut ResolverOpts) {
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = 0;
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    NameServerConfig::new(address.ip(), true, connections)
}

/// What the hosts file of the system says, as it is now.
fn in_hosts_file(name: &DomainName) -> Vec<IpAddr> {
    let hosts = Hosts::from_system().unwrap_or_default();
    let of_kind = |kind| hosts.lookup_static_host(&Query::query(name.clone(), kind));
    let found = [RecordType::A, RecordType::AAAA].into_iter().filter_map(of_kind);
    found
        .flat_map(|found| found.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
        .collect()
}

fn domain_name(text: &str) -> io::Result<DomainName> {
    DomainName::from_ascii(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// What went wrong, in the words of whoever runs warp.
fn reason(error: NetError) -> io::Error {
    if error.is_nx_domain() {
        return io::Error::other("there is no such name");
    }
    match error {
        error if error.is_no_records_found() => io::Error::other("the name has no address"),
        NetError::Timeout => io::Error::other("the name server does not answer"),
        NetError::NoConnections => io::Error::other("no name server can be asked"),
        error => io::Error::other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc2782_a_host_s_addresses_share_its_weight() {
        let srv = |weight| SRV::new(5, weight, 8080, DomainName::root());
        let addresses: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let weights = |weight| shared_out(&srv(weight), &addresses).map(|it| it.weight).collect::<Vec<_>>();
        assert_eq!(weights(10), [5_000, 5_000]);
        assert_eq!(weights(0), [1, 1], "none is never used");
        let first = shared_out(&srv(1), &addresses).next().unwrap();
        assert_eq!((first.address.to_string().as_str(), first.priority), ("192.0.2.1:8080", 5));
    }
}
