//! The names that most fields have, in the spelling that servers use: each stands in a record as one byte.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A name's code is its place here, counted from 1.
const NAMES: &[&str] = &[
    "Accept-CH",
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Age",
    "Allow",
    "Alt-Svc",
    "CDN-Cache-Control",
    "CF-Cache-Status",
    "CF-Ray",
    "Cache-Control",
    "Cache-Status",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Security-Policy-Report-Only",
    "Content-Type",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Date",
    "ETag",
    "Etag",
    "Expires",
    "Last-Modified",
    "Link",
    "Location",
    "NEL",
    "Origin-Agent-Cluster",
    "P3P",
    "Permissions-Policy",
    "Pragma",
    "Referrer-Policy",
    "Report-To",
    "Reporting-Endpoints",
    "Repr-Digest",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "SourceMap",
    "Strict-Transport-Security",
    "Surrogate-Control",
    "Surrogate-Key",
    "Timing-Allow-Origin",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "Warning",
    "X-Amz-Cf-Id",
    "X-Amz-Cf-Pop",
    "X-Amz-Id-2",
    "X-Amz-Request-Id",
    "X-AspNet-Version",
    "X-Cache",
    "X-Cache-Hits",
    "X-Content-Type-Options",
    "X-DNS-Prefetch-Control",
    "X-Download-Options",
    "X-Frame-Options",
    "X-Permitted-Cross-Domain-Policies",
    "X-Powered-By",
    "X-Request-Id",
    "X-Robots-Tag",
    "X-Runtime",
    "X-Served-By",
    "X-Timer",
    "X-UA-Compatible",
    "X-Varnish",
    "X-XSS-Protection",
    "accept-ranges",
    "access-control-allow-origin",
    "age",
    "alt-svc",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "link",
    "location",
    "referrer-policy",
    "server",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "timing-allow-origin",
    "vary",
    "via",
    "x-amz-id-2",
    "x-amz-meta-mtime",
    "x-amz-request-id",
    "x-amz-server-side-encryption",
    "x-amz-version-id",
    "x-cache",
    "x-content-type-options",
    "x-frame-options",
    "x-powered-by",
    "x-request-id",
    "x-served-by",
    "x-xss-protection",
];

static CODES: LazyLock<HashMap<&'static [u8], u8>> =
    LazyLock::new(|| NAMES.iter().map(|name| name.as_bytes()).zip(1..).collect());

/// The code of a name in this very spelling, from 1 to 127.
pub fn code(name: &[u8]) -> Option<u8> {
    CODES.get(name).copied()
}

/// The name that a code stands for.
pub fn name(code: u8) -> Option<&'static str> {
    NAMES.get(usize::from(code).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_code_of_its_own_below_128() {
        assert!(NAMES.len() < 128, "{}", NAMES.len());
        for known in NAMES {
            assert_eq!(code(known.as_bytes()).and_then(name), Some(*known));
        }
    }

    #[test]
    fn another_spelling_has_none() {
        assert_eq!((code(b"CONTENT-TYPE"), name(0), name(127)), (None, None, None));
    }
}
