//! Tables of which no request may take two rows: what is let through has no overlap, so that the order does not matter.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::decision::naive;
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::Step;

use super::policies::errors_or_hir;
use super::random::requests;

const ASKED: &[&str] = &[
    "host == \"a\"",
    "host != \"a\"",
    "host in [\"a\", \"b\"]",
    "path under \"/a\"",
    "path under \"/a/\"",
    "path under [\"/a/b\", \"/b\"]",
    "path == \"/a\"",
    "path == \"\"",
    "path ext [\"css\"]",
    "path ext [\"js\"]",
    "path ~ \"^/a\"",
    "path ~ \"^/b\"",
    "path ~ \"b$\"",
    "path ~ \"\"",
    "str.startswith(path, \"/a\")",
    "str.endswith(path, \"b\")",
    "header \"X-A\"",
    "header \"X-A\" == \"a\"",
    "header \"X-A\" ~ \"^$\"",
    "header \"X-A\" under \"/\"",
    "query has \"a\"",
    "(req.cache_control.max_age ?? 1s) < 2s",
    "(req.cache_control.max_age ?? 1s) in [2s]",
    "req.cache_control.no_cache",
    "req.restarts == 0",
    "url == \"/a\"",
    "client.ip ~ ten",
    "client.ip ~ few",
    "client.ip ~ rest",
    "client.ip == \"10.0.0.1\"",
];

const DECLARED: &str = "warp 1;
backend web { .host = \"127.0.0.1\"; }
acl ten { \"10.0.0.0\"/8; }
acl few { \"10.0.0.0\"/30; ! \"10.0.0.2\"; }
acl named { \"office.example\"; }
acl rest { \"0.0.0.0\"/0; ! \"10.0.0.0\"/8; }
";

fn condition() -> BoxedStrategy<String> {
    let asked = select(ASKED).prop_map(str::to_owned);
    asked
        .prop_recursive(3, 6, 3, |inner| {
            prop_oneof![
                2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
                1 => prop::collection::vec(inner.clone(), 2..3).prop_map(|parts| format!("({})", parts.join(" or "))),
                2 => inner.prop_map(|inner| format!("not ({inner})")),
            ]
        })
        .boxed()
}

/// The table with these rows in this order; each answers with a status of its own.
fn table<'a>(rows: impl Iterator<Item = (usize, &'a String)>) -> Result<Hir, Vec<String>> {
    let mut text = format!("{DECLARED}rules request unique {{\n");
    for (number, row) in rows {
        writeln!(text, "when {row} -> deny {};", 400 + number).unwrap();
    }
    errors_or_hir(&format!("{text}}}\n"))
}

#[test]
fn addresses_keep_rows_apart_by_networks() {
    let is_apart = |one: &str, other: &str| {
        let rows = [one.to_owned(), other.to_owned()];
        match table(rows.iter().enumerate()) {
            Ok(_) => true,
            Err(codes) => {
                assert_eq!(codes, ["E0540"], "{one} {other}");
                false
            }
        }
    };
    for (one, other, expected) in [
        ("client.ip ~ ten", "client.ip ~ rest", true),
        ("client.ip ~ ten", "client.ip ~ few", false),
        ("client.ip ~ few", "client.ip !~ ten", true),
        ("client.ip ~ ten", "client.ip !~ few", false),
        ("client.ip ~ ten", "client.ip !~ ten", true),
        ("client.ip == \"10.0.0.2\"", "client.ip ~ few", true),
        ("client.ip == \"10.0.0.1\"", "client.ip ~ few", false),
        ("client.ip == \"10.0.0.1\"", "client.ip == \"10.0.0.3\"", true),
        ("client.ip == \"10.0.0.1\"", "server.ip == \"10.0.0.3\"", false),
        ("client.ip ~ named", "client.ip !~ named", true),
        ("client.ip ~ named", "client.ip ~ ten", false),
        ("client.ip != \"10.0.0.1\"", "client.ip !~ ten", false),
    ] {
        assert_eq!(is_apart(one, other), expected, "{one}, {other}");
        assert_eq!(is_apart(other, one), expected, "{other}, {one}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_let_through_decides_the_same_in_any_order(
        rows in prop::collection::vec(condition(), 2..4),
        requests in prop::collection::vec(requests(), 12),
    ) {
        let table_of = |rows: Vec<(usize, &String)>| table(rows.into_iter());
        let numbered: Vec<_> = rows.iter().enumerate().collect();
        let backwards: Vec<_> = rows.iter().enumerate().rev().collect();
        match (table_of(numbered), table_of(backwards)) {
            (Ok(one), Ok(other)) => {
                for request in requests {
                    let verdict = |hir| naive::run(hir, Step::Recv, &mut request.clone()).status;
                    prop_assert_eq!(verdict(&one), verdict(&other), "{:?} {:?}", rows, request);
                }
            }
            (Err(one), Err(_)) => prop_assert!(one.iter().all(|code| code == "E0540"), "{:?} {:?}", one, rows),
            (one, other) => prop_assert!(false, "{:?} {:?} {:?}", one.err(), other.err(), rows),
        }
    }
}
