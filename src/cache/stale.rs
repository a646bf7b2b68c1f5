//! How long a response that is no longer fresh may still be used (RFC 9111 §4.2.4, RFC 5861).
//!
//! All windows are counted from the moment at which it became stale.

use std::time::Duration;

/// Why a stale response would be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleUse {
    /// It is validated in the background meanwhile (RFC 5861 §3).
    WhileRevalidating,
    /// The origin answered with an error (RFC 5861 §4).
    OnError,
    /// The origin cannot be reached, or broke off (RFC 9111 §4.2.4: "disconnected").
    Disconnected,
}

/// For how long, and whether at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StaleWindows {
    /// How long it may be used while it is fetched anew: `stale-while-revalidate`, or the policy's grace.
    pub grace: Duration,
    /// How long after that it is kept, to be validated.
    pub keep: Duration,
    /// How long it may be used when the origin fails: `stale-if-error`; `None` when nothing is said.
    pub on_error: Option<Duration>,
    /// Whether its use is forbidden ([`CacheControl::forbids_stale`](super::CacheControl::forbids_stale)).
    pub forbidden: bool,
}

impl StaleWindows {
    /// Whether it may be used for that reason when it has been stale for `stale_for`.
    ///
    /// What may be used while it is fetched anew may be used also when that fails. A stated
    /// `stale-if-error` is an upper limit for every failure (RFC 5861 §4); where none is stated, an
    /// error is an answer that is passed on, and without any answer what was kept serves.
    #[must_use]
    pub fn allow(&self, how: StaleUse, stale_for: Duration) -> bool {
        let limit = match (how, self.on_error) {
            (StaleUse::WhileRevalidating, _) | (StaleUse::OnError, None) => self.grace,
            (StaleUse::OnError | StaleUse::Disconnected, Some(window)) => self.grace.max(window),
            (StaleUse::Disconnected, None) => self.grace.saturating_add(self.keep),
        };
        // A window of zero is none: at the very moment of its end a response is stale already.
        !self.forbidden && limit > Duration::ZERO && stale_for <= limit
    }

    /// How long it is of any use, validation included.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.grace.saturating_add(self.keep).max(self.on_error.unwrap_or_default())
    }
}

/// Statuses that RFC 5861 §4 calls an error.
#[must_use]
pub fn is_error(status: u16) -> bool {
    matches!(status, 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [StaleUse; 3] = [StaleUse::WhileRevalidating, StaleUse::OnError, StaleUse::Disconnected];

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The last second at which each of the three uses is allowed.
    fn last(windows: StaleWindows) -> [Option<u64>; 3] {
        ALL.map(|how| (0..100).rev().find(|second| windows.allow(how, seconds(*second))))
    }

    #[test]
    fn rfc5861_3_and_4_each_use_has_its_window() {
        let windows = StaleWindows { grace: seconds(4), keep: seconds(10), on_error: None, forbidden: false };
        assert_eq!(last(windows), [Some(4), Some(4), Some(14)]);
        assert_eq!(last(StaleWindows { on_error: Some(seconds(6)), ..windows }), [Some(4), Some(6), Some(6)]);
        assert_eq!(last(StaleWindows { on_error: Some(seconds(2)), ..windows }), [Some(4), Some(4), Some(4)]);
        assert_eq!(last(StaleWindows { grace: Duration::ZERO, ..windows }), [None, None, Some(10)]);
        assert_eq!(last(StaleWindows::default()), [None, None, None]);
    }

    #[test]
    fn rfc5861_4_which_statuses_are_errors() {
        assert_eq!((400..600).filter(|status| is_error(*status)).collect::<Vec<_>>(), [500, 502, 503, 504]);
    }

    proptest! {
        #[test]
        fn rfc9111_4_2_4_nothing_opens_what_is_forbidden(
            grace in 0_u64.., keep in 0_u64.., on_error in proptest::option::of(0_u64..), stale_for in 0_u64..,
        ) {
            let windows = StaleWindows {
                grace: seconds(grace),
                keep: seconds(keep),
                on_error: on_error.map(seconds),
                forbidden: true,
            };
            prop_assert!(ALL.iter().all(|how| !windows.allow(*how, seconds(stale_for))));
        }

        #[test]
        fn a_window_that_has_closed_stays_closed_and_nothing_outlives_the_longest(
            grace in 0_u64..100, keep in 0_u64..100, on_error in proptest::option::of(0_u64..100), stale_for in 0_u64..300,
        ) {
            let windows = StaleWindows {
                grace: seconds(grace),
                keep: seconds(keep),
                on_error: on_error.map(seconds),
                forbidden: false,
            };
            for how in ALL {
                let (before, after) = (seconds(stale_for), seconds(stale_for + 1));
                prop_assert!(windows.allow(how, before) || !windows.allow(how, after));
                prop_assert!(!windows.allow(how, before) || before <= windows.longest());
            }
        }
    }
}
