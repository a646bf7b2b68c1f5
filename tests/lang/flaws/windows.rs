use super::{Spellings, of};

#[test]
fn a_window_for_errors_that_ends_within_the_grace() {
    Spellings {
        code: "W0704",
        flaw: "10m",
        cure: "1d",
        policies: &[
            "sub backend_response { set beresp.grace = 1h; set beresp.stale_if_error = FLAW; }",
            "sub x { set beresp.stale_if_error = FLAW; set beresp.grace = 1h; } sub backend_response { call x; }",
            "rules response first { when status == 200 -> grace 1h, set beresp.stale_if_error = FLAW; }",
            "include \"part.warp\";----sub backend_response { set beresp.grace = 600s; set beresp.stale_if_error = FLAW; }",
            "const E = FLAW; sub backend_response { if (!(beresp.status != 200)) { if (bereq.path under \"/a\") { set beresp.grace = 1h; set beresp.stale_if_error = E; } } }",
            "sub backend_response { match beresp.status { 200 -> { set beresp.grace = 1h; set beresp.stale_if_error = FLAW; } } }",
        ],
    }
    .hold();
    for policy in [
        "sub backend_response { set beresp.grace = 1h; set beresp.stale_if_error = 0s; }",
        "sub recv { set req.grace = 10s; } sub backend_response { set beresp.grace = 1h; set beresp.stale_if_error = 10m; }",
        "sub backend_response { set beresp.grace = 1h; set beresp.stale_if_error = 10m; if (bereq.path ext \"css\") { set beresp.grace = 10s; } }",
        "sub backend_response { if (bereq.path ext \"css\") { set beresp.grace = 1h; } set beresp.stale_if_error = 10m; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_grace_of_what_is_stale_at_once() {
    Spellings {
        code: "W0707",
        flaw: "0s",
        cure: "1s",
        policies: &[
            "sub backend_response { set beresp.ttl = FLAW; set beresp.grace = 1h; }",
            "sub x { set beresp.grace = 1h; set beresp.ttl = FLAW; } sub backend_response { call x; }",
            "rules response first { when status == 200 -> ttl FLAW, grace 1h; }",
            "include \"part.warp\";----sub backend_response { set beresp.ttl = FLAW; set beresp.keep = 1h; set beresp.grace = 600s; }",
            "const E = FLAW; sub backend_response { if (!(beresp.status != 200)) { if (bereq.path under \"/a\") { set beresp.ttl = E; set beresp.grace = 1h; } } }",
            "sub backend_response { match beresp.status { 200 -> { set beresp.ttl = FLAW; set beresp.grace = 1h; } } }",
        ],
    }
    .hold();
    for policy in [
        "sub backend_response { set beresp.ttl = 0s; set beresp.grace = 0s; }",
        "sub backend_response { set beresp.ttl = 0s; set beresp.grace = 1h; set beresp.uncacheable = true; }",
        "sub backend_response { set beresp.ttl = 0s; set beresp.grace = 1h; set beresp.http.Cache-Control = \"max-age=0\"; }",
        "sub backend_response { if (beresp.http.ETag) { set beresp.ttl = 0s; set beresp.grace = 1h; } }",
        "rules response first { when (beresp.cache_control.max_age ?? 0s) < 10s -> ttl 0s, grace 1h; }",
        "sub backend_response { set beresp.grace = 1h; if (bereq.path ext \"css\") { set beresp.ttl = 0s; } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_lifetime_that_the_field_beside_it_takes_back() {
    for flaw in ["no-store", "private, max-age=0", "no-cache"] {
        Spellings {
            code: "W0705",
            flaw,
            cure: "public, max-age=60",
            policies: &[
                "sub backend_response { set beresp.ttl = 1h; set beresp.http.Cache-Control = \"FLAW\"; }",
                "sub x { set beresp.http.Cache-Control = \"FLAW\"; set beresp.ttl = 1h; } sub backend_response { call x; }",
                "rules response first { when path ext \"css\" -> ttl 7d, set beresp.http.Cache-Control = \"FLAW\"; }",
                "include \"part.warp\";----sub backend_response { set beresp.grace = 1h; set beresp.http.Cache-Control = \"FLAW\"; }",
                "const C = \"FLAW\"; sub backend_response { if (!(beresp.status != 200)) { if (bereq.path under \"/a\") { set beresp.ttl = 1h; set beresp.http.Cache-Control = C; } } }",
            ],
        }
        .hold();
    }
    for (field, code) in
        [("public, s-maxage=60", "W0705"), ("max-age=60, must-revalidate", "W0705"), ("max-age=60", "")]
    {
        let with = |time: &str| {
            of(&format!("sub backend_response {{ set beresp.{time}; set beresp.http.Cache-Control = \"{field}\"; }}"))
        };
        assert_eq!(with("grace = 1h").concat(), code, "{field}");
        assert_eq!(with("ttl = 1h"), [""; 0], "{field}");
    }
}

#[test]
fn a_lifetime_that_is_taken_back_on_purpose() {
    for policy in [
        "sub backend_response { set beresp.ttl = 1h; if (bereq.path under \"/me\") { set beresp.http.Cache-Control = \"no-store\"; } }",
        "sub backend_response { set beresp.uncacheable = true; set beresp.ttl = 2m; set beresp.http.Cache-Control = \"no-store\"; }",
        "sub backend_response { set beresp.ttl = 0s; set beresp.http.Cache-Control = \"no-cache\"; }",
        "sub backend_response { set beresp.ttl = 1h; } sub deliver { set resp.http.Cache-Control = \"no-cache\"; }",
        "sub backend_response { set beresp.http.Cache-Control = \"no-store\"; unset beresp.http.Cache-Control; set beresp.ttl = 1h; }",
        "sub backend_response { set beresp.ttl = 1h; set beresp.http.Cache-Control = \"no-store, must-understand\"; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_time_in_a_field_that_is_no_number_of_seconds() {
    for (flaw, cure) in [("600.000", "600"), ("10m", "600"), ("600s", "600")] {
        Spellings {
            code: "W0708",
            flaw,
            cure,
            policies: &[
                "sub deliver { set resp.http.Cache-Control = \"public, max-age=FLAW\"; }",
                "sub x { set resp.http.Strict-Transport-Security = \"max-age=FLAW; includeSubDomains\"; } sub deliver { call x; }",
                "sub deliver { header.append(resp.http.Cache-Control, \"s-maxage=FLAW\"); }",
                "include \"part.warp\";----sub synth { set resp.http.Retry-After = \"FLAW\"; }",
                "const A = \"FLAW\"; sub deliver { if (!(resp.status != 200)) { set resp.http.Access-Control-Max-Age = resp.http.X ?? A; } }",
                "sub deliver { set resp.http.Cache-Control = match resp.status { 404 -> \"no-cache\"; else -> \"immutable, stale-if-error=FLAW\"; }; }",
            ],
        }
        .hold();
    }
    for policy in [
        "sub deliver { set resp.http.Cache-Control = \"max-age=\" + FLAW; }",
        "sub deliver { set resp.http.Cache-Control = \"public, max-age=\" + FLAW + \", immutable\"; }",
        "sub deliver { set resp.http.Retry-After = FLAW; }",
        "sub deliver { let t = FLAW; set resp.http.Age = t; }",
    ] {
        for time in ["10m", "obj.ttl", "(obj.ttl - 1m)"] {
            assert_eq!(of(&policy.replace("FLAW", time)), ["W0708"], "{policy}");
            let seconds = format!("std.integer(duration: {time})");
            assert_eq!(of(&policy.replace("FLAW", &seconds)), [""; 0], "{policy}");
        }
    }
    for statement in [
        "set resp.http.Expires = now + 1h;",
        "set resp.http.Retry-After = \"Wed, 21 Oct 2026 07:28:00 GMT\";",
        "set resp.http.X-Age = obj.age;",
        "set resp.http.Cache-Control = \"max-age=60, x=1.5\";",
        "set resp.http.Server-Timing = \"origin;dur=\" + obj.age;",
        "set resp.http.Cache-Control = \"max-age=60, x=\" + obj.age;",
    ] {
        assert_eq!(of(&format!("sub deliver {{ {statement} }}")), [""; 0], "{statement}");
    }
}
