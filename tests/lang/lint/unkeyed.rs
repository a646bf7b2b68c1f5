//! What one client says and another one gets.

use super::{all_have, codes, found, linted, none_has_any};

#[test]
fn what_is_said_is_written_into_what_is_stored() {
    all_have(
        "W0805",
        &[
            "sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }",
            r#"sub backend_response { call mark; } sub mark { set beresp.http.Link = "<https://" + bereq.http.X-Forwarded-Host + "/>"; }"#,
            "rules response first { when status == 200 -> set beresp.http.X-Id = bereq.http.X-Request-Id, ttl 1h; }",
            r#"sub backend_response { if (!(bereq.http.X-Debug != "on" || beresp.status != 200)) { set beresp.http.X-Debug = "1"; } }"#,
            "sub backend_response { set beresp.http.X-Client = client.ip; }",
            "sub backend_response { header.append(beresp.http.X-Via, bereq.http.X-Forwarded-For); }",
            r#"normalize req { query sort; } key { req.host; req.path; req.query["page"]; } sub backend_response { set beresp.http.X-Lang = bereq.query["lang"]; }"#,
            r#"sub recv { set req.http.X-User = req.cookies["user"]; unset req.http.Cookie; }
               sub backend_response { set beresp.http.X-User = bereq.http.X-User; }"#,
            r#"sub backend_response { let lang = bereq.http.X-Lang ?? "en"; set beresp.http.Content-Language = std.tolower(lang); }"#,
            "sub backend_response { if (bereq.http.Origin) { set beresp.http.Access-Control-Allow-Origin = bereq.http.Origin; } }",
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Proto; }"),
    ];
    assert_eq!(found(&files), ["W0805 set beresp.http.X-Fwd = bereq.http.X-Forwarded-Proto;"]);
}

/// What functions make of what is said is told apart by values that they are about.
#[test]
fn what_functions_make_of_what_is_said_is_found() {
    let sources = [
        "set req.http.X-T = device.class(req.http.User-Agent);",
        r#"set req.http.X-T = req.accept.language(["en", "de"]) ?? "en"; unset req.http.Accept-Language;"#,
        r#"if (client.ip ~ near) { set req.http.X-T = "in"; } else { set req.http.X-T = "out"; }"#,
    ];
    let sinks = [
        r#"sub backend_fetch { set bereq.url = "/" + bereq.http.X-T + bereq.url; }"#,
        r#"sub backend_fetch { set bereq.url = regsub(bereq.url, "^/t/", "/" + bereq.http.X-T + "/"); }"#,
        r#"sub backend_fetch { set bereq.url = std.replace_prefix(bereq.url, "/t/", "/" + bereq.http.X-T + "/"); }"#,
        "sub backend_response { set beresp.http.X-T = bereq.http.X-T; }",
    ];
    let near = r#"acl near { "10.0.0.0"/8; }"#;
    for source in sources {
        for sink in sinks {
            let unused = if source.contains("near") { near } else { "" };
            let policy = format!("{unused} sub recv {{ {source} }} {sink}");
            assert!(codes(&policy).contains(&"W0805".to_owned()), "{policy}");
            let keyed = format!("{policy} sub hash {{ hash_data(req.http.X-T); }}");
            assert!(!codes(&keyed).contains(&"W0805".to_owned()), "{keyed}");
        }
    }
}

const TWO: &str = "backend beta { .host = \"192.0.2.2\"; }";

#[test]
fn what_is_said_decides_which_backend_is_asked() {
    for text in [
        "sub recv { if (req.http.X-Beta) { set req.backend_hint = beta; } }",
        r#"sub recv { call choose; } sub choose { if (req.http.X-Beta == "yes") { set req.backend_hint = beta; } }"#,
        r#"rules request first { when header "X-Beta" -> backend beta; }"#,
        r#"sub recv { if (!(req.http.X-Beta != "yes")) { if (req.method == "GET") { set req.backend_hint = beta; } } }"#,
        r#"sub recv { set req.backend_hint = match req.http.X-Group { "b" -> beta; else -> default; }; }"#,
        r#"acl office { "10.0.0.0"/8; } sub recv { if (client.ip ~ office) { set req.backend_hint = beta; } }"#,
        r#"sub recv { if (req.accept.language(["en", "de"]) == "de") { set req.backend_hint = beta; } }"#,
        r#"sub backend_fetch { if (bereq.http.X-Forwarded-Proto == "http") { set bereq.backend = beta; } }"#,
    ] {
        assert_eq!(codes(&format!("{TWO}\n{text}")), ["W0805"], "{text}");
    }
    let table = "rules request first { when header \"X-Beta\" -> backend beta; }";
    let files = [("p.warp", "include \"a.warp\";"), ("a.warp", &*format!("{TWO}\n{table}"))];
    assert_eq!(found(&files), ["W0805 backend beta"]);
}

#[test]
fn what_is_said_decides_what_the_backend_is_asked_for() {
    all_have(
        "W0805",
        &[
            r#"sub backend_fetch { set bereq.url = "/" + bereq.http.X-Lang + bereq.url; }"#,
            r#"sub miss { call translate; } sub translate { set req.url = "/" + req.http.X-Lang + req.url; }"#,
            r#"sub backend_fetch { if (!(bereq.http.X-Lang != "de")) { set bereq.url = "/de" + bereq.url; } }"#,
            "sub backend_fetch { set bereq.http.Host = bereq.http.X-Forwarded-Host ?? bereq.http.Host; }",
            r#"sub hash { hash_data(req.url); hash_data(req.http.Host); set req.url = "/" + req.http.X-Lang + req.url; return (lookup); }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub backend_fetch { set bereq.url = bereq.url + \"?l=\" + bereq.http.X-Lang; }"),
    ];
    assert_eq!(found(&files), ["W0805 set bereq.url = bereq.url + \"?l=\" + bereq.http.X-Lang;"]);
}

#[test]
fn what_is_said_is_followed_through_what_it_decides() {
    let policy = |text: &str| if text.contains("beta") { format!("{TWO}\n{text}") } else { text.to_owned() };
    for text in [
        r#"sub recv { if (req.http.User-Agent ~ "Mobile") { set req.http.X-Device = "m"; } else { set req.http.X-Device = "pc"; } }
           sub backend_fetch { if (bereq.http.X-Device == "m") { set bereq.url = "/m" + bereq.url; } }"#,
        r#"sub recv { if (req.http.Accept-Language ~ "^de") { set req.http.X-Lang = "de"; } else { set req.http.X-Lang = "en"; } }
           sub backend_response { if (bereq.http.X-Lang == "de") { set beresp.http.Content-Language = "de"; } }"#,
        r#"sub recv { set req.http.X-Device = match req.http.User-Agent { ~ "Mobile" -> "m"; else -> "pc"; }; }
           sub backend_fetch { if (bereq.http.X-Device == "m") { set bereq.url = "/m" + bereq.url; } }"#,
        r#"sub recv { if (req.http.User-Agent ~ "Mobile") { set req.http.X-Device = "m"; } else { set req.http.X-Device = "pc"; }
           if (req.http.X-Device == "m") { set req.backend_hint = beta; } }"#,
        r#"rules request first { when header "User-Agent" ~ "Mobile" -> set req.http.X-Device = "m"; else -> set req.http.X-Device = "pc"; }
           sub backend_fetch { if (!(bereq.http.X-Device != "m")) { set bereq.backend = beta; } }"#,
    ] {
        assert_eq!(codes(&policy(text)), ["W0805"], "{text}");
    }
    let keyed = r#"sub recv { if (req.http.User-Agent ~ "Mobile") { set req.http.X-Device = "m"; } else { set req.http.X-Device = "pc"; }
                   if (req.http.X-Device == "m") { set req.backend_hint = beta; } } sub hash { hash_data(req.http.X-Device); }"#;
    assert_eq!(codes(&policy(keyed)), [] as [&str; 0]);
}

#[test]
fn what_is_keyed_or_passes_or_is_not_stored_is_fine() {
    none_has_any(&[
        r#"sub recv { set req.url = "/" + req.http.X-Lang + req.url; }"#,
        "sub deliver { set resp.http.X-Fwd = req.http.X-Forwarded-Host; }",
        "sub hash { hash_data(req.http.X-Forwarded-Host); } sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }",
        r#"sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; set beresp.http.Vary = "X-Forwarded-Host"; }"#,
        r#"sub backend_response { header.append(beresp.http.Vary, "Origin"); set beresp.http.Access-Control-Allow-Origin = bereq.http.Origin; }"#,
        "sub recv { unset req.http.X-Forwarded-Host; } sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }",
        "sub recv { if (req.http.X-Forwarded-Host) { return (pass); } } sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }",
        "sub backend_response { if (bereq.http.X-Debug) { set beresp.uncacheable = true; } set beresp.http.X-Url = bereq.url; set beresp.http.X-Host = bereq.http.Host; }",
        "sub backend_fetch { set bereq.http.X-Forwarded-Host = bereq.http.Host; set bereq.http.X-Real-Ip = client.ip; }",
        r#"sub backend_response { unset beresp.http.Set-Cookie; set beresp.http.X-Kind = bereq.path ext "css" ; }"#,
        r#"key { req.host; req.url; req.accept.language(["en", "de"]); } sub backend_fetch { set bereq.url = "/" + (req_language()) + bereq.url; }
           fn req_language() -> STRING { return "en"; }"#,
    ]);
    for text in [
        "sub recv { if (req.http.X-Beta) { set req.backend_hint = beta; return (pass); } }",
        "sub recv { if (req.http.X-Beta) { set req.backend_hint = beta; } } sub hash { hash_data(req.http.X-Beta); }",
        r#"sub recv { if (req.path under "/beta" || req.host == "beta.example.com") { set req.backend_hint = beta; } }"#,
        r#"sub recv { if (req.method == "POST") { set req.backend_hint = beta; } }"#,
        "sub recv { set req.http.X-Group = req.http.X-Beta; if (req.http.X-Group) { set req.backend_hint = beta; } } key { req.host; req.url; req.http.X-Group; }",
    ] {
        assert_eq!(codes(&format!("{TWO}\n{text}")), [""; 0], "{text}");
    }
}

#[test]
fn the_two_requests_are_shown() {
    let checked =
        linted(&[("p.warp", "sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }")]);
    let help = checked.diagnostics.first().and_then(|finding| finding.help.clone()).unwrap();
    let example = r#"`GET "https://www.example.com/"` is answered with what was stored for `GET "https://www.example.com/" { X-Forwarded-Host: "evil.example" }`, of `origin 200 { Cache-Control: "max-age=60" }`"#;
    assert!(help.ends_with(example), "{help}");
}

#[test]
fn what_one_client_does_not_say_or_another_field_says_for_it() {
    all_have(
        "W0805",
        &[
            r#"sub backend_response { if (bereq.http.X-Debug) { } else { set beresp.http.X-Debug = "off"; } }"#,
            r#"sub backend_response { if (bereq.http.X-Debug == "a") { set beresp.ttl = 3m; } else if (bereq.path under "/a") { set beresp.http.Y = "1"; } }"#,
            r#"sub recv { if (req.query has "debug") { set req.http.X-D = "1"; } }
               sub backend_response { set beresp.http.X-D = bereq.http.X-D; }
               key { req.host; req.path; req.query["page"]; }"#,
            r#"sub recv { if (req.cookies has "debug") { set req.http.X-D = "1"; } unset req.http.Cookie; }
               sub backend_response { set beresp.http.X-D = bereq.http.X-D; }"#,
        ],
    );
    none_has_any(&[
        r#"sub recv { unset req.http.X-D; if (req.path under "/a") { set req.http.X-D = "1"; } }
           sub backend_response { set beresp.http.X-D = bereq.http.X-D; }"#,
        r#"sub recv { unset req.http.X-D; if (req.query has "debug") { set req.http.X-D = "1"; } }
           sub backend_response { set beresp.http.X-D = bereq.http.X-D; }"#,
    ]);
}

#[test]
fn one_of_many_rows_that_write_a_field() {
    let row = |at| format!("when path under \"/p{at}/\" -> set beresp.http.X-R = \"{at}\";\n");
    let rows = (0..3_000).map(row).collect::<Vec<_>>().concat();
    let last = "when path under \"/q/\" -> set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host;";
    assert_eq!(codes(&format!("rules response first {{ {rows} {last} }}")), ["W0805"]);
}
