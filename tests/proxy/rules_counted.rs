//! `/rules`: how often each rule of the policy decided.

use std::fs;

use crate::support::{Origin, Proxy};

/// How often the rules of `recv` decided that stand in the policy file, by the line and column of their condition.
fn decided(proxy: &Proxy) -> Vec<(String, u64)> {
    let rules = proxy.rules();
    let own = rules.as_array().expect("a list").iter().filter(|rule| rule["step"] == "recv").filter_map(|rule| {
        let place = rule["condition"].as_str()?.split_once("policy.warp:")?.1;
        Some((place.to_owned(), rule["decided"].as_u64()?))
    });
    own.collect()
}

#[test]
fn each_rule_counts_the_requests_that_it_decided() {
    let origin = Origin::start();
    let policy = "sub recv { if (req.path == \"/a\") { return (synth(204)); } else if (req.path under \"/b\") { return (pass); } }";
    let proxy = Proxy::before(&origin, policy);
    let before = decided(&proxy);
    assert_eq!(before.iter().map(|(_, times)| times).collect::<Vec<_>>(), [&0, &0]);
    let mut client = proxy.client();
    for path in ["/a", "/b/1", "/b/2", "/c", "/a"] {
        client.get(path).send();
    }
    let after = decided(&proxy);
    assert_eq!(after.iter().map(|(_, times)| times).collect::<Vec<_>>(), [&2, &2]);
    assert_eq!(
        before.iter().map(|(place, _)| place).collect::<Vec<_>>(),
        after.iter().map(|(place, _)| place).collect::<Vec<_>>()
    );
}

#[test]
fn a_change_of_a_table_leaves_the_counters_as_they_are() {
    let origin = Origin::start();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("blocked.csv"), "mallory,1\n").unwrap();
    let policy = |condition: &str| {
        let recv = format!("sub recv {{ if ({condition}) {{ return (synth(403)); }} }}\n");
        format!("warp 1;\n{}table blocked from \"blocked.csv\";\n{recv}", origin.backend())
    };
    fs::write(dir.path().join("policy.warp"), policy("blocked has req.http.K")).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let times = || decided(&proxy).into_iter().map(|(_, times)| times).collect::<Vec<_>>();
    let ask = |key: &str| proxy.client().get("/").header("K", key).send().status;
    assert_eq!((ask("mallory"), times()), (403, vec![1]));
    proxy.change(|dir| fs::write(dir.join("blocked.csv"), "eve,1\n").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!((ask("eve"), times()), (403, vec![2]));
    proxy.write_policy(policy("blocked has req.http.Key"));
    proxy.wait_for_reload("ok");
    assert_eq!(times(), [0], "it is another rule");
}

#[test]
fn the_arms_of_a_match_within_a_match_are_rules() {
    let origin = Origin::start();
    let policy = r#"sub recv {
    set req.http.X = match req.path {
        "/a" -> match req.http.K { "1" -> "one"; else -> "other"; };
        else -> match req.http.L ?? req.method { "GET" -> "get"; else -> "else"; };
    };
    return (synth(200, req.http.X));
}"#;
    let proxy = Proxy::before(&origin, policy);
    let ask = |path: &str, key: &str| proxy.client().get(path).header("K", key).send().reason;
    assert_eq!(
        ["/a 1", "/a 2", "/b 1"].map(|asked| asked.split_once(' ').map(|(path, key)| ask(path, key)).unwrap()),
        ["one", "other", "get"]
    );
    let times: Vec<u64> = decided(&proxy).into_iter().map(|(_, times)| times).collect();
    assert_eq!(times, [2, 1, 1]);
}

#[test]
fn what_stands_behind_else_and_in_the_built_in_policy_has_a_place() {
    let origin = Origin::start();
    let policy =
        "sub recv {\n    if (req.path == \"/a\") { return (synth(204)); }\n    else { return (synth(404)); }\n}";
    let proxy = Proxy::before(&origin, policy);
    proxy.get("/b");
    let rules = proxy.rules();
    let rules = rules.as_array().expect("a list");
    let other = rules.iter().find(|rule| rule["decided"] == 1).expect("a rule");
    let line = |rule: &serde_json::Value| {
        let place = rule["place"].as_str().expect("a place").split_once("policy.warp:").expect("in the policy").1;
        place.split(':').next().and_then(|line| line.parse::<usize>().ok()).expect("a line")
    };
    assert!(other["condition"].is_null(), "{other}");
    let arm = rules.iter().find(|rule| rule["condition"].as_str().is_some_and(|place| place.contains("policy.warp")));
    assert_eq!(line(other), line(arm.expect("the arm")) + 1);
    let names: Vec<&str> = rules.iter().filter_map(|rule| rule["condition"].as_str()).collect();
    assert!(names.contains(&"builtin.set_cookie") && !names.iter().any(|name| name.contains('<')), "{names:?}");
}
