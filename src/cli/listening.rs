//! The lines that say where the proxy accepts: scripts wait for them.

use crate::proxy::Listening;

/// `listening on 127.0.0.1:8080`, one line a socket.
pub(super) fn lines(sockets: &Listening) -> String {
    let traffic = sockets.traffic.iter().map(|address| format!("listening on {address}\n"));
    let admin = sockets.admin.iter().map(|address| format!("listening on {address} (admin)\n"));
    traffic.chain(admin).collect()
}
