use super::{Spellings, help, of};

#[test]
fn a_value_that_a_row_above_takes() {
    Spellings {
        code: "W0513",
        flaw: "/b",
        cure: "/d",
        policies: &[
            "sub recv { if (req.path under [\"/a\", \"/b\"]) { return (pass); } else if (req.path under [\"FLAW\", \"/c\"]) { return (synth(404)); } }",
            "sub x { if (req.path in [\"/a\", \"/b\"]) { return (pass); } else if (req.path == \"FLAW\" || req.path == \"/c\") { return (synth(404)); } } sub recv { call x; }",
            "rules request first { when path under \"/b\" -> pass; when method == \"GET\" and path in [\"FLAW\", \"/c\"] -> deny 404; }",
            "include \"part.warp\";----rules request first { when host == \"a.test\" and path under \"/b\" -> pass; when path under [\"FLAW/x\", \"/c\"] and host == \"a.test\" -> deny 404; }",
            "const P = [\"FLAW\", \"/c\"]; sub recv { if (!(req.path != \"/a\" && req.path != \"/b\")) { return (pass); } else if (req.path in P and req.method == \"GET\") { return (synth(404)); } }",
            "sub recv { match req.path { under \"/b\" -> { return (pass); } under [\"/c\", \"FLAW/x/\"] -> { return (synth(404)); } } }",
        ],
    }
    .hold();
    for policy in [
        "rules response first { when status in [404, 410] -> ttl 1m; when status in [301, 410] -> ttl 5m; }",
        "rules response first { when status in 400..499 -> ttl 1m; when status in [404, 500..599] -> ttl 5s; }",
        "rules request first { when path ext [\"css\", \"js\"] -> pass; when path ext [\"png\", \"JS\"] -> deny 404; }",
        "rules request first { when method in [\"GET\", \"HEAD\"] -> pass; when method in [\"HEAD\", \"POST\"] -> deny 405; }",
        "rules request first { when header \"X\" == \"a\" -> pass; when header \"X\" == \"b\" or header \"X\" == \"a\" -> deny 403; }",
    ] {
        assert_eq!(of(policy), ["W0513"], "{policy}");
    }
}

#[test]
fn a_value_that_is_special_above_and_general_below() {
    for policy in [
        "rules request first { when path under [\"/a/b\", \"/c\"] -> pass; when path under [\"/a\", \"/d\"] -> deny 404; }",
        "rules response first { when status in [404, 410] -> ttl 1m; when status in 400..599 -> ttl 5s; }",
        "rules request first { when path under \"/a\" and method == \"POST\" -> pass; when path under [\"/a\", \"/b\"] -> deny 404; }",
        "rules request first { when path under \"/a\" and host == \"a.test\" -> pass; when path under [\"/a\", \"/b\"] and host == \"b.test\" -> deny 404; }",
        "rules request first { when path under \"/a\" and std.random(0.0, 1.0) < 0.5 -> pass; when path under [\"/a\", \"/b\"] and std.random(0.0, 1.0) < 0.5 -> deny 404; }",
        "rules request first { when not path under \"/a\" -> pass; when path under [\"/a\", \"/b\"] -> deny 404; }",
        "rules request first { when path under \"/a\" -> pass; } rules request first { when path under \"/c\" -> deny 404; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn ranges_of_rows_that_cross() {
    Spellings {
        code: "W0514",
        flaw: "500",
        cure: "499",
        policies: &[
            "sub backend_response { if (beresp.status in 400..FLAW) { set beresp.ttl = 1s; } else if (beresp.status in 500..599) { set beresp.ttl = 2s; } }",
            "sub x { if (beresp.status in [301, 400..FLAW]) { set beresp.ttl = 1s; } else if (beresp.status in [200, 500..599]) { set beresp.ttl = 2s; } } sub backend_response { call x; }",
            "rules response first { when status in 500..599 -> ttl 1s; when status in 400..FLAW -> ttl 2s; }",
            "include \"part.warp\";----rules response first { when status in 400..FLAW -> ttl 1s; when status in 500..599 and path ext \"css\" -> ttl 2s; }",
            "sub backend_response { if (!(!(beresp.status in 400..FLAW))) { set beresp.ttl = 1s; } else if (beresp.status in 500..599) { set beresp.ttl = 2s; } }",
            "sub backend_response { match beresp.status { 400..FLAW -> { set beresp.ttl = 1s; } 500..599 -> { set beresp.ttl = 2s; } } }",
            "sub backend_response { if (beresp.status >= 400 && beresp.status <= FLAW) { set beresp.ttl = 1s; } else if (beresp.status >= 500 && beresp.status < 600) { set beresp.ttl = 2s; } }",
            "sub x { if (!(beresp.status < 400 || beresp.status > FLAW)) { set beresp.ttl = 1s; } elsif (499 < beresp.status && bereq.http.X && beresp.status < 600) { set beresp.ttl = 2s; } } sub backend_response { call x; }",
            "rules response first { when status > 399 and not status > FLAW -> ttl 1s; when status in 500..599 -> ttl 2s; }",
        ],
    }
    .hold();
}

#[test]
fn ends_of_ranges_that_do_not_cross() {
    for conditions in [
        ["beresp.status >= 400 && beresp.status < 500", "beresp.status >= 500 && beresp.status < 600"],
        ["beresp.status >= 404 && beresp.status < 411", "beresp.status >= 400 && beresp.status < 500"],
        ["beresp.status >= 400 && beresp.status < 501", "std.integer(beresp.http.X, 0) >= 500 && beresp.status < 600"],
        ["beresp.status >= 500", "beresp.status >= 400"],
        ["beresp.status >= 400 && beresp.status < 501 && beresp.http.X", "beresp.status >= 500 && beresp.status < 600"],
        ["beresp.status < 400 || beresp.status > 500", "beresp.status >= 450 && beresp.status < 600"],
    ] {
        let [row, below] = conditions;
        let policy = format!(
            "sub backend_response {{ if ({row}) {{ set beresp.ttl = 1s; }} else if ({below}) {{ set beresp.ttl = 2s; }} }}"
        );
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_request_that_both_rows_are_about_is_shown() {
    for (policy, request) in [
        (
            "sub x { if (req.path in [\"/a\", \"/b\"]) { return (pass); } else if (req.path in [\"/b\", \"/c\"]) { return (synth(404)); } } sub recv { if (req.host == \"a.test\") { call x; } }",
            "Both hold of `GET \"https://a.test/b\"`",
        ),
        (
            "backend a { .host = \"a.test\"; } rules response first { when status in 400..500 -> ttl 1s; when status in 500..599 -> ttl 2s; }",
            "and `origin 500 {",
        ),
    ] {
        let help = help(policy);
        assert!(help.contains(request), "{help}");
    }
    // Where no request comes, none is shown.
    let nowhere = "sub x { if (req.path in [\"/a\", \"/b\"]) { return (pass); } else if (req.path in [\"/b\", \"/c\"]) { return (synth(404)); } } sub recv { return (pass); call x; }";
    assert!(!help(nowhere).contains("Both hold of"), "{}", help(nowhere));
}

#[test]
fn a_value_that_is_in_the_list_already() {
    Spellings {
        code: "W0914",
        flaw: "/a/x",
        cure: "/c",
        policies: &[
            "sub recv { if (req.path under [\"/a\", \"/b\", \"FLAW\"]) { return (pass); } }",
            "sub x { if (req.path under [\"FLAW\", \"/a\"]) { return (pass); } } sub recv { call x; }",
            "rules request first { when method == \"GET\" and path under [\"/b\", \"FLAW\", \"/a/\"] -> pass; }",
            "include \"part.warp\";----rules request first { when path under \"/a\" or path under \"FLAW\" -> pass; }",
            "const P = [\"/a\", \"FLAW\"]; sub recv { if (!(req.path under P)) { return (pass); } }",
        ],
    }
    .hold();
    for (policy, mended) in [
        ("req.path under [\"/a\", \"/a/b\", \"/c\"]", "req.path under [\"/a\", \"/c\"]"),
        ("req.path under [\"/a/b\", \"/a\"]", "req.path under [\"/a\"]"),
        ("req.path ext [\"css\", \"js\", \"css\"]", "req.path ext [\"css\", \"js\"]"),
        ("req.host in [\"a.test\", \"b.test\", \"a.test\"]", "req.host in [\"a.test\", \"b.test\"]"),
    ] {
        let with = |test: &str| format!("sub recv {{ if ({test}) {{ return (pass); }} }}");
        assert_eq!(of(&with(policy)), ["W0914"], "{policy}");
        assert_eq!(super::words::mended(&with(policy)), with(mended));
    }
    assert_eq!(of("rules response first { when status in [404, 400..499] -> ttl 1s; }"), ["W0914"]);
}
