//! Who may know whom: the table of ARCHITECTURE.md, held against what the sources say.

use std::collections::BTreeSet;

use super::sources::{Source, files};

/// A module and what it may import of ours. `lang` stands for all modules below `lang`.
const TABLE: &[(&str, &[&str])] = &[
    ("admin", &["policy", "store", "cache", "origin", "telemetry"]),
    ("analysis", &["cache", "decision", "lang", "pace", "simulate"]),
    ("cache", &[]),
    (
        "cli",
        &[
            "admin",
            "analysis",
            "decision",
            "difference",
            "editors",
            "files",
            "lang",
            "lint",
            "origin",
            "policy",
            "proxy",
            "replay",
            "simulate",
            "store",
            "telemetry",
        ],
    ),
    ("decision", &["cache", "lang", "pace"]),
    ("difference", &["analysis", "cache", "decision", "lang", "simulate"]),
    ("editors", &["lang::schema"]),
    ("files", &["lang::check"]),
    ("lang::builtin", &[]),
    (
        "lang::check",
        &[
            "lang::builtin",
            "lang::diagnostic",
            "lang::hir",
            "lang::lexer",
            "lang::schema",
            "lang::source",
            "lang::syntax",
            "pace",
        ],
    ),
    ("lang::diagnostic", &["lang::source"]),
    ("lang::hir", &["lang::diagnostic", "lang::schema", "lang::source", "lang::syntax", "pace"]),
    ("lang::lexer", &["lang::source"]),
    ("lang::schema", &[]),
    ("lang::source", &[]),
    ("lang::syntax", &["lang::diagnostic", "lang::lexer", "lang::schema", "lang::source", "pace"]),
    ("lang::suppress", &["lang::diagnostic", "lang::lexer", "lang::source"]),
    ("limit", &[]),
    ("lint", &["analysis", "cache", "decision", "lang", "simulate", "testing"]),
    ("origin", &["telemetry"]),
    ("pace", &[]),
    ("policy", &["decision", "files", "lang", "limit", "lint", "origin", "pace", "telemetry"]),
    (
        "proxy",
        &[
            "admin",
            "cache",
            "decision",
            "lang::builtin",
            "lang::hir",
            "lang::schema",
            "lang::source",
            "limit",
            "origin",
            "policy",
            "store",
            "telemetry",
        ],
    ),
    ("replay", &["simulate"]),
    ("simulate", &["cache", "decision", "lang"]),
    ("store", &["cache", "telemetry"]),
    ("telemetry", &[]),
    ("testing", &["cache", "decision", "lang", "simulate"]),
];

/// The only modules that may name pingora, and the crates that the quiet modules must not name.
const PINGORA: &[&str] = &["src/proxy/", "src/store/pingora/", "src/store/mod.rs"];
const QUIET: &[&str] = &[
    "src/analysis/",
    "src/cache/",
    "src/decision/",
    "src/difference/",
    "src/editors/",
    "src/lang/",
    "src/lint/",
    "src/simulate/",
    "src/testing/",
];
const LOUD: &[&str] = &[
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime::now",
    "Instant::now",
    "tokio::",
    "std::env",
    "std::process",
];

#[test]
fn modules_import_what_the_table_names() {
    let mut wrong = Vec::new();
    for source in files("src/*/**/*.rs") {
        let Some(module) = module_of(&path_of(&source)) else { continue };
        let (_, allowed) = TABLE.iter().find(|(name, _)| *name == module).unwrap_or_else(|| {
            panic!("the module {module} is not in the table of tests/tidy/imports.rs");
        });
        let imported = imports(&source).into_iter().filter(|import| *import != module);
        wrong.extend(
            imported.filter(|import| !is_allowed(import, allowed)).map(|import| format!("{}: {import}", source.path)),
        );
    }
    assert!(wrong.is_empty(), "against the table: {wrong:#?}");
}

fn is_allowed(import: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|name| import == *name || import.starts_with(&format!("{name}::")))
}

#[test]
fn pingora_is_named_by_the_proxy_and_the_store_s_cache_for_it() {
    for source in files("src/**/*.rs") {
        let named = source.code().find(|(_, line)| line.contains("pingora") && !line.contains('"'));
        let may_name = PINGORA.iter().any(|at| source.path.starts_with(at));
        assert!(may_name || named.is_none(), "{}: {named:?}", source.path);
    }
}

#[test]
fn quiet_modules_touch_no_disk_network_or_clock() {
    for source in files("src/**/*.rs").into_iter().filter(|source| QUIET.iter().any(|at| source.path.starts_with(at))) {
        let named = source.code().find(|(_, line)| LOUD.iter().any(|name| line.contains(name)));
        assert_eq!(named, None, "{}", source.path);
    }
}

/// The path of the module that a file is: `src/lang/check/mod.rs` is `lang`, `check`.
fn path_of(source: &Source) -> Vec<String> {
    let path = source.path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The row of the table that a path belongs to; `None` for the root and for `lang` itself.
fn module_of(path: &[String]) -> Option<String> {
    match path {
        [lang, room, ..] if lang == "lang" => Some(format!("lang::{room}")),
        [lang] if lang == "lang" => None,
        [module, ..] => Some(module.clone()),
        [] => None,
    }
}

/// The modules of ours that the shipped code names by `crate::` or `super::`.
fn imports(source: &Source) -> BTreeSet<String> {
    let here = path_of(source);
    let lines: Vec<&str> = source.code().map(|(_, line)| line).collect();
    let code = lines.join("\n");
    let from_root = after(&code, "crate::").flat_map(|rest| paths(rest, &[]));
    let from_here = supers(&code).flat_map(|(up, rest)| {
        let base = here.get(..here.len().saturating_sub(up)).unwrap_or_default().to_vec();
        paths(rest, &base)
    });
    let known = |module: &String| TABLE.iter().any(|(name, _)| name == module);
    from_root.chain(from_here).filter_map(|path| module_of(&path)).filter(known).collect()
}

/// What stands behind each occurrence of `word` that is not the end of a longer word.
fn after<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(word).filter_map(move |(at, _)| {
        let joined = code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
        (!joined).then(|| &code[at + word.len()..])
    })
}

/// The chains of `super::`: how long each is and what stands behind it.
fn supers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    after(code, "super::").map(|mut rest| {
        let mut up = 1;
        while let Some(further) = rest.strip_prefix("super::") {
            (up, rest) = (up + 1, further);
        }
        (up, rest)
    })
}

/// The paths that `rest` starts with, groups in braces taken apart: `a::{b, c::d}`.
fn paths(rest: &str, base: &[String]) -> Vec<Vec<String>> {
    if let Some(group) = rest.strip_prefix('{') {
        return members(group).into_iter().flat_map(|member| paths(member.trim(), base)).collect();
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let path = [base, &[rest[..end].to_owned()]].concat();
    match rest[end..].strip_prefix("::") {
        Some(further) if path.len() < 2 => paths(further, &path),
        _ => vec![path],
    }
}

/// The members of a group up to its closing brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                found.push(&group[start..at]);
                break;
            }
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::{cache, lang::{hir, schema::Step}};\nuse super::super::source::Span;\nfn f() { crate::origin::f() }\n\
                // crate::proxy\n#[cfg(test)]\nmod tests {\n use crate::cli;\n}\n";
    let source = Source { path: "src/lang/check/names.rs".to_owned(), text: text.to_owned() };
    let expected = ["cache", "lang::hir", "lang::schema", "lang::source", "origin"].map(str::to_owned);
    assert_eq!(imports(&source), BTreeSet::from(expected));
}
