//! Tests of policies: what is printed can be pasted into one, and where they are run.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options};
use warp_edge::lang::hir::{Origin, Test};
use warp_edge::lang::schema::{is_host, is_target};
use warp_edge::lint;
use warp_edge::simulate::{Answer, Request, SOMEWHERE};

const HEAD: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\n";

fn checked(text: &str) -> Checked {
    lint::check("p.warp", &MemoryFiles::new("p.warp", format!("{HEAD}{text}")))
}

fn codes(text: &str) -> Vec<&'static str> {
    checked(text).diagnostics.iter().map(|finding| finding.code.id()).collect()
}

/// The test that these are pasted into, read without being run.
fn pasted(request: &str, answer: &str) -> Test {
    let text = format!("{HEAD}test \"a\" {{ request {request}\n{answer}\nexpect stored or not stored; }}");
    let checked = warp_edge::lang::check::check("p.warp", &MemoryFiles::new("p.warp", text.clone()));
    let hir = checked.hir.unwrap_or_else(|| panic!("{:#?} in {text}", checked.diagnostics));
    hir.tests.into_iter().next().unwrap()
}

fn fields() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let name = "[a-z0-9!#$%&'*+.^_`|~-]{1,8}";
    let value = "([!-~é][ -~é\t]{0,8})?";
    prop::collection::vec((name, value), 0..5).prop_map(|fields| {
        let fields = fields.into_iter().filter(|(name, value): &(String, String)| {
            !["host", "content-length"].contains(&name.as_str()) && !value.trim_end_matches('"').contains("\"\"\"")
        });
        let read = |(name, value): (String, String)| {
            let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()).unwrap();
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), value)
        };
        fields.map(read).collect()
    })
}

fn requests() -> impl Strategy<Value = Request> {
    let host = "[a-z0-9.-]{1,8}(:[1-9][0-9]{0,3})?".prop_filter("a host", |host: &String| is_host(host));
    let target = "/[!-~]{0,12}".prop_filter("a target", |target: &String| {
        is_target(target) && !target.trim_end_matches('"').contains("\"\"\"")
    });
    let method = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,6}";
    (method, host, target, fields(), any::<Option<std::net::IpAddr>>()).prop_map(
        |(method, host, target, fields, client)| {
            let request = Request {
                method: Method::from_bytes(method.as_bytes()).unwrap(),
                client: client.map_or(SOMEWHERE, |client| client.to_canonical()),
                ..Request::get(host, target)
            };
            fields.into_iter().fold(request, |request, (name, value)| request.with(name, value))
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_of_messages_is_read_in_a_test(request in requests(), fields in fields(), status in 200..1_000_u16) {
        prop_assume!(request.method != Method::CONNECT);
        let status = StatusCode::from_u16(status).unwrap();
        let answer = fields.into_iter().fold(Answer::new(status), |answer, (name, value)| answer.with(name, value));
        for end in ["", ";"] {
            let test = pasted(&format!("{request}{end}"), &format!("{answer}{end}"));
            let read = test.request;
            prop_assert_eq!((&read.method, &read.host, &read.target), (&request.method, &request.host, &request.target));
            prop_assert_eq!((&read.headers, read.client.unwrap_or(SOMEWHERE)), (&request.headers, request.client));
            prop_assert_eq!(&test.origins, &[Origin::Answers(answer.status, answer.headers.clone())]);
        }
    }
}

/// The requests and the answers in a text.
fn shown(help: &str) -> (Vec<&str>, Vec<&str>) {
    let quoted = help.split('`').skip(1).step_by(2);
    let (answers, rest): (Vec<&str>, Vec<&str>) = quoted.partition(|text| text.starts_with("origin "));
    (rest.into_iter().filter(|text| text.contains(" \"https://")).collect(), answers)
}

#[test]
fn what_lints_and_broken_promises_show_can_be_pasted() {
    let pattern = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/invalid/check/*.warp");
    let mut pasted_requests = BTreeSet::new();
    for path in glob::glob(pattern).unwrap().flatten() {
        let policy = std::fs::read(&path).unwrap();
        let files = MemoryFiles::new("p.warp", policy.clone());
        for finding in lint::check("p.warp", &files).diagnostics {
            let help = finding.help.unwrap_or_default();
            let (requests, answers) = match help.split_once("this request breaks it: ") {
                Some((_, shown)) => {
                    let (request, answer) = shown.split_once(", answered by: ").unwrap();
                    (vec![request.trim_end_matches(" the second time")], vec![answer])
                }
                None => shown(&help),
            };
            let tests = requests.iter().filter(|text| text.starts_with("test \""));
            for test in tests {
                let own = String::from_utf8(policy.clone()).unwrap();
                assert_eq!(codes_checked(&format!("{own}{test}")), codes_checked(&own), "{test}");
            }
            let of_messages = requests.iter().filter(|text| !text.starts_with("test \""));
            for request in of_messages.map(|text| text.strip_prefix("request ").unwrap_or(text)) {
                pasted(request, answers.first().unwrap_or(&""));
                pasted_requests.insert(request.to_owned());
            }
        }
    }
    assert!(pasted_requests.len() >= 10, "{pasted_requests:?}");
}

/// What the checker says, without lints and tests.
fn codes_checked(text: &str) -> Vec<&'static str> {
    let checked = warp_edge::lang::check::check("p.warp", &MemoryFiles::new("p.warp", text));
    checked.diagnostics.iter().map(|finding| finding.code.id()).collect()
}

const FAILS: &str =
    "test \"a\" { request GET \"https://a/\"; origin 200 { Cache-Control: \"max-age=9\" }; expect not stored; }";

#[test]
fn a_backend_answers_a_request_as_it_is_said_in_order() {
    let policy = "sub backend_response { if (beresp.status == 503 and bereq.retries < 2) { return (retry); } }\n\
                  sub backend_error { if (bereq.retries < 2) { return (retry); } }\n";
    let test = |origins: &str, expected: &str| {
        codes(&format!("{policy}test \"a\" {{ request GET \"https://a/\"; {origins} expect {expected}; }}"))
    };
    let answers = "origin 503; origin none; origin 200 { Etag: \"\"\"\"e\"\"\"\" }";
    assert_eq!(test(answers, "status == 200 and beresp.http.ETag == \"\"\"\"e\"\"\"\""), [""; 0]);
    assert_eq!(test("origin 503; origin 404;", "status == 404 and beresp.status == 404"), [""; 0]);
    assert_eq!(test("origin 503; origin 503;", "status == 200"), ["E0780"]);
}

/// A clause of `normalize` is none that decides what becomes of a request.
#[test]
fn the_rule_that_is_shown_is_not_a_clause_of_normalize() {
    let text = format!("normalize req {{ host lower; }}\n{FAILS}");
    let found = checked(&text).diagnostics;
    let failed = found.iter().find(|finding| finding.code.id() == "E0780").unwrap();
    assert!(failed.context.is_empty(), "{failed:#?}");
    let decided = format!("rules response first {{ when status == 200 -> ttl 1h; }}\n{text}");
    let found = checked(&decided).diagnostics;
    let failed = found.iter().find(|finding| finding.code.id() == "E0780").unwrap();
    assert_eq!(failed.context.len(), 1, "{failed:#?}");
}

/// What is done with the answer has nothing to do with the key.
#[test]
fn the_rule_that_is_shown_for_a_key_comes_before_it() {
    let text = "sub recv { set req.http.X-A = \"b\"; return (hash); }\n\
                rules response first { when status == 200 -> ttl 1h; }\n\
                test \"a\" { request GET \"https://a/\"; origin 200; expect key contains \"c\"; }";
    let checked = checked(text);
    let failed = checked.diagnostics.iter().find(|finding| finding.code.id() == "E0780").unwrap();
    let [rule] = failed.context.as_slice() else { panic!("{failed:#?}") };
    assert_eq!(checked.sources.text(rule.span), "set req.http.X-A = \"b\";");
}

#[test]
fn a_promise_of_a_field_that_the_policy_sets_is_told_so() {
    let promise = "invariant \"a\" { stored => key contains req.http.X-A }";
    for (set, is_told) in [("set req.http.X-A = \"b\";", true), ("set req.http.X-B = \"b\";", false)] {
        let found =
            checked(&format!("sub recv {{ {set} }}\nkey {{ req.host; req.url; \"c\"; }}\n{promise}")).diagnostics;
        let broken = found.iter().find(|finding| finding.code.id() == "E0770").unwrap();
        assert_eq!(broken.context.iter().any(|note| note.text.contains("sets it anew")), is_told, "{broken:#?}");
    }
}

/// A host of a wildcard has a name before the dot.
#[test]
fn a_rule_for_the_hosts_of_a_wildcard_is_shown_a_test() {
    let root = "warp 1;\nbackend default none;\nsite \"a.test\", \"*.a.test\" from \"site.warp\";";
    let site = "warp 1;\nbackend web { .host = \"127.0.0.1\"; }\n\
                rules request first {\n\
                when host == \"a.test\" -> redirect 308 \"https://www.a.test\" + req.url;\n\
                when path == \"/x\" -> pass;\n}\n\
                test \"first\" { request GET \"https://a.test/\"; expect status == 308; }\n";
    let codes = |site: &str| {
        let files = MemoryFiles::new("p.warp", root).with("site.warp", site);
        let found = lint::check_with("p.warp", &files, &Options::default()).diagnostics;
        let untested =
            found.iter().find(|finding| finding.code.id() == "W0784").map(|finding| finding.help.clone().unwrap());
        (found.len(), untested)
    };
    let (count, help) = codes(site);
    let help = help.unwrap();
    let test = help.split('`').nth(1).unwrap();
    assert!(test.contains(".a.test/x"), "{help}");
    assert_eq!((count, codes(&format!("{site}{test}"))), (1, (0, None)));
}

#[test]
fn a_proxy_reads_tests_and_forgets_them() {
    let files = |text: &str| MemoryFiles::new("p.warp", format!("{HEAD}{text}"));
    assert_eq!(codes(FAILS), ["E0780"]);
    let running = lint::check_to_run("p.warp", &files(FAILS), &Options::default());
    assert_eq!((running.diagnostics.len(), running.hir.unwrap().tests.len()), (0, 0));
    let wrong = lint::check_to_run("p.warp", &files("test \"a\" { expect stored; }"), &Options::default());
    assert!(wrong.hir.is_none());
    let site =
        files("site \"a\" from \"a.warp\"; site \"b\" from \"a.warp\";").with("a.warp", format!("{HEAD}{FAILS}"));
    let running = lint::check_to_run("p.warp", &site, &Options::default()).hir.unwrap();
    assert!(running.sites.iter().all(|site| site.policy.tests.is_empty()));
    assert!(std::sync::Arc::ptr_eq(&running.sites[0].policy, &running.sites[1].policy));
}

#[test]
fn tests_of_a_file_that_several_include_are_of_the_policy_of_their_host() {
    let root = format!("{HEAD}include \"common.warp\"; site \"a\" from \"a.warp\";");
    let site = format!("{HEAD}include \"common.warp\"; sub recv {{ if (req.url == \"/\") {{ return (pass); }} }}");
    let common = "warp 1; test \"of a\" { request GET \"https://a/\"; origin 200; expect passed; }\n\
                  test \"of the root\" { request GET \"https://b/\"; origin 200; expect not passed; }";
    let with = |common: &str| {
        let files = MemoryFiles::new("p.warp", root.clone()).with("a.warp", site.clone()).with("common.warp", common);
        let found = lint::check("p.warp", &files).diagnostics;
        found.iter().map(|finding| finding.code.id()).collect::<Vec<_>>()
    };
    assert_eq!(with(common), [""; 0]);
    assert_eq!(with(&common.replace("expect passed", "expect not passed")), ["E0780"]);
}

#[test]
fn a_test_meets_the_same_world_each_time() {
    let policy = "sub recv {\n\
                  if (std.random(1, 9) > 1.0 || ratelimit(\"a\", 1, 1h)) { return (synth(429)); }\n\
                  if (now > std.time(integer: 1800000000)) { return (synth(410)); }\n\
                  if (std.getenv(\"HOME\")) { return (synth(404)); }\n\
                  if (req.restarts == 0) { set req.http.X-Again = \"1\"; return (restart); } }\n";
    let requests = "before GET \"https://a/\"; ".repeat(3);
    let test = format!(
        "test \"a\" {{ {requests} request GET \"https://a/\"; origin 404; expect status == 404 and backend == default; }}"
    );
    let found = checked(&format!("{policy}{test}"));
    let failed = found.diagnostics.iter().filter(|finding| finding.is_error()).collect::<Vec<_>>();
    assert!(failed.is_empty(), "{failed:#?}");
}
