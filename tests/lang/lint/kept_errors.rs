//! Errors that are stored as long as pages.

use super::{all_have, found, none_has_any};

#[test]
fn an_error_that_is_stored_for_long() {
    all_have(
        "W0706",
        &[
            "sub backend_response { set beresp.ttl = 1d; }",
            r#"sub x { if (bereq.path ext "css") { set beresp.ttl = 7d; } } sub backend_response { call x; }"#,
            r#"rules response first { when status == 404 -> ttl 1m; when path under "/static/" -> ttl 1d, grace 1h; }"#,
            "const LONG = 2h; sub backend_response { if (!(beresp.status == 404 || beresp.status < 301)) { set beresp.ttl = LONG; } }",
            r#"sub backend_response { match bereq.path { under "/static/" -> { set beresp.ttl = 1d; } } }"#,
            "sub backend_response { let s = beresp.status; if (s != 404) { set beresp.ttl = 1d; } }",
        ],
    );
    let files = [("p.warp", "include \"a.warp\";"), ("a.warp", "rules response first { else -> ttl 1d; }")];
    assert_eq!(found(&files), ["W0706 ttl 1d"]);
}

#[test]
fn an_error_that_is_short_or_never_stored() {
    none_has_any(&[
        "sub backend_response { set beresp.ttl = 1h; }",
        "rules response first { when status in 500..599 -> uncacheable; else -> ttl 1d; }",
        "rules response first { when status >= 400 -> ttl 10s; else -> ttl 1d; }",
        "sub backend_response { if (beresp.status == 200) { set beresp.ttl = 1d; } }",
        "sub backend_response { set beresp.ttl = 1d; if (beresp.status > 499) { set beresp.ttl = 1s; } }",
        "sub backend_response { if (beresp.status >= 500) { return (error(503)); } set beresp.ttl = 1d; }",
        "sub backend_response { if (beresp.status >= 500 && bereq.retries < 2) { return (retry); } if (beresp.status >= 500) { set beresp.uncacheable = true; } set beresp.ttl = 1d; }",
        "rules response first { when (beresp.cache_control.max_age ?? 0s) > 1d -> ttl 1d; }",
    ]);
}
