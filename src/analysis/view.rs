//! Views of what a request brings, as evaluation has them.

/// A URL up to its `?`.
pub(super) fn path(url: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'?', url).unwrap_or(url.len());
    url.get(..end).unwrap_or(url)
}

/// The host in a value of `Host`: in lower case, without the port and without the dot of a full name.
pub(super) fn host(value: &[u8]) -> Vec<u8> {
    let host = without_port(value);
    let host = host.strip_suffix(b".").filter(|name| !name.is_empty()).unwrap_or(host);
    host.to_ascii_lowercase()
}

fn without_port(host: &[u8]) -> &[u8] {
    let end = if host.first() == Some(&b'[') {
        memchr::memchr(b']', host).map(|at| at + 1)
    } else {
        memchr::memchr(b':', host)
    };
    end.and_then(|end| host.get(..end)).unwrap_or(host)
}
