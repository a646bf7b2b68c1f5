//! What is said of two policies is true of every request of a small world.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use warp_edge::difference::{Change, Difference, Policy, When, between, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::simulate::{Answer, Case, Journey, Request, Simulator, Store, World};

use super::BACKENDS;

const STATEMENTS: &[&str] = &[
    "rules request first { when path under \"/a\" -> pass; }",
    "rules request first { when path == \"/a/b\" -> deny 403; when method == \"POST\" -> pass; }",
    "rules request first { when method == \"POST\" -> pass; when path == \"/a/b\" -> deny 403; }",
    "rules request first { when req.http.X == \"1\" -> backend b, cache; when req.http.X -> deny 404; }",
    "normalize req { query drop [\"q\"]; }",
    "normalize req { query sort; cookie keep [\"c\"]; }",
    "sub recv { if (req.cookies has \"c\") { return (pass); } }",
    "sub recv { unset req.http.Cookie; }",
    "sub recv { set req.http.X = \"1\"; }",
    "sub recv { std.log(req.url); }",
    "sub recv { set req.http.X = req.http.X; }",
    "sub recv { if (req.http.X == \"1\") { set req.http.X = \"1\"; } }",
    "sub recv { if (req.http.X and req.method == \"GET\") { set req.http.Y = \"3\"; } }",
    "sub recv { call own; } sub own { if (req.http.X) { if (req.method == \"GET\") { set req.http.Y = \"3\"; } } }",
    "sub recv { if (not (req.http.X == \"1\")) { set req.http.Y = \"4\"; } else { return (pass); } }",
    "sub recv { set req.url = regsub(req.url, \"^/a/\", \"/b/\"); }",
    "sub recv { if (std.integer(req.http.X, 0) > 1) { return (pass); } }",
    "sub recv { if (req.http.X == \"2\" && req.restarts == 0) { set req.url = \"/a\"; return (restart); } }",
    "table t: STRING -> STRING { \"/a\": \"1\", \"/b\": \"2\" } sub recv { set req.http.X = t[req.path]; }",
    "table t: STRING -> STRING { \"/a\": \"1\", \"/b\": \"3\" } sub recv { set req.http.X = t[req.path]; }",
    "sub hash { hash_data(req.http.X); }",
    "sub hash { if (req.http.X == \"1\") { hash_data(\"1\"); } else { hash_data(req.http.X); } }",
    "sub hit { set req.http.X = \"hit\"; }",
    "sub hit { if (obj.ttl < 0s) { set req.http.Z = \"stale\"; } }",
    "sub hit { if (obj.http.Cache-Control ~ \"while\") { return (pass); } }",
    "sub miss { if (req.http.X) { return (pass); } }",
    "sub pass { set req.http.P = req.method; }",
    "sub backend_fetch { if (bereq.url ~ \"b\") { set bereq.http.Y = \"1\"; } }",
    "sub backend_fetch { if (bereq.is_bgfetch) { set bereq.http.Y = \"2\"; } }",
    "sub backend_response { if (bereq.url ~ \"b\") { set beresp.http.T = \"1\"; } tag header \"T\"; }",
    "sub backend_response { tag header \"T\"; if (bereq.url ~ \"b\") { set beresp.http.T = \"1\"; } }",
    "rules response first { when status == 404 -> ttl 10s; else -> ttl 1h; }",
    "rules response first { when path under \"/a\" -> ttl 10s, grace 1m; }",
    "sub backend_response { if (beresp.status == 500) { return (retry); } }",
    "sub backend_response { if (beresp.status == 404) { return (pass(10s)); } }",
    "sub backend_response { set beresp.grace = 10s; }",
    "sub backend_error { set beresp.status = 404; set beresp.ttl = 5s; }",
    "sub deliver { unset resp.http.Cache-Control; }",
    "sub deliver { if (req.http.X) { set resp.status = 202; } }",
    "sub deliver { if (obj.hits > 1) { set resp.http.X-Hit = obj.hits; } }",
    "sub synth { if (resp.status == 403) { return (restart); } set resp.http.S = \"1\"; }",
    "override builtin.cookie {}",
];

fn answers() -> Vec<Option<Answer>> {
    let answer = |status: u16, said: &'static str| {
        let answer = Answer::new(StatusCode::from_u16(status).unwrap());
        Some(answer.with(header::CACHE_CONTROL, HeaderValue::from_static(said)))
    };
    vec![
        answer(200, "max-age=60"),
        answer(200, "max-age=60, stale-while-revalidate=60"),
        answer(404, "max-age=60"),
        answer(500, "max-age=60"),
        None,
    ]
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for method in [Method::GET, Method::POST] {
        for target in ["/", "/a", "/a/b", "/c?q=1&b=2", "/b?z=1&a=1"] {
            for x in [&[][..], &["1"], &["2"], &["1", "3"]] {
                for cookie in [None, Some("c=1; d=2"), Some("d=1")] {
                    let mut request = Request::get("a.test", target);
                    request.method = method.clone();
                    let lines = x.iter().map(|line| ("x", *line)).chain(cookie.map(|cookie| ("cookie", cookie)));
                    for (name, value) in lines {
                        request = request.with(HeaderName::from_static(name), HeaderValue::from_static(value));
                    }
                    all.extend(answers().into_iter().map(|answer| Case::new(request.clone(), answer)));
                }
            }
        }
    }
    all
}

fn policy() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(STATEMENTS, 0..5).prop_shuffle()
}

/// A policy with what takes requests through it.
struct Compared {
    found: Difference,
    simulators: [Simulator; 2],
}

impl Compared {
    /// `None` if one of them has errors.
    fn of(texts: [&str; 2]) -> Option<Self> {
        let checked = texts.map(|text| check("site.warp", &MemoryFiles::new("site.warp", format!("{BACKENDS}{text}"))));
        let [old, new] = checked.each_ref().map(|it| it.hir.clone());
        let (old, new) = (old?, new?);
        let [before, after] = checked.each_ref().map(|it| &it.sources);
        let found = difference(Policy { hir: &old, sources: before }, Policy { hir: &new, sources: after });
        Some(Self { found, simulators: [Simulator::new(old), Simulator::new(new)] })
    }

    /// What changes for a request that is made at each of these times, in milliseconds.
    fn changes(&self, case: &Case, times: &[u64]) -> Vec<Option<Change>> {
        self.changes_in(World::at, case, times)
    }

    /// The same in another world.
    fn changes_in(&self, world: impl Fn(SystemTime) -> World, case: &Case, times: &[u64]) -> Vec<Option<Change>> {
        let mut stores = [Store::default(), Store::default()];
        let [old, new] = &self.simulators;
        let [old_store, new_store] = &mut stores;
        let mut run = |at: u64| -> [Journey; 2] {
            let world = world(SystemTime::UNIX_EPOCH + Duration::from_millis(at));
            [old.run(case, old_store, &world), new.run(case, new_store, &world)]
        };
        times.iter().map(|at| run(*at)).map(|[old, new]| between(&old, &new)).collect()
    }

    /// That every class changes as it says, and that no request of the world does where nothing is said to.
    fn is_true(&self, cases: &[Case]) -> Result<(), TestCaseError> {
        for class in &self.found.classes {
            let runs: Vec<Vec<u64>> = match class.when {
                When::First | When::In(_) => vec![vec![0]],
                When::Again => vec![vec![0, 0]],
                When::Number(number) => vec![vec![0; number as usize]],
                When::After(time) => vec![vec![0, u64::try_from(time.as_millis()).unwrap()]],
                // For as long as the answer, or the policy, says.
                When::Stale => [5_001, 10_001, 60_001, 3_600_001].map(|stale| vec![0, 0, stale]).to_vec(),
            };
            let world = |now| class.when.world().map_or_else(|| World::at(now), |world| world.at(now));
            let is_seen =
                runs.iter().any(|times| self.changes_in(world, &class.case, times).iter().any(Option::is_some));
            prop_assert!(is_seen, "{} {:?}", class.case.request, class.when);
        }
        if self.found.is_none() {
            for case in cases {
                for (at, change) in self.changes(case, &[0, 0, 0, 5_001, 10_001, 60_001]).into_iter().enumerate() {
                    prop_assert!(change.is_none(), "{} {at}: {}", case.request, change.unwrap());
                }
            }
        }
        Ok(())
    }
}

/// Rows that have requests in common.
const ROWS: &[&str] = &[
    "when path under \"/a\" -> pass;",
    "when path == \"/a/b\" -> deny 403;",
    "when path == \"/a\" and req.http.X -> pass;",
    "when path ~ \"^/a\" -> backend b;",
    "when method == \"POST\" -> deny 403;",
    "when req.http.X == \"1\" -> pass;",
    "when path ~ \"b\" and req.http.X == \"2\" -> deny 403;",
];

/// A table of those rows among so many others.
fn table(rows: &[&str], others: usize) -> String {
    let mut table = "rules request first {\n".to_owned();
    for at in 0..others {
        let _ = writeln!(table, "when path == \"/filler/{at}\" -> deny 404;");
        if let Some(row) = at.checked_sub(others - rows.len()).and_then(|at| rows.get(at)) {
            let _ = writeln!(table, "{row}");
        }
    }
    table + "}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_two_policies_is_true(mut old in policy(), more in select(STATEMENTS), at in 0..6_usize) {
        let mut new = old.clone();
        match at {
            0 => new.push(more),
            _ if at <= new.len() => new[at - 1] = more,
            _ if new.is_empty() => {}
            _ => new.rotate_left(1),
        }
        old.dedup();
        if let Some(compared) = Compared::of([&old.join("\n"), &new.join("\n")]) {
            compared.is_true(&cases()).map_err(|error| TestCaseError::fail(format!("{error}\n{old:#?}\n{new:#?}")))?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_long_tables_is_true(
        old in subsequence(ROWS, 1..5).prop_shuffle(),
        new in subsequence(ROWS, 1..5).prop_shuffle(),
        others in select(vec![10_usize, 270]),
    ) {
        let compared = Compared::of([&table(&old, others), &table(&new, others)]).unwrap();
        compared.is_true(&cases()).map_err(|error| TestCaseError::fail(format!("{error}\n{old:#?}\n{new:#?}")))?;
    }

    #[test]
    fn what_is_said_of_rows_that_change_places_is_true(
        rows in Just(ROWS).prop_map(<[&str]>::to_vec).prop_shuffle(),
        (one, other) in (0..ROWS.len(), 0..ROWS.len()),
        others in select(vec![10_usize, 270]),
    ) {
        let mut new = rows.clone();
        new.swap(one, other);
        let compared = Compared::of([&table(&rows, others), &table(&new, others)]).unwrap();
        compared.is_true(&cases()).map_err(|error| TestCaseError::fail(format!("{error}\n{rows:#?}\n{new:#?}")))?;
    }
}
