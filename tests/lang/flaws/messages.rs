use super::{Spellings, found, of};

#[test]
fn a_field_that_is_about_one_connection() {
    Spellings {
        code: "W0810",
        flaw: "Connection",
        cure: "X-Served-By",
        policies: &[
            "sub deliver { set resp.http.FLAW = \"close\"; }",
            "sub mark { set resp.http.FLAW = \"close\"; } sub deliver { call mark; }",
            "rules response first { else -> set beresp.http.FLAW = \"close\"; }",
            "include \"part.warp\";----sub backend_fetch { set bereq.http.FLAW = \"close\"; }",
            "sub recv { if (!(req.method != \"GET\")) { if (req.http.Host) { set req.http.FLAW = \"close\"; } } }",
            "sub deliver { header.append(resp.http.FLAW, \"close\"); }",
            "sub x { if (beresp.status == 200) { header.append(beresp.http.FLAW, \"close\"); } } sub backend_response { call x; }",
        ],
    }
    .hold();
    for name in ["Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade"] {
        let policy = format!("sub deliver {{ set resp.http.{name} = \"x\"; }}");
        let at = format!("set resp.http.{name} = \"x\";");
        assert_eq!(found(&[("p.warp", &policy)]), [("W0810".to_owned(), at)]);
    }
}

#[test]
fn a_pipe_is_the_policy_s_and_a_field_may_be_taken_off() {
    for policy in [
        "sub recv { return (pipe); } sub pipe { set bereq.http.Connection = \"close\"; }",
        "sub recv { return (pipe); } sub a { set bereq.http.Connection = \"close\"; } sub pipe { call a; }",
        "sub recv { set req.http.Upgrade = \"websocket\"; return (pipe); }",
        "sub deliver { unset resp.http.Keep-Alive; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_body_of_a_response_that_has_none() {
    Spellings {
        code: "W0811",
        flaw: "204",
        cure: "200",
        policies: &[
            "sub synth { set resp.status = FLAW; set resp.body = \"x\"; return (deliver); }",
            "sub page { if (resp.status == FLAW) { synthetic(\"x\"); } } sub synth { call page; }",
            "sub synth { if (resp.status in [FLAW]) { set resp.body = \"x\"; } }",
            "include \"part.warp\";----sub backend_error { set beresp.status = FLAW; synthetic(\"x\"); return (deliver); }",
            "sub synth { if (!(resp.status != FLAW && resp.reason != \"y\")) { } if (resp.status != FLAW || resp.reason == \"z\") { } else { set resp.body = \"x\"; } }",
        ],
    }
    .hold();
    for policy in [
        "sub synth { let s = resp.status; if (s == 204) { set resp.body = \"x\"; } }",
        "fn bare(s: INT) -> BOOL { return s == 204 or s == 304; } sub synth { if (bare(resp.status)) { synthetic(\"x\"); } }",
        "sub synth { if (!(resp.status != 204 && resp.status != 304)) { set resp.body = \"x\"; } }",
    ] {
        assert_eq!(of(policy), ["W0811"], "{policy}");
        assert_eq!(of(&policy.replace("204", "200")), [""; 0], "{policy}");
    }
    for status in ["304", "10204", "101"] {
        let policy = format!(
            "sub synth {{ if (resp.reason == \"a\" && {status} == resp.status) {{ set resp.body = \"x\"; }} }}"
        );
        assert_eq!(of(&policy), ["W0811"], "{status}");
    }
}

#[test]
fn a_body_of_a_page_that_is_called_for_with_a_status_that_has_none() {
    let page = "sub synth { set resp.body = \"no\"; return (deliver); }";
    let policies = [
        format!("sub recv {{ if (req.method == \"OPTIONS\") {{ return (synth(FLAW)); }} }} {page}"),
        format!("sub x {{ if (req.method != \"OPTIONS\") {{ }} else {{ return (synth(FLAW)); }} }} sub recv {{ call x; }} {page}"),
        format!("rules request first {{ when method == \"OPTIONS\" -> deny FLAW; }} {page}"),
        format!("include \"part.warp\"; {page}----rules request first {{ when method == \"OPTIONS\" -> deny FLAW; }}"),
        "sub recv { if (req.method == \"OPTIONS\") { return (synth(FLAW, \"Fine\")); } } sub y { synthetic(\"no\"); } sub synth { if (!(resp.status >= 500)) { call y; } }".to_owned(),
        "const S = FLAW; sub deliver { if (req.method == \"OPTIONS\") { return (synth(S)); } } sub synth { match resp.reason { \"a\" -> { } else -> { set resp.body = \"x\"; } } }".to_owned(),
        "backend a { .host = \"192.0.2.1\"; } sub backend_response { if (beresp.status == 404) { return (error(FLAW)); } } sub backend_error { set beresp.body = \"x\"; }".to_owned(),
    ];
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    Spellings { code: "W0811", flaw: "204", cure: "200", policies: &policies }.hold();
    for policy in [
        "sub recv { if (req.method == \"OPTIONS\") { return (synth(204)); } } sub synth { if (resp.status == 503) { set resp.body = \"x\"; } }",
        "sub recv { if (req.method == \"OPTIONS\") { return (synth(204)); } } sub synth { set resp.body = \"x\"; set resp.status = 200; }",
        "sub recv { if (req.method == \"OPTIONS\") { return (synth(204)); } } sub synth { set resp.body = \"\"; }",
        "sub recv { if (req.method == \"OPTIONS\") { return (synth(204)); } } sub backend_error { set beresp.body = \"x\"; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_body_of_a_response_that_may_have_one() {
    for policy in [
        "sub synth { if (resp.status != 204) { set resp.body = \"x\"; } }",
        "sub synth { if (resp.status == 204 || resp.status == 200) { set resp.body = \"x\"; } }",
        "sub synth { if (resp.status in 200..299) { set resp.body = \"x\"; } }",
        "sub synth { set resp.status = 204; if (resp.reason == \"a\") { set resp.status = 200; } set resp.body = \"x\"; }",
        "sub a { set resp.status = 200; } sub synth { set resp.status = 204; call a; set resp.body = \"x\"; }",
        "sub synth { if (resp.status == 204) { set resp.body = \"\"; synthetic(\"\"); } }",
        "sub synth { set resp.status = 204; set resp.status = 200; set resp.body = \"x\"; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

/// A test cannot say which version of HTTP is spoken, nor how warp came to ask, nor answer with a status that is none.
#[test]
fn rules_that_no_test_can_come_to_need_none() {
    let backend = "backend web { .host = \"192.0.2.1\"; }";
    let rule = "when bereq.path == \"/x\" -> ttl 60s;";
    let test = "test \"x\" { request GET \"https://www.example.com/x\"; origin 200 { }; expect stored; }";
    for asked in [
        "beresp.was_304",
        "bereq.is_bgfetch",
        "beresp.proto == \"HTTP/1.0\"",
        "beresp.reason == \"Fine\"",
        "status == 199",
    ] {
        let policy = format!("{backend} rules response first {{ {rule} when {asked} -> ttl 1s; }} {test}");
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
    let policy = format!("{backend} rules response first {{ {rule} when status == 404 -> ttl 1s; }} {test}");
    assert_eq!(of(&policy), ["W0784"], "{policy}");
}
