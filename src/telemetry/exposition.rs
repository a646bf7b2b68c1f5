//! `/metrics`: what is counted, in the text format of Prometheus.
//!
//! Names start with `warp_`, units are seconds and bytes (the Prometheus naming guide). What others
//! keep (the store, the backends) comes in as [`Gauges`] at each scrape.

use prometheus::TextEncoder;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::histogram::HistogramTotal;
use super::metrics::Metrics;
use super::outcome::{OriginResult, Outcome, Reason};

/// What is read from other parts at a scrape.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    /// The store, if there is one.
    pub store: Option<StoreGauges>,
    /// The backends of the running policy.
    pub backends: Vec<BackendGauge>,
    /// Requests that wait.
    pub waiting: WaitingGauges,
    /// Fetches whose clients are gone.
    pub abandoned: AbandonedGauges,
}

/// Fetches that went on when their clients went away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AbandonedGauges {
    /// Those that have not ended.
    pub now: u64,
    /// Those that were ended because there were too many, since the start.
    pub ended: u64,
}

/// Requests that wait because of others for the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingGauges {
    /// For the fetch of another.
    pub for_fetch: u64,
    /// To ask the backend themselves, after they waited for a response that could not be shared.
    pub to_fetch: u64,
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreGauges {
    /// Bytes in use.
    pub bytes: u64,
    /// Bytes that may be used.
    pub limit_bytes: u64,
    /// The part of the bytes in use that the index takes.
    pub index_bytes: u64,
    /// Stored responses.
    pub objects: u64,
    /// Responses that come at the moment, those that will not be kept included.
    pub fills: u64,
    /// Responses stored, since the start.
    pub stored: u64,
    /// Responses removed to make room, since the start.
    pub evictions: u64,
    /// Responses purged or invalidated, since the start.
    pub purged: u64,
    /// Responses that soft purges have left to be served stale, since the start.
    pub expired: u64,
    /// Bans that something stored has yet to be tested with.
    pub bans: u64,
    /// Tests of a stored response with a ban, since the start.
    pub ban_tests: u64,
    /// Responses banned, since the start.
    pub banned: u64,
    /// Bans given up since there were too many, since the start.
    pub bans_given_up: u64,
}

/// One backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendGauge {
    /// Its name.
    pub name: String,
    /// Whether it is asked.
    pub healthy: bool,
    /// Requests to it that have not ended.
    pub in_flight: u64,
    /// Probes that succeeded and those that failed; `None` without a probe.
    pub probes: Option<(u64, u64)>,
}

impl Metrics {
    /// The text of `/metrics`.
    #[must_use]
    pub fn render(&self, gauges: &Gauges) -> String {
        let mut families = self.request_families();
        families.extend(self.policy_families());
        families.extend(self.origin_families(&gauges.backends));
        families.extend(waiting_families(gauges.waiting));
        families.extend(abandoned_families(gauges.abandoned));
        families.extend(gauges.store.iter().flat_map(store_families));
        families.retain(|family| !family.get_metric().is_empty());
        // Fails on an empty family only, and there is none.
        TextEncoder::new().encode_to_string(&families).unwrap_or_default()
    }

    fn request_families(&self) -> Vec<MetricFamily> {
        let pairs = Outcome::ALL.iter().flat_map(|o| Reason::ALL.iter().map(|r| (*o, *r)));
        let counted = pairs.map(|(o, r)| (o, r, self.requests(o, r))).filter(|(.., count)| *count > 0);
        let requests =
            counted.map(|(o, r, n)| counter(&[("outcome", o.as_str()), ("reason", r.as_str())], n)).collect();
        let responses = self.responses().map(|(class, n)| counter(&[("class", class)], n)).collect();
        let latencies = Outcome::ALL.iter().map(|o| histogram(&[("outcome", o.as_str())], &self.latency(*o))).collect();
        vec![
            counters("warp_requests_total", "Requests by outcome and reason.", requests),
            counters("warp_responses_total", "Responses to clients by class of status.", responses),
            histograms(
                "warp_request_duration_seconds",
                "Time from the head of the request to the end of the response.",
                latencies,
            ),
            counters(
                "warp_sent_bytes_total",
                "Bytes of response bodies sent to clients.",
                vec![counter(&[], self.sent_bytes())],
            ),
            #[expect(clippy::cast_precision_loss, reason = "the format knows floats only")]
            gauges(
                "warp_requests_in_flight",
                "Requests that have not ended.",
                vec![gauge(&[], self.in_flight() as f64)],
            ),
            counters(
                "warp_requests_collapsed_total",
                "Requests that shared the fetch of another.",
                vec![counter(&[], self.collapsed())],
            ),
            counters(
                "warp_access_log_dropped_total",
                "Access log records that were lost.",
                vec![counter(&[], self.log_records_dropped())],
            ),
        ]
    }

    fn policy_families(&self) -> Vec<MetricFamily> {
        let failures = self.policy_failures().into_iter().map(|(step, n)| counter(&[("step", step)], n)).collect();
        let reloads = self.reloads().map(|(result, n)| counter(&[("result", result.as_str())], n)).collect();
        vec![
            counters("warp_policy_reloads_total", "Reloads of the policy by result.", reloads),
            counters("warp_policy_failures_total", "Runs of a step that the policy failed.", failures),
            gauges(
                "warp_policy_generation",
                "Generation of the policy that serves.",
                vec![gauge(&[], float(self.generation()))],
            ),
            gauges(
                "warp_build_info",
                "The version that runs; always 1.",
                vec![gauge(&[("version", env!("CARGO_PKG_VERSION"))], 1.0)],
            ),
        ]
    }

    fn origin_families(&self, backends: &[BackendGauge]) -> Vec<MetricFamily> {
        let mut requests = Vec::new();
        for (name, counters) in self.origins() {
            let results = OriginResult::ALL.iter().map(|r| (r, counters.get(*r)));
            requests.extend(results.map(|(r, n)| counter(&[("backend", name.as_str()), ("result", r.as_str())], n)));
        }
        let with_probe = backends.iter().filter_map(|b| Some((b.name.as_str(), b.probes?)));
        let probes = with_probe.flat_map(|(name, (good, failed))| {
            [("ok", good), ("failed", failed)].map(|(result, n)| counter(&[("backend", name), ("result", result)], n))
        });
        let of = |value: fn(&BackendGauge) -> f64| {
            backends.iter().map(|b| gauge(&[("backend", b.name.as_str())], value(b))).collect()
        };
        vec![
            counters("warp_origin_requests_total", "Requests to backends by result.", requests),
            gauges("warp_backend_healthy", "Whether the backend is asked.", of(|b| f64::from(u8::from(b.healthy)))),
            counters("warp_backend_probes_total", "Probes of backends by result.", probes.collect()),
            gauges(
                "warp_backend_requests_in_flight",
                "Requests to the backend that have not ended.",
                of(|b| float(b.in_flight)),
            ),
        ]
    }
}

fn waiting_families(waiting: WaitingGauges) -> Vec<MetricFamily> {
    let one = |value| vec![gauge(&[], float(value))];
    vec![
        gauges("warp_requests_waiting", "Requests that wait for the fetch of another.", one(waiting.for_fetch)),
        gauges(
            "warp_requests_queued",
            "Requests that queue to ask the backend for what others ask for.",
            one(waiting.to_fetch),
        ),
    ]
}

fn abandoned_families(abandoned: AbandonedGauges) -> Vec<MetricFamily> {
    vec![
        gauges(
            "warp_fetches_abandoned",
            "Fetches that go on though their client is gone.",
            vec![gauge(&[], float(abandoned.now))],
        ),
        counters(
            "warp_fetches_abandoned_ended_total",
            "Fetches that were ended because their client was gone and too many such went on.",
            vec![counter(&[], abandoned.ended)],
        ),
    ]
}

fn store_families(store: &StoreGauges) -> Vec<MetricFamily> {
    let one = |value| vec![gauge(&[], float(value))];
    vec![
        gauges("warp_store_bytes", "Bytes in use in the store.", one(store.bytes)),
        gauges("warp_store_limit_bytes", "Bytes that the store may use.", one(store.limit_bytes)),
        gauges(
            "warp_store_index_bytes",
            "Bytes that the index of the store takes, a part of those in use.",
            one(store.index_bytes),
        ),
        gauges("warp_store_objects", "Stored responses.", one(store.objects)),
        gauges("warp_store_fills", "Responses that come at the moment.", one(store.fills)),
        counters("warp_store_stored_total", "Responses stored.", vec![counter(&[], store.stored)]),
        counters("warp_store_evictions_total", "Responses removed to make room.", vec![counter(&[], store.evictions)]),
        counters("warp_store_purged_total", "Responses purged or invalidated.", vec![counter(&[], store.purged)]),
        counters(
            "warp_store_soft_purged_total",
            "Responses that soft purges have left to be served stale.",
            vec![counter(&[], store.expired)],
        ),
        gauges("warp_bans", "Bans that something stored has yet to be tested with.", one(store.bans)),
        counters("warp_ban_tests_total", "Tests of a stored response with a ban.", vec![counter(&[], store.ban_tests)]),
        counters("warp_banned_total", "Responses banned.", vec![counter(&[], store.banned)]),
        counters(
            "warp_bans_given_up_total",
            "Bans given up since there were too many.",
            vec![counter(&[], store.bans_given_up)],
        ),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "the format knows floats only")]
fn float(value: u64) -> f64 {
    value as f64
}

fn counters(name: &str, help: &str, metrics: Vec<Metric>) -> MetricFamily {
    family(name, help, MetricType::COUNTER, metrics)
}

fn gauges(name: &str, help: &str, metrics: Vec<Metric>) -> MetricFamily {
    family(name, help, MetricType::GAUGE, metrics)
}

fn histograms(name: &str, help: &str, metrics: Vec<Metric>) -> MetricFamily {
    family(name, help, MetricType::HISTOGRAM, metrics)
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn labelled(labels: &[(&str, &str)]) -> Metric {
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    Metric::from_label(pairs.collect())
}

fn counter(labels: &[(&str, &str)], value: u64) -> Metric {
    let (mut metric, mut counter) = (labelled(labels), Counter::default());
    counter.set_value(float(value));
    metric.set_counter(counter);
    metric
}

fn gauge(labels: &[(&str, &str)], value: f64) -> Metric {
    let (mut metric, mut gauge) = (labelled(labels), Gauge::default());
    gauge.set_value(value);
    metric.set_gauge(gauge);
    metric
}

fn histogram(labels: &[(&str, &str)], total: &HistogramTotal) -> Metric {
    let (mut metric, mut histogram) = (labelled(labels), Histogram::default());
    let buckets = total.cumulative().map(|(bound_us, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(float(bound_us) / 1e6);
        bucket.set_cumulative_count(count);
        bucket
    });
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(total.count());
    histogram.set_sample_sum(float(total.sum_us()) / 1e6);
    metric.set_histogram(histogram);
    metric
}
