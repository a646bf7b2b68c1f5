//! Promises about paths and cookies, of policies that write them anew: what is one path as it comes may be another one behind
//! `normalize`.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use warp_edge::simulate::{Answer, Case, Request};

use super::{disagreement, prove, verdict};

const ALL: &str = "normalize req { path decode_unreserved, merge_slashes, resolve_dots; query drop [\"utm_*\"]; }";

#[test]
fn another_spelling_of_a_path_refutes_what_is_promised_of_it() {
    let policy = format!(
        "{ALL}
        rules request first {{ when path under \"/admin\" -> pass; when path ext \"css\" -> pass; when path under \"/s\" -> cache; }}"
    );
    for (claim, shown) in [
        ("path under \"/admin/\" => not stored", "/admin/../"),
        ("req.url ~ \"^/+admin/\" => not stored", "/admin/"),
        ("not path under \"/admin\" and not path ext \"css\" and method == \"GET\" => not passed", "/x/../admin"),
        ("query has \"a\" and path under \"/admin\" => not stored", "/admin/"),
    ] {
        let said = verdict(&policy, claim);
        assert!(
            said == "proved" && shown.is_empty() || said.contains(shown) && said.contains("://"),
            "{claim}: {said}"
        );
    }
    let slashes = "normalize req { path merge_slashes; } rules request first { when path under \"/a\" -> pass; }";
    assert!(verdict(slashes, "not path under \"/a\" and method == \"GET\" => not passed").contains(".com//a"));
    let escapes = "normalize req { path decode_unreserved; } rules request first { when path under \"/a\" -> pass; }";
    assert!(verdict(escapes, "not path under \"/a\" and method == \"GET\" => not passed").contains(".com/%61"));
    let last = "normalize req { path decode_unreserved; } rules request first { when path ext \"css\" -> deny 403; }";
    assert!(verdict(last, "not path ext \"css\" and method == \"GET\" => stored or passed").contains(".cs%73"));
    let first = "rules request first { when path under \"/s\" -> cache; when path ext \"css\" -> pass; }";
    let first = format!("{ALL} {first}");
    assert!(verdict(&first, "path ext \"css\" and not path under \"/s\" => not stored").contains("/s/x.css"));
}

#[test]
fn a_path_that_is_known_is_known_behind_normalize() {
    let policy = format!(
        "{ALL} rules request first {{ when path == \"/login\" -> pass; when path in [\"/a\", \"/b\"] -> pass; }}"
    );
    for proved in [
        "path == \"/login\" => not stored",
        "path in [\"/a\", \"/login\"] => not stored",
        "url == \"/login?x=1\" => not stored",
        "path == \"/a/../login\" => not stored",
        "path == \"/%61\" => not stored",
    ] {
        assert_eq!(verdict(&policy, proved), "proved", "{proved}");
    }
    for refuted in ["path == \"/login/\" => not stored", "path in [\"/a\", \"/c\"] => not stored"] {
        assert!(verdict(&policy, refuted).contains("://"), "{refuted}");
    }
}

#[test]
fn a_path_that_begins_so_begins_so_where_no_dots_are_resolved() {
    let policy = "normalize req { path decode_unreserved, merge_slashes; query sort; }
        rules request first { when path under [\"/login\", \"/a\"] -> pass; }";
    for proved in ["path under \"/login/x\" => not stored", "path under [\"/a\", \"/login\"] => not stored"] {
        assert_eq!(verdict(policy, proved), "proved", "{proved}");
    }
    assert!(verdict(policy, "path under [\"/a\", \"/x\"] => not stored").contains("/x"));
}

/// What is said of such paths alone is known of what is left of them.
#[test]
fn a_path_in_which_nothing_is_rewritten_is_left_as_it_is() {
    let policy = format!(
        "{ALL}
        rules request first {{ when path under \"/admin\" -> pass; when path ext \"css\" -> backend b; else -> cache; }}"
    );
    let plain = "not path ~ \"%|//|/[.]\"";
    for proved in [
        "path under \"/admin/\" => passed",
        "not path under \"/admin\" and path ext \"css\" and stored => backend == b",
        "not path ext \"css\" and stored => backend == a",
    ] {
        let (facts, claim) = proved.split_once(" => ").unwrap();
        assert_eq!(verdict(&policy, &format!("{facts} and {plain} => {claim}")), "proved", "{proved}");
    }
    for refuted in ["path under \"/admin\" and not path ~ \"%|//\" => passed", "not path ext \"css\" => passed"] {
        assert!(verdict(&policy, refuted).contains("://"), "{refuted}: {}", verdict(&policy, refuted));
    }
}

#[test]
fn it_is_said_how_to_promise_something_of_paths_that_are_rewritten() {
    let rules = "rules request first { when path under \"/admin\" -> pass; }";
    let told = "`path` is what the client asks for";
    let claim = |facts: &str| format!("{rules} invariant \"it\" {{ path under \"/admin\"{facts} => not stored }}");
    let (_, text) = prove(&format!("{ALL} {}", claim("")), &[]);
    assert!(text.contains("/admin/..") && text.contains(told), "{text}");
    let (_, text) = prove(&format!("{ALL} {}", claim(" and not path ~ \"%|//|/[.]\"")), &[]);
    assert!(text.starts_with("proved"), "{text}");
    let (_, text) = prove("invariant \"it\" { path under \"/admin\" => not stored }", &[]);
    assert!(text.contains("refuted") && !text.contains(told), "{text}");
    // A path that the policy cuts is no such one.
    let cut = "sub recv { set req.url = regsub(req.url, \"^/v1\", \"\"); } invariant \"it\" { path under \"/v1\" and path ~ \"%41\" => not stored }";
    let (_, text) = prove(cut, &[]);
    assert!(text.contains("refuted") && !text.contains(told), "{text}");
}

/// Of the lines of `Cache-Control` a test of its text sees the first alone.
#[test]
fn what_the_first_line_says_is_not_all_that_is_said() {
    let alone = "not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control";
    let claim = "beresp.http.Cache-Control == \"max-age=9\" and beresp.cache_control.private => stored";
    assert_ne!(verdict("", &format!("{alone} and {claim}")), "proved");
}

#[test]
fn a_cookie_of_another_name_refutes_what_is_promised_of_a_text() {
    let policy =
        "normalize req { cookie keep [\"session\"]; } rules request first { when cookies has \"session\" -> pass; }";
    let said = verdict(policy, "req.http.Cookie ~ \"session=\" => not stored");
    assert!(said.contains("session="), "{said}");
    assert_eq!(verdict(policy, "req.http.Cookie ~ \"^session=\" => not stored"), "proved");
}

const CLAUSES: &[&str] = &["decode_unreserved", "merge_slashes", "resolve_dots"];

#[test]
fn a_cookie_that_is_written_in_another_way_refutes_what_goes_by_the_text() {
    let policy = "sub recv { if (req.http.Cookie ~ \"(^|; )session=\") { return (pass); } unset req.http.Cookie; }";
    let said = verdict(policy, "req.cookies has \"session\" => not stored");
    assert!(said.contains("session=") && !said.contains("\"session=") && !said.contains("; session="), "{said}");
}

const CONDITIONS: &[&str] = &[
    "path under \"/a\"",
    "path under [\"/a/b\", \"/b\"]",
    "path == \"/a\"",
    "path in [\"/b\", \"/a/b\"]",
    "path ext \"css\"",
    "path ~ \"^/a+/\"",
    "url == \"/a?u\"",
    "query has \"u\"",
    "path ~ \"%61\"",
    "path ~ \"%|//|/[.]\"",
];

const CLAIMS: &[&str] = &["not stored", "not passed", "passed", "stored or passed", "not stored or backend == b"];

fn policies() -> impl Strategy<Value = String> {
    let clauses = subsequence(CLAUSES, 1..=3).prop_shuffle().prop_map(|clauses| clauses.join(", "));
    let row = (condition(), select(&["pass", "cache", "deny 403", "backend b"][..]));
    (clauses, prop::collection::vec(row, 1..4)).prop_map(|(clauses, rows)| {
        let rows = rows.iter().map(|(when, action)| format!("when {when} -> {action};")).collect::<Vec<_>>().concat();
        format!("normalize req {{ path {clauses}; query drop [\"u\"]; }} rules request first {{ {rows} }}\n")
    })
}

fn condition() -> impl Strategy<Value = String> {
    (select(CONDITIONS), any::<bool>())
        .prop_map(|(condition, is)| if is { condition.to_owned() } else { format!("not ({condition})") })
}

fn promise() -> impl Strategy<Value = String> {
    (condition(), condition(), select(CLAIMS))
        .prop_map(|(one, other, claim)| format!("{one} and {other} and method == \"GET\" => {claim}"))
}

fn domain() -> Vec<Case> {
    let segments = ["a", "b", "..", ".", "", "%61", "x.css", "%2e%2E"];
    let paths = segments.iter().flat_map(|one| {
        segments.iter().flat_map(move |other| {
            ["", "/..", "/a", "/b"].map(|end| format!("/{one}/{other}{end}")).into_iter().chain([format!("/{one}")])
        })
    });
    let urls = paths.flat_map(|path| ["", "?u", "?u=1&x"].map(|query| format!("{path}{query}")));
    let answer = Answer::new(http::StatusCode::OK)
        .with(http::header::CACHE_CONTROL, http::HeaderValue::from_static("max-age=60"));
    urls.map(|url| Case::new(Request::get("a.test", url), Some(answer.clone()))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(8) })]
    #[test]
    fn what_is_promised_of_paths_agrees_with_every_spelling(
        policy in policies(),
        promises in prop::collection::vec(promise(), 6),
    ) {
        let promises = promises.iter().enumerate().map(|(at, one)| format!("invariant \"{at}\" {{ {one} }}\n"));
        let text = format!("{policy}{}", promises.collect::<Vec<_>>().concat());
        prop_assert_eq!(disagreement(&text, &domain()), None);
    }
}

/// `set` leaves one line of a field, whatever it is set to: what another one said is gone.
#[test]
fn a_field_that_is_set_to_a_field_has_one_line() {
    let facts = "not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control";
    let private = format!("beresp.cache_control.private and {facts} => not stored");
    assert_eq!(verdict("", &private), "proved");
    for copy in [
        "set beresp.http.Cache-Control = beresp.http.Cache-Control;",
        "set beresp.http.Cache-Control = beresp.http.Cache-Control ?? \"max-age=60\";",
        "let cc = beresp.http.Cache-Control; unset beresp.http.Cache-Control; set beresp.http.Cache-Control = cc;",
        "set beresp.http.X-CC = beresp.http.Cache-Control; set beresp.http.Cache-Control = beresp.http.X-CC;",
    ] {
        let policy = format!("sub backend_response {{ {copy} set beresp.ttl = 1m; return (deliver); }}");
        assert_ne!(verdict(&policy, &private), "proved", "{copy}");
    }
    for (copy, read) in [
        ("set req.http.Cache-Control = req.http.Cache-Control;", "req.cache_control.no_cache"),
        ("if (req.path == \"/a\") { set req.http.X = req.http.X; }", "std.count(req.http.X) == 2"),
        ("set req.http.X = req.http.Y;", "std.count(req.http.X) == 2"),
    ] {
        let policy = format!("sub recv {{ {copy} if ({read}) {{ return (pass); }} return (hash); }}");
        let claim = format!(
            "{} => not stored",
            read.replace("http.X", if copy.contains("http.Y") { "http.Y" } else { "http.X" })
        );
        assert_ne!(verdict(&policy, &claim), "proved", "{copy}");
    }
}
