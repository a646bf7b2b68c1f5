//! What is not there is not equal to the empty text.

use super::{Spellings, help, of};

#[test]
fn a_field_that_is_compared_with_nothing() {
    for place in ["http.X-Key", "cookies[\"key\"]"] {
        let policies = [
            "sub recv { if (req.PLACE == \"FLAW\") { return (pass); } }",
            "sub a { if (\"FLAW\" != req.PLACE) { return (pass); } } sub recv { call a; }",
            "rules request first { when req.PLACE == \"FLAW\" -> pass; }",
            "include \"part.warp\";----sub backend_fetch { if (bereq.PLACE == \"FLAW\") { set bereq.http.Y = \"1\"; } }",
            "sub recv { if (!(req.PLACE != \"FLAW\") && req.path == \"/a\") { return (pass); } }",
            "const E = \"FLAW\"; sub recv { let k = req.PLACE; if (k == E) { return (pass); } }",
            "fn is_none(k: STRING) -> BOOL { return k == \"FLAW\"; } sub recv { if (is_none(req.PLACE)) { return (pass); } }",
        ];
        let policies = policies.map(|policy| policy.replace("PLACE", place));
        let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
        Spellings { code: "W0515", flaw: "", cure: "x", policies: &policies }.hold();
    }
    assert_eq!(of("sub recv { if (req.query[\"a\"] != \"\") { return (pass); } }"), ["W0515"]);
    let says = |test: &str| help(&format!("sub recv {{ if (req.http.X {test} \"\") {{ return (pass); }} }}"));
    assert!(says("==").starts_with("write `!req.http.X`"), "{}", says("=="));
    assert!(says("!=").starts_with("write `req.http.X`"), "{}", says("!="));
}

#[test]
fn an_empty_text_that_is_meant() {
    for policy in [
        "sub recv { if ((req.http.X ?? \"\") == \"\") { return (pass); } }",
        "sub recv { if (req.http.X && req.http.X != \"\") { return (pass); } }",
        "sub recv { if (req.cookies has \"a\" && req.cookies[\"a\"] == \"\") { return (pass); } }",
        "sub recv { if (req.query[\"debug\"] == \"\") { return (pass); } }",
        "sub recv { set req.http.X = regsub(req.http.X, \"a\", \"\"); if (req.http.X == \"\") { unset req.http.X; } }",
        "sub recv { if (req.http.Cookie == \"\") { unset req.http.Cookie; } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}
