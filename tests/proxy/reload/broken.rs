//! A text that is no policy changes nothing, and is told about.

use crate::marked::{self, assert_serves};
use crate::support::{Proxy, until};

use super::start;

/// Puts `text` in place of the policy `a`; the old one serves on, and a mended text is taken. Gives the diagnostics.
fn is_refused(text: impl AsRef<[u8]>) -> String {
    let (origin, proxy) = start();
    proxy.write_policy(text);
    let policy = proxy.wait_for_reload("rejected");
    assert_serves(&proxy, &origin, "a");
    assert_eq!((&policy["generation"], &policy["last_reload"]["generation"]), (&1.into(), &1.into()));
    proxy.write_policy(marked::policy(&origin, "b"));
    assert_eq!(proxy.wait_for_reload("ok")["generation"], 2);
    assert_serves(&proxy, &origin, "b");
    policy["last_reload"]["diagnostics"].as_str().expect("diagnostics").to_owned()
}

#[test]
fn a_mistake_leaves_the_old_policy_serving_and_shows_in_log_status_and_metrics() {
    let (origin, proxy) = start();
    let (text, code) = proxy.warp_status();
    assert!(code == Some(0) && text.contains("generation 1"), "{text}");

    proxy.write_policy(marked::policy(&origin, "b").replace("ttl 1h", "ttl 1 hour"));
    let policy = proxy.wait_for_reload("rejected");
    assert_serves(&proxy, &origin, "a");

    let last = &policy["last_reload"];
    assert!(last["errors"].as_u64() >= Some(1), "{last}");
    let diagnostics = last["diagnostics"].as_str().unwrap();
    assert!(diagnostics.contains("policy.warp:15:") && diagnostics.contains("ttl 1 hour"), "{diagnostics}");
    let (text, code) = proxy.warp_status();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("rejected") && text.contains("generation 1 serves on"), "{text}");
    for line in diagnostics.lines() {
        assert!(text.contains(line.trim_end()), "{line} is missing in {text}");
    }
    let metrics = proxy.metrics();
    assert!(metrics.contains("warp_policy_reloads_total{result=\"rejected\"} 1\n"), "{metrics}");
    assert!(metrics.contains("warp_policy_generation 1\n"), "{metrics}");
    until("the diagnostics in the log", || proxy.log().contains(diagnostics.trim_end()).then_some(()));

    proxy.write_policy(marked::policy(&origin, "b"));
    proxy.wait_for_reload("ok");
    assert_serves(&proxy, &origin, "b");
    let (text, code) = proxy.warp_status();
    assert!(code == Some(0) && text.contains("generation 2") && !text.contains("hour"), "{text}");
    assert!(proxy.metrics().contains("warp_policy_generation 2\n"));
}

#[test]
fn the_diagnostics_of_one_text_are_logged_once_however_often_it_is_read() {
    let (origin, proxy) = start();
    let broken = marked::policy(&origin, "b").replace("X-Deliver =", "X-Deliver");
    proxy.write_policy(&broken);
    proxy.wait_for_reload("rejected");
    for _ in 0..3 {
        proxy.write_policy(&broken);
        proxy.signal("HUP");
        proxy.wait_for_reload("rejected");
    }
    proxy.write_policy(marked::policy(&origin, "b"));
    proxy.wait_for_reload("ok");
    until("the reload in the log", || proxy.log().contains("policy reloaded").then_some(()));
    assert_eq!(count(&proxy, "policy refused"), 1);

    // Refused anew after something else ran, it is news again.
    proxy.write_policy(&broken);
    proxy.wait_for_reload("rejected");
    until("the second refusal in the log", || (count(&proxy, "policy refused") == 2).then_some(()));
}

fn count(proxy: &Proxy, text: &str) -> usize {
    proxy.log().matches(text).count()
}

#[test]
fn another_mistake_is_told_anew() {
    let (_origin, proxy) = start();
    for (broken, wanted) in [("warp 1;\nbackend x {\n", "1"), ("warp 1;\nsub recv { nonsense }\n", "nonsense")] {
        proxy.write_policy(broken);
        let policy = proxy.wait_for_reload("rejected");
        let diagnostics = policy["last_reload"]["diagnostics"].as_str().unwrap().to_owned();
        assert!(diagnostics.contains(wanted), "{diagnostics}");
        until("the diagnostics in the log", || proxy.log().contains(diagnostics.trim_end()).then_some(()));
    }
    assert_eq!(count(&proxy, "policy refused"), 2);
}

#[test]
fn a_broken_text_that_is_taken_back_leaves_nothing_behind() {
    let (origin, proxy) = start();
    proxy.write_policy("nonsense");
    proxy.wait_for_reload("rejected");
    proxy.write_policy(marked::policy(&origin, "a"));
    let policy = proxy.wait_for_reload("unchanged");
    assert_eq!((&policy["generation"], &policy["last_reload"]["diagnostics"]), (&1.into(), &"".into()));
    assert_eq!(proxy.warp_status().1, Some(0));
    assert_serves(&proxy, &origin, "a");
}

#[test]
fn an_empty_file_is_refused() {
    let diagnostics = is_refused("");
    assert!(diagnostics.contains("warp 1;"), "{diagnostics}");
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place() {
    let diagnostics = is_refused(b"warp 1;\n# caf\xe9\n");
    assert!(diagnostics.contains("UTF-8"), "{diagnostics}");
}

#[test]
fn a_directory_in_the_place_of_the_policy_is_refused() {
    let (origin, proxy) = start();
    proxy.change(|dir| {
        std::fs::remove_file(dir.join("policy.warp")).unwrap();
        std::fs::create_dir(dir.join("policy.warp")).unwrap();
    });
    until("the folder to be seen", || {
        let last = proxy.policy()["last_reload"].clone();
        last["diagnostics"].as_str().is_some_and(|text| text.contains("it is a folder")).then_some(())
    });
    assert_serves(&proxy, &origin, "a");
}

#[test]
fn nesting_without_end_is_refused_on_every_way_to_reload() {
    let (origin, proxy) = start();
    let nested = |open: &str, close: &str| {
        let depth = 10_000;
        marked::policy(&origin, "b") + "sub recv {" + &open.repeat(depth) + &close.repeat(depth) + "}\n"
    };
    for text in [nested("if (req.url) {", "}"), nested("if ((((((((((", ""), nested("{", "}")] {
        proxy.write_policy(&text);
        proxy.wait_for_reload("rejected");
        // The signal compiles on another thread, with another stack.
        proxy.signal("HUP");
        proxy.wait_for_reload("rejected");
    }
    assert_serves(&proxy, &origin, "a");
}

/// Ten megabytes from a small generator, so that each run sees the same; `make` gives each byte.
fn garbage(make: impl Fn(u64) -> u8) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..10 << 20).map(|_| make(next())).collect()
}

/// What is said of ten megabytes has to stay readable.
fn assert_readable(diagnostics: &str) {
    assert!(!diagnostics.is_empty() && diagnostics.len() < 256 << 10, "{} bytes of diagnostics", diagnostics.len());
}

#[test]
fn ten_megabytes_of_bytes_are_refused() {
    assert_readable(&is_refused(garbage(|random| random.to_be_bytes()[3])));
}

#[test]
fn ten_megabytes_of_printable_characters_in_one_line_are_refused() {
    assert_readable(&is_refused(garbage(|random| b' ' + ((random >> 32) % 95) as u8)));
}

#[test]
fn ten_megabytes_of_words_and_marks_are_refused() {
    const MARKS: &[u8] = b"abc {}();=\"\n#/";
    assert_readable(&is_refused(garbage(|random| MARKS[(random >> 32) as usize % MARKS.len()])));
}

#[test]
fn a_policy_whose_promise_is_broken_is_refused() {
    let diagnostics = is_refused(
        "warp 1;
backend default { .host = \"127.0.0.1\"; }
rules request first { when path ext [\"css\"] -> cache; when path under \"/admin\" -> pass; }
invariant \"admin is never stored\" { path under \"/admin\" => not stored }
",
    );
    assert!(
        diagnostics.contains("E0770") && diagnostics.contains("GET \"https://www.example.com/admin/x.css\""),
        "{diagnostics}"
    );
}

#[test]
fn a_promise_that_cannot_be_decided_stops_no_policy() {
    let (origin, proxy) = start();
    let promise = "invariant \"twins\" { req.http.A == \"1\" + req.http.B => not stored }\n";
    proxy.write_policy(marked::policy(&origin, "b") + promise);
    assert_eq!(proxy.wait_for_reload("ok")["generation"], 2);
    assert_serves(&proxy, &origin, "b");
}
