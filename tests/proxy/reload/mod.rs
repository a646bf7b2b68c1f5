//! The policy changes while the proxy runs: what changes with it, and what does not.

mod broken;
mod files;
mod tables;
mod under_way;

use crate::marked::{self, assert_serves};
use crate::support::{Answer, Gate, Origin, Proxy};

/// An origin that knows the witness of [`assert_serves`].
fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/passed/witness", Answer::ok("seen"));
    origin
}

/// An origin, and a proxy before it whose policy marks with `a`.
fn start() -> (Origin, Proxy) {
    let origin = origin();
    let proxy = Proxy::start(&marked::policy(&origin, "a"));
    (origin, proxy)
}

#[test]
fn an_edit_changes_what_origin_and_client_see_without_a_restart() {
    let (origin, proxy) = start();
    assert_serves(&proxy, &origin, "a");

    proxy.write_policy(marked::policy(&origin, "b"));
    let policy = proxy.wait_for_reload("ok");

    assert_serves(&proxy, &origin, "b");
    assert_eq!((&policy["generation"], &policy["last_reload"]["outcome"]), (&2.into(), &"ok".into()));
}

#[test]
fn a_connection_that_was_open_before_the_swap_is_served_on() {
    let (origin, proxy) = start();
    let mut client = proxy.client();
    assert_eq!(client.get("/passed/witness").send().header("X-Deliver"), Some("a"));
    proxy.write_policy(marked::policy(&origin, "b"));
    proxy.wait_for_reload("ok");
    assert_eq!(client.get("/passed/witness").send().header("X-Deliver"), Some("b"));
}

#[test]
fn stored_responses_survive_a_swap_and_are_delivered_by_the_new_policy() {
    let (origin, proxy) = start();
    origin.on("/page", Answer::ok("page"));
    assert!(proxy.get("/page").cache_status().stored());

    proxy.write_policy(marked::policy(&origin, "b"));
    proxy.wait_for_reload("ok");

    let hit = proxy.get("/page");
    assert!(hit.cache_status().hit());
    assert_eq!((hit.header("X-Response"), hit.header("X-Deliver")), (Some("a"), Some("b")));
    assert_eq!(origin.requests_to("/page").len(), 1);
    assert_eq!(proxy.status()["store"]["objects"], 1);
}

#[test]
fn what_the_old_policy_did_not_store_the_new_one_stores_at_the_first_request() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page"));
    let policy = |action: &str| {
        format!("warp 1;\n{}rules response first {{ when status == 200 -> {action}; }}\n", origin.backend())
    };
    let proxy = Proxy::start(&policy("uncacheable"));
    for _ in 0..2 {
        assert!(!proxy.get("/page").cache_status().stored());
    }
    proxy.write_policy(policy("ttl 1h"));
    proxy.wait_for_reload("ok");
    assert!(proxy.get("/page").cache_status().stored());
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests().len(), 3);
}

/// A policy whose backend is probed once in the time of a test; `rest` is what changes.
fn probed(origin: &Origin, rest: &str) -> String {
    let address = origin.address();
    format!(
        r#"warp 1;
backend default {{
    .host = "{}";
    .port = "{}";
    .probe = {{ .url = "/health"; .interval = 1h; .window = 4; .threshold = 1; .initial = 0; }}
}}
{rest}
"#,
        address.ip(),
        address.port()
    )
}

/// Waits for the first probe, gives what `/status` says of the backend.
fn backend_once_probed(proxy: &Proxy) -> serde_json::Value {
    crate::support::until("the first probe", || {
        let backend = proxy.status()["backends"][0].clone();
        let probe = &backend["probe"];
        (!probe["last_status"].is_null() || !probe["last_error"].is_null()).then_some(backend)
    })
}

#[test]
fn the_history_of_probes_survives_a_swap() {
    let origin = Origin::start();
    origin.on("/health", Answer::ok(""));
    origin.on("/page", Answer::ok("page"));
    let proxy = Proxy::start(&probed(&origin, ""));
    assert_eq!(backend_once_probed(&proxy)["probe"]["history"], "---H");
    proxy.get("/page");

    proxy.write_policy(probed(&origin, "sub deliver { set resp.http.X-Deliver = \"b\"; }"));
    proxy.wait_for_reload("ok");

    let backend = proxy.status()["backends"][0].clone();
    assert_eq!((&backend["healthy"], &backend["probe"]["history"]), (&true.into(), &"---H".into()));
    assert_eq!(backend["requests"], 1);
    assert_eq!(proxy.get("/page").header("X-Deliver"), Some("b"));
    assert_eq!(origin.requests_to("/health").len(), 1, "nothing is probed anew");
}

#[test]
fn a_sick_backend_stays_sick_through_a_swap() {
    let origin = Origin::start();
    origin.on("/health", Answer::status(500));
    origin.on("/page", Answer::ok("page"));
    let proxy = Proxy::start(&probed(&origin, ""));
    assert_eq!(backend_once_probed(&proxy)["healthy"], false);
    assert_eq!(proxy.get("/page").status, 503);

    proxy.write_policy(probed(&origin, "sub deliver { set resp.http.X-Deliver = \"b\"; }"));
    proxy.wait_for_reload("ok");

    let refused = proxy.get("/page");
    assert_eq!((refused.status, refused.header("X-Deliver")), (503, Some("b")));
    assert_eq!((origin.requests_to("/health").len(), origin.requests_to("/page").len()), (1, 0));
}

#[test]
fn the_same_text_is_no_new_generation() {
    let (origin, proxy) = start();
    proxy.write_policy(marked::policy(&origin, "a"));
    proxy.signal("HUP");
    let policy = proxy.wait_for_reload("unchanged");
    assert_eq!((&policy["generation"], &policy["reloads_ok"]), (&1.into(), &0.into()));
    // Whatever the writing drew has been looked at when the next edit serves.
    proxy.write_policy(marked::policy(&origin, "b"));
    assert_eq!(proxy.wait_for_reload("ok")["generation"], 2);
    assert_serves(&proxy, &origin, "b");
}

#[test]
fn sighup_reads_the_policy_anew() {
    let (origin, proxy) = start();
    let text = marked::policy(&origin, "b");
    proxy.write_policy(&text);
    proxy.signal_blindly("HUP");
    let policy = proxy.wait_for_reload("ok");
    assert_serves(&proxy, &origin, "b");
    // Watching and the signal saw the same edit: it counts once.
    proxy.signal("HUP");
    proxy.wait_for_reload("unchanged");
    assert_eq!((&policy["generation"], &proxy.policy()["generation"]), (&2.into(), &2.into()));
}

#[test]
fn an_origin_given_on_the_command_line_stays_through_a_swap() {
    let origin = origin();
    let elsewhere = "backend default { .host = \"127.0.0.1\"; .port = \"9\"; }\n";
    let policy = |mark: &str| marked::policy(&origin, mark).replace(&origin.backend(), elsewhere);
    let proxy = Proxy::start_with(&policy("a"), &["--origin", &format!("http://{}", origin.address())]);
    assert_serves(&proxy, &origin, "a");
    proxy.write_policy(policy("b"));
    proxy.wait_for_reload("ok");
    assert_serves(&proxy, &origin, "b");
}

#[test]
fn a_request_under_way_keeps_the_backend_that_a_swap_takes_away() {
    let (old, new, gate) = (origin(), origin(), Gate::new());
    old.on("/passed/slow", Answer::ok("old").behind(&gate));
    let proxy = Proxy::start(&marked::policy(&old, "a"));
    let mut client = proxy.client();
    let waiting = client.get("/passed/slow").send_only();
    old.wait_for(1);

    proxy.write_policy(marked::policy(&new, "b"));
    proxy.wait_for_reload("ok");
    assert_serves(&proxy, &new, "b");
    gate.open();

    assert_eq!(waiting.read_response("GET").unwrap().text(), "old");
    assert_eq!((old.requests().len(), new.requests_to("/passed/slow").len()), (1, 0));
}
