//! What the admin listener tells of the running proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::abandon::Abandoned;
use super::bans::Bans;
use super::{WarpProxy, coalesce};
use crate::admin::{AdminServer, RunningAdmin, StatusSource};
use crate::policy::PolicyHandle;
use crate::store::pingora::PingoraStorage;
use crate::telemetry::{Gauges, Metrics, StoreGauges, WaitingGauges};

struct Status {
    policy: Arc<PolicyHandle>,
    storage: &'static PingoraStorage,
    bans: &'static Bans,
    lock: &'static coalesce::Lock,
    abandoned: &'static Abandoned,
    metrics: Arc<Metrics>,
    listeners: Vec<SocketAddr>,
}

/// Starts the admin listener.
pub fn start(address: SocketAddr, proxy: &WarpProxy, listeners: &[SocketAddr]) -> io::Result<RunningAdmin> {
    let status = Status {
        policy: Arc::clone(&proxy.policy),
        storage: proxy.storage,
        bans: proxy.bans,
        lock: proxy.lock,
        abandoned: proxy.abandoned,
        metrics: Arc::clone(&proxy.metrics),
        listeners: listeners.to_vec(),
    };
    AdminServer::bind(address)?.spawn(Arc::new(status))
}

impl Status {
    fn store_gauges(&self) -> StoreGauges {
        let stats = self.storage.store().stats();
        let bans = self.bans.counts();
        StoreGauges {
            bytes: stats.bytes,
            limit_bytes: stats.limit_bytes,
            index_bytes: stats.index_bytes,
            objects: stats.objects,
            fills: stats.fills,
            stored: stats.stored,
            evictions: stats.evictions,
            purged: stats.purged,
            expired: stats.expired,
            bans: bans.bans,
            ban_tests: bans.tests,
            banned: bans.banned,
            bans_given_up: bans.given_up,
        }
    }
}

/// A value as JSON; what cannot be written is shown as absent.
fn as_json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl StatusSource for Status {
    fn policy(&self) -> Value {
        as_json(self.policy.status())
    }

    fn rules(&self) -> Value {
        as_json(self.policy.current().rules())
    }

    fn store(&self) -> Value {
        let store = self.store_gauges();
        json!({
            "bytes": store.bytes,
            "limit_bytes": store.limit_bytes,
            "index_bytes": store.index_bytes,
            "objects": store.objects,
            "fills": store.fills,
            "stored": store.stored,
            "evictions": store.evictions,
            "purged": store.purged,
            "expired": store.expired,
        })
    }

    fn backends(&self) -> Value {
        let policy = self.policy.current();
        as_json(policy.all().flat_map(|policy| &policy.backends).map(|backend| backend.status()).collect::<Vec<_>>())
    }

    fn directors(&self) -> Value {
        let policy = self.policy.current();
        as_json(policy.all().flat_map(|policy| &policy.directors).map(|director| director.status()).collect::<Vec<_>>())
    }

    fn listeners(&self) -> Value {
        as_json(self.listeners.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn requests(&self) -> Value {
        as_json(self.metrics.totals())
    }

    fn metrics(&self) -> String {
        let policy = self.policy.current();
        let backends = policy.all().flat_map(|policy| &policy.backends).map(|backend| backend.gauge()).collect();
        let (for_fetch, to_fetch) = (self.lock.waiting() as u64, self.lock.queued() as u64);
        let waiting = WaitingGauges { for_fetch, to_fetch };
        let abandoned = self.abandoned.gauges();
        self.metrics.render(&Gauges { store: Some(self.store_gauges()), backends, waiting, abandoned })
    }
}
