//! Promises about what keys are made of.

use super::verdict;

#[test]
fn a_host_may_have_a_port() {
    let claim = "stored => key contains std.tolower(req.http.Host)";
    assert_eq!(verdict("key { req.host; req.url; }", claim), "GET \"https://www.example.com:8080/\"");
    assert_eq!(verdict("normalize req { host lower; } key { req.http.Host; req.url; }", claim), "proved");
}

#[test]
fn a_key_of_hosts_has_another_one_for_another_host() {
    let claim = "key excludes header \"Host\"";
    assert!(verdict("key { req.host; req.url; }", claim).starts_with("GET "));
    assert_eq!(verdict("sub hash { hash_data(req.url); return (lookup); }", claim), "proved");
}

#[test]
fn what_a_client_likes_best_is_made_of_one_field() {
    let policy = "
        normalize req { query drop [\"utm_*\"]; }
        sub recv { set req.http.X-Lang = req.accept.language([\"en\", \"de\"]) ?? \"en\"; }
        key { req.url; req.http.X-Lang; }";
    for proved in ["key excludes query \"utm_source\"", "key excludes header \"Accept\" and key excludes cookie \"x\""]
    {
        assert_eq!(verdict(policy, proved), "proved", "{proved}");
    }
    assert_ne!(verdict(policy, "key excludes header \"Accept-Language\""), "proved");
    assert_eq!(verdict(policy, "not url ~ \"fr\" and stored => not key contains \"fr\""), "proved");
    assert_ne!(verdict(policy, "not url ~ \"de\" and stored => not key contains \"de\""), "proved");
}

/// What the policy puts together itself may have the part anywhere, also where `normalize` looks for it.
#[test]
fn what_is_made_of_a_part_keeps_it() {
    let of_query = "key excludes query \"q\"";
    for policy in [
        "sub recv { set req.url = \"/\" + req.query[\"q\"] + req.url; } key { req.host; req.path; }",
        "sub recv { set req.url = req.path + \"?z=\" + req.query[\"q\"]; } key { req.query[\"z\"]; }",
        "sub recv { set req.url = req.url + \"&lang=de\"; } normalize req { query drop [\"q\"]; } key { req.url; }",
        "sub recv { set req.url = req.url + \"/x\"; } key { req.path; }",
        "sub recv { set req.url = regsub(req.url, \"[?]q=\", \"?z=\"); } normalize req { query drop [\"q\"]; } key { req.url; }",
    ] {
        assert_ne!(verdict(policy, of_query), "proved", "{policy}");
    }
    let of_cookie = "key excludes cookie \"c\"";
    for policy in [
        "sub recv { set req.http.Cookie = \"z=\" + req.cookies[\"c\"]; } key { req.cookies[\"z\"]; }",
        "sub recv { set req.http.Cookie = \"z=\" + req.cookies[\"c\"]; } normalize req { cookie keep [\"z\"]; } key { req.http.Cookie; }",
    ] {
        let policy = format!("override builtin.cookie {{ }} {policy}");
        assert_ne!(verdict(&policy, of_cookie), "proved", "{policy}");
    }
    let normalized = "normalize req { path merge_slashes, resolve_dots; query drop [\"q\"]; query sort; cookie keep [\"z\"]; } key { req.url; req.cookies[\"z\"]; }";
    for claim in [of_query, of_cookie] {
        assert_eq!(verdict(normalized, claim), "proved", "{claim}");
    }
}
