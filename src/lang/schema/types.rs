//! The types of the language.

/// What an expression yields. The names are VCL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Bytes of text, or unset (which is not the empty string).
    String,
    /// A whole number, 64 bit, signed.
    Int,
    /// A number with a fraction.
    Real,
    /// True or false.
    Bool,
    /// A length of time; may be negative.
    Duration,
    /// A number of bytes.
    Bytes,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A moment.
    Time,
    /// A backend, or none.
    Backend,
    /// An access list.
    Acl,
    /// A regular expression, always a literal.
    Regex,
    /// Texts in brackets, always literal.
    List,
    /// No value: a function that is called for its effect.
    Void,
}

impl Type {
    /// All types.
    pub const ALL: &[Self] = &[
        Self::String,
        Self::Int,
        Self::Real,
        Self::Bool,
        Self::Duration,
        Self::Bytes,
        Self::Ip,
        Self::Time,
        Self::Backend,
        Self::Acl,
        Self::Regex,
        Self::List,
        Self::Void,
    ];

    /// The name as written in the reference and in diagnostics: `STRING`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Real => "REAL",
            Self::Bool => "BOOL",
            Self::Duration => "DURATION",
            Self::Bytes => "BYTES",
            Self::Ip => "IP",
            Self::Time => "TIME",
            Self::Backend => "BACKEND",
            Self::Acl => "ACL",
            Self::Regex => "REGEX",
            Self::List => "LIST",
            Self::Void => "VOID",
        }
    }

    /// The name in a sentence: `a number (INT)`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::String => "a text (STRING)",
            Self::Int => "a number (INT)",
            Self::Real => "a number with a fraction (REAL)",
            Self::Bool => "true or false (BOOL)",
            Self::Duration => "a duration such as 10s (DURATION)",
            Self::Bytes => "a size such as 64KB (BYTES)",
            Self::Ip => "an IP address (IP)",
            Self::Time => "a moment (TIME)",
            Self::Backend => "a backend (BACKEND)",
            Self::Acl => "an acl (ACL)",
            Self::Regex => "a regular expression (REGEX)",
            Self::List => "a list of texts such as [\"a\", \"b\"] (LIST)",
            Self::Void => "nothing (VOID)",
        }
    }
}
