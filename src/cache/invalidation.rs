//! Which requests make stored responses invalid, and which ones (RFC 9111 §4.4).

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

/// What a GET would not send, because it tells of a body or of a condition on the unsafe request.
pub static NOT_OF_A_GET: [HeaderName; 7] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
];

/// Whether a response with this status to a request with this method invalidates what is stored
/// under the request's URL: a success or redirect to a method that is not known to be safe.
#[must_use]
pub fn invalidates(method: &Method, status: StatusCode) -> bool {
    !is_safe(method) && (status.is_success() || status.is_redirection())
}

/// Whether a method is known to change nothing (RFC 9110 §9.2.1): those that the registry of methods
/// calls safe (§16.1.1), QUERY (RFC 10008) among them.
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    const SAFE: [&str; 8] = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH"];
    SAFE.contains(&method.as_str())
}

/// The further URLs that such a response invalidates: those of `Location` and `Content-Location`
/// that have the origin of `target`, as paths on it, without duplicates and without the target
/// itself. Others are passed over, lest one site empties another's cache.
///
/// `target` is the request's URL with scheme and authority.
#[must_use]
pub fn further_targets(target: &Uri, response: &HeaderMap) -> Vec<PathAndQuery> {
    let mut found = Vec::new();
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        for value in response.get_all(name) {
            let path = value.to_str().ok().and_then(|reference| resolve(target, reference.trim()));
            if let Some(path) = path.filter(|path| Some(path) != target.path_and_query() && !found.contains(path)) {
                found.push(path);
            }
        }
    }
    found
}

/// Whether `Content-Location` says that what came is a representation of `target` itself (RFC 9110
/// §8.7): one line that resolves to it.
#[must_use]
pub fn is_location_of(target: &Uri, response: &HeaderMap) -> bool {
    let mut lines = response.get_all(header::CONTENT_LOCATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let path = line.to_str().ok().and_then(|reference| resolve(target, reference.trim()));
    path.is_some() && path.as_ref() == target.path_and_query()
}

/// Resolves a URL reference against `target` (RFC 3986 §5.2) to a path on the same origin.
fn resolve(target: &Uri, reference: &str) -> Option<PathAndQuery> {
    let reference = reference.split('#').next().unwrap_or_default();
    let scheme = target.scheme_str()?;
    if let Some(rest) = reference.strip_prefix("//") {
        return on_same_origin(target, &format!("{scheme}://{rest}"));
    }
    if has_scheme(reference) {
        return on_same_origin(target, reference);
    }
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let merged = match path {
        "" => target.path().to_owned(),
        _ if path.starts_with('/') => path.to_owned(),
        _ => format!("{}/{path}", target.path().rsplit_once('/').map_or("", |(directory, _)| directory)),
    };
    let query = if path.is_empty() { query.or(target.query()) } else { query };
    with_query(&merged, query)
}

fn on_same_origin(target: &Uri, absolute: &str) -> Option<PathAndQuery> {
    let uri: Uri = absolute.parse().ok()?;
    if !same_origin(target, &uri) {
        return None;
    }
    with_query(uri.path(), uri.query())
}

/// RFC 9110 §4.3.1: the same scheme, host and port.
fn same_origin(a: &Uri, b: &Uri) -> bool {
    let origin = |uri: &Uri| {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let default_port = if scheme == "https" { 443 } else { 80 };
        Some((uri.host()?.to_ascii_lowercase(), uri.port_u16().unwrap_or(default_port), scheme))
    };
    origin(a).is_some() && origin(a) == origin(b)
}

/// Whether a reference starts with a scheme (RFC 3986 §3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn with_query(path: &str, query: Option<&str>) -> Option<PathAndQuery> {
    let path = without_dot_segments(path);
    match query {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    }
}

/// RFC 3986 §5.2.4, for a path that starts with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TARGET: &str = "http://Example.com/a/b/c?q";

    fn located(reference: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_str(reference).unwrap());
        further_targets(&Uri::from_static(TARGET), &headers).first().map(ToString::to_string)
    }

    #[test]
    fn rfc9111_4_4_methods_and_statuses() {
        let m_search = Method::from_bytes(b"M-SEARCH").unwrap();
        for (method, status, expected) in [
            (Method::POST, 200, true),
            (Method::PUT, 204, true),
            (Method::DELETE, 302, true),
            (Method::PATCH, 201, true),
            (m_search, 200, true),
            (Method::POST, 404, false),
            (Method::POST, 500, false),
            (Method::GET, 200, false),
            (Method::HEAD, 200, false),
            (Method::OPTIONS, 200, false),
            (Method::TRACE, 200, false),
        ] {
            assert_eq!(invalidates(&method, StatusCode::from_u16(status).unwrap()), expected, "{method} {status}");
        }
    }

    #[test]
    fn rfc3986_5_2_references_are_resolved() {
        for (reference, path) in [
            ("/x", "/x"),
            ("/x?y#z", "/x?y"),
            ("x", "/a/b/x"),
            ("./x", "/a/b/x"),
            ("../x", "/a/x"),
            ("../../../x", "/x"),
            ("..", "/a/"),
            ("x/.", "/a/b/x/"),
            ("?y", "/a/b/c?y"),
            ("x?y=a/../b", "/a/b/x?y=a/../b"),
            ("/x/../y", "/y"),
            ("a:b/x", ""),
            ("http://example.com/x", "/x"),
            ("HTTP://EXAMPLE.com:80/x", "/x"),
            ("//example.com/x", "/x"),
            ("http://example.com", "/"),
            ("https://example.com/x", ""),
            ("http://example.com:8080/x", ""),
            ("http://other.com/x", ""),
            ("//other.com/x", ""),
            ("http://example.com@other.com/x", ""),
            ("javascript:alert(1)", ""),
            ("http://[", ""),
        ] {
            assert_eq!(located(reference).unwrap_or_default(), path, "{reference}");
        }
    }

    #[test]
    fn rfc9110_8_7_a_content_location_may_be_the_target() {
        let is_target = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CONTENT_LOCATION, HeaderValue::from_static(line));
            }
            is_location_of(&Uri::from_static(TARGET), &headers)
        };
        for lines in [&["/a/b/c?q"][..], &["http://example.com/a/b/c?q"], &["c?q"], &[""]] {
            assert!(is_target(lines), "{lines:?}");
        }
        for lines in [&[][..], &["/a/b/c"], &["http://other.com/a/b/c?q"], &["/a/b/c?q", "/x"]] {
            assert!(!is_target(lines), "{lines:?}");
        }
    }

    #[test]
    fn the_target_itself_and_duplicates_are_left_out() {
        assert_eq!((located("#top"), located(""), located("/a/b/c?q")), (None, None, None));
        let mut headers = HeaderMap::new();
        for (name, value) in
            [(header::LOCATION, "/x"), (header::CONTENT_LOCATION, "/x"), (header::CONTENT_LOCATION, "/y")]
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        assert_eq!(further_targets(&Uri::from_static(TARGET), &headers), ["/x", "/y"]);
    }

    proptest! {
        #[test]
        fn no_reference_panics_or_leaves_the_root(reference in "[ -~]{0,40}") {
            if let Some(path) = located(&reference) {
                prop_assert!(path.starts_with('/'));
            }
        }
    }
}
