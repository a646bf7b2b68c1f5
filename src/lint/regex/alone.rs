//! Words that a pattern has by themselves, with nothing but its ends beside them: `GET` and `HEAD` of `^(GET|HEAD)$`.

use super::CASELESS;
use super::parts::{Part, Row, literal, rows};
use crate::lang::hir::Pattern;

pub(in crate::lint) fn words(pattern: &Pattern) -> Vec<String> {
    let text = pattern.text().strip_prefix(CASELESS).unwrap_or(pattern.text());
    let tree = regex_syntax::ast::parse::Parser::new().parse(text);
    tree.map(|tree| rows(&tree).iter().filter_map(word).collect()).unwrap_or_default()
}

fn word(row: &Row) -> Option<String> {
    let is_end = |part: &Part| matches!(part, Part::Start(_) | Part::End(_));
    let is_alone = row.before.iter().chain(&row.after).all(is_end);
    let letters: Vec<Part> = row.parts.iter().filter(|part| !is_end(part)).cloned().collect();
    literal(&letters).filter(|_| is_alone)
}
