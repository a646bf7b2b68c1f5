//! `let`s that stand for a place: what they yield is what stood there when they were bound, copied or not.

use warp_edge::lang::hir::{Hir, Statement, StatementKind};
use warp_edge::lang::schema::{Message, Step};

use super::equal::{Compiled, both};
use super::facts::Request;
use super::policies::checked;

/// Its result is one of two, by what is asked.
const CHOSEN: &str =
    "fn chosen(value: STRING) -> STRING { if (req.path under \"/page\") { return value; } return \"none\"; }";

/// What `X` is set to by the statements of `recv`, and how many `let`s copy.
fn outcome(statements: &str) -> (String, usize) {
    let text = format!(
        "warp 1;\n{CHOSEN}\nsub moves {{ set req.http.A = \"moved\"; }}\nsub recv {{ {statements} return (hash); }}\n"
    );
    let hir = checked(&text).0;
    let copies = copies(&hir);
    let compiled = Compiled::new(hir);
    let mut request = Request::get("example.com", "/page");
    request.headers.insert((Message::Req, "a".to_owned()), b"first".to_vec());
    let (tree, oracle) = both(&compiled, &request);
    assert_eq!(tree, oracle, "{statements}");
    let value = tree.1.headers.get(&(Message::Req, "x".to_owned())).cloned().unwrap_or_default();
    (String::from_utf8(value).unwrap(), copies)
}

fn copies(hir: &Hir) -> usize {
    fn count(statements: &[Statement]) -> usize {
        let each = statements.iter().map(|statement| match &statement.kind {
            StatementKind::Let(..) => 1,
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().map(|arm| count(&arm.body)).sum::<usize>() + count(otherwise)
            }
            _ => 0,
        });
        each.sum()
    }
    hir.step(Step::Recv).map_or(0, |step| count(&step.body.statements))
}

#[test]
fn a_name_for_what_does_not_change_is_the_place_itself() {
    for statements in [
        "let a = req.http.A; set req.http.X = a;",
        "let a = req.http.A; let b = a; set req.http.X = b;",
        "let a = req.http.A; set req.url = \"/other\"; set req.http.X = a;",
        "let a = req.http.A; set req.http.B = \"other\"; set req.http.X = a;",
        "let a = req.http.A; if (req.http.B) { set req.http.C = a; } else if (a == \"first\") { set req.http.X = a; }",
        "set req.http.A = \"first\"; let a = req.http.A; set req.http.X = a;",
        "if (req.http.A) { let a = req.http.A; set req.http.X = a; }",
        "let a = req.http.A; std.log(a); set req.http.X = a;",
    ] {
        assert_eq!(outcome(statements), ("first".to_owned(), 0), "{statements}");
    }
    assert_eq!(outcome("let url = req.url; if (url ~ \"^/p\") { set req.http.B = url; }").1, 0);
}

#[test]
fn a_name_for_what_changes_keeps_what_stood_there() {
    for statements in [
        "let a = req.http.A; set req.http.A = \"other\"; set req.http.X = a;",
        "let a = req.http.A; unset req.http.A; set req.http.X = a;",
        "let a = req.http.A; call moves; set req.http.X = a;",
        "let a = req.http.A; if (req.url) { set req.http.A = \"other\"; } set req.http.X = a;",
        "let a = req.http.A; header.append(req.http.A, \"more\"); set req.http.X = a;",
        "if (true) { let a = req.http.A; set req.http.A = \"other\"; set req.http.X = a; }",
        "let a = req.http.A; ban where obj.http.X == a; set req.http.X = a;",
    ] {
        assert_eq!(outcome(statements), ("first".to_owned(), 1), "{statements}");
    }
    let url = "let url = req.url; set req.url = \"/other\"; set req.http.X = url;";
    assert_eq!(outcome(url), ("/page".to_owned(), 1));
    let host = "let host = req.host; set req.http.Host = \"other\"; set req.http.X = host;";
    assert_eq!(outcome(host), ("example.com".to_owned(), 1));
    let page = "let page = req.query[\"page\"]; set req.url = \"/other\"; set req.http.X = page ?? \"none\";";
    assert_eq!(outcome(page), ("none".to_owned(), 1));
    let made = "let both = req.http.A + req.url; set req.http.X = both;";
    assert_eq!(outcome(made), ("first/page".to_owned(), 1));
}

#[test]
fn names_of_blocks_side_by_side_are_not_mixed_up() {
    let statements = "if (req.http.None) { let a = req.http.B; set req.http.X = a; } \
                      if (req.http.A) { let b = req.http.A + \"!\"; set req.http.X = b; }";
    assert_eq!(outcome(statements), ("first!".to_owned(), 1));
    let statements = "if (req.http.A) { let a = req.http.A; set req.http.B = a; } \
                      let c = req.url + \"!\"; set req.http.X = c;";
    assert_eq!(outcome(statements), ("/page!".to_owned(), 1));
}

/// What gives such a name its value stands in a block of its own, and the name is read behind that.
#[test]
fn a_name_for_what_an_arm_chooses_is_what_stood_there() {
    for statements in [
        "let a = match req.path { ext \"css\" -> \"none\"; else -> req.http.A; }; set req.http.X = a;",
        "let a = match req.path { under \"/page\" -> req.http.A; else -> \"none\"; }; set req.http.X = a;",
        "let a = match req.path { ext \"css\" -> \"none\"; else -> req.http.A; }; set req.http.A = \"other\"; set req.http.X = a;",
        "let a = chosen(req.http.A); set req.http.X = a;",
        "let a = chosen(req.http.A); if (a == \"first\") { set req.http.X = a; }",
        "if (req.http.A) { let b = chosen(req.http.A); let a = chosen(b); set req.http.X = a; }",
    ] {
        assert_eq!(outcome(statements).0, "first", "{statements}");
    }
}
