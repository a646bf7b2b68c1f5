//! What a client may ask for: hosts and targets that can be written as they are sent.

/// Whether a target, path and query, can be written as it is sent.
#[must_use]
pub fn is_target(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Whether a host is one that a client can be asked for, or none: a name or an address, with a port or without
/// (RFC 9110 section 7.2).
#[must_use]
pub fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "1"),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:%!$&'()*+,;=".contains(&byte);
    let is_port = port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.is_empty() || !name.is_empty() && name.bytes().all(is_name) && is_port
}
