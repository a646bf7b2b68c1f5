//! Functions: the core of VCL 4.1 and the VMOD "std".

use super::{Step, StepSet, Type};

/// A parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the reference.
    pub name: &'static str,
    /// Its type. For STRING anything is taken and turned into text.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
}

const ANYWHERE: StepSet = StepSet::ALL;
const HASH: StepSet = StepSet::of(&[Step::Hash]);
const RECV: StepSet = StepSet::of(&[Step::Recv]);
const MADE_UP: StepSet = StepSet::of(&[Step::Synth, Step::BackendError]);

macro_rules! functions {
    ($($variant:ident $name:literal ($($parameter:ident : $ty:ident $($optional:literal)?),*) -> $result:ident in $steps:ident $doc:literal;)*) => {
        /// A built-in function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Function { $(#[doc = $doc] $variant,)* }

        impl Function {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as written: `std.tolower`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its parameters in order.
            #[must_use]
            pub const fn parameters(self) -> &'static [Parameter] {
                match self {
                    $(Self::$variant => &[$(Parameter {
                        name: stringify!($parameter), ty: Type::$ty, optional: false $(|| $optional)?,
                    },)*],)*
                }
            }

            /// What it yields; [`Type::Void`] for a function that stands as a statement.
            #[must_use]
            pub const fn result(self) -> Type {
                match self { $(Self::$variant => Type::$result,)* }
            }

            /// The steps in which it may be called.
            #[must_use]
            pub const fn steps(self) -> StepSet {
                match self { $(Self::$variant => $steps,)* }
            }

            /// One line about it.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

// `true` behind a parameter's type says that it may be left out.
functions! {
    Regsub "regsub" (text: String, regex: Regex, replacement: String) -> String in ANYWHERE
        "The text with the first match replaced; `\\1` to `\\9` stand for the groups, `\\0` for the match.";
    Regsuball "regsuball" (text: String, regex: Regex, replacement: String) -> String in ANYWHERE
        "The text with every match replaced.";
    HashData "hash_data" (text: String) -> Void in HASH
        "Adds a part to the cache key.";
    Synthetic "synthetic" (body: String) -> Void in MADE_UP
        "Sets the body of a response that is made up.";
    CacheReqBody "std.cache_req_body" (most: Bytes) -> Void in RECV
        "Keeps the content of the request, up to that size and 64 KB at most, so that it can be sent again by `retry` and `restart`. Larger content is sent on as it comes and not kept; if its size is not known beforehand, the request is refused with 413.";
    ToLower "std.tolower" (text: String) -> String in ANYWHERE "The text in lower case (ASCII).";
    ToUpper "std.toupper" (text: String) -> String in ANYWHERE "The text in upper case (ASCII).";
    Strlen "std.strlen" (text: String) -> Int in ANYWHERE "How many bytes the text has; 0 if unset.";
    Strstr "std.strstr" (text: String, part: String) -> String in ANYWHERE
        "The text from the first occurrence of the part on; unset if it does not occur.";
    Prefixof "std.prefixof" (text: String, prefix: String) -> Bool in ANYWHERE "Whether the text starts with the prefix.";
    Suffixof "std.suffixof" (text: String, suffix: String) -> Bool in ANYWHERE "Whether the text ends with the suffix.";
    Replace "std.replace" (text: String, from: String, to: String) -> String in ANYWHERE
        "The text with every occurrence of `from` replaced.";
    Fnmatch "std.fnmatch" (pattern: String, text: String) -> Bool in ANYWHERE
        "Whether the text matches the shell pattern (`*`, `?`, `[...]`); `*` does not cross a `/`.";
    Querysort "std.querysort" (url: String) -> String in ANYWHERE "The URL with its query parameters sorted.";
    Integer "std.integer" (text: String, fallback: Int) -> Int in ANYWHERE "The text as a number, or the fallback.";
    Duration "std.duration" (text: String, fallback: Duration) -> Duration in ANYWHERE "The text as a duration, or the fallback.";
    Ip "std.ip" (text: String, fallback: Ip) -> Ip in ANYWHERE "The text as an address, or the fallback. Names are not resolved.";
    Log "std.log" (text: String) -> Void in ANYWHERE "Writes a line to the log of this request.";
}

impl Function {
    /// The function of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.name() == name)
    }
}
