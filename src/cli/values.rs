//! Values of flags: sizes, origins, addresses that can be turned off.

use std::net::SocketAddr;
use std::path::Path;

use crate::lang::hir::BackendAddress;
use crate::lang::schema::BYTE_UNITS;
use crate::proxy::AccessLogTarget;

/// The least memory for stored responses: of less, the largest response that is kept would be a small page.
const LEAST_MEMORY_BYTES: u64 = 1 << 20;

/// The most threads; more only wait for each other.
const MOST_THREADS: usize = 1024;

/// A number that must not be zero.
///
/// # Errors
/// In words for the user.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "write a whole number, at least 1".to_owned())?;
    if number == 0 { Err("must be at least 1".to_owned()) } else { Ok(number) }
}

/// How many threads serve.
///
/// # Errors
/// In words for the user.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    match at_least_one(text)? {
        threads @ ..=MOST_THREADS => Ok(threads),
        _ => Err(format!("must be at most {MOST_THREADS}; one for each core is enough")),
    }
}

/// How much memory stored responses may take.
///
/// # Errors
/// In words for the user.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let size = if text == "0" { 0 } else { bytes(text)? };
    if size < LEAST_MEMORY_BYTES {
        return Err("must be at least 1MB".to_owned());
    }
    match machine_bytes() {
        Some(has) if size > has => Err(format!("must be at most the {}MB that this machine has", has >> 20)),
        _ => Ok(size),
    }
}

/// How much memory this machine has, if it says so.
fn machine_bytes() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = info.lines().find_map(|line| line.strip_prefix("MemTotal:")?.strip_suffix("kB"))?;
    kilobytes.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// A number of bytes, written with the units of the language: `256MB`.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let (number, name) = text.split_at(digits.len());
    let unit = BYTE_UNITS.iter().find(|unit| unit.name.eq_ignore_ascii_case(name));
    let size = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit.factor));
    size.ok_or_else(|| {
        let units: Vec<&str> = BYTE_UNITS.iter().map(|unit| unit.name).collect();
        format!("a size is a whole number with a unit ({}), such as 256MB", units.join(", "))
    })
}

/// Where a backend is, written as a URL: `http://127.0.0.1:8000`.
///
/// # Errors
/// In words for the user.
pub(super) fn origin(text: &str) -> Result<BackendAddress, String> {
    let url: http::Uri = text.parse().map_err(|error| format!("{error}; write http://HOST:PORT"))?;
    match url.scheme_str() {
        Some("http") => {}
        Some("https") => return Err("origins over TLS are not supported yet; write http://HOST:PORT".to_owned()),
        _ => return Err("write http://HOST:PORT".to_owned()),
    }
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("write http://HOST:PORT".to_owned());
    }
    if url.path() != "/" || url.query().is_some() {
        return Err("an origin has no path; write http://HOST:PORT and rewrite `bereq.url` in the policy".to_owned());
    }
    Ok(BackendAddress { host: host.to_owned(), port: port(url.authority())? })
}

/// The port of an origin, 80 if none is written (RFC 9110 section 4.2.1).
fn port(authority: Option<&http::uri::Authority>) -> Result<u16, String> {
    let behind_host = authority.and_then(|authority| authority.as_str().strip_prefix(authority.host()));
    match behind_host.and_then(|port| port.strip_prefix(':')).filter(|port| !port.is_empty()) {
        None => Ok(80),
        Some(port) => port
            .parse()
            .ok()
            .filter(|number| *number > 0 && !port.starts_with('+'))
            .ok_or_else(|| format!("`{port}` is not a port; write http://HOST:PORT with a port from 1 to 65535")),
    }
}

/// An address to listen on, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// Do not listen.
    Off,
    /// Listen here.
    On(SocketAddr),
}

impl Switch {
    pub(super) fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::On(address) => Some(address),
        }
    }
}

/// Reads the value of `--admin`.
///
/// # Errors
/// In words for the user.
pub(super) fn switch(text: &str) -> Result<Switch, String> {
    if text == "off" {
        return Ok(Switch::Off);
    }
    address(text).map(Switch::On).map_err(|error| format!("{error}, or `off`"))
}

/// Reads an address to listen on: IP and port.
///
/// # Errors
/// In words for the user.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::]:80".to_owned())
}

/// What the value of `--access-log` means.
pub(super) fn log_target(path: &Path) -> AccessLogTarget {
    match path.to_str() {
        Some("off") => AccessLogTarget::Off,
        Some("-") => AccessLogTarget::Stdout,
        _ => AccessLogTarget::File(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_numbers_with_a_unit() {
        assert_eq!(bytes("256MB"), Ok(256 << 20));
        assert_eq!(bytes("1gb"), Ok(1 << 30));
        for wrong in ["256", "MB", "", "-1MB", "1.5GB", "99999999999TB", "1 MB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn memory_has_a_least_and_a_most() {
        assert_eq!(memory("1MB"), Ok(1 << 20));
        for little in ["0", "0MB", "1B", "1023KB"] {
            assert_eq!(memory(little).unwrap_err(), "must be at least 1MB", "{little}");
        }
        assert!(memory("18446744073709551615B").unwrap_err().starts_with("must be at most the "));
    }

    #[test]
    fn numbers_that_must_not_be_zero_say_so() {
        assert_eq!((at_least_one("1"), threads("1024")), (Ok(1), Ok(1024)));
        assert_eq!(at_least_one("0").unwrap_err(), "must be at least 1");
        assert!(at_least_one("-1").unwrap_err().contains("at least 1"));
        assert!(threads("1025").unwrap_err().starts_with("must be at most 1024"));
        assert_eq!(threads("0").unwrap_err(), "must be at least 1");
    }

    #[test]
    fn origins_are_http_without_a_path() {
        let at = |host: &str, port| Ok(BackendAddress { host: host.to_owned(), port });
        assert_eq!(origin("http://127.0.0.1:8000"), at("127.0.0.1", 8000));
        assert_eq!(origin("http://shop.internal/"), at("shop.internal", 80));
        assert_eq!(origin("http://[::1]:81"), at("::1", 81));
        for wrong in
            ["127.0.0.1:8000", "localhost", "http://", "http://a:1/x", "http://u@a:1", "ftp://a", "http://a/?b"]
        {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
        for port in ["0", "65536", "99999", "+80", "-1", "x"] {
            assert!(origin(&format!("http://a:{port}")).is_err(), "{port}");
        }
        assert!(origin("http://127.0.0.1:99999").unwrap_err().contains("`99999` is not a port"));
        assert!(origin("http://[::1]:99999").unwrap_err().contains("`99999` is not a port"));
        assert_eq!((origin("http://a:65535"), origin("http://a:")), (at("a", 65_535), at("a", 80)));
        assert!(origin("https://a:443").unwrap_err().contains("TLS"));
    }

    #[test]
    fn the_access_log_goes_to_stdout_to_a_file_or_nowhere() {
        assert_eq!(log_target(Path::new("off")), AccessLogTarget::Off);
        assert_eq!(log_target(Path::new("-")), AccessLogTarget::Stdout);
        assert_eq!(log_target(Path::new("a.log")), AccessLogTarget::File("a.log".into()));
    }

    #[test]
    fn admin_can_be_off() {
        assert_eq!(switch("off"), Ok(Switch::Off));
        assert!(matches!(switch("127.0.0.1:0"), Ok(Switch::On(_))));
        assert!(switch("9090").unwrap_err().contains("off"));
    }
}
