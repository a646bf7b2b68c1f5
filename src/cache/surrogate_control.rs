//! `Surrogate-Control` (W3C Note "Edge Architecture Specification 1.0", §2): directives for the
//! caches that act for an origin, and for nobody behind them.
//!
//! A list like `Cache-Control`, and read as such, with two things of its own: `max-age=3600+600` has
//! a second number, for how long the response may be used while it is fetched anew; and a directive
//! may be meant for certain surrogates, which its parameters name. We are `warp`.

use http::{HeaderMap, HeaderName};

use super::cache_control::CacheControl;
use super::list;

/// The field's name.
pub const NAME: HeaderName = HeaderName::from_static("surrogate-control");

/// What directives for us are marked with.
const DEVICE: &[u8] = b"warp";

/// Reads all lines; `None` when nothing in them is about caching, as in `content="ESI/1.0"` alone:
/// then `Cache-Control` holds.
pub(super) fn parse(headers: &HeaderMap) -> Option<CacheControl> {
    let members: Vec<_> = list::members(headers, NAME).map(Member::read).collect();
    let mut directives = CacheControl::default();
    // Of a directive that occurs twice the first counts, so those meant for us go first.
    for member in members.iter().filter(|member| member.is_ours) {
        member.add_to(&mut directives);
    }
    for member in members.iter().filter(|member| !member.is_targeted) {
        member.add_to(&mut directives);
    }
    (directives != CacheControl::default()).then_some(directives)
}

/// A directive without its parameters.
struct Member<'a> {
    directive: &'a [u8],
    is_targeted: bool,
    is_ours: bool,
}

impl<'a> Member<'a> {
    fn read(member: &'a [u8]) -> Self {
        let mut parts = list::split_at_semicolons(member);
        let directive = parts.next().unwrap_or_default();
        let devices: Vec<_> = parts.collect();
        let is_ours = devices.iter().any(|device| device.eq_ignore_ascii_case(DEVICE));
        Self { directive, is_targeted: !devices.is_empty(), is_ours }
    }

    fn add_to(&self, directives: &mut CacheControl) {
        let (lifetime, extension) = self.split_max_age();
        directives.add(lifetime);
        if let Some(seconds) = extension {
            directives.add(&[b"stale-while-revalidate=", seconds].concat());
        }
    }

    /// `max-age=3600+600` as `max-age=3600` and `600`.
    fn split_max_age(&self) -> (&'a [u8], Option<&'a [u8]>) {
        let is_max_age = self.directive.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"max-age="));
        let plus = self.directive.iter().position(|&byte| byte == b'+').filter(|_| is_max_age);
        let split = plus.and_then(|at| Some((self.directive.get(..at)?, self.directive.get(at + 1..)?)));
        split.map_or((self.directive, None), |(lifetime, extension)| (lifetime, Some(extension)))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::super::cache_control::Directive;
    use super::*;

    fn read(value: &str) -> Option<CacheControl> {
        let mut headers = HeaderMap::new();
        headers.insert(NAME, HeaderValue::from_str(value).unwrap());
        parse(&headers)
    }

    fn times(value: &str) -> (Option<u64>, Option<u64>) {
        let directives = read(value).unwrap_or_default();
        let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs());
        (seconds(directives.max_age), seconds(directives.stale_while_revalidate))
    }

    #[test]
    fn edge_architecture_2_3_max_age_with_an_extension() {
        assert_eq!(times("max-age=3600"), (Some(3600), None));
        assert_eq!(times("Max-Age=3600+600"), (Some(3600), Some(600)));
        assert_eq!(times("content=\"ESI/1.0\", max-age=60+5"), (Some(60), Some(5)));
        assert_eq!(times("max-age=60+x"), (Some(60), Some(0)));
        assert_eq!(times("max-age=+60"), (Some(0), Some(60)));
        assert_eq!(times("max-age=x"), (Some(0), None));
        assert_eq!(times("max-age=60, stale-while-revalidate=9"), (Some(60), Some(9)));
    }

    #[test]
    fn edge_architecture_2_3_no_store() {
        assert!(read("no-store").unwrap().has(Directive::NoStore));
        assert!(read("max-age=60, no-store, content=\"a\"").unwrap().has(Directive::NoStore));
        assert!(!read("max-age=60, no-store-remote").unwrap().has(Directive::NoStore));
    }

    #[test]
    fn edge_architecture_2_2_directives_for_other_surrogates_are_not_ours() {
        assert_eq!(times("max-age=60, max-age=5;far"), (Some(60), None));
        assert_eq!(times("max-age=60, max-age=5;warp"), (Some(5), None));
        assert_eq!(times("max-age=60, max-age=5; a ; Warp"), (Some(5), None));
        assert_eq!(read("no-store;far"), None);
        assert!(read("max-age=60, no-store;\"x;y\";warp").unwrap().has(Directive::NoStore));
    }

    #[test]
    fn what_is_not_about_caching_leaves_cache_control_in_force() {
        for value in ["", "content=\"ESI/1.0\"", "content=\"ESI/1.0, max-age=60\"", "none"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
