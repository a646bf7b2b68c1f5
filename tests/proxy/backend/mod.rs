//! What a backend's attributes say of how it is spoken to.

mod greeting;
mod hostile_tls;
mod limit;
mod names;
mod probe;
mod socket;
mod timeouts;
mod tls;

/// `warp 1;` with `backend default` on that port, and further attributes.
fn policy(port: u16, attributes: &str) -> String {
    format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {attributes} }}\n")
}
