//! Which field says how long a response is kept (RFC 9213).
//!
//! An origin may speak to some caches and not to others: in fields of their own, beside
//! `Cache-Control`. A cache has a list of those it obeys. The first that is there, valid and not
//! empty stands in for `Cache-Control` and `Expires`, in all they say (§2.2). [`governing`] is the
//! one place where that is decided.

use std::sync::LazyLock;
use std::time::Duration;

use http::header::{CACHE_CONTROL, EXPIRES};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::cache_control::{CacheControl, Directive, Scope};
use super::{delta_seconds, surrogate_control};

pub use surrogate_control::NAME as SURROGATE_CONTROL;

/// The fields that are obeyed when the policy says nothing of it.
const DEFAULT_FIELDS: &str = "CDN-Cache-Control, Surrogate-Control";

static DEFAULT: LazyLock<TargetList> = LazyLock::new(|| TargetList::parse(DEFAULT_FIELDS).0);

/// The targeted fields that are obeyed, the strongest first (RFC 9213 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetList {
    text: String,
    names: Vec<HeaderName>,
}

impl TargetList {
    /// Reads names between commas; also gives what is none. `Cache-Control` and `Expires` are none,
    /// since they come after all others whatever is listed.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<&str>) {
        let (mut names, mut refused) = (Vec::new(), Vec::new());
        for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
            match HeaderName::from_bytes(member.as_bytes()) {
                Ok(name) if name != CACHE_CONTROL && name != EXPIRES => names.push(name),
                _ => refused.push(member),
            }
        }
        (Self { text: text.to_owned(), names }, refused)
    }

    /// Their names, the strongest first.
    #[must_use]
    pub fn names(&self) -> &[HeaderName] {
        &self.names
    }

    /// The list as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Default for &TargetList {
    /// `CDN-Cache-Control`, then `Surrogate-Control`.
    fn default() -> Self {
        &DEFAULT
    }
}

/// The directives that hold for a response: those of the first field of `targets` that is there,
/// valid and not empty, else those of `Cache-Control`.
#[must_use]
pub fn governing(headers: &HeaderMap, targets: &TargetList) -> CacheControl {
    targets.names.iter().find_map(|name| obeyed(headers, name)).unwrap_or_else(|| CacheControl::parse(headers))
}

/// What one field of the list says, if it is to be obeyed.
fn obeyed(headers: &HeaderMap, name: &HeaderName) -> Option<CacheControl> {
    if !headers.contains_key(name) {
        return None;
    }
    let directives = if *name == SURROGATE_CONTROL { surrogate_control::parse(headers) } else { parse(headers, name) };
    let mut directives = directives?;
    directives.targeted = Some(name.clone());
    Some(directives)
}

/// Reads a targeted field; `None` when it is absent, empty or no dictionary of RFC 8941: one error
/// anywhere makes the cache ignore the field (RFC 9213 §2.1).
fn parse(headers: &HeaderMap, name: &HeaderName) -> Option<CacheControl> {
    // RFC 8941 §4.2: the lines are joined before they are parsed.
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
    let members = Parser::parse_dictionary(&lines.join(&b", "[..])).ok()?;
    (!members.is_empty()).then(|| directives(&members))
}

/// RFC 9213 §2.1 ignores a directive of a wrong type, and the parameters of all. A flag that is there
/// with another value than a boolean is taken as set nevertheless: it can only keep a response from
/// being shared, except for `public`.
fn directives(members: &Dictionary) -> CacheControl {
    let mut directives = CacheControl::default();
    for flag in Directive::ALL {
        let value = members.get(flag.name());
        if if flag == Directive::Public { is_true(value) } else { is_set(value) } {
            directives.set(flag);
        }
    }
    directives.no_cache = scope(members.get("no-cache"));
    directives.private = scope(members.get("private"));
    directives.max_age = seconds(members.get("max-age"));
    directives.s_maxage = seconds(members.get("s-maxage"));
    directives.stale_while_revalidate = seconds(members.get("stale-while-revalidate"));
    directives.stale_if_error = seconds(members.get("stale-if-error"));
    directives
}

fn bare(value: Option<&ListEntry>) -> Option<&BareItem> {
    match value? {
        ListEntry::Item(item) => Some(&item.bare_item),
        ListEntry::InnerList(_) => None,
    }
}

fn is_true(value: Option<&ListEntry>) -> bool {
    matches!(bare(value), Some(BareItem::Boolean(true)))
}

fn is_set(value: Option<&ListEntry>) -> bool {
    value.is_some() && !matches!(bare(value), Some(BareItem::Boolean(false)))
}

/// A number of seconds is an integer: neither a decimal nor a string, nor negative.
fn seconds(value: Option<&ListEntry>) -> Option<Duration> {
    let Some(BareItem::Integer(seconds)) = bare(value) else { return None };
    let seconds = u64::try_from(*seconds).ok()?;
    Some(Duration::from_secs(seconds.min(delta_seconds::MAX_SECONDS)))
}

/// A list of fields is a string, as in `no-cache="a, b"`.
fn scope(value: Option<&ListEntry>) -> Scope {
    match bare(value) {
        _ if !is_set(value) => Scope::Absent,
        Some(BareItem::String(names)) => Scope::of_fields(names.as_bytes()),
        _ => Scope::Whole,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const CDN: &str = "cdn-cache-control";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn by_default(lines: &[(&'static str, &str)]) -> CacheControl {
        governing(&headers(lines), Default::default())
    }

    fn cdn(value: &str) -> CacheControl {
        by_default(&[(CDN, value), ("cache-control", "no-store, max-age=7")])
    }

    fn max_age(directives: &CacheControl) -> Option<u64> {
        directives.max_age.map(|age| age.as_secs())
    }

    fn is_obeyed(value: &str) -> bool {
        cdn(value).targeted.is_some()
    }

    #[test]
    fn rfc9213_2_2_the_targeted_field_stands_in_for_cache_control() {
        let directives = cdn("max-age=60, foobar, must-revalidate");
        assert_eq!((max_age(&directives), directives.has(Directive::NoStore)), (Some(60), false));
        assert!(directives.has(Directive::MustRevalidate) && directives.forbids_stale());
        assert!(cdn("no-store").has(Directive::NoStore) && max_age(&cdn("no-store")).is_none());
        assert!(cdn("private").private.is_whole() && cdn("no-cache").no_cache.is_whole());
    }

    #[test]
    fn rfc9213_2_2_the_first_valid_field_of_the_list_counts() {
        let list = |text: &str| TargetList::parse(text).0;
        let response = headers(&[("a-control", "x y"), ("b-control", "max-age=2"), (CDN, "max-age=3")]);
        let chosen = |text: &str| max_age(&governing(&response, &list(text)));
        assert_eq!(chosen("A-Control, B-Control, CDN-Cache-Control"), Some(2));
        assert_eq!(chosen("CDN-Cache-Control, B-Control"), Some(3));
        assert_eq!((chosen("A-Control"), chosen("")), (None, None));
    }

    #[test]
    fn rfc9213_2_1_an_invalid_or_empty_field_is_absent() {
        for value in [
            "",
            "   ",
            "max-age=10000, &&&&&",
            "max-age =100",
            "max-age= 100",
            "MaX-aGe=3600",
            "a,",
            ",a",
            "max-age=1;",
        ] {
            assert!(!is_obeyed(value), "{value:?}");
        }
        // Made of nothing we know, it still says that Cache-Control is for others (§3.1).
        assert!(is_obeyed("none"));
    }

    #[test]
    fn rfc9213_2_1_lifetimes_of_a_wrong_type_are_ignored_alone() {
        for value in ["\"10000\"", "1.5", "a", "?1", "-1", "(1 2)", ":YQ==:"] {
            let directives = cdn(&format!("max-age={value}, s-maxage=5"));
            assert_eq!((directives.max_age, directives.s_maxage), (None, Some(Duration::from_secs(5))), "{value}");
        }
        assert_eq!(max_age(&cdn("max-age")), None);
        assert_eq!(max_age(&cdn("max-age=60;a=b;c")), Some(60));
        assert_eq!(max_age(&cdn("max-age=1, max-age=2")), Some(2));
        assert_eq!(max_age(&cdn("max-age=99999999999")), Some(1 << 31));
    }

    #[test]
    fn flags_of_a_wrong_type_close_and_never_open() {
        for value in ["1", "\"x\"", "x", "(a)"] {
            assert!(cdn(&format!("no-store={value}")).has(Directive::NoStore), "{value}");
            assert!(!cdn(&format!("public={value}")).has(Directive::Public), "{value}");
        }
        assert!(!cdn("no-store=?0").has(Directive::NoStore) && cdn("public").has(Directive::Public));
        for value in ["1", "x", "(\"a\")", "\"a b\"", "\"\""] {
            assert!(cdn(&format!("private={value}")).private.is_whole(), "{value}");
        }
        assert_eq!(cdn("private=?0").private, Scope::Absent);
        assert_eq!(
            cdn("no-cache=\"a, B\"").no_cache.fields(),
            [HeaderName::from_static("a"), HeaderName::from_static("b")]
        );
    }

    #[test]
    fn rfc8941_4_2_lines_are_joined() {
        let two = by_default(&[(CDN, "max-age=60"), (CDN, "private")]);
        assert!(two.private.is_whole() && max_age(&two) == Some(60));
        let broken = by_default(&[(CDN, "max-age=60"), (CDN, "&"), ("cache-control", "max-age=7")]);
        assert_eq!(max_age(&broken), Some(7));
    }

    #[test]
    fn names_that_are_none_are_told() {
        let (list, refused) = TargetList::parse(" CDN-Cache-Control,,a b , Cache-Control,expires");
        assert_eq!(refused, ["a b", "Cache-Control", "expires"]);
        assert_eq!(list.names, [HeaderName::from_static(CDN)]);
        assert_eq!(<&TargetList>::default().as_str(), DEFAULT_FIELDS);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..3)) {
            let mut headers = HeaderMap::new();
            for value in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
                headers.append(CDN, value.clone());
                headers.append(surrogate_control::NAME, value);
            }
            let _ = governing(&headers, Default::default());
        }

        #[test]
        fn near_dictionaries_do_not_panic(line in "(max-age|no-store|private|[a-z]{1,3})(=[0-9.\"?:()a-z-]{0,20})?(, ?[ -~]{0,20})?") {
            let _ = cdn(&line);
        }

        #[test]
        fn no_store_in_a_valid_field_is_obeyed(before in "[a-z]{1,9}(=[0-9]{1,6})?", after in "[a-z]{1,9}") {
            prop_assume!(after != "no-store");
            let value = format!("{before}, no-store, {after}");
            prop_assert!(cdn(&value).has(Directive::NoStore));
        }

        #[test]
        fn names_never_panic(text in "\\PC{0,60}") {
            let _ = TargetList::parse(&text);
        }
    }
}
