//! What is one person's, and sent on in another field.

use super::{all_have, codes, found, linted, none_has_any};

#[test]
fn a_cookie_that_goes_on_in_another_field() {
    all_have(
        "W0801",
        &[
            r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; }"#,
            "sub recv { set req.http.X-Cookies = req.http.Cookie; unset req.http.Cookie; }",
            r#"sub recv { unset req.http.Authorization; return (hash); }
               sub backend_fetch { set bereq.http.X-User = bereq.cookies["user"]; unset bereq.http.Cookie; }"#,
            r#"sub recv { set req.http.X-Session = "sid=" + req.cookies["session"] + ";"; unset req.http.Cookie; }"#,
            r#"sub recv { call keep; unset req.http.Cookie; } sub keep { set req.http.X-Session = std.tolower(req.cookies["session"]); }"#,
            r#"sub recv { if (!(req.method != "GET")) { if (req.cookies has "session") { set req.http.X-Session = req.cookies["session"]; } } unset req.http.Cookie; }"#,
            r#"sub recv { let s = req.cookies["session"] ?? "none"; unset req.http.Cookie; set req.http.X-Session = s; }"#,
            r#"fn session(c: STRING) -> STRING { return regsub(c, "^.*session=([^;]*).*$", "\1"); }
               sub recv { set req.http.X-Session = session(req.http.Cookie); unset req.http.Cookie; }"#,
            r#"sub recv { set req.http.X-Session = cookie.get("session"); cookie.clean(); }"#,
            r#"rules request first { when cookies has "session" -> set req.http.X-Session = req.cookies["session"], strip cookie, cache; }"#,
            r#"sub recv { set req.http.X-Saved = req.cookies["session"]; unset req.http.Cookie; }
               sub backend_fetch { set bereq.http.X-User = bereq.http.X-Saved; unset bereq.http.X-Saved; }"#,
            r#"sub recv { set req.http.X-Session = req.cookies["session"]; set req.http.X-Session = std.tolower(req.http.X-Session); unset req.http.Cookie; }"#,
            r#"sub recv { set req.http.X-Token = req.cookies["token"]; unset req.http.Cookie; }
               sub backend_fetch { set bereq.http.Authorization = "Bearer " + bereq.http.X-Token; unset bereq.http.X-Token; }"#,
            r#"table plans: STRING -> STRING { "a": "free", "b": "paid" } sub recv { set req.http.X-Plan = plans[req.cookies["user"]]; unset req.http.Cookie; }"#,
            r#"normalize req { cookie keep ["session"]; } sub recv { header.append(req.http.X-Who, req.cookies["session"]); unset req.http.Cookie; }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub recv { set req.http.X-S = req.cookies[\"s\"]; unset req.http.Cookie; }"),
    ];
    assert_eq!(found(&files), ["W0801 set req.http.X-S = req.cookies[\"s\"];"]);
}

#[test]
fn a_field_that_cookies_decide() {
    all_have(
        "W0801",
        &[
            r#"sub recv { if (req.http.Cookie ~ "admin") { set req.http.X-Role = "admin"; } unset req.http.Cookie; }"#,
            r#"sub recv { if (req.cookies["role"] == "editor") { set req.http.X-Role = "editor"; } else { set req.http.X-Role = "reader"; } unset req.http.Cookie; }"#,
            r#"sub recv { set req.http.X-Group = match req.cookies["ab"] { "b" -> "b"; else -> "a"; }; unset req.http.Cookie; }"#,
            r#"sub recv { call role; unset req.http.Cookie; } sub role { if (!(req.http.Cookie ~ "admin=")) { return; } set req.http.X-Role = "admin"; }"#,
            r#"sub recv { unset req.http.X-Role; if (cookie.isset("staff")) { set req.http.X-Role = "staff"; } cookie.clean(); }"#,
            r#"rules request first { when cookies has "staff" -> set req.http.X-Role = "staff", strip cookie; else -> strip cookie; }"#,
            r#"sub recv { if (req.http.Cookie ~ "admin") { set req.http.X-Role = "admin"; } unset req.http.Cookie; }
               sub backend_fetch { set bereq.http.X-Group = bereq.http.X-Role; unset bereq.http.X-Role; }"#,
        ],
    );
}

#[test]
fn what_is_keyed_or_passes_or_does_not_reach_the_backend_is_fine() {
    none_has_any(&[
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; } sub hash { hash_data(req.http.X-Session); }"#,
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; }
           sub backend_response { set beresp.http.Vary = "X-Session"; }"#,
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; }"#,
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; if (req.http.X-Session) { return (pass); } }"#,
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; }
           sub backend_fetch { unset bereq.http.X-Session; }"#,
        r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; }
           sub backend_response { if (bereq.http.X-Session) { set beresp.uncacheable = true; } }"#,
        r#"sub recv { set req.url = req.url + "?s=" + req.cookies["session"]; unset req.http.Cookie; }"#,
        r#"sub recv { if (req.http.Cookie ~ "admin") { set req.http.X-Role = "admin"; } unset req.http.Cookie; }
           key { req.host; req.url; req.http.X-Role; }"#,
        r#"sub recv { set req.http.X-Group = match req.cookies["ab"] { "b" -> "b"; else -> "a"; }; unset req.http.Cookie; }
           key { req.host; req.url; req.http.X-Group; }"#,
        r#"sub recv { set req.http.Accept-Language = req.cookies["lang"] ?? req.http.Accept-Language; unset req.http.Cookie; }"#,
        // What a policy notes for itself is none of the backend's business.
        r#"sub recv { if (!req.http.Cookie) { set req.http.X-New = "yes"; } unset req.http.Cookie; }
           sub deliver { if (req.http.X-New) { set resp.http.Set-Cookie = "seen=1"; } }"#,
        r#"sub recv { if (req.cookies has "session") { set req.http.X-Pass = "1"; } unset req.http.Cookie; if (req.http.X-Pass) { return (pass); } }"#,
        r#"sub recv { set req.http.X-Seen = "yes"; set req.http.X-Device = device.class(req.http.User-Agent); unset req.http.Cookie; }"#,
        r#"rules request first { when path == "/status" -> set req.http.X-S = req.cookies["s"], strip cookie, strip authorization, cache; }"#,
        r#"override builtin.cookie { } sub recv { set req.http.X-Session = req.cookies["session"]; }"#,
    ]);
}

/// One flaw is told of once.
#[test]
fn what_is_shown_already_is_not_shown_again() {
    for (code, text) in [
        (
            "W0801",
            r#"sub recv { unset req.http.Authorization; set req.http.X-Session = req.cookies["session"]; return (hash); }"#,
        ),
        (
            "W0805",
            r#"sub recv { set req.http.X-Lang = req.cookies["lang"]; unset req.http.Cookie; }
               sub backend_fetch { set bereq.url = "/" + bereq.http.X-Lang + bereq.url; }"#,
        ),
        (
            "W0801",
            r#"sub recv { set req.http.X-A = req.cookies["a"]; set req.http.X-B = req.http.X-A; unset req.http.Cookie; }"#,
        ),
        (
            "W0802",
            r#"sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; unset req.http.Cookie; }
               sub backend_fetch { set bereq.http.Authorization = bereq.http.X-Auth; unset bereq.http.X-Auth; }
               sub backend_response { set beresp.http.Cache-Control = "public, max-age=60"; }"#,
        ),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

#[test]
fn two_requests_are_shown_and_the_field() {
    let text = r#"sub recv { set req.http.X-Session = req.cookies["session"]; unset req.http.Cookie; }"#;
    let finding = linted(&[("p.warp", text)]).diagnostics.into_iter().next().unwrap();
    assert_eq!(
        finding.message,
        "what somebody's cookies say goes to the backend in `X-Session` here, and what it answers is stored for everybody"
    );
    let example = r#"`GET "https://www.example.com/"` is answered with what was stored for `GET "https://www.example.com/" { Cookie: "session=alice" }`, of `origin 200 { Cache-Control: "max-age=60" }`"#;
    assert!(finding.help.as_deref().is_some_and(|help| help.ends_with(example)), "{finding:?}");
}

#[test]
fn credentials_that_go_on_in_another_field() {
    all_have(
        "W0802",
        &[
            "sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; }",
            "sub recv { set req.http.X-User = auth.user(req.http.Authorization); unset req.http.Authorization; }",
            r#"sub recv { call keep; } sub keep { if (!(req.method != "GET")) { set req.http.X-Auth = "token " + req.http.Authorization; } unset req.http.Authorization; }"#,
            "sub recv { let a = req.http.Authorization; unset req.http.Authorization; set req.http.X-Auth = a; }",
            "fn who(a: STRING) -> STRING { return std.tolower(auth.user(a)); } sub recv { set req.http.X-User = who(req.http.Authorization); unset req.http.Authorization; }",
            r#"rules request first { when header "Authorization" -> set req.http.X-Auth = req.http.Authorization, strip authorization; }"#,
            r#"sub recv { if (req.http.Authorization ~ "^Basic YWRtaW4") { set req.http.X-Role = "admin"; } unset req.http.Authorization; }"#,
            r#"sub recv { if (auth.user(req.http.Authorization) == "alice") { set req.http.X-Role = "admin"; } unset req.http.Authorization; }"#,
            "sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; }
               sub backend_fetch { set bereq.http.Authorization = bereq.http.X-Auth; unset bereq.http.X-Auth; }",
            r#"sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; }
               sub backend_response { set beresp.http.Cache-Control = "public, max-age=60"; }"#,
            r#"sub recv { set req.http.X-Auth = regsub(req.http.Authorization, "^Bearer ", ""); unset req.http.Authorization; unset req.http.Cookie; return (hash); }"#,
        ],
    );
    let files = [
        ("p.warp", "include \"a.warp\";"),
        ("a.warp", "sub recv { set req.http.X-A = req.http.Authorization; unset req.http.Authorization; }"),
    ];
    assert_eq!(found(&files), ["W0802 set req.http.X-A = req.http.Authorization;"]);
}

#[test]
fn credentials_that_are_keyed_or_pass_or_stay_are_fine() {
    none_has_any(&[
        "sub recv { set req.http.X-Auth = req.http.Authorization; }",
        "sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Cookie; return (hash); }",
        "sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; } sub hash { hash_data(req.http.X-Auth); }",
        "sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; if (req.http.X-Auth) { return (pass); } }",
        r#"sub recv { set req.http.X-Auth = req.http.Authorization; unset req.http.Authorization; }
           sub backend_response { set beresp.http.Vary = "X-Auth"; }"#,
        "sub recv { if (req.http.Authorization) { set req.http.X-User = auth.user(req.http.Authorization); unset req.http.Authorization; return (pass); } }",
        r#"sub recv { if (!jwt.valid(req.http.Authorization, secret: std.getenv("S"))) { return (synth(401)); } unset req.http.Authorization; }"#,
    ]);
}
