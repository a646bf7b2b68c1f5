//! Values of flags: sizes, origins, addresses that can be turned off.

use std::net::SocketAddr;
use std::path::Path;

use crate::lang::hir::BackendAddress;
use crate::lang::schema::BYTE_UNITS;
use crate::proxy::AccessLogTarget;

/// A number of bytes, written with the units of the language: `256MB`.
///
/// # Errors
/// In words for the user.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let (number, name) = text.split_at(digits.len());
    let unit = BYTE_UNITS.iter().find(|unit| unit.name.eq_ignore_ascii_case(name));
    let size = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit.factor));
    size.filter(|size| *size > 0).ok_or_else(|| {
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
    Ok(BackendAddress { host: host.to_owned(), port: url.port_u16().unwrap_or(80) })
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
        for wrong in ["256", "MB", "", "-1MB", "1.5GB", "0MB", "99999999999TB", "1 MB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
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
