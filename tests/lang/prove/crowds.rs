//! Policies with several `if`s that have nothing to do with each other: the ways through them are more than can be gone one by
//! one, so that what they leave is one value which conditions choose. Each verdict is held against every request of a finite
//! domain.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::simulate::{Case, Request};

use super::mixed::with_answers;
use super::{disagreement, verdict};

const CASES: u32 = 24;

/// What is asked in `recv`.
const ASKED: &[&str] = &[
    "req.path == \"/a\"",
    "req.path under \"/b\"",
    "req.path ext \"css\"",
    "req.http.X-A == \"1\"",
    "!req.http.X-A",
    "req.http.X-B == \"2\"",
    "req.http.X-C",
];

/// What is done in `recv`; several are one after the other.
const DONE: &[&str] = &[
    "set req.http.X-A = \"2\";",
    "set req.http.X-B = \"2\";",
    "set req.http.X-C = req.http.X-A ?? \"none\";",
    "set req.http.X-C = match req.http.X-A { \"1\" -> \"one\"; ~ \"2\" -> req.http.X-B; else -> \"else\"; };",
    "set req.http.X-B = req.http.X-A + \"x\";",
    "unset req.http.X-A;",
    "set req.backend_hint = b;",
    "set req.url = \"/b/c\";",
    "if (req.http.X-B) { set req.http.X-C = \"in\"; } else { set req.backend_hint = b; }",
    "return (pass);",
];

/// What is asked in `backend_response`.
const OF_ANSWERS: &[&str] = &[
    "bereq.path == \"/a\"",
    "bereq.http.X-C == \"2x\"",
    "bereq.http.X-B",
    "beresp.status == 500",
    "beresp.ttl > 70s",
    "beresp.http.Cache-Control ~ \"no-cache\"",
];

/// What is done there.
const ANSWERED: &[&str] = &[
    "set beresp.ttl = 2m;",
    "set beresp.ttl = beresp.ttl * 2;",
    "set beresp.ttl = 1m; set beresp.grace = 1m;",
    "set beresp.http.Cache-Control = \"no-store\";",
    "set beresp.http.X-C = bereq.http.X-C;",
    "set beresp.uncacheable = true;",
    "set beresp.status = 404;",
];

const CLAIMS: &[&str] = &[
    "ttl <= 2m",
    "ttl <= 4m",
    "stored => ttl >= 1m",
    "not stored",
    "passed or backend == a",
    "stored => backend == b",
    "key contains \"/b/c\"",
    "key contains \"2x\"",
    "key contains req.http.X-C",
    "key excludes header \"X-B\"",
    "path == \"/a\" => not stored",
    "status == 500 => not stored",
    "req.http.X-A == \"1\" and path under \"/b\" => passed",
];

fn ifs(asked: &'static [&'static str], done: &'static [&'static str]) -> impl Strategy<Value = String> {
    let one = (select(asked), select(done), prop::option::of(select(done))).prop_map(|(asked, done, otherwise)| {
        match otherwise {
            Some(otherwise) => format!("if ({asked}) {{ {done} }} else {{ {otherwise} }}\n"),
            None => format!("if ({asked}) {{ {done} }}\n"),
        }
    });
    prop::collection::vec(one, 2..6).prop_map(|ifs| ifs.concat())
}

fn policies() -> impl Strategy<Value = String> {
    let key = select(&["", "key { req.host; req.url; req.http.X-C; }\n"][..]);
    (ifs(ASKED, DONE), ifs(OF_ANSWERS, ANSWERED), key).prop_map(|(asked, answered, key)| {
        format!("sub recv {{\n{asked}}}\nsub backend_response {{\n{answered}}}\n{key}")
    })
}

fn domain() -> Vec<Case> {
    let field = |request: Request, name: &'static str, value: Option<&'static str>| match value {
        Some(value) => request.with(HeaderName::from_static(name), HeaderValue::from_static(value)),
        None => request,
    };
    let mut requests = Vec::new();
    for path in ["/a", "/b/x", "/b.css", "/"] {
        for a in [None, Some("1"), Some("2")] {
            for b in [None, Some("2")] {
                for c in [None, Some("2x")] {
                    let request = field(Request::get("a.test", path), "x-a", a);
                    requests.push(field(field(request, "x-b", b), "x-c", c));
                }
            }
        }
    }
    with_answers(&requests)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(CASES) })]
    #[test]
    fn what_is_promised_of_what_conditions_choose_agrees_with_every_request(
        policy in policies(),
        claims in prop::collection::vec(select(CLAIMS), 5),
    ) {
        let promises = claims.iter().enumerate().map(|(at, one)| format!("invariant \"{at}\" {{ {one} }}\n"));
        let text = format!("{policy}{}", promises.collect::<String>());
        prop_assert_eq!(disagreement(&text, &domain()), None);
    }
}

/// Eight fields and eight lifetimes are 65,536 ways.
#[test]
fn what_many_conditions_leave_is_decided() {
    let asked = |at: usize| format!("if (req.http.X-{at} == \"1\") {{ set req.http.Y-{at} = \"1\"; }}\n");
    let answered = |at: usize| format!("if (beresp.http.X-{at} == \"1\") {{ set beresp.ttl = {}m; }}\n", at + 1);
    let policy = format!(
        "sub recv {{ {} if (req.path under \"/api/\") {{ return (pass); }} }}
         sub backend_response {{ {} if (beresp.ttl > 7d) {{ set beresp.ttl = 7d; }} }}",
        (0..8).map(asked).collect::<String>(),
        (0..8).map(answered).collect::<String>()
    );
    for promise in ["ttl <= 7d", "path under \"/api/\" => not stored", "stored and path under \"/api/\" => ttl > 7d"] {
        assert_eq!(verdict(&policy, promise), "proved", "{promise}");
    }
    assert_eq!(verdict(&policy, "ttl < 7d"), "GET \"https://www.example.com/\"");
}

/// What is made of a value that conditions choose is chosen as well.
#[test]
fn what_is_made_of_what_was_chosen_is_known() {
    let policy = "sub recv {
            if (req.http.X-A == \"1\") { set req.http.X-B = \"One\"; }
            if (req.http.X-A == \"2\") { set req.http.X-B = \"Two\"; }
            if (req.http.X-A == \"3\") { set req.http.X-B = \"Three\"; }
            if (req.http.X-A !~ \"^[123]$\") { return (pass); }
            set req.http.X-C = \"<\" + std.tolower(req.http.X-B) + \">\";
        }
        key { req.host; req.url; req.http.X-C; }
        sub backend_response {
            if (bereq.http.X-A == \"1\") { set beresp.http.Cache-Control = \"no-store\"; }
            if (bereq.http.X-A == \"2\") { set beresp.http.Cache-Control = \"max-age=60\"; }
            if (bereq.http.X-A == \"3\") { set beresp.http.Cache-Control = \"private\"; }
        }";
    for promise in [
        "req.http.X-A == \"2\" and stored => key contains \"<two>\"",
        "req.http.X-A == \"1\" and not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control => not stored",
        "req.http.X-A == \"3\" and not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control => not stored",
    ] {
        assert_eq!(verdict(policy, promise), "proved", "{promise}");
    }
    let shown = verdict(policy, "req.http.X-A == \"2\" => not stored");
    assert_eq!(shown, "GET \"https://www.example.com/\" { X-A: \"2\" }");
}
