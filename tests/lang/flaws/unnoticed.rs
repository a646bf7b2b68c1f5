//! Conditions that could say the opposite without a test noticing.

use super::{found, linted, of};

const BACKEND: &str = "backend web { .host = \"192.0.2.1\"; }";

fn test(path: &str, expected: &str) -> String {
    format!("test \"{path}\" {{ request GET \"https://a.test{path}\"; origin 200 {{ }}; expect {expected}; }}")
}

/// The conditions that are told, as they are written.
fn told(policy: &str) -> Vec<String> {
    let found = found(&[("p.warp", &format!("{BACKEND} {policy}"))]);
    assert!(found.iter().all(|(code, _)| code == "W0785"), "{found:?} in {policy}");
    found.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn each_condition_of_a_rule_is_turned_round_by_itself() {
    let admin = "acl office { \"10.0.0.0\"/8; } rules request first { when path under \"/admin\" and not (client.ip ~ office) -> deny 403; }";
    let only = |expected: &str| format!("{admin} {}", test("/admin", expected));
    assert_eq!(told(&only("not stored")), ["path under \"/admin\""]);
    assert_eq!(told(&only("status == 403")), [""; 0]);
    let office = "test \"b\" { request GET \"https://a.test/admin\" from 10.0.0.1; origin 200; expect status != 403; }";
    assert_eq!(told(&format!("{} {office}", only("not stored"))), ["path under \"/admin\""]);
    // Turned round it lets the office in no more.
    let and_office = format!("{admin} {office} {}", test("/admin", "not passed"));
    assert_eq!(told(&and_office), ["path under \"/admin\""]);
}

#[test]
fn what_is_one_of_several_is_left_out() {
    let live = "backend live { .host = \"192.0.2.2\"; } rules request first { when path under \"/live\" or path == \"/now\" -> backend live; }";
    let both = format!("{} {}", test("/live", "backend == live"), test("/", "backend == web"));
    assert_eq!(told(&format!("{live} {both}")), ["path == \"/now\""]);
    assert_eq!(told(&format!("{live} {both} {}", test("/now", "backend == live"))), [""; 0]);
    let turned = "backend live { .host = \"192.0.2.2\"; } sub recv { if (!(req.path != \"/live\" && req.path != \"/now\")) { set req.backend_hint = live; } }";
    assert_eq!(told(&format!("{turned} {both}")), ["req.path != \"/now\""]);
    assert_eq!(told(&format!("{turned} {both} {}", test("/now", "backend == live"))), [""; 0]);
}

#[test]
fn another_value_is_noticed() {
    let hosts = |policy: &str, tests: &[(&str, &str)]| {
        told(&format!("{policy} {}", tests.iter().map(|(path, expected)| test(path, expected)).collect::<String>()))
    };
    let under = "rules request first { when path under [\"/a\", \"/b\"] -> pass; }";
    assert_eq!(hosts(under, &[("/a", "passed"), ("/c", "not passed")]), ["\"/b\""]);
    assert_eq!(hosts(under, &[("/a", "passed"), ("/b", "passed"), ("/c", "not passed")]), [""; 0]);
    let not = "sub recv { if (req.path != \"/a\") { return (pass); } }";
    assert_eq!(hosts(not, &[("/b", "passed")]), ["req.path != \"/a\""]);
    assert_eq!(hosts(not, &[("/b", "passed"), ("/a", "not passed")]), [""; 0]);
    // Of extensions, and of more values than three, nobody tests each.
    for many in ["path ext [\"css\", \"js\"]", "path in [\"/a.css\", \"/b\", \"/c\", \"/d\"]"] {
        let policy = format!("rules request first {{ when {many} -> pass; }}");
        assert_eq!(hosts(&policy, &[("/a.css", "passed"), ("/x", "not passed")]), [""; 0], "{many}");
    }
}

#[test]
fn a_number_beside_it_is_noticed() {
    let answered = |status: u16, expected: &str| {
        format!("test \"{status}\" {{ request GET \"https://a.test/\"; origin {status} {{ }}; expect {expected}; }}")
    };
    let least = "sub backend_response { if (beresp.status >= 404) { set beresp.ttl = 7s; } }";
    let far = format!("{} {}", answered(410, "ttl == 7s"), answered(200, "ttl == 0s"));
    assert_eq!(told(&format!("{least} {far}")), ["beresp.status >= 404"]);
    assert_eq!(told(&format!("{least} {far} {}", answered(404, "ttl == 7s"))), [""; 0]);
    let range = "rules response first { when status in 301..308 -> ttl 7s; }";
    let within = format!("{} {}", answered(302, "ttl == 7s"), answered(200, "ttl == 0s"));
    assert_eq!(told(&format!("{range} {within}")), ["301..308"]);
    let ends = format!("{} {}", answered(301, "ttl == 7s"), answered(308, "ttl == 7s"));
    assert_eq!(told(&format!("{range} {within} {ends}")), [""; 0]);
    // Nobody writes another class of statuses by mistake.
    let class = "rules response first { when status in 400..499 -> ttl 7s; }";
    let answers = format!("{} {}", answered(404, "ttl == 7s"), answered(200, "ttl == 0s"));
    assert_eq!(told(&format!("{class} {answers}")), [""; 0]);
}

/// The test that is shown, pasted, comes to the rule, so that nothing is said of it any more.
#[test]
fn a_test_is_shown_for_what_proofs_do_not_look_into() {
    for rule in [
        "sub backend_response { if (std.integer(beresp.http.X-N, 0) > 5) { set beresp.ttl = 8s; } }",
        "sub recv { if (std.integer(req.query[\"page\"], 0) >= 100) { return (pass); } }",
        "sub recv { if (std.strlen(req.url) > 20) { return (synth(414)); } }",
        "sub recv { if (req.method == \"GET\" && std.strlen(req.http.X-Long) > 30) { return (synth(431)); } }",
        "sub recv { if (req.cookies[\"csrf\"] == req.http.X-Csrf) { return (pass); } }",
        "sub deliver { if (obj.hits > 2) { set resp.http.X-H = \"hot\"; } }",
        "sub deliver { if (obj.ttl > 30s) { set resp.http.X-T = \"fresh\"; } }",
    ] {
        let policy = format!("{BACKEND} {rule} {}", test("/a", "status == 200"));
        let findings = linted(&[("p.warp", &policy)]).diagnostics;
        let untested = findings.iter().find(|finding| finding.code.id() == "W0784");
        let help = untested.and_then(|finding| finding.help.as_deref()).unwrap_or_else(|| panic!("{rule}"));
        let shown =
            help.split_once("paste it: `").unwrap_or_else(|| panic!("{help} in {rule}")).1.trim_end_matches('`');
        assert!(!of(&format!("{policy} {shown}")).contains(&"W0784".to_owned()), "{shown} in {rule}");
    }
}

#[test]
fn a_rule_is_told_once() {
    let loose = test("/a", "status == 200");
    let policy = format!("rules request first {{ when path == \"/a\" and method == \"GET\" -> pass; }} {loose}");
    assert_eq!(told(&policy), ["path == \"/a\""]);
    let untested = format!("rules request first {{ when path == \"/b\" -> pass; }} {loose}");
    assert_eq!(of(&format!("{BACKEND} {untested}")), ["W0784"]);
    let otherwise = "if (beresp.status == 200) { set beresp.ttl = 9s; } else { set beresp.ttl = 1s; }";
    assert_eq!(of(&format!("{BACKEND} sub backend_response {{ {otherwise} }} {loose}")), ["W0784"]);
}

#[test]
fn what_no_test_can_see_is_nothing_to_be_tested() {
    let loose = test("/a", "status == 200");
    for policy in [
        "sub backend_fetch { if (bereq.http.X-A) { set bereq.http.X-A = \"b\"; } else { set bereq.http.X-C = \"d\"; } }",
        "sub recv { if (req.url == \"/a\") { std.log(\"a\"); } }",
        "const closed = false; sub recv { if (req.url == \"/a\" && !closed) { std.log(\"a\"); } }",
        "sub recv { if (req.url == \"/a\" || ratelimit(client.ip, 10, 1s)) { std.log(\"a\"); } }",
        "sub recv { if (req.restarts == 0) { return (hash); } }",
    ] {
        let codes = of(&format!("{BACKEND} {policy} {loose}"));
        assert!(!codes.contains(&"W0785".to_owned()), "{codes:?} in {policy}");
    }
}

#[test]
fn a_policy_of_a_site_is_looked_at_with_its_own_tests() {
    let main = "site \"a.test\" from \"a.warp\"; site \"b.test\" from \"a.warp\"; backend d { .host = \"192.0.2.9\"; }";
    let site = |expected: &str| {
        format!("warp 1;\n{BACKEND} rules request first {{ when path == \"/a\" -> pass; }} {}", test("/a", expected))
    };
    let codes = |expected: &str| found(&[("p.warp", main), ("a.warp", &site(expected))]);
    assert_eq!(codes("status == 200"), [("W0785".to_owned(), "path == \"/a\"".to_owned())]);
    assert_eq!(codes("passed"), [] as [(String, String); 0]);
}

/// Of thousands of rules, each of which tests could say more of, some are told, and that there are more.
#[test]
fn what_is_left_out_is_noted() {
    let rows: Vec<String> = (0..150).map(|at| format!("when path == \"/a{at}\" -> ttl {}s;\n", at + 1)).collect();
    let tests: Vec<String> = (0..150).map(|at| test(&format!("/a{at}"), "status == 200")).collect();
    let (rows, tests) = (rows.concat(), tests.concat());
    let codes = of(&format!("{BACKEND} rules response first {{ {rows} }} {tests}"));
    assert_eq!(codes.iter().filter(|code| *code == "W0785").count(), 100, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "W0917").count(), 1, "{codes:?}");
}

#[test]
fn what_always_holds_is_no_expectation() {
    let codes = |claim: &str| of(&format!("{BACKEND} {}", test("/a", claim)));
    for claim in [
        "stored or not stored",
        "not stored or stored",
        "not (stored and not stored)",
        "status == 503 or (status != 503 and passed) or not passed",
        "ttl >= 0s",
        "ttl < 5s or ttl >= 5s",
        "backend == web or backend != web",
        "resp.http.X == \"a\" or resp.http.X != \"a\"",
    ] {
        assert_eq!(codes(claim), ["W0786"], "{claim}");
    }
    for claim in [
        "not stored",
        "stored or not passed",
        "ttl >= 0s and not stored",
        "status == 200 or status != 503",
        "ttl < 5s or ttl > 5s",
    ] {
        assert_eq!(codes(claim), [""; 0], "{claim}");
    }
}
