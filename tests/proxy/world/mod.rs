//! Functions that ask for more than the request: chance, health, files, the environment.

mod access;
mod cookie;
mod fields;
mod geo;
mod jwt;
mod limit;
mod path;
mod views;

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Answer, Origin, Proxy, until};

/// A proxy whose answers say what the expression yields.
fn saying(expression: &str) -> Proxy {
    Proxy::start(&policy(expression, ""))
}

fn policy(expression: &str, declarations: &str) -> String {
    format!(
        "warp 1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"9\"; }}\n{declarations}\n\
         sub recv {{ return (synth(200)); }}\nsub synth {{ synthetic(\"\" + {expression}); return (deliver); }}\n"
    )
}

fn bodies(proxy: &Proxy, count: usize) -> BTreeSet<String> {
    let mut client = proxy.client();
    (0..count).map(|_| client.get("/").send().text().to_owned()).collect()
}

#[test]
fn chance_says_something_else_each_time() {
    assert_eq!(bodies(&saying("randomint(1, 2)"), 100).len(), 2);
    assert!(bodies(&saying("std.random(0, 1)"), 20).len() > 10);
}

#[test]
fn no_uuid_comes_twice_and_those_with_the_time_are_in_order() {
    let proxy = saying("uuid.v4() + uuid.v4()");
    assert_eq!(bodies(&proxy, 20).iter().map(|both| both.split_at(36)).filter(|(a, b)| a != b).count(), 20);

    let proxy = saying("uuid.v7()");
    let first = proxy.get("/").text().to_owned();
    until("another millisecond", || (proxy.get("/").text()[..13] > first[..13]).then_some(()));
}

#[test]
fn a_backend_is_healthy_until_its_probe_fails() {
    let origin = Origin::start();
    origin.on("/health", Answer::status(500));
    let (host, port) = ("127.0.0.1", origin.address().port());
    let declarations = format!(
        "backend probed {{ .host = \"{host}\"; .port = \"{port}\"; \
         .probe = {{ .url = \"/health\"; .interval = 100ms; .window = 1; .threshold = 1; .initial = 1; }} }}\n\
         director pool = fallback {{ probed; }}\ndirector either = fallback {{ probed; default; }}\n"
    );
    let expression = "std.healthy(default) + \" \" + std.healthy(probed) + \" \" + std.healthy(pool) + \" \" + \
                      std.healthy(either)";
    let proxy = Proxy::start(&policy(expression, &declarations));
    until("a sick backend", || (proxy.get("/").text() == "true false false true").then_some(()));
    origin.on("/health", Answer::ok(""));
    until("a healthy backend", || (proxy.get("/").text() == "true true true true").then_some(()));
}

#[test]
fn the_environment_is_that_of_the_process() {
    let proxy = saying("std.getenv(\"NO_COLOR\") + \"|\" + std.getenv(\"NOBODY_HAS_SET_THIS\")");
    assert_eq!(proxy.get("/").text(), "1|");
}

#[test]
fn a_file_is_read_again_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notice.txt"), "one").unwrap();
    let expression = "std.fileread(\"notice.txt\") + \" \" + std.file_exists(\"down\")";
    fs::write(dir.path().join("policy.warp"), policy(expression, "")).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    assert_eq!(proxy.get("/").text(), "one false");

    proxy.change(|dir| fs::write(dir.join("notice.txt"), "two").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/").text(), "two false");

    proxy.change(|dir| fs::write(dir.join("down"), "").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/").text(), "two true");

    proxy.change(|dir| fs::remove_file(dir.join("notice.txt")).unwrap());
    proxy.wait_for_reload("rejected");
    assert_eq!(proxy.get("/").text(), "two true");
}

#[test]
fn what_is_for_the_log_of_warp_goes_there() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub recv { std.syslog(4, \"odd: \" + req.url); return (synth(204)); }");
    proxy.get("/here");
    until("a line of the log", || proxy.log().contains("odd: /here").then_some(()));
}
