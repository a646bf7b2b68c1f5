//! What anybody may do to what is stored.

use super::{all_have, codes, found, linted, none_has_any};

#[test]
fn a_purge_that_is_open_to_all() {
    all_have(
        "W0806",
        &[
            r#"sub recv { if (req.method == "PURGE") { return (purge); } }"#,
            r#"rules request first { when method == "PURGE" -> purge soft; }"#,
            r#"sub recv { call remove; } sub remove { if (req.method == "PURGE") { return (purge); } }"#,
            r#"acl blocked { "10.0.0.0"/8; } rules request first { when client.ip ~ blocked -> deny 403; when method == "PURGE" -> purge; }"#,
            r#"acl editors { "10.0.0.0"/8; } sub recv { if (req.method != "PURGE" || client.ip !~ editors && req.url == "/") { return (pass); } return (purge); }"#,
            r#"acl all { "0.0.0.0"/0; "::"/0; } sub recv { if (req.method == "PURGE" && client.ip ~ all) { return (purge); } }"#,
            r#"acl all { "0.0.0.0"/1; "128.0.0.0"/1; ! "192.0.2.66"; } rules request first { when method == "PURGE" and client.ip !~ all -> deny 403; when method == "PURGE" -> purge; }"#,
            r#"acl all { "::"/0; } acl editors { "10.0.0.0"/8; } sub recv { if (req.method == "PURGE") { if (client.ip !~ all && client.ip !~ editors) { return (synth(403)); } return (purge); } }"#,
            r#"sub recv { if (req.method == "PURGE" && req.http.X-Forwarded-For ~ "^10\.0\.") { return (purge); } }"#,
            r#"sub recv { if (req.method == "PURGE" && req.http.X-Real-IP == "10.0.0.7") { return (purge); } }"#,
            r#"sub recv { if (req.method == "PURGE" && regsub(req.http.X-Forwarded-For, ",.*$", "") == "198.51.100.77") { return (purge); } }"#,
            r#"sub recv { if (req.method == "PURGE") { if (req.http.Referer != "https://a.example/admin") { return (synth(403)); } return (purge); } }"#,
            r#"sub recv { if (req.method == "BAN") { ban where obj.http.X == req.http.X; return (synth(200)); } }"#,
            r#"sub recv { if (req.http.X-Tags && req.method == "PURGE") { std.purge_tags(req.http.X-Tags); return (synth(200)); } }"#,
        ],
    );
    let files =
        [("p.warp", "include \"a.warp\";"), ("a.warp", "rules request first { when method == \"PURGE\" -> purge; }")];
    assert_eq!(found(&files), ["W0806 purge"]);
}

const EDITORS: &str = "acl editors { \"localhost\"; \"10.0.0.0\"/8; ! \"10.0.0.1\"; \"192.0.2.0\"/24; }";

#[test]
fn a_purge_for_addresses_that_clients_write() {
    for text in [
        r#"sub recv { if (req.method == "PURGE" && std.ip(req.http.X-Client-IP, "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE") { if (std.ip(req.http.X-Real-IP, client.ip) !~ editors) { return (synth(403)); } return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE" && (client.ip ~ editors || std.ip(req.http.True-Client-IP, "0.0.0.0") ~ editors)) { return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE" && std.ip(str.split(req.http.X-Forwarded-For, 1, separators: ","), "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE" && std.ip(regsub(req.http.Forwarded, "^.*for=([^;,]+).*$", "\1"), "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { let from = std.ip(req.http.X-Real-IP, "0.0.0.0"); if (req.method == "PURGE" && from ~ editors) { return (purge); } }"#,
        r#"fn from(f: STRING) -> IP { return std.ip(f, "0.0.0.0"); } sub recv { if (req.method == "PURGE" && from(req.http.X-Real-IP) ~ editors) { return (purge); } }"#,
        r#"sub recv { call check; if (req.method == "PURGE") { return (purge); } } sub check { if (std.ip(req.http.X-Real-IP, "0.0.0.0") !~ editors) { return (pass); } }"#,
        r#"sub recv { set req.http.X-Forwarded-For = req.http.X-Forwarded-For + ", " + client.ip;
           if (req.method == "PURGE" && std.ip(regsub(req.http.X-Forwarded-For, ",.*$", ""), "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"rules request first { when method == "PURGE" and std.ip(req.http.X-Real-IP, "0.0.0.0") !~ editors -> deny 403; when method == "PURGE" -> purge; }"#,
        r#"sub recv { if (req.method == "BAN" && std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { ban where obj.http.X == req.http.X; return (synth(200)); } }"#,
    ] {
        assert_eq!(codes(&format!("{EDITORS} {text}")), ["W0806"], "{text}");
    }
    let refresh =
        r#"sub recv { if (std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { set req.hash_always_miss = true; } }"#;
    assert_eq!(codes(&format!("{EDITORS} {refresh}")), ["W0807"]);
    let purge = r#"acl office { "10.0.0.0"/8; } sub recv { if (req.method == "PURGE" && std.ip(req.http.X-Real-IP, "0.0.0.0") ~ office) { return (purge); } }"#;
    let help = linted(&[("p.warp", purge)]).diagnostics.into_iter().find_map(|finding| finding.help).unwrap();
    assert!(help.starts_with("a client may write what it likes into `X-Real-Ip`"), "{help}");
    assert!(help.contains(r#"{ X-Real-Ip: "10.0.0.1" }"#), "{help}");
}

#[test]
fn addresses_that_the_policy_or_warp_writes_are_known() {
    for text in [
        // warp adds the client's own address behind what it says.
        r#"sub recv { if (req.method == "PURGE" && std.ip(req.http.X-Forwarded-For, "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE" && std.ip(regsub(req.http.X-Forwarded-For, "^.*, *", ""), "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { set req.http.X-Forwarded-For = client.ip; if (req.method == "PURGE" && std.ip(req.http.X-Forwarded-For, "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { unset req.http.X-Real-IP; set req.http.X-Real-IP = "" + client.ip; if (req.method == "PURGE" && std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { if (client.ip !~ proxies) { unset req.http.X-Real-IP; } if (req.method == "PURGE" && std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { return (purge); } }
           acl proxies { "203.0.113.0"/24; }"#,
        r#"sub recv { if (req.method == "PURGE" && client.ip ~ editors && std.ip(req.http.X-Real-IP, client.ip) ~ editors) { return (purge); } }"#,
        r#"sub recv { if (req.method == "PURGE" && req.http.X-Key == "s3cret-of-editors" && std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { return (purge); } }"#,
        r#"sub recv { if (std.ip(req.http.X-Real-IP, "0.0.0.0") ~ editors) { set req.http.X-Staff = "1"; } if (req.method == "PURGE" && client.ip ~ editors) { return (purge); } }"#,
    ] {
        assert_eq!(codes(&format!("{EDITORS} {text}")), [""; 0], "{text}");
    }
}

#[test]
fn a_fetch_anew_that_is_open_to_all() {
    all_have(
        "W0807",
        &[
            r#"sub recv { if (req.http.Cache-Control ~ "no-cache") { set req.hash_always_miss = true; } }"#,
            r#"sub recv { set req.hash_always_miss = req.method == "REFRESH"; }"#,
            r#"sub recv { call anew; } sub anew { if (req.query has "refresh") { set req.hash_always_miss = true; } }"#,
            r#"rules request first { when header "X-Refresh" -> set req.hash_always_miss = true; }"#,
            r#"sub recv { if (!(req.url == "/")) { set req.hash_always_miss = true; } }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub recv { if (req.http.X) { set req.hash_always_miss = true; } }"),
    ];
    assert_eq!(found(&files), ["W0807 set req.hash_always_miss = true;"]);
}

#[test]
fn what_asks_who_it_is_is_fine() {
    none_has_any(&[
        "sub recv { if (req.http.X && !ratelimit(key: client.ip, limit: 5, per: 1m)) { set req.hash_always_miss = true; } }",
        r#"acl editors { "10.0.0.0"/8; } sub recv { if (req.method == "PURGE" && client.ip ~ editors) { return (purge); } }"#,
        r#"acl editors { "10.0.0.0"/8; } rules request first { when method == "PURGE" and client.ip !~ editors -> deny 403; when method == "PURGE" -> purge; }"#,
        r#"sub recv { if (req.method == "PURGE") { if (req.http.X-Key != "s3cret-of-editors") { return (synth(403)); } return (purge); } }"#,
        r#"sub recv { if (client.ip == "10.0.0.1") { set req.hash_always_miss = true; } }"#,
        r#"acl others { "0.0.0.0"/0; "::"/0; ! "10.0.0.0"/8; } rules request first { when client.ip ~ others -> deny 403; when method == "PURGE" -> purge; }"#,
        r#"acl site { "fc00::"/7; "fe80::"/10; "10.0.0.0"/8; "172.16.0.0"/12; } sub recv { if (req.method == "PURGE" && client.ip ~ site) { return (purge); } }"#,
        r#"acl editors { "10.0.0.0"/8; } sub recv { call check; if (req.method == "BAN") { ban where obj.http.X == req.http.X; } }
           sub check { if (client.ip !~ editors) { return (pass); } }"#,
        r#"table keys: STRING -> STRING { "0123456789abcdef": "editor" }
           sub recv { if (req.method == "PURGE") { if (!keys[req.http.X-Key]) { return (synth(403)); } return (purge); } }"#,
    ]);
}

#[test]
fn who_asks_for_another_host_is_at_another_site() {
    let site = |rows: &str| {
        let rows = format!("warp 1; backend web {{ .host = \"127.0.0.1\"; }} rules request first {{ {rows} }}");
        found(&[("p.warp", "site \"shop.test\" from \"shop.warp\";"), ("shop.warp", &rows)])
    };
    assert_eq!(site(r#"when host == "other.test" and method == "PURGE" -> purge;"#), [""; 0]);
    assert_eq!(site(r#"when host == "shop.test" and method == "PURGE" -> purge;"#), ["W0806 purge"]);
}

/// Who may purge is asked, and cookies are another matter.
const KEYED: &str = "acl office { \"192.0.2.0\"/24; } key { req.host; req.url; req.http.X-Currency; }";
const SET: &str = "set req.http.X-Currency = std.tolower(req.query[\"currency\"] ?? \"eur\");";

#[test]
fn a_purge_before_the_key_is_made() {
    let purge = "if (req.method == \"PURGE\" && client.ip ~ office) { return (purge); }";
    for policy in [
        format!("sub recv {{ {purge} {SET} }}"),
        format!("sub recv {{ call a; {SET} }} sub a {{ {purge} }}"),
        format!(
            "rules request first {{ when method == \"PURGE\" and client.ip ~ office -> purge; }} sub recv {{ {SET} }}"
        ),
        format!(
            "sub recv {{ if (req.method != \"PURGE\") {{ {SET} }} else {{ if (client.ip ~ office) {{ return (purge); }} return (synth(403)); }} }}"
        ),
        format!("sub recv {{ if (req.method == \"PURGE\" && client.ip ~ office) {{ return (purge(soft)); }} {SET} }}"),
    ] {
        let policy = format!("{KEYED} {policy}");
        assert_eq!(codes(&policy), ["W0746"], "{policy}");
    }
    for policy in [
        format!("sub recv {{ {SET} {purge} }}"),
        format!("sub recv {{ {purge} if (req.url ~ \"^/a\") {{ {SET} }} }}"),
        format!("sub recv {{ {purge} }}"),
        format!("sub recv {{ unset req.http.X-Currency; {purge} {SET} }}"),
    ] {
        let policy = format!("{KEYED} {policy}");
        assert!(!codes(&policy).contains(&"W0746".to_owned()), "{policy}");
    }
}
