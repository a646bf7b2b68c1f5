//! The twenty kinds of flaws as sites have them: behind a function or a name, in a table, a `match` or a site of its own, turned
//! around or split. Each has a twin in which it is mended, and of which nothing is said.

use super::corpus::codes;

/// The code that is found, the policy that has the flaw, and its twin; what stands behind `----` is `part.warp`.
type Pair = (&'static str, &'static str, &'static str);

const PAIRS: &[Pair] = &[
    (
        "E0770",
        r#"sub x { if (req.path under "/admin" && !(req.method == "GET")) { return (pass); } } sub recv { call x; } invariant "a" { path under "/admin/" => not stored }"#,
        r#"sub x { if (req.path under "/admin" || !(req.method in ["GET", "HEAD"])) { return (pass); } } sub recv { call x; } invariant "a" { path under "/admin/" => not stored }"#,
    ),
    (
        "E0770",
        r#"table t { "/admin/users": "1" } sub recv { if (t has req.path) { return (pass); } } invariant "a" { path under "/admin/" => not stored }"#,
        r#"table t { "/login": "1" } sub recv { if (t has req.path || req.path under "/admin") { return (pass); } } invariant "a" { path under "/admin/" => not stored }"#,
    ),
    (
        "E0770",
        r#"site "shop.test" from "part.warp"; ----warp 1; backend default { .host = "127.0.0.1"; } rules request first { when path under "/admin/x" -> pass; } invariant "a" { path under "/admin/" => not stored }"#,
        r#"site "shop.test" from "part.warp"; ----warp 1; backend default { .host = "127.0.0.1"; } rules request first { when path under "/admin/" -> pass; } invariant "a" { path under "/admin/" => not stored }"#,
    ),
    (
        "W0801",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } rules request first { when path under "/shop" -> cache; }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } rules request first { when path under "/shop" -> strip cookie, cache; }"#,
    ),
    (
        "W0801",
        r#"table c { "shop.test": "1" } sub recv { if (c[req.host] == "1") { return (hash); } }"#,
        r#"table c { "shop.test": "1" } sub recv { if (c[req.host] == "1") { unset req.http.Cookie; return (hash); } }"#,
    ),
    (
        "W0801",
        r#"fn is_user(c: STRING) -> BOOL { return c ~ "session="; } sub recv { unset req.http.Authorization; if (is_user(req.http.Cookie)) { return (pass); } if (req.http.Cookie) { return (hash); } }"#,
        r#"fn is_user(c: STRING) -> BOOL { return c ~ "session="; } sub recv { unset req.http.Authorization; if (is_user(req.http.Cookie)) { return (pass); } if (req.http.Cookie) { unset req.http.Cookie; return (hash); } }"#,
    ),
    (
        "W0510",
        r#"table t { "/a": "1" } sub recv { if (req.path under "/a") { return (pass); } if (t has req.path) { return (synth(404)); } }"#,
        r#"table t { "/a": "1" } sub recv { if (t has req.path) { return (synth(404)); } if (req.path under "/a") { return (pass); } }"#,
    ),
    (
        "W0510",
        r#"fn is_api(p: STRING) -> BOOL { return p under "/api"; } sub recv { let p = req.path; if (is_api(p) || req.method == "POST") { return (pass); } else if (req.method == "POST" && p == "/x") { return (synth(405)); } }"#,
        r#"fn is_api(p: STRING) -> BOOL { return p under "/api"; } sub recv { let p = req.path; if (req.method == "POST" && p == "/x") { return (synth(405)); } else if (is_api(p) || req.method == "POST") { return (pass); } }"#,
    ),
    (
        "W0510",
        r#"sub recv { if (req.method in ["GET", "HEAD"]) { if (req.path under "/a") { return (pass); } } else { return (synth(405)); } if (req.path == "/a/b") { return (synth(404)); } }"#,
        r#"sub recv { if (req.method in ["GET", "HEAD"]) { if (req.path under "/a") { return (pass); } } if (req.path == "/a/b") { return (synth(404)); } }"#,
    ),
    (
        "W0510",
        r#"include "part.warp"; sub recv { if (req.http.Cookie ~ "session=" && req.path under "/shop/cart") { return (synth(404)); } }----sub recv { if (req.path under "/shop" or req.method == "POST") { return (pass); } }"#,
        r#"include "part.warp"; sub recv { if (req.http.Cookie ~ "session=" && req.path under "/cart") { return (synth(404)); } }----sub recv { if (req.path under "/shop" or req.method == "POST") { return (pass); } }"#,
    ),
    (
        "W0510",
        r#"sub recv { if (req.method == "PURGE") { return (synth(405)); } } sub miss { if (req.method == "PURGE") { return (synth(404)); } }"#,
        r#"sub recv { if (req.method == "PURGE") { return (synth(405)); } } sub miss { if (req.http.X-Probe) { return (synth(404)); } }"#,
    ),
    (
        "W0805",
        r#"table m { "m": "mobile", "d": "desktop" } sub backend_response { set beresp.http.X-Layout = m[bereq.http.X-Device] ?? "desktop"; }"#,
        r#"table m { "m": "mobile", "d": "desktop" } sub backend_response { set beresp.http.X-Layout = m[bereq.http.X-Device] ?? "desktop"; set beresp.http.Vary = "X-Device"; }"#,
    ),
    (
        "W0805",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { if (!(bereq.http.X-Forwarded-Proto == "https")) { set beresp.http.Location = "https://" + bereq.http.Host + bereq.url; } } sub backend_response { if (beresp.status == 301) { call x; } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { set beresp.http.Location = "https://" + bereq.http.Host + bereq.url; } sub backend_response { if (beresp.status == 301) { call x; } }"#,
    ),
    (
        "W0805",
        r#"fn is_bot(u: STRING) -> BOOL { return u ~ "(?i)googlebot"; } sub backend_fetch { let bot = is_bot(bereq.http.User-Agent); if (bot) { set bereq.url = "/prerender" + bereq.url; } }"#,
        r#"fn is_bot(u: STRING) -> BOOL { return u ~ "(?i)googlebot"; } sub recv { set req.http.X-Bot = is_bot(req.http.User-Agent); } sub hash { hash_data(req.http.X-Bot); } sub backend_fetch { if (bereq.http.X-Bot == "true") { set bereq.url = "/prerender" + bereq.url; } }"#,
    ),
    (
        "W0805",
        r#"rules response first { when status == 301 -> set beresp.http.Location = "https://" + bereq.http.X-Forwarded-Host + bereq.url; }"#,
        r#"rules response first { when status == 301 -> set beresp.http.Location = "https://" + bereq.http.Host + bereq.url; }"#,
    ),
    (
        "W0804",
        r#"sub recv { let p = req.path; if (!(p ~ "(?i)\.(css|js|png)$")) { return (pass); } unset req.http.Authorization; return (hash); }"#,
        r#"sub recv { let p = req.path; if (!(p ~ "^/static/.*\.(css|js|png)$")) { return (pass); } unset req.http.Cookie; return (hash); }"#,
    ),
    (
        "W0804",
        r#"rules request first { when method == "GET" and url ~ "(?i)\.(jpg|png|gif)(\?.*)?$" -> cache; }"#,
        r#"rules request first { when method == "GET" and url ~ "(?i)\.(jpg|png|gif)(\?.*)?$" -> strip cookie, cache; }"#,
    ),
    (
        "W0804",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { match req.path { ext ["css", "js"] -> { return (hash); } else -> { return (pass); } } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { match req.path { ext ["css", "js"] -> { unset req.http.Cookie; return (hash); } else -> { return (pass); } } }"#,
    ),
    (
        "W0511",
        r#"sub recv { if (req.method == "GET") { if (req.path under "/a") { if (!(req.method != "POST")) { return (pass); } } } }"#,
        r#"sub recv { if (req.method != "GET") { if (req.path under "/a") { if (!(req.method != "POST")) { return (pass); } } } }"#,
    ),
    (
        "W0511",
        r#"normalize req { host lower; } table t { "Shop.test": "1" } sub recv { if (t has req.host) { return (pass); } }"#,
        r#"normalize req { host lower; } table t { "shop.test": "1" } sub recv { if (t has req.host) { return (pass); } }"#,
    ),
    (
        "W0512",
        "sub backend_response { let s = beresp.status; if (s != 200 || s != 304) { set beresp.ttl = 1s; } }",
        "sub backend_response { let s = beresp.status; if (s != 200 && s != 304) { set beresp.ttl = 1s; } }",
    ),
    (
        "W0915",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { hash_data(req.http.User-Agent); } sub hash { if (req.method != "HEAD") { call x; } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { hash_data(req.http.X-Device); } sub hash { if (req.method != "HEAD") { call x; } }"#,
    ),
    (
        "W0915",
        r#"sub backend_response { set beresp.http.Vary = match bereq.method { "GET" -> "Accept-Encoding, User-Agent"; else -> "Accept-Encoding"; }; }"#,
        r#"sub backend_response { set beresp.http.Vary = match bereq.method { "GET" -> "Accept-Encoding, Origin"; else -> "Accept-Encoding"; }; }"#,
    ),
    (
        "W0741",
        "fn k(u: STRING) -> STRING { return u; } sub hash { hash_data(k(req.url)); return (lookup); }",
        "fn k(u: STRING) -> STRING { return u; } sub hash { hash_data(k(req.url)); hash_data(req.host); return (lookup); }",
    ),
    (
        "W0623",
        r#"SITES fn site(h: STRING) -> STRING { return h; } sub recv { let h = site(req.host); if (h == "shop.test" || h == "www.shop.test") { set req.backend_hint = shop; } else if (h == "blog.test") { set req.backend_hint = blog; } }"#,
        r#"SITES sub recv { let h = req.host; if (h == "shop.test" || h == "www.shop.test") { set req.backend_hint = shop; } else if (h == "blog.test") { set req.backend_hint = blog; } else { return (synth(421)); } }"#,
    ),
    (
        "W0706",
        "sub x { set beresp.ttl = 7d; } sub backend_response { if (!(beresp.status == 200)) { call x; } }",
        "sub x { set beresp.ttl = 10s; } sub backend_response { if (!(beresp.status == 200)) { call x; } }",
    ),
    (
        "W0702",
        r#"fn t(p: STRING) -> DURATION { return match p { under "/a" -> 1h; else -> 1m; }; } sub backend_response { set beresp.ttl = t(bereq.path); if (!(beresp.status == 404)) { set beresp.ttl = 5m; } else { set beresp.ttl = 1m; } }"#,
        r#"fn t(p: STRING) -> DURATION { return match p { under "/a" -> 1h; else -> 1m; }; } sub backend_response { set beresp.ttl = t(bereq.path); if (beresp.status == 404) { set beresp.ttl = 1m; } }"#,
    ),
    (
        "W0703",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.path under "/cart") { return (pass); } } sub backend_response { if (bereq.path under "/cart/x") { set beresp.ttl = 1m; } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.path under "/cart") { return (pass); } } sub backend_response { if (bereq.path under "/car/x") { set beresp.ttl = 1m; } }"#,
    ),
    (
        "W1015",
        r#"table g { "a": -5s } sub backend_response { set beresp.grace = g[bereq.url] ?? 1s; }"#,
        r#"table g { "a": 5s } sub backend_response { set beresp.grace = g[bereq.url] ?? 1s; }"#,
    ),
    (
        "W0520",
        r#"fn gone(s: INT) -> BOOL { return s == 404 or s == 410; } sub deliver { let s = resp.status; if (gone(s)) { set req.url = "/"; return (restart); } }"#,
        r#"fn gone(s: INT) -> BOOL { return s == 404 or s == 410; } sub deliver { let s = resp.status; if (gone(s) && req.restarts == 0) { set req.url = "/"; return (restart); } }"#,
    ),
    (
        "W0521",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { if (beresp.status >= 500) { return (retry); } } sub backend_response { call x; }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub x { if (beresp.status >= 500) { if (bereq.retries < 2) { return (retry); } } } sub backend_response { call x; }"#,
    ),
    (
        "W0520",
        r#"table again { "/a": "1" } sub miss { if (again[req.path] == "1") { return (restart); } }"#,
        r#"table again { "/a": "1" } sub miss { if (req.restarts < 1) { if (again[req.path] == "1") { return (restart); } } }"#,
    ),
    (
        "W0521",
        r#"sub backend_response { match beresp.status { 500..599 -> { set bereq.http.X-Try = "2"; return (retry); } } }"#,
        r#"sub backend_response { match beresp.status { 500..599 -> { if (!bereq.http.X-Try) { set bereq.http.X-Try = "2"; return (retry); } } } }"#,
    ),
    (
        "W0821",
        r#"sub recv { let u = req.url; if (!(u !~ "^(?i)wp-admin")) { return (pass); } }"#,
        r#"sub recv { let u = req.url; if (!(u !~ "^(?i)/wp-admin[0-9]")) { return (pass); } }"#,
    ),
    (
        "W0824",
        r#"table t { "a": "b" } fn lang(u: STRING) -> STRING { return regsub(u, "^/[a-z]{2}/(.*)", "\2"); } sub recv { set req.http.X-Rest = t[lang(req.url)] ?? ""; }"#,
        r#"table t { "a": "b" } fn lang(u: STRING) -> STRING { return regsub(u, "^/[a-z]{2}/(.*)", "\1"); } sub recv { set req.http.X-Rest = t[lang(req.url)] ?? ""; }"#,
    ),
    (
        "W0822",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.http.Referer !~ "^https://shop.test/" && req.host !~ "^(www.)?shop\.test$") { return (synth(403)); } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.http.Referer !~ "^https://shop\.test/" && req.host !~ "^(www\.)?shop\.test$") { return (synth(403)); } }"#,
    ),
    (
        "W0821",
        r#"table t { "a": "b" } sub recv { set req.http.X-T = t[regsub(req.path, "(?i)^shop/([a-z]+)$", "\1")] ?? ""; }"#,
        r#"table t { "a": "b" } sub recv { set req.http.X-T = t[regsub(req.path, "(?i)^/shop/([a-z]+)$", "\1")] ?? ""; }"#,
    ),
    (
        "W0806",
        r#"table who { "10.0.0.1": "1" } sub recv { if (req.method == "PURGE") { if (who[req.http.X-Real-IP] == "1") { return (purge); } return (synth(405)); } }"#,
        r#"acl who { "10.0.0.1"; } sub recv { if (req.method == "PURGE") { if (client.ip ~ who) { return (purge); } return (synth(405)); } }"#,
    ),
    (
        "W0806",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (!(req.method != "BAN")) { ban where obj.http.X-Url == req.url; return (synth(200)); } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } acl o { "10.0.0.0"/8; } sub recv { if (!(req.method != "BAN")) { if (client.ip !~ o) { return (synth(403)); } ban where obj.http.X-Url == req.url; return (synth(200)); } }"#,
    ),
    (
        "W0807",
        r#"fn fresh(h: STRING) -> BOOL { return h ~ "no-cache"; } sub recv { let f = fresh(req.http.Cache-Control); if (f) { set req.hash_always_miss = true; } }"#,
        r#"acl o { "10.0.0.0"/8; } fn fresh(h: STRING) -> BOOL { return h ~ "no-cache"; } sub recv { let f = fresh(req.http.Cache-Control); if (f && client.ip ~ o) { set req.hash_always_miss = true; } }"#,
    ),
    (
        "W0806",
        r#"acl o { "10.0.0.0"/8; } sub recv { if (req.method == "PURGE" || req.http.X-Purge) { if (req.method == "PURGE" && client.ip !~ o) { return (synth(403)); } return (purge); } }"#,
        r#"acl o { "10.0.0.0"/8; } sub recv { if (req.method == "PURGE" || req.http.X-Purge) { if (client.ip !~ o) { return (synth(403)); } return (purge); } }"#,
    ),
    (
        "W0260",
        r#"fn mobile(u: STRING) -> BOOL { return u ~ "iPhone"; } sub recv { if (!mobile(req.http.User-Agnet)) { return (pass); } }"#,
        r#"fn mobile(u: STRING) -> BOOL { return u ~ "iPhone"; } sub recv { if (!mobile(req.http.User-Agent)) { return (pass); } }"#,
    ),
    (
        "W0261",
        r#"sub recv { if (req.cookies["sesion_id"]) { return (pass); } } sub deliver { if (!req.cookies["session_id"]) { set resp.http.X-Anon = "1"; } }"#,
        r#"sub recv { if (req.cookies["session_id"]) { return (pass); } } sub deliver { if (!req.cookies["session_id"]) { set resp.http.X-Anon = "1"; } }"#,
    ),
    (
        "W0263",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } const M = ["POST", "PTACH"]; sub recv { let m = req.method; if (m in M) { return (pass); } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } const M = ["POST", "PATCH"]; sub recv { let m = req.method; if (m in M) { return (pass); } }"#,
    ),
    (
        "W0810",
        r#"sub x { header.append(resp.http.Keep-Alive, "timeout=5"); } sub deliver { if (!(resp.status != 200)) { call x; } }"#,
        r#"sub x { header.append(resp.http.X-Encoding, "gzip"); } sub deliver { if (!(resp.status != 200)) { call x; } }"#,
    ),
    (
        "W0811",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.method == "OPTIONS") { return (synth(204, "OK")); } } sub synth { if (!(resp.status == 200)) { synthetic("<h1>" + resp.reason + "</h1>"); } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } sub recv { if (req.method == "OPTIONS") { return (synth(204, "OK")); } } sub synth { if (!(resp.status in [200, 204])) { synthetic("<h1>" + resp.reason + "</h1>"); } }"#,
    ),
    (
        "W0810",
        r#"rules response first { when status == 200 -> set beresp.http.Upgrade = "h2c"; }"#,
        r#"rules response first { when status == 200 -> set beresp.http.X-Upgrade = "h2c"; }"#,
    ),
    (
        "E0540",
        r#"rules request unique { when path under "/a" and not method == "POST" -> pass; when path ext "css" and method == "GET" -> deny 404; }"#,
        r#"rules request unique { when path under "/a" and not method == "POST" -> pass; when path ext "css" and method == "POST" -> deny 404; }"#,
    ),
    (
        "E0540",
        r#"const A = ["a.test", "b.test"]; rules request unique { when host in A -> pass; when host ~ "(^|\.)b\.test$" -> deny 404; }"#,
        r#"const A = ["a.test", "c.test"]; rules request unique { when host in A -> pass; when host ~ "(^|\.)b\.test$" -> deny 404; }"#,
    ),
    (
        "W0513",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } rules response first { when status in [301, 302] -> ttl 1h; when status in [302, 307] -> ttl 1m; }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } rules response first { when status in [301, 302] -> ttl 1h; when status in [303, 307] -> ttl 1m; }"#,
    ),
    (
        "W0784",
        r#"table t { "/a": "1" } sub recv { if (t has req.path) { return (pass); } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }"#,
        r#"table t { "/a": "1" } sub recv { if (t has req.path) { return (pass); } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }test "b" { request GET "https://a.test/a"; origin 200 { Cache-Control: "max-age=9" }; expect passed; }"#,
    ),
    (
        "W0784",
        r#"fn own(p: STRING) -> BOOL { return p under "/a"; } sub recv { let p = req.path; if (req.method == "GET") { if (own(p)) { return (pass); } } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }"#,
        r#"fn own(p: STRING) -> BOOL { return p under "/a"; } sub recv { let p = req.path; if (own(p)) { return (pass); } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }test "b" { request GET "https://a.test/a"; origin 200 { Cache-Control: "max-age=9" }; expect passed; }"#,
    ),
    (
        "W0785",
        r#"sub backend_response { if (beresp.status == 404) { set beresp.ttl = 5s; } } test "c" { request GET "https://a.test/"; origin 404 { Cache-Control: "max-age=9" }; expect stored; }"#,
        r#"sub backend_response { if (beresp.status == 404) { set beresp.ttl = 5s; } } test "c" { request GET "https://a.test/"; origin 404 { Cache-Control: "max-age=9" }; expect ttl == 5s; } test "d" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect ttl == 9s; }"#,
    ),
    (
        "W0784",
        r#"rules response first { when status in [404, 410] -> ttl 5s; when status in 500..599 -> uncacheable; } test "c" { request GET "https://a.test/"; origin 404 { }; expect ttl == 5s; } test "d" { request GET "https://a.test/"; origin 410 { }; expect ttl == 5s; } test "e" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect ttl == 9s; }"#,
        r#"rules response first { when status in [404, 410] -> ttl 5s; } test "c" { request GET "https://a.test/"; origin 404 { }; expect ttl == 5s; } test "d" { request GET "https://a.test/"; origin 410 { }; expect ttl == 5s; } test "e" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect ttl == 9s; }"#,
    ),
    (
        "W0784",
        r#"sub recv { match req.path { "/a" -> { return (pass); } under "/b" -> { return (pass); } } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }test "b" { request GET "https://a.test/a"; origin 200 { Cache-Control: "max-age=9" }; expect passed; }"#,
        r#"sub recv { match req.path { "/a" -> { return (pass); } } } test "a" { request GET "https://a.test/"; origin 200 { Cache-Control: "max-age=9" }; expect stored; }test "b" { request GET "https://a.test/a"; origin 200 { Cache-Control: "max-age=9" }; expect passed; }"#,
    ),
    (
        "W0910",
        r#"rules request first { when not url ~ "^/(img|css|js)/" -> pass; }"#,
        r#"rules request first { when not path under ["/img/", "/css/", "/js/"] -> pass; }"#,
    ),
    (
        "W0913",
        r#"sub recv { if (req.path == "/a") { return (pass); } if (req.path == "/b") { return (pass); } if (req.path == "/c") { return (pass); } if (req.path == "/d") { return (pass); } if (req.path == "/e") { return (pass); } }"#,
        r#"sub recv { if (req.path in ["/a", "/b", "/c", "/d", "/e"]) { return (pass); } }"#,
    ),
    (
        "W0918",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } fn over(ip: IP) -> BOOL { return ratelimit(ip, 10, 1m); } sub recv { if (over(client.ip) && req.path under "/login") { return (synth(429)); } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } fn over(ip: IP) -> BOOL { return ratelimit(ip, 10, 1m); } sub recv { if (req.path under "/login") { if (over(client.ip)) { return (synth(429)); } } }"#,
    ),
    (
        "W0620",
        r#"backend a { .host = "192.0.2.1"; } backend b { .host = "192.0.2.2"; .probe = { .url = "/"; }; } director d = round_robin { a; b; } table w { "a.test": d } sub recv { set req.backend_hint = w[req.host] ?? d; }"#,
        r#"probe p { .url = "/"; } backend a { .host = "192.0.2.1"; .probe = p; } backend b { .host = "192.0.2.2"; .probe = { .url = "/"; }; } director d = round_robin { a; b; } table w { "a.test": d } sub recv { set req.backend_hint = w[req.host] ?? d; }"#,
    ),
    (
        "W0621",
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } backend a { .host = "192.0.2.1"; } fn up(b: BACKEND) -> BOOL { return std.healthy(b); } sub recv { set req.backend_hint = a; if (!up(req.backend_hint)) { set req.grace = 1h; } }"#,
        r#"site "shop.test" from "part.warp";----warp 1; backend default { .host = "127.0.0.1"; } backend a { .host = "192.0.2.1"; .probe = { .url = "/"; }; } fn up(b: BACKEND) -> BOOL { return std.healthy(b); } sub recv { set req.backend_hint = a; if (!up(req.backend_hint)) { set req.grace = 1h; } }"#,
    ),
    (
        "W0625",
        r#"include "part.warp"; sub recv { if (req.path under "/api") { set req.backend_hint = a; } }----const P = "443"; backend a { .host = "api.example.com"; .port = P; }"#,
        r#"include "part.warp"; sub recv { if (req.path under "/api") { set req.backend_hint = a; } }----const P = "443"; backend a { .host = "api.example.com"; .port = P; .tls = true; }"#,
    ),
];

#[test]
fn each_is_found_and_nothing_is_said_of_its_twin() {
    for (code, flaw, twin) in PAIRS {
        assert_eq!(codes(flaw), [*code], "{flaw}");
        assert_eq!(codes(twin), [""; 0], "{twin}");
    }
}
