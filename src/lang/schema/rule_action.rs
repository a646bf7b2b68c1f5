//! What the rows of a rule table may do.

/// Which table a row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleTable {
    /// `rules request`: sugar for statements in `recv`.
    Request,
    /// `rules response`: sugar for statements in `backend_response`.
    Response,
}

impl RuleTable {
    /// The word behind `rules`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

macro_rules! rule_actions {
    ($($variant:ident $name:literal $operand:literal [$($table:ident)*] $doc:literal;)*) => {
        /// An action of a row. Beside these, a row may `set`, `unset` and `call`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RuleAction { $(#[doc = $doc] $variant,)* }

        impl RuleAction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What follows the name, in words for the reference; empty if nothing does.
            #[must_use]
            pub const fn operand(self) -> &'static str {
                match self { $(Self::$variant => $operand,)* }
            }

            /// The tables that know it.
            #[must_use]
            pub const fn tables(self) -> &'static [RuleTable] {
                match self { $(Self::$variant => &[$(RuleTable::$table,)*],)* }
            }

            /// One line about it, with the statements that it stands for.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

rule_actions! {
    Cache "cache" "" [Request] "Look in the cache: `return (hash);`";
    Pass "pass" "[DURATION]" [Request Response] "Leave the cache out: `return (pass);`. With a time, in `rules response` only: `return (pass(DURATION));`";
    Purge "purge" "[soft]" [Request] "Remove what is stored for this request: `return (purge);`. With `soft`, let it be stale: `return (purge(soft));`";
    Deny "deny" "STATUS [REASON]" [Request] "Answer with that status: `return (synth(STATUS, REASON));`";
    Redirect "redirect" "STATUS URL" [Request] "Send the client elsewhere: `return (synth(STATUS));` with the URL in `Location`. A URL that is empty, or that no field can hold, fails as in `set`.";
    Backend "backend" "NAME" [Request] "Fetch from that backend: `set req.backend_hint = NAME;`";
    Slice "slice" "BYTES" [Request] "Fetch and store in slices of that size: `set req.slice = BYTES;`";
    Ttl "ttl" "DURATION" [Response] "Stay fresh that long: `set beresp.ttl = DURATION;`";
    Grace "grace" "DURATION" [Response] "May be served stale that long: `set beresp.grace = DURATION;`";
    Keep "keep" "DURATION" [Response] "Keep that long for validation: `set beresp.keep = DURATION;`";
    Tag "tag" "TAGS" [Response] "Give it tags, by which it can be purged: `tag TAGS;`, or `tag header \"FIELD\";`";
    Uncacheable "uncacheable" "" [Response] "Do not store it: `set beresp.uncacheable = true;`";
    Strip "strip" "HEADER" [Request Response] "Drop that header field: `unset beresp.http.HEADER;` (or `req.http.HEADER`).";
}

impl RuleAction {
    /// The action of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}
