use super::{Spellings, of};

#[test]
fn a_key_that_hardly_two_requests_share() {
    for field in ["User-Agent", "Accept-Language", "Referer", "Cookie"] {
        Spellings {
            code: "W0915",
            flaw: field,
            cure: "X-Device",
            policies: &[
                "sub hash { hash_data(req.http.FLAW); }",
                "sub a { hash_data(req.http.FLAW + \"/\" + req.host); } sub hash { call a; }",
                "key { req.host; req.path; req.http.FLAW; }",
                "sub backend_response { header.append(beresp.http.Vary, \"FLAW\"); }",
                "include \"part.warp\";----sub backend_response { set beresp.http.Vary = \"Accept-Encoding, FLAW\"; }",
                "sub hash { if (!(req.method != \"GET\")) { if (req.path under \"/a/\") { hash_data(req.http.FLAW ?? \"\"); } } }",
            ],
        }
        .hold();
    }
}

#[test]
fn what_is_made_of_all_of_a_field_is_no_less() {
    for policy in [
        "sub hash { hash_data(std.tolower(req.http.User-Agent)); }",
        "sub hash { hash_data(digest.hash_sha256(req.http.Cookie)); }",
        "sub recv { set req.http.X-Agent = req.http.User-Agent; } sub hash { hash_data(req.http.X-Agent); }",
        "sub recv { set req.http.X-Agent = \"agent:\" + req.http.User-Agent; } sub hash { hash_data(req.http.X-Agent); }",
        "key { req.host; req.url; client.ip; }",
        "sub hash { hash_data(req.xid); }",
    ] {
        assert_eq!(of(policy), ["W0915"], "{policy}");
    }
    let two = "sub recv { set req.http.X-A = req.http.User-Agent; if (req.http.X-A ~ \"Mobi\") { set req.http.X-A = \"m\"; } } sub hash { hash_data(req.http.X-A); }";
    assert_eq!(of(two), [""; 0]);
}

#[test]
fn a_sub_that_leaves_the_host_or_the_url_out_of_the_key() {
    const BACKEND: &str = "backend default { .host = \"192.0.2.1\"; }";
    let policies = [
        "sub hash { hash_data(req.host); FLAW return (lookup); }",
        "sub x { FLAW hash_data(req.url); } sub hash { call x; return (lookup); }",
        "table t { \"a\": \"b\" } sub hash { FLAW hash_data(t[req.host] ?? \"\"); return (lookup); }",
        "include \"part.warp\"; ----sub hash { hash_data(req.host); FLAW return (lookup); }",
        "sub hash { if (!(req.method != \"GET\")) { hash_data(req.url); FLAW return (lookup); } }",
        "sub recv { if (req.host !~ \"\\.api\\.example\\.com$\") { return (synth(421)); } } sub hash { hash_data(req.url); FLAW return (lookup); }",
        "sub recv { if (!(req.host in [\"a.test\", \"b.test\"])) { return (synth(421)); } } sub hash { hash_data(req.url); FLAW return (lookup); }",
    ]
    .map(|policy| format!("{BACKEND} {policy}"));
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    for key in [
        "key { req.url; }",
        "key { req.host; req.http.X-K; }",
        "sub recv { set req.http.X-K = match req.host { \"a.test\" -> \"a\"; else -> \"\"; }; } key { req.http.X-K; req.url; }",
    ] {
        assert!(of(&format!("{BACKEND} {key}")).contains(&"W0741".to_owned()), "{key}");
    }
    let cure = "hash_data(req.host); hash_data(req.url);";
    Spellings { code: "W0741", flaw: "", cure, policies: &policies }.hold();
    for policy in [
        "sub recv { set req.http.X-K = req.host + req.url; } sub hash { hash_data(req.http.X-K); return (lookup); }",
        "sub hash { hash_data(std.tolower(req.http.Host)); hash_data(regsub(req.url, \"#.*\", \"\")); return (lookup); }",
        "rules request first { when path under \"/\" -> pass; } sub hash { hash_data(\"x\"); return (lookup); }",
        "sub recv { set req.url = \"/\"; } sub hash { hash_data(req.host); return (lookup); }",
        "sub recv { set req.http.X-K = std.tolower(req.host); } key { req.http.X-K; req.url; }",
        "table t { \"a.test\": \"a\", \"b.test\": \"b\" } sub recv { let k = t[req.host]; if (!k) { return (synth(404)); } set req.http.X-K = k; } key { req.http.X-K; req.url; }",
        "sub recv { set req.http.X-K = match req.host { \"a.test\" or \"www.a.test\" -> \"a\"; \"b.test\" -> \"b\"; else -> \"\"; }; if (req.http.X-K == \"\") { return (synth(404)); } } key { req.http.X-K; req.url; }",
        "sub recv { if (req.host != \"a.test\") { return (synth(404)); } } key { req.url; }",
    ] {
        let policy = format!("{BACKEND} {policy}");
        assert!(!of(&policy).contains(&"W0741".to_owned()), "{policy}");
    }
}

#[test]
fn a_field_that_the_policy_makes_few_of() {
    for policy in [
        "sub recv { set req.http.User-Agent = \"mobile\"; } sub hash { hash_data(req.http.User-Agent); }",
        "normalize req { cookie keep [\"plan\"]; } sub hash { hash_data(req.http.Cookie); }",
        "sub hash { hash_data(regsub(req.http.User-Agent, \"/.*\", \"\")); hash_data(req.cookies[\"plan\"]); }",
        "key { req.host; req.path; req.accept.language([\"en\"]); req.http.Accept; }",
        "sub backend_response { set beresp.http.Vary = \"Accept-Encoding, Origin\"; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_query_that_nothing_sorts() {
    Spellings {
        code: "W0916",
        flaw: "req.query",
        cure: "req.query sorted",
        policies: &[
            "key { req.host; req.path; FLAW; }",
            "key { FLAW; req.path; req.host; }",
            "rules request first { else -> pass; } key { req.host; req.path; FLAW; }",
            "include \"part.warp\";----key { req.host; req.path; FLAW; }",
            "sub recv { if (!(req.method != \"GET\")) { return (hash); } } key { req.host; req.path; FLAW; }",
        ],
    }
    .hold();
    assert_eq!(of("normalize req { query sort; } key { req.host; req.path; req.query; }"), [""; 0]);
}

#[test]
fn a_lifetime_below_zero() {
    for name in ["grace", "keep", "stale_if_error"] {
        let policies = [
            format!("sub backend_response {{ set beresp.{name} = FLAW; }}"),
            format!("sub a {{ set beresp.{name} = FLAW; }} sub backend_response {{ call a; }}"),
            format!("rules response first {{ else -> set beresp.{name} = FLAW; }}"),
            format!("include \"part.warp\";----sub backend_response {{ set beresp.{name} = FLAW; }}"),
            format!(
                "const A = FLAW; sub backend_response {{ if (!(beresp.status != 200)) {{ if (beresp.ttl > 1s) {{ set beresp.{name} = A; }} }} }}"
            ),
        ];
        let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
        Spellings { code: "W1015", flaw: "-10s", cure: "10s", policies: &policies }.hold();
    }
}

#[test]
fn a_ttl_below_zero() {
    let policies = [
        "sub backend_response { set beresp.ttl = FLAW; }",
        "sub a { if (beresp.status == 404) { set beresp.ttl = FLAW; } } sub backend_response { call a; }",
        "const T = FLAW; rules response first { when status == 404 -> ttl T; }",
        "include \"part.warp\";----sub backend_response { set beresp.ttl = 1s + FLAW; }",
        "sub backend_response { match beresp.status { 404 -> { set beresp.ttl = FLAW; } } }",
    ];
    Spellings { code: "W1015", flaw: "-5s", cure: "0s", policies: &policies }.hold();
}

#[test]
fn a_ttl_of_what_passes_for_a_time() {
    let policies = [
        "sub backend_response { if (beresp.status >= 500) { FLAW return (pass(1m)); } }",
        "sub a { FLAW set beresp.http.X = \"y\"; return (pass(1m)); } sub backend_response { call a; }",
        "sub backend_response { if (!(beresp.status < 500)) { if (bereq.method == \"GET\") { FLAW return (pass(90s)); } } }",
        "include \"part.warp\";----sub backend_response { match beresp.status { 404 -> { FLAW return (pass(1m)); } } }",
        "const T = 1m; sub backend_response { if (beresp.status >= 500) { FLAW return (pass(T)); } }",
    ];
    Spellings { code: "W0703", flaw: "set beresp.ttl = 5s;", cure: "", policies: &policies }.hold();
    Spellings { code: "W0703", flaw: "set beresp.grace = 5s;", cure: "", policies: &policies }.hold();
    for policy in [
        "sub backend_response { set beresp.ttl = 5s; return (pass(beresp.ttl)); }",
        "sub backend_response { set beresp.ttl = 5s; set beresp.uncacheable = true; }",
        "sub backend_response { if (beresp.status >= 500) { set beresp.ttl = 5s; if (bereq.method == \"HEAD\") { return (pass(1m)); } } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_lifetime_that_is_set_twice() {
    Spellings {
        code: "W1016",
        flaw: "set beresp.ttl = 1h;",
        cure: "set beresp.grace = 1h;",
        policies: &[
            "sub backend_response { FLAW set beresp.ttl = 5m; }",
            "sub a { FLAW set beresp.http.X = \"y\"; set beresp.ttl = 5m; } sub backend_response { call a; }",
            "include \"part.warp\";----sub backend_response { FLAW set beresp.ttl = 5m; }",
            "sub backend_response { if (!(beresp.status != 200)) { } else { if (beresp.status == 404) { FLAW set beresp.ttl = 5m; } } }",
        ],
    }
    .hold();
    assert_eq!(of("rules response first { when status == 200 -> ttl 1h, ttl 5m; }"), ["W1016"]);
    for policy in [
        "sub backend_response { set beresp.ttl = 1h; if (beresp.status == 404) { set beresp.ttl = 5m; } }",
        "sub backend_response { set beresp.ttl = 1h; set beresp.ttl = beresp.ttl + 5m; }",
        "sub backend_response { set beresp.ttl = 1h; set beresp.http.X = beresp.ttl; set beresp.ttl = 5m; }",
        "sub backend_response { set beresp.ttl = 1h; set beresp.grace = beresp.ttl; set beresp.ttl = 5m; }",
        "rules response first { when status == 200 -> ttl 1h, grace 5m; when status == 404 -> ttl 5m; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}
