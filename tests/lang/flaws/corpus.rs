//! Twenty kinds of flaws, each as five policies or more that have it and nothing else: straight, in a sub, in a table or
//! another statement, in an included file, and with a condition that is turned around or split; then by other names, in a
//! function of its own, in a `match`. The page on linting says how many are found.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::diagnostic::Diagnostic;
use warp_edge::lint;

use super::changes;

struct Row {
    number: usize,
    flaw: &'static str,
    by: By,
    policies: &'static [&'static str],
}

/// What finds it.
enum By {
    /// `warp check`, which says one of these codes.
    Lints(&'static [&'static str]),
    /// `warp diff`, which compares the policy with what it was.
    Diff,
    /// `warp diff --log`.
    Log,
}

const ROWS: &[Row] = &[
    Row {
        number: 1,
        flaw: "a promise that a request breaks",
        by: By::Lints(&["E0770"]),
        policies: &[
            "invariant \"a\" { path under \"/admin/\" => not stored }",
            "sub x { if (req.path under \"/admin/a\") { return (pass); } } sub recv { call x; } invariant \"a\" { path under \"/admin/\" => not stored }",
            "rules request first { when path under \"/admin/a\" -> pass; } invariant \"a\" { path under \"/admin/\" => not stored }",
            "include \"part.warp\";----invariant \"a\" { path under \"/admin/\" => not stored }",
            "sub recv { if (!(req.path ext \"css\")) { if (req.path under \"/admin/\") { return (pass); } } } invariant \"a\" { path under \"/admin/\" => not stored }",
            "fn adm(p: STRING) -> BOOL { return p under \"/admin/a\"; } sub recv { if (adm(req.path)) { return (pass); } } invariant \"a\" { path under \"/admin/\" => not stored }",
            "const P = \"/admin/a\"; sub recv { let p = req.path; if (p under P) { return (pass); } } invariant \"a\" { path under \"/admin/\" => not stored }",
            "sub recv { match req.path { under \"/admin/a\" -> { return (pass); } } } invariant \"a\" { path under \"/admin/\" => not stored }",
        ],
    },
    Row {
        number: 2,
        flaw: "one person's answer, stored for everybody",
        by: By::Lints(&["W0801", "W0802", "W0803"]),
        policies: &[
            "sub recv { unset req.http.Authorization; return (hash); }",
            "sub x { return (deliver); } sub backend_response { call x; }",
            "rules request first { when path under \"/api\" -> strip cookie, cache; } rules response first { when status == 200 -> set beresp.http.Cache-Control = \"public, max-age=9\"; }",
            "include \"part.warp\";----sub backend_response { return (deliver); }",
            "sub recv { unset req.http.Authorization; if (!(req.cookies has \"session\")) { return (hash); } }",
            "sub recv { match req.method { \"GET\" -> { return (hash); } } }",
            "sub recv { let c = req.http.Cookie; if (c) { return (hash); } }",
            "fn get(m: STRING) -> BOOL { return m == \"GET\"; } sub recv { if (get(req.method)) { return (hash); } }",
            "sub recv { set req.http.X-Session = req.cookies[\"session\"]; unset req.http.Cookie; }",
            "sub recv { if (req.http.Cookie ~ \"admin\") { set req.http.X-Role = \"admin\"; } unset req.http.Cookie; }",
            "sub recv { return (hash); } sub backend_fetch { set bereq.http.X-User = bereq.cookies[\"user\"]; unset bereq.http.Cookie; }",
            "sub recv { let a = req.http.Authorization; unset req.http.Authorization; set req.http.X-Auth = a; }",
            "rules request first { when header \"Authorization\" -> set req.http.X-User = auth.user(req.http.Authorization), strip authorization; }",
        ],
    },
    Row {
        number: 3,
        flaw: "a change of policy that treats other requests than meant otherwise",
        by: By::Diff,
        policies: changes::POLICIES,
    },
    Row {
        number: 4,
        flaw: "a rule that no request comes to",
        by: By::Lints(&["W0510"]),
        policies: &[
            "sub recv { if (req.url ~ \"^/a\") { return (pass); } if (req.url ~ \"^/a/b\") { return (synth(200)); } }",
            "sub x { if (req.path under \"/a\") { return (pass); } } sub recv { call x; if (req.path under \"/a/b\") { return (synth(200)); } }",
            "rules request first { when path under \"/a\" -> pass; when path under [\"/a/b\", \"/a/c\"] and method == \"GET\" -> deny 404; }",
            "include \"part.warp\"; rules request first { when path under \"/a/b\" -> deny 404; }----rules request first { when path under \"/a\" -> pass; }",
            "sub recv { if (!(req.path under \"/a\")) { return (synth(200)); } if (req.path ext \"css\") { return (pass); } else if (req.path == \"/b.css\") { return (pass); } }",
            "sub recv { match req.path { under \"/a\" -> { return (pass); } under \"/a/b\" -> { return (synth(404)); } } }",
            "fn a(p: STRING) -> BOOL { return p under \"/a\"; } sub recv { if (a(req.path)) { return (pass); } if (req.path == \"/a/b\") { return (synth(404)); } }",
            "const P = [\"/a\", \"/b\"]; sub recv { let p = req.path; if (p under P) { return (pass); } if (p in [\"/a/x\", \"/b/x\"]) { return (synth(404)); } }",
        ],
    },
    Row {
        number: 5,
        flaw: "what one client says and others get (cache poisoning)",
        by: By::Lints(&["W0805"]),
        policies: &[
            "sub backend_response { set beresp.http.X-Fwd = bereq.http.X-Forwarded-Host; }",
            "sub x { set bereq.url = \"/\" + bereq.http.X-Lang + bereq.url; } sub backend_fetch { call x; }",
            "backend beta { .host = \"192.0.2.2\"; } rules request first { when header \"X-Beta\" -> backend beta; }",
            "include \"part.warp\";----sub backend_response { set beresp.http.X-Proto = bereq.http.X-Forwarded-Proto; }",
            "sub backend_response { if (!(bereq.http.X-Debug != \"on\" || beresp.status != 200)) { set beresp.http.X-Debug = \"1\"; } }",
            "sub backend_response { let f = bereq.http.X-Forwarded-Host; set beresp.http.X-Fwd = f; }",
            "fn f(h: STRING) -> STRING { return \"https://\" + h; } sub backend_response { set beresp.http.X-Fwd = f(bereq.http.X-Forwarded-Host); }",
            "sub backend_response { set beresp.http.X-D = match bereq.http.X-Dev { \"m\" -> \"mobile\"; else -> \"desktop\"; }; }",
            "sub recv { if (req.http.User-Agent ~ \"Mobile\") { set req.http.X-D = \"m\"; } else { set req.http.X-D = \"pc\"; } }
             sub backend_fetch { if (bereq.http.X-D == \"m\") { set bereq.url = \"/m\" + bereq.url; } }",
        ],
    },
    Row {
        number: 6,
        flaw: "a page that is stored because its path ends like that of a file (cache deception)",
        by: By::Lints(&["W0804"]),
        policies: &[
            "sub recv { if (req.url ~ \"(?i)\\.(css|js)$\") { return (hash); } }",
            "sub x { if (std.suffixof(req.path, \".png\")) { return (hash); } } sub recv { call x; }",
            "rules request first { when path ext [\"css\", \"js\"] -> cache; }",
            "include \"part.warp\";----rules request first { when path ext \"css\" -> cache; }",
            "sub recv { if (!(req.path ext \"css\")) { return (pass); } return (hash); }",
            "sub recv { match req.path { ext \"css\" -> { return (hash); } } }",
            "const E = [\"css\", \"js\"]; sub recv { let p = req.path; if (p ext E) { return (hash); } }",
            "fn f(p: STRING) -> BOOL { return p ext [\"png\", \"gif\"]; } sub recv { if (f(req.path)) { return (hash); } }",
        ],
    },
    Row {
        number: 7,
        flaw: "a condition that nothing or everything passes",
        by: By::Lints(&["W0511", "W0512"]),
        policies: &[
            "sub recv { if (req.method == \"GET\" && req.method == \"POST\") { return (pass); } }",
            "sub x { if (req.method == \"GET\") { if (req.method == \"HEAD\") { return (pass); } } } sub recv { call x; }",
            "rules request first { when host == \"Example.com\" -> pass; }",
            "include \"part.warp\";----rules request first { when path == \"a\" -> pass; }",
            "sub recv { if (!(req.method == \"GET\" && req.method == \"POST\")) { return (pass); } }",
            "const M = \"GET\"; sub recv { let m = req.method; if (m == M && m == \"POST\") { return (pass); } }",
            "fn f(p: STRING) -> BOOL { return p under \"/a\" and p under \"/b\"; } sub recv { if (f(req.path)) { return (pass); } }",
            "sub backend_response { match beresp.status { 200 -> { } 404 -> { if (beresp.status > 500) { set beresp.ttl = 1s; } } } }",
        ],
    },
    Row {
        number: 8,
        flaw: "a key that hardly two requests share, or that two different ones do",
        by: By::Lints(&["W0741", "W0915", "W0916"]),
        policies: &[
            "key { req.host; req.url; req.http.User-Agent; }",
            "sub x { hash_data(req.http.Accept-Language); } sub hash { call x; }",
            "rules request first { when method == \"PUT\" -> pass; } key { req.host; req.path; req.query; }",
            "include \"part.warp\";----sub backend_response { header.append(beresp.http.Vary, \"User-Agent\"); }",
            "sub hash { if (!(req.method != \"GET\")) { if (req.path under \"/a/\") { hash_data(req.http.Referer ?? \"\"); } } }",
            "sub hash { let u = req.http.User-Agent; hash_data(u); }",
            "fn f(u: STRING) -> STRING { return std.tolower(u ?? \"\"); } sub hash { hash_data(f(req.http.User-Agent)); }",
            "sub hash { match req.method { \"GET\" -> { hash_data(req.host); return (lookup); } } }",
            "key { req.host; req.path; }",
            "sub hash { hash_data(req.host); hash_data(regsub(req.url, \"\\?.*$\", \"\")); return (lookup); }",
            "normalize req { query keep [\"page\"]; } include \"part.warp\";----key { req.host; req.path; }",
            "sub hash { hash_data(req.host); if (!(req.path under \"/a\")) { hash_data(req.url); } else { hash_data(req.path); } return (lookup); }",
            "sub hash { hash_data(req.http.X-Forwarded-For); }",
            "sub backend_response { set beresp.http.Vary = \"X-Real-IP\"; }",
        ],
    },
    Row {
        number: 9,
        flaw: "a host that no rule names, and that the first backend answers for, or an error without a lifetime of its own",
        by: By::Lints(&["W0623", "W0706"]),
        policies: &[
            "SITES sub recv { if (req.host == \"shop.test\") { set req.backend_hint = shop; } if (req.host == \"blog.test\") { set req.backend_hint = blog; } }",
            "SITES sub x { if (req.host == \"shop.test\") { set req.backend_hint = shop; } else if (req.host == \"blog.test\") { set req.backend_hint = blog; } } sub recv { call x; }",
            "SITES rules request first { when host == \"shop.test\" -> backend shop; when host == \"blog.test\" -> backend blog; }",
            "include \"part.warp\";----SITES rules request first { when host == \"shop.test\" -> backend shop; when host == \"blog.test\" -> backend blog; }",
            "SITES sub recv { if (!(req.host != \"shop.test\")) { set req.backend_hint = shop; } else if (req.host in [\"blog.test\"]) { set req.backend_hint = blog; } }",
            "SITES sub recv { match req.host { \"shop.test\" -> { set req.backend_hint = shop; } \"blog.test\" -> { set req.backend_hint = blog; } } }",
            "SITES table t { \"shop.test\": shop, \"blog.test\": blog } sub recv { let h = req.host; if (t has h) { set req.backend_hint = t[h] ?? shop; } }",
            "rules response first { when status == 404 -> ttl 1m; else -> ttl 7d; }",
        ],
    },
    Row {
        number: 10,
        flaw: "a lifetime that no response keeps",
        by: By::Lints(&["W0702", "W0703", "W0704", "W0705", "W1015", "W1016"]),
        policies: &[
            "sub backend_response { set beresp.ttl = 1h; set beresp.ttl = 0s; }",
            "sub x { if (beresp.status == 404) { set beresp.grace = 30s; } } sub backend_response { call x; set beresp.grace = 5m; }",
            "rules request first { when path under \"/api\" -> pass; } rules response first { when path under \"/api/a\" -> ttl 1m; }",
            "include \"part.warp\";----sub backend_response { set beresp.grace = -10s; }",
            "sub backend_response { if (!(beresp.status != 404)) { set beresp.ttl = 30s; } if (beresp.status > 399) { set beresp.ttl = 5m; } }",
            "const T = 1h; sub backend_response { set beresp.ttl = T; set beresp.ttl = 5m; }",
            "rules response first { when path ext \"css\" -> ttl 1h, set beresp.http.Cache-Control = \"no-cache\"; }",
            "sub backend_response { match beresp.status { 200 -> { set beresp.grace = 1h; set beresp.stale_if_error = 10m; } } }",
            "sub backend_response { if (beresp.status >= 500) { set beresp.ttl = 5s; return (pass(1m)); } }",
            "rules response first { when status == 404 -> ttl -5s; }",
        ],
    },
    Row {
        number: 11,
        flaw: "a restart or a retry without an end",
        by: By::Lints(&["W0520", "W0521"]),
        policies: &[
            "sub recv { if (req.url == \"/old\") { return (restart); } }",
            "sub x { if (resp.http.X-Again) { return (restart); } } sub deliver { call x; }",
            "sub x { return (retry); } rules response first { when status in 500..599 -> call x; }",
            "include \"part.warp\";----sub backend_response { if (beresp.status == 503) { return (retry); } }",
            "sub deliver { if (!(resp.status < 500)) { return (restart); } }",
            "sub recv { match req.path { \"/old\" -> { return (restart); } } }",
            "fn f(s: INT) -> BOOL { return s >= 500; } sub backend_response { if (f(beresp.status)) { return (retry); } }",
            "sub backend_error { return (retry); }",
        ],
    },
    Row {
        number: 12,
        flaw: "a regular expression that matches nothing, or more than is meant, or a text that is meant as one",
        by: By::Lints(&["W0821", "W0822", "W0823", "W0824", "W0825", "W0827", "W0828", "W0829", "W0912"]),
        policies: &[
            "sub recv { if (req.url ~ \"^admin\") { return (pass); } }",
            "sub x { if (req.url ~ \"[a-z].php\") { return (pass); } } sub recv { call x; }",
            "rules request first { when host ~ \":8080$\" -> pass; }",
            "include \"part.warp\";----sub recv { if (req.http.User-Agent ~ \"bot|Googlebot\") { return (pass); } }",
            "sub recv { if (!(req.method != \"GET\" || req.http.Host !~ \"^www.example\\.com\")) { return (pass); } }",
            "sub recv { match req.url { ~ \"^admin\" -> { return (pass); } } }",
            "const R = \"^admin\"; sub recv { let u = req.url; if (u ~ R) { return (pass); } }",
            "sub recv { set req.url = regsub(req.url, \"/index.php$\", \"/\"); }",
            "sub recv { if (req.path ~ \"\\.php$|index.html$\") { return (pass); } }",
            "sub recv { if (req.host ~ \"example\\.com$\") { return (pass); } }",
            "sub recv { if (req.http.Origin !~ \"(?i)^https://example\\.com\") { return (pass); } }",
            "sub recv { set req.url = regsub(req.url, \"^/(?:de|en)/(.*)$\", \"/\\2?lang=\\1\"); }",
            "fn moved(u: STRING) -> STRING { return regsub(u, \"^/old/(.*)$\", \"/new/$1\"); } sub recv { set req.url = moved(req.url); }",
            "sub recv { if (req.host == \"*.example.org\") { return (pass); } }",
            "rules request first { when path under \"/shop/*\" -> pass; }",
            "sub recv { if (req.url ~ \"^/shop|cart|checkout$\") { return (pass); } }",
            "rules request first { when method ~ \"^PUT|PATCH$\" -> pass; }",
            "sub recv { if (req.url ~ \"^/admin|/login\") { return (pass); } }",
            "sub recv { if (req.path !~ \"^/[A-z]+/[0-9]+$\") { return (synth(404)); } }",
            "sub x { if (req.url ~ \"/images/*\") { return (pass); } } sub recv { call x; }",
            "include \"part.warp\";----sub recv { if (req.url ~ \"^/api/*/users\") { return (pass); } }",
            "sub recv { let a = req.http.X-Real-IP; if (a ~ \"^10.0.0.\") { return (pass); } }",
            "sub recv { match req.http.User-Agent { ~ \"(?i)[bot|crawler]\" -> { return (pass); } } }",
        ],
    },
    Row {
        number: 13,
        flaw: "a purge, a ban or a forced fetch that is open to all",
        by: By::Lints(&["W0806", "W0807"]),
        policies: &[
            "sub recv { if (req.method == \"PURGE\") { return (purge); } }",
            "sub x { if (req.query has \"refresh\") { set req.hash_always_miss = true; } } sub recv { call x; }",
            "rules request first { when method == \"PURGE\" -> purge soft; }",
            "include \"part.warp\";----rules request first { when method == \"PURGE\" -> purge; }",
            "acl editors { \"10.0.0.0\"/8; } sub recv { if (req.method != \"PURGE\" || client.ip !~ editors && req.url == \"/\") { return (pass); } return (purge); }",
            "sub recv { match req.method { \"PURGE\" -> { return (purge); } } }",
            "const M = \"PURGE\"; sub recv { let m = req.method; if (m == M) { return (purge); } }",
            "acl all { \"0.0.0.0\"/0; \"::\"/0; } sub recv { if (req.method == \"PURGE\" && client.ip ~ all) { return (purge); } }",
            "acl all { \"0.0.0.0\"/1; \"128.0.0.0\"/1; } rules request first { when method == \"PURGE\" and client.ip !~ all -> deny 403; when method == \"PURGE\" -> purge; }",
            "acl editors { \"10.0.0.0\"/8; } sub recv { if (req.method == \"PURGE\" && std.ip(req.http.X-Real-IP, \"0.0.0.0\") ~ editors) { return (purge); } }",
            "acl editors { \"10.0.0.0\"/8; } sub recv { let from = std.ip(regsub(req.http.X-Forwarded-For, \",.*\", \"\"), client.ip); if (req.method == \"PURGE\") { if (from !~ editors) { return (synth(403)); } return (purge); } }",
            "fn f(r: STRING) -> BOOL { return r == \"https://admin.example/\"; } sub recv { if (req.method == \"PURGE\" && f(req.http.Referer)) { return (purge); } }",
        ],
    },
    Row {
        number: 14,
        flaw: "a misspelt field, cookie, parameter, method or directive",
        by: By::Lints(&["W0260", "W0261", "W0262", "W0263", "W0264"]),
        policies: &[
            "sub recv { if (req.http.User-Agnet ~ \"bot\") { return (pass); } }",
            "normalize req { cookie keep [\"session\"]; } sub x { if (req.cookies[\"sesion\"]) { return (pass); } } sub recv { call x; }",
            "rules request first { when method in [\"post\", \"PUT\"] -> pass; }",
            "include \"part.warp\";----sub recv { unset req.http.Cokie; }",
            "sub recv { if (!(req.http.Referrer !~ \"bot\")) { if (req.method == \"GET\") { return (pass); } } }",
            "sub recv { let h = req.http.User-Agnet; if (h ~ \"bot\") { return (pass); } }",
            "sub recv { match req.method { \"post\" or \"PUT\" -> { return (pass); } } }",
            "sub backend_response { set beresp.http.Vary = \"Accept-Encodng\"; }",
            "sub recv { set req.http.X-Device = \"m\"; } sub hash { hash_data(req.http.X-Devcie); }",
            "rules request first { when method in [\"PUT\", \"DELTE\"] -> pass; }",
            "sub recv { if (req.method !~ \"^(GET|HAED)\") { return (pass); } }",
            "normalize req { query drop [\"utm_sorce\", \"utm_medium\"]; }",
            "sub backend_response { set beresp.http.Cache-Control = \"pubic, max-age=60\"; }",
            "sub x { set resp.http.Cache-Control = \"public; max-age=60\"; } sub deliver { call x; }",
            "rules response first { when status == 404 -> set beresp.http.Cache-Control = \"s-max-age=60\"; }",
            "sub deliver { set resp.http.Access-Control-Expose-Headers = \"Content-Lenght\"; }",
            "table w { \"POST\": 1, \"DELTE\": 2 } sub recv { if (w has req.method) { return (pass); } }",
        ],
    },
    Row {
        number: 15,
        flaw: "a field of one connection, or a body of a response that has none",
        by: By::Lints(&["W0810", "W0811"]),
        policies: &[
            "sub deliver { set resp.http.Connection = \"close\"; }",
            "sub x { if (resp.status == 204) { synthetic(\"x\"); } } sub synth { call x; }",
            "rules response first { else -> set beresp.http.Keep-Alive = \"5\"; }",
            "include \"part.warp\";----sub backend_fetch { set bereq.http.TE = \"trailers\"; }",
            "sub synth { if (resp.status != 304 || resp.reason == \"z\") { } else { set resp.body = \"x\"; } }",
            "sub synth { match resp.status { 204 -> { set resp.body = \"x\"; } } }",
            "const S = 204; sub synth { let s = resp.status; if (s == S) { set resp.body = \"x\"; } }",
            "sub deliver { if (req.method == \"GET\") { header.append(resp.http.Connection, \"close\"); } }",
            "sub recv { if (req.method == \"OPTIONS\") { return (synth(204)); } } sub synth { set resp.body = \"no\"; return (deliver); }",
            "fn bare(s: INT) -> BOOL { return s == 204 or s == 304; } sub synth { if (bare(resp.status)) { synthetic(\"x\"); } }",
        ],
    },
    Row {
        number: 16,
        flaw: "rows that a request may take two of, where none is meant to come first",
        by: By::Lints(&["E0540", "W0513", "W0514"]),
        policies: &[
            "rules request unique { when path under \"/a\" -> pass; when path under \"/a/b\" -> deny 404; }",
            "sub x { set req.http.X = \"1\"; } rules request unique { when path under [\"/a\", \"/b\"] -> call x; when path under [\"/b\", \"/c\"] -> pass; }",
            "rules response unique { when status in 400..499 -> ttl 1m; when status in 404..503 -> ttl 5s; }",
            "include \"part.warp\";----rules request unique { when path under \"/a\" -> pass; when path ext \"css\" -> deny 404; }",
            "acl a { \"10.0.0.0\"/8; } acl b { \"10.1.0.0\"/16; } rules request unique { when client.ip ~ a -> pass; when client.ip ~ b -> deny 403; }",
            "const A = [\"/a\", \"/b\"]; rules request unique { when path under A -> pass; when path under \"/b/c\" -> deny 404; }",
            "rules request first { when path under [\"/a\", \"/b\"] -> pass; when path under [\"/b/c\", \"/d\"] -> deny 404; }",
            "sub backend_response { match beresp.status { 400..500 -> { set beresp.ttl = 1s; } 500..599 -> { set beresp.ttl = 2s; } } }",
            "sub backend_response { if (beresp.status >= 400 && beresp.status <= 500) { set beresp.ttl = 1s; } else if (beresp.status >= 500 && beresp.status < 600) { set beresp.ttl = 2s; } }",
        ],
    },
    Row {
        number: 17,
        flaw: "a rule that no test of the policy comes to, or a condition that could say the opposite without a test noticing",
        by: By::Lints(&["W0784", "W0785"]),
        policies: UNTESTED,
    },
    Row {
        number: 18,
        flaw: "a test that costs more than one that says the same, does nothing, or stands before a cheap one",
        by: By::Lints(&["W0910", "W0911", "W0913", "W0914", "W0918", "W0919"]),
        policies: &[
            "sub recv { if (req.url ~ \"^/api/\") { return (pass); } }",
            "sub x { if (req.path == \"/a\" || req.path == \"/b\" || req.path == \"/c\" || req.path == \"/d\") { return (pass); } } sub recv { call x; }",
            "rules request first { when path ~ \"\\.css$\" -> pass; }",
            "rules request first { when path == \"/a\" -> pass; when path == \"/b\" -> pass; when path == \"/c\" -> pass; when path == \"/d\" -> pass; when path == \"/e\" -> pass; }",
            "acl a { \"192.0.2.0\"/26; } acl b { \"198.51.100.0\"/26; } acl c { \"203.0.113.0\"/26; } acl d { \"10.0.0.0\"/8; } sub recv { if (client.ip ~ a || client.ip ~ b || client.ip ~ c || client.ip ~ d) { return (pass); } }",
            "include \"part.warp\";----sub recv { if (req.url ~ \".*draft\") { return (pass); } }",
            "sub recv { if (!(req.method != \"GET\" || req.url !~ \"^/health$\")) { return (pass); } }",
            "sub recv { match req.url { ~ \"^/api/\" -> { return (pass); } } }",
            "fn f(u: STRING) -> BOOL { return u ~ \"^/(api|admin)(/|$)\"; } sub recv { if (f(req.url)) { return (pass); } }",
            "const R = \"^(GET|HEAD)$\"; sub recv { let m = req.method; if (m !~ R) { return (pass); } }",
            "sub recv { if (req.path == \"/a\") { set req.http.X = \"1\"; } elsif (req.path == \"/b\") { set req.http.X = \"1\"; } elsif (req.path == \"/c\") { set req.http.X = \"1\"; } elsif (req.path == \"/d\") { set req.http.X = \"1\"; } elsif (req.path == \"/e\") { set req.http.X = \"1\"; } }",
            "sub recv { if (digest.hash_sha256(req.http.X-Pass) == \"00\" && req.path under \"/staff\") { return (pass); } }",
        ],
    },
    Row {
        number: 19,
        flaw: "a backend whose health is never found out, that need not prove who it is, that has no stand-in, or whose pages are stored and of no use while it is sick",
        by: By::Lints(&["W0620", "W0621", "W0622", "W0624", "W0625", "W0626", "W0820"]),
        policies: &[
            "backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.2\"; .probe = { .url = \"/\"; }; } director d = fallback { a; b; } sub recv { set req.backend_hint = d; }",
            "backend a { .host = \"192.0.2.1\"; } sub x { if (std.healthy(a)) { return (pass); } } sub recv { call x; }",
            "backend a { .host = \"app.example.com\"; .tls = true; .verify = false; } rules request first { when path == \"/\" -> backend a; }",
            "include \"part.warp\"; sub recv { set req.backend_hint = a; }----backend a { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; .interval = 2s; .timeout = 3s; }; }",
            "backend a { .host = \"192.0.2.1\"; } sub recv { if (req.http.X) { if (!(!std.healthy(a))) { return (pass); } } }",
            "backend a { .host = \"192.0.2.1\"; } sub recv { let h = std.healthy(a); if (h) { return (pass); } }",
            "backend a { .host = \"192.0.2.1\"; } backend b { .host = \"192.0.2.2\"; } director d = random { a; b; } sub recv { if (!std.healthy(d)) { return (pass); } }",
            "backend a { .host = \"192.0.2.1\"; } fn f() -> BOOL { return std.healthy(a); } sub recv { if (f()) { return (pass); } }",
            "const T = 3s; probe p { .url = \"/\"; .interval = 2s; .timeout = T; } backend a { .host = \"192.0.2.1\"; .probe = p; } sub recv { if (req.host == \"a.example\") { set req.backend_hint = a; } }",
            "backend a { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; }; } sub recv { set req.backend_hint = a; if (!std.healthy(a)) { return (synth(503, \"Back soon\")); } }",
            "backend a { .host = \"192.0.2.1\"; .probe = { .url = \"/\"; }; } backend b { .host = \"192.0.2.2\"; .probe = { .url = \"/\"; }; } director d = round_robin { a; b; } rules request first { else -> backend d; } rules response first { when status == 200 -> ttl 5m, keep 0s; }",
            "backend a { .host = \"192.0.2.1\"; } sub recv { set req.backend_hint = a; if (!std.healthy(req.backend_hint)) { return (synth(503)); } }",
            "const H = \"192.0.2.1\"; backend a { .host = H; } backend b { .host = \"192.0.2.1\"; } director d = fallback { a; b; } sub recv { set req.backend_hint = d; }",
        ],
    },
    Row {
        number: 20,
        flaw: "what a change of policy does to yesterday's requests",
        by: By::Log,
        policies: changes::POLICIES,
    },
];

/// Policies with one test, and a rule that it does not come to, or a condition that it does not notice.
const UNTESTED: &[&str] = &[
    "sub recv { if (req.url == \"/a\") { return (pass); } } TEST",
    "sub x { if (req.url == \"/a\") { return (pass); } } sub recv { call x; } TEST",
    "rules request first { when path under \"/a\" -> pass; } TEST",
    "include \"part.warp\"; rules request first { when path under \"/a\" -> pass; }----TEST",
    "sub recv { if (!(req.url != \"/a\" || req.method == \"PUT\")) { return (pass); } } TEST",
    "sub recv { match req.path { under \"/a\" -> { return (pass); } } } TEST",
    "fn f(p: STRING) -> BOOL { return p == \"/a\"; } sub recv { if (f(req.path)) { return (pass); } } TEST",
    "const P = \"/a\"; sub recv { let p = req.path; if (p == P) { return (pass); } } TEST",
    "sub backend_response { if (beresp.status == 200) { set beresp.ttl = 9s; } else { set beresp.ttl = 1s; } } TEST",
    "sub recv { if (req.url == \"/a\") { return (pass); } } LOOSE",
    "sub x { if (req.url == \"/a\") { return (pass); } } sub recv { call x; } LOOSE",
    "rules request first { when path under \"/a\" -> pass; } LOOSE",
    "include \"part.warp\"; rules request first { when path under \"/a\" -> pass; }----LOOSE",
    "sub recv { if (!(req.url != \"/a\" || req.method == \"PUT\")) { return (pass); } } LOOSE",
    "sub recv { match req.path { under \"/a\" -> { return (pass); } } } LOOSE",
    "fn f(p: STRING) -> BOOL { return p == \"/a\"; } sub recv { if (f(req.path)) { return (pass); } } LOOSE",
    "const P = \"/a\"; sub recv { let p = req.path; if (p == P) { return (pass); } } LOOSE",
    "sub backend_response { if (bereq.url == \"/a\") { set beresp.ttl = 1h; } } LOOSE",
    "sub recv { if (req.url == \"/b\" || req.url == \"/a\") { return (pass); } } STRICT",
    "rules request first { when not (path != \"/b\" and path != \"/a\") -> pass; } STRICT",
];

const TEST: &str =
    "test \"a\" { request GET \"https://a.test/\"; origin 200 { Cache-Control: \"max-age=9\" }; expect stored; }";

const STRICT: &str =
    "test \"a\" { request GET \"https://a.test/a\"; origin 200 { Cache-Control: \"max-age=9\" }; expect passed; }";

const LOOSE: &str = "test \"a\" { request GET \"https://a.test/a\"; origin 200 { Cache-Control: \"max-age=9\" }; expect status == 200; }";

#[test]
fn a_rule_is_tested_once_the_test_that_is_shown_is_pasted() {
    for policy in UNTESTED {
        let found = found(policy);
        let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap();
        let shown = help.split('`').nth(1).unwrap();
        let policy = policy.replace("LOOSE", LOOSE);
        let (main, part) = policy.split_once("----").unwrap_or((&policy, ""));
        let mended = match shown.strip_prefix("expect ") {
            Some(_) => format!("{main}----{part}").replace("expect status == 200;", shown),
            None => format!("{main} {shown}----{part}"),
        };
        assert_eq!(codes(&mended), [""; 0], "{shown} in {policy}");
    }
}

/// The codes of a policy; what stands behind `----` is a file that it includes.
pub(super) fn codes(policy: &str) -> Vec<&'static str> {
    found(policy).iter().map(|finding| finding.code.id()).collect()
}

fn found(policy: &str) -> Vec<Diagnostic> {
    let (main, part) = policy.split_once("----").unwrap_or((policy, ""));
    let site = if policy.contains("SITES") { "" } else { "backend default { .host = \"127.0.0.1\"; }" };
    let sites = |text: &str| {
        text.replace("TEST", TEST)
            .replace("LOOSE", LOOSE)
            .replace("STRICT", STRICT)
            .replace("SITES", "backend shop { .host = \"192.0.2.1\"; } backend blog { .host = \"192.0.2.2\"; }")
    };
    let files = MemoryFiles::new("p.warp", format!("warp 1;\n{site}\n{}", sites(main))).with("part.warp", sites(part));
    lint::check("p.warp", &files).diagnostics
}

impl Row {
    /// Whether just that flaw is found.
    fn is_found(&self, policy: &str) -> bool {
        match self.by {
            By::Lints(expected) => {
                let found = codes(policy);
                found.len() == 1 && found.iter().all(|code| expected.contains(code))
            }
            By::Diff => changes::is_found_between(policy),
            By::Log => changes::is_found_in_a_log(policy),
        }
    }

    /// The policies of which it is not found.
    fn missed(&self) -> impl Iterator<Item = &'static str> {
        self.policies.iter().copied().filter(|policy| !self.is_found(policy))
    }

    fn found_by(&self) -> String {
        match self.by {
            By::Lints(codes) => codes.join(", "),
            By::Diff => "`warp diff`".to_owned(),
            By::Log => "`warp diff --log`".to_owned(),
        }
    }
}

fn table() -> String {
    let mut text = "| | flaw | found by | spellings found |\n|---|---|---|---|\n".to_owned();
    let mut all = 0;
    for row in ROWS {
        let missed = row.missed().count();
        let found = format!("{} of {}", row.policies.len() - missed, row.policies.len());
        all += usize::from(missed == 0 && !row.policies.is_empty());
        writeln!(text, "| {} | {} | {} | {found} |", row.number, row.flaw, row.found_by()).unwrap();
    }
    format!("warp finds {all} of the 20 in all spellings.\n\n{text}")
}

const START: &str = "<!-- written by tests/lang/flaws/corpus.rs -->\n";
const END: &str = "<!-- end -->\n";

/// With `UPDATE_DOCS=1` the table is written; else it must be as the policies are found.
#[test]
fn the_page_on_linting_says_how_many_are_found() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/linting.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{START}{}{END}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap();
    assert!(page == current, "docs/src/linting.md is out of date: run the tests with UPDATE_DOCS=1");
}

#[test]
fn a_flaw_that_is_found_is_found_however_it_is_spelt() {
    let missed = ROWS.iter().flat_map(|row| row.missed().map(move |policy| (row.number, policy)));
    let missed: Vec<String> =
        missed.map(|(number, policy)| format!("{number}: {:?} in {policy}", codes(policy))).collect();
    assert_eq!(missed, [""; 0]);
}
