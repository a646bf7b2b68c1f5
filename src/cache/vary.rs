//! `Vary` and the secondary key it asks for (RFC 9111 §4.1).
//!
//! The key is made of framed bytes that the caller hashes. Values are compared after the
//! normalisation that every list field allows: lines joined, blanks around commas dropped. Fields of
//! the `Accept` family are compared as the weighted sets that they are (`accept`).

use http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, COOKIE, RANGE, VARY, VIA};
use http::{HeaderMap, HeaderName};

use super::hop_by_hop::HOP_BY_HOP;
use super::validation::CONDITIONS;
use super::{accept, list};

/// What a response says about the requests it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vary {
    /// `*` somewhere, or something that is no field name: it answers no other request.
    Any,
    /// It answers requests that have the same values in these fields, which are sorted and occur
    /// once each; none means that it answers every request.
    Fields(Vec<HeaderName>),
}

impl Vary {
    /// Reads all `Vary` lines.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        let members = list::members(headers, VARY);
        let Ok(mut names) = members.map(field_name).collect::<Result<Vec<_>, NotAName>>() else {
            return Self::Any;
        };
        names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        Self::Fields(names)
    }

    /// The bytes in which requests must agree, or `None` when no request can.
    ///
    /// Each field is framed by its length and marked when it is absent, so that no two different
    /// requests yield the same bytes. Empty when the response varies on nothing.
    #[must_use]
    pub fn secondary_key(&self, request: &HeaderMap) -> Option<Vec<u8>> {
        let Self::Fields(names) = self else { return None };
        Some(key_of(names.iter(), request))
    }

    /// The same without `Accept-Language`; `None` when the response does not vary on that field, or
    /// no request can agree.
    #[must_use]
    pub fn key_beside_language(&self, request: &HeaderMap) -> Option<Vec<u8>> {
        let Self::Fields(names) = self else { return None };
        let others = names.iter().filter(|name| **name != ACCEPT_LANGUAGE);
        names.contains(&ACCEPT_LANGUAGE).then(|| key_of(others, request))
    }
}

/// The named fields as the backend was sent them, where they are not the proxy's own to say.
#[must_use]
pub fn asked_with(names: &[HeaderName], req: &HeaderMap, bereq: &HeaderMap, response: &HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(names.len());
    for name in names {
        let is_ours = *name == VIA || *name == RANGE || HOP_BY_HOP.contains(name) || CONDITIONS.contains(name);
        // Who was not told which codings are understood has sent what all understand (RFC 9110 section 12.5.3).
        let is_plain =
            *name == ACCEPT_ENCODING && !bereq.contains_key(name) && !response.contains_key(CONTENT_ENCODING);
        let asked = if is_ours || is_plain { req } else { bereq };
        for value in asked.get_all(name) {
            fields.append(name.clone(), value.clone());
        }
    }
    fields
}

/// Whether a response is in that language, which stands in lower case, and in no other.
#[must_use]
pub fn is_in_language(response: &HeaderMap, language: &str) -> bool {
    let mut languages = list::members(response, CONTENT_LANGUAGE);
    languages.next().is_some_and(|only| only.eq_ignore_ascii_case(language.as_bytes())) && languages.next().is_none()
}

fn key_of<'a>(names: impl Iterator<Item = &'a HeaderName>, request: &HeaderMap) -> Vec<u8> {
    let mut key = Vec::new();
    for name in names {
        push_framed(&mut key, name.as_str().as_bytes());
        let (form, value) = compared(request, name);
        key.push(form);
        push_framed(&mut key, &value);
    }
    key
}

/// What is compared of a field, and in which form: absent, as it stands, or as a weighted set. A value
/// in one form never equals one in another.
fn compared(request: &HeaderMap, name: &HeaderName) -> (u8, Vec<u8>) {
    let Some(value) = normalised(request, name) else { return (0, Vec::new()) };
    accept::canonical(request, name).map_or((1, value), |value| (2, value))
}

struct NotAName;

/// `*` is a token, so it would pass for a name.
fn field_name(member: &[u8]) -> Result<HeaderName, NotAName> {
    if member == b"*" {
        return Err(NotAName);
    }
    HeaderName::from_bytes(member).map_err(|_| NotAName)
}

fn push_framed(key: &mut Vec<u8>, part: &[u8]) {
    key.extend_from_slice(&(part.len() as u64).to_be_bytes());
    key.extend_from_slice(part);
}

/// The value of a request field over all its lines, or `None` when it is absent.
///
/// Lines of `Cookie` are joined by `; ` (RFC 9113 §8.2.3), those of other fields by a comma.
fn normalised(request: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    if !request.contains_key(name) {
        return None;
    }
    if *name == COOKIE {
        let lines: Vec<&[u8]> = request.get_all(name).iter().map(|line| line.as_bytes().trim_ascii()).collect();
        return Some(lines.join(&b"; "[..]));
    }
    let members: Vec<&[u8]> = list::members(request, name).collect();
    Some(members.join(&b","[..]))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn vary(lines: &[&str]) -> Vary {
        Vary::parse(&headers(&lines.iter().map(|line| ("vary", *line)).collect::<Vec<_>>()))
    }

    fn same(on: &[&str], one: &[(&'static str, &str)], other: &[(&'static str, &str)]) -> bool {
        vary(on).secondary_key(&headers(one)).unwrap() == vary(on).secondary_key(&headers(other)).unwrap()
    }

    #[test]
    fn rfc9111_4_1_a_star_anywhere_matches_nothing() {
        for lines in [
            &["*"][..],
            &["*, *"],
            &[", *"],
            &["*, Foo"],
            &["Foo, *"],
            &["Foo", "*"],
            &["*", "Foo"],
            &["*", "*"],
            &["Foo Bar"],
            &["\"Foo\""],
        ] {
            assert_eq!(vary(lines), Vary::Any, "{lines:?}");
            assert_eq!(vary(lines).secondary_key(&HeaderMap::new()), None);
        }
    }

    #[test]
    fn names_are_sorted_once_each_in_any_case() {
        let fields = |names: &[&'static str]| Vary::Fields(names.iter().map(|n| HeaderName::from_static(n)).collect());
        assert_eq!(vary(&["Foo, BAR", "foo"]), fields(&["bar", "foo"]));
        assert_eq!(vary(&["", " , "]), fields(&[]));
        assert_eq!(vary(&[]).secondary_key(&headers(&[("foo", "1")])), Some(Vec::new()));
    }

    #[test]
    fn rfc9111_4_1_fields_must_agree() {
        let on = &["Foo, Bar"];
        assert!(same(on, &[("foo", "1"), ("bar", "2")], &[("bar", "2"), ("foo", "1"), ("other", "3")]));
        assert!(!same(on, &[("foo", "1"), ("bar", "2")], &[("foo", "1"), ("bar", "3")]));
        assert!(!same(on, &[("foo", "1")], &[("bar", "1")]));
    }

    #[test]
    fn rfc9111_4_1_absent_matches_only_absent() {
        assert!(same(&["Foo"], &[], &[("bar", "1")]));
        assert!(!same(&["Foo"], &[], &[("foo", "1")]));
        assert!(!same(&["Foo"], &[], &[("foo", "")]));
    }

    #[test]
    fn rfc9111_4_1_lines_are_combined_and_blanks_dropped() {
        assert!(same(&["Foo"], &[("foo", "1, 2")], &[("foo", "1"), ("foo", "2")]));
        assert!(same(&["Foo"], &[("foo", "1,2")], &[("foo", " 1, 2 ")]));
        assert!(!same(&["Foo"], &[("foo", "1,2")], &[("foo", "2,1")]));
        assert!(!same(&["Foo"], &[("foo", "\"1, 2\"")], &[("foo", "\"1,2\"")]));
        assert!(!same(&["Foo"], &[("foo", "a b")], &[("foo", "a  b")]));
    }

    #[test]
    fn rfc9111_4_1_accept_fields_are_compared_as_weighted_sets() {
        let language = |one: &str, other: &str| {
            same(&["Accept-Language"], &[("accept-language", one)], &[("accept-language", other)])
        };
        assert!(language("en, de;q=0.5", "DE;q=0.50,EN") && !language("en, de;q=0.5", "de, en;q=0.5"));
        assert!(language("e n, de", "e n,de") && !language("e n, de", "de, e n"));
        assert!(same(
            &["Accept-Language"],
            &[("accept-language", "de"), ("accept-language", "en")],
            &[("accept-language", "en, de")]
        ));
        assert!(!same(&["Accept-Language"], &[("accept-language", "")], &[]));
        assert!(same(&["Accept-Encoding"], &[("accept-encoding", "gzip, br")], &[("accept-encoding", "br,GZIP")]));
        assert!(!same(&["Foo"], &[("foo", "gzip, br")], &[("foo", "br, gzip")]));
    }

    #[test]
    fn the_key_beside_language_holds_all_other_fields() {
        let on = vary(&["Accept-Language, Foo"]);
        let key = |lines: &[(&'static str, &str)]| on.key_beside_language(&headers(lines)).unwrap();
        assert_eq!(key(&[("accept-language", "de"), ("foo", "1")]), key(&[("accept-language", "fr"), ("foo", "1")]));
        assert_ne!(key(&[("accept-language", "de"), ("foo", "1")]), key(&[("accept-language", "de"), ("foo", "2")]));
        assert_ne!(key(&[("foo", "1")]), vary(&["Accept-Language"]).key_beside_language(&headers(&[])).unwrap());
        for other in [&["Foo"][..], &["*"], &[]] {
            assert_eq!(vary(other).key_beside_language(&headers(&[("foo", "1")])), None);
        }
    }

    #[test]
    fn rfc9110_8_5_a_response_in_one_language() {
        let is = |value: &str| is_in_language(&headers(&[("content-language", value)]), "pt-br");
        assert!(is("pt-BR") && is(" pt-br ") && !is("pt") && !is("pt-br, en") && !is(""));
        assert!(!is_in_language(&HeaderMap::new(), "pt-br"));
    }

    #[test]
    fn rfc9113_8_2_3_cookie_lines_are_joined_as_cookies() {
        assert!(same(&["Cookie"], &[("cookie", "a=1; b=2")], &[("cookie", "a=1"), ("cookie", "b=2")]));
        assert!(!same(&["Cookie"], &[("cookie", "a=1, b=2")], &[("cookie", "a=1,b=2")]));
    }

    proptest! {
        #[test]
        fn different_values_have_different_keys(a in "[ab]{0,4}", b in "[ab]{0,4}", c in "[ab]{0,4}", d in "[ab]{0,4}") {
            let equal = same(&["x, y"], &[("x", &a), ("y", &b)], &[("x", &c), ("y", &d)]);
            prop_assert_eq!(equal, (a, b) == (c, d));
        }

        #[test]
        fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let mut map = HeaderMap::new();
                map.insert(VARY, value.clone());
                map.insert("foo", value);
                let _ = Vary::parse(&map).secondary_key(&map);
                let _ = vary(&["foo"]).secondary_key(&map);
            }
        }
    }
}
