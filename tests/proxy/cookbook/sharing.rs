//! What shares an answer.

use super::{Recipe, detail, fresh, get, policies, seconds_left};
use crate::support::{Answer, Origin};

#[test]
fn tracking_cookies_keep_nobody_from_the_store() {
    let origin = Origin::start();
    origin.on("/", fresh("front"));
    let proxy = Recipe::of("sharing", "Strip tracking cookies").before(&origin);
    get(&proxy, "/", &[("Cookie", "_ga=1; _fbp=2")]);
    assert!(get(&proxy, "/", &[("Cookie", "_ga=3")]).cache_status().hit());
    assert_eq!(origin.wait_for(1).header("Cookie"), None);
    let own = get(&proxy, "/", &[("Cookie", "_ga=3; session=x")]);
    assert_eq!(own.cache_status().fwd(), Some("bypass"));
    assert_eq!(origin.wait_for(2).header("Cookie"), Some("session=x"));
}

#[test]
fn marketing_parameters_make_no_copies() {
    let origin = Origin::start();
    origin.on("/a", fresh("page"));
    let proxy = Recipe::of("sharing", "Drop marketing parameters").before(&origin);
    proxy.get("/a?utm_source=x&page=2&all=1&gclid=y");
    assert!(proxy.get("/a?all=1&page=2&mc_eid=z").cache_status().hit());
    assert!(!proxy.get("/a?page=3").cache_status().hit());
    assert_eq!(origin.wait_for(1).target, "/a?all=1&page=2");
}

#[test]
fn logged_in_users_have_pages_of_their_own_and_all_others_share() {
    let origin = Origin::start();
    origin.on_each("/", |request| Answer::ok(request.header("Cookie").unwrap_or("nobody")));
    origin.on("/login", Answer::ok("hello").header("Set-Cookie", "session=new"));
    let proxy = Recipe::of("sharing", "Keep logged-in users out of the cache").before(&origin);

    let stored = get(&proxy, "/", &[("Cookie", "theme=dark")]);
    assert_eq!((stored.text(), stored.cache_status().stored()), ("nobody", true));
    for session in ["session=alice", "session=bob"] {
        let own = get(&proxy, "/", &[("Cookie", session)]);
        assert_eq!((own.text(), own.cache_status().fwd()), (session, Some("bypass")));
    }
    let shared = proxy.get("/");
    assert!(shared.text() == "nobody" && shared.cache_status().hit() && seconds_left(&shared) > 290);

    for _ in 0..2 {
        let own = proxy.get("/login");
        assert_eq!((own.header("Set-Cookie"), own.cache_status().stored()), (Some("session=new"), false));
    }
    origin.on("/login", Answer::ok("form"));
    assert!(proxy.get("/login").cache_status().stored());
    assert_eq!(detail(&proxy.get("/login")), "fresh");
}

#[test]
fn the_names_of_a_tenant_share_and_tenants_do_not() {
    let origin = Origin::start();
    origin.on_each("/a", |request| fresh(request.header("X-Tenant").unwrap()));
    let proxy = Recipe::of("sharing", "A cache for each tenant").before(&origin);
    let ask = |host: &str, target: &str| get(&proxy, target, &[("Host", host), ("X-Tenant", "globex")]);
    assert_eq!(ask("acme.example.com", "/a?x=1&y=2").text(), "acme");
    let other_name = ask("WWW.acme.test:80", "/a?y=2&x=1");
    assert!(other_name.text() == "acme" && other_name.cache_status().hit());
    assert_eq!(ask("globex.example.com", "/a?x=1&y=2").text(), "globex");
    assert_eq!(ask("evil.example.com", "/a?x=1&y=2").status, 404);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn phones_share_one_page_and_desktops_another() {
    let origin = Origin::start();
    origin.on_each("/", |request| {
        fresh(request.header("X-Device").unwrap()).header("Vary", "Accept-Encoding, User-Agent")
    });
    let proxy = Recipe::of("sharing", "Pages for phones and for desktops").before(&origin);
    let ask = |agent: &str| get(&proxy, "/", &[("User-Agent", agent), ("X-Device", "made up")]);
    let iphone = ask("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148");
    assert_eq!((iphone.text(), iphone.header("Vary")), ("touch", Some("Accept-Encoding, User-Agent")));
    let android = ask("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36");
    assert!(android.text() == "touch" && android.cache_status().hit());
    assert_eq!(ask("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0").text(), "desktop");
    assert!(ask("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0").cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_visitor_stays_in_the_group_that_was_drawn() {
    let origin = Origin::start();
    origin.on_each("/", |request| fresh(request.header("X-Group").unwrap()));
    let proxy = Recipe::of("sharing", "An A/B test").before(&origin);

    let first = proxy.get("/");
    let cookie = first.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(cookie, format!("group={}", first.text()));
    assert_eq!(first.header("Cache-Control"), Some("private, no-cache"));
    let again = get(&proxy, "/", &[("Cookie", &cookie)]);
    assert!(again.cache_status().hit() && again.text() == first.text());
    assert_eq!(again.header("Set-Cookie"), None);

    for group in ["a", "b"] {
        assert_eq!(get(&proxy, "/", &[("Cookie", &format!("group={group}"))]).text(), group);
    }
    let made_up = get(&proxy, "/", &[("Cookie", "group=c")]);
    assert!(made_up.header("Set-Cookie").is_some() && made_up.cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
    assert!(origin.requests().iter().all(|request| request.header("Cookie").is_none()));
}

#[test]
fn each_site_has_a_policy_and_pages_of_its_own() {
    let (example, shop) = (Origin::start(), Origin::start());
    let site = &policies("sharing", "Many sites on one node")[1];
    let before = |origin: &Origin| site.replace("\"8000\"", &format!("\"{}\"", origin.address().port()));
    example.on("/", Answer::ok("example"));
    shop.on("/", Answer::ok("shop"));
    let proxy = Recipe::of("sharing", "Many sites on one node")
        .beside("sites/example.warp", before(&example))
        .beside("sites/shop.warp", before(&shop))
        .run();
    let ask = |host: &str| get(&proxy, "/", &[("Host", host)]);
    for (host, text) in [("example.com", "example"), ("www.example.com", "example"), ("shop.example.com", "shop")] {
        assert_eq!(ask(host).text(), text, "{host}");
        assert!(ask(host).cache_status().hit());
    }
    assert_eq!((ask("example.org").status, ask("127.0.0.1").reason.as_str()), (421, "Not served here"));
    proxy.client().request("PURGE", "/").header("Host", "example.com").send();
    assert_eq!(["example.com", "shop.example.com"].map(|host| ask(host).cache_status().hit()), [false, true]);
}
