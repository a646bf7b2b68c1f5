//! The words of the grammar itself, for editors, completion and "did you mean".

/// Words that start a declaration.
pub const DECLARATIONS: &[&str] = &[
    "warp",
    "include",
    "site",
    "backend",
    "probe",
    "director",
    "acl",
    "table",
    "const",
    "fn",
    "sub",
    "override",
    "rules",
    "normalize",
    "key",
    "invariant",
    "test",
];

/// Words that start or continue a statement.
pub const STATEMENTS: &[&str] = &["let", "set", "unset", "call", "return", "if", "else", "when", "match"];

/// Words that start a statement and are ordinary names elsewhere.
pub const CONTEXTUAL_STATEMENTS: &[&str] = &["tag", "ban"];

/// Operators that are words.
pub const WORD_OPERATORS: &[&str] = &["and", "or", "not", "in", "under", "ext", "has", "any"];

/// Clauses of a `normalize` block.
pub const NORMALIZE_CLAUSES: &[&str] = &["path", "query", "cookie", "accept_encoding", "host"];

/// What a clause of a `normalize` block may do.
pub const NORMALIZE_OPERATIONS: &[&str] =
    &["decode_unreserved", "resolve_dots", "merge_slashes", "refuse_ambiguous", "drop", "keep", "sort", "to", "lower"];

/// How the rows of a rule table are tried.
pub const RULE_MODES: &[&str] = &["first", "unique"];

/// Other spellings of `else if`, as in VCL.
pub const ELSE_IF_WORDS: &[&str] = &["elseif", "elsif", "elif"];

/// The piece of the built-in policy that makes the cache key, which `key { … }` replaces.
pub const KEY_PIECE: &str = "builtin.key";

/// Words that are values.
pub const VALUES: &[&str] = &["true", "false"];

/// What a `purge` may be beside hard. A name like others elsewhere, and so in the grammar.
pub const SOFT: &str = "soft";

/// Words that start a part of a test.
pub const TEST_PARTS: &[&str] = &["before", "request", "origin", "expect"];

/// Words that mean something in one place of the grammar and are ordinary names elsewhere.
pub const CONTEXTUAL_WORDS: &[&str] = &[
    "none", "request", "response", "first", "unique", "req", "from", "header", "sorted", "where", "contains",
    "excludes", "before", "origin", "expect",
];
