use super::*;
use crate::files::MemoryFiles;
use crate::lang::check::{Options, check_with};
use crate::lang::hir::Hir;
use crate::lang::schema::{Action, Step};

fn typed(text: &str) -> Hir {
    let options = Options { require_backend: false, ..Options::default() };
    let checked = check_with("p.warp", &MemoryFiles::new("p.warp", format!("warp 1;\n{text}")), &options);
    let findings = checked.diagnostics;
    checked.hir.unwrap_or_else(|| panic!("{findings:#?}"))
}

/// Whether a request can end `recv` so, and one that does.
fn ends(text: &str, action: Action) -> Option<String> {
    let hir = typed(text);
    let analysis = Analysis::new(&hir);
    let classes = analysis.step(Step::Recv, State::default());
    let guards = classes.into_iter().filter(|class| class.end.action == Some(action)).map(|class| class.guard);
    match Solver::new(&hir).solve(&Formula::any(guards)) {
        Answer::Impossible(_) => None,
        Answer::Possible(model) => Some(model.witness().unwrap().request.to_string()),
        Answer::GaveUp(why) => panic!("{why}"),
    }
}

#[test]
fn a_request_is_found_for_each_way_out() {
    let pass = |text: &str| ends(&format!("sub recv {{ {text} return (hash); }}"), Action::Pass);
    assert_eq!(
        pass(r#"if (req.method == "POST") { return (pass); }"#).as_deref(),
        Some("POST \"https://www.example.com/\"")
    );
    let found =
        pass(r#"if (req.path under "/a" && !(req.path ext ["css"]) && req.host == "x.test") { return (pass); }"#);
    assert_eq!(found.as_deref(), Some("GET \"https://x.test/a\""));
    let found = pass(r#"if (req.query["a"] == "1" and req.cookies has "s") { return (pass); }"#);
    assert_eq!(found.as_deref(), Some("GET \"https://www.example.com/?a=1\" { Cookie: \"s=1\" }"));
}

#[test]
fn what_cannot_be_is_said_to_be_impossible() {
    let pass = |text: &str| ends(&format!("sub recv {{ {text} return (hash); }}"), Action::Pass);
    for text in [
        r#"if (req.method == "GET" && req.method == "POST") { return (pass); }"#,
        r#"if (req.url ~ "^admin") { return (pass); }"#,
        r#"if (req.host == "Www.example.com") { return (pass); }"#,
        r#"set req.url = "/x" + req.url; if (req.path == "/a") { return (pass); }"#,
        r#"unset req.http.Cookie; if (req.cookies has "a") { return (pass); }"#,
        r#"if (!req.http.Cookie) { if (req.cookies["a"] == "1") { return (pass); } }"#,
        r#"if (req.path under "/a") { return (hash); } if (req.path ~ "^/a/b") { return (pass); }"#,
        r#"if (client.ip == "10.0.0.1" && client.ip == "10.0.0.2") { return (pass); }"#,
        r#"let m = req.method; if (m == "PUT") { return (hash); } if (req.method == "PUT") { return (pass); }"#,
    ] {
        assert_eq!(pass(text), None, "{text}");
    }
}
