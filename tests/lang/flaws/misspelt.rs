use super::{Spellings, found, of};

#[test]
fn a_field_that_is_nearly_a_known_one() {
    Spellings {
        code: "W0260",
        flaw: "User-Agnet",
        cure: "User-Agent",
        policies: &[
            "sub recv { if (req.http.FLAW ~ \"bot\") { return (pass); } }",
            "sub bots { if (req.http.FLAW ~ \"bot\") { return (pass); } } sub recv { call bots; }",
            "rules request first { when header \"FLAW\" ~ \"bot\" -> pass; }",
            "include \"part.warp\";----sub recv { unset req.http.FLAW; }",
            "sub recv { if (!(req.http.FLAW !~ \"bot\")) { if (req.method == \"GET\") { return (pass); } } }",
        ],
    }
    .hold();
    for policy in [
        "sub backend_response { set beresp.http.Vary = \"Origin, FLAW\"; }",
        "sub backend_response { header.append(beresp.http.Vary, \"FLAW\"); }",
    ] {
        assert_eq!(of(&policy.replace("FLAW", "Accept-Encodng")), ["W0260"], "{policy}");
        assert_eq!(of(&policy.replace("FLAW", "Accept-Encoding")), [""; 0], "{policy}");
    }
    for (flaw, known) in
        [("Cokie", "Cookie"), ("Cookeis", "Cookie"), ("Referrer", "Referer"), ("X-Forwared-For", "X-Forwarded-For")]
    {
        let policy = format!("sub recv {{ unset req.http.{flaw}; }}");
        assert_eq!(found(&[("p.warp", &policy)]), [("W0260".to_owned(), flaw.to_owned())]);
        assert_eq!(of(&policy.replace(flaw, known)), [""; 0]);
    }
}

#[test]
fn a_field_of_ones_own_that_nothing_sets() {
    let set = "sub recv { set req.http.X-Device = \"m\"; }";
    let policies = [
        format!("{set} sub hash {{ hash_data(req.http.FLAW); }}"),
        format!(
            "{set} sub x {{ if (bereq.http.FLAW == \"m\") {{ set bereq.url = \"/m\" + bereq.url; }} }} sub backend_fetch {{ call x; }} {VARIED}"
        ),
        format!("{set} key {{ req.host; req.url; req.http.FLAW; }}"),
        format!("include \"part.warp\"; {set}----sub hash {{ hash_data(req.http.FLAW); }}"),
        format!("{set} sub hash {{ if (!(req.http.FLAW != \"m\")) {{ hash_data(\"m\"); }} }}"),
        "sub recv { header.append(req.http.X-Device, \"m\"); } sub hash { let d = req.http.FLAW; hash_data(d); }"
            .to_owned(),
    ];
    for policy in &policies {
        let with = |name: &str| policy.replace("FLAW", name);
        assert_eq!(of(&with("X-Devcie"))[0], "W0260", "{policy}");
        assert!(!of(&with("X-Device")).contains(&"W0260".to_owned()), "{policy}");
    }
    for policy in [
        "sub recv { set req.http.X-User-Id = \"m\"; } sub hash { hash_data(req.http.X-User-Ip); }",
        "sub recv { set req.http.X-Shard1 = \"m\"; } sub hash { hash_data(req.http.X-Shard2); }",
        "sub recv { set req.http.X-Group = \"m\"; } sub hash { hash_data(req.http.X-Groups); }",
        "sub recv { set req.http.X-Color = req.http.X-Colour ?? \"red\"; } sub hash { hash_data(req.http.X-Color); }",
        "sub backend_response { set beresp.http.X-Device = \"m\"; } sub hash { hash_data(req.http.X-Devcie); }",
    ] {
        assert!(!of(policy).contains(&"W0260".to_owned()), "{policy}");
    }
}

/// The field that decides is a part of the key, in whatever spelling.
const VARIED: &str = "sub backend_response { set beresp.http.Vary = \"X-Device\"; }";

#[test]
fn fields_of_ones_own_are_let_be() {
    for policy in [
        "sub recv { set req.http.X-Devise = \"a\"; } sub hash { hash_data(req.http.X-Devise); }",
        "sub recv { set req.http.Cookies = \"a\"; } sub hash { hash_data(req.http.Cookies); }",
        "sub recv { if (req.http.X-Tenant) { return (pass); } }",
        "sub recv { if (req.http.Sec-Fetch-Mod) { return (pass); } }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_cookie_that_is_called_otherwise_elsewhere() {
    Spellings {
        code: "W0261",
        flaw: "sesion",
        cure: "session",
        policies: &[
            "normalize req { cookie keep [\"session\"]; } sub recv { if (req.cookies[\"FLAW\"]) { return (pass); } }",
            "normalize req { cookie keep [\"session\"]; } sub a { if (req.cookies[\"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "normalize req { cookie keep [\"session\"]; } rules request first { when req.cookies has \"FLAW\" -> pass; }",
            "normalize req { cookie keep [\"session\"]; } include \"part.warp\";----sub recv { if (req.cookies has \"FLAW\") { return (pass); } }",
            "sub recv { if (req.cookies has \"session\") { return (pass); } if (!(req.cookies[\"FLAW\"] == \"1\")) { return (hash); } }",
            "sub a { cookie.keep([\"session\"]); } sub recv { if (req.cookies has \"FLAW\") { return (pass); } call a; }",
            "sub a { cookie.delete(\"session\"); } sub recv { if (cookie.isset(\"FLAW\")) { return (pass); } call a; }",
        ],
    }
    .hold();
}

#[test]
fn a_parameter_that_is_called_otherwise_elsewhere() {
    Spellings {
        code: "W0262",
        flaw: "Preview",
        cure: "preview",
        policies: &[
            "normalize req { query keep [\"preview\"]; } sub recv { if (req.query[\"FLAW\"]) { return (pass); } }",
            "normalize req { query keep [\"preview\"]; } sub a { if (req.query[\"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "normalize req { query keep [\"preview\"]; } rules request first { when req.query has \"FLAW\" -> pass; }",
            "normalize req { query keep [\"preview\"]; } include \"part.warp\";----sub recv { if (req.query has \"FLAW\") { return (pass); } }",
            "sub recv { if (req.query has \"preview\") { return (pass); } if (!(req.query[\"FLAW\"] == \"1\")) { return (hash); } }",
        ],
    }
    .hold();
    assert_eq!(of("normalize req { query keep [\"page1\", \"page2\", \"item\", \"items\"]; }"), [""; 0]);
}

#[test]
fn a_parameter_of_campaigns_that_is_misspelt() {
    Spellings {
        code: "W0262",
        flaw: "utm_sorce",
        cure: "utm_source",
        policies: &[
            "normalize req { query drop [\"FLAW\", \"gclid\"]; }",
            "sub a { if (req.query[\"FLAW\"]) { return (pass); } } sub recv { call a; }",
            "rules request first { when req.query has \"FLAW\" -> pass; }",
            "include \"part.warp\";----normalize req { query keep [\"page\", \"FLAW\"], sort; }",
            "sub recv { if (!(req.query[\"FLAW\"] != \"mail\")) { return (pass); } }",
        ],
    }
    .hold();
    let policy = "normalize req { query drop [\"gcild\", \"utm_*\"]; }";
    assert_eq!(super::words::mended(policy), policy.replace("gcild", "gclid"));
    assert_eq!(of("normalize req { query drop [\"utm_source\", \"utm-source\", \"clid\", \"sorce\"]; }"), [""; 0]);
}

#[test]
fn a_directive_that_no_cache_knows() {
    let policies = [
        "sub backend_response { set beresp.http.Cache-Control = \"FLAW\"; }",
        "sub a { set resp.http.Cache-Control = \"FLAW\"; } sub deliver { call a; }",
        "rules response first { when status == 404 -> set beresp.http.Cache-Control = \"FLAW\"; }",
        "include \"part.warp\";----sub deliver { header.append(resp.http.Cache-Control, \"FLAW\"); }",
        "sub deliver { if (!(resp.status != 200)) { set resp.http.CDN-Cache-Control = \"FLAW\"; } }",
        "const C = \"FLAW\"; sub deliver { set resp.http.Cache-Control = C; }",
        "sub deliver { set resp.http.Cache-Control = match resp.status { 200 -> \"FLAW\"; else -> \"no-store\"; }; }",
    ];
    for (flaw, cure) in [
        ("pubic, max-age=60", "public, max-age=60"),
        ("public, max_age=60", "public, max-age=60"),
        ("s-max-age=60", "s-maxage=60"),
        ("public; max-age=60", "public, max-age=60"),
        ("max-age: 60", "max-age=60"),
    ] {
        Spellings { code: "W0264", flaw, cure, policies: &policies }.hold();
        assert_eq!(super::words::mended(&policies[0].replace("FLAW", flaw)), policies[0].replace("FLAW", cure));
    }
    for policy in [
        "sub deliver { set resp.http.Cache-Control = \"Public, MAX-AGE=60, community=\" + req.host; }",
        "sub deliver { set resp.http.Cache-Control = req.http.X-Scope + \"lic, max-age=60, s-\" + req.http.X-More; }",
        "sub deliver { set resp.http.Surrogate-Control = \"max-age=60, content=ESI/1.0\"; }",
        "sub deliver { set resp.http.X-Control = \"pubic\"; }",
    ] {
        assert_eq!(of(policy), [""; 0], "{policy}");
    }
}

#[test]
fn a_field_that_is_named_in_another_one() {
    for policy in [
        "sub backend_response { set beresp.http.Vary = beresp.http.Vary + \", FLAW\"; }",
        "sub deliver { set resp.http.Access-Control-Expose-Headers = \"ETag, FLAW\"; }",
        "sub deliver { header.append(resp.http.Access-Control-Allow-Headers, \"FLAW\"); }",
    ] {
        assert_eq!(of(&policy.replace("FLAW", "Accept-Encodng")), ["W0260"], "{policy}");
        assert_eq!(of(&policy.replace("FLAW", "Accept-Encoding")), [""; 0], "{policy}");
    }
}
