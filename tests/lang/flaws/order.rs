use super::words::mended;
use super::{Spellings, help, linted, of};

#[test]
fn a_digest_before_a_plain_test() {
    let digest = "digest.hash_sha256(req.http.X-Pass) == \"00\"";
    let policies = [
        "sub recv { if (FLAW) { return (pass); } }",
        "sub x { if (FLAW) { return (pass); } } sub recv { call x; }",
        "rules request first { when FLAW -> pass; }",
        "include \"part.warp\";----sub recv { if (req.http.X && FLAW) { return (pass); } }",
        "sub recv { if (!(FLAW)) { if (req.http.X) { return (pass); } } }",
        "sub recv { let is_staff = FLAW; if (is_staff) { return (pass); } }",
        "fn is_staff(p: STRING) -> BOOL { return FLAW; } sub recv { if (is_staff(req.path)) { return (pass); } }",
    ];
    let (costly, cheap) = (format!("{digest} and path under \"/a\""), format!("path under \"/a\" and {digest}"));
    let policies = policies
        .map(|policy| if policy.contains("rules") { policy.to_owned() } else { policy.replace("FLAW", "(FLAW)") });
    let with = |test: &str| -> Vec<String> {
        let spelt = |policy: &String| policy.replace("FLAW", &test.replace("path under", "req.path under"));
        policies.iter().map(spelt).collect()
    };
    for (flaw, cure) in with(&costly).iter().zip(with(&cheap)) {
        assert_eq!(of(flaw), ["W0919"], "{flaw}");
        assert_eq!(of(&cure), [""; 0], "{cure}");
    }
    // What is counted stays as it is.
    let counted = format!(
        "sub recv {{ if ({digest} && ratelimit(req.http.X, 5, 1m) && req.path == \"/a\") {{ return (pass); }} }}"
    );
    assert_eq!(of(&counted), ["W0919"]);
    assert_eq!(mended(&counted), counted);
    let straight = with(&costly).swap_remove(0);
    assert_eq!(mended(&straight), with(&cheap).swap_remove(0));
}

#[test]
fn functions_that_cost_and_tests_that_do_not() {
    for (test, code) in [
        ("!jwt.valid(req.http.X, secret: \"0123456789abcdef0123456789abcdef\") && req.host == \"a.test\"", "W0919"),
        ("digest.hash_md5(req.url) == \"0\" || req.method == \"GET\"", "W0919"),
        ("std.tolower(req.http.X) == \"a\" && req.path under \"/a\"", ""),
        ("req.http.X ~ \"a.*b\" && req.path under \"/a\"", ""),
        ("digest.hash_md5(req.url) == \"0\" && std.tolower(req.http.X) == \"a\"", ""),
        ("digest.hash_md5(req.url) == \"0\"", ""),
    ] {
        let policy = format!("sub recv {{ if ({test}) {{ return (pass); }} }}");
        assert_eq!(of(&policy).concat(), code, "{test}");
    }
}

#[test]
fn a_request_for_which_it_is_done_for_nothing_is_shown() {
    let (limit, digest) = ("ratelimit(client.ip, 5, 1m)", "digest.hash_md5(req.url) == \"0\"");
    let with = |arms: &str| format!("sub recv {{ {arms} {{ return (synth(429)); }} }}");
    for (arms, shown) in [
        (
            format!("if (req.http.A) {{ return (pass); }} else if ({limit} && req.path == \"/login\")"),
            "GET \"https://www.example.com/\"`",
        ),
        (format!("if (req.host == \"a.test\" && ({limit} && req.path != \"/\"))"), "GET \"https://a.test/\"`"),
        (format!("if (!(!{limit} || req.method != \"POST\"))"), "GET \"https://www.example.com/\"`"),
        (format!("if ({digest} && req.path == \"/login\")"), "GET \"https://www.example.com/\"`"),
        (format!("if ({digest} || req.method == \"PUT\")"), "PUT \"https://www.example.com/\"`"),
        (format!("let over = {limit} && req.path == \"/login\"; if (over)"), "GET \"https://www.example.com/\"`"),
        (
            format!(
                "if (req.host == \"a.test\") {{ return (pass); }} let free = !({limit} && req.method != \"GET\"); if (!free)"
            ),
            "GET \"https://www.example.com/\"`",
        ),
        (
            format!(
                "if (req.http.A) {{ let is_staff = {digest} && req.http.B; set req.http.C = is_staff; }} if (req.http.C)"
            ),
            "GET \"https://www.example.com/\" { A: \"1\" }`",
        ),
    ] {
        let help = help(&with(&arms));
        assert!(help.contains(&format!("with `{shown}")), "{arms}: {help}");
    }
    let apart = format!("fn over(p: STRING) -> BOOL {{ return {limit} && p == \"/login\"; }} ");
    for policy in [
        "sub x { let over = over(req.path); if (over) { return (synth(429)); } } sub recv { if (req.method == \"PUT\") { call x; } }",
        "sub recv { if (req.method != \"PUT\") { return (pass); } set req.http.X = over(req.path); }",
    ] {
        let help = help(&(apart.clone() + policy));
        assert!(help.contains("with `PUT \"https://www.example.com/\"`"), "{policy}: {help}");
    }
    // Nobody knows whether it is computed at all, or the request does not say.
    for arms in [
        format!("if ((req.http.X && {digest}) || req.method == \"PUT\")"),
        format!("if (server.hostname == \"a\" && ({limit} && req.path == \"/login\"))"),
        format!("if ({limit} && server.hostname == \"a\")"),
    ] {
        let help = help(&with(&arms));
        assert!(help.len() > 10 && !help.contains("with `"), "{arms}: {help}");
    }
}

#[test]
fn a_limit_before_what_it_is_for() {
    let limit = "ratelimit(key: client.ip, limit: 5, per: 1m)";
    let (flaw, cure) = (format!("{limit} and req.path == \"/login\""), format!("req.path == \"/login\" and {limit}"));
    Spellings {
        code: "W0918",
        flaw: &flaw,
        cure: &cure,
        policies: &[
            "sub recv { if (FLAW) { return (synth(429)); } }",
            "sub x { if (req.http.X && (FLAW)) { return (synth(429)); } } sub recv { call x; }",
            "rules request first { when FLAW -> deny 429; }",
            "include \"part.warp\";----sub recv { if (FLAW) { return (synth(429)); } }",
            "sub recv { if (!(!(FLAW))) { return (synth(429)); } }",
            "sub recv { let is_over = FLAW; if (is_over) { return (synth(429)); } }",
            "sub recv { if (!(FLAW)) { return (hash); } return (synth(429)); }",
        ],
    }
    .hold();
    let split = format!("sub recv {{ if (!(!{limit} or req.path != \"/login\")) {{ return (synth(429)); }} }}");
    assert_eq!(of(&split), ["W0918"]);
    // It is another limit then: nobody makes it one unasked.
    let policy = format!("sub recv {{ if ({flaw}) {{ return (synth(429)); }} }}");
    assert_eq!(mended(&policy), policy.replace(&flaw, &cure));
    let fixes = linted(&[("p.warp", &policy)]).diagnostics.into_iter().filter_map(|finding| finding.fix);
    assert!(fixes.into_iter().all(|fix| fix.safety == warp_edge::lang::diagnostic::Safety::NeedsReview));
    for policy in [
        "rules request first { when ratelimit(key: client.ip, limit: 500, per: 1m) -> deny 429; }",
        "sub recv { if (ratelimit(key: client.ip, limit: 500, per: 1m) || req.path == \"/login\") { return (synth(429)); } }",
        "sub recv { if (req.path == \"/a\" && !ratelimit(key: client.ip, limit: 5, per: 1m) && std.random(0.0, 1.0) < 0.5) { return (pass); } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}
