//! Ten thousand rules are linted in no time.

use std::fmt::Write as _;

use super::codes;

/// A table of so many rows.
fn table(count: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = "normalize req { host lower; }\nrules request first {\n".to_owned();
    for at in 0..count {
        writeln!(text, "    when {};", row(at)).unwrap();
    }
    text.push_str("}\n");
    text
}

/// Whoever finds this too slow has found a product of all rows with all rows: it takes seconds, not minutes.
#[test]
fn ten_thousand_rows_are_linted_in_no_time() {
    let hosts = |at: usize| format!("host == \"h{}.test\" and path under \"/p{at}/\"", at / 10);
    let passing = table(10_000, |at| format!("{} -> pass", hosts(at)));
    assert_eq!(codes(&passing), Vec::<String>::new());
    let stored = table(10_000, |at| format!("{} -> strip cookie, strip authorization, cache", hosts(at)));
    assert_eq!(codes(&stored), Vec::<String>::new());
    let patterns = table(1_000, |at| format!("path ~ \"^/p{at}/[a-z]+\\.html$\" -> pass"));
    assert_eq!(codes(&patterns), Vec::<String>::new());
    let written = table(10_000, |at| format!("{} -> set req.http.X-Tenant = \"t{at}\"", hosts(at)));
    assert_eq!(codes(&format!("{written}\nkey {{ req.host; req.url; req.http.X-Tenant; }}")), Vec::<String>::new());
}

/// Ten thousand `if`s in a row, whether they end the step or go on.
#[test]
fn ten_thousand_conditions_in_a_row_are_linted_in_no_time() {
    let ifs = |step: &str, one: &dyn Fn(usize) -> String| -> String {
        let lines: Vec<String> = (0..10_000).map(one).collect();
        format!("sub {step} {{\n{}\n}}\n", lines.join("\n"))
    };
    let ended = ifs("recv", &|at| format!("if (req.path under \"/p{at}\") {{ return (pass); }}"));
    assert_eq!(codes(&ended), ["W0913"]);
    let either =
        ifs("recv", &|at| format!("if (req.path == \"/p{at}\" or req.path == \"/q{at}\") {{ return (pass); }}"));
    assert_eq!(codes(&either), Vec::<String>::new());
    let written = ifs("backend_response", &|at| {
        format!("if (bereq.path under \"/p{at}\") {{ set beresp.ttl = {}s; }}", at % 9 + 1)
    });
    // Each of them is not compared with all others.
    assert_eq!(codes(&written), ["W0917"]);
}

/// Whoever looks behind each part for one that costs less finds none here.
#[test]
fn a_condition_of_ten_thousand_parts_is_linted_in_no_time() {
    let part = |at: usize| format!("(req.http.A{at} == \"x\" or req.http.B{at} == \"y\")");
    let parts: Vec<String> = (0..10_000).map(part).collect();
    let text = format!("sub recv {{ if ({}) {{ return (pass); }} }}", parts.join(" and "));
    // What all of them say together is not looked at.
    assert_eq!(codes(&text), ["W0917"]);
}

#[test]
fn one_row_among_ten_thousand_is_found_that_another_one_takes() {
    let row = |at: usize| format!("host == \"h{}.test\" and path under \"/p{}/\" -> pass", at / 10, at % 9_999);
    let same = |at: usize| if at == 9_999 { row(17).replace("p17/", "p17/a/") } else { row(at) };
    assert_eq!(codes(&table(10_000, same)), ["W0510"]);
}

#[test]
fn one_access_list_among_thousands_is_found_that_others_take() {
    let list = |at: usize| format!("acl a{at} {{ \"10.{}.{}.0\"/24; }}\n", at / 256, at % 256);
    let lists: String = (0..3_000).map(list).collect();
    let narrow = "acl narrow { \"10.3.7.128\"/25; }\n";
    let row =
        |at: usize| format!("client.ip ~ {} -> pass", if at == 2_999 { "narrow".to_owned() } else { format!("a{at}") });
    assert_eq!(codes(&format!("{lists}{narrow}{}", table(3_000, row))), ["W0216", "W0510"]);
}

/// Rows that no text at the start of a value tells apart: names of cookies, parameters and fields, patterns that begin anywhere.
#[test]
fn thousands_of_rows_of_every_kind_are_linted_in_no_time() {
    let kinds: [fn(usize) -> String; 6] = [
        |at| format!("cookies has \"a{at}\" -> pass"),
        |at| format!("query[\"a{at}\"] == \"{at}\" -> pass"),
        |at| format!("header \"X-A{at}\" == \"v\" -> pass"),
        |at| format!("path ext \"e{at}\" -> {}", ["pass", "deny 404"][at % 2]),
        |at| format!("path ~ \"/x{at}-/.*\\.html$\" -> pass"),
        |at| format!("header \"X-A\" ~ \"-{at}-\" -> pass"),
    ];
    for kind in kinds {
        assert_eq!(codes(&table(2_000, kind)), Vec::<String>::new(), "{}", kind(0));
    }
    let mixed = |at: usize| kinds[at % kinds.len()](at);
    assert_eq!(codes(&table(6_000, mixed)), Vec::<String>::new());
}

/// Who is behind a thousand tables is behind all of their rows.
#[test]
fn a_thousand_tables_in_a_row_are_linted_in_no_time() {
    let ends = |at: usize| ["pass", "deny 404"][at % 2];
    let row = |at: usize| format!("    when path under \"/t{}/p{at}/\" -> {};\n", at / 10, ends(at));
    let mut tables = String::new();
    for table in 0..1_000 {
        let rows: Vec<String> = (0..10).map(|at| row(table * 10 + at)).collect();
        writeln!(tables, "rules request first {{\n{}}}", rows.concat()).unwrap();
    }
    assert_eq!(codes(&tables), Vec::<String>::new());
    let last = "rules request first { when path under \"/t7/p70/a/\" -> pass; }\n";
    assert_eq!(codes(&format!("{tables}{last}")), ["W0510"]);
}

/// What is known of a request is not kept with all names in sight, once for each statement.
#[test]
fn thousands_of_names_take_little_memory() {
    let lines: Vec<String> = (0..8_000)
        .map(|at| {
            format!("let n{at} = req.http.X{} ?? \"a\"; if (n{at} == \"{at}\") {{ return (synth(403)); }}", at % 50)
        })
        .collect();
    assert_eq!(codes(&format!("sub recv {{\n{}\n}}\n", lines.join("\n"))), Vec::<String>::new());
    let fields: Vec<String> = (0..4_000)
        .map(|at| {
            format!(
                "set req.http.X{at} = req.http.Y; if (req.url == \"/{at}\" and req.http.X{at}) {{ return (pass); }}"
            )
        })
        .collect();
    assert_eq!(codes(&format!("sub recv {{\n{}\n}}\n", fields.join("\n"))), Vec::<String>::new());
}

/// Names that are kept, and rows by others, have to be put together: that ends, and it is said that it did.
#[test]
fn many_patterns_of_names_are_looked_at_as_far_as_time_allows() {
    let kept = |pattern: &dyn Fn(usize) -> String| (0..300).map(pattern).collect::<Vec<_>>().join(", ");
    let rows = (0..300).map(|at| format!("when query any \"*{at}*x*\" and cookies any \"z*{at}*\" -> pass;\n"));
    let policy = format!(
        "normalize req {{ query keep [{}], sort; cookie keep [{}]; }}\nrules request first {{ {} }}",
        kept(&|at| format!("\"a*{at}*b*\"")),
        kept(&|at| format!("\"*{at}*\"")),
        rows.collect::<Vec<_>>().concat()
    );
    assert!(codes(&policy).contains(&"W0917".to_owned()));
}
