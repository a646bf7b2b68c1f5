//! The table of diagnostic codes.
//!
//! `E`/`W`, two digits of area, two digits of number. Areas: 01 syntax, 02 names, 03 types and
//! units, 04 steps (not available here), 05 control flow, 06 backends, acls and probes,
//! 07 caching, 08 security, 09 cost, 10 style. The letter is the default level and never changes;
//! digits are never used again. Each code has its page in `docs/diagnostics/`, compiled in.

/// How much a diagnostic weighs by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The policy runs; something is worth a look.
    Warning,
    /// The policy does not run.
    Error,
}

impl Level {
    /// `error` or `warning`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($id:ident $name:literal $since:literal $summary:literal;)*) => {
        /// A kind of mistake. The variants are the codes that users see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $summary] $id,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// The code as users see it: `E0102`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }

            /// The kebab-case name: `missing-semicolon`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }

            /// The first version of warp that knew it.
            #[must_use]
            pub fn since(self) -> &'static str {
                match self { $(Self::$id => $since,)* }
            }

            /// One line about it.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$id => $summary,)* }
            }

            /// Its page: what, why, a bad and a good example.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$id => include_str!(concat!(
                        env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", stringify!($id), ".md"
                    )),)*
                }
            }
        }
    };
}

codes! {
    // 01 syntax
    E0101 "unexpected-text" "0.1" "Something else was expected here.";
    E0102 "missing-semicolon" "0.1" "A `;` is missing.";
    E0103 "unterminated-string" "0.1" "A text is opened and not closed.";
    E0104 "unterminated-comment" "0.1" "A `/*` comment is opened and not closed.";
    E0105 "unclosed-bracket" "0.1" "A brace, parenthesis or bracket is opened and not closed.";
    E0106 "missing-version" "0.1" "The file does not start with `warp 1;`.";
    E0107 "unsupported-version" "0.1" "This warp does not know that version of the language.";
    E0108 "nested-too-deep" "0.1" "Too many things stand inside each other.";
    E0109 "not-utf8" "0.1" "The file is not UTF-8 text.";
    E0110 "empty-file" "0.1" "The file says nothing.";
    E0111 "unknown-character" "0.1" "A character that means nothing here.";
    E0112 "curly-quotes" "0.1" "Typographic quotation marks in place of straight ones.";
    E0113 "assignment-in-condition" "0.1" "A `=` where two values are compared.";
    E0114 "unknown-unit" "0.1" "A number with letters behind it that are no unit.";
    E0115 "number-too-large" "0.1" "A number that does not fit in 64 bits.";
    E0116 "unknown-declaration" "0.1" "A word that starts no declaration.";
    E0117 "vcl-version" "0.1" "The version line is VCL's.";
    E0118 "unopened-bracket" "0.1" "A closing brace, parenthesis or bracket that closes nothing.";
    E0119 "too-many-mistakes" "0.1" "The parser stopped: the file has too many mistakes.";
    E0120 "file-too-large" "0.1" "The file is larger than a policy may be.";

    // 02 names

    // 03 types and units

    // 04 steps

    // 05 control flow

    // 06 backends, acls and probes
}

impl Code {
    /// The default level, told by the letter.
    #[must_use]
    pub fn level(self) -> Level {
        if self.id().starts_with('E') { Level::Error } else { Level::Warning }
    }

    /// The code of that id (`E0102`, any case) or name (`missing-semicolon`).
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(text) || code.name() == text)
    }
}
