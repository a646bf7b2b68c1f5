//! The gate that every request passes before any policy sees it.
//!
//! Its bytes have been judged in `connection`. Here the target is brought into origin form, and a length that was said
//! more than once is said once, so that the key, the policy and the backend see one thing.

use http::{Method, Uri, header};
use pingora::http::RequestHeader;

use super::connection::{Rejection, bad};
use super::framing;

/// Lets a request in, in origin form, or says why not. RFC 9112 section 3.2: `GET http://host/path` means
/// `GET /path` with that `Host`.
pub fn admit(req: &mut RequestHeader) -> Result<(), Rejection> {
    const BAD_TARGET: Rejection = bad("Malformed request target");
    const BAD_LENGTH: Rejection = bad("Ambiguous Content-Length");
    if let Some(length) = framing::length_to_say(&req.headers).map_err(|_| BAD_LENGTH)? {
        req.insert_header(header::CONTENT_LENGTH, length).map_err(|_| BAD_LENGTH)?;
    }
    let target = req.raw_path();
    if target.starts_with(b"/") || target == b"*" {
        return Ok(());
    }
    let absolute: Uri = Uri::try_from(target).map_err(|_| BAD_TARGET)?;
    let (Some("http" | "https"), Some(authority)) = (absolute.scheme_str(), absolute.authority()) else {
        return Err(BAD_TARGET);
    };
    let path = match absolute.path_and_query().map(http::uri::PathAndQuery::as_str) {
        // RFC 9112 section 3.2.4: without a path it is the server as a whole that is asked.
        None | Some("" | "/") if req.method == Method::OPTIONS && !target.ends_with(b"/") => "*".to_owned(),
        Some(path) if path.starts_with('/') => path.to_owned(),
        other => format!("/{}", other.unwrap_or_default()),
    };
    let host = authority.as_str().to_owned();
    req.set_raw_path(path.as_bytes()).map_err(|_| BAD_TARGET)?;
    req.insert_header(header::HOST, host).map_err(|_| BAD_TARGET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut req = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
        for (name, value) in fields {
            req.append_header(*name, *value).unwrap();
        }
        req
    }

    fn status(target: &str, fields: &[(&'static str, &str)]) -> u16 {
        admit(&mut request(target, fields)).map_or_else(|rejection| rejection.status, |()| 200)
    }

    #[test]
    fn rfc9112_3_2_2_absolute_form_becomes_origin_form() {
        let mut req = request("http://b.test/x?y=1", &[("host", "a.test")]);
        admit(&mut req).unwrap();
        assert_eq!(req.raw_path(), b"/x?y=1");
        assert_eq!(req.headers["host"], "b.test");
    }

    #[test]
    fn rfc9112_3_2_4_a_target_without_a_path_gets_one() {
        let target = |method: &str, target: &str| {
            let mut req = RequestHeader::build(method, target.as_bytes(), None).unwrap();
            req.insert_header("host", "a.test").unwrap();
            admit(&mut req).unwrap();
            String::from_utf8(req.raw_path().to_vec()).unwrap()
        };
        assert_eq!(target("GET", "http://a.test"), "/");
        assert_eq!(target("GET", "http://a.test?/secret/"), "/?/secret/");
        assert_eq!(target("OPTIONS", "http://a.test"), "*");
        assert_eq!(target("OPTIONS", "http://a.test/"), "/");
    }

    #[test]
    fn targets_of_other_forms_are_refused() {
        assert_eq!(status("ftp://a.test/", &[("host", "a.test")]), 400);
    }
}
