//! `Cache-Control` of a response (RFC 9111 §5.2.2, RFC 5861, RFC 8246), and the directives that it
//! and the fields in its place (`targeted`) have in common.
//!
//! Unknown directives are ignored. Where a value makes no sense the stricter reading is taken: a
//! broken lifetime is an expired one, a broken field list covers the whole response. Directives of
//! requests (§5.2.1) are those of `request_control`.

use std::time::Duration;

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, EXPIRES,
    TRANSFER_ENCODING, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{delta_seconds, list};

/// A directive that is either there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Does not change while fresh (RFC 8246).
    Immutable,
    /// Not reused when stale without validation (RFC 9111 §5.2.2.2).
    MustRevalidate,
    /// Stored only when the status is understood, then in spite of `no-store` (RFC 9111 §5.2.2.3).
    MustUnderstand,
    /// Not stored (RFC 9111 §5.2.2.5).
    NoStore,
    /// Not transformed (RFC 9111 §5.2.2.6).
    NoTransform,
    /// As `must-revalidate`, for shared caches only (RFC 9111 §5.2.2.8).
    ProxyRevalidate,
    /// Storable even where it would not be (RFC 9111 §5.2.2.9).
    Public,
}

impl Directive {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Immutable,
        Self::MustRevalidate,
        Self::MustUnderstand,
        Self::NoStore,
        Self::NoTransform,
        Self::ProxyRevalidate,
        Self::Public,
    ];

    /// Its name as written in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Immutable => "immutable",
            Self::MustRevalidate => "must-revalidate",
            Self::MustUnderstand => "must-understand",
            Self::NoStore => "no-store",
            Self::NoTransform => "no-transform",
            Self::ProxyRevalidate => "proxy-revalidate",
            Self::Public => "public",
        }
    }
}

/// What `no-cache` or `private` covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The directive is absent.
    #[default]
    Absent,
    /// Only these fields of the response.
    Fields(Vec<HeaderName>),
    /// The whole response.
    Whole,
}

impl Scope {
    /// Whether the whole response is covered.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// The fields that are covered one by one.
    #[must_use]
    pub fn fields(&self) -> &[HeaderName] {
        match self {
            Self::Fields(names) => names,
            Self::Absent | Self::Whole => &[],
        }
    }

    /// What a list of field names covers: the whole response when it is empty, when anything in it is
    /// not a field name, and when the rest would mean something else without the field.
    pub(super) fn of_fields(list: &[u8]) -> Self {
        let names: Result<Vec<HeaderName>, _> = list::split(list).map(HeaderName::from_bytes).collect();
        let can_be_left_out = |names: &Vec<HeaderName>| !names.is_empty() && !names.iter().any(is_needed);
        names.ok().filter(can_be_left_out).map_or(Self::Whole, Self::Fields)
    }

    /// Widens by what one occurrence of the directive says.
    fn widen(&mut self, argument: &Argument) {
        let Self::Fields(mut names) = argument.scope() else {
            *self = Self::Whole;
            return;
        };
        match self {
            Self::Whole => {}
            Self::Absent => *self = Self::Fields(names),
            Self::Fields(known) => known.append(&mut names),
        }
    }
}

/// Whether a stored response would be read wrongly, or be used for the wrong requests, without this field.
fn is_needed(name: &HeaderName) -> bool {
    let needed = [
        AGE,
        CACHE_CONTROL,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
        DATE,
        TRANSFER_ENCODING,
        VARY,
    ];
    needed.contains(name)
}

/// The directives of a response that a shared cache acts on.
///
/// Of a directive that occurs twice the first occurrence counts (RFC 9111 §4.2.1). A lifetime whose
/// value is not a number of seconds is zero: present, and expired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheControl {
    flags: u8,
    /// `max-age` (RFC 9111 §5.2.2.1).
    pub max_age: Option<Duration>,
    /// `s-maxage`: for shared caches, so for us, before `max-age` (RFC 9111 §5.2.2.10).
    pub s_maxage: Option<Duration>,
    /// `stale-while-revalidate` (RFC 5861 §3).
    pub stale_while_revalidate: Option<Duration>,
    /// `stale-if-error` (RFC 5861 §4).
    pub stale_if_error: Option<Duration>,
    /// `no-cache`: what is not reused without validation (RFC 9111 §5.2.2.4).
    pub no_cache: Scope,
    /// `private`: what a shared cache does not store (RFC 9111 §5.2.2.7).
    pub private: Scope,
    /// The field that they come from, if it is not `Cache-Control`: then `Expires` does not count
    /// either (RFC 9213 §2.2).
    pub targeted: Option<HeaderName>,
}

impl CacheControl {
    /// Reads all `Cache-Control` lines.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        Self::of_lines(headers.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes))
    }

    /// Reads the lines of the field.
    pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut directives = Self::default();
        lines.into_iter().flat_map(list::split).for_each(|member| directives.add(member));
        directives
    }

    /// Whether a directive without a value is there.
    #[must_use]
    pub fn has(&self, directive: Directive) -> bool {
        self.flags & bit(directive) != 0
    }

    /// Whether a lifetime is stated, valid or not.
    #[must_use]
    pub fn has_lifetime(&self) -> bool {
        self.max_age.is_some() || self.s_maxage.is_some()
    }

    /// Whether a stale response may not be reused without validation, whatever happens: RFC 9111
    /// §4.2.4 names `no-cache`, `must-revalidate`, `proxy-revalidate` and `s-maxage`.
    #[must_use]
    pub fn forbids_stale(&self) -> bool {
        self.has(Directive::MustRevalidate)
            || self.has(Directive::ProxyRevalidate)
            || self.s_maxage.is_some()
            || self.no_cache.is_whole()
    }

    /// The fields that are left out when the response is stored: those of `private="…"`, which may
    /// not be stored, and of `no-cache="…"`, which may not be reused (RFC 9111 §5.2.2.4, §5.2.2.7).
    pub fn withheld_fields(&self) -> impl Iterator<Item = &HeaderName> {
        self.private.fields().iter().chain(self.no_cache.fields())
    }

    pub(super) fn set(&mut self, flag: Directive) {
        self.flags |= bit(flag);
    }

    /// Whether an `Expires` is there that counts.
    #[must_use]
    pub fn has_expires(&self, headers: &HeaderMap) -> bool {
        self.targeted.is_none() && headers.contains_key(EXPIRES)
    }

    /// Adds a directive as `Cache-Control` has it.
    pub(super) fn add(&mut self, member: &[u8]) {
        let (name, argument) = Argument::split(member);
        let known = |flag: &Directive| name.eq_ignore_ascii_case(flag.name().as_bytes());
        if let Some(flag) = Directive::ALL.into_iter().find(known) {
            self.set(flag);
        } else if name.eq_ignore_ascii_case(b"no-cache") {
            self.no_cache.widen(&argument);
        } else if name.eq_ignore_ascii_case(b"private") {
            self.private.widen(&argument);
        } else if let Some(slot) = self.delta_slot(name) {
            slot.get_or_insert_with(|| argument.seconds());
        }
    }

    fn delta_slot(&mut self, name: &[u8]) -> Option<&mut Option<Duration>> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("max-age") {
            Some(&mut self.max_age)
        } else if is("s-maxage") {
            Some(&mut self.s_maxage)
        } else if is("stale-while-revalidate") {
            Some(&mut self.stale_while_revalidate)
        } else if is("stale-if-error") {
            Some(&mut self.stale_if_error)
        } else {
            None
        }
    }
}

fn bit(directive: Directive) -> u8 {
    1 << (directive as u8)
}

/// What stands behind the `=` of a directive.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Missing,
    Broken,
    Text(Vec<u8>),
}

impl Argument {
    /// The name and the argument of a directive. Blanks around `=` are not allowed; the name still
    /// counts, the argument is broken.
    pub(super) fn split(member: &[u8]) -> (&[u8], Self) {
        let Some(at) = member.iter().position(|&byte| byte == b'=') else {
            return (member, Self::Missing);
        };
        let name = member.get(..at).unwrap_or_default();
        let value = member.get(at + 1..).unwrap_or_default();
        let blank_before = name.ends_with(b" ") || name.ends_with(b"\t");
        let argument = match value.first() {
            None | Some(b' ' | b'\t') => Self::Broken,
            Some(_) if blank_before => Self::Broken,
            Some(b'"') => list::unquote(value).map_or(Self::Broken, Self::Text),
            Some(_) => Self::Text(value.to_vec()),
        };
        (name.trim_ascii(), argument)
    }

    /// The text, if there is one that can be read.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Broken => None,
        }
    }

    /// The seconds; what is none of it is zero, that is: expired.
    fn seconds(&self) -> Duration {
        self.text().and_then(delta_seconds::parse).unwrap_or_default()
    }

    /// What the directive covers.
    fn scope(&self) -> Scope {
        self.text().map_or(Scope::Whole, Scope::of_fields)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(lines: &[&str]) -> CacheControl {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_str(line).unwrap());
        }
        CacheControl::parse(&headers)
    }

    fn max_age(line: &str) -> Option<u64> {
        parse(&[line]).max_age.map(|age| age.as_secs())
    }

    #[test]
    fn rfc9111_5_2_names_are_case_insensitive_and_unknown_ones_ignored() {
        assert_eq!(max_age("foobar, MaX-aGe=3600, x=y"), Some(3600));
        assert!(parse(&["No-StOrE"]).has(Directive::NoStore));
        assert!(parse(&["No-CaChE"]).no_cache.is_whole());
    }

    #[test]
    fn rfc9111_5_2_both_forms_of_an_argument() {
        assert_eq!(max_age("max-age=\"3600\""), Some(3600));
        assert_eq!(max_age("max-age=\"36\\00\""), Some(3600));
    }

    #[test]
    fn rfc9111_4_2_1_invalid_lifetimes_are_expired() {
        for line in [
            "max-age",
            "max-age=",
            "max-age=a3600",
            "max-age=3600a",
            "max-age=3600.5",
            "max-age=-1",
            "max-age='3600'",
            "max-age =3600",
            "max-age= 3600",
            "max-age=\"3600",
            "max-age=\"3600\"x",
            "max-age=\" 3600\"",
            "max-age=abc, max-age=3600",
        ] {
            assert_eq!(max_age(line), Some(0), "{line}");
        }
    }

    #[test]
    fn rfc9111_1_2_2_large_lifetimes_saturate() {
        for line in ["max-age=2147483648", "max-age=2147483649", "max-age=99999999999"] {
            assert_eq!(max_age(line), Some(1 << 31), "{line}");
        }
    }

    #[test]
    fn rfc9111_4_2_1_the_first_of_two_counts() {
        assert_eq!(max_age("max-age=1, max-age=1800"), Some(1));
        assert_eq!(parse(&["max-age=1800", "max-age=1"]).max_age, Some(Duration::from_mins(30)));
    }

    #[test]
    fn directives_inside_quotes_are_none() {
        assert_eq!(max_age("extension=\"max-age=3600\", max-age=1"), Some(1));
        assert_eq!(max_age("max-age=1, extension=\"a, max-age=3600, no-store\""), Some(1));
        assert!(!parse(&["a=\"x, no-store\""]).has(Directive::NoStore));
    }

    #[test]
    fn all_lines_count() {
        let both = parse(&["s-maxage=3600", "max-age=1, must-revalidate"]);
        assert_eq!((both.s_maxage, both.max_age), (Some(Duration::from_hours(1)), Some(Duration::from_secs(1))));
        assert!(both.has(Directive::MustRevalidate) && !both.has(Directive::Public));
    }

    #[test]
    fn rfc9111_5_2_2_4_and_7_field_lists() {
        let listed = parse(&["no-cache=\"a, B\", private=c", "private=\"d\""]);
        let names: Vec<_> = listed.withheld_fields().map(HeaderName::as_str).collect();
        assert_eq!(names, ["c", "d", "a", "b"]);
        assert!(!listed.no_cache.is_whole() && !listed.private.is_whole());
    }

    #[test]
    fn broken_field_lists_cover_the_whole_response() {
        for line in [
            "private",
            "private=",
            "private=\"\"",
            "private=\"a b\"",
            "private =\"a\"",
            "private=\"a",
            "private=a, private",
        ] {
            assert!(parse(&[line]).private.is_whole(), "{line}");
        }
    }

    #[test]
    fn rfc9111_4_2_4_what_closes_stale_use() {
        for (line, closed) in [
            ("max-age=1", false),
            ("public, immutable", false),
            ("no-cache=\"a\"", false),
            ("must-revalidate", true),
            ("proxy-revalidate", true),
            ("s-maxage=1", true),
            ("no-cache", true),
        ] {
            assert_eq!(parse(&[line]).forbids_stale(), closed, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4)) {
            let mut headers = HeaderMap::new();
            for value in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
                headers.append(CACHE_CONTROL, value);
            }
            let _ = CacheControl::parse(&headers);
        }

        #[test]
        fn no_store_is_found_beside_anything(before in "[ -~]{0,40}", after in "[ -~]{0,40}") {
            let escaped = before.replace(['"', '\\'], "");
            let line = format!("{escaped}, no-store, {after}");
            prop_assert!(parse(&[&line]).has(Directive::NoStore));
        }
    }
}
