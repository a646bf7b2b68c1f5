//! The book in `docs/`: its reference is written from the schema, and its links lead somewhere.

mod names;
mod reference;
mod statements;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

/// With `UPDATE_DOCS=1` the pages are written; else they must be as the schema says.
#[test]
fn the_reference_is_current() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for (name, text) in reference::pages() {
        let path = book().join("reference").join(name);
        if update {
            fs::write(&path, &text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "docs/src/reference/{name} is out of date: run the tests with UPDATE_DOCS=1");
    }
}

#[test]
fn every_type_that_the_reference_names_is_on_the_page_of_types() {
    let page = fs::read_to_string(book().join("reference/types.md")).unwrap();
    let names: BTreeSet<&str> = reference::type_names().into_iter().collect();
    let missing: Vec<&str> = names.iter().copied().filter(|name| !page.contains(&format!("\n| `{name}` | "))).collect();
    assert!(missing.is_empty() && names.contains("FILE") && names.contains("HEADER"), "{missing:?} of {names:?}");
}

fn pages() -> Vec<PathBuf> {
    let pattern = book().join("**/*.md");
    glob::glob(pattern.to_str().unwrap()).unwrap().flatten().collect()
}

/// The targets of the links of a page that stay in the book, without anchors.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap())
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary).map(|target| book().join(target)).collect();
    let there: BTreeSet<PathBuf> = pages().into_iter().filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, there);
}

#[test]
fn links_within_the_book_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            assert!(page.with_file_name(target).exists(), "{}: {target}", page.display());
        }
    }
}
