//! What is told of sites: in `Cache-Status`, in the log, by the admin listener.

use std::fs;

use super::{BY_URL, Farm};
use crate::support::until;

#[test]
fn cache_status_names_the_site_and_the_line_of_its_policy() {
    let farm = Farm::alike(BY_URL);
    let status = farm.get("www.a.test", "/page").cache_status();
    assert_eq!(status.parameters["key"], "a.test: /page");
    assert_eq!(farm.get("c.test", "/page").cache_status().parameters["key"], "/page");
    let farm = Farm::with("", "sub recv {\n    return (pass);\n}\n", "", &[]);
    assert_eq!(farm.get("a.test", "/page").cache_status().parameters["detail"], "policy a.warp:4");
}

#[test]
fn rules_are_counted_by_site() {
    let farm = Farm::alike("sub recv { if (req.url == \"/1\") { return (synth(204)); } }");
    for host in ["a.test", "www.a.test", "c.test"] {
        farm.get(host, "/1");
    }
    let rules = farm.proxy.rules();
    let counted = |rule: &serde_json::Value| {
        let file = rule["condition"].as_str()?.rsplit('/').next()?.split(':').next()?.to_owned();
        (rule["step"] == "recv" && ["policy.warp", "a.warp", "b.warp"].contains(&file.as_str()))
            .then(|| (rule["site"].as_str().map(str::to_owned), file, rule["decided"].as_u64().unwrap()))
    };
    let own: Vec<_> = rules.as_array().unwrap().iter().filter_map(counted).collect();
    let expected = [(None, "policy.warp", 1), (Some("a.test"), "a.warp", 2), (Some("b.test"), "b.warp", 0)];
    assert_eq!(own, expected.map(|(site, file, times)| (site.map(str::to_owned), file.to_owned(), times)));
}

#[test]
fn the_log_names_the_site_and_its_backend() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let farm = Farm::with("", "", "", &["--access-log", log.path().to_str().unwrap(), "--log-format", "json"]);
    farm.get("c.test", "/page");
    farm.get("www.a.test", "/page");
    let lines: Vec<serde_json::Value> = until("two lines", || {
        let text = fs::read_to_string(log.path()).unwrap();
        (text.lines().count() == 2).then(|| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    });
    let told = lines.iter().map(|line| (line["site"].as_str(), line["backend"].as_str())).collect::<Vec<_>>();
    assert_eq!(told, [(None, Some("default")), (Some("a.test"), Some("a.test/default"))]);
}

#[test]
fn the_status_lists_the_sites() {
    let farm = Farm::alike("");
    let policy = farm.proxy.policy();
    let sites = policy["sites"].as_array().unwrap();
    assert_eq!(sites.len(), 2);
    assert_eq!((&sites[0]["name"], &sites[0]["hosts"][1]), (&"a.test".into(), &"*.a.test".into()));
    assert!(sites[0]["file"].as_str().unwrap().ends_with("sites/a.warp"), "{sites:?}");
    let (text, _) = farm.proxy.warp_status();
    assert!(
        text.contains("site       a.test, *.a.test from ") && text.contains("backend    a.test/default at "),
        "{text}"
    );
}
