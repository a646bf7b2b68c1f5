//! Policies that say the same in another shape, and those of which little changes among much.

use super::policies::{compared, is_told, said};

fn are_alike(old: &str, new: &str) {
    assert_eq!(said(old, new), Vec::<String>::new(), "{old}\n{new}");
    assert_eq!(said(new, old), Vec::<String>::new(), "{new}\n{old}");
}

#[test]
fn what_is_put_in_another_shape_is_no_change() {
    let recv = |text: &str| format!("sub recv {{ {text} }}");
    for (old, new) in [
        // A sub for some statements, and one within it.
        (
            "if (req.path == \"/a\") { set req.http.X = \"1\"; return (pass); } set req.http.Y = req.url;",
            "call one; set req.http.Y = req.url; } sub two { return (pass); } sub one { if (req.path == \"/a\") { set req.http.X = \"1\"; call two; }",
        ),
        (
            "if (req.path == \"/a\" and req.http.X) { set req.http.Y = \"1\"; }",
            "if (req.path == \"/a\") { if (req.http.X) { set req.http.Y = \"1\"; } }",
        ),
        (
            "if (req.path == \"/a\") { set req.http.Y = \"1\"; } else if (req.http.X) { set req.http.Y = \"2\"; } else { return (pass); }",
            "if (req.path == \"/a\") { set req.http.Y = \"1\"; } else { if (req.http.X) { set req.http.Y = \"2\"; } else { return (pass); } }",
        ),
        (
            "if (not (req.path == \"/a\" or req.http.X)) { set req.http.Y = \"1\"; } else { set req.http.Y = \"2\"; }",
            "if (req.http.X or req.path == \"/a\") { set req.http.Y = \"2\"; } else { set req.http.Y = \"1\"; }",
        ),
        (
            "if (req.path == \"/a\" or req.http.X) { return (pass); }",
            "if (req.path == \"/a\") { return (pass); } if (req.http.X) { return (pass); }",
        ),
        (
            "if (req.path == \"/a\") { return (pass); } set req.http.Y = \"1\"; if (req.http.X) { set req.url = \"/b\"; }",
            "if (not (req.path == \"/a\")) { set req.http.Y = \"1\"; if (req.http.X) { set req.url = \"/b\"; } } else { return (pass); }",
        ),
        (
            "let one = std.tolower(req.path); if (one == \"/a\") { set req.http.Y = one; }",
            "let other = std.tolower(req.path); if (other == \"/a\") { set req.http.Y = other; }",
        ),
        (
            "if (std.tolower(req.path) == \"/a\") { set req.http.Y = \"1\"; }",
            "let is_a = std.tolower(req.path) == \"/a\"; if (is_a) { set req.http.Y = \"1\"; }",
        ),
        ("set req.http.Y = \"1\";", "set req.http.Y = \"2\"; set req.http.Y = \"1\";"),
    ] {
        are_alike(&recv(old), &recv(new));
    }
}

#[test]
fn statements_that_have_nothing_to_do_with_each_other_may_stand_in_any_order() {
    let response = |text: &str| format!("sub backend_response {{ {text} }}");
    let (ttl, grace) =
        ("if (bereq.path == \"/a\") { set beresp.ttl = 5s; }", "if (beresp.status == 404) { set beresp.grace = 1h; }");
    are_alike(&response(&format!("{ttl} {grace}")), &response(&format!("{grace} {ttl}")));
    let longer = "if (beresp.ttl > 60s) { set beresp.grace = 1h; }";
    let found = compared(&response(&format!("{ttl} {longer}")), &response(&format!("{longer} {ttl}")));
    assert!(!found.is_none());
    let key = |text: &str| format!("sub hash {{ {text} }}");
    let found = compared(
        &key("hash_data(req.http.A); hash_data(req.http.B);"),
        &key("hash_data(req.http.B); hash_data(req.http.A);"),
    );
    assert!(!found.is_none());
}

#[test]
fn a_tag_is_what_the_field_says_then() {
    let tagged = |value: &str| {
        format!("sub backend_response {{ set beresp.http.X = \"{value}\"; tag header \"X\"; unset beresp.http.X; }}")
    };
    let found = said(&tagged("a"), &tagged("b"));
    assert_eq!(found, ["GET \"https://www.example.com/\": tags changed"]);
    let early = "sub backend_response { tag header \"X\"; set beresp.http.X = \"a\"; }";
    let late = "sub backend_response { set beresp.http.X = \"a\"; tag header \"X\"; }";
    assert!(!compared(early, late).is_none());
}

#[test]
fn a_text_is_made_that_a_pattern_is_found_in() {
    let cut = |pattern: &str| format!("sub recv {{ set req.url = regsub(req.url, \"{pattern}\", \"/new/\"); }}");
    let path = "GET \"https://www.example.com/old/\"";
    is_told("", &cut("^/old/$"), path, "key changed, request to the backend changed");
}

#[test]
fn further_lines_are_shown() {
    let two = "{ X: \"a\"; X: \"x\" }";
    for (old, new, request, change) in [
        ("", "sub recv { if (req.http.X == \"a\") { set req.http.X = \"a\"; } }", two, "bereq.http.x changed"),
        (
            "sub hash { hash_data(req.http.X); }",
            "sub hash { if (req.http.X == \"a\") { hash_data(\"a\"); } else { hash_data(req.http.X); } }",
            two,
            "key 4 parts → 3 parts",
        ),
    ] {
        let found = said(old, new);
        let expected = format!("GET \"https://www.example.com/\" {request}: {change}");
        assert!(found.contains(&expected), "{found:#?}");
    }
    let found = compared("", "sub hit { set req.http.A = req.http.A; }");
    assert!(found.gave_up.is_empty() && found.classes.len() == 1, "{:?}", found.classes);
    // A field that no policy reads once it is set.
    are_alike(
        "sub recv { if (req.http.X == \"a\") { set req.http.X = \"b\"; } }",
        "sub recv { if (not (req.http.X != \"a\" or not req.http.X)) { set req.http.X = \"b\"; } }",
    );
}

/// So many tables of ten rows each.
fn tables(number: usize, changed: usize) -> String {
    let row = |table: usize, row: usize| {
        let name = if table == changed && row == 3 { "else" } else { "p" };
        format!(
            "when path under \"/t{table}/{name}{row}\" -> {};\n",
            if row.is_multiple_of(2) { "strip cookie, cache" } else { "pass" }
        )
    };
    let table = |at: usize| {
        let rows: String = (0..10).map(|number| row(at, number)).collect();
        format!("sub recv {{ set req.http.T{} = \"1\"; }}\nrules request first {{ {rows} }}\n", at % 5)
    };
    (0..number).map(table).collect()
}

#[test]
fn a_row_of_one_of_many_tables_is_found() {
    let found = said(&tables(300, 300), &tables(300, 150));
    assert_eq!(
        found,
        [
            "GET \"https://www.example.com/t150/p3\": pass → stored 60s",
            "GET \"https://www.example.com/t150/else3\": stored 60s → pass"
        ]
    );
}

#[test]
fn statements_that_come_and_go_among_many_are_found() {
    let ttls = |rows: &[(usize, usize)]| {
        let one =
            |(path, ttl): &(usize, usize)| format!("if (bereq.url ~ \"^/p{path}/\") {{ set beresp.ttl = {ttl}s; }}\n");
        format!("sub backend_response {{ {} }}", rows.iter().map(one).collect::<String>())
    };
    let old: Vec<(usize, usize)> = (0..600).map(|at| (at, at + 1)).collect();
    let mut new = old.clone();
    new.remove(100);
    new.insert(300, (900, 5));
    new[500].1 = 7;
    let found = said(&ttls(&old), &ttls(&new));
    assert_eq!(
        found,
        [
            "GET \"https://www.example.com/p100/\": ttl 101s → 60s",
            "GET \"https://www.example.com/p500/\": ttl 501s → 7s",
            "GET \"https://www.example.com/p900/\": ttl 60s → 5s"
        ]
    );
}
