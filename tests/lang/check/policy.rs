//! The typed policy: what the check makes of what is written.

use std::ops::RangeInclusive;
use std::time::Duration;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Options, check_with};
use warp_edge::lang::diagnostic::Diagnostic;
use warp_edge::lang::hir::{
    Arithmetic, BackendAddress, BackendId, Body, Datum, Expression, ExpressionKind as Kind, Greeting, Hir, Limit,
    Normalization, Place, Probe, ProbeKind, ProxyVersion, Statement, StatementKind, Target, Via,
};
use warp_edge::lang::schema::function::Core;
use warp_edge::lang::schema::{Action, Function, Message, Step, Variable};

use super::{check, codes, typed};

fn step(hir: &Hir, step: Step) -> &Body {
    &hir.step(step).unwrap().body
}

/// What the first statement of `recv` sets a header to.
fn value(expression: &str) -> Kind {
    let mut hir = typed(&format!("warp 1;\nsub recv {{ set req.http.X = {expression}; }}\n"));
    match hir.steps[0].body.statements.remove(0).kind {
        StatementKind::Set(_, value) => value.kind,
        other => panic!("{other:?}"),
    }
}

/// What the first `if` of `recv` asks.
fn condition(text: &str) -> Kind {
    let declarations = "acl office { \"192.0.2.0\"/24; }\nsub keep { if (client.ip ~ office) { call keep2; } }\n\
                        sub keep2 { unset req.http.K; }\n";
    let mut hir =
        typed(&format!("warp 1;\n{declarations}sub recv {{ if ({text}) {{ unset req.http.X; }} call keep; }}\n"));
    match hir.steps[0].body.statements.remove(0).kind {
        StatementKind::If { mut arms, .. } => arms.remove(0).condition.kind,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Kind {
    Kind::Text(text.as_bytes().into())
}

fn outline(statements: &[Statement]) -> Vec<String> {
    let line = |statement: &Statement| match &statement.kind {
        StatementKind::Set(Target::Header(_, name), _) => format!("set {name}"),
        StatementKind::Set(Target::Variable(variable), _) => format!("set {}", variable.name()),
        StatementKind::Unset(Target::Header(_, name)) => format!("unset {name}"),
        StatementKind::Normalize(_) => "normalize".to_owned(),
        StatementKind::If { arms, .. } => format!("if with {}", arms.len()),
        StatementKind::Call(_) => "call".to_owned(),
        StatementKind::Return(outcome) => format!("return {}", outcome.action.name()),
        other => format!("{other:?}"),
    };
    statements.iter().map(line).collect()
}

#[test]
fn a_table_from_a_file_holds_what_the_file_holds() {
    let text = "warp 1; backend b none; table t: STRING -> DURATION from \"t.json\"; table u from \"u.csv\";
sub recv { set req.grace = t[u[req.url]] ?? 1s; }";
    let data = |json: &str, csv: &str| {
        let files = MemoryFiles::new("policy.warp", text).with("t.json", json).with("u.csv", csv);
        check_with("policy.warp", &files, &Options::default())
    };
    let hir = data("{ \"a\\u0041\": \"10s\" }", "x,\"y \"\"z\"\", w\"\r\n\n\"k,\",v\n").hir.unwrap();
    assert_eq!(hir.tables[0].entries, [(b"aA".as_slice().into(), Datum::Duration(10_000))]);
    assert_eq!(hir.tables[1].find(b"x"), Some(&Datum::Text(b"y \"z\", w".as_slice().into())));
    assert_eq!(hir.tables[1].find(b"k,"), Some(&Datum::Text(b"v".as_slice().into())));
    // A mark of the byte order, as spreadsheets write it, is no part of a key.
    let hir = data("\u{feff}{ \"a\": \"10s\" }", "\u{feff}x,y\n").hir.unwrap();
    assert_eq!(hir.tables[0].find(b"a"), Some(&Datum::Duration(10_000)));
    assert_eq!(hir.tables[1].find(b"x"), Some(&Datum::Text(b"y".as_slice().into())));
    let places = |json: &str, csv: &str| {
        let checked = data(json, csv);
        let place = |finding: &Diagnostic| (finding.code.id(), checked.sources.describe(finding.primary.span));
        checked.diagnostics.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(places("{\n  \"a\": 10\n}", "a,b\n"), [("E0347", "t.json:2:8".to_owned())]);
    assert_eq!(places("\u{feff}{\n  \"a\": 10\n}", "a,b\n"), [("E0347", "t.json:2:8".to_owned())]);
    assert_eq!(places("{}", "\u{feff}a,b\nc\n"), [("E0347", "u.csv:2:2".to_owned())]);
    assert_eq!(places("", "\n"), [("E0347", "t.json:1:1".to_owned())]);
    assert_eq!(places("{\n  \"a\": \"1s\"", "\n"), [("E0347", "t.json:2:11".to_owned())]);
    // An emptied file, one that is half written, and one that is to be empty.
    assert_eq!(places("{}", ""), [("E0347", "u.csv:1:1".to_owned())]);
    assert_eq!(places("{}", "a,b\nc,d"), [("E0347", "u.csv:2:4".to_owned())]);
    assert_eq!(places("{}", "\n"), []);
    assert_eq!(places("{\n  \"a\": \"1s\",\n}", "a,b\n"), [("E0347", "t.json:3:1".to_owned())]);
    assert_eq!(places("[]", "a,b\n"), [("E0347", "t.json:1:1".to_owned())]);
    assert_eq!(places("{}", "a,b\nc\n"), [("E0347", "u.csv:2:2".to_owned())]);
    assert_eq!(places("{}", "a,b\na,\"c\n"), [("E0347", "u.csv:2:3".to_owned())]);
    // One line that is wrong hides no other.
    let several = ["u.csv:2:2", "u.csv:3:4", "u.csv:5:3"].map(|place| ("E0347", place.to_owned()));
    assert_eq!(places("{}", "a,b\nc\nd,e,f\ng,h\ni,\"j\n"), several);
    assert_eq!(places("{}", "a,b\na,c\n"), [("E0346", "u.csv:2:1".to_owned())]);
}

#[test]
fn a_value_that_is_chosen_becomes_a_choice_of_statements() {
    let hir =
        typed("warp 1; sub recv { set req.http.X = match std.tolower(req.url) { \"a\" -> \"1\"; else -> \"2\"; }; }");
    let statements = &hir.step(Step::Recv).unwrap().body.statements;
    assert!(matches!(statements[0].kind, StatementKind::Let(..)));
    let StatementKind::If { arms, otherwise, .. } = &statements[1].kind else { panic!("{statements:?}") };
    assert!(matches!(
        (arms[0].body[0].kind.clone(), otherwise[0].kind.clone()),
        (StatementKind::Set(..), StatementKind::Set(..))
    ));
}

#[test]
fn the_builtin_policy_alone_is_clean_and_ends_every_step() {
    let checked = check("warp 1;\n");
    assert_eq!(codes(&checked), [""; 0]);
    let hir = checked.hir.unwrap();
    for expected in Step::ALL.iter().filter(|step| step.runs()) {
        let last = step(&hir, *expected).statements.last().unwrap();
        assert!(matches!(last.kind, StatementKind::Return(_)), "{} does not end", expected.name());
    }
    assert!(hir.steps.iter().all(|body| body.step.runs()));
}

#[test]
fn the_parts_of_a_step_stand_in_source_order_with_the_builtin_part_last() {
    let hir = typed(
        "warp 1;
        sub recv { set req.http.A = \"1\"; }
        rules request first { when path == \"/x\" -> pass; }
        normalize req { query sort; host lower; }
        sub recv { set req.http.B = \"1\"; }",
    );
    let expected = [
        "set a",
        "if with 1",
        "normalize",
        "normalize",
        "set b",
        "call",
        "call",
        "call",
        "call",
        "call",
        "return hash",
    ];
    assert_eq!(outline(&step(&hir, Step::Recv).statements), expected);
}

#[test]
fn an_override_replaces_one_piece_and_nothing_else() {
    let plain = typed("warp 1;\n");
    let hir = typed("warp 1;\noverride builtin.cookie { unset req.http.Cookie; }\n");
    let bodies =
        |hir: &Hir| hir.subs.iter().map(|sub| (sub.name.clone(), outline(&sub.body.statements))).collect::<Vec<_>>();
    for (before, after) in bodies(&plain).into_iter().zip(bodies(&hir)) {
        if before.0 == "builtin.cookie" {
            assert_eq!(after, ("builtin.cookie".to_owned(), vec!["unset cookie".to_owned()]));
        } else {
            assert_eq!(after, before);
        }
    }
}

#[test]
fn locals_of_all_parts_of_a_step_share_one_frame() {
    let hir = typed(
        "warp 1;
        sub recv { let a = req.url; if (a) { let b = a; set req.http.B = b; } }
        sub recv { let a = req.url; set req.http.A = a; }",
    );
    assert_eq!(step(&hir, Step::Recv).locals, 3);
}

#[test]
fn constants_are_put_in_place() {
    let hir = typed(
        "warp 1;
        const twice = short * 2;
        const short = 10s;
        const site = \"a\" + 5 + \".\" + short;
        sub backend_response { set beresp.ttl = twice; set beresp.http.X = site + \"!\"; }",
    );
    let values: Vec<&Kind> = step(&hir, Step::BackendResponse)
        .statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Set(_, value) => Some(&value.kind),
            _ => None,
        })
        .collect();
    assert_eq!(values, [&Kind::Duration(20_000), &text("a5.10.000!")]);
}

#[test]
fn anything_becomes_text_where_text_is_wanted() {
    assert_eq!(value("5"), text("5"));
    assert_eq!(value("90s"), text("90.000"));
    assert_eq!(value("true"), text("true"));
    assert!(matches!(value("client.ip"), Kind::ToText(inner) if inner.kind == Kind::Variable(Variable::ClientIp)));
    assert!(matches!(value("now"), Kind::ToText(_)));
}

#[test]
fn text_is_joined_flat() {
    let Kind::Concat(parts) = value("\"a\" + \"b\" + req.url + 1 + \"c\" + (\"d\" + req.url)") else { panic!() };
    let kinds: Vec<Kind> = parts.into_iter().map(|part| part.kind).collect();
    let url = || Kind::Variable(Variable::ReqUrl);
    assert_eq!(kinds, [text("ab"), url(), text("1cd"), url()]);
}

#[test]
fn numbers_are_reckoned_before_text_is_joined() {
    assert_eq!(value("1 + 2 * 3 + \"x\""), text("7x"));
    assert_eq!(value("\"x\" + 1 + 2"), text("x12"));
    let Kind::ToText(sum) = value("std.strlen(req.url) + 1") else { panic!() };
    assert!(matches!(sum.kind, Kind::Arithmetic(Arithmetic::Add, ..)));
}

#[test]
fn values_are_true_or_false_in_conditions() {
    assert!(matches!(condition("req.http.A"), Kind::Truth(_)));
    assert!(matches!(condition("!req.http.A"), Kind::Not(_)));
    assert!(matches!(condition("req.hash_always_miss"), Kind::Variable(Variable::ReqHashAlwaysMiss)));
    assert_eq!(condition("1 == 2 - 1"), Kind::Bool(true));
    assert_eq!(condition("!(\"a\" == \"b\")"), Kind::Bool(true));
}

#[test]
fn words_test_what_they_are_made_for() {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().into()).collect::<Vec<Box<[u8]>>>();
    assert!(
        matches!(condition("req.method in [GET, \"POST\"]"), Kind::InTexts(_, of) if of == texts(&["GET", "POST"]))
    );
    assert!(matches!(condition("std.strlen(req.url) in [1, 5..9]"), Kind::InRanges(_, of) if of == [1..=1, 5..=9]));
    assert!(matches!(condition("req.path under \"/a\""), Kind::Under(_, of) if of == texts(&["/a"])));
    assert!(
        matches!(condition("req.path ext [\".CSS\", \"js\"]"), Kind::Extension(_, of) if of == texts(&["css", "js"]))
    );
    assert!(matches!(condition("req.query has \"a\""), Kind::HasQuery(Message::Req, of) if of == texts(&["a"])));
    assert!(
        matches!(condition("req.cookies any \"wp_*\""), Kind::AnyCookie(Message::Req, of) if of[0].text() == "wp_*")
    );
    assert!(matches!(condition("client.ip ~ office"), Kind::InAcl(..)));
    assert!(
        matches!(condition("client.ip == \"192.0.2.1\""), Kind::Compare(_, _, right) if matches!(right.kind, Kind::Ip(_)))
    );
    assert!(matches!(condition("req.url !~ \"^/a\""), Kind::Not(inner) if matches!(inner.kind, Kind::Matches(..))));
    assert!(matches!(condition("req.query[\"a\"] == req.cookies[req.url]"), Kind::Compare(..)));
}

#[test]
fn sums_in_place_are_written_out() {
    let hir = typed("warp 1;\nsub backend_response { set beresp.ttl += 10s; set beresp.http.X += \"b\"; }\n");
    let [first, second, ..] = step(&hir, Step::BackendResponse).statements.as_slice() else { panic!() };
    assert!(matches!(&first.kind, StatementKind::Set(Target::Variable(Variable::BerespTtl), Expression {
        kind: Kind::Arithmetic(Arithmetic::Add, left, _), ..
    }) if left.kind == Kind::Variable(Variable::BerespTtl)));
    assert!(
        matches!(&second.kind, StatementKind::Set(_, Expression { kind: Kind::Concat(parts), .. }) if parts.len() == 2)
    );
}

#[test]
fn a_table_is_one_flat_if_with_its_rows() {
    let source = "warp 1;
rules response first {
    when status in 500..599 -> uncacheable, strip set_cookie;
    when header \"X-TTL\" -> ttl std.duration(header \"X-TTL\", 10s), grace 1h, call tidy;
    else -> ttl 5m;
}
sub tidy { unset beresp.http.Server; }
";
    let checked = check(source);
    assert_eq!(codes(&checked), [""; 0]);
    let hir = checked.hir.unwrap();
    let StatementKind::If { arms, otherwise, .. } = &step(&hir, Step::BackendResponse).statements[0].kind else {
        panic!()
    };
    assert_eq!(outline(&arms[0].body), ["set beresp.uncacheable", "unset set-cookie"]);
    assert_eq!(outline(&arms[1].body), ["set beresp.ttl", "set beresp.grace", "call"]);
    assert_eq!(outline(otherwise), ["set beresp.ttl"]);
    assert_eq!(checked.sources.text(arms[0].span), "when status in 500..599 -> uncacheable, strip set_cookie;");
    assert!(
        matches!(&arms[1].condition.kind, Kind::Truth(inner) if matches!(inner.kind, Kind::Header(Message::Beresp, _)))
    );
}

#[test]
fn request_tables_deny_redirect_and_choose() {
    let hir = typed(
        "warp 1;
        backend a { .host = \"192.0.2.1\"; }
        backend b { .host = \"192.0.2.2\"; }
        rules request first {
            when path == \"/a\" -> deny 403;
            when path == \"/b\" -> redirect 301 \"/x\" + path;
            when path == \"/c\" -> backend b, cache;
            when method == \"PURGE\" -> purge;
            when method == \"SOFT\" -> purge soft;
        }",
    );
    let StatementKind::If { arms, .. } = &step(&hir, Step::Recv).statements[0].kind else { panic!() };
    let outcome = |at: usize| match &arms[at].body.last().unwrap().kind {
        StatementKind::Return(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    assert_eq!(outcome(0).status.as_ref().map(|status| &status.kind), Some(&Kind::Int(403)));
    assert!(outcome(0).reason.is_none());
    assert!(outcome(1).reason.is_none());
    assert!(matches!(outcome(1).location.as_ref().map(|location| &location.kind), Some(Kind::Concat(_))));
    assert_eq!(outline(&arms[2].body), ["set req.backend_hint", "return hash"]);
    assert_eq!(
        [3, 4].map(|at| (outcome(at).action, outcome(at).soft)),
        [(Action::Purge, false), (Action::Purge, true)]
    );
}

#[test]
fn normalize_keeps_the_order_of_its_operations() {
    let hir = typed(
        "warp 1;
        normalize req {
            query drop [\"utm_*\", \"gclid\"], sort;
            cookie keep \"sess*\";
            accept_encoding to [\"BR\", \"gzip\"];
            host lower;
        }",
    );
    let normalizations: Vec<&Normalization> = step(&hir, Step::Recv)
        .statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Normalize(normalization) => Some(normalization),
            _ => None,
        })
        .collect();
    assert!(matches!(normalizations.as_slice(), [
        Normalization::QueryDrop(dropped),
        Normalization::QuerySort,
        Normalization::CookieKeep(_),
        Normalization::AcceptEncoding(codings),
        Normalization::HostLower,
    ] if dropped.len() == 2 && codings == &["br", "gzip"]));
}

#[test]
fn subs_are_called_and_left() {
    let hir = typed(
        "warp 1;
        sub tidy { if (req.http.X) { return; } hash(); }
        sub recv { call tidy; }"
            .replace("hash();", "std.log(\"x\");")
            .as_str(),
    );
    let tidy = hir.subs.iter().find(|sub| sub.name == "tidy").unwrap();
    let [StatementKind::If { arms, .. }, StatementKind::Effect(Function::Core(Core::Log), _)] =
        [&tidy.body.statements[0].kind, &tidy.body.statements[1].kind]
    else {
        panic!()
    };
    assert!(matches!(arms[0].body[0].kind, StatementKind::Leave));
}

fn network(host: &str, port: u16) -> Place {
    Place::Network(BackendAddress { host: host.to_owned(), port })
}

#[test]
fn a_backend_that_speaks_tls_has_other_defaults() {
    let sni = |attributes: &str| {
        let mut hir = typed(&format!("warp 1;\nbackend default {{ .tls = true; {attributes} }}\n"));
        let backend = hir.backends.remove(0);
        let tls = backend.tls.unwrap();
        assert!(tls.verify && tls.ca.is_none() && tls.client.is_none());
        (backend.place.unwrap(), tls.sni)
    };
    let of_host = sni(".host = \"a.test\";");
    assert_eq!(of_host, (network("a.test", 443), "a.test".to_owned()));
    let of_header = sni(".host = \"192.0.2.1\"; .port = 8443; .host_header = \"b.test:8443\";");
    assert_eq!(of_header, (network("192.0.2.1", 8443), "b.test".to_owned()));
    let said = sni(".path = \"/run/app.sock\"; .sni = \"c.test\"; .host_header = \"b.test\";");
    assert_eq!(said, (Place::Socket("/run/app.sock".to_owned()), "c.test".to_owned()));
}

#[test]
fn what_a_backend_is_greeted_with_is_read() {
    let hir = typed(
        "warp 1;
        backend default {
            .host = \"a.test\";
            .via = proxy;
            .authority = \"a.test\";
            .preamble = \"aGVsbG8=\";
            .proxy_header = 2;
            .max_connections = 10;
            .wait_limit = 5;
            .wait_timeout = 1s;
        }
        backend proxy { .path = \"/run/proxy.sock\"; }",
    );
    let Greeting { via, preamble, proxy_header } = &hir.backends[0].greeting;
    let expected = Via { backend: BackendId(1), authority: Some("a.test".to_owned()) };
    assert_eq!((via.as_ref(), preamble.as_slice()), (Some(&expected), &b"hello"[..]));
    assert_eq!(*proxy_header, Some(ProxyVersion::V2));
    let limit = Limit { max_connections: 10, wait_limit: 5, wait_timeout: Duration::from_secs(1) };
    assert_eq!(hir.backends[0].limit, Some(limit));
    assert_eq!(hir.backends[1].greeting, Greeting::default());
}

/// The path that a probe asks for, and what it expects.
fn asks(probe: &Probe) -> (&str, &[RangeInclusive<u16>]) {
    let ProbeKind::Http(http) = &probe.kind else { panic!("{probe:?}") };
    (&http.url, &http.expected)
}

#[test]
fn backends_take_their_defaults_from_the_schema() {
    let hir = typed(
        "warp 1;
        probe default { .url = \"/up\"; .window = 4; .threshold = 2; }
        backend first { .host = \"origin.example\"; .port = 8080; .first_byte_timeout = 5s; }
        backend broken none;
        backend other { .host = \"::1\"; .probe = { .expected_response = 204; }; }
        sub recv { set req.backend_hint = broken; if (req.url) { set req.backend_hint = other; } }",
    );
    let [first, broken, other] = hir.backends.as_slice() else { panic!() };
    assert_eq!(first.place, Some(network("origin.example", 8080)));
    assert_eq!(first.connect_timeout, Duration::from_millis(3500));
    assert_eq!(first.first_byte_timeout, Duration::from_secs(5));
    let probe = first.probe.as_ref().unwrap();
    assert_eq!((asks(probe), probe.window, probe.threshold, probe.initial), (("/up", [200..=200].as_slice()), 4, 2, 1));
    assert_eq!(broken.place, None);
    assert_eq!(other.place, Some(network("::1", 80)));
    let probe = other.probe.as_ref().unwrap();
    assert_eq!((asks(probe), probe.window, probe.threshold, probe.initial), (("/", [204..=204].as_slice()), 8, 3, 2));
    assert_eq!(hir.default_backend.map(|id| id.0), Some(0));
}

#[test]
fn the_backend_named_default_is_asked_by_default() {
    let hir = typed(
        "warp 1;\nbackend a { .host = \"192.0.2.1\"; }\nbackend default { .host = \"192.0.2.2\"; }\nsub recv { set req.backend_hint = a; }\n",
    );
    assert_eq!(hir.default_backend.map(|id| id.0), Some(1));
}

#[test]
fn the_caller_can_bring_the_default_backend_along() {
    let address = BackendAddress { host: "127.0.0.1".to_owned(), port: 3000 };
    let options = Options { default_backend: Some(address.clone()), ..Options::default() };
    let declared = "warp 1;\nbackend default { .port = \"81\"; .first_byte_timeout = 7s; }\n";
    let other = "warp 1;\nbackend a { .host = \"192.0.2.1\"; }\nsub recv { set req.backend_hint = a; }\n";
    for (text, at) in [("warp 1;\n", 0), (declared, 0), (other, 1)] {
        let checked = check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options);
        assert_eq!(codes(&checked), [""; 0]);
        let hir = checked.hir.unwrap();
        assert_eq!(hir.default_backend.map(|id| id.0), Some(at));
        let backend = &hir.backends[at as usize];
        assert_eq!(
            (backend.name.as_str(), backend.place.as_ref()),
            ("default", Some(&Place::Network(address.clone())))
        );
    }
}

#[test]
fn acls_hold_networks_with_their_host_bits_cleared() {
    let checked = check(
        "warp 1;\nacl a { \"192.0.2.17\"/24; ! \"192.0.2.1\"; \"2001:db8::\"/32; }\nsub recv { if (client.ip ~ a) { return (pass); } }\n",
    );
    assert_eq!(codes(&checked), ["W0609"]);
    let hir = checked.hir.unwrap();
    let entries: Vec<String> = hir.acls[0].entries.iter().map(|(net, negated)| format!("{negated} {net}")).collect();
    assert_eq!(entries, ["false 192.0.2.0/24", "true 192.0.2.1/32", "false 2001:db8::/32"]);
    assert!(hir.acls[0].contains("192.0.2.9".parse().unwrap()));
    assert!(!hir.acls[0].contains("192.0.2.1".parse().unwrap()));
}

#[test]
fn networks_of_ipv4_in_the_form_of_ipv6_are_those_of_ipv4() {
    let text = "warp 1;\nacl a { \"::ffff:192.0.2.1\"; \"::ffff:10.0.0.0\"/104; \"::\"/0; }\nsub recv { if (client.ip ~ a) { return (pass); } }\n";
    let hir = check(text).hir.unwrap();
    let entries: Vec<String> = hir.acls[0].entries.iter().map(|(net, _)| net.to_string()).collect();
    assert_eq!(entries, ["192.0.2.1/32", "10.0.0.0/8", "::/0"]);
    assert!(hir.acls[0].contains("192.0.2.1".parse().unwrap()));
}

#[test]
fn warnings_do_not_keep_a_policy_from_running() {
    let checked = check("warp 1;\nconst unused = 1;\n");
    assert_eq!(codes(&checked), ["W0216"]);
    assert!(checked.hir.is_some());
}

#[test]
fn what_looks_unused_is_not_said_of_a_policy_with_errors() {
    let checked = check("warp 1;\nconst limit = 1;\nsub recv { set req.http.X = limti; }\n");
    assert_eq!(codes(&checked), ["E0201"]);
}

#[test]
fn a_policy_of_every_day_is_clean() {
    let checked = check(
        r#"warp 1;
probe health { .url = "/health"; .interval = 10s; }
backend web { .host = "127.0.0.1"; .port = "8080"; .probe = health; }
backend api { .host = "api.internal"; .port = 8443; }
acl editors { "10.0.0.0"/8; ! "10.9.0.0"/16; }
const short = 30s;
const tracking = "utm_*";

normalize req {
    query drop ["utm_*", "gclid", "fbclid"], sort;
    cookie keep ["wordpress_logged_in_*", "wp-postpass_*"];
    accept_encoding to ["br", "gzip", "identity"];
    host lower;
}

rules request first {
    when method in [PURGE] and client.ip !~ editors -> deny 403 "Not you";
    when method in [PURGE] -> purge;
    when host == "old.example" -> redirect 301 "https://new.example" + url;
    when path under ["/wp-admin/", "/cart/"] -> pass;
    when path == "/wp-login.php" or query has "preview" or query any tracking -> pass;
    when cookies any "wordpress_logged_in_*" -> pass;
    when path under "/api" -> backend api, strip cookie, cache;
    when header "X-Forwarded-Proto" and not (path ext ["css", "js"]) -> set req.http.X-Kind = "page", call mark;
    else -> unset req.http.X-Debug;
}

sub mark { set req.http.X-Marked = "1"; }

sub hash {
    hash_data(std.tolower(req.http.X-Forwarded-Proto));
}

rules response first {
    when status in [404, 410, 500..599] -> ttl short, grace 0s;
    when path ext in ["css", "js", "woff2"] -> ttl 7d, strip set_cookie;
    when header "Set-Cookie" -> uncacheable;
    else -> ttl 10m, grace 6h, keep 1d;
}

sub backend_fetch {
    set bereq.http.X-Real-Ip = client.ip;
    if (bereq.path under "/api") { set bereq.first_byte_timeout = 2 * short; }
}

sub deliver {
    let state = regsub(resp.http.X-Cache, "^(\w+) .*$", "\1");
    if (obj.hits > 0 && !resp.http.X-Cache) {
        set resp.http.X-Cache = "HIT " + obj.hits + " " + obj.age;
    } elseif (state == "MISS" || resp.status >= 500) {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.Server;
}

sub synth {
    if (resp.status == 403) {
        set resp.http.Content-Type = "text/plain";
        synthetic("no " + req.http.Host);
        return (deliver);
    }
}

override builtin.authorization {
    if (req.http.Authorization ~ "(?i)^basic ") { return (pass); }
}
"#,
    );
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|finding| format!("{} {}", checked.sources.describe(finding.primary.span), finding.message))
        .collect();
    assert_eq!(found, [""; 0]);
}
