use warp_edge::lang::diagnostic::Safety;

use super::{Spellings, linted, of};

/// A policy with the safe fixes made.
pub(super) fn mended(policy: &str) -> String {
    let edits = linted(&[("p.warp", policy)]).diagnostics.into_iter().filter_map(|finding| finding.fix);
    let mut text = format!("warp 1;\n{policy}");
    for edit in edits.flat_map(|fix| fix.edits).collect::<Vec<_>>().iter().rev() {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text.replace("warp 1;\n", "")
}

#[test]
fn a_method_that_nobody_sends() {
    Spellings {
        code: "W0263",
        flaw: "post",
        cure: "POST",
        policies: &[
            "sub recv { if (req.method == \"FLAW\") { return (pass); } }",
            "sub a { if (req.method in [\"PUT\", \"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when method in [\"FLAW\", \"PUT\"] -> pass; }",
            "include \"part.warp\";----sub backend_fetch { if (\"FLAW\" == bereq.method) { set bereq.http.X = \"1\"; } }",
            "sub recv { if (!(req.method != \"FLAW\") && req.path == \"/a\") { return (pass); } }",
        ],
    }
    .hold();
    let policy = "sub recv { if (req.method in [\"get\", \"Head\"]) { return (pass); } }";
    assert_eq!(mended(policy), policy.replace("get", "GET").replace("Head", "HEAD"));
    assert_eq!(of("sub recv { if (req.method == \"propfind\") { return (pass); } }"), [""; 0]);
}

/// Mended, a rule that no request came to decides of requests.
#[test]
fn what_makes_a_rule_decide_is_for_the_author_to_review() {
    for policy in [
        "sub recv { if (req.method == \"get\") { return (synth(405)); } }",
        "sub recv { if (req.query has \"utm_*\") { return (synth(404)); } }",
        "sub recv { if (req.path under \"/shop/*\") { return (pass); } }",
    ] {
        let found = linted(&[("p.warp", policy)]).diagnostics;
        let fixes: Vec<_> = found.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        assert!(!fixes.is_empty(), "{policy}");
        assert!(fixes.iter().all(|fix| fix.safety == Safety::NeedsReview), "{policy}: {fixes:?}");
    }
}

#[test]
fn a_method_that_is_misspelt() {
    for (flaw, cure) in
        [("DELTE", "DELETE"), ("HAED", "HEAD"), ("GTE", "GET"), ("OPTION", "OPTIONS"), ("PRUGE", "PURGE")]
    {
        let policies = [
            "sub recv { if (req.method == \"FLAW\") { return (pass); } }",
            "sub a { if (req.method in [\"PUT\", \"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when method == \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub recv { if (\"FLAW\" == req.method) { set req.http.X = \"1\"; } }",
            "sub recv { match req.method { \"FLAW\" -> { return (pass); } } }",
        ];
        Spellings { code: "W0263", flaw, cure, policies: &policies }.hold();
    }
    let keys = "table m { \"DELTE\": \"1\", \"POST\": \"2\" } sub recv { if (m has req.method) { return (pass); } }";
    assert_eq!(of(keys), ["W0263"]);
    assert_eq!(of(&keys.replace("DELTE", "DELETE")), [""; 0]);
    let policies = [
        "sub recv { if (req.method ~ \"^(GET|FLAW)\") { return (pass); } }",
        "sub a { if (req.method !~ \"FLAW$|^[A-Z]$\") { return (pass); } } sub recv { call a; }",
        "rules request first { when method ~ \"(?i)^(get|FLAW)$\" -> pass; }",
        "include \"part.warp\";----sub backend_fetch { if (bereq.method ~ \"^(?:FLAW)\") { unset bereq.http.X; } }",
        "const M = \"^FLAW\"; sub recv { let m = req.method; if (!(m !~ M)) { return (pass); } }",
        "sub recv { match req.method { ~ \"^(FLAW|GET)\" -> { return (pass); } } }",
        "fn is_one(m: STRING) -> BOOL { return m ~ \"^(FLAW|PUT)\"; } sub recv { if (is_one(req.method)) { return (pass); } }",
        "table m { \"FLAW\": \"1\", \"GET\": \"FLAW\" } sub recv { if (m[req.method] == \"1\") { return (pass); } }",
    ];
    Spellings { code: "W0263", flaw: "HAED", cure: "HEAD", policies: &policies }.hold();
    let table = policies[7].replace("FLAW", "HAED");
    assert_eq!(mended(&table), table.replacen("HAED", "HEAD", 1));
    assert_eq!(mended(&policies[0].replace("GET|FLAW", "get|HAED")), policies[0].replace("FLAW", "HEAD"));
    for pattern in
        ["OPTION", "^DELET", "^(GET|HEAD|PROPFIND)", "(?i)^(get|head)", "HAED|HEAD", "^HAEDER[a-z]", "^[A-Z]HAED"]
    {
        let policy = format!("sub recv {{ if (req.method ~ \"{pattern}\") {{ return (pass); }} }}");
        assert!(!of(&policy).contains(&"W0263".to_owned()), "{policy}");
    }
    for method in ["READ", "PURGEALL", "TRACK", "BATCH", "PUTS", "SET", "PROPFIND", "LINK", "REPORT", "BANS"] {
        let policy = format!("sub recv {{ if (req.method == \"{method}\") {{ return (pass); }} }}");
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
}

#[test]
fn four_tests_that_are_one() {
    let chain = "req.path == \"/a\" || req.path == \"/b\" || req.path == \"/c\" || req.path == \"/d\"";
    Spellings {
        code: "W0913",
        flaw: chain,
        cure: "req.path in [\"/a\", \"/b\", \"/c\", \"/d\"]",
        policies: &[
            "sub recv { if (FLAW) { return (pass); } }",
            "sub a { if (FLAW) { return (pass); } } sub recv { call a; }",
            "sub recv { if (req.method == \"GET\" && (FLAW)) { return (pass); } }",
            "include \"part.warp\";----sub recv { if (FLAW) { return (pass); } }",
            "sub recv { if (!(FLAW)) { return (pass); } }",
        ],
    }
    .hold();
    let row =
        "rules request first { when path == \"/a\" or path == \"/b\" or path == \"/c\" or path == \"/d\" -> pass; }";
    assert_eq!(of(row), ["W0913"]);
    let policy = format!("sub recv {{ if ({chain}) {{ return (pass); }} }}");
    assert_eq!(mended(&policy), policy.replace(chain, "req.path in [\"/a\", \"/b\", \"/c\", \"/d\"]"));
    let opposite = "sub backend_response { if (beresp.status != 200 && beresp.status != 404 && beresp.status != 410 && beresp.status != 301) { set beresp.ttl = 1s; } }";
    assert!(mended(opposite).contains("if (!(beresp.status in [200, 404, 410, 301]))"), "{}", mended(opposite));
    for (chain, one) in [
        (
            "req.path under \"/a\" || req.path under [\"/b\", \"/c\"] || req.path under \"/d\" || req.path under \"/e\"",
            "req.path under [\"/a\", \"/b\", \"/c\", \"/d\", \"/e\"]",
        ),
        (
            "!(req.path ext \"a\") && !(req.path ext \"b\") && !(req.path ext \"c\") && !(req.path ext \"d\")",
            "!(req.path ext [\"a\", \"b\", \"c\", \"d\"])",
        ),
    ] {
        let policy = format!("sub recv {{ if ({chain}) {{ return (pass); }} }}");
        assert_eq!(of(&policy), ["W0913"], "{chain}");
        assert_eq!(mended(&policy), policy.replace(chain, one));
    }
    let addresses = ["1", "2", "3", "4"].map(|at| format!("client.ip == \"192.0.2.{at}\"")).join(" || ");
    assert_eq!(of(&format!("sub recv {{ if ({addresses}) {{ return (pass); }} }}")), ["W0913"]);
    let acls = ["a", "b", "c", "d"].map(|name| format!("acl {name} {{ \"192.0.2.0\"/24; }}")).concat();
    let chain = "client.ip ~ a || client.ip ~ b || client.ip ~ c || client.ip ~ d";
    for policy in [
        format!("{acls} sub recv {{ if ({chain}) {{ return (pass); }} }}"),
        format!("{acls} sub recv {{ if (!({chain})) {{ return (pass); }} }}"),
        format!("{acls} rules request first {{ when {} -> pass; }}", chain.replace("||", "or")),
    ] {
        assert_eq!(of(&policy), ["W0913"], "{policy}");
    }
    // One that is tested alone, too, is one for a reason.
    let alone =
        format!("{acls} sub recv {{ if ({chain}) {{ return (pass); }} if (client.ip ~ a) {{ return (purge); }} }}");
    assert!(!of(&alone).contains(&"W0913".to_owned()));
    for policy in [
        "sub recv { if (req.path under \"/a\" || req.path ext \"b\" || req.path under \"/c\" || req.path ext \"d\") { return (pass); } }",
        "sub recv { if (req.path == \"/a\" || req.path == \"/b\" || req.path == \"/c\") { return (pass); } }",
        "sub recv { if (req.path == \"/a\" || req.path == \"/b\" || req.path == \"/c\" || req.url == \"/d\") { return (pass); } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_port_where_a_host_has_none() {
    Spellings {
        code: "W0821",
        flaw: ":8080$",
        cure: "\\.example\\.com$",
        policies: &[
            "sub recv { if (req.host ~ \"FLAW\") { return (pass); } }",
            "sub a { if (req.host ~ \"FLAW\") { return (pass); } } sub recv { call a; }",
            "rules request first { when host ~ \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub recv { if (req.host ~ \"FLAW\") { return (pass); } }",
            "sub recv { if (!(req.method != \"GET\" || req.host !~ \"FLAW\")) { return (pass); } }",
        ],
    }
    .hold();
    assert_eq!(of("sub recv { if (req.http.Host ~ \":8080$\") { return (pass); } }"), [""; 0]);
}

#[test]
fn five_ifs_that_are_one() {
    let arm = |name: &str| format!("if (req.path == \"/{name}\") {{ FLAW }}");
    let names = ["a", "b", "c", "d", "e"];
    let chain = names.map(arm).join(" else ");
    let apart = names.map(arm).join("\n");
    for policy in [
        format!("sub recv {{ {chain} }}"),
        format!("sub x {{ {} else {{ return (pass); }} }} sub recv {{ call x; }}", chain.replace("else if", "elsif")),
        format!("sub recv {{ if (req.method == \"GET\") {{ {} }} }}", chain.replace("path ==", "path under")),
        format!("include \"part.warp\";----sub recv {{ {chain} }}"),
    ] {
        assert_eq!(of(&policy.replace("FLAW", "set req.http.X = \"1\";")), ["W0913"], "{policy}");
        let other = policy.replacen("FLAW", "set req.http.X = \"2\";", 1).replace("FLAW", "set req.http.X = \"1\";");
        assert_eq!(of(&other), [""; 0], "{other}");
    }
    assert_eq!(of(&format!("sub recv {{ {} }}", apart.replace("FLAW", "return (pass);"))), ["W0913"]);
    assert_eq!(of(&format!("sub recv {{ {} }}", apart.replace("FLAW", "set req.http.X = \"1\";"))), [""; 0]);
    let arms = names.map(|name| format!("\"/{name}\" -> {{ return (pass); }}")).join(" ");
    assert_eq!(of(&format!("sub recv {{ match req.path {{ {arms} }} }}")), ["W0913"]);
    assert_eq!(of(&format!("sub recv {{ match req.path {{ {} }} }}", arms.replacen("pass", "hash", 1))), [""; 0]);
    let explained = chain.replacen("else", "/* the old shop */ else", 1).replace("FLAW", "return (pass);");
    assert_eq!(of(&format!("sub recv {{ {explained} }}")), [""; 0]);
}

#[test]
fn five_rows_that_are_one() {
    let rows = ["a", "b", "c", "d", "e"].map(|name| format!("when path == \"/{name}\" -> FLAW;")).concat();
    let policies = [
        format!("rules request first {{ {rows} }}"),
        format!("rules request unique {{ {rows} when path == \"/f\" -> deny 403; }}"),
        format!("rules request first {{ when method == \"POST\" -> pass; {} }}", rows.replace("path ==", "path under")),
        format!("include \"part.warp\";----rules request first {{ {rows} }}"),
        format!("rules request first {{ {} }}", rows.replace("path ==", "host ==").replace('/', "")),
    ];
    for policy in &policies {
        assert_eq!(of(&policy.replace("FLAW", "pass")), ["W0913"], "{policy}");
    }
    let policy = policies[0].replace("FLAW", "pass");
    let one = "rules request first { when path in [\"/a\", \"/b\", \"/c\", \"/d\", \"/e\"] -> pass; }";
    assert_eq!(mended(&policy), one);
    for policy in [
        policies[0].replacen("FLAW", "deny 403", 1).replace("FLAW", "pass"),
        policies[0].replacen("path ==", "url ==", 1).replace("FLAW", "pass"),
        policies[0].replacen("FLAW;", "FLAW; /* the old shop */", 1).replace("FLAW", "pass"),
        policies[0].replacen("path == \"/c\"", "path == \"/c\" and method == \"GET\"", 1).replace("FLAW", "pass"),
    ] {
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
}
