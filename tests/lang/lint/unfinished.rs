//! Where a bound is met before all is looked at, it is said.

use super::{all_have, linted, none_has_any};

/// The notes, each with what it points at.
fn notes(text: &str) -> Vec<(String, String)> {
    let checked = linted(&[("p.warp", text)]);
    let note = |finding: &warp_edge::lang::diagnostic::Diagnostic| {
        (finding.message.clone(), format!("{} | {}", checked.sources.text(finding.primary.span), finding.primary.text))
    };
    checked.diagnostics.iter().filter(|finding| finding.code.id() == "W0917").map(note).collect()
}

const LARGE: &str = r#"url ~ "^/.{900}a" and url ~ "b.{900}$" and url ~ "c.{900}d""#;

#[test]
fn automata_that_are_too_large_are_told_at_the_rule_that_was_asked_about() {
    let text = format!("rules request first {{ when path == \"/a\" -> pass; when {LARGE} -> pass; }}");
    let rule = format!("when {LARGE} -> pass; | left out");
    let message = "not looked at to the end, for conditions that nothing or everything passes (W0510, W0511, W0512): the \
                   budget of states of the automata of one text is used up";
    assert_eq!(notes(&text), [(message.to_owned(), rule)]);
}

#[test]
fn several_rules_are_told_of_at_the_first_of_them() {
    let text = format!("rules request first {{ when {LARGE} -> pass; when {LARGE} and method == \"PUT\" -> pass; }}");
    let labels: Vec<String> = notes(&text).into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, [format!("when {LARGE} -> pass; | left out, the first of 2")]);
}

#[test]
fn more_places_than_are_looked_at_are_counted() {
    let rows = (0..1_003).map(|at| format!("when path == \"/{at}\" -> set beresp.http.X = bereq.http.Y;"));
    let rows = rows.collect::<Vec<_>>().concat();
    let text = format!("rules response first {{ {rows} }}");
    let found = notes(&text);
    let [(message, place)] = found.as_slice() else { panic!("{found:#?}") };
    assert!(message.ends_with("what one client says and others get (W0805): the budget of 1000 places is used up"));
    assert_eq!(place, "set beresp.http.X = bereq.http.Y | left out, the first of 3");
}

#[test]
fn what_is_decided_is_not_told() {
    none_has_any(&[
        r#"rules request first { when url ~ "^/[0-9]{20}a" and url ~ "b.{3}$" -> pass; }"#,
        r#"normalize req { path decode_unreserved, merge_slashes, resolve_dots, refuse_ambiguous; query sort; }
           rules request first { when path under "/a" -> pass; when path ext ["css", "js"] -> strip cookie, cache; }"#,
    ]);
    all_have("W0511", &[r#"normalize req { path merge_slashes; } rules request first { when path ~ "//" -> pass; }"#]);
}
