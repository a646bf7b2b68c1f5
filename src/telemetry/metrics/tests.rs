//! What is counted is what `/metrics` and `/status` say.

use super::super::exposition::{AbandonedGauges, BackendGauge, Gauges, StoreGauges, WaitingGauges};
use super::*;

fn sample(outcome: Outcome, reason: Reason, duration: Duration) -> RequestSample {
    RequestSample { outcome, reason, status: 200, duration, sent_bytes: 10, collapsed: false }
}

/// The lines of `text` that start with `start`.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

#[test]
fn requests_appear_by_outcome_and_reason() {
    let metrics = Metrics::new();
    metrics.record(&sample(Outcome::Hit, Reason::Fresh, Duration::ZERO));
    metrics.record(&sample(Outcome::Hit, Reason::Fresh, Duration::ZERO));
    metrics.record(&sample(Outcome::Pass, Reason::Cookie, Duration::ZERO));
    let expected = [
        "warp_requests_total{outcome=\"hit\",reason=\"fresh\"} 2",
        "warp_requests_total{outcome=\"pass\",reason=\"cookie\"} 1",
    ];
    assert_eq!(lines(&metrics.render(&Gauges::default()), "warp_requests_total"), expected);
}

#[test]
fn every_status_has_a_class() {
    let metrics = Metrics::new();
    for status in [0, 99, 100, 204, 304, 404, 499, 503, 599, 600, 999] {
        metrics.record(&RequestSample { status, ..sample(Outcome::Miss, Reason::UriMiss, Duration::ZERO) });
    }
    let counts: Vec<_> = metrics.responses().collect();
    assert_eq!(counts, [("1xx", 1), ("2xx", 1), ("3xx", 1), ("4xx", 2), ("5xx", 2), ("other", 4)]);
}

#[test]
fn a_duration_falls_into_the_first_bucket_that_holds_it() {
    let metrics = Metrics::new();
    for us in [50, 51, 60_000_000, 60_000_001] {
        metrics.record(&sample(Outcome::Hit, Reason::Fresh, Duration::from_micros(us)));
    }
    let text = metrics.render(&Gauges::default());
    let of =
        |bound: &str| lines(&text, &format!("warp_request_duration_seconds_bucket{{outcome=\"hit\",le=\"{bound}\"}}"));
    let ends: Vec<_> = ["0.00005", "0.0001", "30", "60", "+Inf"].map(of).concat();
    let ends: Vec<_> = ends.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(ends, ["1", "2", "2", "3", "4"]);
    assert_eq!(
        lines(&text, "warp_request_duration_seconds_count{outcome=\"hit\"}"),
        ["warp_request_duration_seconds_count{outcome=\"hit\"} 4"]
    );
    assert_eq!(
        lines(&text, "warp_request_duration_seconds_sum{outcome=\"hit\"}"),
        ["warp_request_duration_seconds_sum{outcome=\"hit\"} 120.000102"]
    );
}

#[test]
fn nothing_counted_on_another_thread_is_lost() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    metrics.record(&sample(Outcome::Hit, Reason::Fresh, Duration::ZERO));
                }
            });
        }
    });
    assert_eq!(metrics.totals().requests, 4_000);
    assert_eq!(metrics.sent_bytes(), 40_000);
}

#[test]
fn requests_in_flight_end_on_whichever_thread() {
    let metrics = Arc::new(Metrics::new());
    let (first, _second) = (metrics.begin(), metrics.begin());
    std::thread::spawn(move || drop(first)).join().unwrap();
    assert_eq!(metrics.in_flight(), 1);
}

#[test]
fn the_hit_ratio_is_of_lookups_only() {
    let metrics = Metrics::new();
    assert_eq!(metrics.totals().hit_ratio, None);
    for (outcome, reason) in [
        (Outcome::Hit, Reason::Fresh),
        (Outcome::Stale, Reason::Grace),
        (Outcome::Hit, Reason::Fresh),
        (Outcome::Miss, Reason::UriMiss),
        (Outcome::Pass, Reason::Method),
        (Outcome::Error, Reason::Connect),
    ] {
        metrics.record(&sample(outcome, reason, Duration::ZERO));
    }
    let totals = metrics.totals();
    assert_eq!((totals.requests, totals.hit_ratio), (6, Some(0.75)));
    assert_eq!(totals.by_outcome.get("synth"), Some(&0), "outcomes that did not happen are named too");
}

#[test]
fn each_family_has_its_help_and_its_type_once() {
    let metrics = Metrics::new();
    metrics.record(&sample(Outcome::Hit, Reason::Fresh, Duration::ZERO));
    let origin = metrics.origin("web");
    origin.count(OriginResult::Ok);
    metrics.reload(ReloadResult::Rejected);
    metrics.set_generation(7);
    let gauges = Gauges {
        store: Some(StoreGauges {
            bytes: 5,
            limit_bytes: 100,
            index_bytes: 3,
            objects: 1,
            fills: 4,
            stored: 9,
            evictions: 2,
            purged: 6,
            expired: 8,
            bans: 3,
            ban_tests: 40,
            banned: 5,
            bans_given_up: 2,
        }),
        backends: vec![BackendGauge { name: "we\"b".to_owned(), healthy: true, in_flight: 3, probes: Some((6, 7)) }],
        waiting: WaitingGauges { for_fetch: 4, to_fetch: 2 },
        abandoned: AbandonedGauges { now: 8, ended: 9 },
    };
    let text = metrics.render(&gauges);
    // The version changes with each release; one outcome shows what the buckets of each look like.
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let wanted = |line: &&str| !line.contains("_duration_seconds_") || line.contains("outcome=\"hit\"");
    let text = text.lines().filter(wanted).collect::<Vec<_>>().join("\n");
    insta::with_settings!({snapshot_path => "../../../snapshots/telemetry", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("metrics", text);
    });
}

#[test]
fn backends_without_end_share_a_name() {
    let metrics = Metrics::new();
    let counters: Vec<_> = (0..MAX_BACKENDS + 5).map(|number| metrics.origin(&format!("backend{number}"))).collect();
    for counters in &counters {
        counters.count(OriginResult::Ok);
    }
    assert_eq!(metrics.origins().len(), MAX_BACKENDS + 1);
    assert_eq!(metrics.origin("other").get(OriginResult::Ok), 5);
}

#[test]
fn a_backend_that_is_gone_is_not_shown_any_more() {
    let metrics = Metrics::new();
    let (stays, goes) = (metrics.origin("stays"), metrics.origin("goes"));
    goes.count(OriginResult::Ok);
    metrics.origin("goes").count(OriginResult::Ok);
    assert_eq!(goes.get(OriginResult::Ok), 2);
    drop(goes);
    assert_eq!(lines(&metrics.render(&Gauges::default()), "warp_origin_requests_total{backend=\"goes\""), [""; 0]);
    assert_eq!(metrics.origins().len(), 1);
    assert_eq!(metrics.origin("goes").get(OriginResult::Ok), 0);
    drop(stays);
}
