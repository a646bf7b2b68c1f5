//! Variables of VCL that say something of the connection, of the lookup or of the fetch, seen from both ends.

use crate::support::{Answer, Gate, Origin, Proxy};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// What `/told` is answered with: the value of an expression in `synth`.
fn told(expression: &str, before: &str) -> (Proxy, String) {
    let policy = format!(
        "warp 1; backend default none;
        sub recv {{ {before} return (synth(200)); }}
        sub synth {{ set resp.body = \"\" + {expression}; return (deliver); }}"
    );
    let proxy = Proxy::start(&policy);
    let text = proxy.get("/told").text().to_owned();
    (proxy, text)
}

#[test]
fn the_client_is_its_address_until_the_policy_says_who_it_is() {
    assert_eq!(told("client.identity", "").1, "127.0.0.1");
    assert_eq!(told("client.identity", "set client.identity = \"me\";").1, "me");
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let policy = "sub recv { set client.identity = req.http.X-User; }
        sub backend_fetch { set bereq.http.X-Identity = client.identity; }";
    let proxy = Proxy::before(&origin, policy);
    proxy.client().get("/page").header("X-User", "ann").send();
    assert_eq!(origin.wait_for(1).header("X-Identity"), Some("ann"));
}

#[test]
fn the_backend_of_a_request_is_the_default_one_until_it_is_set() {
    let origin = Origin::start();
    for path in ["/", "/other"] {
        origin.on(path, fresh("page"));
    }
    let port = origin.address().port();
    let policy = format!(
        "warp 1;
        backend other {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}
        backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}
        sub recv {{
            set req.http.X-Recv = SAID;
            if (!req.backend_hint) {{ return (synth(503)); }}
            if (req.url == \"/other\") {{ set req.backend_hint = other; }}
        }}
        sub miss {{ set req.http.X-Miss = SAID; }}
        sub deliver {{ set resp.http.X-Said = req.http.X-Recv + \", \" + req.http.X-Miss + \", \" + SAID; }}"
    );
    let one = "(req.backend_hint == default) + \" \" + std.healthy(req.backend_hint) + \" \" + req.backend_hint";
    let proxy = Proxy::start(&policy.replace("SAID", one));
    for (path, then) in [("/", "true true default"), ("/other", "false true other")] {
        let page = proxy.get(path);
        let said = page.header("X-Said").unwrap();
        assert_eq!(said, format!("true true default, {then}, {then}"));
    }
}

#[test]
fn a_connection_says_where_it_was_accepted_and_which_it_is() {
    let (proxy, text) = told(
        "local.socket + \" \" + local.endpoint + \" \" + req.transport + \" \" + (server.identity == server.hostname)",
        "",
    );
    assert_eq!(text, format!("a0 {} HTTP/1 true", proxy.address()));
    let (proxy, first) = told("sess.xid", "");
    let mut client = proxy.client();
    let [second, third] = [(); 2].map(|()| client.get("/told").send().text().to_owned());
    assert_eq!(second, third);
    assert!(first.parse::<u64>().unwrap() < second.parse::<u64>().unwrap());
}

#[test]
fn a_client_takes_gzip_if_it_says_so() {
    let (proxy, text) = told("req.can_gzip", "");
    assert_eq!(text, "false");
    for (accepted, can) in
        [("gzip", "true"), ("br, x-gzip;q=0.5", "true"), ("gzip;q=0", "false"), ("br", "false"), ("*", "false")]
    {
        let page = proxy.client().get("/told").header("Accept-Encoding", accepted).send();
        assert_eq!(page.text(), can, "{accepted}");
    }
}

#[test]
fn the_policy_says_how_long_a_connection_stays_open() {
    let (proxy, text) = told("sess.timeout_idle", "set sess.timeout_idle = 50ms;");
    assert_eq!(text, "0.050");
    let mut client = proxy.client();
    client.get("/told").send();
    client.assert_closed();
    let unset = "set sess.timeout_idle = 0s; unset sess.timeout_idle;";
    let (proxy, text) = told("sess.timeout_idle", unset);
    assert_eq!(text, "60.000");
    let mut client = proxy.client();
    assert_eq!([(); 2].map(|()| client.get("/told").send().status), [200, 200]);
}

#[test]
fn the_policy_says_how_long_a_response_may_take_to_be_sent() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub deliver { if (req.http.X-Late) { set sess.send_timeout = 0s; } }");
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "page");
    assert!(client.get("/page").header("X-Late", "1").try_send().is_err());
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn who_takes_nothing_is_given_up_as_soon_as_the_policy_says() {
    let origin = Origin::start();
    origin.on("/large", Answer::ok(vec![b'x'; 32 << 20]));
    let proxy = Proxy::before(&origin, "sub recv { set sess.idle_send_timeout = 100ms; return (pass); }");
    let mut client = proxy.client();
    client.get("/large").send_only();
    assert_eq!(client.read_head().unwrap().first_line, "HTTP/1.1 200 OK");
    proxy.wait_for_metric("warp_requests_in_flight", 0);
}

#[test]
fn a_request_may_fetch_beside_another() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("beside"));
    origin.once("/page", fresh("slow").behind(&gate));
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Go) { set req.hash_ignore_busy = true; } }");
    let mut slow = proxy.client();
    let slow = slow.get("/page").send_only();
    origin.wait_for(1);
    assert_eq!(proxy.client().get("/page").header("X-Go", "1").send().text(), "beside");
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
}

#[test]
fn what_is_stale_is_fetched_once_also_by_who_waits_for_nobody() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.once("/page", fresh("stale"));
    origin.on("/page", fresh("new").behind(&gate));
    let policy = "sub recv { set req.hash_ignore_busy = true; }
        sub backend_response { set beresp.ttl = 0s; set beresp.grace = 1h; }";
    let proxy = Proxy::before(&origin, policy);
    for _ in 0..4 {
        assert_eq!(proxy.get("/page").text(), "stale");
    }
    origin.wait_for(2);
    assert_eq!(origin.requests().len(), 2);
    gate.open();
}

#[test]
fn a_request_may_take_the_first_variant_that_is_found() {
    let origin = Origin::start();
    origin.on_each("/page", |request| fresh(request.header("X-Kind").unwrap_or("none")).header("Vary", "X-Kind"));
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Any) { set req.hash_ignore_vary = true; } }");
    let get = |kind: &str, any: bool| {
        let mut client = proxy.client();
        let request = client.get("/page").header("X-Kind", kind);
        let request = if any { request.header("X-Any", "1") } else { request };
        request.send().text().to_owned()
    };
    assert_eq!(get("a", true), "a");
    assert_eq!([get("b", true), get("b", false), get("c", true), get("c", false)], ["a", "b", "a", "c"]);
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn rfc9111_5_2_1_1_a_request_may_say_how_old_a_response_may_be() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let age = if request.header("X-Old").is_some() { "30" } else { "0" };
        fresh("page").header("Age", age)
    });
    let policy = "sub recv {
            if (req.http.X-Young) { set req.max_age = 10s; }
            if (req.http.X-Younger) { set req.ttl = 40s; }
            if (req.http.X-Any) { set req.max_age = 0s; unset req.max_age; }
        }
        sub deliver { set resp.http.X-Limit = req.ttl; }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/page").header("X-Old", "1").send();
    for field in ["X-Younger", "X-Any", "X-None"] {
        assert!(client.get("/page").header(field, "1").send().cache_status().hit(), "{field}");
    }
    let anew = client.get("/page").header("X-Young", "1").send();
    assert_eq!((anew.cache_status().fwd(), anew.header("X-Limit")), (Some("stale"), Some("10.000")));
    let hit = client.get("/page").header("X-Young", "1").send();
    assert!(hit.cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_is_too_old_for_a_request_serves_within_its_grace() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.once("/page", fresh("old").header("Age", "30"));
    origin.on("/page", fresh("new").behind(&gate));
    let policy = "sub recv { set req.max_age = 10s; }
        sub backend_response { set beresp.grace = 1h; }
        sub hit { set req.http.X-Ttl = obj.ttl; }
        sub deliver { set resp.http.X-Stale = req.http.X-Ttl ~ \"^-(19|2)\"; }";
    let proxy = Proxy::before(&origin, policy);
    assert_eq!(proxy.get("/page").text(), "old");
    let stale = proxy.get("/page");
    assert_eq!((stale.text(), stale.header("X-Stale")), ("old", Some("true")));
    origin.wait_for(2);
    gate.open();
    // Asked before it has come, what is old would be fetched once more.
    proxy.wait_for_metric("warp_store_stored_total", 2);
    assert_eq!((proxy.get("/page").text(), origin.requests().len()), ("new", 2));
}

#[test]
fn a_mark_shows_on_both_sides() {
    let origin = Origin::start();
    origin.on("/miss", fresh("page").header("Set-Cookie", "a=b"));
    origin.on("/pass", fresh("page"));
    let policy = "sub backend_fetch { set bereq.http.X-Marks = bereq.is_hitmiss + \" \" + bereq.is_hitpass; }
        sub backend_response { if (bereq.url == \"/pass\") { return (pass(1m)); } }
        sub deliver { set resp.http.X-Marks = req.is_hitmiss + \" \" + req.is_hitpass; }";
    let proxy = Proxy::before(&origin, policy);
    for (path, marks) in [("/miss", "true false"), ("/pass", "false true")] {
        assert_eq!(proxy.get(path).header("X-Marks"), Some("false false"), "{path}");
        assert_eq!(proxy.get(path).header("X-Marks"), Some(marks), "{path}");
        let asked: Vec<_> =
            origin.requests_to(path).iter().map(|it| it.header("X-Marks").unwrap().to_owned()).collect();
        assert_eq!(asked, ["false false", marks], "{path}");
    }
}

#[test]
fn the_hash_of_a_key_is_that_of_its_parts() {
    let origin = Origin::start();
    origin.on("/a", fresh("a"));
    origin.on("/b", fresh("b"));
    let policy = "sub recv { if (req.http.X-Pass) { return (pass); } }
        sub backend_fetch { set bereq.http.X-Hash = bereq.hash; }
        sub deliver { set resp.http.X-Hash = req.hash; if (!req.hash) { set resp.http.X-Hash = \"none\"; } }";
    let proxy = Proxy::before(&origin, policy);
    let hash = |path: &str| proxy.get(path).header("X-Hash").unwrap().to_owned();
    let (a, b) = (hash("/a"), hash("/b"));
    assert!(a.len() == 32 && a.bytes().all(|byte| byte.is_ascii_hexdigit()), "{a}");
    assert!(a != b && a == hash("/a"));
    assert_eq!(origin.requests_to("/a")[0].header("X-Hash"), Some(a.as_str()));
    assert_eq!(proxy.client().get("/a").header("X-Pass", "1").send().header("X-Hash"), Some("none"));
}

#[test]
fn the_policy_may_leave_the_content_of_a_request_out() {
    let origin = Origin::start();
    origin.on("/form", fresh("done"));
    let proxy = Proxy::before(&origin, "sub backend_fetch { unset bereq.body; }");
    let response = proxy.client().request("POST", "/form").body("abc").send();
    assert_eq!(response.text(), "done");
    let mut client = proxy.client();
    client.send_raw("POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(client.read_response("POST").unwrap().text(), "done");
    assert_eq!(origin.requests().len(), 2);
    for asked in origin.requests() {
        assert_eq!((asked.method.as_str(), asked.body.len()), ("POST", 0));
        assert_eq!((asked.header("Content-Length"), asked.header("Transfer-Encoding")), (Some("0"), None));
    }
}

#[test]
fn the_policy_says_whether_a_connection_that_died_is_tried_again() {
    for (policy, status, asked) in [("", 200, 3), ("sub backend_fetch { set bereq.retry_connect = false; }", 503, 2)] {
        let origin = Origin::start();
        origin.on("/a", Answer::ok("a"));
        origin.on("/b", Answer::ok("b"));
        origin.once("/b", Answer::close());
        let proxy = Proxy::before(&origin, policy);
        let mut client = proxy.client();
        assert_eq!(client.get("/a").send().text(), "a");
        assert_eq!((client.get("/b").send().status, origin.requests().len()), (status, asked), "{policy}");
    }
}

#[test]
fn a_timeout_that_is_unset_is_as_usual() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    for name in ["connect_timeout", "first_byte_timeout", "between_bytes_timeout"] {
        let policy = format!("sub backend_fetch {{ set bereq.{name} = 0s; unset bereq.{name}; }}");
        assert_eq!(Proxy::before(&origin, &policy).get("/page").text(), "page", "{name}");
    }
}

#[test]
fn a_response_says_where_it_is_from_and_when() {
    let origin = Origin::start();
    origin.on("/page", fresh("page").header("Age", "30"));
    let policy = "sub backend_response {
            set beresp.http.X-From = beresp.backend.name;
            set beresp.http.X-Now = beresp.time == now;
        }
        sub deliver {
            set resp.http.X-Streaming = resp.is_streaming;
            set resp.http.X-Made = now - obj.time >= 30s && now - obj.time < 40s;
        }
        sub synth { set resp.http.X-Streaming = resp.is_streaming; }";
    let proxy = Proxy::before(&origin, policy);
    let fields = |path: &str| {
        let page = proxy.get(path);
        ["X-From", "X-Now", "X-Made", "X-Streaming"].map(|name| page.header(name).unwrap_or("-").to_owned())
    };
    assert_eq!(fields("/page"), ["default", "true", "true", "true"]);
    assert_eq!(fields("/page"), ["default", "true", "true", "false"]);
}
