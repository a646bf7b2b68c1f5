use super::{Spellings, found, of};

/// A test in five spellings; the first word is what is matched with in a table.
pub(super) fn everywhere(code: &str, subject: &str, flaw: &str, cure: &str) {
    let policies = [
        format!("sub recv {{ if (req.{subject} ~ \"FLAW\") {{ return (pass); }} }}"),
        format!("sub a {{ if (req.{subject} ~ \"FLAW\") {{ return (pass); }} }} sub recv {{ call a; }}"),
        format!("rules request first {{ when req.{subject} ~ \"FLAW\" -> pass; }}"),
        format!("include \"part.warp\";----sub recv {{ if (req.{subject} ~ \"FLAW\") {{ return (pass); }} }}"),
        format!("sub recv {{ if (!(req.method != \"GET\" || req.{subject} !~ \"FLAW\")) {{ return (pass); }} }}"),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code, flaw, cure, policies: &policies }.hold();
}

/// What is found in patterns; that a condition never holds may be found in another way.
pub(super) fn of_patterns(policy: &str) -> Vec<String> {
    of(policy).into_iter().filter(|code| code.starts_with("W082") || code.starts_with("W091")).collect()
}

#[test]
fn a_pattern_that_nothing_is_like() {
    everywhere("W0821", "url", "^admin", "^/admin");
    everywhere("W0821", "url", "^(user|admin)/[0-9]", "^/(user|admin)/[0-9]");
    everywhere("W0821", "path", "^/find/[a-z]+\\?q", "^/find/[a-z]+/q");
    everywhere("W0821", "http.X-Kind", "a$b", "a\\$b");
    everywhere("W0821", "http.X-Kind", "a^b", "a\\^b");
    for pattern in ["^[a-z]", "^\\*", "^(a|/b)", "^.dmin", "^a?/b", "(^admin|/admin/[0-9])"] {
        let policy = format!("sub recv {{ if (req.url ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
}

#[test]
fn a_dot_that_is_any_character() {
    everywhere("W0822", "http.Host", "^www.example\\.com", "^www\\.example\\.com");
    everywhere("W0822", "url", "[a-z].php", "[a-z]\\.php");
    everywhere("W0822", "path", "/images/.*.(png|gif)$", "/images/.*\\.(png|gif)$");
    everywhere("W0822", "path", "\\.php$|index.html$", "\\.php$|index\\.html$");
    everywhere("W0822", "url", "/(a\\.php|b.html)(\\?|$)", "/(a\\.php|b\\.html)(\\?|$)");
    everywhere("W0822", "http.Referer", "evil.com", "evil\\.com");
    everywhere("W0822", "http.X-Real-Host", "^[a-z]+.example.org$", "^[a-z]+\\.example\\.org$");
    everywhere("W0822", "http.Host", "^(www.)?example\\.com$", "^(www\\.)?example\\.com$");
    everywhere("W0822", "url", "(?i)[a-z].php", "(?i)[a-z]\\.php");
    for pattern in ["a.c[0-9]", "^/.well-known/[a-z]", ".phpx[0-9]", "/[0-9].[0-9]", "^/a.*php[0-9]"] {
        let policy = format!("sub recv {{ if (req.url ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
    assert_eq!(of("sub recv { if (req.http.User-Agent ~ \"Mozilla.5\") { return (pass); } }"), [""; 0]);
}

#[test]
fn a_path_or_a_host_without_anchors() {
    everywhere("W0823", "url", "/admin", "^/admin");
    everywhere("W0823", "path", "/wp-admin/", "^/wp-admin/?");
    everywhere("W0823", "http.Host", "example\\.com", "(^|\\.)example\\.com$");
    everywhere("W0823", "host", "example\\.com$", "(^|\\.)example\\.com$");
    everywhere("W0823", "host", "(?i).*example\\.com$", "(?i).*\\.example\\.com$");
    everywhere("W0823", "http.Host", "example\\.(com|org)$", "(^|\\.)example\\.(com|org)$");
    everywhere("W0823", "http.Origin", "example\\.com", "^https://([a-z0-9-]+\\.)*example\\.com$");
    everywhere("W0823", "http.Origin", "^https://example\\.com", "^https://example\\.com(:[0-9]+)?$");
    everywhere("W0823", "http.Origin", "(?i)^https?://.*example\\.com$", "(?i)^https?://(.*\\.)?example\\.com$");
    everywhere("W0823", "url", "/(admin|login)", "^/(admin|login)");
    everywhere("W0823", "url", "/admin|/login", "^/admin|^/login");
    for pattern in ["/\\.", "/", "admin", "/admin$", "/[a-z]+", "/a=b"] {
        let policy = format!("sub recv {{ if (req.url ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
    for pattern in ["shop", "\\.example\\.com$", "^example\\.", "^[a-z]+example\\.com$", "^www\\.example\\.com"] {
        let policy = format!("sub recv {{ if (req.http.Host ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
}

#[test]
fn the_end_of_a_host() {
    let of_host = |test: &str| of(&format!("sub recv {{ if ({test}) {{ return (pass); }} }}"));
    for test in [
        "std.suffixof(req.host, \"example.com\")",
        "!std.suffixof(req.http.Host, \"example.com\")",
        "req.method == \"GET\" && std.suffixof(req.http.Host, \"example.com\")",
    ] {
        assert_eq!(of_host(test), ["W0823"], "{test}");
        assert_eq!(of_host(&test.replace("example", ".example")), [""; 0], "{test}");
    }
    assert_eq!(of_host("std.suffixof(req.path, \"example.com\")"), [""; 0]);
}

#[test]
fn a_pattern_that_is_a_plain_test() {
    everywhere("W0910", "url", "^/health$", "^/health/?$");
    everywhere("W0910", "url", "^/api/", "^/api/[0-9]");
    everywhere("W0910", "path", "\\.css$", "\\.css[0-9]$");
    everywhere("W0910", "http.X-Kind", "^a$", "^a");
    let negated = "sub recv { if (req.url !~ \"^/api/\" && req.url !~ \"^/a$\") { return (pass); } }";
    let mended = "sub recv { if (!(req.path under \"/api/\") && req.url != \"/a\") { return (pass); } }";
    let fixes = super::linted(&[("p.warp", negated)]).diagnostics.into_iter().filter_map(|finding| finding.fix);
    let mut text = format!("warp 1;\n{negated}");
    for edit in fixes.flat_map(|fix| fix.edits).collect::<Vec<_>>().iter().rev() {
        text.replace_range(edit.span.range(), &edit.text);
    }
    assert_eq!(text, format!("warp 1;\n{mended}"));
    for pattern in ["^$", "^/api", "^/a[0-9]/$|^/index$", "-x$", "^/(api|admin)", "\\.(tar\\.gz|zip)$", "(^|/)index$"] {
        let policy = format!("sub recv {{ if (req.url ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
}

/// What to write in the place of a test.
fn advised(policy: &str) -> String {
    let findings = super::linted(&[("p.warp", policy)]).diagnostics;
    findings
        .into_iter()
        .find(|finding| finding.code.id() == "W0910")
        .and_then(|finding| finding.help)
        .unwrap_or_default()
}

#[test]
fn a_pattern_that_stands_for_a_few_texts() {
    everywhere("W0910", "method", "^(GET|HEAD)$", "^[A-Z]*$");
    everywhere("W0910", "http.X-Kind", "^a$|^(?:b[cd])$", "^a|^(?:b[cd])$");
    everywhere("W0910", "host", "^(www|shop)\\.example\\.com$", "^(www\\.)?example\\.com$");
    everywhere("W0910", "path", "^/(api|admin)(/|$)", "^/(api|admin)(/[0-9]|$)");
    everywhere("W0910", "url", "^/(api|admin)([/?]|$)", "^/(api|admin)([-?]|$)");
    everywhere("W0910", "url", "\\.(css|js)(\\?|$)", "\\.(css|js)(\\?a|$)");
    everywhere("W0910", "url", "^[^?]*\\.(css|js)(\\?.*)?$", "^/a[^?]*\\.(css|js)(\\?.*)?$");
    everywhere("W0910", "url", "\\.(?:css|js)([?].*)?$", "\\.(?:css|js)([?].+)?$");
    for (test, mended) in [
        ("req.method ~ \"^(GET|HEAD)$\"", "`req.method in [\"GET\", \"HEAD\"]`"),
        ("req.method !~ \"^(GET|HEAD)$\"", "`!(req.method in [\"GET\", \"HEAD\"])`"),
        ("req.url ~ \"^/(a|b|a)/\"", "`req.path under [\"/a/\", \"/b/\"]`"),
        ("bereq.url ~ \"\\.(css|js)(\\?|$)\"", "`bereq.path ext [\"css\", \"js\"]`"),
    ] {
        let step = if test.starts_with("bereq") { "backend_fetch" } else { "recv" };
        let policy = format!("sub {step} {{ if ({test}) {{ unset req.http.X; }} }}").replace("req.http", "bereq.http");
        let policy = if step == "recv" { policy.replace("bereq.http", "req.http") } else { policy };
        assert!(advised(&policy).contains(mended), "{test}: {}", advised(&policy));
    }
}

#[test]
fn a_pattern_in_a_table_is_mended_in_the_words_of_a_table() {
    let row = |test: &str| format!("rules request first {{ when {test} -> pass; }}");
    assert_eq!(super::words::mended(&row("url ~ \"\\.(css|js)(\\?|$)\"")), row("path ext [\"css\", \"js\"]"));
    assert_eq!(super::words::mended(&row("method ~ \"^(GET|HEAD)$\"")), row("method in [\"GET\", \"HEAD\"]"));
}

#[test]
fn a_pattern_that_is_matched_with_a_name_or_in_a_match() {
    for (policy, mended) in [
        ("sub recv { let u = req.url; if (u ~ \"^/api/\") { return (pass); } }", "`req.path under \"/api/\"`"),
        (
            "fn api(u: STRING) -> BOOL { return u ~ \"^/api/\"; } sub recv { if (api(req.url)) { return (pass); } }",
            "`req.path under \"/api/\"`",
        ),
        (
            "sub recv { match req.url { ~ \"^/api/\" -> { return (pass); } } }",
            "let the `match` look at `req.path`, and write `under \"/api/\"`",
        ),
        ("sub recv { match req.url { ~ \"^/a$\" -> { return (pass); } } }", "write `\"/a\"`"),
    ] {
        assert!(advised(policy).contains(mended), "{policy}: {}", advised(policy));
        assert!(
            super::linted(&[("p.warp", policy)]).diagnostics.iter().all(|finding| finding.fix.is_none()),
            "{policy}"
        );
    }
}

#[test]
fn a_pattern_whose_matches_are_replaced() {
    let with = |pattern: &str| of(&format!("sub recv {{ set req.url = regsub(req.url, \"{pattern}\", \"/\"); }}"));
    assert_eq!(with("/index.php$"), ["W0822"]);
    assert_eq!(with("^admin/"), ["W0821"]);
    for pattern in ["/index\\.php$", "^/admin/", "/admin", "\\?.*$", ".*/a"] {
        assert_eq!(with(pattern), [""; 0], "{pattern}");
    }
}

#[test]
fn a_group_that_the_pattern_does_not_have() {
    let policies = [
        "sub recv { set req.url = regsub(req.url, \"^/([a-z]+)/old\", \"FLAW\"); }",
        "sub x { set req.http.X = regsuball(req.url, \"(?i)(a|b)\", \"x\" + req.http.Y + \"FLAW\"); } sub recv { call x; }",
        "rules request first { when method == \"GET\" -> set req.url = regsub(req.url, \"(/old)+\", \"FLAW\"); }",
        "include \"part.warp\";----sub deliver { set resp.http.Location = regsub(resp.http.Location, \"^http:(.*)\", \"FLAW\"); }",
        "sub recv { if (!(req.method != \"GET\") && regsub(req.url, \"^/(a)\", \"FLAW\") == \"/b\") { return (pass); } }",
        "sub recv { let to = req.http.X + \"FLAW\"; let url = regsub(req.url, \"^/(?P<name>.*)\", to); set req.url = url; }",
        "fn moved(url: STRING) -> STRING { return regsub(url, \"^/(a)(?:b)\", \"FLAW\"); } sub recv { set req.url = moved(req.url); }",
        "const TO = \"FLAW\"; sub recv { set req.url = regsub(req.url, \"a([0-9])\", TO); }",
        "sub recv { set req.http.X = match req.method { \"GET\" -> regsub(req.url, \"^/(a)\", \"FLAW\"); else -> \"\"; }; }",
    ];
    for (flaw, cure) in [("/\\2", "/\\1"), ("$1", "\\0"), ("/${1}", "$2"), ("\\\\1", "\\\\2"), ("\\1\\9", "\\1$1")] {
        Spellings { code: "W0824", flaw, cure, policies: &policies }.hold();
    }
    let policy = policies[0].replace("FLAW", "/$1/${1}");
    assert_eq!(super::words::mended(&policy), policies[0].replace("FLAW", "/\\1/\\1"));
    for (pattern, replacement, says) in [
        ("^/a", "\\1", "`\\0` is all that is like the pattern"),
        ("^/(?:a)", "\\1", "`(?:…)` keeps nothing"),
        ("^/(a)", "\\2", "or name a group that there is"),
    ] {
        let policy = format!("sub recv {{ set req.url = regsub(req.url, \"{pattern}\", \"{replacement}\"); }}");
        assert!(super::help(&policy).contains(says), "{policy}");
    }
}

#[test]
fn stars_at_an_end() {
    everywhere("W0911", "url", ".*draft", "draft");
    everywhere("W0911", "url", "^/draft-.*$", "^/draft-");
    everywhere("W0911", "http.X-Kind", "^.*a.*b.*", "a.*b");
    assert_eq!(of("sub recv { if (req.query[\"a\"] ~ \"^.*b\") { return (pass); } }"), [""; 0]);
    for pattern in [".*", "^/a.*b$", "^.*$", "a.+"] {
        let policy = format!("sub recv {{ if (req.http.X-Kind ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
}

#[test]
fn alternatives_that_add_nothing() {
    everywhere("W0912", "http.User-Agent", "bot|Googlebot", "bot|crawler");
    everywhere("W0912", "http.User-Agent", "(?:spider|Baiduspider)", "(?:spider|crawler)");
    everywhere("W0912", "http.X-Kind", "\\.(css|js|css)$", "\\.(css|js|png)$");
    for pattern in ["\\.(js|json)$", "^(a|ab)[0-9]$", "a|[a-z]b", "(a|ab)c"] {
        let policy = format!("sub recv {{ if (req.http.X-Kind ~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
}

/// Ten thousand rules with the same flaw are looked through in no time, and do not flood who reads about them.
#[test]
fn a_flaw_in_each_of_many_rules_is_counted() {
    let rules: Vec<String> = (0..10_000).map(|at| format!("when path ~ \"^/p{at}$\" -> pass;\n")).collect();
    let rules = rules.concat();
    let checked = super::linted(&[("p.warp", &format!("rules request first {{\n{rules}}}"))]);
    assert_eq!(checked.diagnostics.len(), 100);
    let last = &checked.diagnostics.last().unwrap().message;
    assert!(last.ends_with("; 9900 more like it from here on"), "{last}");
}

#[test]
fn flags_and_patterns_that_are_written_elsewhere() {
    for pattern in ["(?i)^admin", "^(?i)admin", "(?i)^(user|admin)/", "^https?://[^/]+/", "(?i)^http://shop"] {
        let policy = format!("sub recv {{ if (req.url !~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of(&policy), ["W0821"], "{pattern}");
    }
    for pattern in ["(?i)^/admin[0-9]", "^(?i)/admin[0-9]", "(?i)^(/user|admin)[0-9]", "(?i:^admin)"] {
        let policy = format!("sub recv {{ if (req.url !~ \"{pattern}\") {{ return (pass); }} }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
    let policy = "const P = \"^admin\"; sub recv { if (req.url ~ P) { return (pass); } }";
    assert_eq!(found(&[("p.warp", policy)]), [("W0821".to_owned(), "req.url ~ P".to_owned())]);
}
