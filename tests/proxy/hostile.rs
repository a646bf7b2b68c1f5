//! Clients, origins and policies that mean harm, or do it unawares.

use std::process::Command;

use crate::support::{Answer, Client, Origin, Proxy};

const A_WEEK: &str = "rules response first { else -> ttl 7d; }\n";

#[test]
fn a_refusal_of_one_request_is_not_kept_for_everybody() {
    for status in [400, 405, 406, 413, 416, 431, 501] {
        let origin = Origin::start();
        origin.on_each("/style.css", move |request| {
            if request.header("X-Bad").is_some() { Answer::status(status) } else { Answer::ok("style") }
        });
        let proxy = Proxy::before(&origin, A_WEEK);
        let mut client = proxy.client();
        let refused = client.get("/style.css").header("X-Bad", "1").send();
        assert_eq!((refused.status, refused.cache_status().stored()), (status, false));
        let page = client.get("/style.css").send();
        assert_eq!((page.status, page.text()), (200, "style"), "{status}");
    }
}

#[test]
fn a_refusal_with_a_lifetime_of_its_own_is_kept() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(405).header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send();
    assert!(client.get("/page").send().cache_status().hit());
}

#[test]
fn a_page_made_for_credentials_is_not_shared_because_a_policy_has_a_ttl() {
    let origin = Origin::start();
    origin.on_each("/me", |request| Answer::ok(request.header("Authorization").unwrap_or("nobody").to_owned()));
    let policy = format!("rules request first {{ else -> cache; }}\n{A_WEEK}");
    let proxy = Proxy::before(&origin, &policy);
    let mut client = proxy.client();
    assert_eq!(client.get("/me").header("Authorization", "alice").send().text(), "alice");
    assert_eq!(client.get("/me").send().text(), "nobody");
}

#[test]
fn a_target_without_a_path_gets_one() {
    let origin = Origin::start();
    origin.on("/", Answer::ok("root"));
    let proxy = Proxy::before(&origin, "");
    let mut client = Client::connect(proxy.address());
    client.send_raw("GET http://a.test?/secret/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    client.read_response("GET").unwrap();
    assert_eq!(origin.wait_for(1).target, "/?/secret/");
}

#[test]
fn more_than_origins_take_is_refused_and_reaches_none() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "");
    let refused = proxy.client().get("/style.css").header("X-Big", &"a".repeat(20_000)).send();
    assert_eq!(refused.status, 431);
    assert!(origin.requests().is_empty());
}

#[test]
fn http_1_1_without_a_host_is_refused_before_the_policy_sees_it() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "rules request first { else -> cache; }");
    let mut client = Client::connect(proxy.address());
    client.send_raw("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(client.read_response("GET").unwrap().status, 400);
    assert!(origin.requests().is_empty());
}

#[test]
fn a_text_that_doubles_ends_its_request_and_not_the_process() {
    let origin = Origin::start();
    origin.on("/fine", Answer::ok("fine"));
    let doubling = "set req.http.X = req.http.X + req.http.X; ".repeat(40);
    let lets = (1..40).map(|n| format!("let t{n} = t{0} + t{0};", n - 1)).collect::<Vec<_>>().join(" ");
    let policy = format!(
        "sub recv {{\n if (req.url == \"/set\") {{ set req.http.X = \"aaaaaaaaaaaaaaaa\"; {doubling} }}\n \
         if (req.url == \"/let\") {{ let t0 = req.url; {lets} set req.http.X = t39; }}\n}}\n"
    );
    let proxy = Proxy::before(&origin, &policy);
    let mut client = proxy.client();
    assert_eq!([client.get("/set").send().status, client.get("/let").send().status], [503, 503]);
    assert_eq!(client.get("/fine").send().text(), "fine");
    assert!(proxy.resident_bytes() < 300 << 20, "{} bytes", proxy.resident_bytes());
}

#[test]
fn a_redirect_has_its_location_whatever_synth_makes_of_the_page() {
    let origin = Origin::start();
    let proxy = Proxy::before(
        &origin,
        "rules request first { else -> redirect 302 \"/there\"; }\n\
         sub synth { set resp.body = \"moved\"; return (deliver); }\n",
    );
    let response = proxy.get("/here");
    assert_eq!((response.status, response.header("Location"), response.text()), (302, Some("/there"), "moved"));
}

#[test]
fn a_pipe_in_the_place_of_an_included_file_is_refused_and_holds_nothing_up() {
    let origin = Origin::start();
    let mut proxy = Proxy::before(&origin, "include \"parts/*.warp\";\n");
    proxy.change(|dir| {
        std::fs::create_dir_all(dir.join("parts")).unwrap();
        let made = Command::new("mkfifo").arg(dir.join("parts/f.warp")).status().unwrap();
        assert!(made.success());
    });
    let policy = proxy.wait_for_reload("rejected");
    let said = policy["last_reload"]["diagnostics"].as_str().unwrap();
    assert!(said.contains("it is a pipe or a device"), "{said}");
    proxy.signal("TERM");
    assert_eq!(proxy.wait_for_exit(), Some(0));
}

#[test]
fn a_304_that_nobody_asked_for_is_a_failure_of_the_backend() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(304).header("ETag", "\"v1\"").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    for n in 1..=2 {
        assert_eq!(proxy.get("/page").status, 503);
        assert_eq!(origin.requests().len(), n);
    }
}

#[test]
fn a_switch_of_protocols_that_nobody_asked_for_is_a_failure_of_the_backend() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw"));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").status, 503);
}
