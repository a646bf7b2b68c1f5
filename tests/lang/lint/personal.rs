//! What is one person's and stored for everybody.

use super::{all_behind_have, all_have, codes, found, linted, none_has_any};

/// Credentials are another matter.
const WITHOUT_CREDENTIALS: &str = "sub recv { unset req.http.Authorization; }";

#[test]
fn a_page_with_somebody_s_cookies_that_is_stored() {
    all_behind_have(
        WITHOUT_CREDENTIALS,
        "W0801",
        &[
            "sub recv { return (hash); }",
            r#"sub recv { if (req.method == "GET") { return (hash); } }"#,
            r#"sub recv { call decide; } sub decide { if (req.path under "/shop") { return (hash); } }"#,
            r#"rules request first { when path under "/shop" -> cache; }"#,
            r#"rules request first { when path under "/shop" and cookies has "session" -> pass; when path under "/shop" -> cache; }"#,
            r#"sub recv { if (!(req.cookies has "session")) { return (hash); } }"#,
            r#"normalize req { cookie keep ["session"]; } rules request first { when path under "/" -> cache; }"#,
            "sub recv { set req.http.X-Saved = req.http.Cookie; unset req.http.Cookie; }
               sub backend_fetch { set bereq.http.Cookie = bereq.http.X-Saved; unset bereq.http.X-Saved; }",
            r#"sub recv { if (str.split(req.path, 1, separators: "/") == "news") { return (hash); } }"#,
            r#"table parts { "shop": "own", "news": "all" }
               sub recv { let part = str.split(req.path, 1, separators: "/"); if (parts[part] == "all") { return (hash); } }"#,
            r#"sub recv { let end = regsub(req.path, "^.*[.]", ""); if (end in ["css", "js"]) { return (hash); } }"#,
            r#"sub recv { if (std.fnmatch("/news/*", req.path)) { return (hash); } }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "rules request first { when path under \"/\" -> strip authorization, cache; }"),
    ];
    assert_eq!(found(&files), ["W0801 cache"]);
}

#[test]
fn requests_with_cookies_that_pass_or_have_none_left_are_fine() {
    none_has_any(&[
        "",
        "sub recv { if (req.http.Cookie || req.http.Authorization) { return (pass); } return (hash); }",
        "sub recv { unset req.http.Cookie; unset req.http.Authorization; return (hash); }",
        r#"rules request first { when header "Authorization" -> pass; when path under "/shop" -> strip cookie, cache; }"#,
        r#"normalize req { cookie drop ["*"]; } rules request first { when header "Authorization" -> pass; when path under "/" -> cache; }"#,
        r#"key { req.host; req.url; req.cookies["session"]; } rules request first { when header "Authorization" -> pass; when path under "/" -> cache; }"#,
        r#"rules request first { when path in ["/robots.txt", "/status"] -> cache; }"#,
        "override builtin.cookie { } override builtin.authorization { } sub recv { return (hash); }",
        "sub recv { unset req.http.Authorization; return (hash); } sub backend_fetch { unset bereq.http.Cookie; }",
        r#"rules request first { when header "Authorization" -> pass; when path under "/" -> cache; } rules response first { else -> uncacheable; }"#,
    ]);
    // Whole cookies share nothing, but between two users neither.
    let varied = r#"sub recv { return (hash); } sub backend_response { set beresp.http.Vary = "Cookie"; }"#;
    assert_eq!(codes(varied), ["W0915"]);
    // What caches behind warp are told keeps nothing apart in its own store.
    assert_eq!(codes(&varied.replace("backend_response", "deliver").replace("beresp", "resp")), ["W0801"]);
}

#[test]
fn a_set_cookie_that_is_stored() {
    all_have(
        "W0803",
        &[
            "sub backend_response { set beresp.ttl = 1h; return (deliver); }",
            "sub backend_response { if (beresp.status == 200) { return (deliver); } }",
            r#"sub backend_response { call done; } sub done { if (bereq.path ext "css") { return (deliver); } }"#,
            r#"sub backend_response { if (!(beresp.http.Set-Cookie ~ "session")) { return (deliver); } }"#,
            r#"sub backend_response { if (bereq.path under "/a") { unset beresp.http.Set-Cookie; } return (deliver); }"#,
            // A 304 may bring one, which is stored with the page.
            "sub backend_response { if (beresp.was_304) { return (deliver); } }",
            "sub backend_response { call old; } sub old { if (beresp.was_304 && beresp.status == 200) { return (deliver); } }",
            "sub backend_response { if (!beresp.was_304) { call builtin.set_cookie; } return (deliver); }",
        ],
    );
    let confirmed = linted(&[("p.warp", "sub backend_response { if (beresp.was_304) { return (deliver); } }")]);
    let help = confirmed.diagnostics.first().and_then(|finding| finding.help.clone()).unwrap();
    assert!(help.ends_with("the backend confirms it by a 304 with a `Set-Cookie`"), "{help}");
    let files = [("p.warp", "include \"a.warp\";"), ("a.warp", "sub backend_response { return (deliver); }")];
    assert_eq!(found(&files), ["W0803 return (deliver);"]);
    none_has_any(&[
        "sub backend_response { unset beresp.http.Set-Cookie; return (deliver); }",
        "sub backend_response { if (beresp.http.Set-Cookie) { set beresp.uncacheable = true; } return (deliver); }",
        "sub backend_response { if (beresp.http.Set-Cookie) { return (pass); } return (deliver); }",
        "rules response first { when status == 200 -> ttl 1h; }",
        "override builtin.set_cookie { } sub backend_response { set beresp.ttl = 1h; }",
        "sub backend_response { set beresp.uncacheable = true; return (deliver); }",
        "sub backend_response { if (beresp.was_304) { unset beresp.http.Set-Cookie; return (deliver); } }",
        "sub backend_response { if (beresp.was_304) { call builtin.set_cookie; return (deliver); } }",
        "sub backend_response { if (beresp.was_304) { set beresp.ttl = 1h; } }",
    ]);
}

#[test]
fn the_end_of_a_path_that_has_somebody_s_page_stored() {
    all_have(
        "W0804",
        &[
            r#"rules request first { when path ext ["css", "js"] -> cache; }"#,
            r#"sub recv { if (req.url ~ "(?i)\.(css|js)$") { return (hash); } }"#,
            r#"sub recv { call files; } sub files { if (std.suffixof(req.path, ".png")) { return (hash); } }"#,
            r#"sub recv { if (!(req.path ext "css")) { return (pass); } return (hash); }"#,
            r#"sub recv { if (req.path ext "css") { if (req.method == "GET") { return (hash); } } }"#,
        ],
    );
    let files =
        [("p.warp", "include \"a.warp\";"), ("a.warp", "rules request first { when path ext \"css\" -> cache; }")];
    assert_eq!(found(&files), ["W0804 cache"]);
    none_has_any(&[
        r#"rules request first { when path ext ["css", "js"] and not header "Authorization" -> strip cookie, cache; }"#,
        r#"rules request first { when header "Authorization" or header "Cookie" -> pass; when path ext "css" -> cache; }"#,
    ]);
}

#[test]
fn a_request_is_shown_that_has_it_happen() {
    let checked =
        linted(&[("p.warp", r#"rules request first { when path under "/shop" -> strip authorization, cache; }"#)]);
    let help = checked.diagnostics.first().and_then(|finding| finding.help.clone()).unwrap();
    let example = r#"`GET "https://www.example.com/shop" { Cookie: "session=1" }` and `origin 200 { Cache-Control: "max-age=60" }`"#;
    assert!(help.ends_with(example), "{help}");
}

/// Cookies are another matter.
const WITHOUT_COOKIES: &str = "sub recv { unset req.http.Cookie; }";

#[test]
fn an_answer_to_credentials_that_the_policy_calls_public() {
    all_behind_have(
        WITHOUT_COOKIES,
        "W0802",
        &[
            r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "public, max-age=60"; }"#,
            r#"sub recv { return (hash); } sub backend_response { call times; } sub times { set beresp.http.Cache-Control = "s-maxage=60"; }"#,
            r#"rules request first { when path under "/api" -> cache; } rules response first { when status == 200 -> set beresp.http.Cache-Control = "must-revalidate, max-age=60"; }"#,
            r#"override builtin.authorization { } sub backend_response { set beresp.http.Cache-Control = "public"; set beresp.ttl = 1h; }"#,
            r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "public, max-age=" + beresp.status + ", x=" + bereq.retries; }"#,
            r#"sub recv { if (!(req.method != "GET")) { if (req.path under "/api") { return (hash); } } }
               sub backend_response { if (!(beresp.status != 200)) { set beresp.http.Cache-Control = beresp.http.Cache-Control + ", public"; } }"#,
            r#"sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; }
               sub backend_fetch { set bereq.http.Authorization = bereq.http.X-Auth; }
               sub backend_response { set beresp.http.Cache-Control = "public, max-age=60"; }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\"; rules request first { when path under \"/\" -> strip cookie, cache; }"),
        ("a.warp", "sub backend_response { set beresp.http.Cache-Control = \"public, max-age=9\"; }"),
    ];
    assert_eq!(found(&files), ["W0802 set beresp.http.Cache-Control = \"public, max-age=9\";"]);
}

#[test]
fn answers_to_credentials_that_stay_with_one_or_that_the_backend_calls_public_are_fine() {
    let texts = [
        r#"sub backend_response { set beresp.http.Cache-Control = "public, max-age=60"; }"#,
        "sub recv { return (hash); }",
        "override builtin.authorization { }",
        r#"sub recv { unset req.http.Authorization; return (hash); } sub backend_response { set beresp.http.Cache-Control = "public"; }"#,
        r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "max-age=60"; }"#,
        r#"sub recv { return (hash); } sub backend_response { if (!bereq.http.Authorization) { set beresp.http.Cache-Control = "public"; } }"#,
        r#"sub recv { return (hash); } sub hash { hash_data(req.http.Authorization); } sub backend_response { set beresp.http.Cache-Control = "public"; }"#,
        r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "public"; set beresp.http.Vary = "Authorization"; }"#,
        r#"sub recv { if (req.http.Authorization) { return (pass); } return (hash); } sub backend_response { set beresp.http.Cache-Control = "public"; }"#,
        // A number that is written into the field is no directive.
        r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "max-age=" + std.integer(duration: beresp.ttl); }"#,
        r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "max-age=" + beresp.status + ", x=" + bereq.retries; }"#,
        r#"sub recv { return (hash); } sub backend_response { set beresp.http.Cache-Control = "max-age=9" + beresp.status; }"#,
    ];
    for text in texts {
        assert_eq!(codes(&format!("{WITHOUT_COOKIES}\n{text}")), [""; 0], "{text}");
    }
}

/// Whether the path may be that of somebody's page is not found out here by proof, but by trying it.
#[test]
fn what_is_found_is_not_called_unfinished() {
    let shop = r#"
        acl ops { "10.0.0.0"/8; }
        normalize req { host lower; query drop ["utm_*", "gclid"], sort; }
        sub recv {
            unset req.http.X-Debug;
            if (req.path ext ["css", "js", "png"]) { return (hash); }
            if (req.method == "PURGE") {
                if (client.ip !~ ops) { return (synth(405, "Not allowed")); }
                return (purge);
            }
            if (req.path under ["/cart", "/checkout", "/account"]) { return (pass); }
        }
        sub backend_response { set beresp.grace = 1h; unset beresp.http.Set-Cookie; }
    "#;
    all_have("W0804", &[shop]);
}
