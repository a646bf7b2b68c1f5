//! The hosts of access lists: looked up when a policy is loaded, and kept current for as long as it is held.
//!
//! What is decided is decided without waiting: a task for each list hands its networks over when the addresses of hosts
//! have changed.

use std::time::Instant;

use crate::decision::{ChangingAcl, Program};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Acl, AclHost, AclId, Hir};
use crate::origin::{HostAddresses, HostsWatch, Registry};

/// The hosts of one list, with what they stand for.
type Hosts = Vec<(AclHost, HostAddresses)>;

/// The hosts of the lists of a policy that is being loaded, while they are looked up.
pub(super) struct LookedUp(Vec<(AclId, Hosts)>);

/// The same once they are known.
pub(super) struct Resolved(Vec<(AclId, Hosts)>);

/// Keeps the hosts of a policy's lists current until dropped.
pub(super) type Kept = Vec<HostsWatch>;

/// Begins to look the hosts of all lists up.
pub(super) fn look_up(hir: &Hir, registry: &Registry) -> LookedUp {
    let of_list = |acl: &Acl| acl.hosts.iter().map(|host| (host.clone(), registry.host(&host.name))).collect();
    LookedUp((0..).map(AclId).zip(hir.acls.iter().map(of_list)).collect())
}

impl LookedUp {
    /// Waits for the answers. The names that stand for nothing are findings, but for optional ones.
    pub(super) fn wait(self, until: Instant, findings: &mut Vec<Diagnostic>) -> Resolved {
        let wanted = self.0.iter().flat_map(|(_, hosts)| hosts);
        findings.extend(wanted.filter_map(|(host, addresses)| missing(host, addresses, until)));
        Resolved(self.0)
    }
}

fn missing(host: &AclHost, addresses: &HostAddresses, until: Instant) -> Option<Diagnostic> {
    let reason = addresses.wait(until).err()?;
    if host.optional {
        tracing::warn!(name = host.name, %reason, "a name of an acl is left out while it cannot be looked up");
        return None;
    }
    let message = format!("`{}` cannot be looked up: {reason}", host.name);
    let help = format!("mend the name, or write `(\"{}\")`: it is left out while it cannot be looked up", host.name);
    Some(Diagnostic::new(Code::E0607, host.span, message).help(help))
}

impl Resolved {
    /// Hands the networks over to `program`, now and whenever they change.
    pub(super) fn keep(self, program: &Program) -> Kept {
        let mut watches = Vec::new();
        for (id, hosts) in self.0 {
            let Some(acl) = program.changing_acl(id) else { continue };
            set(&acl, &hosts);
            let addresses: Vec<HostAddresses> = hosts.iter().map(|(_, addresses)| addresses.clone()).collect();
            watches.push(HostsWatch::new(addresses.iter(), move || set(&acl, &hosts)));
        }
        watches
    }
}

/// Gathers the networks of a list and hands them over.
fn set(acl: &ChangingAcl, hosts: &Hosts) {
    let networks = |(host, addresses): &(AclHost, HostAddresses)| {
        addresses.now().into_iter().map(|address| host.network(address)).collect::<Vec<_>>()
    };
    acl.set_hosts(hosts.iter().flat_map(networks));
}
