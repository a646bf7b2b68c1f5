//! The page of the words and signs is written by hand: it has to have each of those that the grammar knows.

use std::collections::BTreeSet;

use warp_edge::lang::schema;

const PAGE: &str = include_str!("../../../docs/src/reference/statements.md");
const GRAMMAR: &str = include_str!("../../../grammar/warp.pest");

/// The words and signs of each heading, and the policies under it.
fn entries() -> Vec<(Vec<&'static str>, &'static str)> {
    let sections = PAGE.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap());
    sections.map(|(heading, text)| (heading.split('`').skip(1).step_by(2).collect(), blocks(text))).collect()
}

/// From the first policy of a section to the end of its last one.
fn blocks(text: &'static str) -> &'static str {
    let text = text.split("\n## ").next().unwrap();
    text.split_once("```warp\n").map_or("", |(_, rest)| rest.rsplit_once("```").unwrap().0)
}

fn words() -> BTreeSet<&'static str> {
    let lists = [
        schema::DECLARATIONS,
        schema::STATEMENTS,
        schema::CONTEXTUAL_STATEMENTS,
        schema::ELSE_IF_WORDS,
        schema::WORD_OPERATORS,
        schema::VALUES,
        schema::CONTEXTUAL_WORDS,
        schema::CONTEXTUAL_STATEMENTS,
        schema::NORMALIZE_CLAUSES,
        schema::NORMALIZE_OPERATIONS,
        schema::RULE_MODES,
    ];
    lists.concat().into_iter().collect()
}

/// The signs of the grammar: the first text of each rule between the headings of marks and pieces.
fn marks() -> BTreeSet<&'static str> {
    let rules = GRAMMAR.split_once("// ---- marks").unwrap().1.split_once("// ----").unwrap().0;
    rules.lines().filter_map(|line| line.split_once(" = ")?.1.split('"').nth(1)).collect()
}

#[test]
fn every_word_and_every_sign_has_a_place_on_the_page() {
    let shown: BTreeSet<&str> = entries().into_iter().flat_map(|(names, _)| names).collect();
    let known: BTreeSet<&str> = words().union(&marks()).copied().collect();
    assert_eq!(shown, known);
}

#[test]
fn what_a_heading_names_stands_in_a_policy_below_it() {
    for (names, text) in entries() {
        for name in names {
            assert!(text.contains(name), "`{name}` is in no policy of its section");
        }
    }
}
