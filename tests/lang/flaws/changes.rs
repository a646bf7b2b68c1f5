//! A change of policy that treats other requests than meant otherwise, in five spellings: it is found between the two
//! policies, and in the requests of a log.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use warp_edge::difference::{Change, Difference, Policy, between, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, check};
use warp_edge::replay::{Reader, Replay, Report};
use warp_edge::simulate::Simulator;

/// With the condition of what is never stored; what stands behind `----` is a file that is included.
pub const POLICIES: &[&str] = &[
    "sub recv { if (CONDITION) { return (pass); } }",
    "sub x { if (CONDITION) { return (pass); } } sub recv { call x; }",
    "rules request first { when CONDITION -> pass; }",
    "include \"part.warp\";----sub recv { if (CONDITION) { return (pass); } }",
    "sub recv { if (!(CONDITION)) { return (hash); } if (req.method != \"BREW\") { return (pass); } }",
    "sub recv { let own = CONDITION; if (own) { return (pass); } }",
    "sub recv { if (req.method == \"PURGE\") { return (synth(405)); } else if (CONDITION) { return (pass); } }",
    "rules request first { when method == \"PURGE\" -> deny 405; when CONDITION -> pass; }",
    "fn own() -> BOOL { return CONDITION; } sub recv { if (own()) { return (pass); } }",
    "fn own(m: STRING) -> BOOL { return m == \"GET\" && (CONDITION); } sub recv { let m = req.method; if (own(m)) { return (pass); } }",
    "sub recv { unset req.http.X-Own; if (CONDITION) { set req.http.X-Own = \"1\"; } } sub x { if (req.http.X-Own) { return (pass); } } sub recv { call x; }",
    "sub recv { unset req.http.X-Own; if (CONDITION) { set req.http.X-Own = \"1\"; } } sub backend_response { if (bereq.http.X-Own) { set beresp.uncacheable = true; return (deliver); } }",
    "sub recv { if (CONDITION) { if (req.restarts == 0) { return (restart); } } if (req.restarts > 0) { return (pass); } }",
    "rules request first { when not (CONDITION) -> cache; else -> pass; }",
    "sub recv { match req.method { \"GET\" or \"HEAD\" -> { if (CONDITION) { return (pass); } } else -> { return (pass); } } }",
    "site \"www.example.com\" from \"part.warp\";----warp 1; backend default { .host = \"127.0.0.1\"; } sub recv { if (CONDITION) { return (pass); } }",
];

/// As it was.
const OLD: &str = "req.path under \"/account\"";
/// A page that is left out, so that it is stored.
const NEW: &str = "req.path under \"/account\" && req.path != \"/account/help\"";
/// The same in other words.
const TWIN: &str = "!(!(req.path under \"/account\"))";

const LOG: &[&str] = &["/account/help", "/account/me", "/account/help", "/news", "/account/help", "/account/me"];

fn checked(policy: &str, condition: &str) -> Checked {
    let (main, part) = policy.split_once("----").unwrap_or((policy, ""));
    let text = format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; }}\n{main}").replace("CONDITION", condition);
    let files = MemoryFiles::new("p.warp", text).with("part.warp", part.replace("CONDITION", condition));
    let checked = check("p.warp", &files);
    assert!(checked.hir.is_some(), "{:#?} in {policy}", checked.diagnostics);
    checked
}

fn compared(policy: &str, condition: &str) -> Difference {
    let [old, new] = [OLD, condition].map(|condition| checked(policy, condition));
    let [before, after] = [&old, &new].map(|it| it.hir.as_ref().unwrap());
    difference(Policy { hir: before, sources: &old.sources }, Policy { hir: after, sources: &new.sources })
}

fn replayed(policy: &str, condition: &str) -> Report<Change> {
    let [old, new] = [OLD, condition].map(|condition| Simulator::new(checked(policy, condition).hir.unwrap()));
    let mut replay = Replay::new(&old, &new, between);
    let answer = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("max-age=60"))]);
    let reader = Reader { host: Some("www.example.com".to_owned()), answer };
    for (second, path) in LOG.iter().enumerate() {
        let line =
            format!("192.0.2.1 - - [10/Oct/2000:13:55:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 1000 \"-\" \"-\"");
        replay.visit(&reader.read(line.as_bytes()).unwrap().unwrap());
    }
    replay.finish()
}

/// Whether what changes is said between the two policies, with a request for it, and nothing of the twin.
pub fn is_found_between(policy: &str) -> bool {
    let found = compared(policy, NEW);
    let is_meant = |target: &str| target.starts_with("/account/help");
    !found.classes.is_empty()
        && found.classes.iter().all(|class| is_meant(&class.case.request.target))
        && compared(policy, TWIN).is_none()
}

/// Whether the requests of the log that change are counted, with what comes from the cache, and nothing of the twin.
pub fn is_found_in_a_log(policy: &str) -> bool {
    let [found, twin] = [NEW, TWIN].map(|condition| replayed(policy, condition));
    let changed: u64 = found.changes.iter().map(|it| it.requests).sum();
    changed == 3 && found.new.hits == found.old.hits + 2 && twin.changes.is_empty() && twin.old == twin.new
}
