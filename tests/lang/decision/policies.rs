//! From the text of a policy to its verdicts and its picture.

use insta::{glob, with_settings};
use warp_edge::decision::graph::render;
use warp_edge::decision::{GraphFormat, Program, Verdict, naive};
use warp_edge::files::{DiskFiles, MemoryFiles};
use warp_edge::lang::check::{Checked, Options, check_with};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::{Action, Message, Step};
use warp_edge::lang::source::SourceMap;

use super::facts::Request;

const POLICY: &str = r#"warp 1;

backend web { .host = "127.0.0.1"; .port = "8080"; }
acl office { "192.0.2.0"/24; !"192.0.2.7"; }

normalize req { query drop ["utm_*"], sort; host lower; }

rules request first {
    when method == "PURGE" and client.ip !~ office      -> deny 403 "not from here";
    when method == "PURGE"                              -> purge;
    when path under ["/admin/", "/cart"]                -> pass;
    when path ~ "^/api/v[0-9]+/private"                 -> pass;
    when path ext ["css", "js"] or path ~ "\.(png|jpg)$"   -> unset req.http.Cookie, cache;
    when host in ["old.example.com", "older.example.com"] -> redirect 301 "https://example.com/";
}

sub recv {
    call mark;
    if (req.http.X-Debug) {
        set req.http.X-Seen = "debug";
    } else if (req.url ~ "^/slow") {
        return (pass);
    }
}

sub mark {
    set req.http.X-Seen = "yes";
}
"#;

pub fn compiled(text: &str) -> (Program, SourceMap) {
    let (hir, sources) = checked(text);
    (Program::new(hir), sources)
}

/// A policy without mistakes.
pub fn checked(text: &str) -> (Hir, SourceMap) {
    let options = Options { require_backend: false, ..Options::default() };
    let Checked { sources, diagnostics, hir } =
        check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options);
    (hir.unwrap_or_else(|| panic!("{diagnostics:#?}")), sources)
}

/// A policy, or the codes of what is wrong with it.
pub fn errors_or_hir(text: &str) -> Result<Hir, Vec<String>> {
    let checked = check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &Options::default());
    let codes = checked.diagnostics.iter().map(|finding| finding.code.id().to_owned());
    checked.hir.ok_or_else(|| codes.filter(|code| code.starts_with('E')).collect())
}

/// The verdict of `recv`, the place of the `return`, and the request as it is then.
fn decided(request: &Request) -> (Verdict, String, Request) {
    let (program, sources) = compiled(POLICY);
    let mut request = request.clone();
    let verdict = program.run(Step::Recv, &mut request);
    let place = verdict.span.map(|span| sources.describe(span)).unwrap_or_default();
    (verdict, place, request)
}

fn picture(format: GraphFormat) -> String {
    let (program, sources) = compiled(POLICY);
    render(&program, &sources, format)
}

#[test]
fn the_first_row_that_holds_decides() {
    let (verdict, place, _) = decided(&Request::get("example.com", "/cart?x=1"));
    assert_eq!((verdict.action, place.as_str()), (Action::Pass, "policy.warp:11:60"));
    let (verdict, place, request) = decided(&Request::get("older.example.com", "/a.PNG?utm_source=x"));
    assert_eq!((verdict.action, verdict.status), (Action::Synth, Some(301)));
    assert_eq!(place, "policy.warp:14:62");
    assert_eq!(
        request.variables.get(&warp_edge::lang::schema::Variable::ReqUrl),
        Some(&warp_edge::decision::Value::text("/a.PNG"))
    );
}

#[test]
fn what_the_policy_leaves_open_the_builtin_policy_decides() {
    let mut request = Request::get("Example.com", "/page");
    let (verdict, place, seen) = decided(&request);
    assert_eq!(verdict.action, Action::Hash);
    assert!(place.starts_with("<builtin>:"), "{place}");
    assert_eq!(seen.headers[&(Message::Req, "host".to_owned())], b"example.com");
    assert_eq!(seen.headers[&(Message::Req, "x-seen".to_owned())], b"yes");
    request.headers.insert((Message::Req, "cookie".to_owned()), b"a=1".to_vec());
    assert_eq!(decided(&request).0.action, Action::Pass);
}

#[test]
fn graphs_show_what_was_written_and_where() {
    with_settings!({snapshot_path => "../../../snapshots/decision", prepend_module_to_snapshot => false, description => POLICY, omit_expression => true}, {
        insta::assert_snapshot!("policy.dot", picture(GraphFormat::Dot));
        insta::assert_snapshot!("policy.mermaid", picture(GraphFormat::Mermaid));
        insta::assert_snapshot!("policy.json", picture(GraphFormat::Json));
    });
}

#[test]
fn valid_policies_are_decided_as_written_in_every_step() {
    glob!("../../corpus/valid", "*.warp", |path| {
        let typed = |as_written| {
            let options = Options { require_backend: false, as_written, ..Options::default() };
            check_with(&path.to_string_lossy(), &DiskFiles, &options).hir
        };
        // Some of the corpus is only for the parser.
        let Some(hir) = typed(false) else { return };
        let (program, written) = (Program::new(hir), typed(true).unwrap());
        for url in ["/", "/a.css?utm_source=x", "/admin/x", "/x?b=2&a=1"] {
            let request = Request::get("Example.com", url);
            for step in Step::ALL.iter().copied().filter(|step| program.tree(*step).is_some()) {
                let (mut by_tree, mut as_written) = (request.clone(), request.clone());
                let tree = program.run(step, &mut by_tree);
                let oracle = naive::run(&written, step, &mut as_written);
                assert_eq!((tree, by_tree), (oracle, as_written), "{} {url}", step.name());
            }
        }
    });
}
