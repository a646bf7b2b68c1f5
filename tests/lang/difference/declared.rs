//! Tables, acls and constants that rules name, and that say something else.

use warp_edge::difference::{Difference, Fired, Policy, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;

use super::BACKENDS;
use super::policies::{compared, said};

/// The lines of each class that only one policy has.
fn lines(old: &str, new: &str) -> Vec<Vec<String>> {
    lines_of(&compared(old, new))
}

fn lines_of(found: &Difference) -> Vec<Vec<String>> {
    let of = |mark: &str, rules: &[Fired]| -> Vec<String> {
        rules.iter().map(|rule| format!("{mark} {}", rule.text)).collect()
    };
    found.classes.iter().map(|class| [of("-", &class.old_rules), of("+", &class.new_rules)].concat()).collect()
}

const COUNTRIES: &str = "const OTHER = \"en\";
table countries {
    \"de.test\": \"de\",
    \"fr.test\": \"fr\",
}
sub recv {
    unset req.http.X-Other;
    set req.http.X-Country = countries[req.host] ?? OTHER;
    if (req.cookies has \"session\") { return (pass); }
}
sub hash { hash_data(req.http.X-Country); }";

const SET: &str = "- set req.http.X-Country = countries[req.host] ?? OTHER;";
const SET_NOW: &str = "+ set req.http.X-Country = countries[req.host] ?? OTHER;";

#[test]
fn what_lines_name_is_told_where_they_are_the_same() {
    let more = COUNTRIES.replace("    \"fr.test\"", "    \"es.test\": \"es\",\n    \"fr.test\"");
    assert_eq!(lines(COUNTRIES, &more), [[SET, SET_NOW, r#"+ "es.test": "es","#]]);
    assert_eq!(said(COUNTRIES, &more), [r#"GET "https://es.test/": key changed, bereq.http.x-country changed"#]);
    let other = COUNTRIES.replace("\"fr\",", "\"ca\",");
    assert_eq!(lines(COUNTRIES, &other), [[SET, r#"- "fr.test": "fr","#, SET_NOW, r#"+ "fr.test": "ca","#]]);
    let english = COUNTRIES.replace("\"en\"", "\"uk\"");
    assert_eq!(lines(COUNTRIES, &english), [[SET, r#"- const OTHER = "en";"#, SET_NOW, r#"+ const OTHER = "uk";"#]]);
    let acl = |address| {
        format!(
            "acl near {{ \"10.0.0.1\"; {address} }} rules request first {{ when client.ip ~ near -> pass; else -> cache; }}"
        )
    };
    let found = lines(&acl("\"10.0.0.2\";"), &acl(""));
    assert!(found.len() == 1 && found[0].iter().any(|line| line.contains("acl near")), "{found:?}");
}

/// A policy whose tables stand in files, and what they hold.
fn with_files(files: &[(&str, &str)]) -> warp_edge::lang::check::Checked {
    let policy = format!(
        "{BACKENDS}table plans: STRING -> STRING from \"plans.json\";
        table limits: STRING -> DURATION from \"limits.csv\";
        sub recv {{
            set req.http.X-Plan = plans[req.host] ?? \"free\";
        }}
        sub backend_response {{
            set beresp.ttl = limits[bereq.path] ?? 10s;
        }}"
    );
    let all = files.iter().fold(MemoryFiles::new("site.warp", policy), |all, (name, text)| all.with(*name, *text));
    check("site.warp", &all)
}

fn json(own: &str) -> String {
    let rows: Vec<String> = (0..300).map(|at| format!("  \"h{at}.test\": \"free\",\n")).collect();
    let rows = rows.concat();
    format!("{{\n{rows}  {own}\n}}\n")
}

fn csv(own: &str) -> String {
    (0..300).map(|at| if at == 44 { format!("/p44,{own}\n") } else { format!("/p{at},{at}s\n") }).collect()
}

#[test]
fn rows_of_files_are_told_that_change() {
    let pair = [(json("\"a.test\": \"free\""), csv("9s")), (json("\"a.test\": \"team\""), csv("99s"))];
    let [old, new] = pair.map(|(json, csv)| with_files(&[("plans.json", &json), ("limits.csv", &csv)]));
    let [before, after] = [&old, &new].map(|it| it.hir.as_ref().unwrap_or_else(|| panic!("{:#?}", it.diagnostics)));
    let of = |hir, sources| Policy { hir, sources };
    let mut found = lines_of(&difference(of(before, &old.sources), of(after, &new.sources)));
    found.sort();
    found.dedup();
    let plan = "set req.http.X-Plan = plans[req.host] ?? \"free\";";
    let ttl = "set beresp.ttl = limits[bereq.path] ?? 10s;";
    let expected = [
        [format!("- {ttl}"), "- /p44,9s".to_owned(), format!("+ {ttl}"), "+ /p44,99s".to_owned()],
        [
            format!("- {plan}"),
            "- \"a.test\": \"free\"".to_owned(),
            format!("+ {plan}"),
            "+ \"a.test\": \"team\"".to_owned(),
        ],
    ];
    assert_eq!(found, expected);
}

#[test]
fn of_a_long_acl_the_entry_is_told_that_changes() {
    for mark in ["\n", " "] {
        let acl = |own: &str| {
            let entries: Vec<String> = (0..250).map(|at| format!("\"10.{at}.0.0\"/16;")).collect();
            let other = format!("acl other {{{mark}\"10.100.0.0\"/16;{mark}}}\n");
            let rules =
                "rules request first {\n when client.ip ~ bots -> deny 403;\n when client.ip ~ other -> pass;\n}";
            let entries = entries.join(mark).replace("\"10.100.0.0\"/16", own);
            format!("acl bots {{{mark}{entries}{mark}}}\n{other}{rules}")
        };
        let found = lines(&acl("\"10.100.0.0\"/16"), &acl("\"10.100.0.0\"/17"));
        let told: Vec<&String> = found.iter().flatten().filter(|line| line.contains("10.")).collect();
        assert!(!told.is_empty() && told.iter().all(|line| line.contains("10.100.0.0")), "{found:#?}");
        assert!(told.iter().all(|line| line.len() < 40), "{found:#?}");
    }
}
