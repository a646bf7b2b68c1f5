use super::{Spellings, of};

const SITES: &str = "backend shop { .host = \"192.0.2.1\"; } backend blog { .host = \"192.0.2.2\"; }";

#[test]
fn hosts_that_no_rule_names() {
    let policies = [
        format!(
            "{SITES} sub recv {{ if (req.host == \"shop.test\") {{ set req.backend_hint = shop; }} else if (req.host == \"blog.test\") {{ set req.backend_hint = blog; }} FLAW }}"
        ),
        format!(
            "{SITES} sub x {{ if (req.host ~ \"^shop\\.\") {{ set req.backend_hint = shop; }} if (req.host ~ \"^blog\\.\") {{ set req.backend_hint = blog; }} FLAW }} sub recv {{ call x; }}"
        ),
        format!(
            "{SITES} rules request first {{ when host == \"shop.test\" -> backend shop; when host == \"blog.test\" and path under \"/a\" -> backend blog; }} sub recv {{ FLAW }}"
        ),
        format!(
            "include \"part.warp\"; sub recv {{ FLAW }}----{SITES} rules request first {{ when host == \"shop.test\" -> backend shop; when host == \"blog.test\" -> backend blog; }}"
        ),
        format!(
            "{SITES} sub recv {{ if (!(req.host != \"shop.test\")) {{ set req.backend_hint = shop; }} else if (req.host in [\"blog.test\"]) {{ set req.backend_hint = blog; }} FLAW }}"
        ),
    ];
    let table = "table sites { \"shop.test\": shop, \"blog.test\": blog }";
    let by_table = format!(
        "{SITES} {table} sub recv {{ if (sites has req.host) {{ set req.backend_hint = sites[req.host] ?? shop; }} FLAW }}"
    );
    let policies: Vec<&str> = policies.iter().chain([&by_table]).map(String::as_str).collect();
    let cure = "if (!(req.host in [\"shop.test\", \"blog.test\"])) { return (synth(421)); }";
    Spellings { code: "W0623", flaw: "", cure, policies: &policies }.hold();
}

/// What hosts are tried does not hang on which ones are named.
#[test]
fn hosts_that_no_rule_names_where_one_names_www() {
    let several = "host in [\"www.example.com\", \"other.example.net\", \"q7zx.example.net\", \"other.example\"]";
    for named in
        ["host == \"www.example.com\"", several, "host ~ \"^(www|other)\\.\"", "host ~ \"\\.example\\.(net|com)$\""]
    {
        let rules = format!(
            "rules request first {{ when {named} -> backend shop; when host == \"blog.test\" -> backend blog; }}"
        );
        assert_eq!(of(&format!("{SITES} {rules}")), ["W0623"], "{named}");
        let refused = rules.replace("; }", "; else -> deny 421; }");
        assert_eq!(of(&format!("{SITES} {refused}")), [""; 0], "{named}");
    }
}

#[test]
fn hosts_that_a_backend_is_there_for() {
    let default = SITES.replace("shop", "default");
    let third = format!("backend web {{ .host = \"192.0.2.3\"; }} {SITES}");
    let rules = "rules request first { when host == \"shop.test\" -> backend shop; when host == \"blog.test\" -> backend blog; }";
    for policy in [
        format!("{default} {}", rules.replace("backend shop", "backend default")),
        format!("{third} {rules}"),
        format!("{SITES} {}", rules.replace("; }", "; else -> backend shop; }")),
        format!("{SITES} rules request first {{ when host == \"blog.test\" -> backend blog; }}"),
        format!(
            "{SITES} table sites {{ \"shop.test\": shop, \"blog.test\": blog }} sub recv {{ set req.backend_hint = sites[req.host] ?? shop; }}"
        ),
        format!(
            "{SITES} rules request first {{ when path under \"/shop\" -> backend shop; when path under \"/blog\" -> backend blog; }}"
        ),
    ] {
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
}
