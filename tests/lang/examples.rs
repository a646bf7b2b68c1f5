//! The policies that people start from: the examples, and those in README and in the book.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use warp_edge::lang::check::{Checked, Files, Unread};
use warp_edge::lint::check;

use crate::decision::mmdb::database;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn matching(pattern: &str) -> Vec<PathBuf> {
    let found: Vec<PathBuf> = glob::glob(root().join(pattern).to_str().unwrap()).unwrap().flatten().collect();
    assert!(!found.is_empty(), "nothing matches {pattern}");
    found
}

/// One text, which includes nothing.
struct Text(String);

impl Files for Text {
    fn expand(&self, _: &str, path: &str) -> Result<Vec<String>, String> {
        Ok(beside(path).map(|_| path.to_owned()).into_iter().collect())
    }

    fn read(&self, path: &str, _: usize) -> Result<Vec<u8>, Unread> {
        Ok(beside(path).unwrap_or_else(|| self.0.clone().into_bytes()))
    }
}

/// The files of data that policies of the papers have beside them.
fn beside(path: &str) -> Option<Vec<u8>> {
    let text = match path {
        "countries.mmdb" => return Some(database(&[("192.0.2.0/24", json!({ "country": { "iso_code": "NL" } }))])),
        "staging.htpasswd" => "alice:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=",
        "limits.json" => "{\"free\": 60}",
        "sign.key" => "s3cret",
        "sites/example.warp" | "sites/shop.warp" => "warp 1;\nbackend origin { .host = \"127.0.0.1\"; }\n",
        _ => return None,
    };
    Some(text.as_bytes().to_owned())
}

fn findings(checked: &Checked) -> Vec<String> {
    let say = |found: &warp_edge::lang::diagnostic::Diagnostic| {
        format!("{} {} {}", checked.sources.describe(found.primary.span), found.code.id(), found.message)
    };
    checked.diagnostics.iter().map(say).collect()
}

/// What is found by looking at requests.
fn lints(checked: &Checked) -> Vec<String> {
    let of_requests = |found: &String| ["W051", "W052", "W080"].iter().any(|code| found.contains(code));
    findings(checked).into_iter().filter(of_requests).collect()
}

#[test]
fn the_examples_check_clean() {
    for path in matching("examples/*.warp") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let checked = check(name, &Text(fs::read_to_string(&path).unwrap()));
        assert_eq!(findings(&checked), Vec::<String>::new());
        assert!(checked.hir.is_some(), "{name} yields a typed policy");
    }
}

/// What pieces of policies in the papers take for granted.
const TAKEN_FOR_GRANTED: &str = "\
warp 1;
backend default { .host = \"127.0.0.1\"; }
backend news { .host = \"127.0.0.1\"; .port = \"8001\"; }
acl office { \"192.0.2.0\"/24; }
sub used { if (client.ip ~ office) { set req.backend_hint = news; } }
";

/// The blocks of a page that are marked as policies.
fn blocks(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let blocks = text.split("```warp\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| if block.starts_with("warp 1;") { block.to_owned() } else { [TAKEN_FOR_GRANTED, block].concat() })
        .collect()
}

#[test]
fn the_policies_of_the_papers_have_no_mistakes() {
    for page in matching("docs/src/**/*.md").into_iter().chain(matching("README.md")) {
        for block in blocks(&page) {
            let checked = check("block.warp", &Text(block));
            assert!(checked.hir.is_some(), "{}: {:#?}", page.display(), findings(&checked));
            // Pieces may leave names unused; what becomes of requests is as it should be.
            let lints: Vec<String> = lints(&checked);
            assert_eq!(lints, Vec::<String>::new(), "{}", page.display());
        }
    }
}

#[test]
fn the_recipes_are_whole_policies_without_a_finding() {
    for page in matching("docs/src/cookbook/*.md") {
        for block in blocks(&page) {
            assert!(!block.starts_with(TAKEN_FOR_GRANTED), "{}: a recipe without `warp 1;`", page.display());
            let checked = check("block.warp", &Text(block));
            assert_eq!(findings(&checked), Vec::<String>::new(), "{}", page.display());
        }
    }
}
