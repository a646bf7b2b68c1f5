//! A policy that fails while it runs: who looks after it is told where, clients are not, and nobody fills a disk by it.

use crate::support::{Answer, Origin, Proxy, Response, until};

/// Fails at the step that the request names.
const POLICY: &str = r#"
    sub recv { if (req.http.X-Fail == "recv") { set req.method = "s3cret method"; } }
    sub hash { if (req.http.X-Fail == "hash") { return (fail(urldecode("a%0Ab"))); } }
    sub hit { if (req.http.X-Fail == "hit") { return (fail); } }
    sub miss { if (req.http.X-Fail == "miss") { return (fail); } }
    sub pass { if (req.http.X-Fail == "pass") { return (fail); } }
    sub backend_fetch { if (bereq.http.X-Fail == "backend_fetch") { return (fail); } }
    sub backend_response { if (bereq.http.X-Fail == "backend_response") { set beresp.status = std.integer("42", fallback: 0); } }
    sub backend_error { if (bereq.http.X-Fail == "backend_error") { set beresp.status = std.integer("42", fallback: 0); } }
    sub deliver { if (req.http.X-Fail == "deliver") { set resp.status = std.integer("42", fallback: 0); } }
    sub synth { if (req.http.X-Fail == "synth") { set resp.status = std.integer("42", fallback: 0); } }
"#;

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page").header("Cache-Control", "max-age=60"));
    origin.on("/broken", Answer::close());
    origin
}

fn fail(proxy: &Proxy, target: &str, step: &str) -> Response {
    let method = if step == "pass" { "POST" } else { "GET" };
    proxy.client().request(method, target).header("X-Fail", step).send()
}

#[test]
fn more_fields_than_a_message_may_have_are_a_failure_like_any_other() {
    let origin = origin();
    let many = |step: &str, statement: &dyn Fn(usize) -> String| {
        let statements: String = (0..1_000).map(statement).collect();
        format!("sub {step} {{ if (req.http.X-Fail == \"{step}\") {{ {statements} }} }}\n")
    };
    let policy = many("recv", &|at| format!("set req.http.X-{at} = \"a\";"))
        + &many("deliver", &|_| "header.append(resp.http.X-Many, \"a\");".to_owned());
    let proxy = Proxy::before(&origin, &policy);
    for step in ["recv", "deliver"] {
        assert_eq!(fail(&proxy, "/page", step).status, 503, "{step}");
        until("the reason in the log", || {
            let is_told =
                |line: &str| line.contains(&format!("step=\"{step}\"")) && line.contains("at most 1,000 fields");
            proxy.log().lines().any(is_told).then_some(())
        });
    }
    assert_eq!(proxy.get("/page").status, 200);
}

/// What follows a `#` reaches no backend and no key: two clients that nothing else keeps apart would share a page.
#[test]
fn a_url_that_would_be_cut_off_is_a_failure() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "sub recv { set req.url = \"/page#\" + req.http.X-User; }");
    for user in ["ann", "bob"] {
        let answer = proxy.client().get("/page").header("X-User", user).send();
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn where_it_failed_is_in_the_log_and_not_in_the_answer() {
    let origin = origin();
    let proxy = Proxy::before(&origin, POLICY);
    proxy.get("/page");
    for (line, target, step, statement) in [
        (4, "/page", "recv", "set req.method"),
        (5, "/page", "hash", "return"),
        (6, "/page", "hit", "return"),
        (7, "/other", "miss", "return"),
        (8, "/page", "pass", "return"),
        (9, "/other", "backend_fetch", "return"),
        (10, "/other", "backend_response", "set beresp.status"),
        (11, "/broken", "backend_error", "set beresp.status"),
        (12, "/page", "deliver", "set resp.status"),
    ] {
        let answer = fail(&proxy, target, step);
        assert_eq!(answer.status, 503, "{step}");
        let status = answer.cache_status();
        let expected = if step == "backend_error" { "bad-response" } else { "policy-failure" };
        assert_eq!(status.parameters.get("detail").map(String::as_str), Some(expected), "{step}: {status:?}");
        assert!(!format!("{answer:?}").contains("policy.warp"), "{step}: {answer:?}");
        proxy.wait_for_metric(&format!("warp_policy_failures_total{{step=\"{step}\"}}"), 1);
        let said = until(&format!("{step} in the log"), || {
            let start = format!("the policy failed a request step=\"{step}\" ");
            proxy.log().lines().find(|line| line.contains(&start)).map(str::to_owned)
        });
        assert!(said.contains(&format!("policy.warp:{line}:")), "{said}");
        assert!(said.contains(&format!("statement=\"{statement}\"")), "{said}");
    }
    assert!(!proxy.log().contains("s3cret"), "{}", proxy.log());
    assert!(proxy.log().contains(r#"reason="a\nb""#), "{}", proxy.log());
    for (outcome, count) in [("synth", 6), ("error", 2)] {
        let requests = format!("warp_requests_total{{outcome=\"{outcome}\",reason=\"policy-failure\"}}");
        proxy.wait_for_metric(&requests, count);
    }
}

#[test]
fn a_page_that_the_policy_cannot_make_is_a_plain_one() {
    let proxy = Proxy::before(&origin(), &format!("{POLICY}sub recv {{ return (synth(404)); }}"));
    let answer = fail(&proxy, "/page", "synth");
    assert_eq!((answer.status, answer.body.len()), (503, 0));
    proxy.wait_for_metric("warp_policy_failures_total{step=\"synth\"}", 1);
}

#[test]
fn a_place_is_told_of_once_in_a_while_however_often_it_fails() {
    let origin = origin();
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for _ in 0..200 {
        assert_eq!(client.get("/page").header("X-Fail", "deliver").send().status, 503);
        assert_eq!(client.get("/page").header("X-Fail", "hit").send().status, 503);
    }
    proxy.wait_for_metric("warp_policy_failures_total{step=\"deliver\"}", 200);
    let count = |what: &str| proxy.log().lines().filter(|line| line.contains(what)).count();
    until("a line for each place", || (count("the policy failed a request") == 2).then_some(()));
    assert!(proxy.log().len() < 2_000, "{}", proxy.log());
}

#[test]
fn failed_requests_do_not_fill_the_log() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    for _ in 0..50 {
        assert_eq!(proxy.get("/broken").status, 503);
    }
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"bad-response\"}", 50);
    let lines = proxy.log().lines().filter(|line| line.contains("the request failed")).count();
    assert!((1..=20).contains(&lines), "{}", proxy.log());
}
