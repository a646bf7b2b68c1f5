//! How much a step may do: what it works on is counted, and the statement that is too much fails.

use warp_edge::decision::{CONDITION_TEXT_LIMIT_BYTES, KEPT_TEXT_LIMIT_BYTES, Program, Value, Verdict, naive};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::schema::{Action, Message, Step, Variable};

use super::facts::Request;

const LINES_BEFORE: usize = 2;

/// Runs what stands in `recv` both ways; the verdict, its line among those of `body`, and the request as it is then.
fn run(body: &str) -> (Verdict, Option<usize>, Request) {
    let text = format!("warp 1;\nbackend default none;\nsub recv {{\n{body}\nreturn (hash);\n}}\n");
    let checked = check("policy.warp", &MemoryFiles::new("policy.warp", text.as_str()));
    let hir = checked.hir.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let program = Program::new(hir.clone());
    let mut request = Request::get("example.com", "/abc");
    request.headers.insert((Message::Req, "authorization".to_owned()), b"Basic YTpi".to_vec());
    let mut as_written = request.clone();
    let verdict = program.run(Step::Recv, &mut request);
    assert_eq!(verdict, naive::run(&hir, Step::Recv, &mut as_written));
    assert_eq!(request, as_written);
    let line = verdict.span.map(|span| text[..span.start as usize].lines().count() - LINES_BEFORE);
    (verdict, line, request)
}

fn reason(verdict: &Verdict) -> &str {
    assert_eq!(verdict.action, Action::Fail);
    std::str::from_utf8(verdict.reason.as_deref().unwrap()).unwrap()
}

#[test]
fn a_text_that_doubles_fails_where_it_is_too_long_to_be_kept() {
    let lets = (0..25_000).map(|at| format!("let a{} = a{at} + a{at};\n", at + 1));
    let body: String = ["let a0 = req.url;\n".to_owned()].into_iter().chain(lets).collect();
    let (verdict, line, _) = run(&(body + "std.log(a25000);"));
    assert_eq!(reason(&verdict), "the text is too long: a policy keeps up to 64 KiB, more only as a body");
    // 4 bytes, 15 times doubled, are too many.
    assert_eq!(line, Some(16));
    assert_eq!(4 << 14, KEPT_TEXT_LIMIT_BYTES);
}

#[test]
fn a_text_is_found_too_long_beforehand_from_where_it_fails() {
    let kept = |bytes: usize| format!("set req.http.X = std.strrep(\"x\", {bytes});");
    let (verdict, ..) = run(&kept(KEPT_TEXT_LIMIT_BYTES));
    assert_eq!(verdict.action, Action::Hash);
    let body = kept(KEPT_TEXT_LIMIT_BYTES + 1);
    let text = format!("warp 1;\nbackend default none;\nsub recv {{\n{body}\nreturn (hash);\n}}\n");
    let checked = check("policy.warp", &MemoryFiles::new("policy.warp", text));
    assert_eq!(checked.diagnostics.iter().map(|finding| finding.code.id()).collect::<Vec<_>>(), ["E0318"]);
}

/// What functions make of constants is as long for every request.
#[test]
fn a_text_that_is_made_of_constants_is_found_too_long_beforehand() {
    let half = format!("\"{}\"", "/".repeat(KEPT_TEXT_LIMIT_BYTES / 2));
    let whole = "regsuball(HALF, \"/\", \"WITH\")";
    for value in [
        "urlencode(HALF)",
        "std.replace(HALF, \"/\", \"abc\")",
        "regsuball(HALF, \"/\", \"abc\")",
        "regsuball(HALF, \"(/)\", \"\\1bcde\")",
        "regsub(HALF, \"^/\", HALF) + \"/\" + \"/\"",
    ] {
        let text = format!("warp 1;\nbackend default none;\nsub recv {{ set req.http.X = {value}; }}\n");
        let checked = check("policy.warp", &MemoryFiles::new("policy.warp", text.replace("HALF", &half)));
        assert_eq!(
            checked.diagnostics.iter().map(|finding| finding.code.id()).collect::<Vec<_>>(),
            ["E0318"],
            "{value}"
        );
    }
    for value in [whole.replace("WITH", "a"), whole.replace("WITH", "\\0"), whole.replace("WITH", "")] {
        let (verdict, ..) = run(&format!("set req.http.X = {};", value.replace("HALF", &half)));
        assert_eq!(verdict.action, Action::Hash);
    }
}

/// An arm that one request in a thousand takes fails for that one: it is found beforehand as well.
#[test]
fn a_long_text_is_found_in_whatever_arm_it_stands() {
    let long = format!("\"{}\"", "x".repeat(KEPT_TEXT_LIMIT_BYTES + 1));
    for statement in [
        "set req.http.X = match req.url { \"/a\" -> LONG; else -> \"b\"; };",
        "set req.http.X = req.http.Y ?? LONG;",
        "set req.http.X = (req.http.Y ?? LONG) + \"a\";",
        "set req.http.X += LONG;",
        "set req.http.X = either(req.url);",
        "let x = either(req.url); set req.http.X = x;",
        "header.append(req.http.X, LONG);",
        "return (synth(400, LONG));",
        "return (synth(400, req.http.Y ?? LONG));",
    ] {
        let text = format!(
            "warp 1;\nbackend default none;\nfn either(a: STRING) -> STRING {{ if (a == \"/a\") {{ return LONG; }} return \"b\"; }}\n\
             sub recv {{ {statement} }}\nsub synth {{ set resp.body = either(req.url); }}\n"
        );
        let checked = check("policy.warp", &MemoryFiles::new("policy.warp", text.replace("LONG", &long)));
        let errors = checked.diagnostics.iter().filter(|finding| finding.is_error());
        assert_eq!(errors.map(|finding| finding.code.id()).collect::<Vec<_>>(), ["E0318"], "{statement}");
    }
}

/// What functions make of a request is known when it comes: the statement fails, is told, and nothing long goes on.
#[test]
fn a_reason_or_a_line_that_grows_fails_where_it_is_too_long() {
    let grown = "regsuball(regsuball(regsuball(req.url, \".\", \"LONG\"), \".\", \"LONG\"), \".\", \"0123456789\")";
    let grown = grown.replace("LONG", &"0123456789".repeat(5));
    for statement in [
        format!("return (synth(400, {grown}));"),
        format!("header.append(req.http.X, {grown});"),
        format!("set req.http.X = match req.url {{ \"/abc\" -> {grown}; else -> \"b\"; }};"),
    ] {
        let (verdict, line, _) = run(&statement);
        assert!(reason(&verdict).starts_with("the text is too long"), "{statement}");
        assert_eq!(line, Some(1));
    }
}

#[test]
fn a_url_that_grows_fails_where_it_is_too_long() {
    let (verdict, line, request) = run(&"set req.url = regsuball(req.url, \"[a-z/]\", \"\\0\\0\");\n".repeat(3_500));
    assert!(reason(&verdict).starts_with("the text is too long"));
    assert_eq!(line, Some(15));
    let Value::Text(Some(url)) = &request.variables[&Variable::ReqUrl] else { panic!() };
    assert_eq!(url.len(), KEPT_TEXT_LIMIT_BYTES);
}

#[test]
fn work_on_long_texts_ends() {
    for (statement, most) in [
        ("set req.http.X = std.strrev(std.strrep(req.url, 10000));\n", 300),
        ("set req.http.X = regsuball(std.strrep(req.url, 1000), \"[a-z]\", \"\\0\");\n", 900),
        ("set req.http.X = digest.hash_sha256(std.strrep(req.url, 200000));\n", 30),
        ("set req.http.X = std.strlen(std.strrep(std.strrep(\"ab\", 1000), 500));\n", 30),
        ("header.append(req.http.X, std.strrep(req.url, 2000));\n", 70),
        ("ban where obj.http.X == req.url;\n", 129),
    ] {
        let (verdict, line, _) = run(&statement.repeat(1_000));
        assert_eq!(reason(&verdict), "the step works on too much text: more than 32 MiB in all", "{statement}");
        assert!(line.is_some_and(|line| line <= most), "{statement} {line:?}");
    }
}

#[test]
fn what_is_written_may_be_repeated_as_often_as_it_is_written() {
    let (verdict, ..) = run(&"set req.http.X = std.strrep(\"a\", 4000);\n".repeat(8_000));
    assert_eq!(verdict.action, Action::Hash);
}

#[test]
fn passwords_are_tried_a_few_times_in_conditions_too() {
    for hash in
        ["$2y$04$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa", "$apr1$abcdefgh$M6iygawm05mFb0y4lNi270"]
    {
        let test = format!("if (auth.basic(req.http.Authorization, [\"a:{hash}\"])) {{ set req.http.X = \"a\"; }}\n");
        assert_eq!(run(&test.repeat(15)).0.action, Action::Hash);
        let (verdict, line, _) = run(&test.repeat(17));
        assert_eq!((reason(&verdict), line), ("the step works on too much text: more than 32 MiB in all", None));
    }
}

#[test]
fn what_a_condition_makes_is_cut_off_and_not_counted() {
    let test = "if (std.strlen(std.strrep(req.url, 1000000)) == LENGTH) { set req.http.X = \"as long\"; }\n";
    let test = test.replace("LENGTH", &CONDITION_TEXT_LIMIT_BYTES.to_string());
    let (verdict, _, request) = run(&test.repeat(2_000));
    assert_eq!(verdict.action, Action::Hash);
    assert_eq!(request.headers[&(Message::Req, "x".to_owned())], b"as long");
    let (_, _, request) = run(
        "let long = match req.url { \"/abc\" -> std.strlen(std.strrep(req.url, 100000)); else -> 0; };\nset req.http.X = long;",
    );
    assert_eq!(request.headers[&(Message::Req, "x".to_owned())], b"400000");
}

#[test]
fn a_body_may_be_as_long_as_a_computed_text() {
    let text =
        "warp 1;\nbackend default none;\nsub synth { set resp.body = std.strrep(\"ab\", 500000); return (deliver); }\n";
    let hir = check("policy.warp", &MemoryFiles::new("policy.warp", text)).hir.unwrap();
    let mut request = Request::get("example.com", "/");
    assert_eq!(Program::new(hir).run(Step::Synth, &mut request).action, Action::Deliver);
    let Value::Text(Some(body)) = &request.variables[&Variable::RespBody] else { panic!() };
    assert_eq!(body.len(), 1_000_000);
}
