//! Signs of a pattern or a glob in a text that is compared as it is.

use super::words::mended;
use super::{Spellings, help, of};

#[test]
fn a_glob_that_is_compared() {
    for (flaw, cure) in [("*.example.org", "www.example.org"), ("www.*", "www.a.org"), ("^a\\.org$", "a.org")] {
        let policies = [
            "sub recv { if (req.host == \"FLAW\") { return (pass); } }",
            "sub a { if (req.http.Host in [\"b.test\", \"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when host == \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub recv { if (std.tolower(req.http.Host) == \"FLAW\") { return (pass); } }",
            "sub recv { if (!(req.host != \"FLAW\") && req.path == \"/a\") { return (pass); } }",
            "sub recv { match req.host { \"FLAW\" -> { return (pass); } } }",
            "fn ours(h: STRING) -> BOOL { return h == \"FLAW\"; } sub recv { if (ours(req.host)) { return (pass); } }",
            "const H = \"FLAW\"; sub recv { let h = req.host; if (h == H) { return (pass); } }",
            "table t { \"FLAW\": \"1\", \"b.test\": \"2\", \"*\": \"3\" } sub recv { set req.http.X = t[req.host] ?? t[\"*\"]; }",
        ];
        Spellings { code: "W0825", flaw, cure, policies: &policies }.hold();
    }
    for (flaw, cure) in
        [("/shop/*", "/shop"), ("/wp-*", "/wp-admin"), ("/a/.*", "/a"), ("/(a|b)", "/a"), ("/a/*/b", "/a/b")]
    {
        let policies = [
            "sub recv { if (req.path under \"FLAW\") { return (pass); } }",
            "sub a { if (req.path under [\"/x\", \"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when path under \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub recv { match req.path { under \"FLAW\" -> { return (pass); } } }",
            "sub recv { if (!(req.method != \"GET\" || !(req.url == \"FLAW\"))) { return (pass); } }",
            "sub recv { if (std.prefixof(req.url, \"FLAW\")) { return (pass); } }",
        ];
        Spellings { code: "W0825", flaw, cure, policies: &policies }.hold();
    }
    for (flaw, cure) in [("wp_*", "wp_user"), ("^wp_", "wp_"), ("a|b", "a")] {
        let policies = [
            "sub recv { if (req.cookies has \"FLAW\") { return (pass); } }",
            "sub a { if (req.query has [\"x\", \"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when cookies has \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub recv { if (req.cookies[\"FLAW\"]) { return (pass); } }",
            "sub recv { if (!(req.method != \"GET\" || !(req.query[\"FLAW\"] == \"1\"))) { return (pass); } }",
        ];
        Spellings { code: "W0825", flaw, cure, policies: &policies }.hold();
    }
}

#[test]
fn a_pattern_that_is_taken_for_a_glob() {
    for flaw in ["utm_.*", "^utm_", "^(utm_a|utm_b)$", "utm_[a-z]+"] {
        let policies = [
            "normalize req { query drop [\"FLAW\", \"gclid\"]; }",
            "normalize req { cookie keep [\"gclid\", \"FLAW\"]; }",
            "sub recv { if (req.query any \"FLAW\") { return (pass); } }",
            "include \"part.warp\";----rules request first { when cookies any [\"x\", \"FLAW\"] -> pass; }",
        ];
        Spellings { code: "W0825", flaw, cure: "utm_*", policies: &policies }.hold();
    }
}

#[test]
fn signs_that_are_ordinary() {
    for condition in [
        "req.http.Accept in [\"*/*\", \"text/*\", \"image/webp,*/*;q=0.8\"]",
        "req.http.If-None-Match == \"*\" || req.http.Accept-Language == \"*;q=0.5\"",
        "req.url in [\"/search?q=*\", \"/a?b=c|d\", \"/odata/$metadata\", \"/$batch\", \"/list?filter[0]=a.b\", \"/?\"]",
        "req.path in [\"/wiki/M*A*S*H\", \"/wiki/A*\", \"/wiki/Foo_(bar)\", \"/c++\", \"/a.b/c-d~e\", \"/it's\"]",
        "req.path under [\"/.well-known\", \"/wiki/C++\", \"/a(b)\"] || req.path ext [\"c++\", \"mp3\"]",
        "req.query has [\"filter[*]\", \"a[]\", \"$top\"] || req.cookies has [\"__Host-a\", \"a.b\", \"x[0]\"]",
        "req.query any [\"utm_*\", \"openid.*\", \"*[]\"] || req.cookies any [\"_pk_id.*\", \"*\", \"_ga_*\"]",
        "req.http.User-Agent == \"Mozilla/5.0 (compatible; a/1.0; +http://a.test)\"",
        "req.http.X-Grade == \"A*\" || req.http.X-Kind == \"a|b\" || req.http.Cookie == \"a=b; c=$d\"",
        "req.http.Host in [\"[::1]\", \"a.test:8080\", \"xn--a.test\"] || req.http.Origin == \"null\"",
        "std.fnmatch(\"/a/*.css\", req.path) || std.fnmatch(\"/.*\", req.path) || str.contains(req.url, \"*\")",
        "std.suffixof(req.url, \"=$\") || str.contains(req.url, \"a|b\") || req.query[\"q\"] == \"a.*\"",
    ] {
        let policy = format!("sub recv {{ if ({condition}) {{ return (pass); }} }}");
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
    // A table may be asked for what a policy makes of a host.
    let made = "table t { \"*.a.test\": \"1\" } sub recv { set req.http.X = t[req.host] ?? t[regsub(req.host, \"^[^.]*\", \"*\")]; }";
    assert_eq!(of(made), [""; 0]);
    assert_eq!(of("sub backend_response { if (beresp.http.Vary == \"*\") { set beresp.ttl = 1s; } }"), [""; 0]);
}

#[test]
fn what_to_write_instead() {
    for (condition, says) in [
        ("req.host == \"*.a.org\"", "write `std.suffixof(req.host, \".a.org\")`"),
        ("req.host != \"*.a.org\"", "write `!std.suffixof(req.host, \".a.org\")`"),
        ("req.host in [\"b.org\", \"*.a.org\"]", "beside the list: `std.suffixof(req.host, \".a.org\")`"),
        ("req.url == \"/a/*\"", "write `req.path under \"/a\"`"),
        ("req.url != \"/a/*\"", "write `!(req.path under \"/a\")`"),
        ("req.url == \"/*.php\"", "write `req.path ext \"php\"`"),
        ("req.url == \"/shop*\"", "write `std.prefixof(req.url, \"/shop\")`"),
        ("req.path == \"/a/*/b\"", "write `std.fnmatch(\"/a/*/b\", req.path)`"),
        ("req.url == \"^/a$\"", "write `req.url ~ \"^/a$\"`"),
        ("req.method == \"GET|HEAD\"", "write `req.method in [\"GET\", \"HEAD\"]`"),
        ("req.http.Content-Type == \"text/*\"", "write `std.prefixof(req.http.Content-Type, \"text/\")`"),
        ("req.http.User-Agent == \"*bot*\"", "write `str.contains(req.http.User-Agent, \"bot\")`"),
        (
            "str.contains(req.http.User-Agent, \"bot|spider\")",
            "write `str.contains_any(req.http.User-Agent, [\"bot\", \"spider\"])`",
        ),
        ("req.path under \"/wp-*\"", "write `std.prefixof(req.path, \"/wp-\")`"),
        ("req.path ext \"jpe?g\"", "write each one by itself"),
        ("req.cookies[\"wp_*\"]", "`req.cookies any \"wp_*\"`"),
        ("req.cookies has \"^wp_\"", "write `req.cookies any \"wp_*\"`"),
    ] {
        let help = help(&format!("sub recv {{ if ({condition}) {{ return (pass); }} }}"));
        assert!(help.contains(says), "{condition}: {help}");
    }
    let arm = "sub recv { match req.host { \"*.a.org\" -> { return (pass); } } }";
    assert_eq!(help(arm), "write `~ \"\\.a\\.org$\" -> …`");
}

#[test]
fn what_is_certain_is_mended() {
    for (flaw, cure) in [
        ("req.path under \"/a/*\"", "req.path under \"/a\""),
        ("req.path under \"/(a|b)\"", "req.path under [\"/a\", \"/b\"]"),
        ("req.cookies has [\"a\", \"wp_*\"]", "req.cookies any [\"a\", \"wp_*\"]"),
        ("req.path ext [\"css|js\"]", "req.path ext [\"css\", \"js\"]"),
        ("req.path ext \"css, js\"", "req.path ext [\"css\", \"js\"]"),
        ("req.method in [\"GET,HEAD\"]", "req.method in [\"GET\", \"HEAD\"]"),
        ("req.cookies has \"a, b\"", "req.cookies has [\"a\", \"b\"]"),
        ("req.method in [\"GET|HEAD\", \"POST\"]", "req.method in [\"GET\", \"HEAD\", \"POST\"]"),
        ("req.query any \"utm_.*\"", "req.query any \"utm_*\""),
        ("std.suffixof(req.http.Host, \"*.a.org\")", "std.suffixof(req.http.Host, \".a.org\")"),
    ] {
        let with = |condition: &str| format!("sub recv {{ if ({condition}) {{ return (pass); }} }}");
        assert_eq!(mended(&with(flaw)), with(cure));
        assert_eq!(of(&with(cure)), [""; 0], "{cure}");
    }
    let globs = "normalize req { query drop [\"^(a|b)$\", \"utm_.*\"]; }";
    assert_eq!(mended(globs), "normalize req { query drop [\"a\", \"b\", \"utm_*\"]; }");
}

#[test]
fn a_value_of_a_list_that_no_request_has() {
    for (flaw, cure, subject) in [
        ("B.example", "b.example", "host"),
        ("b.example/x", "b.example", "host"),
        ("https://b.example", "b.example", "host"),
        ("/b?x=1", "/b", "path"),
        ("b", "/b", "path"),
    ] {
        let first = if subject == "host" { "a.example" } else { "/a" };
        for policy in [
            "sub recv { if (req.SUBJECT in [\"FIRST\", \"FLAW\"]) { return (pass); } }",
            "rules request first { when SUBJECT in [\"FLAW\", \"FIRST\"] -> pass; }",
            "sub x { if (!(req.SUBJECT in [\"FIRST\", \"FLAW\"])) { return (pass); } } sub recv { call x; }",
            "const L = [\"FIRST\", \"FLAW\"]; rules request first { when SUBJECT in L -> pass; }",
            "include \"part.warp\";----sub recv { if (req.method == \"GET\" && req.SUBJECT in [\"FIRST\", \"FLAW\"]) { return (pass); } }",
        ] {
            let with = |what: &str| policy.replace("FLAW", what).replace("FIRST", first).replace("SUBJECT", subject);
            assert_eq!(of(&with(flaw)), ["W0511"], "{}", with(flaw));
            assert_eq!(of(&with(cure)), [""; 0], "{}", with(cure));
        }
    }
    assert_eq!(of("sub recv { if (req.url in [\"*\", \"/a\"]) { return (pass); } }"), [""; 0]);
}

#[test]
fn a_comparison_of_what_is_written_out() {
    for (condition, code) in
        [("\"a\" == \"b\"", "W0511"), ("\"a\" != \"b\"", "W0512"), ("1 < 2", "W0512"), ("10s > 1m", "W0511")]
    {
        let policy = format!("sub recv {{ if ({condition}) {{ return (pass); }} }}");
        assert_eq!(of(&policy), [code], "{policy}");
    }
    for policy in [
        "const A = \"a\"; sub recv { if (A == \"b\") { return (pass); } }",
        "sub recv { if (false) { return (pass); } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}
