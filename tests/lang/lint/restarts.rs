//! Restarts and retries that nothing ends but the limit.

use super::{all_have, found, none_has_any};

#[test]
fn a_request_that_begins_again_and_again() {
    all_have(
        "W0520",
        &[
            r#"sub recv { if (req.url == "/old") { return (restart); } }"#,
            r#"sub deliver { if (resp.status == 404) { set req.url = "/missing"; return (restart); } }"#,
            "sub deliver { call again; } sub again { if (resp.http.X-Again) { return (restart); } }",
            r#"sub miss { if (req.path under "/a") { return (restart); } }"#,
            "sub deliver { if (!(resp.status < 500)) { return (restart); } }",
            "sub hit { if (obj.status == 404) { return (restart); } }",
            r"sub hit { if (obj.http.X-Old) { return (restart); } }",
        ],
    );
    let files =
        [("p.warp", "include \"a.warp\";"), ("a.warp", "sub recv { if (req.url == \"/a\") { return (restart); } }")];
    assert_eq!(found(&files), ["W0520 return (restart);"]);
    none_has_any(&[
        r#"sub recv { if (req.url == "/old") { set req.url = "/new"; return (restart); } }"#,
        r#"sub deliver { if (resp.status == 404 && req.restarts == 0) { set req.url = "/missing"; return (restart); } }"#,
        r#"sub deliver { if (resp.status == 404 && req.url != "/missing") { set req.url = "/missing"; return (restart); } }"#,
        r#"sub deliver { if (!req.http.X-Again && resp.status == 503) { set req.http.X-Again = "1"; return (restart); } }"#,
        "sub deliver { if (req.restarts < 2) { return (restart); } }",
        "sub hit { if (obj.status == 404) { set req.hash_always_miss = true; return (restart); } }",
    ]);
}

#[test]
fn a_fetch_that_begins_again_and_again() {
    all_have(
        "W0521",
        &[
            "sub backend_response { if (beresp.status == 503) { return (retry); } }",
            "rules response first { when status in 500..599 -> call again; } sub again { return (retry); }",
            "sub backend_response { if (!(beresp.status < 500)) { return (retry); } }",
            r#"sub backend_response { if (beresp.status >= 500) { if (bereq.method == "GET") { return (retry); } } }"#,
            "sub backend_response { if (beresp.http.X-Busy) { return (retry); } }",
            "sub backend_error { return (retry); }",
            "sub backend_error { if (beresp.status == 503) { return (retry); } }",
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub backend_response { if (beresp.status == 503) { return (retry); } }"),
    ];
    assert_eq!(found(&files), ["W0521 return (retry);"]);
    none_has_any(&[
        "sub backend_response { if (beresp.status == 503 && bereq.retries == 0) { return (retry); } }",
        "sub backend_response { if (beresp.status == 503) { if (bereq.retries < 2) { return (retry); } } }",
        "sub backend_error { if (bereq.retries == 0) { return (retry); } }",
    ]);
}
