//! The lines that say where the proxy accepts: scripts wait for them.

use crate::proxy::Listening;

/// `listening on http://127.0.0.1:8080`, one line a socket, then `admin on http://127.0.0.1:9090`.
pub(super) fn lines(sockets: &Listening) -> String {
    let traffic = sockets.traffic.iter().map(|address| format!("listening on http://{address}\n"));
    let admin = sockets.admin.iter().map(|address| format!("admin on http://{address}\n"));
    traffic.chain(admin).collect()
}
