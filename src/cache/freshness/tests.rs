use std::time::UNIX_EPOCH;

use http::header::{AGE, CACHE_CONTROL, DATE};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_700_000_000;

fn at(offset: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.saturating_add_signed(offset))
}

fn http_date(offset: i64) -> String {
    date::format(at(offset))
}

fn of(status: u16, lines: &[(HeaderName, &str)], heuristic: Option<Heuristic>) -> Freshness {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let cc = CacheControl::parse(&headers);
    Freshness::of(StatusCode::from_u16(status).unwrap(), &headers, &cc, Timing::instant(at(0)), heuristic)
}

fn lifetime_of(lines: &[(HeaderName, &str)]) -> (u64, LifetimeSource) {
    let fresh = of(200, lines, None);
    (fresh.lifetime.as_secs(), fresh.source)
}

#[test]
fn rfc9111_4_2_1_the_order_of_sources() {
    let (past, future) = (http_date(-7200), http_date(3600));
    let now = http_date(0);

    for (cache_control, expires, expected) in [
        (Some("s-maxage=5, max-age=9"), Some(&future), (5, LifetimeSource::SMaxAge)),
        (Some("max-age=9, s-maxage=5"), Some(&past), (5, LifetimeSource::SMaxAge)),
        (Some("max-age=9"), Some(&past), (9, LifetimeSource::MaxAge)),
        (Some("max-age=0"), Some(&future), (0, LifetimeSource::MaxAge)),
        (Some("max-age=9"), Some(&"0".to_owned()), (9, LifetimeSource::MaxAge)),
        (Some("max-age=x"), Some(&future), (0, LifetimeSource::MaxAge)),
        (Some("public"), Some(&future), (3600, LifetimeSource::Expires)),
        (None, Some(&future), (3600, LifetimeSource::Expires)),
        (None, None, (0, LifetimeSource::Unstated)),
        (Some("no-cache, max-age=9"), Some(&future), (0, LifetimeSource::NoCache)),
        (Some("no-cache=\"a\", max-age=9"), Some(&future), (9, LifetimeSource::MaxAge)),
    ] {
        let mut lines = vec![(DATE, now.as_str())];
        lines.extend(cache_control.map(|value| (CACHE_CONTROL, value)));
        lines.extend(expires.map(|value| (EXPIRES, value.as_str())));
        assert_eq!(lifetime_of(&lines), expected, "{cache_control:?} {expires:?}");
    }
}

#[test]
fn rfc9111_4_2_1_expires_counts_from_the_date_of_the_response() {
    let lifetime = |date: &str, expires: &str| lifetime_of(&[(DATE, date), (EXPIRES, expires)]).0;
    assert_eq!(lifetime(&http_date(400), &http_date(300)), 0);
    assert_eq!(lifetime(&http_date(0), &http_date(0)), 0);
    assert_eq!(lifetime(&http_date(-10), &http_date(10)), 20);
    assert_eq!(lifetime("foo", &http_date(10)), 10);
}

#[test]
fn rfc9111_5_3_damaged_or_doubled_expires_is_expired() {
    let future = http_date(3600);
    assert_eq!(lifetime_of(&[(EXPIRES, "0")]), (0, LifetimeSource::Expires));
    assert_eq!(lifetime_of(&[(EXPIRES, "Thu, 18 Aug 2050 02:01:18 UTC")]), (0, LifetimeSource::Expires));
    assert_eq!(lifetime_of(&[(EXPIRES, &future), (EXPIRES, &future)]), (0, LifetimeSource::Expires));
    let modified = http_date(-864_000);
    let guessed = of(200, &[(EXPIRES, "0"), (LAST_MODIFIED, &modified)], Some(Heuristic::default()));
    assert_eq!(guessed.source, LifetimeSource::Expires);
}

#[test]
fn rfc9111_4_2_2_heuristics_by_status() {
    let (modified, now) = (http_date(-86_400), http_date(0));
    let lines = [(LAST_MODIFIED, modified.as_str()), (DATE, now.as_str())];
    for status in [200, 203, 204, 206, 404, 405, 410, 414, 501] {
        assert_eq!(of(status, &lines, Some(Heuristic::default())).lifetime.as_secs(), 8_640, "{status}");
        assert_eq!(of(status, &lines, None).source, LifetimeSource::Unstated, "{status}");
    }
    for status in [201, 202, 302, 403, 502, 503, 504, 599] {
        assert_eq!(of(status, &lines, Some(Heuristic::default())).source, LifetimeSource::Unstated, "{status}");
    }
    let public = [lines[0].clone(), lines[1].clone(), (CACHE_CONTROL, "public")];
    assert_eq!(of(599, &public, Some(Heuristic::default())).source, LifetimeSource::Heuristic);
}

#[test]
fn rfc9111_4_2_2_heuristics_are_bounded_and_need_last_modified() {
    let (long_ago, tomorrow) = (http_date(-864_000_000), http_date(86_400));
    let guess = |value: &str| of(200, &[(LAST_MODIFIED, value)], Some(Heuristic::default())).lifetime;
    assert_eq!(guess(&long_ago), Duration::from_hours(24));
    assert_eq!((guess(&tomorrow), guess("foo")), (Duration::ZERO, Duration::ZERO));
    assert_eq!(of(200, &[], Some(Heuristic::default())).source, LifetimeSource::Unstated);
}

#[test]
fn rfc9111_4_2_2_nothing_is_guessed_against_what_the_response_says() {
    let (modified, now) = (http_date(-86_400), http_date(0));
    for stated in ["max-age=1", "s-maxage=0", "max-age=x", "no-cache", "no-store", "private", "no-store, public"] {
        let lines = [(LAST_MODIFIED, modified.as_str()), (DATE, &now), (CACHE_CONTROL, stated)];
        assert_ne!(of(200, &lines, Some(Heuristic::default())).source, LifetimeSource::Heuristic, "{stated}");
    }
    for silent in ["must-revalidate", "private=\"a\"", "no-cache=\"a\"", "stale-while-revalidate=9"] {
        let lines = [(LAST_MODIFIED, modified.as_str()), (DATE, &now), (CACHE_CONTROL, silent)];
        assert_eq!(of(200, &lines, Some(Heuristic::default())).source, LifetimeSource::Heuristic, "{silent}");
    }
}

#[test]
fn rfc9213_2_2_expires_does_not_count_beside_a_targeted_field() {
    let future = http_date(3600);
    let mut headers = HeaderMap::new();
    headers.insert(EXPIRES, HeaderValue::from_str(&future).unwrap());
    headers.insert("cdn-cache-control", HeaderValue::from_static("none"));
    let cc = crate::cache::targeted::governing(&headers, Default::default());
    let fresh = Freshness::of(StatusCode::OK, &headers, &cc, Timing::instant(at(0)), None);
    assert_eq!((fresh.lifetime, fresh.source), (Duration::ZERO, LifetimeSource::Unstated));
}

#[test]
fn rfc9111_4_2_age_counts_against_the_lifetime() {
    let now = http_date(0);
    let fresh = of(200, &[(CACHE_CONTROL, "max-age=3600"), (AGE, "3000"), (DATE, &now)], None);
    assert_eq!((fresh.is_fresh(at(599)), fresh.is_fresh(at(600))), (true, false));
    assert_eq!((fresh.ttl_ms(at(0)), fresh.ttl_ms(at(700))), (600_000, -100_000));
    assert_eq!(fresh.fresh_until(), Some(at(600)));
    let old = of(200, &[(CACHE_CONTROL, "max-age=3600"), (AGE, "7200")], None);
    assert_eq!((old.is_fresh(at(0)), old.fresh_until()), (false, Some(at(-3600))));
}

#[test]
fn rfc9111_1_2_2_the_largest_values_do_not_overflow() {
    let huge = of(200, &[(CACHE_CONTROL, "max-age=99999999999, stale-if-error=99999999999"), (AGE, "0")], None);
    assert!(huge.is_fresh(at(86_400)));
    let old = of(200, &[(CACHE_CONTROL, "max-age=3600"), (AGE, "99999999999")], None);
    assert!(!old.is_fresh(at(0)));
}

#[test]
fn rfc5861_windows_are_those_stated() {
    let stated = of(200, &[(CACHE_CONTROL, "max-age=10, stale-while-revalidate=4, stale-if-error=6")], None);
    assert_eq!(stated.stale_while_revalidate, Some(Duration::from_secs(4)));
    assert_eq!(stated.stale_if_error, Some(Duration::from_secs(6)));
    let plain = of(200, &[(CACHE_CONTROL, "max-age=2")], None);
    assert_eq!((plain.stale_while_revalidate, plain.stale_if_error), (None, None));
}

fn any_header() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let names = prop::sample::select(vec![CACHE_CONTROL, EXPIRES, DATE, AGE, LAST_MODIFIED]);
    let values = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40)
            .prop_filter_map("no field value", |bytes| HeaderValue::from_bytes(&bytes).ok()),
        any::<u64>().prop_map(HeaderValue::from),
        any::<u32>().prop_map(|n| HeaderValue::from_str(&format!("max-age={n}, stale-while-revalidate={n}")).unwrap()),
        (-2_000_000_000_i64..4_000_000_000).prop_map(|n| HeaderValue::from_str(&http_date(n)).unwrap()),
    ];
    (names, values)
}

proptest! {
    #[test]
    fn an_older_response_is_never_fresher(
        lifetime in any::<u32>(),
        sent in proptest::option::of(0_u64..5_000_000_000),
        more in 0_u64..5_000_000_000,
        date in -10_000_i64..10_000,
        now in 0_i64..10_000_000_000,
    ) {
        let with_age = |age: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_str(&format!("max-age={lifetime}")).unwrap());
            headers.insert(DATE, HeaderValue::from_str(&http_date(date)).unwrap());
            headers.extend(age.map(|age| (AGE, HeaderValue::from(age))));
            let cc = CacheControl::parse(&headers);
            Freshness::of(StatusCode::OK, &headers, &cc, Timing::instant(at(0)), None)
        };
        let (young, old) = (with_age(sent), with_age(Some(sent.unwrap_or(0) + more)));
        prop_assert!(old.ttl_ms(at(now)) <= young.ttl_ms(at(now)));
        prop_assert!(young.is_fresh(at(now)) || !old.is_fresh(at(now)));
    }

    #[test]
    fn guesses_stay_below_their_bound(
        lines in proptest::collection::vec(any_header(), 0..8),
        status in 100_u16..1000,
        percent in any::<u32>(),
        at_most in any::<u64>(),
    ) {
        let headers: HeaderMap = lines.into_iter().collect();
        let status = StatusCode::from_u16(status).unwrap();
        let rule = Heuristic { percent, at_most: Duration::from_secs(at_most) };
        let cc = CacheControl::parse(&headers);
        let guess = Freshness::of(status, &headers, &cc, Timing::instant(at(0)), Some(rule));
        let plain = Freshness::of(status, &headers, &cc, Timing::instant(at(0)), None);
        if guess.source == LifetimeSource::Heuristic {
            prop_assert!(guess.lifetime <= rule.at_most && plain.source == LifetimeSource::Unstated);
        } else {
            prop_assert_eq!(guess, plain);
        }
    }

    #[test]
    fn freshness_only_falls_with_time(
        lines in proptest::collection::vec(any_header(), 0..8),
        early in -10_000_000_000_i64..10_000_000_000,
        later in 0_i64..10_000_000_000,
        delay in 0_i64..100,
    ) {
        let headers: HeaderMap = lines.into_iter().collect();
        let cc = CacheControl::parse(&headers);
        let timing = Timing { request_time: at(-delay), response_time: at(0) };
        let fresh = Freshness::of(StatusCode::OK, &headers, &cc, timing, Some(Heuristic::default()));
        let (before, after) = (at(early), at(early.saturating_add(later)));
        prop_assert!(fresh.ttl_ms(after) <= fresh.ttl_ms(before));
        prop_assert!(fresh.is_fresh(before) || !fresh.is_fresh(after));
        prop_assert!(fresh.age(after) >= fresh.age(before));
        if let Some(until) = fresh.fresh_until().filter(|&until| before >= at(0) && until > at(0)) {
            prop_assert_eq!(fresh.is_fresh(before), before < until);
        }
    }
}
