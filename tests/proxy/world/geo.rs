//! Where clients are, as a database says.

use std::fs;

use serde_json::json;

use crate::support::Proxy;
use crate::support::mmdb::database;

fn country(name: &str) -> Vec<u8> {
    database(&[("127.0.0.0/8", json!({ "country": { "iso_code": name } }))])
}

#[test]
fn a_record_may_be_as_deep_as_it_likes() {
    let deep = (0..400).fold(json!("NL"), |inner, _| json!({ "country": inner }));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("geo.mmdb"), database(&[("127.0.0.0/8", deep)])).unwrap();
    let expression = "geo.lookup(client.ip, \"geo.mmdb\", \"country\") + geo.country(client.ip, \"geo.mmdb\") + \"-\"";
    fs::write(dir.path().join("policy.warp"), super::policy(expression, "")).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    assert_eq!(proxy.get("/").text(), "-");
}

#[test]
fn the_country_is_that_of_a_file_that_may_change() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("geo.mmdb"), country("NL")).unwrap();
    let expression = "geo.country(client.ip, \"geo.mmdb\") + geo.lookup(client.ip, \"geo.mmdb\", \"city.names.en\")";
    fs::write(dir.path().join("policy.warp"), super::policy(expression, "")).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    assert_eq!(proxy.get("/").text(), "NL");

    let put = |bytes: &[u8]| {
        proxy.change(|dir| {
            fs::write(dir.join("new"), bytes).unwrap();
            fs::rename(dir.join("new"), dir.join("geo.mmdb")).unwrap();
        });
    };
    let whole = country("BE");
    put(&whole[..whole.len() / 2]);
    proxy.wait_for_reload("rejected");
    assert_eq!(proxy.get("/").text(), "NL");

    // The length of a text that is longer than the file.
    let at = whole.windows(3).position(|part| part == b"\x42BE").unwrap();
    let broken = [&whole[..at], b"\x5F", &whole[at + 1..]].concat();
    put(&broken);
    let report = proxy.wait_for_reload("rejected");
    assert!(report["last_reload"]["diagnostics"].as_str().unwrap().contains("E0388"), "{report}");
    assert_eq!(proxy.get("/").text(), "NL");

    put(&whole);
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/").text(), "BE");
}
