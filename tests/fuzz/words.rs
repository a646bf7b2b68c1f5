//! The dictionary: every word of the vocabulary, from the schema.

use warp_edge::lang::schema::{
    Action, BACKEND_ATTRIBUTES, BYTE_UNITS, CONTEXTUAL_STATEMENTS, CONTEXTUAL_WORDS, DECLARATIONS, DURATION_UNITS,
    DirectiveView, ELSE_IF_WORDS, Function, MEMBER_ATTRIBUTES, Message, NORMALIZE_CLAUSES, NORMALIZE_OPERATIONS,
    PROBE_ATTRIBUTES, RuleAction, SHORT_NAMES, STATEMENTS, Step, Type, VALUES, Variable, WORD_OPERATORS,
};

const MARKS: &[&str] = &[
    "->", ",", "(", ")", "{", "}", "[", "]", ";", "=", "+=", "-=", "*=", "/=", "==", "!=", "<", "<=", ">", ">=", "~",
    "!~", "!", "&&", "||", "??", "+", "-", "*", "/", "%", ".", "..", ":", "\"", "\"\"\"", "# c\n", "/*", "*/", "\n",
];

const LITERALS: &[&str] = &[
    "0",
    "1",
    "-1",
    "404",
    "99",
    "10404",
    "65535",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "0.5",
    "1.5e3",
    "0.0000000000000000000001",
    "10s",
    "106751991167d",
    "-1s",
    "64KB",
    "9EB",
    "\"\"",
    "\"a\"",
    "\"/a\"",
    "\"^/(a|b)\"",
    "\"(\"",
    "\"(?i)a{100}\"",
    "\"[^a]*b\"",
    "\".*\"",
    "\"\\\\d+$\"",
    "\"\\0\\1\\9\"",
    "\"192.0.2.0\"",
    "\"::1\"",
    "\"*\"",
    "\"utm_*\"",
    "\"GET\"",
    "\"é\"",
    "\"\"\"\n\"\"\"",
    "[]",
    "[\"a\", \"b\"]",
    "[404, 410..420]",
];

/// All of it. Pieces of several tokens are one word here.
pub fn dictionary() -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    for list in [
        MARKS,
        LITERALS,
        DECLARATIONS,
        STATEMENTS,
        CONTEXTUAL_STATEMENTS,
        CONTEXTUAL_WORDS,
        WORD_OPERATORS,
        NORMALIZE_CLAUSES,
        NORMALIZE_OPERATIONS,
        ELSE_IF_WORDS,
        VALUES,
    ] {
        words.extend(list);
    }
    words.extend(Step::ALL.iter().map(|step| step.name()));
    words.extend(Action::ALL.iter().map(|action| action.name()));
    words.extend(RuleAction::ALL.iter().map(|action| action.name()));
    words.extend(Variable::ALL.iter().map(|variable| variable.name()));
    words.extend(DirectiveView::all().iter().map(|view| view.name.as_str()));
    words.extend(Function::all().map(Function::name));
    words.extend(["round_robin", "fallback", "random", "hash", "shard", "least_conn", "p2c", "soft", "builtin.key"]);
    words.extend(Type::ALL.iter().map(|ty| ty.name()));
    words.extend(SHORT_NAMES.iter().map(|short| short.name));
    let attributes = || BACKEND_ATTRIBUTES.iter().chain(PROBE_ATTRIBUTES).chain(MEMBER_ATTRIBUTES);
    words.extend(attributes().flat_map(|attribute| attribute.words.iter().chain([&attribute.name])));
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    words.extend(DURATION_UNITS.iter().chain(BYTE_UNITS).map(|unit| format!("7{}", unit.name)));
    words.extend(attributes().map(|attribute| format!(".{} = ", attribute.name)));
    for message in Message::ALL {
        for field in ["http.X-A", "http.Cookie", "http.\"7\"", "query[\"a\"]", "cookies[\"a\"]", "query", "cookies"] {
            words.push(format!("{}.{field}", message.name()));
        }
    }
    words
}
