//! What is known of a client's connection beside its requests: `sess` and `local` of the policy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::proxy::ctx::next_xid;

/// How long a connection may be open with no request on it.
const IDLE: Duration = Duration::from_mins(1);

/// How long a client may take to read what is one write, some tens of kilobytes at most.
const IDLE_SEND: Duration = Duration::from_mins(1);

/// The socket on which clients are accepted.
#[derive(Debug)]
pub struct Listener {
    name: String,
    address: String,
}

impl Listener {
    /// The one with that number, counted from 0.
    pub fn new(number: usize, address: SocketAddr) -> Self {
        // Varnish's name for one that was given none.
        Self { name: format!("a{number}"), address: address.to_string() }
    }

    /// `local.socket`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `local.endpoint`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// How long a connection waits for its client. What the policy did not set is as usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    /// For the next request.
    pub idle: Option<Duration>,
    /// Until something of a response is taken.
    pub idle_send: Option<Duration>,
    /// Until all of a response is taken; no limit if `None`.
    pub send: Option<Duration>,
}

impl Timeouts {
    /// `sess.timeout_idle`.
    pub fn idle(&self) -> Duration {
        self.idle.unwrap_or(IDLE)
    }

    /// `sess.idle_send_timeout`.
    pub fn idle_send(&self) -> Duration {
        self.idle_send.unwrap_or(IDLE_SEND)
    }
}

/// A client's connection, as its requests see it.
#[derive(Debug)]
pub struct ClientSession {
    xid: u64,
    listener: Arc<Listener>,
    timeouts: Mutex<Timeouts>,
}

impl ClientSession {
    /// One that begins now.
    pub fn begin(listener: Arc<Listener>) -> Self {
        Self { xid: next_xid(), listener, timeouts: Mutex::default() }
    }

    /// `sess.xid`: no request has the same.
    pub fn xid(&self) -> u64 {
        self.xid
    }

    /// Where it was accepted.
    pub fn listener(&self) -> &Listener {
        &self.listener
    }

    /// How long it waits for its client.
    pub fn timeouts(&self) -> Timeouts {
        *self.timeouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes that.
    pub fn change(&self, change: impl FnOnce(&mut Timeouts)) {
        change(&mut self.timeouts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
