//! Lifetimes that no response keeps.

use super::{all_have, found, none_has_any};

#[test]
fn a_lifetime_that_is_set_again_in_any_case() {
    all_have(
        "W0702",
        &[
            "sub backend_response { if (beresp.status == 404) { set beresp.ttl = 30s; } set beresp.ttl = 5m; }",
            "sub backend_response { call missing; call all; } sub missing { if (beresp.status == 404) { set beresp.grace = 30s; } } sub all { set beresp.grace = 5m; }",
            r#"rules response first { when path under "/a" -> ttl 1h; when path under "/b" -> ttl 5m; }
               sub backend_response { if (bereq.path ~ "^/a(/.*|$)") { set beresp.ttl = 10m; } }"#,
            r#"sub backend_response { if (!(bereq.path under "/a")) { } else { set beresp.keep = 1h; }
               if (bereq.path under "/a") { if (!(beresp.status != 200)) { set beresp.keep = 2h; } else { set beresp.keep = 3h; } } }"#,
            "sub backend_response { if (beresp.status in 500..599) { set beresp.ttl = 1s; } if (beresp.status > 499) { set beresp.ttl = 2s; } }",
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\"; rules response first { else -> ttl 5m; }"),
        ("a.warp", "rules response first { when status == 404 -> ttl 30s; }"),
    ];
    assert_eq!(found(&files), ["W0702 ttl 30s"]);
}

#[test]
fn lifetimes_that_some_response_keeps_are_fine() {
    none_has_any(&[
        "sub backend_response { set beresp.ttl = 5m; if (beresp.status == 404) { set beresp.ttl = 30s; } }",
        "sub backend_response { if (beresp.status == 404) { set beresp.ttl = 30s; return (deliver); } set beresp.ttl = 5m; } override builtin.set_cookie { }",
        "sub backend_response { if (beresp.status == 404) { set beresp.ttl = 30s; } if (beresp.ttl < 5m) { set beresp.ttl = 5m; } }",
        "sub backend_response { if (beresp.status in 400..499) { set beresp.ttl = 30s; } if (beresp.status == 404) { set beresp.ttl = 5m; } }",
        "rules response first { when status == 404 -> ttl 30s; when status in 400..499 -> ttl 5m; else -> ttl 1h; }",
        "sub backend_response { if (beresp.status == 404) { set beresp.ttl = 30s; } else { set beresp.ttl = 5m; } }",
    ]);
}

#[test]
fn a_lifetime_of_what_passes() {
    all_have(
        "W0703",
        &[
            r#"rules request first { when path under "/api" -> pass; } rules response first { when path under "/api/a" -> ttl 1m; }"#,
            r#"sub recv { if (req.path under "/api") { return (pass); } } sub backend_response { if (bereq.path under "/api") { set beresp.ttl = 1m; } }"#,
            r#"sub recv { call api; } sub api { if (req.path under "/api") { return (pass); } }
               sub backend_response { call times; } sub times { if (bereq.path == "/api/x") { set beresp.grace = 1m; } }"#,
            "sub backend_response { if (bereq.uncacheable) { set beresp.ttl = 1m; } }",
            r#"sub backend_response { if (!(bereq.method != "POST" || beresp.status != 200)) { set beresp.ttl = 1m; } }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\"; rules response first { when path under \"/api\" -> ttl 1m; }"),
        ("a.warp", "rules request first { when path under \"/api\" -> pass; }"),
    ];
    assert_eq!(found(&files), ["W0703 ttl 1m"]);
    none_has_any(&[
        r#"rules request first { when path under "/api" and method == "POST" -> pass; } rules response first { when path under "/api" -> ttl 1m; }"#,
        "sub recv { if (req.http.X) { return (pass); } } sub backend_response { set beresp.ttl = 1m; }",
        r#"sub backend_response { if (bereq.path under "/api") { set beresp.ttl = 2m; set beresp.uncacheable = true; } }"#,
    ]);
}
