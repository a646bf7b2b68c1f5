//! A token bucket in a few numbers, by the generic cell rate algorithm.
//!
//! A full bucket holds `burst` tokens, each request takes one, and they come back at an even pace, `limit` in
//! `per`. Instead of tokens the bucket holds the moment at which it will be full again: as much of the time
//! as lies between now and then is owed. Where the rate of a key changes, it owes as many tokens as before.

use std::time::Duration;

/// How often a key may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests come back in [`per`](Self::per).
    pub limit: u64,
    /// The time in which they do.
    pub per: Duration,
    /// How many requests may come at once.
    pub burst: u64,
    /// How long a key that came too often is refused altogether.
    pub block: Duration,
}

impl Rate {
    /// What one request owes, in nanoseconds; `None` if nobody may ever come.
    fn pace(self) -> Option<u64> {
        (self.burst > 0).then_some(nanos(self.per).checked_div(self.limit)?)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What is known of a key. Moments are nanoseconds after any fixed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    full_at: u64,
    /// The time in which one token came back when the last one was taken.
    pace: u64,
    blocked_until: u64,
}

impl Bucket {
    /// A request comes; whether it is one too many. Those owe nothing.
    pub(super) fn take(&mut self, rate: Rate, now: u64) -> bool {
        let Some((full_at, pace)) = self.behind_one_more(rate, now) else {
            if now >= self.blocked_until {
                self.blocked_until = now.saturating_add(nanos(rate.block));
            }
            return true;
        };
        (self.full_at, self.pace) = (full_at, pace);
        false
    }

    /// Whether a request that came now would be one too many.
    pub(super) fn would_refuse(self, rate: Rate, now: u64) -> bool {
        self.behind_one_more(rate, now).is_none()
    }

    /// When the bucket would be full again behind one more request, and the pace; `None` if there is no token for it.
    fn behind_one_more(self, rate: Rate, now: u64) -> Option<(u64, u64)> {
        let pace = rate.pace().filter(|_| now >= self.blocked_until)?;
        let owed = self.owed(pace, now).saturating_add(pace);
        (owed <= pace.saturating_mul(rate.burst)).then_some((now.saturating_add(owed), pace))
    }

    /// How long it takes at that pace until all tokens are back.
    fn owed(self, pace: u64, now: u64) -> u64 {
        let owed = self.full_at.saturating_sub(now);
        if self.pace == pace || self.pace == 0 {
            return owed;
        }
        u64::try_from(u128::from(owed) * u128::from(pace) / u128::from(self.pace)).unwrap_or(u64::MAX)
    }

    /// When its block is over, if one is under way.
    pub(super) fn block(self, now: u64) -> Option<u64> {
        Some(self.blocked_until).filter(|until| *until > now)
    }

    /// From when on it is as if the key had never come.
    pub(super) fn forgotten_at(self) -> u64 {
        self.full_at.max(self.blocked_until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rate(limit: u64, seconds: u64) -> Rate {
        Rate { limit, per: Duration::from_secs(seconds), burst: limit, block: Duration::ZERO }
    }

    /// Which of the requests at these moments, in seconds, are refused.
    fn refused(rate: Rate, moments: &[u64]) -> Vec<bool> {
        let mut bucket = Bucket::default();
        moments.iter().map(|at| bucket.take(rate, at * SECOND)).collect()
    }

    #[test]
    fn a_full_bucket_is_emptied_at_once_and_fills_evenly() {
        let two_a_minute = rate(2, 60);
        assert_eq!(
            refused(two_a_minute, &[0, 0, 0, 29, 30, 30, 59, 60]),
            [false, false, true, true, false, true, true, false]
        );
    }

    #[test]
    fn what_is_refused_owes_nothing() {
        let mut bucket = Bucket::default();
        let rate = rate(1, 10);
        assert!(!bucket.take(rate, 0));
        assert!((0..1000).all(|_| bucket.take(rate, SECOND)));
        assert!(!bucket.take(rate, 10 * SECOND));
    }

    #[test]
    fn who_came_too_often_is_kept_out_for_the_time_of_the_block() {
        let rate = Rate { block: Duration::from_secs(100), ..rate(1, 1) };
        assert_eq!(refused(rate, &[0, 0, 2, 99, 100, 102]), [false, true, true, true, false, false]);
    }

    #[test]
    fn a_burst_is_not_the_rate() {
        let small = Rate { burst: 1, ..rate(60, 60) };
        assert_eq!(refused(small, &[0, 0, 1, 1]), [false, true, false, true]);
        let none = Rate { burst: 0, ..rate(60, 60) };
        assert_eq!(refused(none, &[0, 100]), [true, true]);
    }

    #[test]
    fn no_limit_at_all_is_none_and_a_limit_of_none_lets_nobody_in() {
        assert_eq!(refused(rate(0, 60), &[0, 100]), [true, true]);
        assert_eq!(refused(rate(1, 0), &[0, 0, 0]), [false, false, false]);
    }

    #[test]
    fn at_another_rate_a_key_owes_as_many_tokens() {
        let mut bucket = Bucket::default();
        assert!(!bucket.take(rate(1, 60), 0) && bucket.take(rate(1, 60), 0));
        assert!((0..3).all(|_| !bucket.take(rate(4, 60), 0)) && bucket.take(rate(4, 60), 0));
        assert!(bucket.take(rate(1, 60), 0) && bucket.take(rate(4, 3600), 0) && !bucket.take(rate(5, 60), 0));
    }

    #[test]
    fn asking_takes_nothing() {
        let (mut bucket, rate) = (Bucket::default(), rate(1, 10));
        assert!(!bucket.would_refuse(rate, 0) && !bucket.would_refuse(rate, 0));
        assert!(!bucket.take(rate, 0) && bucket.would_refuse(rate, 0));
    }

    proptest! {
        /// Over any time no more come through than were there at first and came back since.
        #[test]
        fn no_more_come_through_than_there_are_tokens(
            limit in 1_u64..50,
            burst in 1_u64..50,
            seconds in 1_u64..100,
            gaps in prop::collection::vec(0_u64..5 * SECOND, 1..200),
        ) {
            let rate = Rate { burst, ..rate(limit, seconds) };
            let (mut bucket, mut now, mut through) = (Bucket::default(), SECOND, 0_u128);
            for gap in gaps {
                now += gap;
                through += u128::from(!bucket.take(rate, now));
                let pace = u128::from(seconds * SECOND / limit);
                prop_assert!(through <= u128::from(burst) + u128::from(now - SECOND) / pace);
            }
        }
    }
}
