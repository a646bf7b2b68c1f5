//! What statements and expressions mean, where a policy author would meet it.

use warp_edge::decision::{Program, Value, Verdict, naive};
use warp_edge::lang::hir::{
    Backend, BackendId, Expression, ExpressionKind, Glob, Greeting, Hir, Normalization, Statement, StatementKind,
};
use warp_edge::lang::schema::function::{Core, Text};
use warp_edge::lang::schema::{Action, Message, Step, Type, Variable};

use super::build::*;
use super::equal::{Compiled, both};
use super::facts::Request;

/// Runs statements both ways on a request, with `return (hash)` behind them.
fn run(statements: Vec<Statement>, request: &Request) -> (Verdict, Request) {
    let compiled = Compiled::new(policy(statements.into_iter().chain([ends(Action::Hash)]).collect()));
    let (tree, oracle) = both(&compiled, request);
    assert_eq!(tree, oracle);
    tree
}

/// The text that an expression yields, as a header would hold it; `(unset)` if it is not there.
fn evaluated(value: Expression, request: &Request) -> String {
    let (_, request) = run(vec![set_header("x-out", text("before")), set_header("x-out", value)], request);
    let field = request.headers.get(&(Message::Req, "x-out".to_owned()));
    field.map_or("(unset)".to_owned(), |value| String::from_utf8(value.clone()).unwrap())
}

fn with_header(name: &str, value: &str) -> Request {
    let mut request = Request::get("Example.COM", "/a?b=1");
    request.headers.insert((Message::Req, name.to_owned()), value.into());
    request
}

fn header_after(statements: Vec<Statement>, request: &Request, name: &str) -> Option<String> {
    let (_, request) = run(statements, request);
    request.headers.get(&(Message::Req, name.to_owned())).map(|value| String::from_utf8(value.clone()).unwrap())
}

fn normalize(clause: Normalization) -> Vec<Statement> {
    vec![statement(StatementKind::Normalize(clause))]
}

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().copied().map(Glob::new).collect()
}

#[test]
fn a_step_that_returns_nothing_fails_and_says_so() {
    let compiled = Compiled::new(policy(Vec::new()));
    let verdict = compiled.program.run(Step::Recv, &mut Request::get("a", "/"));
    assert_eq!(verdict.action, Action::Fail);
    assert_eq!(verdict.reason.as_deref(), Some(&b"no statement of recv returned an action"[..]));
    assert_eq!(verdict, naive::run(&compiled.hir, Step::Recv, &mut Request::get("a", "/")));
    assert_eq!(compiled.program.run(Step::Deliver, &mut Request::get("a", "/")).action, Action::Fail);
}

#[test]
fn a_refused_value_fails_at_its_statement() {
    let set = set_header("x-a", text("a\nb"));
    let (verdict, request) = run(vec![set_header("x-b", text("b")), set], &Request::get("a", "/"));
    assert_eq!(verdict.action, Action::Fail);
    assert_eq!(verdict.reason.as_deref(), Some(&b"a line feed in a field"[..]));
    assert_eq!(verdict.span.map(|span| span.start), Some(2));
    assert_eq!(request.headers[&(Message::Req, "x-b".to_owned())], b"b");
}

#[test]
fn the_return_that_decided_is_known() {
    let request = Request::get("a", "/");
    let (verdict, _) = run(vec![when(equal(host(), "a"), vec![synth(404, Some(text("gone")))])], &request);
    assert_eq!((verdict.action, verdict.status, verdict.reason), (Action::Synth, Some(404), Some(b"gone".to_vec())));
    assert_eq!(verdict.span.map(|span| span.start), Some(2));
    let (verdict, _) = run(vec![synth(1_000, None)], &request);
    assert_eq!(verdict.action, Action::Fail);
}

#[test]
fn unset_text_is_equal_to_nothing_and_matched_as_empty() {
    let holds = |condition| {
        run(vec![when(condition, vec![ends(Action::Pass)])], &Request::get("a", "/")).0.action == Action::Pass
    };
    let unset = || header("x-none");
    assert!(!holds(equal(unset(), "")));
    assert!(holds(compare(warp_edge::lang::hir::Comparison::NotEqual, unset(), unset())));
    assert!(holds(matches(unset(), "^$")));
    assert!(!holds(truth(unset())));
    assert!(!holds(call(Text::Prefixof, vec![unset(), text("")])));
    assert!(!holds(condition(ExpressionKind::Under(Box::new(unset()), list(&[""])))));
}

#[test]
fn setting_a_field_to_unset_text_takes_it_away() {
    assert_eq!(evaluated(header("x-none"), &Request::get("a", "/")), "(unset)");
    let concat = expression(ExpressionKind::Concat(vec![text("a"), header("x-none"), text("b")]), Type::String);
    assert_eq!(evaluated(concat, &Request::get("a", "/")), "ab");
}

#[test]
fn queries_and_cookies_are_read_by_name() {
    let mut request = with_header("cookie", "sid=1; theme=dark");
    request.variables.insert(Variable::ReqUrl, Value::Text(Some(b"/a?q=a%20b&q=2".to_vec().into())));
    let named = |name| Box::new(text(name));
    let query = |name| expression(ExpressionKind::Query(Message::Req, named(name)), Type::String);
    let cookie = |name| expression(ExpressionKind::Cookie(Message::Req, named(name)), Type::String);
    assert_eq!(evaluated(query("q"), &request), "a b");
    assert_eq!(evaluated(cookie("theme"), &request), "dark");
    assert_eq!(evaluated(cookie("none"), &request), "(unset)");
}

#[test]
fn backends_are_written_by_name() {
    let backend = Backend {
        name: "web".to_owned(),
        place: None,
        host_header: None,
        connect_timeout: std::time::Duration::ZERO,
        first_byte_timeout: std::time::Duration::ZERO,
        between_bytes_timeout: std::time::Duration::ZERO,
        limit: None,
        greeting: Greeting::default(),
        tls: None,
        probe: None,
        span: nowhere(),
    };
    let value = expression(ExpressionKind::Backend(Some(BackendId(0))), Type::Backend);
    let name = expression(ExpressionKind::ToText(Box::new(value)), Type::String);
    let statements = vec![effect(Core::Log, name), ends(Action::Hash)];
    let program = Program::new(Hir { backends: vec![backend], ..policy(statements) });
    let mut request = Request::get("a", "/");
    program.run(Step::Recv, &mut request);
    assert_eq!(request.logged, [b"web"]);
}

#[test]
fn paths_are_normalised_and_queries_stay() {
    for (url, expected) in [
        ("/x/%2e%2e//%61?%61=..//b", "/a?%61=..//b"),
        ("/a?/../%61", "/a?/../%61"),
        ("*", "*"),
        ("", ""),
        ("/?", "/?"),
        ("..//%61", "..//%61"),
    ] {
        let changes = [Normalization::PathDecode, Normalization::PathMerge, Normalization::PathResolve];
        let once = changes.into_iter().fold(url.to_owned(), |url, change| url_after(&url, change));
        assert_eq!(once, expected, "{url}");
    }
}

fn url_after(url: &str, clause: Normalization) -> String {
    let (_, request) = run(normalize(clause), &Request::get("a", url));
    match request.variables.get(&Variable::ReqUrl) {
        Some(Value::Text(Some(url))) => String::from_utf8(url.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn queries_are_normalised() {
    let after = url_after;
    let drop = || Normalization::QueryDrop(globs(&["utm_*", "gclid"]));
    assert_eq!(after("/a?utm_source=x&b=1&gclid&%75tm_y=1", drop()), "/a?b=1");
    assert_eq!(after("/a?utm_source=x", drop()), "/a");
    assert_eq!(after("/a?", drop()), "/a");
    assert_eq!(after("/a", drop()), "/a");
    assert_eq!(after("/a?b=1&c=2&d", Normalization::QueryKeep(globs(&["b", "d"]))), "/a?b=1&d");
    assert_eq!(after("/a?b=2&a=1&b=1", Normalization::QuerySort), "/a?a=1&b=2&b=1");
}

#[test]
fn cookies_are_normalised() {
    let after = |cookies, clause| header_after(normalize(clause), &with_header("cookie", cookies), "cookie");
    let keep = || Normalization::CookieKeep(globs(&["sess*"]));
    assert_eq!(after("_ga=1; sess=2; sess_b=3;x", keep()).as_deref(), Some("sess=2; sess_b=3"));
    assert_eq!(after("_ga=1", keep()), None);
    assert_eq!(after("a=1;b=2", Normalization::CookieDrop(globs(&["_*"]))).as_deref(), Some("a=1;b=2"));
    assert_eq!(after("", keep()), None);
}

#[test]
fn codings_and_hosts_are_normalised() {
    let codings = ["br", "gzip"].map(str::to_owned).to_vec();
    let after = |value| {
        header_after(
            normalize(Normalization::AcceptEncoding(codings.clone())),
            &with_header("accept-encoding", value),
            "accept-encoding",
        )
    };
    assert_eq!(after("gzip, deflate, br;q=0.5").as_deref(), Some("br"));
    assert_eq!(after("deflate"), None);
    let or_none = || normalize(Normalization::AcceptEncoding(["gzip", "identity"].map(str::to_owned).to_vec()));
    assert_eq!(
        header_after(or_none(), &with_header("accept-encoding", "br"), "accept-encoding").as_deref(),
        Some("identity")
    );
    assert_eq!(header_after(or_none(), &Request::get("a", "/"), "accept-encoding").as_deref(), Some("identity"));
    let host = header_after(normalize(Normalization::HostLower), &Request::get("Example.COM", "/"), "host");
    assert_eq!(host.as_deref(), Some("example.com"));
}

#[test]
fn a_bare_return_goes_on_behind_the_call() {
    let leave = vec![set_header("x-a", text("1")), statement(StatementKind::Leave), set_header("x-a", text("2"))];
    let sub = warp_edge::lang::hir::Sub { name: "s".to_owned(), body: body(leave), span: nowhere() };
    let call = statement(StatementKind::Call(warp_edge::lang::hir::SubId(0)));
    let twice = vec![call.clone(), set_header("x-b", text("3")), call, ends(Action::Hash)];
    let compiled = Compiled::new(Hir { subs: vec![sub], ..policy(twice) });
    let (tree, oracle) = both(&compiled, &Request::get("a", "/"));
    assert_eq!(tree, oracle);
    assert_eq!(tree.0.action, Action::Hash);
    assert_eq!(tree.1.headers[&(Message::Req, "x-a".to_owned())], b"1");
}

#[test]
fn the_body_of_a_made_up_response_goes_to_the_response_of_the_step() {
    for (step, variable) in [(Step::Synth, Variable::RespBody), (Step::BackendError, Variable::BerespBody)] {
        let mut hir = policy(vec![effect(Core::Synthetic, text("page")), ends(Action::Deliver)]);
        hir.steps[0].step = step;
        let mut request = Request::get("a", "/");
        Program::new(hir).run(step, &mut request);
        assert_eq!(request.variables.get(&variable), Some(&Value::text("page")));
    }
}
