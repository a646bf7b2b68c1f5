//! When something fails.

use std::fs;

use super::{Recipe, closed_port, detail, fresh, get};
use crate::support::{Answer, Origin, until};

#[test]
fn the_old_page_is_there_while_the_origin_is_down() {
    for down in [Answer::status(503), Answer::close()] {
        let origin = Origin::start();
        // Stale for longer than the grace when it comes.
        origin.once("/page", fresh("old").header("Age", "200"));
        origin.on("/page", down);
        let proxy = Recipe::of("failures", "Serve stale pages while the origin is down").before(&origin);
        assert_eq!(proxy.get("/page").text(), "old");
        let stale = proxy.get("/page");
        assert_eq!((stale.status, stale.text(), detail(&stale).as_str()), (200, "old", "stale-if-error"));
    }
}

#[test]
fn another_backend_is_asked_after_an_error() {
    let second = Origin::start();
    second.on("/page", fresh("second"));
    for fault in [Answer::status(502), Answer::close()] {
        let origin = Origin::start();
        origin.on("/page", fault);
        let recipe = Recipe::of("failures", "Ask another backend after an error");
        let proxy = recipe.with_second(second.address().port()).before(&origin);
        assert_eq!(proxy.get("/page").text(), "second");
        assert!(proxy.get("/page").cache_status().hit());
        assert_eq!(proxy.client().request("POST", "/page").body("once").send().status, 503);
    }
    assert!(second.requests().iter().all(|request| request.method == "GET"));
    let recipe = Recipe::of("failures", "Ask another backend after an error");
    let proxy = recipe.with_second(second.address().port()).before_port(closed_port());
    assert_eq!(proxy.get("/page").text(), "second");
}

#[test]
fn a_spare_steps_in_while_the_probe_fails() {
    let (main, spare) = (Origin::start(), Origin::start());
    for (origin, name) in [(&main, "main"), (&spare, "spare")] {
        origin.on("/", Answer::ok(name));
        origin.on("/health", Answer::ok(""));
    }
    main.on("/health", Answer::status(500));
    let proxy = Recipe::of("failures", "Health probes and a spare").with_second(spare.address().port()).before(&main);
    until("the spare", || (proxy.get("/").text() == "spare").then_some(()));
    assert_eq!(proxy.get("/").header("X-Served-By"), Some("spare"));
    main.on("/health", Answer::ok(""));
    until("the main one", || (proxy.get("/").text() == "main").then_some(()));
    assert_eq!(proxy.get("/").header("X-Served-By"), None);
}

#[test]
fn errors_have_the_page_of_the_site() {
    let origin = Origin::start();
    origin.on("/broken", Answer::status(500).with_body("at Framework.run(line 17)"));
    let proxy = Recipe::of("failures", "An error page of your own").before(&origin);
    let broken = proxy.get("/broken");
    assert_eq!((broken.status, broken.header("Retry-After")), (500, Some("30")));
    assert!(broken.text().contains("right back") && !broken.text().contains("Framework"));
    let refused = proxy.client().request("BREW", "/").send();
    assert!(refused.status == 501 && refused.text().contains("right back"));

    let proxy = Recipe::of("failures", "An error page of your own").before_port(closed_port());
    let down = proxy.get("/");
    assert!(down.status == 503 && down.text().contains("right back"));
    assert_eq!(down.header("Content-Type"), Some("text/html; charset=utf-8"));
}

#[test]
fn a_file_closes_the_site_and_opens_it() {
    let origin = Origin::start();
    origin.on("/", fresh("front"));
    let proxy = Recipe::of("failures", "A maintenance page").before(&origin);
    assert_eq!(proxy.get("/").text(), "front");

    proxy.change(|dir| fs::write(dir.join("maintenance"), "").unwrap());
    proxy.wait_for_reload("ok");
    let closed = proxy.get("/");
    assert_eq!((closed.status, closed.header("Retry-After")), (503, Some("600")));
    assert!(closed.text().contains("Back in ten minutes"));

    proxy.change(|dir| fs::remove_file(dir.join("maintenance")).unwrap());
    proxy.wait_for_reload("ok");
    assert!(proxy.get("/").cache_status().hit());

    let recipe = Recipe::of("failures", "A maintenance page").with("\"192.0.2.0\"/24", "\"127.0.0.0\"/8");
    let proxy = recipe.beside("maintenance", "").before(&origin);
    assert_eq!(get(&proxy, "/", &[]).text(), "front", "who works on it comes in");
}
