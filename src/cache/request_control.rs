//! `Cache-Control` of a request (RFC 9111 §5.2.1, RFC 5861 §4), for policies that look at it: warp, like other
//! reverse proxies, does not follow it by itself.
//!
//! It is advice: what makes no sense is as if it were not there.

use std::time::Duration;

use super::cache_control::Argument;
use super::{delta_seconds, list};

/// What a client says of the caches on its way.
#[expect(clippy::struct_excessive_bools, reason = "each is a directive of its own, as RFC 9111 has them")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestControl {
    /// The greatest age that it takes (§5.2.1.1).
    pub max_age: Option<Duration>,
    /// How stale it takes a response (§5.2.1.2): the longest time that there is if it names none.
    pub max_stale: Option<Duration>,
    /// How long the response is still to be fresh (§5.2.1.3).
    pub min_fresh: Option<Duration>,
    /// How stale it takes a response when the origin fails (RFC 5861 §4).
    pub stale_if_error: Option<Duration>,
    /// Nothing without validation (§5.2.1.4).
    pub no_cache: bool,
    /// Nothing is to be stored (§5.2.1.5).
    pub no_store: bool,
    /// Nothing is to be transformed (§5.2.1.6).
    pub no_transform: bool,
    /// Nothing but what is stored (§5.2.1.7).
    pub only_if_cached: bool,
}

impl RequestControl {
    /// Reads the lines of the field. Of a time that is there twice the first counts that makes sense.
    pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut read = Self::default();
        lines.into_iter().flat_map(list::split).for_each(|member| read.add(member));
        read
    }

    fn add(&mut self, member: &[u8]) {
        let (name, argument) = Argument::split(member);
        let seconds = argument.text().and_then(delta_seconds::parse);
        match name.to_ascii_lowercase().as_slice() {
            b"max-age" => self.max_age = self.max_age.or(seconds),
            b"max-stale" => {
                let any = (argument == Argument::Missing).then_some(delta_seconds::MOST);
                self.max_stale = self.max_stale.or(seconds).or(any);
            }
            b"min-fresh" => self.min_fresh = self.min_fresh.or(seconds),
            b"stale-if-error" => self.stale_if_error = self.stale_if_error.or(seconds),
            b"no-cache" => self.no_cache = true,
            b"no-store" => self.no_store = true,
            b"no-transform" => self.no_transform = true,
            b"only-if-cached" => self.only_if_cached = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> RequestControl {
        RequestControl::of_lines([line.as_bytes()])
    }

    #[test]
    fn rfc9111_5_2_1_what_a_client_says() {
        let said = RequestControl::of_lines([
            &b"Max-Age=\"10\", min-fresh=5, NO-CACHE"[..],
            b"no-store, no-transform, only-if-cached, stale-if-error=60, x=y",
        ]);
        let times = [said.max_age, said.min_fresh, said.stale_if_error].map(|time| time.map(|time| time.as_secs()));
        assert_eq!(times, [Some(10), Some(5), Some(60)]);
        assert!(said.no_cache && said.no_store && said.no_transform && said.only_if_cached);
        assert_eq!(read(""), RequestControl::default());
    }

    #[test]
    fn rfc9111_5_2_1_2_max_stale_alone_is_any_time() {
        let seconds = |line: &str| read(line).max_stale.map(|time| time.as_secs());
        assert_eq!(seconds("max-stale"), Some(1 << 31));
        assert_eq!(seconds("max-stale=60"), Some(60));
        assert_eq!(seconds("max-stale=x"), None);
        assert_eq!(seconds("max-stale="), None);
    }

    #[test]
    fn what_makes_no_sense_is_not_there() {
        for line in ["max-age", "max-age=", "max-age=-1", "max-age =1", "max-age=\"1", "x=\"max-age=1\""] {
            assert_eq!(read(line).max_age, None, "{line}");
        }
        assert_eq!(read("max-age=x, max-age=2, max-age=3").max_age, Some(Duration::from_secs(2)));
    }
}
