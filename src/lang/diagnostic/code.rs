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
    E0112 "curly-quotes" "0.1" "Typographic quotation marks, or VCL's braces, in place of straight ones.";
    E0113 "assignment-in-condition" "0.1" "A `=` where two values are compared.";
    E0114 "unknown-unit" "0.1" "A number with letters behind it that are no unit.";
    E0115 "number-too-large" "0.1" "A number that does not fit in 64 bits.";
    E0116 "unknown-declaration" "0.1" "A word that starts no declaration.";
    E0117 "vcl-version" "0.1" "The version line is VCL's.";
    E0118 "unopened-bracket" "0.1" "A closing brace, parenthesis or bracket that closes nothing.";
    E0119 "too-many-mistakes" "0.1" "The parser stopped: the file has too many mistakes.";
    E0120 "file-too-large" "0.1" "A file that the policy names, or all of them together, are larger than they may be.";

    // 02 names
    E0201 "unknown-name" "0.1" "Nothing is called that.";
    E0202 "unknown-backend" "0.1" "No backend is called that.";
    E0203 "unknown-acl" "0.1" "No acl is called that.";
    E0204 "unknown-probe" "0.1" "No probe is called that.";
    E0205 "unknown-sub" "0.1" "No sub is called that.";
    E0206 "unknown-function" "0.1" "No function is called that.";
    E0207 "unknown-action" "0.1" "`return` knows no such action.";
    E0208 "unknown-rule-action" "0.1" "Rule tables know no such action.";
    E0209 "unknown-piece" "0.1" "The built-in policy has no piece of that name.";
    E0210 "duplicate-name" "0.1" "Two declarations have one name.";
    E0211 "vcl-name" "0.1" "A step is spelled as in Varnish, with `vcl_`.";
    E0212 "reserved-name" "0.1" "The name has a meaning of its own.";
    E0213 "shadowed-name" "0.1" "A `let` has the name of something that is in sight.";
    E0214 "const-cycle" "0.1" "The value of a constant depends on itself.";
    E0215 "unknown-normalization" "0.1" "`normalize` knows no such clause or operation.";
    W0216 "unused-declaration" "0.1" "Nothing refers to a declaration.";
    W0217 "unused-let" "0.1" "The value of a `let` is never used.";
    E0220 "include-not-found" "0.1" "There is no file for an `include`.";
    E0221 "include-cycle" "0.1" "A file includes itself.";
    E0222 "unreadable-file" "0.1" "A file cannot be read.";
    W0224 "empty-include" "0.1" "No file is like the pattern of an `include`.";
    E0240 "unknown-parameter" "0.1" "The function has no parameter of that name.";
    E0250 "bad-site-host" "0.1" "A site is declared for something that is no host.";
    E0251 "host-of-two-sites" "0.1" "A host has two sites.";
    E0252 "site-in-a-site" "0.1" "The policy of a site declares a site.";
    W0260 "misspelt-field" "0.1" "A header field is nearly called like one that everybody knows, or that the policy sets.";
    W0261 "misspelt-cookie" "0.1" "A cookie is called otherwise elsewhere.";
    W0262 "misspelt-parameter" "0.1" "A parameter is called otherwise elsewhere, or nearly like one that everybody knows.";
    W0263 "misspelt-method" "0.1" "A method is not written as clients send it.";
    W0264 "misspelt-directive" "0.1" "A `Cache-Control` that the policy writes has a directive that no cache knows.";

    // 03 types and units
    E0301 "wrong-type" "0.1" "A value of another type is wanted.";
    E0302 "missing-unit" "0.1" "A number without a unit where a duration or a size is wanted.";
    E0303 "not-comparable" "0.1" "Two values that cannot be compared or matched.";
    E0304 "bad-arithmetic" "0.1" "A sign that does not go with its operands.";
    E0305 "wrong-arguments" "0.1" "Too many or too few arguments.";
    E0306 "no-value" "0.1" "A function that yields nothing stands for a value.";
    E0307 "unused-value" "0.1" "Nothing is done with what a function yields.";
    E0308 "bad-regex" "0.1" "A regular expression is wrong.";
    E0309 "unsupported-regex" "0.1" "A regular expression uses what only PCRE has.";
    E0310 "regex-too-large" "0.1" "A regular expression is too large when its repetitions are written out.";
    E0311 "bad-header-name" "0.1" "The name cannot be that of a header field.";
    E0312 "line-break-in-value" "0.1" "A line break where a message has one line.";
    E0313 "bad-status" "0.1" "The number is not a status, or not one that fits.";
    E0314 "bad-list" "0.1" "An element that does not belong in its list.";
    E0315 "empty-range" "0.1" "A range that starts above its end.";
    E0316 "not-constant" "0.1" "A value has to be known when the policy is checked.";
    E0317 "wrong-subject" "0.1" "A word or a name is used on something that it does not work for.";
    E0318 "impossible-constant" "0.1" "A constant expression has no result.";
    E0320 "unknown-type" "0.1" "There is no type of that name.";
    E0340 "argument-twice" "0.1" "A parameter of a function is given twice.";
    E0341 "unknown-word" "0.1" "A function takes one of a few words, and this is none of them.";
    E0342 "argument-out-of-place" "0.1" "An argument without a name stands behind one with a name.";
    E0343 "match-without-else" "0.1" "A `match` that stands for a value says nothing of what no arm takes.";
    E0344 "never-unset" "0.1" "`??` stands behind something that is always set.";
    E0345 "may-be-missing" "0.1" "A table may hold nothing for a key, or a message not have a directive.";
    E0346 "duplicate-key" "0.1" "A table has a key twice.";
    E0347 "bad-data" "0.1" "The file of a table is not as it should be.";
    E0348 "no-time" "0.1" "A time that is over before it begins.";
    E0350 "no-value-returned" "0.1" "A function does not return a value on every way through it.";
    E0385 "no-header-field" "0.1" "A function takes a header field, and this is none.";
    E0386 "impossible-argument" "0.1" "A function cannot do anything with that value.";
    E0387 "bad-secrets" "0.1" "Users or keys are not as they should be.";
    E0388 "bad-database" "0.1" "A file is no database of networks.";

    // 04 steps
    E0401 "not-readable-here" "0.1" "A variable cannot be read in this step.";
    E0402 "not-settable-here" "0.1" "A variable cannot be set or unset in this step.";
    E0403 "read-only" "0.1" "Something that cannot be changed in any step.";
    E0404 "action-not-here" "0.1" "An action is not possible in this step or table.";
    E0405 "function-not-here" "0.1" "A function cannot be called in this step.";
    E0406 "not-in-this-version" "0.1" "This version of warp does not carry that out.";
    E0407 "return-without-action" "0.1" "A step ends without saying what comes next.";

    // 05 control flow
    W0501 "unreachable-code" "0.1" "Something is never reached.";
    E0502 "recursion" "0.1" "A sub or a function calls itself.";
    E0503 "too-many-calls" "0.1" "Calls are nested too deep, or there are too many of them.";
    E0504 "too-much-work" "0.1" "A step may do too much for one request.";
    W0510 "shadowed-rule" "0.1" "Rules above take every request that a rule could have had.";
    W0511 "never-holds" "0.1" "A condition holds of no request.";
    W0512 "always-holds" "0.1" "A condition holds of every request.";
    W0513 "swallowed-value" "0.1" "A value of a list never counts, since a row above takes it.";
    W0514 "crossing-ranges" "0.1" "Ranges of two rows overlap, and none holds the other.";
    W0515 "absent-is-not-empty" "0.1" "A field that may not be there is compared with the empty text.";
    W0520 "endless-restart" "0.1" "Nothing but the limit ends the restarts of a request.";
    W0521 "endless-retry" "0.1" "Nothing but the limit ends the retries of a fetch.";
    E0540 "overlapping-rows" "0.1" "A request may take two rows of a `unique` table.";

    // 06 backends, acls and probes
    E0601 "unknown-attribute" "0.1" "A backend, a probe or a director has no such attribute.";
    E0602 "duplicate-attribute" "0.1" "An attribute is set twice.";
    E0603 "bad-attribute" "0.1" "An attribute cannot have that value.";
    E0604 "missing-host" "0.1" "A backend has no `.host`.";
    E0605 "no-backend" "0.1" "The policy has no backend.";
    E0606 "bad-address" "0.1" "The text is not an IP address.";
    E0607 "name-in-acl" "0.1" "A name in an acl cannot be looked up.";
    E0608 "bad-mask" "0.1" "The mask is too long for its address.";
    W0609 "host-bits-set" "0.1" "An address has bits behind its mask.";
    W0610 "duplicate-acl-entry" "0.1" "An acl holds a network twice.";
    E0611 "contradicting-acl-entry" "0.1" "An acl both holds and excludes a network.";
    E0660 "unknown-director-kind" "0.1" "There is no director of that kind.";
    E0661 "no-members" "0.1" "A director has no members.";
    E0662 "duplicate-member" "0.1" "A director has a member twice.";
    E0663 "director-cycle" "0.1" "A director is a member of itself, or nests too deep.";
    E0664 "bad-certificate" "0.1" "A file does not hold the certificates or the key that it is named for.";
    W0665 "probe-without-close" "0.1" "A probe waits for an end of the connection that its request does not ask for.";
    W0620 "member-without-probe" "0.1" "A director has a member whose health it never finds out.";
    W0621 "always-healthy" "0.1" "A backend is asked for its health and has no probe.";
    W0622 "probe-longer-than-interval" "0.1" "A probe may last until after the next one is due.";
    W0623 "unnamed-host" "0.1" "The backend that is declared first answers for hosts that no rule names.";
    W0624 "one-server-twice" "0.1" "Two members of a director are one server.";
    W0625 "port-of-another-protocol" "0.1" "A backend is spoken to with TLS on the port of HTTP, or without on that of HTTPS.";
    W0626 "no-way-out" "0.1" "While its backend is sick, a request fails though what it asks for is stored.";

    // 07 caching
    W0701 "uncacheable-set-to-false" "0.1" "`beresp.uncacheable` is set to false, which has no effect.";
    W0702 "lifetime-replaced" "0.1" "A lifetime is set again in any case before a response is stored.";
    W0703 "lifetime-of-what-passes" "0.1" "A lifetime is given to answers that are never stored.";
    W0704 "stale-if-error-within-grace" "0.1" "A `stale_if_error` ends before the grace does.";
    W0705 "lifetime-forbidden" "0.1" "A `Cache-Control` that the policy writes takes back the lifetime beside it.";
    W0706 "errors-kept" "0.1" "An error of the backend is stored as long as a page.";
    W0707 "stale-at-once" "0.1" "A grace stands beside a lifetime of zero, and what has both may not be stored at all.";
    W0708 "time-not-in-seconds" "0.1" "A time in a header field is no whole number of seconds.";
    E0740 "empty-key" "0.1" "A `key` without parts.";
    W0741 "shared-key" "0.1" "The cache key leaves out the host, the URL or the query.";
    W0742 "unused-key" "0.1" "A `key` is never made, since `sub hash` ends the step.";
    E0743 "no-tag" "0.1" "A `tag` without a tag.";
    E0744 "ban-of-nothing" "0.1" "A `ban` asks nothing of what is stored.";
    E0745 "not-in-a-ban" "0.1" "A `ban` asks what cannot be asked of what is stored.";
    W0746 "purge-before-key" "0.1" "A purge comes before what the key is made of is set.";
    E0770 "refuted-invariant" "0.1" "An invariant does not hold of every request.";
    W0771 "undecided-invariant" "0.1" "It could not be found out whether an invariant holds.";
    E0772 "not-in-an-invariant" "0.1" "An invariant or a test asks for what it cannot know.";
    E0773 "only-in-an-invariant" "0.1" "What is in a key is asked where no invariant is.";
    E0774 "empty-invariant" "0.1" "An invariant or a test asks for nothing of what the policy does.";
    E0780 "failed-test" "0.1" "Something else comes of a request than a test expects.";
    E0781 "incomplete-test" "0.1" "A test says too little, or something twice.";
    E0782 "impossible-request" "0.1" "A test names a request that no client sends.";
    E0783 "test-of-another-site" "0.1" "The request of a test is served by another policy.";
    W0784 "untested-rule" "0.1" "No test comes to a rule of a policy that has tests.";
    W0785 "unnoticed-condition" "0.1" "A condition could say the opposite, and no test of the policy would notice.";
    W0786 "idle-expectation" "0.1" "A test expects what always holds.";

    // 08 security
    W0801 "cookies-shared" "0.1" "What the backend answers to somebody's cookies may be stored for everybody.";
    W0802 "credentials-shared" "0.1" "What the backend answers to somebody's credentials may be stored for everybody.";
    W0803 "set-cookie-stored" "0.1" "A response may be stored with its `Set-Cookie`.";
    W0804 "cached-by-ending" "0.1" "The end of a path decides that somebody's page is stored for everybody.";
    W0805 "unkeyed-input" "0.1" "What one client says decides what others are answered.";
    W0806 "open-purge" "0.1" "Anybody can remove what is stored.";
    W0807 "open-refresh" "0.1" "Anybody can have everything fetched anew.";
    W0810 "field-of-one-connection" "0.1" "A field is set that is about one connection.";
    W0811 "body-without-place" "0.1" "A body is made up for a response that has none.";
    W0820 "tls-not-verified" "0.1" "A backend need not prove who it is.";
    W0821 "pattern-without-match" "0.1" "A regular expression that nothing is like.";
    W0822 "unescaped-dot" "0.1" "A `.` is meant as a dot and stands for any character.";
    W0823 "missing-anchor" "0.1" "A path or a host is found in the middle of others too.";
    W0824 "missing-group" "0.1" "A replacement names a group that its pattern does not have.";
    W0825 "pattern-as-text" "0.1" "Signs of a pattern or a glob stand in a text that is compared as it is.";
    W0826 "escape-as-text" "0.1" "A text has an escape or a variable of another language, which is text here.";
    W0827 "range-across-kinds" "0.1" "A range of characters in a pattern holds more than is meant.";
    W0828 "glob-as-pattern" "0.1" "A glob stands where a regular expression does.";
    W0829 "words-in-brackets" "0.1" "Alternatives of a pattern stand in brackets, which are one character.";

    // 09 cost
    W0910 "plain-pattern" "0.1" "A regular expression says what a plain test says.";
    W0911 "needless-star" "0.1" "A regular expression begins or ends with `.*`.";
    W0912 "needless-alternative" "0.1" "An alternative of a regular expression adds nothing.";
    W0913 "chain-of-tests" "0.1" "Several tests of one value say what one test says.";
    W0914 "needless-value" "0.1" "A value of a list is in it already.";
    W0915 "poor-key" "0.1" "Hardly two requests have the same key.";
    W0916 "unsorted-query" "0.1" "The order of parameters makes other keys.";
    W0917 "not-looked-at" "0.1" "A budget ended before all was looked at.";
    W0918 "limit-before-test" "0.1" "A rate limit counts requests that the tests behind it leave out.";
    W0919 "costly-test-first" "0.1" "A test that costs much stands before one that costs little.";

    // 10 style
    W1010 "unused-suppression" "0.1" "A comment leaves out a warning that is not there.";
    W1011 "suppression-without-reason" "0.1" "A comment leaves out a warning and does not say why.";
    W1012 "bad-suppression" "0.1" "A comment is to leave out a warning, and names none.";
    W1013 "suppressed-error" "0.1" "A comment is to leave out an error.";
    W1014 "misplaced-suppression" "0.1" "A comment about a whole file stands below its top.";
    W1015 "negative-lifetime" "0.1" "A lifetime is below zero.";
    W1016 "lifetime-set-twice" "0.1" "A lifetime is set and set again at once.";
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
