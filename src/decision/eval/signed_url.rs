//! URLs that somebody has signed: until when they hold stands in them, and that nobody changed it.
//!
//! What is signed is the text of the URL as it is sent, without the signature: no decoding, no order of
//! parameters that two programs could see in two ways.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use memchr::memmem;
use sha2::Sha256;

use super::query;

/// What a signature stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covers {
    /// All of the URL.
    Url,
    /// The path and until when it holds; other parameters may change.
    Path,
}

/// How URLs are signed.
pub(super) struct Signing<'s> {
    pub secret: &'s [u8],
    /// The parameter that holds the signature.
    pub signature: &'s [u8],
    /// The parameter that says until when it holds, in seconds after 1970.
    pub expires: &'s [u8],
    pub covers: Covers,
}

impl Signing<'_> {
    /// Whether the URL is signed and holds at `now`, in seconds after 1970. Compares in constant time.
    pub fn holds(&self, url: &[u8], now: u64) -> bool {
        let (Some(given), Some(until)) = (only(url, self.signature), only(url, self.expires)) else {
            return false;
        };
        let (Some(given), Some(until)) = (decoded(given), number(until)) else { return false };
        let signature = self.code(&self.message(url));
        signature.is_some_and(|signature| signature.verify_slice(&given).is_ok()) && now < until
    }

    /// The URL, signed; `None` without a secret.
    pub fn sign(&self, url: &[u8], until: u64) -> Option<Vec<u8>> {
        let unsigned = with_parameters(url, |name| name != self.signature && name != self.expires);
        let mark = if memchr::memchr(b'?', &unsigned).is_some() { "&" } else { "?" };
        let dated = [&*unsigned, mark.as_bytes(), self.expires, format!("={until}").as_bytes()].concat();
        let signature = self.code(&self.message(&dated))?.finalize().into_bytes();
        Some([&*dated, b"&", self.signature, b"=", hex::encode(signature).as_bytes()].concat())
    }

    /// What is signed.
    fn message(&self, url: &[u8]) -> Vec<u8> {
        let kept = |name: &[u8]| match self.covers {
            Covers::Url => name != self.signature,
            Covers::Path => name == self.expires,
        };
        with_parameters(without_origin(url), kept)
    }

    fn code(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let secret = Some(self.secret).filter(|secret| !secret.is_empty())?;
        let mut code = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret).ok()?;
        code.update(message);
        Some(code)
    }
}

/// The value of a parameter that is there exactly once, as written.
fn only<'u>(url: &'u [u8], wanted: &[u8]) -> Option<&'u [u8]> {
    let mut found = parameters(url).filter(|parameter| *query::name(parameter) == *wanted);
    let (Some(parameter), None) = (found.next(), found.next()) else { return None };
    let mark = memchr::memchr(b'=', parameter)?;
    parameter.get(mark + 1..)
}

/// The parameters of a URL as written.
fn parameters(url: &[u8]) -> impl Iterator<Item = &[u8]> {
    let start = memchr::memchr(b'?', url).map_or(url.len(), |mark| mark + 1);
    query::parameters(url.get(start..).unwrap_or_default())
}

/// The URL with those parameters alone whose decoded names are kept.
fn with_parameters(url: &[u8], keeps: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let kept: Vec<&[u8]> = parameters(url).filter(|parameter| keeps(&query::name(parameter))).collect();
    query::with_query(url, &kept)
}

/// The URL from its path on.
fn without_origin(url: &[u8]) -> &[u8] {
    let Some(at) = memmem::find(url, b"://").filter(|_| url.first() != Some(&b'/')) else { return url };
    let rest = url.get(at + 3..).unwrap_or_default();
    rest.get(memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len())..).unwrap_or_default()
}

/// A signature in hex, or in base64 for URLs.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_suffix(b"=").unwrap_or(text);
    if text.len() == 64 { hex::decode(text).ok() } else { URL_SAFE_NO_PAD.decode(text).ok() }
}

/// Digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BY_URL: Signing<'_> = Signing { secret: b"s3cret", signature: b"sig", expires: b"exp", covers: Covers::Url };
    const BY_PATH: Signing<'_> = Signing { covers: Covers::Path, ..BY_URL };

    fn signed(signing: &Signing<'_>, url: &str) -> String {
        String::from_utf8(signing.sign(url.as_bytes(), 1000).unwrap()).unwrap()
    }

    #[test]
    fn what_is_signed_holds_until_it_expires() {
        for url in ["/", "/a?b=c&d", "/a?sig=old&exp=1", "/a??x"] {
            let url = signed(&BY_URL, url);
            assert!(BY_URL.holds(url.as_bytes(), 999) && !BY_URL.holds(url.as_bytes(), 1000), "{url}");
        }
    }

    #[test]
    fn nothing_that_is_covered_may_change() {
        let url = signed(&BY_URL, "/a?w=1");
        for (from, to) in [
            ("/a", "/b"),
            ("w=1", "w=2"),
            ("w=1&", ""),
            ("exp=1000", "exp=1001"),
            ("exp=1000", "exp=1000&w=2"),
            ("exp=1000&", ""),
            ("&sig=", "&sig=00&sig="),
            ("&sig=", "&exp=9999&sig="),
            ("&sig=", "&s%69g="),
            ("/a", "/%61"),
            ("exp=1000", "exp=+1000"),
        ] {
            let changed = url.replace(from, to);
            let same = from == "&sig=" && to == "&s%69g=";
            assert_eq!(BY_URL.holds(changed.as_bytes(), 1), same, "{changed}");
        }
    }

    #[test]
    fn what_covers_the_path_lets_other_parameters_change() {
        let url = signed(&BY_PATH, "/a?w=1");
        for (from, to, holds) in [
            ("w=1", "w=2", true),
            ("w=1&", "", true),
            ("/a", "/b", false),
            ("exp=1000", "exp=1001", false),
            ("w=1", "exp=2000", false),
        ] {
            assert_eq!(BY_PATH.holds(url.replace(from, to).as_bytes(), 1), holds, "{from} to {to}");
        }
        assert!(!BY_URL.holds(url.as_bytes(), 1));
    }

    #[test]
    fn a_url_is_signed_without_its_host() {
        let url = signed(&BY_URL, "https://cdn.test/a?w=1");
        let (_, path) = url.split_once("cdn.test").unwrap();
        assert!(BY_URL.holds(path.as_bytes(), 1) && BY_URL.holds(url.as_bytes(), 1));
        assert_eq!(without_origin(b"/r?to=https://a.test/b"), b"/r?to=https://a.test/b");
        assert_eq!(without_origin(b"https://a.test"), b"");
    }

    #[test]
    fn base64_does_as_well() {
        let code = BY_URL.code(b"/a?exp=1000").unwrap().finalize().into_bytes();
        for padding in ["", "="] {
            let url = format!("/a?sig={}{padding}&exp=1000", URL_SAFE_NO_PAD.encode(code));
            assert!(BY_URL.holds(url.as_bytes(), 1), "{url}");
        }
    }

    #[test]
    fn no_secret_signs_nothing() {
        let none = Signing { secret: b"", ..BY_URL };
        assert_eq!(none.sign(b"/a", 1000), None);
        // What a secret of no bytes would sign.
        let code = <Hmac<Sha256> as hmac::Mac>::new_from_slice(b"").unwrap().chain_update(b"/a?exp=1000").finalize();
        let url = format!("/a?exp=1000&sig={}", hex::encode(code.into_bytes()));
        assert!(!none.holds(url.as_bytes(), 1));
    }

    proptest! {
        #[test]
        fn no_other_url_holds(url in "/[a-c/?&=%6]{0,12}", at in 0_usize..200, byte in 0x21_u8..0x7f) {
            let good = BY_URL.sign(url.as_bytes(), 1000).unwrap();
            prop_assert!(BY_URL.holds(&good, 1), "{}", String::from_utf8_lossy(&good));
            let mut other = good.clone();
            let at = at % other.len();
            let case = other[at].eq_ignore_ascii_case(&byte);
            other[at] = byte;
            prop_assert!(case || !BY_URL.holds(&other, 1), "{}", String::from_utf8_lossy(&other));
        }
    }
}
