use super::{Spellings, help, of};

const PROBED: &str = "backend b { .host = \"192.0.2.2\"; .probe = { .url = \"/\"; }; }";

#[test]
fn a_member_without_a_probe() {
    let two = "backend a { .host = \"192.0.2.1\"; FLAW }";
    let policies = [
        format!("{two} {PROBED} director d = fallback {{ a; b; }} sub recv {{ set req.backend_hint = d; }}"),
        format!(
            "{two} {PROBED} director d = round_robin {{ a; b; }} sub x {{ set req.backend_hint = d; }} sub recv {{ call x; }}"
        ),
        format!("{two} {PROBED} director d = random {{ a; b; }} rules request first {{ else -> backend d; }}"),
        format!(
            "include \"part.warp\"; sub recv {{ set req.backend_hint = d; }}----{two} {PROBED} director d = fallback {{ a; b; }}"
        ),
        format!(
            "{two} {PROBED} director d = fallback {{ a; b; }} director e = fallback {{ d; a; }} sub recv {{ if (!(req.host != \"y\")) {{ set req.backend_hint = e; }} else {{ set req.backend_hint = d; }} }}"
        ),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code: "W0620", flaw: "", cure: ".probe = { .url = \"/\"; };", policies: &policies }.hold();
}

#[test]
fn a_backend_alone_needs_no_probe() {
    for policy in [
        "backend a { .host = \"192.0.2.1\"; }",
        "backend a { .host = \"192.0.2.1\"; } director d = fallback { a; } sub recv { set req.backend_hint = d; }",
        "backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.2\"; } director d = random { a; b; } sub recv { set req.backend_hint = d; }",
        "probe default { .url = \"/\"; } backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.2\"; } director d = fallback { a; b; } sub recv { set req.backend_hint = d; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_question_after_the_health_of_what_has_no_probe() {
    let a = "backend a { .host = \"192.0.2.1\"; FLAW }";
    let policies = [
        format!("{a} sub recv {{ if (!std.healthy(a)) {{ return (pass); }} }}"),
        format!("{a} sub x {{ if (std.healthy(a)) {{ return (pass); }} }} sub recv {{ call x; }}"),
        format!("{a} rules request first {{ when std.healthy(a) -> pass; }}"),
        format!("include \"part.warp\"; sub recv {{ if (std.healthy(a)) {{ return (pass); }} }}----{a}"),
        format!("{a} sub recv {{ if (req.http.X) {{ if (!(!std.healthy(a))) {{ return (pass); }} }} }}"),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code: "W0621", flaw: "", cure: ".probe = { .url = \"/\"; };", policies: &policies }.hold();
}

#[test]
fn a_question_after_the_health_of_a_director_of_which_no_member_has_a_probe() {
    let all = "backend a { .host = \"192.0.2.1\"; FLAW } backend b { .host = \"192.0.2.2\"; FLAW } director d = round_robin { a; b; }";
    let policies = [
        format!("{all} sub recv {{ if (!std.healthy(d)) {{ return (pass); }} }}"),
        format!(
            "{all} director e = fallback {{ d; b; }} sub x {{ if (std.healthy(e)) {{ return (pass); }} }} sub recv {{ call x; }}"
        ),
        format!("{all} rules request first {{ when std.healthy(d) -> pass; }}"),
        format!("include \"part.warp\"; sub recv {{ if (!(!std.healthy(d))) {{ return (pass); }} }}----{all}"),
        format!(
            "{all} sub recv {{ set req.backend_hint = d; if (std.healthy(req.backend_hint)) {{ return (pass); }} }}"
        ),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code: "W0621", flaw: "", cure: ".probe = { .url = \"/\"; };", policies: &policies }.hold();
}

#[test]
fn a_request_that_goes_to_such_a_server_is_shown() {
    let two =
        "backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.1\"; } director d = fallback { a; b; }";
    let chosen = "sub recv { if (req.path == \"/x\") { set req.backend_hint = NAME; } }";
    for (policy, shown) in [
        (format!("{two} {}", chosen.replace("NAME", "d")), "`d` may be asked for `GET \"https://www.example.com/x\"`"),
        (
            format!(
                "backend a {{ .host = \"a.test\"; }} backend b {{ .host = \"b.test\"; .port = \"443\"; }} director d = random {{ a; b; }} {}",
                chosen.replace("NAME", "d")
            ),
            "`b` may be asked for `GET \"https://www.example.com/x\"`",
        ),
    ] {
        assert!(help(&policy).contains(shown), "{}", help(&policy));
    }
    assert!(!help(&format!("backend c {{ .host = \"c.test\"; }} {two}")).contains("asked for"));
}

#[test]
fn the_health_of_what_was_chosen_and_has_no_probe() {
    let backends = "backend a { .host = \"192.0.2.1\"; FLAW } backend b { .host = \"192.0.2.2\"; FLAW }";
    let policies = [
        format!(
            "{backends} sub recv {{ set req.backend_hint = b; if (!std.healthy(req.backend_hint)) {{ return (synth(503, \"Soon\")); }} }}"
        ),
        format!(
            "{backends} sub x {{ set bereq.backend = b; if (std.healthy(bereq.backend)) {{ set bereq.http.X = \"1\"; }} }} sub backend_fetch {{ call x; }}"
        ),
        format!(
            "{backends} sub recv {{ set req.backend_hint = match req.path {{ \"/b\" -> b; else -> a; }}; let h = std.healthy(req.backend_hint); if (h) {{ set req.http.X = \"1\"; }} }}"
        ),
        format!(
            "include \"part.warp\"; {backends}----rules request first {{ when path == \"/b\" -> backend b; when path == \"/c\" and std.healthy(req.backend_hint) -> set req.http.X = \"1\"; }}"
        ),
    ];
    for policy in &policies {
        assert_eq!(of(&policy.replace("FLAW", "")), ["W0621"], "{policy}");
        let probed = policy.replacen("FLAW", ".probe = { .url = \"/\"; };", 1).replace("FLAW", "");
        assert!(!of(&probed).contains(&"W0621".to_owned()), "{probed}");
    }
}

#[test]
fn a_probe_that_lasts_until_after_the_next() {
    let policies = [
        "backend a { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; .interval = 2s; .timeout = FLAW; }; }",
        "probe p { .url = \"/\"; .interval = 2s; .timeout = FLAW; } backend a { .host = \"192.0.2.1\"; .probe = p; }",
        "probe default { .url = \"/\"; .interval = 2000ms; .timeout = FLAW; } backend a { .host = \"192.0.2.1\"; }",
        "include \"part.warp\";----backend a { .host = \"192.0.2.1\"; .probe = { .kind = tcp; .interval = 2s; .timeout = FLAW; }; }",
        "const I = 2s; backend a { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; .interval = I; .timeout = FLAW; }; }",
    ];
    Spellings { code: "W0622", flaw: "3s", cure: "2s", policies: &policies }.hold();
}

#[test]
fn a_backend_that_need_not_prove_who_it_is() {
    let policies = [
        "backend a { .host = \"app.example.com\"; .tls = true; .verify = FLAW; }",
        "backend a { .verify = FLAW; .host = \"192.0.2.1\"; .tls = true; .sni = \"app.example.com\"; }",
        "backend a { .host = \"b.example.com\"; .tls = true; } backend b { .host = \"app.example.com\"; .tls = true; .verify = FLAW; } rules request first { when path == \"/\" -> backend b; }",
        "include \"part.warp\";----backend a { .host = \"app.example.com\"; .tls = true; .verify = FLAW; }",
        "const V = FLAW; backend a { .host = \"app.example.com\"; .tls = true; .verify = V; }",
    ];
    Spellings { code: "W0820", flaw: "false", cure: "true", policies: &policies }.hold();
}

#[test]
fn two_members_that_are_one_server() {
    let two = "backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.FLAW\"; }";
    let policies = [
        format!("{two} director d = fallback {{ a; b; }} sub recv {{ set req.backend_hint = d; }}"),
        format!(
            "{two} director d = round_robin {{ b; a; }} sub x {{ set req.backend_hint = d; }} sub recv {{ call x; }}"
        ),
        format!("{two} director d = random {{ a; b; }} rules request first {{ else -> backend d; }}"),
        format!(
            "include \"part.warp\"; director d = fallback {{ a; b; }} sub recv {{ set req.backend_hint = d; }}----{two}"
        ),
        format!(
            "const H = \"192.0.2.1\"; backend c {{ .host = H; .port = \"8080\"; }} {} director d = shard {{ c; b; }} sub recv {{ if (!(req.host != \"y\")) {{ set req.backend_hint = d; }} else {{ set req.backend_hint = a; }} }}",
            two.replace("FLAW\";", "FLAW\"; .port = \"8080\";")
        ),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code: "W0624", flaw: "1", cure: "2", policies: &policies }.hold();
    for other in [".port = \"8080\";", ".host_header = \"b.test\";", ".tls = true; .sni = \"b.test\"; .port = \"80\";"]
    {
        let policy = format!(
            "backend a {{ .host = \"192.0.2.1\"; }} backend b {{ .host = \"192.0.2.1\"; {other} }} director d = fallback {{ a; b; }} sub recv {{ set req.backend_hint = d; }}"
        );
        assert!(!of(&policy).contains(&"W0624".to_owned()), "{policy}");
    }
}

#[test]
fn a_port_of_another_protocol() {
    let policies = [
        "backend a { .host = \"app.example.com\"; .port = \"443\"; FLAW }",
        "const P = \"443\"; backend a { .port = P; FLAW .host = \"app.example.com\"; } sub x { set req.backend_hint = a; } sub recv { call x; }",
        "backend a { .host = \"app.example.com\"; .port = \"443\"; FLAW } rules request first { else -> backend a; }",
        "include \"part.warp\";----backend a { .host = \"app.example.com\"; .port = \"443\"; FLAW }",
        "backend a { .host = \"192.0.2.1\"; .port = \"443\"; .host_header = \"app.example.com\"; FLAW } sub recv { if (!(req.host != \"y\")) { set req.backend_hint = a; } }",
    ];
    Spellings { code: "W0625", flaw: "", cure: ".tls = true; .sni = \"app.example.com\";", policies: &policies }.hold();
    assert_eq!(of("backend a { .host = \"app.example.com\"; .port = \"80\"; .tls = true; }"), ["W0625"]);
    assert_eq!(of("backend a { .host = \"app.example.com\"; .tls = true; }"), [""; 0]);
}

const MAIN: &str = "backend main { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; }; }";

#[test]
fn a_page_that_is_stored_and_of_no_use_while_its_backend_is_sick() {
    let pair = format!("{MAIN} {PROBED} director d = round_robin {{ main; b; }}");
    let policies = [
        format!("{pair} sub recv {{ set req.backend_hint = d; }} sub backend_response {{ FLAW }}"),
        format!("{MAIN} sub x {{ FLAW }} sub backend_response {{ call x; }}"),
        format!(
            "include \"part.warp\"; rules request first {{ else -> backend d; }} sub backend_response {{ FLAW }}----{pair}"
        ),
        format!(
            "backend web {{ .host = \"192.0.2.9\"; }} {MAIN} sub recv {{ if (!(req.path under \"/api/\")) {{ set req.backend_hint = web; }} else {{ set req.backend_hint = main; }} }} sub backend_response {{ if (bereq.path under \"/api/\") {{ FLAW }} }}"
        ),
        format!("{MAIN} sub backend_response {{ match beresp.status {{ 200 -> {{ FLAW }} else -> {{ }} }} }}"),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    for (flaw, cure) in [
        (
            "set beresp.ttl = 5m; set beresp.keep = 0s;",
            "set beresp.ttl = 5m; set beresp.keep = 0s; set beresp.grace = 1h;",
        ),
        ("set beresp.keep = 0s;", "set beresp.keep = 0s; set beresp.stale_if_error = 1d;"),
        (
            "set beresp.http.Cache-Control = \"max-age=60, must-revalidate\";",
            "set beresp.http.Cache-Control = \"max-age=60\";",
        ),
    ] {
        Spellings { code: "W0626", flaw, cure, policies: &policies }.hold();
    }
}

#[test]
fn rows_of_a_table_of_which_some_make_it_so() {
    let policies = [
        "rules response first { when bereq.path under \"/a\" -> FLAW; else -> ttl 5m; }",
        "rules response first { when bereq.path ext \"css\" -> ttl 1h; when status == 200 -> FLAW; when status == 404 -> ttl 5s; }",
        "sub backend_response { if (beresp.http.X-A) { set beresp.ttl = 1m; } else if (beresp.http.X-B) { FLAW; } }",
        "include \"part.warp\"; sub backend_response { call x; }----sub x { match bereq.host { \"a.test\" -> { FLAW; } else -> { set beresp.ttl = 9s; } } }",
    ];
    for cached in ["max-age=60, must-revalidate", "s-maxage=60"] {
        for policy in policies {
            let with = |value: &str| {
                policy
                    .replace("FLAW", &format!("set beresp.http.Cache-Control = \"{value}\""))
                    .replace("----", &format!("----{MAIN} "))
            };
            let whole =
                |value: &str| if policy.contains("----") { with(value) } else { format!("{MAIN} {}", with(value)) };
            assert_eq!(of(&whole(cached)), ["W0626"], "{}", whole(cached));
            assert_eq!(of(&whole("max-age=60")), [""; 0], "{}", whole("max-age=60"));
        }
    }
}

#[test]
fn an_answer_to_a_sick_backend_before_anything_stored_is_looked_for() {
    let policies = [
        format!("{MAIN} sub recv {{ if (!std.healthy(main)) {{ FLAW }} }}"),
        format!("{MAIN} sub x {{ if (std.healthy(main)) {{ }} else {{ FLAW }} }} sub recv {{ call x; }}"),
        format!(
            "include \"part.warp\"; sub recv {{ if (req.path under \"/a\" && !std.healthy(main)) {{ FLAW }} }}----{MAIN}"
        ),
        format!(
            "{MAIN} sub recv {{ let up = std.healthy(main); if (!up) {{ FLAW }} }} sub synth {{ set resp.body = \"soon\"; }}"
        ),
        format!("{MAIN} fn up() -> BOOL {{ return std.healthy(main); }} sub recv {{ if (!up()) {{ FLAW }} }}"),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    let (flaw, cure) = ("return (synth(503));", "set req.http.X-Sick = \"1\";");
    Spellings { code: "W0626", flaw, cure, policies: &policies }.hold();
    assert_eq!(of(&format!("{MAIN} rules request first {{ when not std.healthy(main) -> deny 503; }}")), ["W0626"]);
}

#[test]
fn what_fails_with_its_backend_on_purpose_or_has_another_way() {
    for further in [
        "",
        "sub backend_response { set beresp.keep = 0s; set beresp.grace = 0s; }",
        "sub backend_response { set beresp.keep = 0s; set beresp.stale_if_error = 0s; }",
        "sub backend_response { set beresp.keep = 0s; } sub backend_error { set beresp.body = \"soon\"; return (deliver); }",
        "sub backend_response { set beresp.keep = 0s; } sub backend_error { if (bereq.retries == 0) { return (retry); } }",
        "sub backend_response { set beresp.keep = 0s; } sub deliver { if (resp.status == 503 && req.restarts == 0) { return (restart); } }",
        "sub recv { return (pass); }",
        "sub recv { if (req.method == \"POST\" && !std.healthy(main)) { return (synth(503)); } }",
        "sub recv { if (req.path under \"/me/\") { if (!std.healthy(main)) { return (synth(503)); } return (pass); } }",
        "rules request first { when path under \"/old/\" -> deny 410; }",
        "backend spare { .host = \"192.0.2.2\"; } sub recv { if (!std.healthy(main)) { set req.backend_hint = spare; } } sub backend_response { set beresp.keep = 0s; }",
    ] {
        assert_eq!(of(&format!("{MAIN} {further}")), [""; 0], "{further}");
    }
    assert_eq!(of("backend a { .host = \"192.0.2.1\"; } sub backend_response { set beresp.keep = 0s; }"), [""; 0]);
}
