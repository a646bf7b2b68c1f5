//! The functions of the schema: each example yields what its row says, each mistake is found.

use std::collections::BTreeSet;

use serde_json::json;

use warp_edge::decision::{Program, naive};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, check};
use warp_edge::lang::schema::function::{Class, Example};
use warp_edge::lang::schema::{Function, Step, Type};

use super::facts::Request;
use super::mmdb::database;

/// What examples may name.
const DECLARATIONS: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\nacl office { \"192.0.2.0\"/24; }\n";

const JWKS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// A database that knows one network.
fn places() -> Vec<u8> {
    let place = json!({
        "country": { "iso_code": "NL" }, "city": { "names": { "en": "Haarlem" } },
        "subdivisions": [{ "iso_code": "NH" }], "autonomous_system_number": 64_496
    });
    database(&[("192.0.2.0/24", place)])
}

/// Checks a policy that does `statements` in a step where the function may be called.
fn checked(function: Function, statements: &str) -> (Step, Checked) {
    let steps = function.steps();
    let step = [Step::Recv].into_iter().chain(steps.iter()).find(|step| step.runs() && steps.contains(*step)).unwrap();
    let text = format!("{DECLARATIONS}sub {} {{ {statements} }}\n", step.name());
    let users = "alice:$2y$04$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa\n";
    let files = MemoryFiles::new("policy.warp", text).with("notice.txt", "Back soon.").with("users.htpasswd", users);
    let files = files.with("jwks.json", JWKS).with("geo.mmdb", places());
    (step, check("policy.warp", &files))
}

/// The lines that `statements` write to the log; those of the policy as written, where no call is folded.
fn logged(function: Function, statements: &str) -> Vec<String> {
    let typed = || {
        let (step, checked) = checked(function, statements);
        let codes: Vec<_> = checked.diagnostics.iter().map(|finding| (finding.code.id(), &finding.message)).collect();
        (step, checked.hir.unwrap_or_else(|| panic!("{}: {codes:?} in {statements}", function.name())))
    };
    let (mut by_tree, mut as_written) = (request(), request());
    let (step, hir) = typed();
    let verdict = Program::new(hir).run(step, &mut by_tree);
    assert_eq!(verdict, naive::run(&typed().1, step, &mut as_written), "{statements}");
    assert_eq!(by_tree, as_written, "{statements}");
    by_tree.logged.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

fn request() -> Request {
    Request::get("example.com", "/shop/shoe?size=42")
}

fn holds(function: Function, example: &Example) {
    let code = example.code;
    match example.yields {
        None => drop(logged(function, &format!("{code};"))),
        Some("unset") => {
            let found = logged(function, &format!("if ({code}) {{ std.log(\"set\"); }}"));
            assert!(found.is_empty(), "{code} is set");
        }
        Some(yields) => {
            let found = logged(function, &format!("std.log({code}); std.log({yields});"));
            assert_eq!(found.first(), found.get(1), "{code}");
            assert_eq!(found.len(), 2, "{code}");
        }
    }
}

#[test]
fn each_example_yields_what_its_row_says() {
    for function in Function::all() {
        assert!(!function.row().examples.is_empty(), "{} has no example", function.name());
        function.row().examples.iter().for_each(|example| holds(function, example));
    }
}

#[test]
fn each_mistake_is_found() {
    for function in Function::all() {
        assert!(!function.row().mistakes.is_empty(), "{} has no mistake", function.name());
        for mistake in function.row().mistakes {
            let value = function.result() != Type::Void;
            let statement = format!("{}{};", if value { "let x = " } else { "" }, mistake.code);
            let (_, checked) = checked(function, &statement);
            let codes: Vec<_> = checked.diagnostics.iter().map(|finding| finding.code.id()).collect();
            assert!(codes.contains(&mistake.draws), "{codes:?} in {}", mistake.code);
        }
    }
}

#[test]
fn rows_make_sense() {
    let mut names = BTreeSet::new();
    for function in Function::all() {
        let row = function.row();
        assert!(names.insert(row.name), "{} is there twice", row.name);
        assert_eq!(Function::find(row.name), Some(function));
        assert!(row.doc.ends_with('.'), "{}", row.name);
        assert_eq!(
            row.result == Type::Void,
            row.class == Class::Effect && row.examples.iter().all(|one| one.yields.is_none())
        );
        let mut optional = row.parameters.iter().skip_while(|parameter| parameter.default.is_none());
        assert!(optional.all(|parameter| parameter.default.is_some()), "{}: a default before what is wanted", row.name);
    }
}
