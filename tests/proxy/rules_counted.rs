//! `/rules`: how often each rule of the policy decided.

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
