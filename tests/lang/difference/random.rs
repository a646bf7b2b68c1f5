//! What is said of two policies is true of every request of a small world.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use warp_edge::difference::{Policy, When, between, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::simulate::{Answer, Case, Request, Simulator, World};

use super::BACKENDS;

const STATEMENTS: &[&str] = &[
    "rules request first { when path under \"/a\" -> pass; }",
    "rules request first { when path == \"/a/b\" -> deny 403; when method == \"POST\" -> pass; }",
    "rules request first { when req.http.X == \"1\" -> backend b, cache; when req.http.X -> deny 404; }",
    "normalize req { query drop [\"q\"]; }",
    "normalize req { query sort; cookie keep [\"c\"]; }",
    "sub recv { if (req.cookies has \"c\") { return (pass); } }",
    "sub recv { unset req.http.Cookie; }",
    "sub recv { set req.http.X = \"1\"; }",
    "sub hash { hash_data(req.http.X); }",
    "sub backend_fetch { if (bereq.url ~ \"b\") { set bereq.http.Y = \"1\"; } }",
    "rules response first { when status == 404 -> ttl 10s; else -> ttl 1h; }",
    "rules response first { when path under \"/a\" -> ttl 10s, grace 1m; }",
    "sub backend_response { if (beresp.status == 500) { return (retry); } }",
    "sub deliver { unset resp.http.Cache-Control; }",
    "sub deliver { if (req.http.X) { set resp.status = 202; } }",
];

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for method in [Method::GET, Method::POST] {
        for target in ["/", "/a", "/a/b", "/c?q=1&b=2", "/b?z=1&a=1"] {
            for x in [None, Some("1"), Some("2")] {
                for cookie in [None, Some("c=1; d=2"), Some("d=1")] {
                    for status in [200, 404, 500] {
                        let mut request = Request::get("a.test", target);
                        request.method = method.clone();
                        for (name, value) in [("x", x), ("cookie", cookie)] {
                            if let Some(value) = value {
                                let name = HeaderName::from_static(name);
                                request = request.with(name, HeaderValue::from_static(value));
                            }
                        }
                        let answer = Answer::new(StatusCode::from_u16(status).unwrap());
                        let fresh = HeaderValue::from_static("max-age=60");
                        all.push(Case { request, answer: Some(answer.with(header::CACHE_CONTROL, fresh)) });
                    }
                }
            }
        }
    }
    all
}

fn policy() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(STATEMENTS, 0..4).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_two_policies_is_true(mut old in policy(), more in select(STATEMENTS), is_new in any::<bool>()) {
        let mut new = old.clone();
        if is_new || new.pop().is_none() { new.push(more); }
        old.dedup();
        let checked = [&old, &new].map(|all| {
            check("site.warp", &MemoryFiles::new("site.warp", format!("{BACKENDS}{}", all.join("\n"))))
        });
        let [Some(before), Some(after)] = checked.each_ref().map(|it| it.hir.clone()) else { return Ok(()) };
        let found = difference(
            Policy { hir: &before, sources: &checked[0].sources },
            Policy { hir: &after, sources: &checked[1].sources },
        );
        let simulators = [Simulator::new(before), Simulator::new(after)];
        let change = |case: &Case| {
            let world = World::at(std::time::SystemTime::UNIX_EPOCH);
            let [old, new] = simulators.each_ref().map(|simulator| simulator.run_cold(case, &world));
            between(&old, &new)
        };
        for class in found.classes.iter().filter(|class| class.when == When::First) {
            prop_assert!(change(&class.case).is_some(), "{}", class.case.request);
        }
        if found.is_none() {
            for case in cases() {
                let change = change(&case);
                prop_assert!(change.is_none(), "{}: {}\n{old:#?}\n{new:#?}", case.request, change.unwrap());
            }
        }
    }
}
