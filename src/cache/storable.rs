//! Whether a response may be kept by a shared cache (RFC 9111 §3), and why not.

use http::header::{AUTHORIZATION, ETAG, LAST_MODIFIED};
use http::{HeaderMap, Method, StatusCode};

use super::cache_control::{CacheControl, Directive};
use super::freshness::is_heuristically_cacheable;
use super::part::Part;
use super::vary::Vary;

/// A request and the response to it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The method as the client sent it.
    pub method: &'a Method,
    /// The fields of the client's request.
    pub request: &'a HeaderMap,
    /// The status that the origin answered with.
    pub status: StatusCode,
    /// The fields that the origin answered with.
    pub response: &'a HeaderMap,
}

macro_rules! reasons {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// Why a response is not kept. The names are for `Cache-Status`, log and metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Unstorable {
            $(#[doc = $doc] $variant,)*
        }

        impl Unstorable {
            /// Every reason, in the order they are looked for.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

reasons! {
    Method "method" "Only responses to GET are kept.";
    Interim "interim" "An interim response (1xx) is none that a request ends with.";
    NotModified "not-modified" "A 304 answers a condition of this client; it updates what is stored, but is not kept.";
    Partial "partial" "A part (206) that does not say which one it is, or that was not asked for, is not kept (RFC 9111 section 3.3).";
    StatusInvalid "status-invalid" "A status above 599 is none (RFC 9110 section 15).";
    StatusNotUnderstood "status-not-understood" "`must-understand` with a status that warp has no rules for (RFC 9111 section 5.2.2.3).";
    NoStore "no-store" "`no-store` (RFC 9111 section 5.2.2.5).";
    Private "private" "`private` without a field list (RFC 9111 section 5.2.2.7).";
    Authorization "authorization" "The request had `Authorization`, and nothing in the response allows to share it (RFC 9111 section 3.5).";
    VaryAny "vary-any" "`Vary: *`: no other request could be answered with it (RFC 9111 section 4.1).";
    NoFreshness "no-freshness" "It says nothing about its lifetime and could not be validated: it would never be reused.";
}

/// Whether the response may be kept, or the first reason against it.
///
/// # Errors
/// The reason why not.
pub fn storable(exchange: &Exchange<'_>, cc: &CacheControl) -> Result<(), Unstorable> {
    if exchange.method != Method::GET {
        return Err(Unstorable::Method);
    }
    status_allows(exchange.status)?;
    if exchange.status == StatusCode::PARTIAL_CONTENT && Part::received(exchange.response).is_none() {
        return Err(Unstorable::Partial);
    }
    directives_allow(exchange.status, cc)?;
    if exchange.request.contains_key(AUTHORIZATION) && !may_share_authorized(cc) {
        return Err(Unstorable::Authorization);
    }
    if Vary::parse(exchange.response) == Vary::Any {
        return Err(Unstorable::VaryAny);
    }
    if !is_reusable(exchange, cc) {
        return Err(Unstorable::NoFreshness);
    }
    Ok(())
}

fn status_allows(status: StatusCode) -> Result<(), Unstorable> {
    match status.as_u16() {
        ..200 => Err(Unstorable::Interim),
        304 => Err(Unstorable::NotModified),
        600.. => Err(Unstorable::StatusInvalid),
        _ => Ok(()),
    }
}

fn directives_allow(status: StatusCode, cc: &CacheControl) -> Result<(), Unstorable> {
    if cc.has(Directive::MustUnderstand) {
        if !is_understood(status) {
            return Err(Unstorable::StatusNotUnderstood);
        }
    } else if cc.has(Directive::NoStore) {
        return Err(Unstorable::NoStore);
    }
    if cc.private.is_whole() { Err(Unstorable::Private) } else { Ok(()) }
}

/// The final statuses of RFC 9110 §15 whose caching rules we follow; 304 never gets here.
fn is_understood(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200..=206 | 300..=303 | 305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505)
}

/// RFC 9111 §3.5.
fn may_share_authorized(cc: &CacheControl) -> bool {
    cc.has(Directive::Public) || cc.has(Directive::MustRevalidate) || cc.s_maxage.is_some()
}

/// The last condition of RFC 9111 §3: an explicit lifetime, or a status whose lifetime may be
/// guessed. The second we narrow to what can at least be validated.
fn is_reusable(exchange: &Exchange<'_>, cc: &CacheControl) -> bool {
    if cc.has_lifetime() || cc.has_expires(exchange.response) {
        return true;
    }
    let has_validator = exchange.response.contains_key(ETAG) || exchange.response.contains_key(LAST_MODIFIED);
    has_validator && (is_heuristically_cacheable(exchange.status) || cc.has(Directive::Public))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{CACHE_CONTROL, CONTENT_RANGE, EXPIRES, VARY};

    use super::*;

    struct Case {
        method: Method,
        status: u16,
        request: HeaderMap,
        response: HeaderMap,
    }

    fn get(status: u16, cache_control: &'static str) -> Case {
        let mut response = HeaderMap::new();
        if !cache_control.is_empty() {
            response.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
        }
        Case { method: Method::GET, status, request: HeaderMap::new(), response }
    }

    impl Case {
        fn with(mut self, name: http::HeaderName, value: &'static str) -> Self {
            self.response.insert(name, HeaderValue::from_static(value));
            self
        }

        fn authorized(mut self) -> Self {
            self.request.insert(AUTHORIZATION, HeaderValue::from_static("FOO"));
            self
        }

        fn verdict(&self) -> Result<(), Unstorable> {
            let status = StatusCode::from_u16(self.status).unwrap();
            let exchange = Exchange { method: &self.method, request: &self.request, status, response: &self.response };
            storable(&exchange, &CacheControl::parse(&self.response))
        }
    }

    #[test]
    fn rfc9111_3_any_final_status_with_a_lifetime() {
        for status in [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599] {
            assert_eq!(get(status, "max-age=9").verdict(), Ok(()), "{status}");
            assert_eq!(get(status, "").with(EXPIRES, "0").verdict(), Ok(()), "{status}");
        }
        for (status, reason) in [
            (101, Unstorable::Interim),
            (103, Unstorable::Interim),
            (304, Unstorable::NotModified),
            (999, Unstorable::StatusInvalid),
        ] {
            assert_eq!(get(status, "max-age=9").verdict(), Err(reason), "{status}");
        }
    }

    #[test]
    fn rfc9111_3_3_a_part_says_which_one_it_is() {
        let part = get(206, "max-age=9");
        assert_eq!(part.verdict(), Err(Unstorable::Partial));
        assert_eq!(get(206, "max-age=9").with(CONTENT_RANGE, "bytes 0-4/10").verdict(), Ok(()));
        assert_eq!(get(206, "").with(CONTENT_RANGE, "bytes 0-4/10").verdict(), Err(Unstorable::NoFreshness));
        assert_eq!(get(206, "max-age=9").with(CONTENT_RANGE, "bytes 0-4/*").verdict(), Err(Unstorable::Partial));
    }

    #[test]
    fn rfc9111_3_only_get() {
        for method in [Method::HEAD, Method::POST, Method::OPTIONS, Method::from_bytes(b"M-SEARCH").unwrap()] {
            assert_eq!(Case { method, ..get(200, "max-age=9") }.verdict(), Err(Unstorable::Method));
        }
    }

    #[test]
    fn rfc9111_5_2_2_what_the_directives_forbid() {
        for (cache_control, verdict) in [
            ("max-age=9, no-store", Err(Unstorable::NoStore)),
            ("max-age=9, private", Err(Unstorable::Private)),
            ("max-age=9, private=\"a\"", Ok(())),
            ("max-age=9, no-cache", Ok(())),
            ("max-age=9, no-store, must-understand", Ok(())),
            ("max-age=9, private, must-understand", Err(Unstorable::Private)),
        ] {
            assert_eq!(get(200, cache_control).verdict(), verdict, "{cache_control}");
        }
        assert_eq!(get(599, "max-age=9, must-understand").verdict(), Err(Unstorable::StatusNotUnderstood));
    }

    #[test]
    fn rfc9111_3_5_authorization() {
        assert_eq!(get(200, "max-age=9").authorized().verdict(), Err(Unstorable::Authorization));
        for cache_control in ["max-age=9, public", "max-age=9, must-revalidate", "s-maxage=9"] {
            assert_eq!(get(200, cache_control).authorized().verdict(), Ok(()), "{cache_control}");
        }
    }

    #[test]
    fn rfc9111_4_1_vary_star() {
        assert_eq!(get(200, "max-age=9").with(VARY, "foo, *").verdict(), Err(Unstorable::VaryAny));
        assert_eq!(get(200, "max-age=9").with(VARY, "foo").verdict(), Ok(()));
    }

    #[test]
    fn rfc9111_3_without_a_lifetime_a_validator_is_needed() {
        assert_eq!(get(200, "").verdict(), Err(Unstorable::NoFreshness));
        assert_eq!(get(200, "no-cache").verdict(), Err(Unstorable::NoFreshness));
        assert_eq!(get(200, "no-cache").with(ETAG, "\"a\"").verdict(), Ok(()));
        assert_eq!(get(404, "").with(LAST_MODIFIED, "x").verdict(), Ok(()));
        assert_eq!(get(503, "").with(ETAG, "\"a\"").verdict(), Err(Unstorable::NoFreshness));
        assert_eq!(get(599, "public").with(ETAG, "\"a\"").verdict(), Ok(()));
    }

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<_> = Unstorable::ALL.iter().map(|reason| reason.name()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Unstorable::ALL.len());
    }
}
