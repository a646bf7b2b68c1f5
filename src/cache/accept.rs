//! The fields in which a client says what it would like, by weight (RFC 9110 §12.5), in one form for
//! all ways to write the same.
//!
//! RFC 9111 §4.1 lets a cache compare the fields that a response varies on in such a form. Letter
//! case, blanks and the spelling of a weight never matter; the order of the members does not matter
//! either, since the weights say what is preferred. `Accept` alone keeps the order of members of the
//! same weight: there are origins that go by it, and what they choose from are different documents.
//! What is damaged, or says two things of the same member, has no such form and is compared as it is.

use http::header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE};
use http::{HeaderMap, HeaderName};

use super::list;

/// What is accepted, and how much: thousandths, 1000 if nothing is said, 0 for "not at all".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preference {
    pub what: Vec<u8>,
    pub weight: u16,
}

/// A field in its one form, or `None` when it has none: it is another field, or damaged.
///
/// Two requests have the same form only if they accept the same with the same weights.
#[must_use]
pub fn canonical(request: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut preferences = read(request, name)?;
    if *name == ACCEPT {
        preferences.sort_by_key(|preference| std::cmp::Reverse(preference.weight));
    } else {
        preferences.sort_by(|a, b| (b.weight, &a.what).cmp(&(a.weight, &b.what)));
    }
    let members: Vec<Vec<u8>> = preferences
        .into_iter()
        .map(|preference| [preference.what.as_slice(), format!(";q={}", preference.weight).as_bytes()].concat())
        .collect();
    Some(members.join(&b","[..]))
}

/// The language that a client likes best, in lower case; `None` if it likes several the same, takes
/// any, or says nothing.
#[must_use]
pub fn best_language(request: &HeaderMap) -> Option<String> {
    let preferences = read(request, &ACCEPT_LANGUAGE)?;
    let weight = preferences.iter().map(|preference| preference.weight).max().filter(|weight| *weight > 0)?;
    let mut best = preferences.into_iter().filter(|preference| preference.weight == weight);
    let only = best.next().filter(|only| only.what != b"*")?;
    if best.next().is_some() { None } else { String::from_utf8(only.what).ok() }
}

/// Whether a client names `gzip`, or `x-gzip` which is the same (RFC 9110 §8.4.1.3), as something that it takes.
#[must_use]
pub fn accepts_gzip(request: &HeaderMap) -> bool {
    let is_gzip = |preference: &Preference| matches!(preference.what.as_slice(), b"gzip" | b"x-gzip");
    let preferences = read(request, &ACCEPT_ENCODING).unwrap_or_default();
    preferences.iter().any(|preference| is_gzip(preference) && preference.weight > 0)
}

/// A list of more members is compared byte by byte: nobody means that many, and each is compared with
/// each.
const MOST_MEMBERS: usize = 64;

fn read(request: &HeaderMap, name: &HeaderName) -> Option<Vec<Preference>> {
    let read_member = match *name {
        ACCEPT_LANGUAGE => language,
        ACCEPT_ENCODING | ACCEPT_CHARSET => token,
        ACCEPT => media_range,
        _ => return None,
    };
    if list::members(request, name).nth(MOST_MEMBERS).is_some() {
        return None;
    }
    let members: Vec<_> =
        list::members(request, name).map(|member| weighted(member, read_member)).collect::<Option<_>>()?;
    let mut preferences: Vec<Preference> = Vec::with_capacity(members.len());
    for member in members {
        match preferences.iter().find(|known| known.what == member.what) {
            Some(known) if *known == member => {}
            Some(_) => return None,
            None => preferences.push(member),
        }
    }
    Some(preferences)
}

/// Splits the weight off a member (RFC 9110 §12.4.2), which stands at its end.
pub(super) fn weighted(member: &[u8], read_member: fn(&[u8]) -> Option<Vec<u8>>) -> Option<Preference> {
    let parts: Vec<&[u8]> = list::split_at_semicolons(member).collect();
    let (last, before) = parts.split_last()?;
    let weight = last.strip_prefix(b"q=").or_else(|| last.strip_prefix(b"Q="));
    let (what, weight) = match weight {
        Some(weight) => (before.join(&b";"[..]), qvalue(weight)?),
        None => (parts.join(&b";"[..]), 1000),
    };
    Some(Preference { what: read_member(&what)?, weight })
}

/// `1`, `0.8`, `0.333`: at most three digits behind the point.
fn qvalue(text: &[u8]) -> Option<u16> {
    let (whole, fraction) = match text {
        [whole] => (*whole, &[][..]),
        [whole, b'.', fraction @ ..] => (*whole, fraction),
        _ => return None,
    };
    if fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) || !matches!(whole, b'0' | b'1') {
        return None;
    }
    let digits = fraction.iter().chain(b"000").take(3);
    let weight = digits.fold(u16::from(whole - b'0'), |weight, digit| weight * 10 + u16::from(digit - b'0'));
    (weight <= 1000).then_some(weight)
}

/// A language range (RFC 4647 §2.1), whose letter case says nothing.
pub(super) fn language(text: &[u8]) -> Option<Vec<u8>> {
    let is_subtag = |part: &[u8]| (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric);
    (text == b"*" || text.split(|byte| *byte == b'-').all(is_subtag)).then(|| text.to_ascii_lowercase())
}

/// The name of a coding or a character set, whose letter case says nothing.
pub(super) fn token(text: &[u8]) -> Option<Vec<u8>> {
    is_token(text).then(|| text.to_ascii_lowercase())
}

/// A media range (RFC 9110 §12.5.1). Of its parameters the names may be written in any case; of the
/// values nothing is known.
pub(super) fn media_range(text: &[u8]) -> Option<Vec<u8>> {
    let mut parts = list::split_at_semicolons(text);
    let range = parts.next()?;
    let slash = range.iter().position(|byte| *byte == b'/')?;
    if !is_token(range.get(..slash)?) || !is_token(range.get(slash + 1..)?) {
        return None;
    }
    let mut form = range.to_ascii_lowercase();
    for parameter in parts {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) = parameter.split_at_checked(equals)?;
        if !is_token(name) || name.eq_ignore_ascii_case(b"q") {
            return None;
        }
        form.push(b';');
        form.extend(name.to_ascii_lowercase());
        form.extend_from_slice(value);
    }
    Some(form)
}

/// RFC 9110 §5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn form(name: &HeaderName, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        canonical(&headers, name).map(|form| String::from_utf8(form).unwrap())
    }

    fn same(name: &HeaderName, one: &str, other: &str) -> bool {
        let (one, other) = (form(name, one), form(name, other));
        one.is_some() && one == other
    }

    fn best(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(value).unwrap());
        best_language(&headers)
    }

    #[test]
    fn rfc9110_12_5_4_languages_are_a_weighted_set() {
        let is = |one: &str, other: &str| same(&ACCEPT_LANGUAGE, one, other);
        assert!(is("en, de", "de, en"));
        assert!(is("en, de", " eN ,   De"));
        assert!(is("en, de;q=0.5", "DE ; q=0.500,en;Q=1.000"));
        assert!(is("en, en", "en;q=1."));
        assert!(!is("en, de;q=0.5", "en;q=0.5, de"));
        assert!(!is("en", "en, de;q=0"));
        assert!(!is("en", "en-GB"));
        assert!(!is("", "en"));
    }

    #[test]
    fn rfc9110_12_5_3_codings_and_charsets_are_weighted_sets() {
        for name in [ACCEPT_ENCODING, ACCEPT_CHARSET] {
            assert!(same(&name, "gzip, br;q=0.9", "BR;q=0.90,GZip"));
            assert!(!same(&name, "gzip, br;q=0.9", "gzip, br;q=0.8"));
            assert!(!same(&name, "gzip", "x-gzip"));
            assert!(!same(&name, "identity;q=0", "identity"));
        }
    }

    #[test]
    fn rfc9110_12_5_1_media_ranges_keep_parameters_and_the_order_of_equals() {
        let is = |one: &str, other: &str| same(&ACCEPT, one, other);
        assert!(is("text/html, */*;q=0.1", "*/*; q=0.1, Text/HTML"));
        assert!(is("text/html; Level=1;q=0.5", "text/html;level=1;q=0.500"));
        assert!(!is("text/html, application/json", "application/json, text/html"));
        assert!(!is("text/html;level=1", "text/html;level=2"));
        assert!(!is("text/html;level=1", "text/html"));
        assert!(!is("text/html;a=X", "text/html;a=x"));
        assert!(!is("text/html;a=\"x, y\"", "text/html;a=\"x,y\""));
    }

    #[test]
    fn what_is_damaged_has_no_form() {
        for value in
            ["en;q=2", "en;q=0.1234", "en;q=", "en;q", "en;x=1", "en;q=1;q=1", "e n", "-", "en;q=1.001", "123456789"]
        {
            assert_eq!(form(&ACCEPT_LANGUAGE, value), None, "{value}");
        }
        for value in ["text", "text/", "/html", "text/html;a", "text/html;q=0.5;a=b", "text/html;q=0.5;q=1", "a b/c"] {
            assert_eq!(form(&ACCEPT, value), None, "{value}");
        }
        assert_eq!(form(&ACCEPT_ENCODING, "gzip;level=9"), None);
        assert_eq!(form(&ACCEPT_LANGUAGE, "en, de, en;q=0.5"), None);
        assert_eq!(form(&HeaderName::from_static("foo"), "a, b"), None);
    }

    #[test]
    fn the_best_language_is_one_that_is_liked_more_than_all_others() {
        assert_eq!(best("fr;q=0.5, DE;q=1.0").as_deref(), Some("de"));
        assert_eq!(best("pt-BR").as_deref(), Some("pt-br"));
        assert_eq!(best("de;q=0.2, en;q=0").as_deref(), Some("de"));
        for none in ["en, de", "*", "en;q=0", "", "en;q=x"] {
            assert_eq!(best(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                for name in [ACCEPT, ACCEPT_LANGUAGE, ACCEPT_ENCODING, ACCEPT_CHARSET] {
                    let mut headers = HeaderMap::new();
                    headers.insert(&name, value.clone());
                    let _ = canonical(&headers, &name);
                    let _ = best_language(&headers);
                }
            }
        }

        #[test]
        fn the_same_form_means_the_same_preferences(
            one in proptest::collection::vec(("[abAB]{1,2}", 0_u16..=10), 0..4),
            other in proptest::collection::vec(("[abAB]{1,2}", 0_u16..=10), 0..4),
        ) {
            let write = |set: &[(String, u16)]| {
                let members = set.iter().map(|(tag, tenths)| format!("{tag};q={}.{}", tenths / 10, tenths % 10));
                members.collect::<Vec<_>>().join(", ")
            };
            let set = |set: &[(String, u16)]| {
                let lower = set.iter().map(|(tag, tenths)| (tag.to_lowercase(), *tenths));
                lower.collect::<std::collections::BTreeSet<_>>()
            };
            let forms = (form(&ACCEPT_LANGUAGE, &write(&one)), form(&ACCEPT_LANGUAGE, &write(&other)));
            if let (Some(one_form), Some(other_form)) = forms {
                prop_assert_eq!(one_form == other_form, set(&one) == set(&other));
            }
        }

        #[test]
        fn a_form_is_its_own_form_again(value in "([a-z]{1,3}(;q=0\\.[0-9]{1,3})?, ?){0,4}") {
            if let Some(once) = form(&ACCEPT_ENCODING, &value) {
                let plain = once.split(',').filter(|member| !member.is_empty()).map(|member| {
                    let (what, weight) = member.split_once(";q=").unwrap();
                    let weight: u16 = weight.parse().unwrap();
                    format!("{what};q={}.{:03}", weight / 1000, weight % 1000)
                });
                let plain = plain.collect::<Vec<_>>().join(",");
                prop_assert_eq!(form(&ACCEPT_ENCODING, &plain), Some(once));
            }
        }
    }
}
