//! How long.

use super::{Recipe, detail, get, seconds_left};
use crate::support::{Answer, Origin, until};

#[test]
fn an_api_is_asked_once_in_ten_seconds() {
    let origin = Origin::start();
    origin.on("/api/list", Answer::ok("list"));
    origin.on("/api/me/", Answer::ok("me"));
    let proxy = Recipe::of("lifetimes", "Cache an API for ten seconds").before(&origin);
    proxy.get("/api/list");
    let hit = get(&proxy, "/api/list", &[("Cookie", "any=1")]);
    assert!(hit.cache_status().hit() && (8..=10).contains(&seconds_left(&hit)));
    assert_eq!(get(&proxy, "/api/list", &[("Authorization", "Bearer x")]).cache_status().fwd(), Some("bypass"));

    assert_eq!(proxy.client().request("POST", "/api/list").body("more").send().status, 200);
    assert!(!proxy.get("/api/list").cache_status().hit(), "the change removed it");
    for _ in 0..2 {
        assert_eq!(proxy.get("/api/me/").cache_status().fwd(), Some("bypass"));
        assert!(!proxy.get("/api/nothing").cache_status().stored());
    }
}

#[test]
fn what_never_changes_is_kept_for_a_year() {
    let origin = Origin::start();
    for path in ["/app.3f9a01bc.js", "/logo.png"] {
        origin.on(path, Answer::ok("file").header("Set-Cookie", "tracker=1"));
    }
    let proxy = Recipe::of("lifetimes", "Keep images and static files long").before(&origin);
    let stored = |path: &str| {
        get(&proxy, path, &[("Cookie", "session=1")]);
        let hit = get(&proxy, path, &[("Cookie", "session=2")]);
        assert!(hit.cache_status().hit() && hit.header("Set-Cookie").is_none(), "{path}");
        hit
    };
    let hashed = stored("/app.3f9a01bc.js");
    assert!(seconds_left(&hashed) > 364 * 86_400);
    assert_eq!(hashed.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
    let image = stored("/logo.png");
    assert!((6 * 86_400..=7 * 86_400).contains(&seconds_left(&image)));
    assert_eq!(image.header("Cache-Control"), Some("public, max-age=3600"));
    assert!(seconds_left(&stored("/nothing.png")) <= 10);
}

#[test]
fn editors_purge_and_others_do_not() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("old"));
    let proxy = Recipe::of("lifetimes", "Let editors purge").before(&origin);
    let purge = |fields: &[(&str, &str)]| {
        let mut client = proxy.client();
        fields.iter().fold(client.request("PURGE", "/page"), |r, (name, value)| r.header(name, value)).send().status
    };
    proxy.get("/page");
    origin.on("/page", Answer::ok("new"));
    assert_eq!((purge(&[("X-Soft", "1")]), proxy.get("/page").text()), (200, "old"));
    until("the new page", || (proxy.get("/page").text() == "new").then_some(()));
    origin.on("/page", Answer::ok("newer"));
    assert_eq!((purge(&[]), proxy.get("/page").text()), (200, "newer"));
    assert_eq!(detail(&proxy.get("/page")), "fresh");

    let proxy = Recipe::of("lifetimes", "Let editors purge").with("\"127.0.0.1\"; \"10", "\"10").before(&origin);
    proxy.get("/page");
    assert_eq!(proxy.client().request("PURGE", "/page").send().status, 403);
    assert!(proxy.get("/page").cache_status().hit());
}
