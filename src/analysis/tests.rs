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

/// Tests of which conditions are made; many of them have something to do with each other.
const TESTS: &[&str] = &[
    r#"req.method == "GET""#,
    r#"req.method in ["HEAD", "GET"]"#,
    r#"req.path under "/a""#,
    r#"req.path == "/a/b""#,
    r#"req.url ~ "^/a""#,
    r#"req.url ~ "b$""#,
    r#"req.url ~ "//""#,
    r#"req.path ~ "%[0-9a-f]|[.]$""#,
    r#"req.path ext "css""#,
    r#"req.query has "q""#,
    r#"req.query["q"] == "1""#,
    r#"req.query any "q*""#,
    r#"req.host == "a.test""#,
    r#"req.http.Host ~ "^A""#,
    r#"std.tolower(req.http.Host) == "a.test""#,
    "req.http.X",
    r#"req.http.X == "1""#,
    r#"req.http.X ~ "^1?$""#,
    r#"(req.http.X ?? "1") == "1""#,
    "req.http.Cookie",
    r#"req.cookies has "c""#,
    r#"req.cookies any "c*""#,
    r#"req.cookies["c"] == "1""#,
    r#"t[req.path] == "x""#,
    "t has req.http.X",
    "client.ip ~ near",
    r#"client.ip == "10.0.0.1""#,
];

/// Statements between them.
const STATEMENTS: &[&str] = &[
    r#"set req.http.X = "1";"#,
    r#"set req.http.X = req.cookies["c"];"#,
    "unset req.http.X;",
    "unset req.http.Cookie;",
    r#"set req.url = "/a" + req.url;"#,
    r#"set req.url = "/a/b";"#,
    r#"cookie.delete("c");"#,
    r#"cookie.keep("c");"#,
    "set req.http.Host = std.tolower(req.http.Host);",
    "call one;",
    "return (pass);",
    "return (synth(404));",
    "return (hash);",
];

/// What may be done to a request before it comes there.
const NORMALIZED: &[&str] = &[
    "",
    "normalize req { path decode_unreserved, merge_slashes, resolve_dots; }",
    "normalize req { path merge_slashes; query sort; }",
    r#"normalize req { query drop ["q"]; cookie keep ["c"]; host lower; }"#,
];

const DECLARATIONS: &str = r#"
backend default { .host = "127.0.0.1"; }
acl near { "10.0.0.0"/8; ! "10.0.0.2"; }
table t: STRING -> STRING { "/a": "x", "/a/b": "y", "1": "x", }
sub one { if (req.http.X == "1") { return (pass); } set req.http.X = "2"; }
"#;

mod random {
    use http::{HeaderName, HeaderValue, Method};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::simulate::{Case, Request, Simulator, World};

    fn condition() -> impl Strategy<Value = String> {
        let one = select(TESTS).prop_map(str::to_owned);
        one.prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|one| format!("!({one})")),
                (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
                (inner.clone(), inner).prop_map(|(one, other)| format!("({one} || {other})")),
            ]
        })
    }

    fn block() -> impl Strategy<Value = String> {
        let one = select(STATEMENTS).prop_map(str::to_owned);
        one.prop_recursive(3, 12, 3, |inner| {
            let block = prop::collection::vec(inner, 1..3).prop_map(|all| all.join(" "));
            let arm = (condition(), block.clone());
            prop_oneof![
                (prop::collection::vec(arm, 1..3), block.clone()).prop_map(|(arms, rest)| {
                    let arms: Vec<String> =
                        arms.iter().map(|(test, body)| format!("if ({test}) {{ {body} }}")).collect();
                    format!("{} else {{ {rest} }}", arms.join(" else "))
                }),
                (condition(), block.clone()).prop_map(|(test, body)| format!("if ({test}) {{ {body} }}")),
                block,
            ]
        })
    }

    fn requests() -> Vec<Request> {
        let mut all = Vec::new();
        for method in [Method::GET, Method::POST] {
            for target in ["/", "/a", "/a/b", "/a/x.css", "/b?q=1", "/a?qq=b", "//a/%62", "/a%2fb", "/b/../a/."] {
                for host in ["a.test", "A.test", "b.test"] {
                    for x in [None, Some("1"), Some("2")] {
                        for cookie in [None, Some("c=1"), Some("cc=1; d=2")] {
                            let mut request = Request::get(host, target);
                            request.method = method.clone();
                            let set = [("x", x), ("cookie", cookie)];
                            for (name, value) in set.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                                let name = HeaderName::from_static(name);
                                request = request.with(name, HeaderValue::from_str(value).unwrap());
                            }
                            if all.len() % 3 == 0 {
                                request.client = [10, 0, 0, u8::try_from(all.len() % 4).unwrap()].into();
                            }
                            all.push(request);
                        }
                    }
                }
            }
        }
        all
    }

    fn ended(simulator: &Simulator, request: &Request) -> Option<Action> {
        let case = Case::new(request.clone(), None);
        let journey = simulator.run_cold(&case, &World::at(std::time::SystemTime::UNIX_EPOCH));
        journey.steps.first().map(|ran| ran.explanation.verdict.action)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_said_of_all_requests_is_true_of_each(before in select(NORMALIZED), body in block()) {
            let text = format!("warp 1;\n{DECLARATIONS}\n{before}\nsub recv {{ {body} return (hash); }}");
            let checked = crate::lang::check::check("p.warp", &MemoryFiles::new("p.warp", text));
            let hir = checked.hir.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
            let simulator = Simulator::new(hir.clone());
            let analysis = Analysis::new(&hir);
            let classes = analysis.step(Step::Recv, State::default());
            let treated: Vec<(Request, Option<Action>)> =
                requests().into_iter().map(|request| { let how = ended(&simulator, &request); (request, how) }).collect();
            for action in [Action::Pass, Action::Synth, Action::Hash] {
                let guards = classes.iter().filter(|class| class.end.action == Some(action)).map(|class| class.guard.clone());
                match Solver::new(&hir).solve(&Formula::any(guards)) {
                    Answer::Impossible(_) => {
                        let found = treated.iter().find(|(_, how)| *how == Some(action));
                        prop_assert!(found.is_none(), "{action:?}: {}", found.unwrap().0);
                    }
                    Answer::Possible(model) => {
                        let witness = model.witness();
                        let how = witness.as_ref().and_then(|witness| ended(&simulator, &witness.request));
                        prop_assert!(how.is_none() || how == Some(action), "{action:?}: {}", witness.unwrap().request);
                    }
                    Answer::GaveUp(_) => {}
                }
            }
        }
    }
}

/// A condition that has itself twice, and that twice, and so on, is as large as what is in it.
#[test]
fn what_a_condition_has_several_times_is_gone_through_once() {
    let test = |number: i64| Formula::of(Term::Number(number), Test::Set);
    let twice = |whole: Formula, number: i64| {
        Formula::any([0, 1].map(|way| Formula::all([whole.clone(), test(2 * number + way)])))
    };
    let mut seen = 0;
    (1..100).fold(test(0), twice).literals(&mut |_| seen += 1);
    assert_eq!(seen, 2 + 2 * 99);
}
