//! The words of the grammar itself, for editors, completion and "did you mean".

/// Words that start a declaration.
pub const DECLARATIONS: &[&str] =
    &["warp", "include", "backend", "probe", "acl", "const", "sub", "override", "rules", "normalize"];

/// Words that start or continue a statement.
pub const STATEMENTS: &[&str] = &["let", "set", "unset", "call", "return", "if", "else", "when"];

/// Operators that are words.
pub const WORD_OPERATORS: &[&str] = &["and", "or", "not", "in", "under", "ext", "has", "any"];

/// Clauses of a `normalize` block.
pub const NORMALIZE_CLAUSES: &[&str] = &["query", "cookie", "accept_encoding", "host"];
