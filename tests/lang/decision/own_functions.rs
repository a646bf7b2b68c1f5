//! Functions of the policy, in the place of their calls.

use warp_edge::lang::schema::Message;

use super::equal::{Compiled, both};
use super::facts::Request;
use super::indexes::looked_up;
use super::policies::checked;

const FUNCTIONS: &str = r#"warp 1;

fn section(path: STRING, fallback: STRING) -> STRING {
    let first = str.split(path, 1, separators: "/");
    if (!first) {
        return fallback;
    } else if (path under "/static/") {
        if (path ext ["css"]) { let kind = "style"; return kind + "-" + first; }
    }
    if (is_news(path)) { return "news"; }
    return first;
}

fn is_news(path: STRING) -> BOOL {
    if (path under ["/old/news", "/archive"]) { return false; }
    if (path ~ "/news/") { return true; }
    return path == "/latest";
}

fn kind_of(path: STRING) -> STRING {
    match str.split(path, 1, separators: "/") {
        "news" or "archive" -> { return "text"; }
        ~ "^[0-9]+$" -> { let kind = "number"; return kind; }
        "static" -> { if (path ext ["css"]) { return "style"; } }
    }
    return "other";
}

fn twice(text: STRING) -> STRING { return text + text; }
fn host() -> STRING { return req.host ?? "none"; }
"#;

/// What `X` is set to by an expression, by tree and as written.
fn value(expression: &str, path: &str) -> String {
    let text = format!("{FUNCTIONS}sub recv {{ set req.http.X = {expression}; return (hash); }}\n");
    let compiled = Compiled::new(checked(&text).0);
    let (tree, oracle) = both(&compiled, &Request::get("example.com", path));
    assert_eq!(tree, oracle, "{expression} {path}");
    String::from_utf8(tree.1.headers[&(Message::Req, "x".to_owned())].clone()).unwrap()
}

#[test]
fn a_call_yields_what_the_first_return_on_its_way_says() {
    let section = |path| value("section(req.path, fallback: \"home\")", path);
    assert_eq!(section("/"), "home");
    assert_eq!(section("/static/a.css"), "style-static");
    assert_eq!(section("/static/a.js"), "static");
    assert_eq!(section("/shop/news/1"), "news");
    assert_eq!(section("/archive/news/1"), "archive");
    assert_eq!(section("/latest"), "news");
}

#[test]
fn a_match_returns_from_the_arm_that_holds_and_goes_on_behind_it_otherwise() {
    let kinds = ["/news/1", "/archive", "/42", "/static/a.css", "/static/a.js", "/"]
        .map(|path| value("kind_of(req.path)", path));
    assert_eq!(kinds, ["text", "text", "number", "style", "other", "other"]);
}

#[test]
fn arguments_are_computed_where_the_call_stands() {
    assert_eq!(value("twice(twice(req.path) + host())", "/a"), "/a/aexample.com/a/aexample.com");
    assert_eq!(value("twice(text: section(req.path, \"-\"))", "/b/c"), "bb");
}

#[test]
fn a_condition_that_calls_is_looked_up_like_one_that_is_written_out() {
    let rows = |first: &str, second: &str| {
        let more = (0..40).map(|at| format!("when path == \"/{at}\" -> pass; ")).collect::<Vec<_>>().concat();
        let text = format!(
            "{FUNCTIONS}\nfn within(path: STRING) -> BOOL {{ if (path under \"/a/\") {{ return true; }} return path == \"/b\"; }}
             fn kept(path: STRING) -> BOOL {{
                 let is_a = path under \"/a/\";
                 let same = path;
                 match same {{ \"/b\" -> {{ return true; }} else -> {{ return is_a; }} }}
             }}
             rules request first {{ when {first} -> pass; when {second} -> deny 403; {more} when path == \"/c\" -> cache; }}"
        );
        looked_up(&checked(&text).0)
    };
    let written_out = rows("path under \"/a/\" or path == \"/b\"", "path == \"/d\"");
    assert!(!written_out.is_empty());
    assert_eq!(rows("within(req.path)", "path == \"/d\""), written_out);
    assert_eq!(rows("kept(req.path)", "path == \"/d\""), written_out);
}

#[test]
fn what_a_const_computes_is_there_wherever_it_is_named() {
    let constants = "const word = std.tolower(\"ABC\") + section(\"/latest\", \"-\");\nconst kinds = [\"css\", more];\nconst more = [\"js\"];\n";
    let text = |condition: &str| {
        format!(
            "{FUNCTIONS}{constants}sub recv {{ let x = word; if ({condition}) {{ set req.http.X = x + word; }} return (hash); }}\n"
        )
    };
    for (condition, path, holds) in [
        ("req.path ext kinds", "/a.js", true),
        ("req.path ext [\"png\", kinds]", "/a.css", true),
        ("req.path ext kinds", "/a.png", false),
        ("str.contains_any(req.path, more)", "/js/", true),
        ("match req.http.A ?? \"css\" { in kinds -> true; else -> false; }", "/", true),
    ] {
        let compiled = Compiled::new(checked(&text(condition)).0);
        let (tree, oracle) = both(&compiled, &Request::get("example.com", path));
        assert_eq!(tree, oracle, "{condition}");
        let set = tree.1.headers.get(&(Message::Req, "x".to_owned())).map(Vec::as_slice);
        assert_eq!(set, holds.then_some(&b"abcnewsabcnews"[..]), "{condition} {path}");
    }
}
