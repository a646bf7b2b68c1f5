//! The same for pages that are purged softly between two requests.

use std::time::SystemTime;

use warp_edge::simulate::{Journey, Simulator, Store, Treatment, World};

use super::{Said, Told, case, get, of_client, of_map, policy, script, simulator};
use crate::support::{Origin, Proxy, Response, until};

const SOFT: &str = "rules request first { when method == \"PURGE\" and req.http.X-Soft -> purge soft; when method == \"PURGE\" -> purge; }";

/// What a policy says beside that, or in its place.
const POLICIES: &[&str] = &[
    "",
    "rules response first { else -> grace 1h; }",
    "rules response first { else -> ttl 10m, grace 1h; }",
    "rules response first { else -> grace 1h; } sub recv { set req.grace = 0s; }",
    "rules response first { else -> grace 1h; } sub hit { if (obj.ttl <= 0s) { return (pass); } }",
    "rules response first { else -> grace 1h; } sub deliver { set resp.http.X-Hits = obj.hits; }",
    "rules response first { else -> grace 1h; } sub backend_fetch { if (bereq.is_bgfetch) { set bereq.http.X-Late = \"1\"; } }",
    "rules response first { else -> grace 1h; } sub purge { set req.method = \"GET\"; return (restart); }",
    "sub purge { set req.method = \"GET\"; return (restart); }",
    "sub purge { return (synth(200, \"Away\")); } sub synth { set resp.http.X-Synth = resp.reason; }",
    "key { req.host; req.path; }",
];

/// All of them are stored: where an answer is not, the proxy marks its key, and the simulation does not.
const ANSWERS: &[Said] = &[
    (200, &[("Cache-Control", "max-age=60")], "hello"),
    (200, &[("Cache-Control", "max-age=60, stale-while-revalidate=60")], "hello"),
    (200, &[("Cache-Control", "max-age=60, must-revalidate, stale-while-revalidate=60")], "hello"),
    (200, &[("Vary", "X-Lang"), ("Cache-Control", "max-age=60, stale-while-revalidate=60")], "hello"),
    (404, &[("Cache-Control", "max-age=60")], "gone"),
];

const fn purge(target: &'static str, fields: &'static [(&'static str, &'static str)]) -> Told {
    Told { method: "PURGE", target, fields, body: "" }
}

/// Requests in a row: what was purged is asked for once while it is stale, and then again.
const COURSES: &[&[Told]] = &[
    &[get("/a", &[]), purge("/a", &[("X-Soft", "1")]), get("/a", &[]), get("/a", &[])],
    &[get("/a", &[]), purge("/a", &[("X-Soft", "1")]), purge("/a", &[]), get("/a", &[])],
    &[purge("/a", &[("X-Soft", "1")]), get("/a", &[]), get("/a", &[])],
    &[
        get("/a", &[("X-Lang", "de")]),
        get("/a", &[("X-Lang", "en")]),
        purge("/a", &[("X-Soft", "1")]),
        get("/a", &[("X-Lang", "en")]),
        get("/a", &[("X-Lang", "de")]),
        get("/a", &[("X-Lang", "de")]),
    ],
    &[
        get("/a?x=1", &[]),
        purge("/a", &[("X-Soft", "1")]),
        get("/a?x=1", &[]),
        Told { method: "HEAD", target: "/a", fields: &[], body: "" },
    ],
];

/// A proxy and its simulation, and how many responses both have stored so far.
struct Pair<'p> {
    origin: &'p Origin,
    proxy: &'p Proxy,
    simulator: &'p Simulator,
    stored: u64,
}

impl Pair<'_> {
    /// Makes requests in a row of both; where they differ.
    fn course(&mut self, host: &str, course: &[Told], said: &Said) -> Vec<String> {
        script(self.origin, said);
        let (world, mut store) = (World::at(SystemTime::now()), Store::default());
        let mut wrong = Vec::new();
        for (number, told) in course.iter().enumerate() {
            let before = self.origin.requests().len();
            let journey = self.simulator.run(&case(host, told, said), &mut store, &world);
            let response = self.send(host, told);
            for (what, real, simulated) in self.results(&response, &journey, before) {
                if real != simulated {
                    wrong.push(format!("request {number} {what}: is {real}, simulated {simulated}"));
                }
            }
        }
        wrong
    }

    fn send(&self, host: &str, told: &Told) -> Response {
        let mut client = self.proxy.client();
        let request = client.request(told.method, told.target).header("Host", host);
        told.fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    }

    /// What came of a request in both, once all is done that is done behind it.
    fn results(
        &mut self,
        response: &Response,
        journey: &Journey,
        before: usize,
    ) -> [(&'static str, String, String); 5] {
        let asked: Vec<String> =
            journey.and_behind().flat_map(|it| &it.asked).map(|it| format!("{} {}", it.method, it.target)).collect();
        self.stored += journey.and_behind().map(|it| it.stored.len() as u64).sum::<u64>();
        until("the fetches that were simulated", || {
            (self.origin.requests().len() >= before + asked.len()).then_some(())
        });
        until("all that was stored in the simulation", || {
            (self.proxy.metric("warp_store_stored_total") >= self.stored).then_some(())
        });
        let was_asked: Vec<String> =
            self.origin.requests().split_off(before).iter().map(|it| format!("{} {}", it.method, it.target)).collect();
        [
            ("status", response.status.to_string(), journey.response.status.as_u16().to_string()),
            ("fields", format!("{:?}", of_client(response)), format!("{:?}", of_map(&journey.response.headers))),
            ("body", response.text().to_owned(), String::from_utf8_lossy(&journey.response.body).into_owned()),
            ("hit", response.cache_status().hit().to_string(), (journey.treatment == Treatment::Hit).to_string()),
            ("asked", format!("{was_asked:?}"), format!("{asked:?}")),
        ]
    }
}

#[test]
fn the_proxy_does_with_soft_purges_what_is_simulated() {
    let mut wrong = Vec::new();
    for declarations in POLICIES {
        let origin = Origin::start();
        let text = policy(&origin, &format!("{SOFT} {declarations}"));
        let (proxy, simulator) = (Proxy::start(&text), simulator(&text));
        let mut pair = Pair { origin: &origin, proxy: &proxy, simulator: &simulator, stored: 0 };
        for (c, course) in COURSES.iter().enumerate() {
            for (a, said) in ANSWERS.iter().enumerate() {
                let found = pair.course(&format!("h{c}-{a}.test"), course, said);
                wrong.extend(
                    found.into_iter().map(|found| format!("{declarations}\n  course {c}, {said:?}\n    {found}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
