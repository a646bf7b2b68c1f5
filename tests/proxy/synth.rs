//! Responses that warp makes itself, from each step that may ask for one.

use crate::support::{Answer, Origin, Proxy, Response};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// The built-in page, whole and of warp's own making.
fn assert_is_page(response: &Response, status: u16, reason: &str) {
    assert_eq!((response.status, response.reason.as_str()), (status, reason));
    assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(response.text().contains(&format!("<h1>{status} {reason}</h1>")), "{}", response.text());
    assert_eq!(response.header("Content-Length"), Some(response.body.len().to_string().as_str()));
    assert_eq!(response.header("Via"), Some("1.1 warp"));
    let status = response.cache_status();
    assert_eq!((status.hit(), status.fwd()), (false, None));
    assert!(response.header("Date").is_some());
}

#[test]
fn a_row_denies() {
    let origin = Origin::start();
    let rules = "rules request first { when path under \"/.git/\" -> deny 403 \"Nothing here\"; when path == \"/gone\" -> deny 410; }";
    let proxy = Proxy::before(&origin, rules);
    let mut client = proxy.client();
    for path in ["/.git/config", "/.git/", "/.git", "/.git?x"] {
        assert_is_page(&client.get(path).send(), 403, "Nothing here");
    }
    assert_is_page(&client.get("/gone").send(), 410, "Gone");
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn recv_answers() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub recv { return (synth(750, \"Made up\")); }");
    assert_is_page(&proxy.get("/page"), 750, "Made up");
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a_page_is_made_of_several_pieces() {
    let origin = Origin::start();
    let policy = r#"
        sub recv { if (req.path == "/synth") { return (synth(200)); } }
        sub synth { set resp.body += "one "; set resp.body += "two"; return (deliver); }
        sub backend_fetch { return (error(503)); }
        sub backend_error { set beresp.body = "three "; set beresp.body += "four"; return (deliver); }"#;
    let proxy = Proxy::before(&origin, policy);
    assert_eq!(proxy.get("/synth").text(), "one two");
    assert_eq!(proxy.get("/page").text(), "three four");
}

#[test]
fn hit_answers_and_leaves_what_is_stored() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub hit { if (req.http.X-Synth) { return (synth(418)); } }");
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "page");
    for _ in 0..2 {
        assert_is_page(&client.get("/page").header("X-Synth", "1").send(), 418, "I'm a teapot");
    }
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn miss_answers_and_the_next_request_fetches() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub miss { if (req.http.X-Synth) { return (synth(504, \"Not here\")); } }");
    let mut client = proxy.client();
    for _ in 0..2 {
        assert_is_page(&client.get("/page").header("X-Synth", "1").send(), 504, "Not here");
    }
    assert_eq!(client.get("/page").send().text(), "page");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn pass_answers() {
    let origin = Origin::start();
    let policy = "sub recv { return (pass); } sub pass { return (synth(503, \"Closed\")); }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    assert_is_page(&client.get("/page").send(), 503, "Closed");
    assert_is_page(&client.get("/page").send(), 503, "Closed");
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn purge_answers() {
    let origin = Origin::start();
    let policy =
        "sub recv { if (req.method == \"PURGE\") { return (purge); } } sub purge { return (synth(202, \"Away\")); }";
    let proxy = Proxy::before(&origin, policy);
    assert_is_page(&proxy.client().request("PURGE", "/page").send(), 202, "Away");
    assert_eq!(origin.requests().len(), 0);
}

/// `deliver` that answers instead when asked to.
const DELIVER: &str = "sub deliver { if (req.http.X-Synth) { return (synth(404, \"Hidden\")); } }";

#[test]
fn deliver_answers_instead_of_a_hit() {
    let origin = Origin::start();
    origin
        .on("/page", fresh("a body that is longer than the page that takes its place, or so").header("X-Secret", "1"));
    let proxy = Proxy::before(&origin, DELIVER);
    let mut client = proxy.client();
    client.get("/page").send();
    for _ in 0..2 {
        let hidden = client.get("/page").header("X-Synth", "1").send();
        assert_is_page(&hidden, 404, "Hidden");
        assert_eq!(hidden.header("X-Secret"), None);
    }
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn deliver_answers_instead_of_a_miss_which_is_stored_all_the_same() {
    for answer in [fresh("page"), fresh("page").chunked(2), fresh("page").until_close(), fresh("")] {
        let origin = Origin::start();
        origin.on("/page", answer.clone());
        let proxy = Proxy::before(&origin, DELIVER);
        let mut client = proxy.client();
        assert_is_page(&client.get("/page").header("X-Synth", "1").send(), 404, "Hidden");
        assert!(client.get("/page").send().cache_status().hit(), "{answer:?}");
        assert_eq!(origin.requests().len(), 1);
    }
}

#[test]
fn deliver_answers_instead_of_a_pass() {
    let page = Answer::ok("page");
    for (answer, body) in
        [(page.clone(), "page"), (page.chunked(2), "page"), (Answer::ok(""), ""), (Answer::status(204), "")]
    {
        let origin = Origin::start();
        origin.on("/page", answer.clone());
        let policy = format!("rules request first {{ else -> pass; }}\n{DELIVER}");
        let proxy = Proxy::before(&origin, &policy);
        let mut client = proxy.client();
        assert_is_page(&client.get("/page").header("X-Synth", "1").send(), 404, "Hidden");
        assert_eq!(client.get("/page").send().text(), body, "{answer:?}");
        assert_eq!(origin.requests().len(), 2);
    }
}

#[test]
fn deliver_answers_head_without_a_body() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, DELIVER);
    let mut client = proxy.client();
    for _ in 0..2 {
        let head = client.request("HEAD", "/page").header("X-Synth", "1").send();
        assert_eq!((head.status, head.body.len()), (404, 0));
    }
    assert_eq!(client.get("/page").send().text(), "page");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_sub_of_ones_own_makes_the_page() {
    let origin = Origin::start();
    let policy = r#"
        sub recv { return (synth(403, "No")); }
        sub synth {
            set resp.status = 451;
            set resp.reason = "Law";
            set resp.http.Content-Type = "application/json";
            set resp.http.X-Host = req.http.Host;
            set resp.body = "{}";
            return (deliver);
        }"#;
    let proxy = Proxy::before(&origin, policy);
    let response = proxy.client().get("/page").header("Host", "a.test").send();
    assert_eq!((response.status, response.reason.as_str(), response.text()), (451, "Law", "{}"));
    assert_eq!(
        (response.header("Content-Type"), response.header("Content-Length")),
        (Some("application/json"), Some("2"))
    );
    assert_eq!(response.header("X-Host"), Some("a.test"));
}

#[test]
fn a_redirect_has_a_location_and_keeps_the_connection() {
    let origin = Origin::start();
    origin.on("/", fresh("front"));
    let rules = "rules request first { when path == \"/home\" -> redirect 302 \"/\"; when path == \"/old\" -> redirect 301 \"https://a.test/new?x=1\"; }";
    let proxy = Proxy::before(&origin, rules);
    let mut client = proxy.client();
    let found = client.get("/home").send();
    assert_eq!((found.status, found.reason.as_str(), found.header("Location")), (302, "Found", Some("/")));
    let moved = client.get("/old").send();
    assert_eq!((moved.status, moved.reason.as_str()), (301, "Moved Permanently"));
    assert_eq!(moved.header("Location"), Some("https://a.test/new?x=1"));
    assert_eq!(client.get("/").send().text(), "front");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_redirect_leads_somewhere_or_fails() {
    let origin = Origin::start();
    let rules = "rules request first { else -> redirect 302 urldecode(req.query[\"to\"]); }";
    let proxy = Proxy::before(&origin, rules);
    let mut client = proxy.client();
    for (target, location) in [("/?to=page", "page"), ("/?to=%3Fpage%3D2", "?page=2"), ("/?to=//b.test/", "//b.test/")]
    {
        let found = client.get(target).send();
        assert_eq!((found.status, found.header("Location")), (302, Some(location)));
    }
    client.get("/?to=%C3%A9").send_only();
    let head = client.read_any_head().unwrap();
    assert_eq!((head.first_line.as_str(), head.fields.first("Location")), ("HTTP/1.1 302 Found", Some("é")));
    let mut client = proxy.client();
    for target in ["/?to=%2Fa%0D%0AX:1", "/?to=%00", "/?to=", "/"] {
        let failed = client.get(target).send();
        assert_eq!((failed.status, failed.header("Location")), (503, None), "{target}");
    }
    proxy.wait_for_metric("warp_policy_failures_total{step=\"recv\"}", 4);
    proxy.wait_for_log("the URL of a redirect cannot hold");
}

#[test]
fn what_a_client_sends_cannot_split_the_response() {
    let origin = Origin::start();
    let policy = r#"
        sub recv { return (synth(302, "https://b.test" + req.url)); }
        sub synth { set resp.http.X-Echo = req.http.X-Echo; }"#;
    let proxy = Proxy::before(&origin, policy);
    let response = proxy.client().get("/%0d%0aSet-Cookie:x=1").header("X-Echo", "a%0d%0ab").send();
    assert_eq!(response.header("Location"), Some("https://b.test/%0d%0aSet-Cookie:x=1"));
    assert_eq!((response.header("X-Echo"), response.header("Set-Cookie")), (Some("a%0d%0ab"), None));
}

#[test]
fn head_is_answered_without_a_body() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub recv { return (synth(200, \"Fine\")); }");
    let mut client = proxy.client();
    let whole = client.get("/page").send();
    let head = client.request("HEAD", "/page").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("Content-Length"), whole.header("Content-Length"));
    assert_is_page(&client.get("/page").send(), 200, "Fine");
}

#[test]
fn statuses_without_a_body_have_none() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "rules request first { when path == \"/304\" -> deny 304; else -> deny 204; }");
    let mut client = proxy.client();
    for (path, status) in [("/204", 204), ("/304", 304), ("/204", 204)] {
        let response = client.get(path).send();
        assert_eq!((response.status, response.body.len()), (status, 0));
        assert_eq!(response.header("Content-Length").filter(|_| status == 204), None);
    }
}

#[test]
fn an_unread_request_body_closes_the_connection() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub recv { if (req.method == \"POST\") { return (synth(405, \"No\")); } }");
    let smuggled = "GET /secret HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let length = smuggled.len();
    for framing in [
        format!("Content-Length: {length}\r\n\r\n{smuggled}"),
        format!("Content-Length: {}\r\n\r\n{smuggled}", length * 2),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{smuggled}\r\n0\r\n\r\n"),
    ] {
        let mut client = proxy.client();
        client.send_raw(format!("POST /form HTTP/1.1\r\nHost: a.test\r\n{framing}"));
        let response = client.read_response("POST").unwrap();
        assert_is_page(&response, 405, "No");
        assert!(response.fields.lists("Connection", "close"), "{response:?}");
        client.assert_closed();
    }
    assert_eq!(origin.requests().len(), 0);
}

/// As varnishd 7.1.1 answers: the last three digits are sent, the policy sees the whole.
#[test]
fn the_digits_before_the_last_three_of_a_status_are_for_the_policy() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page"));
    let policy = r#"
        sub recv {
            if (req.http.X-Synth) { return (synth(std.integer(req.http.X-Synth, fallback: 0), "why")); }
        }
        sub backend_response {
            if (bereq.http.X-Error) { return (error(std.integer(bereq.http.X-Error, fallback: 0))); }
            if (bereq.http.X-Set) { set beresp.status = 20410; set beresp.http.X-Seen = beresp.status; }
        }
        sub backend_error { set beresp.http.X-Seen = beresp.status; }
        sub deliver { set resp.http.X-Delivered = resp.status; }
        sub synth {
            set resp.http.X-Seen = resp.status;
            if (resp.status == 10301) { set resp.http.Location = "/there"; }
        }"#;
    let proxy = Proxy::before(&origin, policy);
    let get = |field: &str, value: &str| {
        let page = proxy.client().get("/page").header(field, value).send();
        (page.status, page.header("X-Seen").unwrap_or("-").to_owned())
    };
    assert_eq!(get("X-Synth", "10404"), (404, "10404".to_owned()));
    assert_eq!(get("X-Synth", "404"), (404, "404".to_owned()));
    assert_eq!(get("X-Synth", "10301"), (301, "10301".to_owned()));
    assert_eq!(get("X-Error", "30502"), (502, "30502".to_owned()));
    assert_eq!(get("X-Set", "1"), (410, "20410".to_owned()));
    for bad in ["0", "99", "199", "10099", "65536", "70404"] {
        assert_eq!(get("X-Synth", bad), (503, "503".to_owned()), "{bad}");
        assert_eq!(get("X-Error", bad).0, 503, "{bad}");
    }
}
