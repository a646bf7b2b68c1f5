//! The path of a request that nothing is changed for: evaluation takes nothing from the heap.

use std::fmt::Write;

use allocation_counter::measure;
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::schema::{Action, Step};

use super::asked::Asked;

/// What a site has: rules by host and path, lists of addresses, tests of cookies, queries and fields, a table, subs.
fn program() -> Program {
    let mut text = r#"warp 1;
backend web { .host = "192.0.2.1"; }
acl office { "192.0.2.0"/24; "10.0.0.0"/8; }
table plans { "free": "a", "team": "b", }
const assets = ["css", "js", "png", "woff2"];
fn is_asset(path: STRING) -> BOOL { return path ext assets or path under "/assets/"; }
normalize req { query drop ["utm_*"], sort; cookie keep ["session"]; host lower; }
rules request first {
    when path under "/admin/" and not client.ip ~ office -> deny 403;
"#
    .to_owned();
    for rule in 0..1_000 {
        let asks = match rule % 4 {
            0 => format!("path == \"/e{rule}.html\""),
            1 => format!("path under \"/p{rule}/\""),
            2 => format!("path ~ \"^/r{rule}/[a-z]+/[0-9]+$\""),
            _ => format!("path ~ \"/[a-z]+-{rule}[.]html$\""),
        };
        let _ = writeln!(text, "    when host == \"h{}.example.com\" and {asks} -> pass;", rule / 10);
    }
    text.push_str(
        r#"    when query has "preview" -> pass;
}
sub is_logged_in { if (req.cookies has ["session"]) { return (pass); } }
sub recv {
    call is_logged_in;
    if (is_asset(req.path) && req.method == "GET") { return (hash); }
    if (req.http.X-Plan && plans has req.http.X-Plan) { return (pass); }
    let host = req.host;
    let agent = req.http.User-Agent;
    if (agent ~ "Googlebot" && host == "h0.example.com") { return (pass); }
    match host { "old.example.com" or ~ "^www[0-9]+[.]" -> { return (synth(404)); } else -> { } }
}
sub backend_response { if (beresp.status in 500..599) { return (error(503)); } }
sub deliver { if (resp.status == 404 && req.url ~ "[.]php$") { return (synth(404)); } }
"#,
    );
    let checked = check("policy.warp", &MemoryFiles::new("policy.warp", text));
    Program::new(checked.hir.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)))
}

const STEPS: [Step; 8] = [
    Step::Recv,
    Step::Hash,
    Step::Hit,
    Step::Miss,
    Step::Pass,
    Step::BackendFetch,
    Step::BackendResponse,
    Step::Deliver,
];

#[test]
fn a_request_that_nothing_is_changed_for_allocates_nothing() {
    let program = program();
    let mut requests: Vec<Asked> =
        ["/e0.html", "/p1/a.png", "/r2/a/1", "/x/a-3.html", "/none", "/app.css", "/x.php?a=1&b=2"]
            .into_iter()
            .flat_map(|url| {
                ["h0.example.com", "h99.example.com", "www7.example.com", "example.com"]
                    .map(|host| Asked::new(host, url))
            })
            .collect();
    // What is compiled when it is first needed is needed once.
    for request in &mut requests {
        run(&program, request);
    }
    for request in &mut requests {
        let taken = measure(|| run(&program, request));
        assert_eq!(taken.count_total, 0, "{request:?}");
    }
}

fn run(program: &Program, request: &mut Asked) {
    for step in STEPS {
        let verdict = program.run(step, request);
        assert_ne!(verdict.action, Action::Fail, "{step:?} {verdict:?}");
    }
}
