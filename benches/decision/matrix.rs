//! What is measured: rules of one kind, over many hosts or one, as a table or as a ladder, few and many, and what is asked
//! of them.

use std::fmt::Write as _;

use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Options, check_with};

use super::asked::Asked;

/// How many rules there are.
pub const SIZES: [usize; 2] = [10, 10_000];

/// How many hosts many rules are spread over.
const HOSTS: usize = 2_000;

/// How many different URLs are asked for.
pub const URLS: usize = 4_096;

/// What a rule asks of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Exact,
    Prefix,
    Suffix,
    Regex,
    /// One that has no literal in front.
    LooseRegex,
}

/// How the rules are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Table,
    Ladder,
}

/// One of the things measured, but for how many rules there are.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub kind: Kind,
    pub one_host: bool,
    pub form: Form,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Exact, Self::Prefix, Self::Suffix, Self::Regex, Self::LooseRegex];

    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Regex => "regex",
            Self::LooseRegex => "regex at the end",
        }
    }

    fn asks(self, path: &str, rule: usize) -> String {
        match self {
            Self::Exact => format!("{path} == \"/e{rule}/index.html\""),
            Self::Prefix => format!("{path} under \"/p{rule}/\""),
            Self::Suffix => format!("std.suffixof({path}, \"/s{rule}.html\")"),
            Self::Regex => format!("{path} ~ \"^/r{rule}/[a-z]+/[0-9]+\\.html$\""),
            Self::LooseRegex => format!("{path} ~ \"/[a-z]+-{rule}\\.html$\""),
        }
    }

    /// A path that the rule takes, one of many where there are.
    fn path(self, rule: usize, other: usize) -> String {
        match self {
            Self::Exact => format!("/e{rule}/index.html"),
            Self::Prefix => format!("/p{rule}/images/picture-{other}.png"),
            Self::Suffix => format!("/some/where/{other}/s{rule}.html"),
            Self::Regex => format!("/r{rule}/article/{other}.html"),
            Self::LooseRegex => format!("/some/{other}/article-{rule}.html"),
        }
    }
}

impl Cell {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let forms = [Form::Table, Form::Ladder];
        let of_kind = move |kind| {
            [false, true]
                .into_iter()
                .flat_map(move |one_host| forms.into_iter().map(move |form| Self { kind, one_host, form }))
        };
        Kind::ALL.into_iter().flat_map(of_kind)
    }

    /// What it is called.
    pub fn name(self) -> String {
        let hosts = if self.one_host { "1 host" } else { "2,000 hosts" };
        let form = if self.form == Form::Table { "table" } else { "ladder" };
        format!("{}, {hosts}, {form}", self.kind.name())
    }

    fn host(self, rule: usize) -> String {
        if self.one_host { "www.example.com".to_owned() } else { format!("h{}.example.com", rule % HOSTS) }
    }

    /// The policy of so many rules.
    pub fn program(self, rules: usize) -> Program {
        let text = self.policy(rules);
        let options = Options { require_backend: false, ..Options::default() };
        let checked = check_with("bench.warp", &MemoryFiles::new("bench.warp", text), &options);
        Program::new(checked.hir.unwrap_or_default())
    }

    fn policy(self, rules: usize) -> String {
        let mut text = "warp 1;\n".to_owned();
        text.push_str(if self.form == Form::Table { "rules request first {\n" } else { "sub recv {\n" });
        for rule in 0..rules {
            let host = self.host(rule);
            let _ = match self.form {
                Form::Table => {
                    writeln!(text, "when host == \"{host}\" and {} -> pass;", self.kind.asks("path", rule))
                }
                Form::Ladder => {
                    let word = if rule == 0 { "if" } else { "else if" };
                    let asks = self.kind.asks("req.path", rule);
                    writeln!(text, "{word} (req.host == \"{host}\" && {asks}) {{ return (pass); }}")
                }
            };
        }
        text + if self.form == Form::Table { "else -> cache;\n}\n" } else { "else { return (hash); }\n}\n" }
    }

    /// What is asked: half of it is taken by a rule, of the rest one half has the host of one.
    pub fn requests(self, rules: usize) -> Vec<Asked> {
        let request = |at: usize| {
            // Far apart, so that one does not warm the caches for the next.
            let rule = at.wrapping_mul(7_919) % rules;
            let host = self.host(rule);
            match at % 4 {
                0 | 1 => Asked::new(host, self.kind.path(rule, at)),
                2 => Asked::new(host, format!("/wp-content/themes/{at}/style.css?ver={at}")),
                _ => Asked::new(format!("other{at}.example.com"), self.kind.path(rule, at)),
            }
        };
        (0..URLS).map(request).collect()
    }
}
