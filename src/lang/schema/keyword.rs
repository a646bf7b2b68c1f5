//! The words of the grammar itself, for editors, completion and "did you mean".

/// Words that start a declaration.
pub const DECLARATIONS: &[&str] =
    &["warp", "include", "backend", "probe", "acl", "const", "sub", "override", "rules", "normalize"];

/// Words that start or continue a statement.
pub const STATEMENTS: &[&str] =
    &["let", "set", "unset", "call", "return", "if", "else", "elseif", "elsif", "elif", "when"];

/// Operators that are words.
pub const WORD_OPERATORS: &[&str] = &["and", "or", "not", "in", "under", "ext", "has", "any"];

/// Clauses of a `normalize` block.
pub const NORMALIZE_CLAUSES: &[&str] = &["query", "cookie", "accept_encoding", "host"];

/// What a clause of a `normalize` block may do.
pub const NORMALIZE_OPERATIONS: &[&str] = &["drop", "keep", "sort", "to", "lower"];

/// How the rows of a rule table are tried.
pub const RULE_MODES: &[&str] = &["first"];

/// Literals that are words.
pub const LITERALS: &[&str] = &["true", "false"];

/// Words with a meaning in one place alone: `backend NAME none;`, `header "X"` in a rule table.
pub const PLACE_WORDS: &[&str] = &["none", "header"];

/// Other spellings of `else if`, as in VCL.
pub const ELSE_IF_WORDS: &[&str] = &["elseif", "elsif", "elif"];
