//! Where a bound is met before all is looked at, it is said.

use super::{all_have, linted, none_has_any};

/// The notes, each with what it points at.
fn notes(text: &str) -> Vec<(String, String)> {
    let checked = linted(&[("p.warp", text)]);
    let note = |finding: &warp_edge::lang::diagnostic::Diagnostic| {
        (finding.message.clone(), format!("{} | {}", checked.sources.text(finding.primary.span), finding.primary.text))
    };
    checked.diagnostics.iter().filter(|finding| finding.code.id() == "W0917").map(note).collect()
}

const LARGE: &str = r#"url ~ "^/.{900}a" and url ~ "b.{900}$" and url ~ "c.{900}d""#;

#[test]
fn automata_that_are_too_large_are_told_at_the_rule_that_was_asked_about() {
    let text = format!("rules request first {{ when path == \"/a\" -> pass; when {LARGE} -> pass; }}");
    let rule = format!("when {LARGE} -> pass; | left out");
    let message = "not looked at to the end, for conditions that nothing or everything passes (W0510, W0511, W0512): the \
                   budget of states of the automata of one text is used up";
    assert_eq!(notes(&text), [(message.to_owned(), rule)]);
}

#[test]
fn several_rules_are_told_of_at_the_first_of_them() {
    let text = format!("rules request first {{ when {LARGE} -> pass; when {LARGE} and method == \"PUT\" -> pass; }}");
    let labels: Vec<String> = notes(&text).into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, [format!("when {LARGE} -> pass; | left out, the first of 2")]);
}

#[test]
fn more_places_than_are_looked_at_are_counted() {
    let rows = (0..1_003).map(|at| format!("when path == \"/{at}\" -> set beresp.http.X = bereq.http.Y;"));
    let rows = rows.collect::<Vec<_>>().concat();
    let text = format!("rules response first {{ {rows} }}");
    let found = notes(&text);
    let [(message, place)] = found.as_slice() else { panic!("{found:#?}") };
    assert!(message.ends_with("what one client says and others get (W0805): the budget of 1000 places is used up"));
    assert_eq!(place, "set beresp.http.X = bereq.http.Y | left out, the first of 3");
}

/// Of a table whose values are the same for most keys, keys of different ones are tried.
#[test]
fn what_a_table_holds_for_few_of_many_keys_is_found() {
    let same: Vec<String> = (0..50).map(|at| format!("\"k{at}\": \"a\"")).collect();
    let table = |last: &str| format!("table t: STRING -> STRING {{ {}, \"z\": \"{last}\" }}", same.join(", "));
    let rest = "sub backend_response { set beresp.http.X-T = t[bereq.http.X-K] ?? \"a\"; }";
    all_have("W0805", &[&format!("{} {rest}", table("b"))]);
    none_has_any(&[&format!("{} {rest}", table("a"))]);
}

#[test]
fn more_than_is_tried_of_what_clients_say_is_noted() {
    let asks = |count: usize| {
        let asked: Vec<String> = (0..count).map(|at| format!("bereq.http.X-{at} == \"a\"")).collect();
        let keyed: Vec<String> = (0..count).map(|at| format!("hash_data(req.http.X-{at});")).collect();
        format!(
            "sub hash {{ {} }} sub backend_response {{ if ({}) {{ set beresp.http.X-T = \"b\"; }} }}",
            keyed.concat(),
            asked.join(" || ")
        )
    };
    assert_eq!(notes(&asks(30)), []);
    let text = asks(40);
    let found = notes(&text);
    let [(message, _)] = found.as_slice() else { panic!("{found:#?}") };
    assert!(message.contains("(W0805): the budget of requests that were tried with what clients may say is used up"));
}

/// Policies that people write are looked at to the end.
#[test]
fn what_is_ordinary_is_decided() {
    let ordinary = [
        r#"sub recv {
               let lang = req.accept.language(["en", "de", "fr"]);
               set req.http.X-Lang = lang;
               set req.http.X-Device = match req.http.User-Agent { ~ "(?i)mobile" -> "m"; ~ "(?i)tablet" -> "t"; else -> "d"; };
               if (req.path ext ["css", "js", "png"]) { unset req.http.Cookie; unset req.http.X-Device; }
               else if (req.cookies has ["sid", "token"]) { return (pass); }
           }
           sub hash { hash_data(req.url); hash_data(req.host); hash_data(req.http.X-Lang); hash_data(req.http.X-Device); return (lookup); }
           sub backend_response {
               if (beresp.http.Content-Type ~ "^text/html") { set beresp.ttl = 5m; set beresp.grace = 1d; }
               else if (beresp.status == 200 || beresp.status == 301) { set beresp.ttl = 2h; }
               if (beresp.status in 500..599) { set beresp.ttl = 5s; }
               if (beresp.http.Cache-Control ~ "private") { set beresp.uncacheable = true; }
           }"#,
        r#"rules response first {
               when header "Content-Type" ~ "^(image|video|font)/" and bereq.path ext ["png", "jpg", "mp4"] -> ttl 30m;
               when header "Content-Type" ~ "^text/html" and bereq.path ~ "^/(news|blog)/[0-9]{4}/" -> ttl 20m, grace 1h;
               when header "X-Class" == "long" or header "X-Class" ~ "^l-" -> ttl 3h;
               else -> ttl 40m;
           }
           sub backend_response {
               if (beresp.cache_control.private || beresp.cache_control.no_store) { set beresp.uncacheable = true; }
               if (beresp.ttl > 1d && beresp.http.Age) { set beresp.ttl = 1d; }
               if (!beresp.http.Cache-Control) { set beresp.http.Cache-Control = "max-age=60"; }
           }"#,
        include_str!("../../corpus/valid/match.warp").trim_start_matches("warp 1;"),
        r#"backend spare { .host = "192.0.2.2"; .probe = { .url = "/up"; } }
           sub backend_fetch { if (bereq.retries > 0) { set bereq.backend = spare; } }
           sub backend_response { if (beresp.status == 503 and bereq.retries == 0) { return (retry); } }
           sub deliver { if (resp.status == 404 and req.restarts == 0) { set req.url = "/nf"; return (restart); } }"#,
        r#"normalize req { cookie keep ["a"]; accept_encoding to ["gzip"]; }
           sub recv {
               if (req.http.Cookie ~ "b=") { set req.http.X-A = "1"; }
               set req.http.X-Key = req.host + "/" + req.http.X-Tenant;
               if (req.http.X-Key == "a.example/acme") { return (pass); }
           }"#,
        // What a function leaves of the cookies, and names that none has.
        r#"sub recv { cookie.set("a", "2"); if (req.cookies["a;b"] == "1" || req.cookies has "x=y") { return (pass); } }
           sub backend_fetch {
               if (bereq.cookies any ["a", "b"]) { set bereq.http.X = "1"; }
               if (bereq.cookies has "c") { set bereq.http.Y = "1"; }
           }"#,
    ];
    for text in ordinary {
        assert_eq!(notes(text), [], "{text}");
    }
}

#[test]
fn what_is_decided_is_not_told() {
    none_has_any(&[
        r#"rules request first { when url ~ "^/[0-9]{20}a" and url ~ "b.{3}$" -> pass; }"#,
        r#"normalize req { path decode_unreserved, merge_slashes, resolve_dots, refuse_ambiguous; query sort; }
           rules request first { when path under "/a" -> pass; when path ext ["css", "js"] -> strip cookie, cache; }"#,
    ]);
    all_have(
        "W0511",
        &[
            r#"normalize req { path merge_slashes; } rules request first { when path ~ "//" -> pass; }"#,
            r#"sub recv { if (req.cookies["a;b"] == "1") { return (pass); } }"#,
            r#"rules request first { when cookies has "a=b" -> pass; }"#,
            r#"normalize req { accept_encoding to ["gzip", "br"]; }
               rules request first { when header "Accept-Encoding" == "identity" -> pass; }"#,
        ],
    );
}
