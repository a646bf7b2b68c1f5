//! Which of a name's addresses is used next.
//!
//! Those of the best priority that work take turns, each as often as its weight says. IPv4 goes before IPv6, as in
//! Varnish: a machine without a way to IPv6 must not find that out by waiting. An address to which no connection can be
//! made is put aside, for longer each time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::MOST_ADDRESSES;
use crate::origin::lookup::Candidate;

/// How long an address is put aside that fails for the first time; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long an address is put aside at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The addresses of a name, best priority first.
#[derive(Debug, Default)]
pub(super) struct Choice(Vec<Place>);

#[derive(Debug)]
struct Place {
    candidate: Candidate,
    /// How far it is behind its share; the furthest is next.
    credit: i64,
    aside: Option<Aside>,
}

/// No connection could be made.
#[derive(Clone, Copy, Debug)]
struct Aside {
    until: Instant,
    pause: Duration,
}

impl Place {
    fn rank(&self) -> (u16, bool) {
        (self.candidate.priority, self.candidate.address.is_ipv6())
    }

    fn works(&self, now: Instant) -> bool {
        self.aside.is_none_or(|aside| aside.until <= now)
    }
}

impl Choice {
    /// Takes a new answer. What is known of an address that stays is kept.
    pub(super) fn replace(&mut self, candidates: Vec<Candidate>) {
        let mut old = std::mem::take(&mut self.0);
        for candidate in candidates {
            if self.0.iter().any(|place| place.candidate.address == candidate.address) {
                continue;
            }
            let known = old.iter_mut().find(|place| place.candidate.address == candidate.address);
            let (credit, aside) = known.map_or((0, None), |place| (place.credit, place.aside));
            self.0.push(Place { candidate, credit, aside });
        }
        self.0.sort_by_key(Place::rank);
        self.0.truncate(MOST_ADDRESSES);
    }

    /// The next address, none of `but` while there is another; one that was put aside only if all were.
    pub(super) fn next(&mut self, now: Instant, but: &[SocketAddr]) -> Option<SocketAddr> {
        let wanted = |place: &Place| !but.contains(&place.candidate.address);
        let rank = self.0.iter().find(|place| place.works(now) && wanted(place)).map(Place::rank);
        let Some(rank) = rank else {
            let soonest = |places: &[Place], wanted: &dyn Fn(&Place) -> bool| {
                let wanted = places.iter().filter(|place| wanted(place));
                wanted.min_by_key(|place| place.aside.map(|aside| aside.until)).map(|place| place.candidate.address)
            };
            return soonest(&self.0, &wanted).or_else(|| soonest(&self.0, &|_| true));
        };
        self.take_turn(|place| place.rank() == rank && place.works(now) && wanted(place))
    }

    /// Smooth weighted round robin, as in nginx.
    fn take_turn(&mut self, takes_part: impl Fn(&Place) -> bool) -> Option<SocketAddr> {
        let mut total = 0;
        for place in self.0.iter_mut().filter(|place| takes_part(place)) {
            let weight = i64::from(place.candidate.weight);
            place.credit += weight;
            total += weight;
        }
        // The first one of the greatest credit.
        let part = self.0.iter_mut().rev().filter(|place| takes_part(place));
        let next = part.max_by_key(|place| place.credit)?;
        next.credit -= total;
        Some(next.candidate.address)
    }

    /// Puts an address aside; whether none is left that works. A late report of the same failure changes nothing.
    pub(super) fn put_aside(&mut self, address: SocketAddr, now: Instant) -> bool {
        let Some(place) = self.0.iter_mut().find(|place| place.candidate.address == address) else { return false };
        if place.works(now) {
            let again = place.aside.filter(|aside| now < aside.until + aside.pause * 2);
            let pause = again.map_or(FIRST_PAUSE, |aside| (aside.pause * 2).min(LONGEST_PAUSE));
            place.aside = Some(Aside { until: now + pause, pause });
        }
        !self.0.iter().any(|place| place.works(now))
    }

    /// Whether there is an address that is none of `but`.
    pub(super) fn has_another(&self, but: &[SocketAddr]) -> bool {
        self.0.iter().any(|place| !but.contains(&place.candidate.address))
    }

    /// All addresses, those that work first.
    pub(super) fn all(&self, now: Instant) -> Vec<SocketAddr> {
        let (working, aside): (Vec<&Place>, Vec<&Place>) = self.0.iter().partition(|place| place.works(now));
        working.into_iter().chain(aside).map(|place| place.candidate.address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(address: &str, priority: u16, weight: u32) -> Candidate {
        Candidate { address: address.parse().unwrap(), priority, weight }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn choice(candidates: &[Candidate]) -> Choice {
        let mut choice = Choice::default();
        choice.replace(candidates.to_vec());
        choice
    }

    fn turns(choice: &mut Choice, count: usize) -> Vec<String> {
        (0..count).map(|_| choice.next(Instant::now(), &[]).unwrap().to_string()).collect()
    }

    const A: &str = "192.0.2.1:80";
    const B: &str = "192.0.2.2:80";
    const SIX: &str = "[2001:db8::1]:80";

    #[test]
    fn addresses_take_turns_by_weight() {
        let mut even = choice(&[candidate(A, 0, 1), candidate(B, 0, 1)]);
        assert_eq!(turns(&mut even, 4), [A, B, A, B]);
        let mut uneven = choice(&[candidate(A, 0, 2), candidate(B, 0, 1)]);
        assert_eq!(turns(&mut uneven, 6), [A, B, A, A, B, A]);
    }

    #[test]
    fn a_worse_priority_is_for_when_the_better_one_fails() {
        let mut choice = choice(&[candidate(B, 2, 100), candidate(A, 1, 1)]);
        assert_eq!(turns(&mut choice, 2), [A, A]);
        assert!(!choice.put_aside(at(A), Instant::now()));
        assert_eq!(turns(&mut choice, 2), [B, B]);
        assert!(choice.put_aside(at(B), Instant::now()), "none is left");
        assert_eq!(turns(&mut choice, 1), [A], "the one that is back soonest");
    }

    #[test]
    fn ipv6_is_for_when_ipv4_fails() {
        let mut choice = choice(&[candidate(SIX, 0, 1), candidate(A, 0, 1)]);
        assert_eq!(turns(&mut choice, 2), [A, A]);
        choice.put_aside(at(A), Instant::now());
        assert_eq!(turns(&mut choice, 1), [SIX]);
    }

    #[test]
    fn who_failed_for_a_request_is_passed_over_by_it() {
        let mut choice = choice(&[candidate(A, 0, 1), candidate(B, 0, 1)]);
        assert_eq!(choice.next(Instant::now(), &[at(A)]), Some(at(B)));
        assert_eq!(choice.next(Instant::now(), &[at(A), at(B)]), Some(at(A)), "any rather than none");
        assert!(choice.has_another(&[at(A)]) && !choice.has_another(&[at(A), at(B)]));
    }

    #[test]
    fn who_fails_again_is_put_aside_for_longer() {
        let start = Instant::now();
        let mut choice = choice(&[candidate(A, 0, 1), candidate(B, 0, 1)]);
        let mut now = start;
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            choice.put_aside(at(A), now);
            choice.put_aside(at(A), now);
            now += Duration::from_secs(pause);
            let just_before = now.checked_sub(Duration::from_millis(1)).unwrap();
            assert!(!choice.0[0].works(just_before) && choice.0[0].works(now), "{pause}");
        }
        now += Duration::from_mins(2);
        choice.put_aside(at(A), now);
        assert!(choice.0[0].works(now + FIRST_PAUSE), "what is long ago is forgotten");
    }

    #[test]
    fn a_new_answer_keeps_what_is_known() {
        let mut choice = choice(&[candidate(A, 0, 1), candidate(B, 0, 1)]);
        choice.put_aside(at(A), Instant::now());
        choice.replace(vec![candidate(A, 0, 1), candidate(B, 0, 1), candidate(A, 0, 5)]);
        assert_eq!(choice.all(Instant::now()), [at(B), at(A)]);
    }
}
