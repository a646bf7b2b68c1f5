//! Rules that no request takes, and conditions that say nothing.

use super::{all_have, codes, found, linted, none_has_any};

#[test]
fn a_rule_below_one_that_takes_all_of_its_requests() {
    all_have(
        "W0510",
        &[
            // Straight.
            r#"sub recv {
                if (req.url ~ "^/a") { return (pass); }
                if (req.url ~ "^/a/b") { return (synth(200)); }
            }"#,
            // In a sub.
            r#"sub recv { call first; if (req.path under "/a/b") { return (synth(200)); } }
               sub first { if (req.path under "/a") { return (pass); } }"#,
            // In a table.
            r#"rules request first {
                when path under "/a" -> pass;
                when path under ["/a/b", "/a/c"] and method == "GET" -> deny 404;
            }"#,
            // In a `match`.
            r#"sub recv {
                match req.path { under "/a" -> { return (pass); } "/a/b" -> { return (synth(200)); } }
            }"#,
            // Behind two that take it together.
            r#"rules request first {
                when path under "/a" and method == "GET" -> pass;
                when path under "/a" and method != "GET" -> deny 405;
                when path under "/a/b" -> deny 404;
            }"#,
            // Split, and negated.
            r#"sub recv {
                if (!(req.path under "/a")) { return (synth(200)); }
                if (req.path ext "css") { return (pass); } else if (req.path == "/b.css" || req.path == "/c") { return (pass); }
            }"#,
            // By other words.
            r#"sub recv {
                if (req.host ~ "(^|\.)example\.com$") { return (pass); }
                if (req.http.Host == "www.example.com") { return (synth(200)); }
            }"#,
            // By what a rule before has set.
            r#"sub recv {
                if (req.http.X == "1") { set req.http.Y = "1"; } else { unset req.http.Y; }
                if (req.http.X == "1") { return (pass); }
                if (req.http.Y) { return (synth(400)); }
            }"#,
            // In a step to which only others come anyway.
            r#"sub recv { if (req.method == "PURGE") { return (synth(405)); } }
               sub hit { if (req.method == "PURGE") { return (pass); } }"#,
            // Of what was rewritten.
            r#"sub recv {
                set req.url = "/v1" + req.url;
                if (req.path under "/v1") { return (synth(200)); }
                if (req.path under "/v1/b") { return (pass); }
            }"#,
        ],
    );
}

#[test]
fn rules_that_take_some_of_the_requests_of_others_are_fine() {
    none_has_any(&[
        r#"sub recv {
            if (req.url ~ "^/a/b") { return (pass); }
            if (req.url ~ "^/a") { return (synth(200)); }
        }"#,
        r#"rules request first {
            when path under "/a" and method == "GET" -> pass;
            when path under "/a/b" -> deny 404;
        }"#,
        r#"sub recv {
            if (req.path under "/a") { set req.http.X = "1"; }
            if (req.path under "/a/b") { return (pass); }
        }"#,
        r#"sub recv {
            if (req.path under "/a") { return (pass); }
            set req.url = "/a" + req.url;
            if (req.path under "/a/b") { return (pass); }
        }"#,
        r#"rules request first { when path under "/a" and client.ip == "10.0.0.1" -> pass; when path under "/a" -> deny 404; }"#,
        r#"sub recv { call one; if (req.method == "PUT") { call one; } }
           sub one { if (req.method == "GET") { return (pass); } }"#,
    ]);
}

#[test]
fn the_rule_that_takes_the_requests_is_named_also_in_another_file() {
    let files = [
        ("p.warp", "include \"a.warp\";\nrules request first { when path under \"/a/b\" -> deny 404; }"),
        ("a.warp", "rules request first {\n when path == \"/x\" -> pass;\n when path under \"/a\" -> pass;\n}\n"),
    ];
    assert_eq!(found(&files), [r#"W0510 when path under "/a/b" -> deny 404;"#]);
    let checked = linted(&files);
    let finding = checked.diagnostics.first().unwrap();
    let named: Vec<&str> = finding.context.iter().map(|label| checked.sources.text(label.span)).collect();
    assert_eq!(named, [r#"when path under "/a" -> pass;"#]);
}

#[test]
fn a_condition_that_holds_of_no_request() {
    all_have(
        "W0511",
        &[
            r#"sub recv { if (req.method == "GET" && req.method == "POST") { return (pass); } }"#,
            r#"sub recv { if (req.url ~ "^/a[0-9]" && req.url ~ "^/b[0-9]") { return (pass); } }"#,
            r#"rules request first { when path ~ "^/a[0-9]" and path ~ "^/b[0-9]" -> pass; }"#,
            r#"sub recv { if (std.tolower(req.http.Host) == "Www.example.com") { return (pass); } }"#,
            r#"normalize req { host lower; } rules request first { when header "Host" == "Example.com" -> pass; }"#,
            r#"rules request first { when host == "Example.com" -> pass; }"#,
            "rules response first { when status > 400 and status < 400 -> uncacheable; }",
            r#"sub recv { call check; } sub check { if (req.method == "GET") { if (req.method == "HEAD") { return (pass); } } }"#,
            r#"sub recv { if (!(req.method in ["GET", "HEAD"]) && (req.method == "GET" || req.method == "HEAD")) { return (pass); } }"#,
            r#"sub recv { unset req.http.Cookie; if (req.cookies has "a") { return (pass); } }"#,
            r#"acl a { "10.0.0.0"/8; } sub recv { if (client.ip ~ a && client.ip == "192.0.2.1") { return (pass); } }"#,
            r#"table t: STRING -> STRING { "/a": "b" } sub recv { if (t[req.path] == "c") { return (pass); } }"#,
        ],
    );
    let files = [("p.warp", "include \"a.warp\";"), ("a.warp", "rules request first { when path == \"a\" -> pass; }")];
    assert_eq!(found(&files), [r#"W0511 when path == "a" -> pass;"#]);
}

#[test]
fn what_is_better_written_otherwise_is_a_rule_all_the_same() {
    let policy = r#"sub recv { if (req.url ~ "\.(css|js)$") { return (pass); } if (req.url ~ "\.css$") { return (synth(404)); } }"#;
    assert_eq!(codes(policy), ["W0910", "W0510", "W0910"]);
}

#[test]
fn what_changes_the_value_that_is_asked_is_shown() {
    let context = |policy: &str| {
        let checked = linted(&[("p.warp", policy)]);
        let finding = checked.diagnostics.iter().find(|finding| finding.code.id().starts_with("W05")).unwrap();
        let named: Vec<String> =
            finding.context.iter().map(|label| checked.sources.text(label.span).to_owned()).collect();
        (finding.code.id(), finding.message.clone(), named)
    };
    let (code, message, named) = context(
        "sub backend_response { if (beresp.ttl < 48h) { set beresp.ttl = 48h; } if (!(beresp.ttl > 0s)) { set beresp.grace = 1h; } }",
    );
    assert_eq!((code, named), ("W0511", vec!["set beresp.ttl = 48h;".to_owned()]));
    assert_eq!(message, "this condition holds of no request that comes here");
    let (code, message, named) = context(
        r#"sub recv { if (req.http.X == "1") { unset req.http.X; } if (req.http.X == "1") { return (pass); } }"#,
    );
    assert_eq!((code, named), ("W0510", vec![r#"req.http.X == "1") { unset req.http.X; }"#.to_owned()]));
    assert_eq!(message, "no request comes to this rule: what is above it changes what it asks");
    // By itself it never holds.
    let (_, message, named) = context(
        r#"sub recv { set req.http.X = "1"; if (req.method == "GET" && req.method == "PUT" && req.http.X) { return (pass); } }"#,
    );
    assert_eq!((message.as_str(), named), ("this condition holds of no request", Vec::new()));
}

#[test]
fn a_condition_that_holds_of_every_request() {
    all_have(
        "W0512",
        &[
            r#"sub recv { if (req.method != "GET" || req.method != "POST") { return (pass); } }"#,
            r#"rules request first { when not (method == "GET" and method == "POST") -> pass; }"#,
            r#"sub recv { if (req.url ~ "") { return (pass); } }"#,
            r#"sub recv { call a; } sub a { if (req.url ~ "^.*$") { set req.http.X = "1"; } }"#,
            "rules response first { when status >= 500 or status < 500 -> uncacheable; }",
            r#"sub recv { set req.http.X = "a"; if (req.http.X) { return (pass); } }"#,
        ],
    );
}

/// The address of the client is added before `recv`.
#[test]
fn every_request_is_forwarded_for_somebody() {
    let twice = r#"sub recv {
        if (req.http.X-Forwarded-For) { set req.http.X-Forwarded-For = req.http.X-Forwarded-For + ", " + client.ip; }
        else { set req.http.X-Forwarded-For = client.ip; }
    }"#;
    all_have("W0512", &[twice, r#"rules request first { when header "X-Forwarded-For" -> pass; }"#]);
    all_have(
        "W0511",
        &[
            r#"rules request first { when not header "X-Forwarded-For" -> pass; }"#,
            r"sub recv { if (!req.http.X-Forwarded-For) { return (pass); } }",
        ],
    );
    none_has_any(&[
        r#"rules request first { when header "X-Forwarded-For" ~ "^10\." -> pass; }"#,
        r#"sub recv { unset req.http.X-Forwarded-For; }
           sub miss { if (req.restarts > 0 || !req.http.X-Forwarded-For) { set req.http.X-Near = "1"; } }"#,
    ]);
    let checked = linted(&[("p.warp", twice)]);
    let help = checked.diagnostics[0].help.clone().unwrap_or_default();
    assert!(help.starts_with("warp adds the client's address to `X-Forwarded-For` before `recv`"), "{help}");
}

#[test]
fn conditions_that_some_requests_pass_are_fine() {
    none_has_any(&[
        r#"sub recv { if (req.method != "GET" && req.method != "POST") { return (pass); } }"#,
        r#"sub recv { if (req.url ~ "^/admin") { return (pass); } }"#,
        r#"rules request first { when host == "example.com" -> pass; }"#,
        "rules response first { when status > 400 and status < 500 -> uncacheable; }",
        "const closed = false; sub recv { if (closed) { return (synth(503)); } }",
        r#"sub recv { if (req.restarts == 0) { set req.http.X = "1"; } }"#,
        "sub recv { if (req.restarts > 0) { return (pass); } }",
        r#"sub recv { call one; set req.http.X = "2"; call one; } sub one { if (req.http.X == "2") { return (pass); } }"#,
        r#"sub recv { if (req.http.X ~ "^a" && req.http.X ~ "b$") { return (pass); } }"#,
        r#"sub recv { if (req.url == "*") { return (synth(200)); } }"#,
        "sub backend_response { if (bereq.uncacheable) { return (deliver); } }",
    ]);
    assert_eq!(
        codes(
            r#"sub recv { if (req.url ~ "^/a" && req.url ~ "^/b" && std.random(0.0, 1.0) < 0.5) { return (pass); } }"#
        ),
        ["W0511"]
    );
}

/// What stands in a file of a table may be another tomorrow.
#[test]
fn what_a_file_says_today_is_not_judged() {
    for (name, content) in
        [("f.json", r#"{"closed": false}"#), ("f.json", r#"{"closed": true}"#), ("f.csv", "closed,true\n")]
    {
        let policy = format!(
            "table flags: STRING -> BOOL from \"{name}\";
             rules request first {{
                 when flags[\"closed\"] ?? false -> deny 503;
                 when path == \"/b\" -> pass;
             }}"
        );
        assert_eq!(found(&[("p.warp", &policy), (name, content)]), Vec::<String>::new(), "{content}");
    }
    let fixed = "const closed = true; rules request first { when closed -> deny 503; when path == \"/b\" -> pass; }";
    none_has_any(&[fixed]);
}

#[test]
fn a_name_is_known_as_long_as_it_is_read() {
    let dead = |text: String| -> Vec<String> {
        codes(&format!("sub recv {{ {text} }}")).into_iter().filter(|code| code.starts_with("W051")).collect()
    };
    let bound = "let kind = match req.http.A { \"a\" -> \"x\"; else -> req.http.B; };";
    let asked = format!("{bound} if (kind == \"x\") {{ set req.http.D = kind; }}");
    let last = "if (kind == \"c\") { return (pass); }";
    assert_eq!(dead(format!("{asked} {last}")), Vec::<String>::new());
    assert_eq!(dead(format!("if (req.http.C) {{ {asked} {last} }}")), Vec::<String>::new());
    let same = "if (kind == \"c\" and req.http.E) { return (pass); }";
    assert_eq!(dead(format!("{asked} {last} {same}")), ["W0510"]);
}
