//! Promises about what keys are made of.

use super::verdict;

#[test]
fn a_host_may_have_a_port() {
    let claim = "stored => key contains std.tolower(req.http.Host)";
    assert_eq!(verdict("key { req.host; req.url; }", claim), "GET \"https://www.example.com:8080/\"");
    assert_eq!(verdict("normalize req { host lower; } key { req.http.Host; req.url; }", claim), "proved");
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
}
