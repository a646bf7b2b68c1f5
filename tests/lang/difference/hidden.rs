//! Pairs that look as if they said the same, and do not; and changes that stand beside others.

use super::policies::{compared, said};

/// That it is not said of two policies that they do the same, whichever is the old one.
fn are_apart(old: &str, new: &str) {
    assert!(!compared(old, new).is_none(), "{old}\n{new}");
    assert!(!compared(new, old).is_none(), "{new}\n{old}");
}

#[test]
fn a_name_stands_for_the_first_value_alone() {
    let found = said(
        "sub hash { let k = req.http.A ?? \"en\"; hash_data(k); }",
        "sub hash { hash_data(req.http.A ?? \"en\"); }",
    );
    assert_eq!(found, ["GET \"https://www.example.com/\" { A: \"1\"; A: \"x\" }: key 3 parts → 4 parts"]);
    are_apart(
        "sub hash { hash_data(req.cookies[req.http.A]); }",
        "sub hash { let k = req.cookies[req.http.A]; hash_data(k); }",
    );
}

#[test]
fn what_changes_beside_another_change_is_told_or_left_open() {
    let deliver = |mark: u8| format!("sub deliver {{ set resp.http.S = \"{mark}\"; }}");
    for (old, new) in [
        (
            "sub recv { if (std.strlen(req.url) > 2000) { return (synth(414)); } }",
            "sub recv { if (std.strlen(req.url) > 4000) { return (synth(414)); } }",
        ),
        ("sub recv { if (regsub(req.path, \"^/v1\", \"\") == \"/z\") { return (pass); } }", ""),
        (
            "sub recv { let over = ratelimit(key: client.ip, limit: 5, per: 1m); if (over) { return (synth(429)); } }",
            "",
        ),
        ("sub recv { if (req.http.B) { ban where obj.http.K == req.http.K; } }", ""),
        ("sub recv { if (req.http.B) { set req.grace = 1s; } }", ""),
        ("sub recv { if (req.http.B) { std.purge_tags(\"news\"); } }", ""),
        (
            "sub recv { if (digest.hash_sha256(req.http.K) == \"d47bef2877ac26dd5433700d8f46ae2a\") { return (pass); } }",
            "",
        ),
    ] {
        for (old, new) in [(old, new), (new, old)] {
            let found = compared(&(old.to_owned() + &deliver(1)), &(new.to_owned() + &deliver(2)));
            let other = |rule: &warp_edge::difference::Fired| !rule.text.contains("resp.http.S");
            let is_told = found.classes.iter().any(|it| it.old_rules.iter().chain(&it.new_rules).any(other));
            assert!(is_told || !found.gave_up.is_empty(), "{old}\n{new}\n{:?}", found.classes);
            assert!(!found.classes.is_empty());
        }
    }
    let row = |what: &str| format!("sub recv {{ if (req.http.B) {{ {what} }} }}");
    let old = row("ban where obj.http.K == req.http.K; set req.grace = 1s; set req.http.A = \"1\";");
    let found = compared(&old, &row("set req.http.A = \"2\";"));
    assert!(found.classes.len() == 1 && !found.gave_up.is_empty());
}

#[test]
fn a_row_that_does_what_another_one_does_is_told_itself() {
    let miss = |condition: &str| {
        format!(
            "sub miss {{
                if ({condition}) {{ set req.http.X = \"late\"; }} else if (req.cookies has \"c\") {{ set req.http.X = \"late\"; }}
            }}"
        )
    };
    let old = miss("regsub(req.path, \"^/a\", \"\") == \"/b\"");
    let found = compared(&old, &miss("std.strlen(req.http.X) > 2"));
    let is_told = found.classes.iter().any(|class| class.old_rules.iter().any(|rule| rule.text.contains("regsub")));
    assert!(is_told || !found.gave_up.is_empty());
}

/// What changes for all requests hides nothing of what else changes for some of them.
#[test]
fn what_changes_for_some_is_told_beside_what_changes_for_all() {
    let marked = |mark: u8, text: &str| format!("{text} sub backend_response {{ set beresp.http.T = \"{mark}\"; }}");
    let condition = "if (req.path under \"/a\") { hash_data(req.http.X); }";
    for (old, new, expected) in [
        (
            format!("sub hash {{ {condition} hash_data(std.tolower(req.url)); }}"),
            format!("sub hash {{ hash_data(std.tolower(req.url)); {condition} }}"),
            "key",
        ),
        (
            "sub recv { set req.http.X = \"1\"; }".to_owned(),
            "sub recv { if (req.method == \"GET\") { set req.http.X = \"1\"; } }".to_owned(),
            "bereq.http.x",
        ),
    ] {
        for (old, new) in [(&old, &new), (&new, &old)] {
            let found = compared(&marked(1, old), &marked(2, new));
            let is_told = found.classes.iter().any(|class| {
                let also = class.also.iter().map(|also| &also.change);
                also.chain([&class.change]).any(|change| change.to_string().contains(expected))
            });
            assert!(is_told || !found.gave_up.is_empty(), "{old}\n{new}\n{:?}", found.classes);
        }
    }
}

#[test]
fn a_ban_in_a_row_that_is_told_is_named() {
    let row = |what: &str, to: &str| format!("sub recv {{ if (req.path {what}) {{ {to} return (synth(200)); }} }}");
    let found = compared(&row("== \"/a\"", ""), &row("== \"/b\"", "ban where obj.http.K == req.http.K;"));
    assert!(!found.classes.is_empty() && found.gave_up.iter().any(|it| it.contains("bans")), "{:?}", found.gave_up);
}

#[test]
fn two_rate_limits_that_say_the_same_are_two() {
    let limit = "if (ratelimit(key: client.ip, limit: 5, per: 1m)) { return (synth(429)); }";
    let twice =
        |what: &str| format!("sub recv {{ if (req.path under \"/a\") {{ {what} }} if (req.http.X) {{ {what} }} }}");
    are_apart(&format!("sub limit {{ {limit} }} {}", twice("call limit;")), &twice(limit));
    are_apart(
        &format!("sub limit {{ {limit} }} sub recv {{ call limit; }} sub miss {{ call limit; }}"),
        &format!("sub limit {{ {limit} }} sub recv {{ call limit; }} sub miss {{ {limit} }}"),
    );
}

#[test]
fn what_is_done_before_a_statement_is_refused_is_seen() {
    let recv =
        |text: &str, seen: &str| format!("sub recv {{ {text} }} sub synth {{ set resp.http.Z = req.http.{seen}; }}");
    let cut = "set req.url = regsub(req.url, \"^/a\", \"\");";
    let decoded = "set req.http.A = urldecode(req.url);";
    let (zero, one, other) = ("set req.http.A = \"0\";", "set req.http.A = \"1\";", "set req.http.B = \"x\";");
    are_apart(&recv(&format!("{zero} {cut} {one}"), "A"), &recv(&format!("{cut} {one}"), "A"));
    are_apart(&recv(&format!("{cut} {other}"), "B"), &recv(&format!("{other} {cut}"), "B"));
    are_apart(&recv(&format!("{decoded} {other}"), "B"), &recv(&format!("{other} {decoded}"), "B"));
    are_apart(
        "sub recv { let long = req.http.A + req.http.A + req.http.A; if (long ~ \"x$\") { return (pass); } }",
        "sub recv { if (req.http.A + req.http.A + req.http.A ~ \"x$\") { return (pass); } }",
    );
    let page = |text: &str| {
        let failing = format!("sub recv {{ {zero} {cut} {one} }}");
        format!("{failing} sub synth {{ if (req.http.A == \"0\") {{ set resp.http.Z = \"{text}\"; }} }}")
    };
    are_apart(&page("y"), &page("z"));
}

#[test]
fn what_is_drawn_twice_is_not_what_is_drawn_once() {
    are_apart(
        "sub recv { let r = uuid.v4(); set req.http.A = r; set req.http.B = r; }",
        "sub recv { set req.http.A = uuid.v4(); set req.http.B = uuid.v4(); }",
    );
}

#[test]
fn a_tag_that_is_found_no_more_is_shown() {
    let found = said("sub backend_response { tag header \"Surrogate-Key\"; }", "");
    assert_eq!(found, ["GET \"https://www.example.com/\": tags changed"]);
}

#[test]
fn a_name_for_a_text_is_no_change_where_a_director_goes_by_the_key() {
    let hash = |text: &str| {
        format!("director d = shard {{ a; b; }} sub recv {{ set req.backend_hint = d; }} sub hash {{ {text} }}")
    };
    let (old, new) = (hash("hash_data(std.tolower(req.url));"), hash("let k = std.tolower(req.url); hash_data(k);"));
    assert_eq!(said(&old, &new), Vec::<String>::new());
}

#[test]
fn conditions_of_many_cases_within_each_other_are_compared() {
    let ladder = |last: &str| {
        let cases = |depth: usize| {
            let each: Vec<String> = (0..16).map(|at| format!("req.http.H{depth} == \"{at}\"")).collect();
            format!("if ({}) {{ set req.http.L{depth} = \"1\"; ", each.join(" or "))
        };
        let open: String = (0..8).map(cases).collect();
        format!("sub recv {{ {open} set req.http.Z = \"{last}\"; {} }}", "}".repeat(8))
    };
    assert!(!compared(&ladder("1"), &ladder("2")).is_none());
}
