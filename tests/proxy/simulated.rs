//! What `simulate` says of a request is what the proxy does with it.

mod soft_purge;

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::simulate::{self, Case, Journey, Request, Simulator, Store, World};

use crate::support::{Answer, Origin, Proxy, Response};

/// What proxies say of a connection or of themselves, and what differs with the time.
const UNCOMPARED: &[&str] = &[
    "accept-ranges",
    "age",
    "cache-status",
    "connection",
    "content-length",
    "content-range",
    "date",
    "host",
    "keep-alive",
    "transfer-encoding",
    "via",
];

/// Paths that policies rewrite to, too: the origin answers the same for all of them.
const PATHS: &[&str] = &["/a", "/b", "/a.css", "/admin/x", "/"];

struct Told {
    method: &'static str,
    target: &'static str,
    fields: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const fn get(target: &'static str, fields: &'static [(&'static str, &'static str)]) -> Told {
    Told { method: "GET", target, fields, body: "" }
}

const REQUESTS: &[Told] = &[
    get("/a", &[]),
    get("/a?utm_source=x&b=2&a=1", &[]),
    get("/a.css", &[("Cookie", "session=1; _ga=2")]),
    get("/admin/x", &[("Authorization", "Basic YTpi")]),
    get("/a", &[("X-Lang", "de"), ("X-Mode", "again")]),
    get("/a", &[("If-None-Match", "\"1\"")]),
    get("/a", &[("If-Match", "\"1\"")]),
    get("/a", &[("Range", "bytes=0-1")]),
    Told { method: "HEAD", target: "/a", fields: &[], body: "" },
    Told { method: "POST", target: "/a", fields: &[("Content-Type", "a/b")], body: "data" },
    Told { method: "DELETE", target: "/a", fields: &[], body: "" },
    Told { method: "PURGE", target: "/a", fields: &[], body: "" },
];

type Said = (u16, &'static [(&'static str, &'static str)], &'static str);

/// What a backend was asked: method and target, and the fields that are compared.
type Line = (String, Vec<(String, String)>);

/// The last one is no answer at all.
const ANSWERS: &[Said] = &[
    (200, &[("Cache-Control", "max-age=60"), ("ETag", "\"1\"")], "hello"),
    (200, &[], "hello"),
    (200, &[("Set-Cookie", "a=1"), ("Cache-Control", "max-age=60")], "hello"),
    (200, &[("Cache-Control", "no-store")], "hello"),
    (200, &[("Vary", "X-Lang"), ("Cache-Control", "max-age=60"), ("Surrogate-Control", "max-age=9")], "hello"),
    (404, &[("Cache-Control", "s-maxage=10")], "gone"),
    (500, &[], "broken"),
    (204, &[("Cache-Control", "max-age=60")], ""),
    (0, &[], ""),
];

const POLICIES: &[&str] = &[
    "",
    "rules response first { else -> ttl 1m; }",
    "rules request first { when path under \"/admin/\" -> deny 403; when method == \"POST\" -> pass; }",
    "normalize req { query drop [\"utm_*\"], sort; cookie keep [\"session\"]; }",
    "override builtin.cookie {} override builtin.authorization {} override builtin.set_cookie {}
     rules response first { when status in 500..599 -> ttl 5s; else -> ttl 10m, grace 1h, strip set_cookie; }",
    "key { req.host; req.path; req.http.X-Lang; }",
    "sub recv { if (req.method == \"PURGE\") { return (purge); } }",
    "sub recv { if (req.http.X-Mode == \"again\" && req.restarts < 2) { set req.url = \"/b\"; return (restart); } }",
    "sub recv { return (restart); }",
    "sub miss { if (req.http.X-Lang) { return (pass); } } sub pass { if (req.method == \"DELETE\") { return (synth(405, \"No\")); } }",
    "sub backend_fetch { set bereq.http.X-Sent = bereq.method + \" \" + bereq.retries; unset bereq.http.Cookie; }",
    "sub backend_fetch { if (bereq.http.X-Lang) { return (error(599, \"Late\")); } }",
    "sub backend_response { if (beresp.status >= 500 && bereq.retries < 2) { return (retry); } }",
    "sub backend_response { if (beresp.status == 404) { return (pass(10s)); } set beresp.http.X-Ttl = beresp.ttl; }",
    "sub backend_response { if (beresp.status == 404) { set beresp.status = 200; set beresp.ttl = 1m; } }",
    "sub backend_response { if (beresp.status == 500) { return (error(502)); } if (beresp.status == 404) { return (abandon); } }",
    "sub backend_error { set beresp.status = 502; set beresp.ttl = 10s; set beresp.http.X-Made = \"yes\"; }",
    "sub deliver { set resp.http.X-Hits = obj.hits; if (resp.status == 404) { return (synth(410, \"Gone\")); } }",
    "sub deliver { if (resp.status == 500 && req.restarts < 1) { set req.url = \"/b\"; return (restart); } }",
    "sub synth { set resp.http.X-Synth = \"\" + resp.status; if (req.restarts == 0 && resp.status == 501) { return (restart); } }",
    "sub recv { return (synth(302, \"/elsewhere\")); }",
    "sub hit { if (req.http.X-Lang) { return (pass); } }",
    "sub recv { set req.hash_always_miss = true; }",
    "sub backend_response { unset beresp.http.Cache-Control; set beresp.ttl = 0s; }",
    "sub recv { set req.http.Bad = \"a\" + urlencode(req.url) + req.http.X-Lang; unset req.http.Cookie; }",
];

fn policy(origin: &Origin, declarations: &str) -> String {
    format!("warp 1;\n{}{declarations}\n", origin.backend())
}

fn simulator(text: &str) -> Simulator {
    let checked = check("site.warp", &MemoryFiles::new("site.warp", text));
    Simulator::new(checked.hir.unwrap_or_else(|| panic!("{text}: {:?}", checked.diagnostics)))
}

fn fields(of: &[(&str, &str)]) -> HeaderMap {
    let field =
        |(name, value): &(&str, &str)| -> (HeaderName, HeaderValue) { (name.parse().unwrap(), value.parse().unwrap()) };
    of.iter().map(field).collect()
}

fn case(host: &str, told: &Told, said: &Said) -> Case {
    let request = Request {
        method: told.method.parse::<Method>().unwrap(),
        headers: fields(told.fields),
        client: [127, 0, 0, 1].into(),
        body: told.body.into(),
        ..Request::get(host, told.target)
    };
    let answer = StatusCode::from_u16(said.0).ok().map(|status| simulate::Answer {
        status,
        headers: fields(said.1),
        body: said.2.into(),
    });
    let answer = answer.map(|mut answer| {
        // As the origin of these tests frames it.
        if answer.status != StatusCode::NO_CONTENT {
            answer.headers.insert("content-length", answer.body.len().into());
        }
        answer
    });
    Case::new(request, answer)
}

fn script(origin: &Origin, said: &Said) {
    let answer = match said.0 {
        0 => Answer::close(),
        status => {
            said.1.iter().fold(Answer::status(status).with_body(said.2), |it, (name, value)| it.header(name, value))
        }
    };
    for path in PATHS {
        origin.on(path, answer.clone());
    }
}

/// The fields that are compared, sorted.
fn compared<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut fields: Vec<_> = fields.filter(|(name, _)| !UNCOMPARED.contains(&name.as_str())).collect();
    fields.sort();
    fields
}

fn of_map(headers: &HeaderMap) -> Vec<(String, String)> {
    compared(headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())))
}

fn of_client(response: &Response) -> Vec<(String, String)> {
    compared(response.fields.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Sends a request; what came back, and what the origin was asked meanwhile.
fn send(proxy: &Proxy, origin: &Origin, host: &str, told: &Told) -> (Response, Vec<Line>) {
    let before = origin.requests().len();
    let mut client = proxy.client();
    let mut request = client.request(told.method, told.target).header("Host", host);
    for (name, value) in told.fields {
        request = request.header(name, value);
    }
    let request = if told.body.is_empty() { request } else { request.body(told.body) };
    let response = request.send();
    let asked = origin.requests().split_off(before).into_iter().map(|asked| {
        let fields = asked.fields.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        (format!("{} {}", asked.method, asked.target), compared(fields))
    });
    (response, asked.collect())
}

fn asked(journey: &Journey) -> Vec<Line> {
    let asked = journey.asked.iter();
    asked.map(|asked| (format!("{} {}", asked.method, asked.target), of_map(&asked.headers))).collect()
}

/// Asks twice for the same, of the proxy and in the simulation; says where they differ.
fn differences(
    proxy: &Proxy,
    origin: &Origin,
    simulator: &Simulator,
    host: &str,
    told: &Told,
    said: &Said,
) -> Vec<String> {
    script(origin, said);
    let (case, world, mut store) = (case(host, told, said), World::at(SystemTime::now()), Store::default());
    let mut wrong = Vec::new();
    // What is known of a key by then but no fresh response: that it is hit-for-miss, or something to be validated.
    let mut is_known = false;
    for time in ["first", "second"] {
        let (response, was_asked) = send(proxy, origin, host, told);
        let journey = simulator.run(&case, &mut store, &world);
        let status = response.cache_status();
        let mut compare = |what: &str, real: String, simulated: String| {
            if real != simulated {
                wrong.push(format!("{time} {what}: is {real}, simulated {simulated}"));
            }
        };
        compare("status", response.status.to_string(), journey.response.status.as_u16().to_string());
        compare("fields", format!("{:?}", of_client(&response)), format!("{:?}", of_map(&journey.response.headers)));
        let body = String::from_utf8_lossy(&response.body).into_owned();
        compare("body", body, String::from_utf8_lossy(&journey.response.body).into_owned());
        compare("hit", status.hit().to_string(), (journey.treatment == simulate::Treatment::Hit).to_string());
        // Of a response in whose place another one is made nothing is told.
        if journey.treatment != simulate::Treatment::Answered {
            compare("stored", status.stored().to_string(), (!journey.stored.is_empty()).to_string());
        }
        if case.answer.is_some() && !is_known {
            compare("asked", format!("{was_asked:?}"), format!("{:?}", asked(&journey)));
        }
        is_known = !journey.stored.iter().any(|stored| stored.lifetimes.ttl_ms > 0);
    }
    wrong
}

#[test]
fn the_proxy_does_what_is_simulated() {
    let mut wrong = Vec::new();
    for declarations in POLICIES {
        let origin = Origin::start();
        let text = policy(&origin, declarations);
        let (proxy, simulator) = (Proxy::start(&text), simulator(&text));
        for (r, told) in REQUESTS.iter().enumerate() {
            for (a, said) in ANSWERS.iter().enumerate() {
                let found = differences(&proxy, &origin, &simulator, &format!("h{r}-{a}.test"), told, said);
                let case = format!("{declarations}\n  {} {} {:?}, {said:?}", told.method, told.target, told.fields);
                wrong.extend(found.into_iter().map(|found| format!("{case}\n    {found}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
