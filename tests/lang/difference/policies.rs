//! Two policies compared.

use std::time::Duration;

use warp_edge::difference::{Difference, Policy, When, difference, report};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;

use super::BACKENDS;

pub(super) fn compared(old: &str, new: &str) -> Difference {
    let whole = |text: &str| if text.starts_with("warp 1;") { text.to_owned() } else { format!("{BACKENDS}{text}") };
    let [old, new] = [old, new].map(|text| check("site.warp", &MemoryFiles::new("site.warp", whole(text))));
    let [before, after] = [&old, &new].map(|it| it.hir.as_ref().unwrap_or_else(|| panic!("{:#?}", it.diagnostics)));
    difference(Policy { hir: before, sources: &old.sources }, Policy { hir: after, sources: &new.sources })
}

/// The classes, and what is not known.
pub(super) fn said(old: &str, new: &str) -> Vec<String> {
    let found = compared(old, new);
    let classes = found.classes.iter().flat_map(|class| {
        let also = class.also.iter().map(|also| (&also.case, &also.change));
        let all = [(&class.case, &class.change)].into_iter().chain(also);
        all.map(|(case, change)| format!("{}: {change}", case.request)).collect::<Vec<_>>()
    });
    let open = found.gave_up.iter().map(|budget| format!("open: {budget}"));
    let declared = found.declarations.iter().map(|it| format!("{}: {:?}", it.name, it.what));
    classes.chain(declared).chain(open).collect()
}

const TABLE: &str = "rules request first {
    when path under \"/api/\" -> pass;
    when path ext [\"css\", \"js\"] -> cache;
    when method == \"POST\" -> deny 405;
}
rules response first { when status in 500..599 -> ttl 5s; else -> ttl 10m, grace 1h; }";

#[test]
fn a_policy_does_not_differ_from_itself() {
    for text in ["", TABLE, "acl x { \"10.0.0.0\"/8; } rules request first { when client.ip ~ x -> pass; }"] {
        assert_eq!(said(text, text), Vec::<String>::new(), "{text}");
    }
    for path in glob::glob(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/*.warp")).unwrap() {
        let path = path.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(said(&text, &text), Vec::<String>::new(), "{}", path.display());
    }
}

/// Rows that are about many paths, some of them about the same.
fn many_rows(order: impl Fn(usize) -> usize) -> String {
    let rows = (0..2_000).map(order).map(|at| {
        let (path, what) = (at / 2, if at % 2 == 0 { "deny 403" } else { "cache" });
        let method = if at % 2 == 0 { " and method == \"POST\"" } else { "" };
        format!("when path under \"/p{path}\"{method} -> {what};\n")
    });
    format!("rules request first {{ {} }}", rows.collect::<String>())
}

#[test]
fn rows_about_other_texts_may_stand_in_any_order() {
    let (one, other) = (many_rows(|at| at), many_rows(|at| (at / 2 * 7 % 1_000) * 2 + at % 2));
    assert_eq!(said(&one, &other), Vec::<String>::new());
    let turned = many_rows(|at| if at < 2 { 1 - at } else { at });
    let found = said(&one, &turned);
    assert!(found.iter().any(|it| it.contains("/p0")), "{found:#?}");
    for (old, new) in [
        (
            "when path under \"/a\" -> pass; when path == \"/a/b\" -> deny 403;",
            "when path == \"/a/b\" -> deny 403; when path under \"/a\" -> pass;",
        ),
        (
            "when path ~ \"^/a\" -> pass; when path == \"/ab\" -> deny 403;",
            "when path == \"/ab\" -> deny 403; when path ~ \"^/a\" -> pass;",
        ),
        (
            "when path == \"/a\" -> pass; when method == \"GET\" -> deny 403; when path == \"/b\" -> pass;",
            "when path == \"/b\" -> pass; when method == \"GET\" -> deny 403; when path == \"/a\" -> pass;",
        ),
    ] {
        let of = |rows: &str| format!("rules request first {{ {rows} }}");
        assert_ne!(said(&of(old), &of(new)), Vec::<String>::new(), "{old}");
    }
}

#[test]
fn what_another_try_is_sent_is_compared() {
    let retried = |field: &str| {
        format!("sub backend_error {{ if (bereq.retries < 1) {{ set bereq.http.X = \"{field}\"; return (retry); }} }}")
    };
    let found = said(&retried("1"), &retried("2"));
    assert!(found.iter().any(|it| it.contains("bereq.http.x changed")), "{found:#?}");
    assert!(!found.iter().any(|it| it.contains("another try")), "{found:#?}");
}

#[test]
fn a_rule_is_shown_without_what_stands_beside_it() {
    let old = "rules request first { when path == \"/a\" -> pass; } sub deliver { set resp.http.X = \"1\"; }";
    let found = compared(old, &old.replace("\"/a\" -> pass", "\"/a\" -> deny 403"));
    let rules = found.classes.iter().flat_map(|class| &class.new_rules).map(|rule| rule.text.as_str());
    assert!(rules.clone().all(|text| !text.contains("sub deliver")), "{:?}", rules.collect::<Vec<_>>());
}

#[test]
fn what_is_set_to_itself_is_no_change() {
    for name in ["req.url", "req.method", "req.backend_hint"] {
        assert_eq!(said("", &format!("sub recv {{ set {name} = {name}; }}")), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_only_reads_otherwise_is_no_change() {
    for (old, new) in [
        (TABLE, &*TABLE.replace("rules request", "# why\nrules request")),
        (
            "rules request first { when path under \"/a\" -> pass; when path == \"/b\" -> deny 403; }",
            "sub recv { if (req.path under \"/a\") { return (pass); } if (req.path == \"/b\") { return (synth(403)); } }",
        ),
        (
            "rules request first { when path == \"/a\" -> pass; when path == \"/b\" -> deny 403; }",
            "rules request first { when path == \"/b\" -> deny 403; when path == \"/a\" -> pass; }",
        ),
        (
            "sub recv { if (req.path == \"/a\") { return (pass); } }",
            "sub recv { let p = req.path; if (p == \"/a\") { return (pass); } }",
        ),
        (
            "acl x { \"10.0.0.0\"/8; } rules request first { when client.ip ~ x -> pass; }",
            "acl y { \"10.0.0.0\"/8; } rules request first { when client.ip ~ y -> pass; }",
        ),
        ("sub recv { set req.http.X = \"1\"; }", "sub recv { std.log(req.url); set req.http.X = \"1\"; }"),
        ("", "sub deliver { if (obj.hits > 0) { std.log(\"hit\"); } }"),
        ("normalize req { query drop [\"a\", \"b*\"]; }", "normalize req { query drop [\"b*\", \"a\"]; }"),
        ("normalize req { cookie keep [\"a\", \"b*\"]; }", "normalize req { cookie keep [\"b*\", \"a\"]; }"),
        (
            "sub recv { if (req.url ~ \"a\" && req.http.X ~ \"b\" || req.http.Y) { return (pass); } }",
            "sub recv { if (req.http.Y || req.http.X ~ \"b\" && req.url ~ \"a\") { return (pass); } }",
        ),
    ] {
        assert_eq!(said(old, new), Vec::<String>::new(), "{old}\n{new}");
    }
}

/// A table of rows about a folder each, in that order.
fn folders(kind: &str, order: impl IntoIterator<Item = usize>, act: impl Fn(usize) -> String) -> String {
    let rows = order.into_iter().map(|at| format!("when path under \"/f{at}\" -> {};\n", act(at)));
    format!("rules {kind} first {{ {} }}", rows.collect::<String>())
}

#[test]
fn rows_of_long_tables_that_change_places_are_no_change_unless_they_have_requests_in_common() {
    let ttl = |at: usize| format!("ttl {}s", at + 1);
    let deed = |at: usize| ["pass", "deny 403", "backend b"][at % 3].to_owned();
    for length in [100, 300] {
        let mut order: Vec<usize> = (0..length).collect();
        order.swap(3, length - 5);
        order.swap(20, 21);
        assert_eq!(said(&folders("response", 0..length, ttl), &folders("response", order.clone(), ttl)), [""; 0]);
        assert_eq!(said(&folders("request", 0..length, deed), &folders("request", order, deed)), [""; 0]);
        let above = |at: usize, rows: &str| rows.replace(&format!("under \"/f{at}\""), "under \"/f7/x\"");
        let order = (0..length).filter(|at| *at != 7).chain([7]);
        let old = above(length - 1, &folders("request", 0..length, deed));
        let found = said(&old, &above(length - 1, &folders("request", order, deed)));
        let expected =
            if (length - 1) % 3 == 0 { "GET \"https://www.example.com/f7/x\": synth 403 → pass" } else { "" };
        assert!(found.iter().any(|said| said.starts_with(expected)) && !found.is_empty(), "{found:#?}");
    }
}

#[test]
fn each_aspect_is_found() {
    let path = "GET \"https://www.example.com/a\"";
    for (old, new, expected) in [
        ("rules request first { when path == \"/a\" -> pass; }", "", "pass → stored 60s"),
        ("", "rules request first { when path == \"/a\" -> deny 403; }", "stored 60s → synth 403"),
        ("", "rules request first { when path == \"/a\" -> backend b; }", "backend a → b"),
        ("", "sub recv { if (req.path == \"/a\") { set req.http.X = \"1\"; } }", "bereq.http.x added"),
        (
            "rules response first { when path == \"/a\" -> ttl 1m; }",
            "rules response first { when path == \"/a\" -> ttl 1h; }",
            "ttl 60s → 1h",
        ),
        ("", "sub deliver { if (req.path == \"/a\") { set resp.status = 404; } }", "status 200 → 404"),
        ("", "sub deliver { if (req.path == \"/a\") { set resp.http.X = \"1\"; } }", "resp.http.x added"),
        ("", "sub hash { if (req.path == \"/a\") { hash_data(\"x\"); } }", "key 2 parts → 3 parts"),
        ("", "sub backend_response { if (bereq.path == \"/a\") { tag \"x\"; } }", "tags changed"),
    ] {
        let said = said(old, new);
        assert!(said.contains(&format!("{path}: {expected}")), "{old}\n{new}\n{said:#?}");
        assert!(!said.iter().any(|said| said.starts_with("open")), "{old}\n{new}\n{said:#?}");
    }
}

/// Whether something is told of that request, and nothing is left open.
pub(super) fn is_told(old: &str, new: &str, request: &str, change: &str) {
    let said = said(old, new);
    assert!(said.contains(&format!("{request}: {change}")), "{old}\n{new}\n{said:#?}");
    assert!(!said.iter().any(|said| said.starts_with("open")), "{old}\n{new}\n{said:#?}");
}

#[test]
fn keys_of_tables_that_have_another_value_are_asked_for() {
    let table = |value: &str, read: &str| {
        let entries = (0..40).map(|at| format!("\"/f{at}\": \"{at}\"")).collect::<Vec<_>>().join(", ");
        format!(
            "table t: STRING -> STRING {{ {entries}, \"/b\": \"{value}\" }} sub recv {{ set req.http.X = {read}; }}"
        )
    };
    for read in ["t[req.path]", "\"is \" + t[req.path]", "std.tolower(t[req.path])"] {
        let path = "GET \"https://www.example.com/b\"";
        is_told(&table("y", read), &table("z", read), path, "bereq.http.x changed");
    }
    let ttl = |one: &str, other: &str| {
        format!(
            "table t: STRING -> DURATION {{ \"/a\": {one}, \"/b\": {other}, \"/c\": 7s }}
            sub backend_response {{ set beresp.ttl = t[bereq.path] ?? 10s; }}"
        )
    };
    let (old, new) = (ttl("1s", "2s"), ttl("3s", "4s"));
    is_told(&old, &new, "GET \"https://www.example.com/a\"", "ttl 1s → 3s");
    is_told(&old, &new, "GET \"https://www.example.com/b\"", "ttl 2s → 4s");
    is_told(&old, &new, "GET \"https://www.example.com/a\"", "mark hit-for-miss 1s → hit-for-miss 3s");
    assert_eq!(said(&old, &new).len(), 4);
}

#[test]
fn numbers_in_texts_are_made() {
    for (read, request) in [
        ("std.integer(req.http.A, 0)", "/\" { A: \"4\" }"),
        ("std.integer(req.query[\"a\"], 0)", "/?a=4\""),
        ("std.integer(req.cookies[\"a\"], 0)", "/\" { Cookie: \"a=4\" }"),
    ] {
        let policy = |bound: u8| {
            format!("override builtin.cookie {{}} sub recv {{ if ({read} > {bound}) {{ return (pass); }} }}")
        };
        let said = said(&policy(3), &policy(4));
        let expected = format!("GET \"https://www.example.com{request}: pass → stored 60s");
        assert!(said.contains(&expected) && !said.iter().any(|said| said.starts_with("open")), "{said:#?}");
    }
}

#[test]
fn texts_are_made_as_long_as_is_asked_for() {
    let policy = |most: usize, last: &str| {
        format!(
            "sub recv {{
                if (std.strlen(req.http.X-Key) < {most}) {{ return (synth(401)); }}
                if (req.path == \"/a\") {{ {last} }}
            }}"
        )
    };
    let sixteen = "GET \"https://www.example.com/a\" { X-Key: \"aaaaaaaaaaaaaaaa\" }";
    is_told(&policy(16, ""), &policy(16, "return (pass);"), sixteen, "stored 60s → pass");
    let said = said(&policy(16, ""), &policy(32, ""));
    assert!(
        said.iter().any(|said| said.contains(r#"X-Key: "aaaaaaaaaaaaaaaa" }: stored 60s → synth 401"#)),
        "{said:#?}"
    );
    assert!(!said.iter().any(|said| said.starts_with("open")), "{said:#?}");
}

#[test]
fn what_is_met_in_the_cache_is_brought_about() {
    for (condition, other, when) in [
        ("obj.hits > 3", "obj.hits > 5", When::Number(5)),
        ("obj.age > 30s", "obj.age > 40s", When::After(Duration::from_millis(30_001))),
        ("obj.ttl < 20s", "obj.ttl < 10s", When::After(Duration::from_millis(40_001))),
        ("obj.http.X == \"1\"", "obj.http.X == \"1\" and req.http.A", When::Again),
        ("obj.status == 404", "obj.status == 404 and req.http.A", When::Again),
    ] {
        let policy = |condition: &str| format!("sub hit {{ if ({condition}) {{ return (pass); }} }}");
        let found = compared(&policy(condition), &policy(other));
        let [class] = found.classes.as_slice() else { panic!("{condition}: {found:#?}") };
        assert_eq!((class.when, &*class.change.to_string()), (when, "pass → hit"), "{condition}");
        assert!(found.gave_up.is_empty(), "{condition}: {:?}", found.gave_up);
    }
}

#[test]
fn marks_and_timeouts_are_told() {
    let response = |text: &str| format!("sub backend_response {{ {text} }}");
    let fetch = |text: &str| format!("sub backend_fetch {{ set bereq.{text}; }}");
    for (old, new, expected) in [
        (response("return (pass(10s));"), response("return (pass(11s));"), "mark hit-for-pass 10s → hit-for-pass 11s"),
        (
            response("set beresp.uncacheable = true; set beresp.ttl = 10s;"),
            response("set beresp.uncacheable = true; set beresp.ttl = 20s;"),
            "mark hit-for-miss 10s → hit-for-miss 20s",
        ),
        (response("set beresp.keep = 10s;"), response("set beresp.keep = 11s;"), "keep 10s → 11s"),
        (
            fetch("first_byte_timeout = 10s"),
            fetch("first_byte_timeout = 11s"),
            "timeouts of the request to the backend changed",
        ),
    ] {
        is_told(&old, &new, "GET \"https://www.example.com/\"", expected);
        let found = compared(&old, &new);
        assert!(found.classes.iter().all(|class| class.old_rules.len() == 1), "{:#?}", found.classes);
    }
}

#[test]
fn what_shows_once_the_stored_response_is_stale_is_found() {
    for (new, expected) in [
        ("sub hit { set req.http.X = \"1\"; }", "bereq.http.x added"),
        ("sub hit { if (obj.ttl < 0s) { set req.http.X = \"1\"; } }", "bereq.http.x added"),
        ("sub hit { set req.http.Host = \"x.test\"; }", "key changed, bereq.http.host changed"),
        ("sub deliver { if (obj.ttl < 0s) { set resp.http.X = \"1\"; } }", "resp.http.x added"),
        ("sub backend_fetch { if (bereq.is_bgfetch) { set bereq.http.X = \"1\"; } }", "bereq.http.x added"),
        ("sub backend_response { if (bereq.is_bgfetch) { set beresp.ttl = 1h; } }", "ttl 60s → 1h"),
    ] {
        let found = compared("", new);
        let [class] = found.classes.as_slice() else { panic!("{new}: {:?}", said("", new)) };
        assert_eq!((class.when, &*class.change.to_string()), (When::Stale, expected), "{new}");
        assert_eq!(class.new_rules.len(), 1, "{new}");
        assert!(found.gave_up.is_empty(), "{new}");
    }
}

#[test]
fn data_counts_as_well() {
    let said = |old: &str, new: &str| said(old, new).join("\n");
    let drop = |names: &str| format!("normalize req {{ query drop [{names}]; }}");
    assert!(said(&drop("\"utm_*\""), &drop("\"utm_*\", \"gclid\"")).contains("request to the backend changed"));
    let acl =
        |network: &str| format!("acl x {{ \"{network}\"/8; }} rules request first {{ when client.ip ~ x -> pass; }}");
    assert!(said(&acl("10.0.0.0"), &acl("11.0.0.0")).contains("from 1"));
    let table = |path: &str| {
        format!(
            "table t: STRING -> STRING {{ \"{path}\": \"x\" }} rules request first {{ when req.path in t -> pass; }}"
        )
    };
    let table = |path| table(path).replace("req.path in t", "t has req.path");
    let found = said(&table("/a"), &table("/b"));
    assert!(found.contains("/a\": pass → stored 60s") && found.contains("/b\": stored 60s → pass"), "{found}");
    let moved = BACKENDS.replace("127.0.0.2", "127.0.0.9");
    assert_eq!(said(BACKENDS, &moved), "b: [\"address\"]");
}

#[test]
fn a_director_chooses_by_what_its_key_looks_up() {
    let policy = |tables: &[&str], value: &str| {
        let all = tables.iter().map(|name| {
            let value = if *name == "t" { value } else { "z" };
            format!("table {name}: STRING -> STRING {{ \"/a\": \"{value}\" }}")
        });
        let director = "director d = hash { .key = t[bereq.path]; a; b; }
            sub recv { set req.backend_hint = d; set req.http.U = u[req.url]; }";
        all.collect::<String>() + director
    };
    assert_eq!(said(&policy(&["t", "u"], "x"), &policy(&["t", "u"], "y")), ["d: [\"choice\"]"]);
    assert_eq!(said(&policy(&["t", "u"], "x"), &policy(&["u", "t"], "x")), Vec::<String>::new());
}

#[test]
fn a_network_less_in_a_long_list_is_found() {
    let list = |left_out: usize| {
        let networks =
            (0..3_000).filter(|at| *at != left_out).map(|at| format!("\"10.{}.{}.0\"/24;", at / 256, at % 256));
        let networks = networks.collect::<Vec<_>>().join("\n");
        format!("acl x {{ {networks} }} rules request first {{ when client.ip ~ x -> pass; }}")
    };
    let request = "GET \"https://www.example.com/\" from 10.5.220.0";
    is_told(&list(3_000), &list(1_500), request, "pass → stored 60s");
}

#[test]
fn what_no_request_that_is_tried_shows_is_told() {
    let basic = |hash: &str| {
        format!(
            "sub recv {{ if (!auth.basic(req.http.Authorization, [\"alice:{{SHA}}{hash}\"])) {{ return (synth(401)); }} }}"
        )
    };
    let with_director = |key: &str| {
        format!(
            "director dd = shard {{ a; b; }} sub recv {{ set req.backend_hint = dd; return (pass); }} sub hash {{ hash_data({key}); }}"
        )
    };
    let ban = |condition: &str| {
        format!("sub recv {{ if (req.method == \"PURGE\") {{ ban where {condition}; return (synth(200)); }} }}")
    };
    let limited = |condition: &str| format!("sub recv {{ if ({condition}) {{ return (synth(429)); }} }}");
    let limit = "ratelimit(key: client.ip, limit: 5, per: 1m)";
    let again = |body: &str| format!("sub backend_error {{ if (bereq.retries == 0) {{ {body} }} }}");
    let pairs = [
        (basic("X8fji//gDKRq3YkUVGSi6vdZ1cI="), basic("2jmj7l5rSw0yVb/vlWAYkK/YBwk=")),
        (ban("obj.http.K == \"a\""), ban("obj.http.K == \"b\"")),
        (String::new(), "sub backend_refresh { set beresp.http.X-A = \"r\"; }".to_owned()),
        (
            "sub own { set beresp.http.X-A = \"r\"; } sub backend_refresh { call own; }".to_owned(),
            "sub own { set beresp.http.X-A = \"s\"; } sub backend_refresh { call own; }".to_owned(),
        ),
        (again("set bereq.url = \"/x\"; return (retry);"), again("return (retry);")),
        (again("set bereq.http.X-Alt = \"1\"; return (retry);"), again("return (retry);")),
        (
            "sub own { set bereq.backend = b; return (retry); } sub backend_error { call own; }".to_owned(),
            "sub own { return (retry); } sub backend_error { call own; }".to_owned(),
        ),
        (String::new(), "sub recv { set req.max_age = 5s; }".to_owned()),
        (String::new(), "sub recv { if (req.http.X-F == \"1\") { set req.hash_always_miss = true; } }".to_owned()),
        (String::new(), "sub recv { set req.hash_ignore_vary = true; }".to_owned()),
        (with_director("\"a\""), with_director("req.http.X")),
        (String::new(), "sub deliver { set resp.http.Link = resp.http.Link; }".to_owned()),
        (String::new(), "sub backend_response { set beresp.ttl = beresp.ttl; }".to_owned()),
        (String::new(), "sub backend_response { set beresp.stale_if_error = beresp.stale_if_error; }".to_owned()),
        (limited(&format!("req.url == \"/a\" and {limit}")), limited(&format!("{limit} and req.url == \"/a\""))),
    ];
    for (old, new) in pairs {
        assert!(!compared(&old, &new).is_none(), "{old}\n{new}");
    }
}

/// Only first lines are compared: where the others may make a difference, that is said.
#[test]
fn what_further_lines_may_change_is_told() {
    let once = "set beresp.http.Cache-Control = \"max-age=60\";";
    let pairs = [
        ("", "sub backend_response { if (beresp.http.X == \"a\") { set beresp.http.X = \"a\"; } }".to_owned()),
        ("", format!("sub backend_response {{ if (beresp.http.Cache-Control == \"max-age=60\") {{ {once} }} }}")),
        ("", "sub recv { let t = req.http.X; set req.http.X = t; }".to_owned()),
        ("", "sub recv { call one; } sub one { set req.http.X = match req.http.X { \"a\" -> \"a\"; else -> req.http.X; }; }".to_owned()),
        (
            "sub hash { hash_data(req.http.X); }",
            "sub hash { if (req.http.X == \"a\") { hash_data(\"a\"); } else { hash_data(req.http.X); } }".to_owned(),
        ),
        (
            "sub hash { hash_data(req.query[\"p\"]); }",
            "sub hash { hash_data(match req.query[\"p\"] { \"a\" -> \"a\"; else -> req.query[\"p\"]; }); }".to_owned(),
        ),
        (
            "key { req.host; req.http.X; }",
            "key { req.host; match req.http.X { \"a\" -> \"a\"; else -> req.http.X; }; }".to_owned(),
        ),
        (
            "sub hash { hash_data(req.http.X); }",
            "sub recv { if (req.http.X == \"a\") { set req.http.X = \"a\"; } } sub hash { hash_data(req.http.X); }".to_owned(),
        ),
    ];
    for (old, new) in pairs {
        assert!(!compared(old, &new).is_none(), "{old}\n{new}");
        assert!(!compared(&new, old).is_none(), "{new}\n{old}");
    }
}

/// A key of a field whose lines no policy tells apart, a page with nothing in it, and conditions that have nothing to do with
/// each other leave nothing open.
#[test]
fn what_is_the_same_in_other_words_is_not_told() {
    let keyed = "sub recv { set req.http.X-A = req.cookies[\"a\"] ?? \"b\"; } key { req.host; req.http.X-A; } ";
    let ended = |rest: &str| format!("sub synth {{ set resp.http.A = \"1\"; {rest} return (deliver); }}");
    let one = |at: usize| format!("if (req.http.X-{at}) {{ set req.http.Y-{at} = \"1\"; }}\n");
    let many = |last: &str| format!("sub recv {{ {} {last} }}", (0..10).map(one).collect::<String>());
    let pairs = [
        (keyed.to_owned(), format!("{keyed} rules request first {{ when path == \"/a\" -> pass; }}"), 1),
        (ended(""), ended("set resp.body = \"\";"), 0),
        (many(""), many("if (req.path == \"/a\") { return (pass); }"), 1),
    ];
    for (old, new, least) in pairs {
        let found = compared(&old, &new);
        assert!(found.gave_up.is_empty() && found.classes.len() >= least, "{old}\n{new}\n{:?}", said(&old, &new));
    }
}

#[test]
fn people_know_the_methods_that_are_told_first_and_what_it_is_that_may_differ() {
    let policy = |bound: u8| format!("sub recv {{ if (std.integer(req.http.A, 0) > {bound}) {{ return (pass); }} }}");
    let ranks: Vec<bool> =
        compared(&policy(3), &policy(4)).classes.iter().map(|class| class.case.request.method == "GET").collect();
    assert!(ranks.first() == Some(&true) && ranks.is_sorted_by(|one, other| one >= other), "{ranks:?}");
    assert_eq!(
        compared(
            "sub backend_response { tag header \"X\"; }",
            "sub backend_response { set beresp.http.X = beresp.http.X; tag header \"X\"; }"
        )
        .gave_up,
        ["fields of several lines that are read as one: only their first is compared"]
    );
    let text = "sub hit { set req.grace = 5s; set req.http.A = \"1\"; } sub recv { set req.http.A = \"2\"; }";
    assert_eq!(
        compared(&text.replace("\"1\"", "\"0\""), text).gave_up,
        [
            "settings of requests, such as `req.grace`: they are not compared",
            "what `hit` does: no request that was tried shows a difference (site.warp:4)"
        ]
    );
}

#[test]
fn rules_in_long_lines_are_cut_out() {
    let long = format!(
        "sub recv {{ set req.http.Long = \"{}\"; if (req.path == \"/a\") {{ return (pass); }} }}",
        "x".repeat(400)
    );
    let found = compared(&long, &long.replace("(pass)", "(synth(403))"));
    let rules: Vec<&str> = found.classes[0].new_rules.iter().map(|rule| &*rule.text).collect();
    assert!(
        rules.contains(&"return (synth(403));") && rules.iter().all(|rule| rule.chars().count() <= 161),
        "{rules:#?}"
    );
}

#[test]
fn what_changes_once_a_request_has_begun_again_is_found() {
    let policy = |second: &str| {
        format!(
            "sub recv {{ if (req.restarts == 1) {{ {second} }} }}
            sub deliver {{ if (resp.status == 404 && req.restarts == 0) {{ set req.url = \"/else\"; return (restart); }} }}"
        )
    };
    for (new, expected) in [("set req.http.X = \"1\";", "bereq.http.x added"), ("return (synth(410));", "synth 410")] {
        let found = compared(&policy(""), &policy(new));
        let is_expected = found.classes.iter().any(|class| class.change.to_string().contains(expected));
        assert!(is_expected && found.gave_up.is_empty(), "{new}: {:?}", said(&policy(""), &policy(new)));
    }
    let first = |condition: &str| {
        format!("sub recv {{ if ({condition} && req.restarts == 0) {{ set req.url = \"/b\"; return (restart); }} }}")
    };
    let said = said(&first("req.path == \"/a\""), &first("req.path == \"/c\""));
    assert!(said.iter().any(|said| said.starts_with("GET \"https://www.example.com/a\": ")), "{said:#?}");
    assert!(said.iter().any(|said| said.starts_with("GET \"https://www.example.com/c\": ")), "{said:#?}");
}

#[test]
fn what_is_done_where_no_row_is_taken_counts() {
    let rows = |kind: &str, last: &str| {
        format!("rules {kind} first {{ when path under \"/a\" -> {}; else -> {last}; }}", "backend b")
    };
    is_told(
        &rows("request", "pass"),
        &rows("request", "deny 403"),
        "GET \"https://www.example.com/\"",
        "pass → synth 403",
    );
    let ladder = |last: &str| format!("sub recv {{ if (req.path == \"/a\") {{ return (pass); }} {last} }}");
    is_told(&ladder(""), &ladder("return (synth(403));"), "GET \"https://www.example.com/\"", "stored 60s → synth 403");
    let moved = BACKENDS.replace("backend a {", "backend default {").replace("backend b {", "backend a {");
    let said = said(BACKENDS, &moved);
    assert!(said.iter().any(|said| said.ends_with("backend a → default")), "{said:#?}");
}

#[test]
fn what_is_done_before_the_first_change_is_the_same() {
    let policy =
        |ttl: &str| format!("sub recv {{ set req.grace = 5s; }} sub backend_response {{ set beresp.ttl = {ttl}; }}");
    assert!(compared(&policy("10s"), &policy("20s")).gave_up.is_empty());
}

#[test]
fn one_of_many_conditions_in_a_row_that_changes_is_found() {
    let ifs = |act: &dyn Fn(usize) -> String, step: &str, message: &str| -> String {
        let one = |at: usize| format!("if ({message}.path under \"/p{at}/\") {{ {} }}\n", act(at));
        format!("sub {step} {{ {} }}", (0..1000).map(one).collect::<String>())
    };
    let passing = |pipes: usize| {
        ifs(&|at| if at == pipes { "return (synth(404));" } else { "return (pass);" }.to_owned(), "recv", "req")
    };
    let request = "GET \"https://www.example.com/p500\"";
    is_told(&passing(1000), &passing(500), request, "pass → synth 404");
    let lasting = |long: usize| {
        ifs(&|at| format!("set beresp.ttl = {}s;", if at == long { 9 } else { 5 }), "backend_response", "bereq")
    };
    let said = said(&lasting(1000), &lasting(500));
    assert!(said.contains(&format!("{request}: ttl 5s → 9s")), "{said:#?}");
}

#[test]
fn many_conditions_in_a_row_are_given_up_and_said_so() {
    let ifs = |value: &str| -> String {
        let one = |at: usize| {
            format!("if (req.http.X-{at}) {{ set req.http.Y-{at} = \"{}\"; }}\n", if at == 20 { value } else { "1" })
        };
        format!("sub recv {{ {} }}", (0..40).map(one).collect::<String>())
    };
    assert!(!compared(&ifs("1"), &ifs("2")).is_none());
}

#[test]
fn places_that_are_open_for_one_reason_are_told_together() {
    let gave_up = ["`a`: why", "`b`: why", "`c`: why", "`d`: why", "x: another"].map(str::to_owned).to_vec();
    let text = report::text(&Difference { gave_up, ..Difference::default() }, None);
    assert!(text.ends_with("may differ elsewhere:\n    `a`, `b`, `c` and 1 more: why\n    x: another\n"), "{text}");
}

#[test]
fn a_purge_that_becomes_soft_is_told() {
    let purging = |how| format!("sub recv {{ if (req.method == \"PURGE\") {{ return ({how}); }} }}");
    assert_eq!(
        said(&purging("purge"), &purging("purge(soft)")),
        [r#"PURGE "https://www.example.com/": purge → soft purge"#]
    );
    let row = |how| format!("rules request first {{ when path under \"/gone/\" -> {how}; }}");
    assert_eq!(said(&row("purge soft"), &row("purge")), [r#"GET "https://www.example.com/gone": soft purge → purge"#]);
}

#[test]
fn what_a_pipe_sends_is_told() {
    let piped = |pipe| format!("sub pipe {{ {pipe} }} sub recv {{ if (req.path == \"/s\") {{ return (pipe); }} }}");
    assert_eq!(
        said(&piped("unset bereq.http.Cookie;"), &piped("")),
        [r#"GET "https://www.example.com/s" { Cookie: "session=1" }: bereq.http.cookie added"#]
    );
    assert_eq!(
        said(&piped(""), &piped("if (bereq.http.X-A == \"1\") { set bereq.url = \"/t\"; }")),
        [r#"GET "https://www.example.com/s" { X-A: "1" }: request to the backend changed"#]
    );
    // The request has none of these any more.
    assert_eq!(said(&piped("unset bereq.http.TE;"), &piped("")), Vec::<String>::new());
}

#[test]
fn how_much_content_is_kept_is_told() {
    let kept = |most| format!("sub recv {{ if (req.method == \"POST\") {{ std.cache_req_body({most}); }} }}");
    assert_eq!(
        said(&kept("64KB"), &kept("1KB")),
        [r#"POST "https://www.example.com/": kept content of the request 64KB → 1KB"#]
    );
}

#[test]
fn what_the_same_lines_change_is_one_class() {
    let policy = |files| {
        format!(
            "rules request first {{ when path ext {files} -> strip cookie, cache; }}
        sub recv {{ set req.http.X-A = \"1\"; if (req.cookies has \"session\") {{ return (pass); }} }}"
        )
    };
    let found = compared(&policy("[\"css\"]"), &policy("[\"css\", \"svg\"]"));
    let [class] = found.classes.as_slice() else { panic!("{:#?}", found.classes) };
    assert!(class.change.to_string().contains("bereq.http.x-a removed"), "{}", class.change);
    assert!(class.also.iter().any(|also| also.change.to_string().contains("pass → stored 60s")), "{:?}", class.also);
    // What was told is not told again.
    let told = class.also.iter().filter(|also| also.change.to_string().contains("x-a removed")).count();
    assert_eq!(told, 0, "{:?}", class.also);
    let text = report::text(&found, None);
    assert!(text.contains("\n    also     pass → stored 60s"), "{text}");
}
