//! Keys without the query, which the backend is asked for.

use super::{Spellings, help, of};

const BACKEND: &str = "backend default { .host = \"192.0.2.1\"; }";

#[test]
fn a_key_that_leaves_out_the_query() {
    let policies = [
        "key { req.host; req.path; FLAW }",
        "sub x { hash_data(req.host); FLAW } sub hash { hash_data(req.path); call x; return (lookup); }",
        "rules request first { when method == \"PUT\" -> pass; } override builtin.key { hash_data(req.host + req.path); FLAW }",
        "include \"part.warp\";----key { req.host; req.path; FLAW }",
        "sub hash { hash_data(req.host); if (!(req.path under \"/a\")) { hash_data(req.url); } else { hash_data(req.path); FLAW } return (lookup); }",
        "sub hash { hash_data(req.host); hash_data(regsub(req.url, \"\\?.*$\", \"\")); FLAW return (lookup); }",
        "sub recv { set req.http.X-K = req.host + req.path; } sub hash { hash_data(req.http.X-K); FLAW return (lookup); }",
        "fn where(h: STRING, p: STRING) -> STRING { return h + p; } sub hash { hash_data(where(req.host, req.path)); FLAW return (lookup); }",
        "normalize req { query keep [\"page\", \"utm_*\"], sort; } key { req.host; req.path; FLAW }",
        "sub recv { if (req.query has \"preview\") { return (pass); } } key { req.host; req.path; FLAW }",
    ]
    .map(|policy| format!("{BACKEND} {policy}"));
    for policy in &policies {
        let cure = if policy.contains("key { req") { "req.query sorted;" } else { "hash_data(req.url);" };
        Spellings { code: "W0741", flaw: "", cure, policies: &[policy] }.hold();
        let some =
            if policy.contains("key { req") { "req.query[\"page\"];" } else { "hash_data(req.query[\"page\"]);" };
        assert_eq!(of(&policy.replace("FLAW", some)), [""; 0], "{policy}");
    }
    let shown = help(&policies[0].replace("FLAW", ""));
    assert!(shown.contains("`req.query sorted;`") && shown.contains("?q=2") && shown.contains("?q=1"), "{shown}");
}

#[test]
fn a_query_that_the_backend_is_not_sent() {
    for policy in [
        "normalize req { query drop [\"*\"]; } key { req.host; req.path; }",
        "sub recv { set req.url = req.path; } key { req.host; req.path; }",
        "sub recv { set req.url = regsub(req.url, \"\\?.*$\", \"\"); } key { req.host; req.path; }",
        "key { req.host; req.path; } sub backend_fetch { set bereq.url = bereq.path; }",
        "sub recv { if (req.url ~ \"\\?\") { return (pass); } } key { req.host; req.path; }",
        "rules request first { when path under \"/\" -> pass; } key { req.host; req.path; }",
        "sub hash { hash_data(req.host); hash_data(regsuball(req.url, \"[?&]utm_[^&]*\", \"\")); return (lookup); }",
        "sub hash { hash_data(req.host); hash_data(regsub(req.url, \"^([^?]*)(?:.*?(page=[0-9]+))?.*$\", \"\\1\\2\")); return (lookup); }",
    ] {
        assert!(!of(&format!("{BACKEND} {policy}")).contains(&"W0741".to_owned()), "{policy}");
    }
}

#[test]
fn the_address_of_a_client_in_the_key() {
    for field in ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded"] {
        Spellings {
            code: "W0915",
            flaw: field,
            cure: "X-Device",
            policies: &[
                "sub hash { hash_data(req.http.FLAW); }",
                "sub a { hash_data(std.tolower(req.http.FLAW)); } sub hash { call a; }",
                "key { req.host; req.url; req.http.FLAW; }",
                "include \"part.warp\";----sub backend_response { header.append(beresp.http.Vary, \"FLAW\"); }",
                "sub hash { if (!(req.method != \"GET\")) { if (req.path under \"/a/\") { hash_data(req.http.FLAW ?? \"\"); } } }",
            ],
        }
        .hold();
    }
    for policy in [
        "sub recv { set req.http.X-Who = client.ip; } sub hash { hash_data(req.http.X-Who); }",
        "sub recv { set req.http.X-Forwarded-For = req.http.X-Forwarded-For + \", \" + client.ip; } sub hash { hash_data(req.http.X-Forwarded-For); }",
        "sub hash { hash_data(std.ip(req.http.X-Real-IP, \"0.0.0.0\")); }",
    ] {
        assert_eq!(of(policy), ["W0915"], "{policy}");
    }
    let few = "sub recv { set req.http.X-Real-IP = \"office\"; } sub hash { hash_data(req.http.X-Real-IP); }";
    assert_eq!(of(few), [""; 0]);
}
