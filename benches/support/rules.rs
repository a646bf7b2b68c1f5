//! Policies of many rules as text, in the forms that people write.

use std::fmt::Write as _;

/// How many rules share a host.
pub const RULES_A_HOST: usize = 10;

/// How the rules are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `if … else if … else if …`, each setting a field.
    Ladder,
    /// A row of a table each.
    Table,
    /// An `if` each that returns.
    Returning,
    /// An `if` each that sets a field and goes on.
    GoingOn,
    /// An `if` for each host, with one for each path inside.
    Nested,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 5] = [Self::Ladder, Self::Table, Self::Returning, Self::GoingOn, Self::Nested];

    /// What it is called in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ladder => "`else if` ladder",
            Self::Table => "rule table",
            Self::Returning => "`if`s that return",
            Self::GoingOn => "`if`s that go on",
            Self::Nested => "paths within hosts",
        }
    }

    /// A policy of so many rules, ten on each host, every second one a regular expression.
    pub fn policy(self, rules: usize) -> String {
        let mut text = "warp 1;\n\nbackend default { .host = \"127.0.0.1\"; .port = \"8080\"; }\n\n".to_owned();
        match self {
            Self::Ladder => ladder(&mut text, rules),
            Self::Table => table(&mut text, rules),
            Self::Returning => ifs(&mut text, rules, "return (pass);"),
            Self::GoingOn => ifs(&mut text, rules, "set req.http.X-Rule = \"here\";"),
            Self::Nested => nested(&mut text, rules),
        }
        text
    }
}

/// The host of a rule.
pub fn host(rule: usize) -> String {
    format!("h{}.example", rule / RULES_A_HOST)
}

/// What a rule asks of the path; `path` is what the path is called.
fn asks(path: &str, rule: usize) -> String {
    if rule.is_multiple_of(2) {
        format!("{path} under \"/p{rule}/\"")
    } else {
        format!("{path} ~ \"^/p{rule}/[a-z]+/[0-9]+$\"")
    }
}

fn ladder(text: &mut String, rules: usize) {
    text.push_str("sub deliver {\n");
    for rule in 0..rules {
        let word = if rule == 0 { "    if" } else { " else if" };
        let (host, asks) = (host(rule), asks("req.path", rule));
        let _ = write!(
            text,
            "{word} (req.host == \"{host}\" && {asks}) {{\n        set resp.http.X-Rule = \"{rule}\";\n    }}"
        );
    }
    text.push_str("\n}\n");
}

fn table(text: &mut String, rules: usize) {
    text.push_str("rules request first {\n");
    for rule in 0..rules {
        let _ = writeln!(text, "    when host == \"{}\" and {} -> pass;", host(rule), asks("path", rule));
    }
    text.push_str("    else -> cache;\n}\n");
}

fn ifs(text: &mut String, rules: usize, then: &str) {
    text.push_str("sub recv {\n");
    for rule in 0..rules {
        let (host, asks) = (host(rule), asks("req.path", rule));
        let _ = writeln!(text, "    if (req.host == \"{host}\" && {asks}) {{\n        {then}\n    }}");
    }
    text.push_str("}\n");
}

fn nested(text: &mut String, rules: usize) {
    text.push_str("sub recv {\n");
    for rule in 0..rules {
        if rule.is_multiple_of(RULES_A_HOST) {
            let _ = writeln!(text, "    if (req.host == \"{}\") {{", host(rule));
        }
        let _ = writeln!(text, "        if ({}) {{\n            return (pass);\n        }}", asks("req.path", rule));
        if rule % RULES_A_HOST == RULES_A_HOST - 1 || rule + 1 == rules {
            text.push_str("    }\n");
        }
    }
    text.push_str("}\n");
}
