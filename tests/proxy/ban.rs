//! Bans: `ban where` and `std.ban`, tested at lookups and in the background.

use crate::support::{Answer, Gate, Origin, Proxy, until};

fn page(kind: &str) -> Answer {
    Answer::ok("page").header("Cache-Control", "max-age=600").header("X-Kind", kind)
}

fn sites() -> Origin {
    let origin = Origin::start();
    for (path, kind) in [("/1", "news"), ("/2", "news"), ("/3", "shop")] {
        origin.on(path, page(kind));
    }
    origin.on("/none", Answer::ok("page").header("Cache-Control", "max-age=600"));
    origin
}

/// BAN bans what the statement says.
fn before(origin: &Origin, statement: &str) -> Proxy {
    let policy = "
        sub recv {
            if (req.method == \"BAN\") {
                STATEMENT
                if (std.ban_error()) { return (synth(400, std.ban_error())); }
                return (synth(200, \"Banned\"));
            }
        }
    ";
    Proxy::before(origin, &policy.replace("STATEMENT", statement))
}

fn by_text(origin: &Origin) -> Proxy {
    before(origin, "std.ban(req.http.X-Ban);")
}

fn is_hit(proxy: &Proxy, target: &str) -> bool {
    proxy.client().get(target).send().cache_status().hit()
}

fn ban(proxy: &Proxy, text: &str) {
    let answer = proxy.client().request("BAN", "/").header("X-Ban", text).send();
    assert_eq!(answer.status, 200, "{text}: {}", answer.reason);
}

const ALL: [&str; 4] = ["/1", "/2", "/3", "/none"];

/// Which of the pages are still there after a ban.
fn left(proxy: &Proxy, text: &str) -> [bool; 4] {
    let _ = ALL.map(|path| is_hit(proxy, path));
    assert_eq!(ALL.map(|path| is_hit(proxy, path)), [true; 4]);
    ban(proxy, text);
    ALL.map(|path| is_hit(proxy, path))
}

#[test]
fn texts_ban_what_they_ban_in_varnish() {
    let origin = sites();
    let proxy = by_text(&origin);
    for (text, expected) in [
        ("obj.http.X-Kind == news", [false, false, true, true]),
        ("obj.http.x-kind != news", [true, true, false, false]),
        ("obj.http.X-Kind ~ ^s", [true, true, false, true]),
        ("obj.http.X-Kind ~ .*", [false, false, false, true]),
        ("obj.http.X-Kind !~ ^s", [false, false, true, true]),
        ("req.url == /2", [true, false, true, true]),
        ("req.url ~ ^/[13]$ && obj.http.X-Kind == news", [false, true, true, true]),
        ("obj.status == 404", [true; 4]),
        ("obj.status == 200", [false; 4]),
        ("obj.status ~ ^2 && obj.age < 1h && obj.ttl > 1m", [false; 4]),
        ("obj.age > 1h", [true; 4]),
        ("obj.grace == 0s && obj.keep >= 1m", [false; 4]),
        ("req.http.Host == \"other.test\"", [true; 4]),
    ] {
        assert_eq!(left(&proxy, text), expected, "{text}");
    }
}

#[test]
fn bans_ask_by_which_url_and_host_something_was_stored() {
    let origin = sites();
    let proxy = by_text(&origin);
    for (text, expected) in [
        ("obj.url == /2", [true, false, true, true]),
        ("obj.url ~ ^/[13]$ && obj.http.X-Kind == news", [false, true, true, true]),
        ("obj.url !~ ^/[0-9] && obj.host ~ ^[0-9.]+$", [true, true, true, false]),
        ("obj.host == other.test", [true; 4]),
    ] {
        assert_eq!(left(&proxy, text), expected, "{text}");
    }
    let typed = before(&origin, "ban where obj.host == req.host and (obj.url == \"/1\" or obj.url == req.http.X-Ban);");
    assert_eq!(left(&typed, "/none"), [false, true, true, false]);
}

#[test]
fn what_does_not_tell_its_url_is_removed_by_bans_that_ask_for_it() {
    let origin = sites();
    let policy =
        |statement: &str| format!("sub recv {{ if (req.method == \"BAN\") {{ {statement} return (synth(200)); }} }}");
    let proxy = Proxy::before(&origin, &policy("ban where obj.http.X-Kind == \"none\";"));
    assert!(!is_hit(&proxy, "/1") && is_hit(&proxy, "/1"));
    let text = format!("warp 1;\n{}{}", origin.backend(), policy("ban where obj.url == \"/2\";"));
    proxy.change(|dir| std::fs::write(dir.join("policy.warp"), text).unwrap());
    proxy.wait_for_reload("ok");
    assert!(!is_hit(&proxy, "/3") && is_hit(&proxy, "/3") && is_hit(&proxy, "/1"));
    ban(&proxy, "");
    assert_eq!((is_hit(&proxy, "/1"), is_hit(&proxy, "/3")), (false, true));
}

#[test]
fn a_wrong_text_is_told_and_bans_nothing() {
    let origin = sites();
    let proxy = by_text(&origin);
    is_hit(&proxy, "/1");
    let answer = proxy.client().request("BAN", "/").header("X-Ban", "obj.http.X-Kind = news").send();
    assert_eq!((answer.status, answer.reason.as_str()), (400, "expected ~, !~, == or !=, found ="));
    assert!(is_hit(&proxy, "/1"));
}

#[test]
fn a_typed_ban_has_the_values_of_its_request() {
    let origin = sites();
    let proxy = before(&origin, "ban where obj.http.X-Kind == req.http.X-Ban and obj.status in 200..299;");
    assert_eq!(left(&proxy, "shop"), [true, true, false, true]);
    assert_eq!(left(&proxy, "news"), [false, false, true, true]);
    let proxy = before(
        &origin,
        "let kind = std.tolower(req.http.X-Ban); ban where std.toupper(obj.http.X-Kind) ~ \"^N\" and kind == \"n\";",
    );
    assert_eq!(left(&proxy, "x"), [true; 4]);
    assert_eq!(left(&proxy, "N"), [false, false, true, true]);
}

#[test]
fn what_is_stored_later_is_not_banned() {
    let origin = sites();
    let proxy = by_text(&origin);
    ban(&proxy, "obj.status == 200");
    assert!(!is_hit(&proxy, "/1"));
    assert!(is_hit(&proxy, "/1"));
}

#[test]
fn what_was_asked_for_before_the_ban_does_not_come_in() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.once("/1", page("news").behind(&gate));
    origin.on("/1", page("news"));
    let proxy = by_text(&origin);
    let mut client = proxy.client();
    client.get("/1").send_only();
    origin.wait_for(1);
    ban(&proxy, "obj.http.X-Kind == news");
    gate.open();
    assert_eq!(client.read_response("GET").unwrap().text(), "page");
    assert!(!is_hit(&proxy, "/1"));
    assert!(is_hit(&proxy, "/1"));
}

#[test]
fn each_variant_is_tested() {
    let origin = Origin::start();
    origin.on_each("/1", |request| {
        let kind = request.header("X-Kind").unwrap_or_default().to_owned();
        page(&kind).header("Vary", "X-Kind")
    });
    let proxy = by_text(&origin);
    let hits = || ["a", "b"].map(|kind| proxy.client().get("/1").header("X-Kind", kind).send().cache_status().hit());
    hits();
    assert_eq!(hits(), [true, true]);
    ban(&proxy, "obj.http.X-Kind == a");
    assert_eq!(hits(), [false, true]);
    assert_eq!(hits(), [true, true]);
    ban(&proxy, "obj.http.X-Kind == b");
    assert_eq!(hits(), [true, false]);
}

#[test]
fn what_nobody_asks_for_is_banned_in_the_background_and_bans_are_dropped() {
    let origin = sites();
    let proxy = by_text(&origin);
    let _ = ALL.map(|path| is_hit(&proxy, path));
    ban(&proxy, "obj.http.X-Kind == news");
    ban(&proxy, "obj.http.X-Kind == news");
    assert_eq!(proxy.metric("warp_bans"), 1);
    proxy.wait_for_metric("warp_bans", 0);
    assert_eq!(proxy.metric("warp_banned_total"), 2);
    assert_eq!(proxy.metric("warp_store_objects"), 2);
    assert!(proxy.metric("warp_ban_tests_total") >= 4);
    assert_eq!(ALL.map(|path| is_hit(&proxy, path)), [false, false, true, true]);
}

#[test]
fn a_ban_that_asks_of_requests_waits_for_them() {
    let origin = sites();
    let proxy = by_text(&origin);
    is_hit(&proxy, "/1");
    ban(&proxy, "req.url == /1");
    // The one behind it is tested beforehand, and goes on being there until the other one has been.
    ban(&proxy, "obj.http.X-Kind == shop");
    until("it is tested", || (proxy.metric("warp_ban_tests_total") > 0).then_some(()));
    assert!(!is_hit(&proxy, "/1"));
    assert!(is_hit(&proxy, "/1"));
    proxy.wait_for_metric("warp_bans", 0);
}
