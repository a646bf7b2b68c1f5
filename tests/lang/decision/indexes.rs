//! Each kind of index against the oracle, in tables long enough to have one.

use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::decision::tree::Node;
use warp_edge::decision::{Program, Value};
use warp_edge::lang::hir::{Expression, ExpressionKind, Hir};
use warp_edge::lang::schema::function::{Text, World};
use warp_edge::lang::schema::{Action, Message, Step, Type, Variable};

use super::build::*;
use super::equal::{Compiled, agree, both};
use super::facts::Request;
use super::random::{accepted, acls, ifs, long_ladder, requests};

/// A table with one row for each condition, each ending in its own place.
fn table(conditions: Vec<Expression>) -> Hir {
    let rows = conditions.into_iter().map(|condition| arm(condition, vec![ends(Action::Pass)])).collect();
    Hir { acls: acls(), ..policy(vec![ladder(rows, vec![ends(Action::Hash)])]) }
}

/// What the first index of the policy looks up: `req.host: texts 5`.
pub fn looked_up(hir: &Hir) -> Vec<String> {
    let program = Program::new(hir.clone());
    let tree = program.tree(Step::Recv).unwrap();
    let index = tree.nodes().find_map(|(_, node)| match node {
        Node::Match(node) => node.index(),
        _ => None,
    });
    let lookups = index.map(|index| index.summary().lookups).unwrap_or_default();
    let keys = |keys: &std::collections::BTreeMap<&str, usize>| {
        keys.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(" ")
    };
    lookups.iter().map(|lookups| format!("{}: {}", lookups.subject, keys(&lookups.keys))).collect()
}

fn with_path(path: &str) -> Request {
    Request::get("a", path)
}

/// A request with these fields; `None` is unset.
fn with_headers(a: Option<&str>, b: Option<&str>) -> Request {
    let mut request = with_path("/");
    for (name, value) in [("x-a", a), ("x-b", b)] {
        if let Some(value) = value {
            request.headers.insert((Message::Req, name.to_owned()), value.into());
        }
    }
    request
}

fn rows<T: std::fmt::Debug>(row: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(row, 5..40)
}

const PATHS: &str = "(/[ab]{0,2}){0,3}(\\.(css|js|CSS))?";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn texts(hosts in rows("[ab]{0,2}"), asked in rows("[ab]{0,2}")) {
        let hir = table(hosts.iter().map(|host_name| equal(host(), host_name)).collect());
        agree(hir, &asked.iter().map(|host| Request::get(host, "/")).collect::<Vec<_>>())?;
    }

    #[test]
    fn lists_of_texts(hosts in rows(prop::collection::vec("[ab]{0,2}", 0..5)), asked in rows("[ab]{0,2}")) {
        let row = |hosts: &Vec<String>| {
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            condition(ExpressionKind::InTexts(Box::new(host()), list(&hosts)))
        };
        agree(table(hosts.iter().map(row).collect()), &asked.iter().map(|host| Request::get(host, "/")).collect::<Vec<_>>())?;
    }

    #[test]
    fn prefixes(prefixes in rows(PATHS), asked in rows(PATHS)) {
        let hir = table(prefixes.iter().map(|prefix| under(prefix)).collect());
        agree(hir, &asked.iter().map(|path| with_path(path)).collect::<Vec<_>>())?;
    }

    #[test]
    fn affixes(affixes in rows((any::<bool>(), PATHS)), asked in rows(PATHS)) {
        let row = |(prefix, affix): &(bool, String)| {
            call(if *prefix { Text::Prefixof } else { Text::Suffixof }, vec![path(), text(affix)])
        };
        agree(table(affixes.iter().map(row).collect()), &asked.iter().map(|path| with_path(path)).collect::<Vec<_>>())?;
    }

    #[test]
    fn extensions(extensions in rows(select(&["css", "js", "a.css", "b", ""][..])), asked in rows(PATHS)) {
        let row = |extension: &&str| condition(ExpressionKind::Extension(Box::new(path()), list(&[extension])));
        agree(table(extensions.iter().map(row).collect()), &asked.iter().map(|path| with_path(path)).collect::<Vec<_>>())?;
    }

    #[test]
    fn patterns(
        patterns in rows("\\^?/[ab]{0,2}(\\[ab\\]\\+|b\\*|\\.\\*)?[ab/]{0,2}\\$?"),
        asked in rows(PATHS),
    ) {
        let hir = table(patterns.iter().map(|pattern| matches(path(), pattern)).collect());
        agree(hir, &asked.iter().map(|path| with_path(path)).collect::<Vec<_>>())?;
    }

    #[test]
    fn numbers(ranges in rows((0_i64..20, 0_i64..20)), asked in rows(-1_i64..22)) {
        let row = |(start, end): &(i64, i64)| {
            condition(ExpressionKind::InRanges(Box::new(variable(Variable::BerespStatus)), vec![*start..=*end]))
        };
        let request = |status: &i64| {
            let mut request = with_path("/");
            request.variables.insert(Variable::BerespStatus, Value::Int(*status));
            request
        };
        agree(table(ranges.iter().map(row).collect()), &asked.iter().map(request).collect::<Vec<_>>())?;
    }

    #[test]
    fn several_texts(
        rows in rows((select(&["x-a", "x-b"][..]), select(&["a", "^$|a", "^$|b+x?", "[ab]{2}", "b"][..]), 0_usize..5)),
        asked in rows((prop::option::of("[ab]{0,2}"), prop::option::of("[ab]{0,2}"))),
    ) {
        let row = |(name, text, way): &(&str, &str, usize)| match way {
            0 => matches(header(name), text),
            1 => equal(call(Text::ToUpper, vec![header(name)]), &text.to_uppercase()),
            2 => truth(header(name)),
            _ => equal(header(name), text),
        };
        let hir = table(rows.iter().map(row).collect());
        agree(hir, &asked.iter().map(|(a, b)| with_headers(a.as_deref(), b.as_deref())).collect::<Vec<_>>())?;
    }

    #[test]
    fn named_parts(rows in rows((any::<bool>(), select(&["a", "b"][..]), "[ab]{0,2}")), asked in rows(("[ab]{0,2}", "[ab]{0,2}"))) {
        let row = |(query, name, value): &(bool, &str, String)| {
            let name = Box::new(text(name));
            let kind = if *query { ExpressionKind::Query(Message::Req, name) } else { ExpressionKind::Cookie(Message::Req, name) };
            equal(expression(kind, Type::String), value)
        };
        let request = |(a, b): &(String, String)| {
            let mut request = with_path(&format!("/?a={a}&b={b}"));
            request.headers.insert((Message::Req, "cookie".to_owned()), format!("a={b}; b={a}").into());
            request
        };
        agree(table(rows.iter().map(row).collect()), &asked.iter().map(request).collect::<Vec<_>>())?;
    }

    #[test]
    fn addresses_and_flags(rows in rows((0_u32..3, any::<bool>(), any::<bool>())), requests in prop::collection::vec(requests(), 8)) {
        let row = |(acl, flag, negated): &(u32, bool, bool)| {
            let asked = if *flag { all(vec![variable(Variable::ReqHashAlwaysMiss), in_acl(*acl)]) } else { in_acl(*acl) };
            if *negated { condition(ExpressionKind::Not(Box::new(asked))) } else { asked }
        };
        agree(table(rows.iter().map(row).collect()), &requests)?;
    }

    #[test]
    fn mixed_ladders(ladder in long_ladder(), requests in prop::collection::vec(requests(), 20)) {
        let hir = Hir { acls: acls(), ..policy(vec![ladder, ends(Action::Purge)]) };
        agree(hir, &requests)?;
    }

    #[test]
    fn ifs_one_after_the_other(ifs in ifs(), requests in prop::collection::vec(requests(), 20)) {
        let hir = Hir { acls: acls(), ..policy(ifs.into_iter().chain([ends(Action::Purge)]).collect()) };
        agree(hir, &requests)?;
    }
}

#[test]
fn the_value_that_tells_most_apart_is_looked_up() {
    let hosts = |count: usize| (0..count).map(|at| equal(host(), &format!("h{at}")));
    assert_eq!(looked_up(&table(hosts(10).collect())), ["req.host: texts 10"]);

    let tenants = (0..50).map(|at| all(vec![equal(host(), &format!("h{}", at / 5)), under(&format!("/p{}", at % 5))]));
    let found = looked_up(&table(tenants.collect()));
    assert_eq!(found, ["req.host: texts 10", "req.path: prefixes 50"]);
}

#[test]
fn patterns_become_what_they_really_ask_for() {
    let pattern = |pattern: &dyn Fn(usize) -> String| {
        looked_up(&table((0..20).map(|at| matches(path(), &pattern(at))).collect()))
    };
    assert_eq!(pattern(&|at| format!("^/a{at}$")), ["req.path: texts 20"]);
    assert_eq!(pattern(&|at| format!("^/a{at}/")), ["req.path: prefixes 20"]);
    assert_eq!(pattern(&|at| format!("/a{at}$")), ["req.path: suffixes 20"]);
    assert_eq!(pattern(&|at| format!("^/a{at}/[a-z]+")), ["req.path: prefixes 20"]);
    assert_eq!(pattern(&|at| format!("^/a/[a-z]+{at}")), ["req.path: patterns 20"]);
    assert_eq!(pattern(&|at| format!("[a-z]+/{at}")), ["req.path: patterns 20"]);
}

#[test]
fn short_tables_are_tried_in_turn() {
    assert!(looked_up(&table((0..4).map(|at| equal(host(), &format!("h{at}"))).collect())).is_empty());
}

#[test]
fn ifs_that_end_the_step_are_one_table() {
    let ifs = (0..9).map(|at| when(equal(host(), &format!("h{at}")), vec![ends(Action::Pass)]));
    assert_eq!(looked_up(&policy(ifs.chain([ends(Action::Hash)]).collect())), ["req.host: texts 9"]);
}

#[test]
fn ifs_that_go_on_are_one_table() {
    let ifs = (0..9).map(|at| when(equal(host(), &format!("h{at}")), vec![set_header("x-a", text("b"))]));
    assert_eq!(looked_up(&policy(ifs.chain([ends(Action::Hash)]).collect())), ["req.host: texts 9"]);
}

#[test]
fn ifs_that_end_and_ifs_that_go_on_and_ladders_are_one_table() {
    let is = |at: usize| equal(host(), &format!("h{at}"));
    let statements = vec![
        when(is(0), vec![set_header("x-a", text("b"))]),
        ladder(vec![arm(is(1), vec![ends(Action::Pass)]), arm(is(2), vec![set_header("x-a", text("c"))])], Vec::new()),
        when(is(3), vec![ends(Action::Pass)]),
        when(is(4), vec![when(under("/a"), vec![ends(Action::Pass)])]),
        ladder(vec![arm(is(5), Vec::new())], vec![when(is(6), vec![ends(Action::Pass)])]),
        ends(Action::Hash),
    ];
    assert_eq!(looked_up(&policy(statements)), ["req.host: texts 7"]);
}

#[test]
fn paths_within_hosts_are_found_by_the_host_first() {
    let paths = |at: usize| (0..9).map(move |path| when(under(&format!("/{at}/{path}")), vec![ends(Action::Pass)]));
    let hosts = (0..9).map(|at| when(equal(host(), &format!("h{at}")), paths(at).collect()));
    let hir = policy(hosts.chain([ends(Action::Hash)]).collect());
    let compiled = Compiled::new(hir);
    let tree = compiled.program.tree(Step::Recv).unwrap();
    let indexes = tree.nodes().filter(|(_, node)| matches!(node, Node::Match(node) if node.index().is_some()));
    assert_eq!(indexes.count(), 10);
    for (host, path) in [("h3", "/3/4"), ("h3", "/4/4"), ("h9", "/9/1"), ("h8", "/8/8/8")] {
        let (tree, oracle) = both(&compiled, &Request::get(host, path));
        assert_eq!(tree, oracle);
    }
}

#[test]
fn what_an_arm_has_changed_decides_what_comes_then() {
    let step = |from: usize| {
        when(equal(header("x-a"), &format!("h{from}")), vec![set_header("x-a", text(&format!("h{}", from + 1)))])
    };
    let up = Compiled::new(policy((0..9).map(step).chain([ends(Action::Hash)]).collect()));
    let down = Compiled::new(policy((0..9).rev().map(step).chain([ends(Action::Hash)]).collect()));
    let mut request = with_path("/");
    request.headers.insert((Message::Req, "x-a".to_owned()), b"h0".to_vec());
    for (compiled, last) in [(up, "h9"), (down, "h1")] {
        let (tree, oracle) = both(&compiled, &request);
        assert_eq!(tree, oracle);
        assert_eq!(tree.1.headers[&(Message::Req, "x-a".to_owned())], last.as_bytes());
    }
}

#[test]
fn what_the_client_likes_best_is_looked_up() {
    let language = |name: &str| equal(accepted(&["de", "en", "fr"]), name);
    let rows =
        ["de", "en", "fr"].iter().flat_map(|name| ["/a/", "/b/"].map(|start| all(vec![language(name), under(start)])));
    let hir = table(rows.collect());
    assert_eq!(looked_up(&hir), ["req.accept.language([\"de\", \"en\", \"fr\"]): texts 3"]);
    let compiled = Compiled::new(hir);
    for said in [None, Some("en"), Some("fr;q=0.1, de"), Some("it"), Some("*")] {
        let mut request = with_path("/b/x");
        request.headers.extend(said.map(|said| ((Message::Req, "accept-language".to_owned()), said.into())));
        let (tree, oracle) = both(&compiled, &request);
        assert_eq!(tree, oracle, "{said:?}");
    }
}

#[test]
fn lists_are_looked_up_together() {
    let rows = (0..9).map(|at| all(vec![in_acl(at % 3), equal(host(), &format!("h{}", at / 3))]));
    assert_eq!(looked_up(&table(rows.collect())), ["req.host: texts 3"]);
    assert_eq!(looked_up(&table((0..9).map(|at| in_acl(at % 3)).collect())), ["client.ip: acls 3"]);
}

#[test]
fn what_asks_the_world_is_asked_in_its_turn_and_once() {
    let chance = || call(World::RandomBool, vec![int(1), int(4)]);
    let lists = (0..9).map(|at| all(vec![under(&format!("/{}", at % 4)), chance(), in_acl(0)]));
    let hosts = (0..9).map(|at| all(vec![equal(host(), &format!("h{}", at % 4)), chance(), under("/a/c")]));
    let rows = [table(lists.collect()), table(hosts.collect())];
    assert_eq!(looked_up(&rows[0]), ["req.path: prefixes 4"]);
    assert_eq!(looked_up(&rows[1]), ["req.host: texts 4"]);
    for rows in rows {
        let compiled = Compiled::new(rows);
        for request in [Request::get("h3", "/3/b"), Request::get("h9", "/1"), Request::get("h0", "/a/c/b")] {
            let (tree, oracle) = both(&compiled, &request);
            assert_eq!(tree.1.chances, oracle.1.chances);
            assert_eq!(tree.0, oracle.0);
        }
    }
}

#[test]
fn an_effect_between_ifs_ends_the_table() {
    let mut statements = Vec::new();
    for at in 0..9 {
        statements.push(when(equal(header("x-a"), &format!("h{at}")), vec![ends(Action::Pass)]));
        statements.push(set_header("x-a", text(&format!("h{}", at + 1))));
    }
    let hir = policy(statements);
    let compiled = Compiled::new(hir);
    let mut request = with_path("/");
    request.headers.insert((Message::Req, "x-a".to_owned()), b"none".to_vec());
    let (tree, oracle) = both(&compiled, &request);
    assert_eq!(tree, oracle);
    assert_eq!(tree.0.action, Action::Pass);
}
