//! The `TextMate` grammar, which VS Code, Sublime Text, `JetBrains` and many others read.
//!
//! Scopes follow the naming conventions of the `TextMate` manual, so that any theme colours them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rule::Rule;
use super::words;
use crate::lang::schema::{
    CONTEXTUAL_STATEMENTS, NORMALIZE_CLAUSES, NORMALIZE_OPERATIONS, RULE_MODES, STATEMENTS, TEST_PARTS, VALUES,
    WORD_OPERATORS,
};

/// A name: a letter, then letters, digits, `_` and `-`.
const NAME: &str = "[A-Za-z_][\\w-]*";
/// A name with dots.
const DOTTED: &str = "[A-Za-z_][\\w-]*(?:\\.[A-Za-z_][\\w-]*)*";

/// The grammar, as its file holds it.
pub(super) fn grammar() -> String {
    let grammar = Grammar {
        comment: "Written from src/lang/schema by src/editors; change those and run the tests with UPDATE_EDITORS=1.",
        name: "warp",
        scope_name: "source.warp",
        file_types: &["warp"],
        patterns: top_level(),
        repository: repository(),
    };
    // The value holds strings, lists and maps with string keys alone, which JSON can always say.
    let mut text = serde_json::to_string_pretty(&grammar).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Grammar {
    comment: &'static str,
    name: &'static str,
    scope_name: &'static str,
    file_types: &'static [&'static str],
    patterns: Vec<Rule>,
    repository: BTreeMap<&'static str, Rule>,
}

/// One of these words, not as a part of a longer name.
fn one_of(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.replace('.', "\\.")).collect();
    format!("(?<![\\w.-])(?:{})(?![\\w-])", words.join("|"))
}

/// One of these words with a group around it, for patterns of several parts.
fn group_of(words: &[&str]) -> String {
    format!("({})(?![\\w-])", words.join("|"))
}

fn top_level() -> Vec<Rule> {
    let names = [
        "comments",
        "rules",
        "normalize",
        "key",
        "invariant",
        "test",
        "declarations",
        "statements",
        "attributes",
        "expression",
    ];
    names.iter().map(|name| Rule::include(name)).collect()
}

fn repository() -> BTreeMap<&'static str, Rule> {
    BTreeMap::from([
        ("comments", comments()),
        ("declarations", declarations()),
        ("rules", rules()),
        ("row", row()),
        ("normalize", normalize()),
        ("key", key()),
        ("invariant", invariant()),
        ("test", test()),
        ("statements", statements()),
        ("attributes", attributes()),
        ("strings", strings()),
        ("names", names()),
        ("values", values()),
        ("marks", marks()),
        ("expression", Rule::group(["comments", "strings", "values", "names", "marks"].map(Rule::include).into())),
    ])
}

fn comments() -> Rule {
    Rule::group(vec![
        Rule::word("comment.line.number-sign", "#.*$"),
        Rule::word("comment.line.double-slash", "//.*$"),
        Rule::between("/\\*", "\\*/").named("comment.block"),
    ])
}

fn declarations() -> Rule {
    let steps = words::steps();
    Rule::group(vec![
        Rule::parts("(?<![\\w.-])(warp)\\s+(\\d+)", &["keyword.control.version", "constant.numeric.version"]),
        Rule::word("keyword.control.include", one_of(&["include"])),
        Rule::parts("(?<![\\w.-])(site)(?=\\s*\")", &["storage.type.declaration"]),
        Rule::parts(
            format!("(?<![\\w.-])(backend|probe|director|acl|table)\\s+({NAME})"),
            &["storage.type.declaration", "entity.name.type"],
        ),
        Rule::parts(
            format!("(?<![\\w.-])(sub)\\s+{}", group_of(&steps)),
            &["storage.type.declaration", "support.function.step"],
        ),
        Rule::parts(
            format!("(?<![\\w.-])(sub|override|fn)\\s+({DOTTED})"),
            &["storage.type.declaration", "entity.name.function"],
        ),
        Rule::parts(
            format!("(?<![\\w.-])(const|let)\\s+({NAME})"),
            &["storage.modifier.binding", "variable.other.constant"],
        ),
    ])
}

/// A rule table: `rules request first { when … -> …; }`.
fn rules() -> Rule {
    Rule::between("(?<![\\w.-])(rules)(?![\\w.-])", "(\\})")
        .named("meta.rules")
        .ends(&["keyword.control.rules"], &["punctuation.section.block.end"])
        .holding(&["row", "expression"])
}

fn row() -> Rule {
    let actions = Rule::between("(->)", "(?=[;}])").named("meta.row.actions").ends(&["keyword.operator.arrow"], &[]);
    let mut held =
        vec![Rule::include("comments"), Rule::word("support.function.action", one_of(&words::rule_actions()))];
    held.extend(["statements", "expression"].map(Rule::include));
    Rule::group(vec![
        Rule::include("comments"),
        actions.with(held),
        Rule::word("keyword.control.table", one_of(&words::rule_tables())),
        Rule::word("keyword.control.mode", one_of(RULE_MODES)),
        Rule::word("keyword.control.conditional", one_of(&["when", "else"])),
        Rule::word("variable.language.short", one_of(&words::short_names())),
    ])
}

/// `normalize req { query drop [...], sort; }`
fn normalize() -> Rule {
    let held = vec![
        Rule::include("comments"),
        Rule::word("variable.language.message", one_of(&words::messages())),
        Rule::word("support.type.clause", one_of(NORMALIZE_CLAUSES)),
        Rule::word("support.function.operation", one_of(NORMALIZE_OPERATIONS)),
        Rule::include("expression"),
    ];
    Rule::between("(?<![\\w.-])(normalize)(?![\\w.-])", "(\\})")
        .named("meta.normalize")
        .ends(&["keyword.control.normalize"], &["punctuation.section.block.end"])
        .with(held)
}

/// `key { req.host; req.query sorted; }`
fn key() -> Rule {
    Rule::between("(?<![\\w.-])(key)\\s*(?=\\{)", "(\\})")
        .named("meta.key")
        .ends(&["keyword.control.key"], &["punctuation.section.block.end"])
        .holding(&["expression"])
}

/// `invariant "…" { path under "/admin/" => not stored }`
fn invariant() -> Rule {
    let held = vec![
        Rule::include("comments"),
        Rule::include("strings"),
        Rule::word("keyword.operator.word", one_of(&["contains", "excludes"])),
        Rule::word("variable.language.short", one_of(&words::names_in_invariants())),
        Rule::include("expression"),
    ];
    Rule::between("(?<![\\w.-])(invariant)(?=\\s*\")", "(\\})")
        .named("meta.invariant")
        .ends(&["storage.type.declaration"], &["punctuation.section.block.end"])
        .with(held)
}

/// `test "…" { request GET "https://a.example/" { Cookie: "a=1" }; expect not stored; }`
fn test() -> Rule {
    let fields = Rule::between("(\\{)", "(\\})")
        .ends(&["punctuation.section.block.begin"], &["punctuation.section.block.end"])
        .holding(&["expression"]);
    let held = vec![
        Rule::include("comments"),
        Rule::include("strings"),
        fields,
        Rule::word("keyword.control.test", one_of(TEST_PARTS)),
        Rule::word("keyword.operator.word", one_of(&["contains", "excludes"])),
        Rule::word("variable.language.short", one_of(&words::names_in_invariants())),
        Rule::include("expression"),
    ];
    Rule::between("(?<![\\w.-])(test)\\s*(\"[^\"]*\")\\s*(\\{)", "(\\})")
        .named("meta.test")
        .ends(
            &["storage.type.declaration", "string.quoted.double", "punctuation.section.block.begin"],
            &["punctuation.section.block.end"],
        )
        .with(held)
}

fn statements() -> Rule {
    Rule::group(vec![
        Rule::parts(
            format!("(?<![\\w.-])(return)\\s*(\\()\\s*{}", group_of(&words::actions())),
            &["keyword.control.return", "punctuation.section.parens.begin", "support.function.action"],
        ),
        Rule::parts(
            format!("(?<![\\w.-])(call)\\s+({DOTTED})"),
            &["keyword.control.call", "entity.name.function.call"],
        ),
        Rule::word("keyword.control.conditional", one_of(&words::conditionals())),
        Rule::word("keyword.control", one_of(STATEMENTS)),
        // Elsewhere they are names.
        Rule::parts(
            format!("(?:^|(?<=[;{{}}]))\\s*{}(?=\\s+[\\w\"])", group_of(CONTEXTUAL_STATEMENTS)),
            &["keyword.control"],
        ),
    ])
}

fn attributes() -> Rule {
    Rule::parts(
        format!("(?<![\\w.-])(\\.){}", group_of(&words::attributes())),
        &["punctuation.definition.attribute", "entity.other.attribute-name"],
    )
}

fn strings() -> Rule {
    Rule::group(vec![
        Rule::between("\"\"\"", "\"\"\"(?!\")").named("string.quoted.triple"),
        // What stands behind `~` is a regular expression.
        Rule::between("(!?~)\\s*(\")(?!\"\")", "(\")|$").inner("string.regexp").ends(
            &["keyword.operator.match", "punctuation.definition.string.begin"],
            &["punctuation.definition.string.end"],
        ),
        Rule::between("\"", "\"|$").named("string.quoted.double"),
    ])
}

fn values() -> Rule {
    Rule::group(vec![
        Rule::parts(
            format!("\\b(\\d+(?:\\.\\d+)?)({})?\\b", words::units().join("|")),
            &["constant.numeric", "keyword.other.unit"],
        ),
        Rule::word("constant.language.boolean", one_of(VALUES)),
        // A function may begin with one: `header.append`.
        Rule::word("constant.language", format!("{}(?!\\.)", one_of(&words::place_words()))),
        Rule::word("storage.type", one_of(&words::types())),
    ])
}

fn names() -> Rule {
    let messages = words::messages().join("|");
    Rule::group(vec![
        Rule::parts(
            format!("(?<![\\w.-])((?:{messages})\\.http)(\\.)({NAME}|\"[^\"]*\")"),
            &["variable.language", "punctuation.accessor", "variable.other.header"],
        ),
        Rule::word("support.function", one_of(&words::functions())),
        Rule::word("variable.language", one_of(&words::variables())),
        Rule::word("keyword.operator.word", one_of(WORD_OPERATORS)),
        Rule::word("variable.other", DOTTED),
    ])
}

fn marks() -> Rule {
    Rule::group(vec![
        Rule::word("keyword.operator", "&&|\\|\\||\\?\\?|->|=>|!~|[=!<>+*/-]=|\\.\\.|[=<>!~+*/%-]"),
        Rule::word("punctuation.section.block", "[{}]"),
        Rule::word("punctuation.section.brackets", "[\\[\\]]"),
        Rule::word("punctuation.section.parens", "[()]"),
        Rule::word("punctuation.terminator", ";"),
        Rule::word("punctuation.separator", "[,:]"),
        Rule::word("punctuation.accessor", "\\."),
    ])
}
