//! Directors in front of real origins.

use crate::support::{Answer, Origin, Proxy};

/// Origins that answer every path with their own name.
fn origins(names: &[&str]) -> Vec<Origin> {
    let start = |name: &&str| {
        let origin = Origin::start();
        for path in ["/", "/a", "/b", "/c"] {
            let answer = Answer::ok(*name).header("Cache-Control", "no-store");
            origin.on(path, answer);
        }
        origin
    };
    names.iter().map(start).collect()
}

/// A policy with these origins as backends of their names.
fn policy(names: &[&str], origins: &[Origin], declarations: &str) -> String {
    let backends = names.iter().zip(origins).map(|(name, origin)| backend(name, origin.address().port(), ""));
    format!("warp 1;\n{}{declarations}\n", backends.collect::<String>())
}

fn backend(name: &str, port: u16, more: &str) -> String {
    format!("backend {name} {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {more} }}\n")
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn bodies(proxy: &Proxy, targets: &[&str]) -> Vec<String> {
    let mut client = proxy.client();
    targets.iter().map(|target| client.get(target).send().text().to_owned()).collect()
}

const NAMES: [&str; 3] = ["one", "two", "three"];

#[test]
fn a_director_named_default_is_where_requests_go() {
    let origins = origins(&NAMES);
    let proxy = Proxy::start(&policy(&NAMES, &origins, "director default = round_robin { one; two; three; }"));
    assert_eq!(bodies(&proxy, &["/"; 4]), ["one", "two", "three", "one"]);
}

#[test]
fn a_director_stands_wherever_a_backend_does() {
    let origins = origins(&NAMES);
    let declarations = "
        director pool = fallback { two; one; }
        rules request first { when path == \"/a\" -> backend pool; }
        sub recv { if (req.url == \"/b\") { set req.backend_hint = pool; } }
        sub backend_fetch { if (bereq.url == \"/c\") { set bereq.backend = pool; } }
    ";
    let proxy = Proxy::start(&policy(&NAMES, &origins, declarations));
    assert_eq!(bodies(&proxy, &["/a", "/b", "/c", "/"]), ["two", "two", "two", "one"]);
}

#[test]
fn the_policy_sees_the_director_before_and_the_backend_after() {
    let origins = origins(&NAMES);
    let declarations = "
        director default = fallback { two; one; }
        sub backend_response {
            set beresp.http.X-Asked = bereq.backend;
            set beresp.http.X-Answered = beresp.backend;
            set beresp.http.X-Same = bereq.backend == default;
        }
    ";
    let proxy = Proxy::start(&policy(&NAMES, &origins, declarations));
    let page = proxy.get("/");
    let fields = ["X-Asked", "X-Answered", "X-Same"].map(|name| page.header(name).unwrap());
    assert_eq!(fields, ["default", "two", "true"]);
}

#[test]
fn a_member_to_which_no_connection_can_be_made_is_passed_over() {
    let origins = origins(&["two"]);
    let declarations = backend("gone", closed_port(), "")
        + "director default = fallback { gone; two; }
           rules request first { when method == \"POST\" -> pass; }";
    let proxy = Proxy::start(&policy(&["two"], &origins, &declarations));
    assert_eq!(bodies(&proxy, &["/", "/"]), ["two", "two"]);
    assert_eq!(proxy.client().request("POST", "/").body("data").send().text(), "two", "nothing was sent yet");
    assert_eq!(origins[0].wait_for(3).body, b"data");
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"gone\",result=\"connect\"}", 3);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"two\",result=\"ok\"}", 3);
}

#[test]
fn every_member_is_tried_however_many_are_gone() {
    let origins = origins(&["well"]);
    let gone: Vec<String> = (0..12).map(|number| format!("gone{number}")).collect();
    let dead: String = gone.iter().map(|name| backend(name, closed_port(), "")).collect();
    let declarations = format!("{dead}director default = fallback {{ {}; well; }}", gone.join("; "));
    let proxy = Proxy::start(&policy(&["well"], &origins, &declarations));
    assert_eq!(bodies(&proxy, &["/", "/a"]), ["well", "well"]);
}

#[test]
fn a_retry_begins_with_all_members() {
    let origins = origins(&["two"]);
    origins[0].once("/", Answer::status(500));
    let retry = "
        sub backend_response { if (beresp.status == 500) { return (retry); } }
        sub backend_error { return (retry); }";
    let gone = backend("gone", closed_port(), "");
    let declarations = format!("{gone} director default = fallback {{ gone; two; }} {retry}");
    let proxy = Proxy::start(&policy(&["two"], &origins, &declarations));
    assert_eq!(bodies(&proxy, &["/"]), ["two"]);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"gone\",result=\"connect\"}", 2);
    let proxy = Proxy::start(&format!("warp 1;\n{gone} director default = fallback {{ gone; }} {retry}"));
    assert_eq!(proxy.get("/").status, 503);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"gone\",result=\"connect\"}", 5);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}", 1);
}

#[test]
fn without_a_member_that_answers_the_error_page_comes() {
    let dead = [backend("one", closed_port(), ""), backend("two", closed_port(), "")].concat();
    let proxy = Proxy::start(&format!("warp 1;\n{dead}director default = random {{ one; two; }}"));
    assert_eq!(proxy.get("/").status, 503);
    let none = "warp 1;\nbackend one none;\ndirector default = random { one; }";
    let proxy = Proxy::start(none);
    let page = proxy.get("/");
    assert_eq!(page.status, 503);
    assert_eq!(proxy.status()["directors"][0]["healthy"], false);
}

#[test]
fn members_that_their_probes_find_sick_are_left_alone() {
    let origins = origins(&NAMES);
    origins[0].on("/health", Answer::status(500));
    origins[1].on("/health", Answer::status(200));
    let probe = ".probe = { .url = \"/health\"; .interval = 50ms; .window = 1; .threshold = 1; .initial = 1; };";
    let backends =
        NAMES.iter().zip(&origins).take(2).map(|(name, origin)| backend(name, origin.address().port(), probe));
    let declarations = backends.collect::<String>() + "director default = fallback { one; two; }";
    let proxy = Proxy::start(&format!("warp 1;\n{declarations}"));
    crate::support::until("the first member to be sick", || {
        (proxy.status()["backends"][0]["healthy"] == false).then_some(())
    });
    assert_eq!(bodies(&proxy, &["/", "/"]), ["two", "two"]);
    origins[0].on("/health", Answer::status(200));
    crate::support::until("the first member to recover", || {
        (proxy.status()["backends"][0]["healthy"] == true).then_some(())
    });
    assert_eq!(bodies(&proxy, &["/"]), ["one"]);
}

#[test]
fn a_key_leads_to_the_same_member_every_time() {
    let origins = origins(&NAMES);
    let proxy = Proxy::start(&policy(
        &NAMES,
        &origins,
        "director default = hash { .key = bereq.http.X-User; one; two; three; }",
    ));
    let mut client = proxy.client();
    let mut ask = |user: &str| client.get("/").header("X-User", user).send().text().to_owned();
    let users: Vec<String> = (0..30).map(|number| format!("user {number}")).collect();
    let first: Vec<String> = users.iter().map(|user| ask(user)).collect();
    let second: Vec<String> = users.iter().map(|user| ask(user)).collect();
    assert_eq!(first, second);
    assert!(NAMES.iter().all(|name| first.iter().any(|found| found == name)), "{first:?}");
}

#[test]
fn a_shard_goes_by_the_key_of_the_cache_whether_the_request_passes_or_not() {
    let origins = origins(&NAMES);
    for origin in &origins {
        for number in 0..20 {
            origin.on(&format!("/{number}"), Answer::ok("page").header("Cache-Control", "no-store"));
        }
    }
    let declarations = "
        director default = shard { one; two; three; }
        rules request first { when req.http.X-Pass == \"1\" -> pass; }
        sub backend_response { set beresp.http.X-Backend = beresp.backend; }
    ";
    let proxy = Proxy::start(&policy(&NAMES, &origins, declarations));
    let mut client = proxy.client();
    for number in 0..20 {
        let target = format!("/{number}");
        let looked_up = client.get(&target).send();
        let passed = client.get(&target).header("X-Pass", "1").send();
        assert_eq!(looked_up.header("X-Backend"), passed.header("X-Backend"), "{target}");
    }
    assert!(origins.iter().all(|origin| !origin.requests().is_empty()));
}

#[test]
fn a_shard_by_url_goes_by_the_url_that_is_sent() {
    let origins = origins(&NAMES);
    let declarations = "
        director default = shard { .by = URL; one; two; three; }
        sub backend_fetch { set bereq.url = \"/a\"; }
    ";
    let proxy = Proxy::start(&policy(&NAMES, &origins, declarations));
    let answers = bodies(&proxy, &["/1", "/2", "/3", "/4", "/5", "/6"]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[test]
fn least_conn_sends_requests_where_the_fewest_are() {
    let origins = origins(&["one", "two"]);
    let gate = crate::support::Gate::new();
    for origin in &origins {
        origin.on("/slow", Answer::ok("slow").header("Cache-Control", "no-store").behind(&gate));
    }
    let proxy = Proxy::start(&policy(&["one", "two"], &origins, "director default = least_conn { one; two; }"));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    crate::support::until("the slow request", || {
        origins.iter().find(|origin| !origin.requests().is_empty()).map(|_| ())
    });
    let busy = usize::from(origins[0].requests().is_empty());
    let idle = ["one", "two"][1 - busy];
    assert_eq!(bodies(&proxy, &["/"; 3]), [idle; 3]);
    gate.open();
}

#[test]
fn whose_turn_it_is_outlives_a_reload_that_leaves_the_director_alone() {
    let origins = origins(&NAMES);
    let director = "director default = round_robin { one; two; three; }\n";
    let proxy = Proxy::start(&policy(&NAMES, &origins, director));
    assert_eq!(bodies(&proxy, &["/"]), ["one"]);
    let changed = format!("{director}sub deliver {{ set resp.http.X-New = \"yes\"; }}");
    proxy.write_policy(policy(&NAMES, &origins, &changed));
    proxy.wait_for_reload("ok");
    assert_eq!(bodies(&proxy, &["/", "/"]), ["two", "three"]);
}

#[test]
fn the_status_tells_of_directors() {
    let origins = origins(&NAMES);
    let declarations = "director near = random { one; two; } director default = fallback { near; three; }";
    let proxy = Proxy::start(&policy(&NAMES, &origins, declarations));
    assert!(NAMES.contains(&proxy.get("/").text()));
    let expected = serde_json::json!([
        { "name": "near", "kind": "random", "healthy": true, "members": ["one", "two"] },
        { "name": "default", "kind": "fallback", "healthy": true, "members": ["near", "three"] },
    ]);
    assert_eq!(proxy.status()["directors"], expected);
}
