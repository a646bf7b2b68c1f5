//! What `return (...)` may say, and in which steps (VCL 4.1 reference, "vcl-step").

use super::{Step, StepSet};

/// What an action takes in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionArguments {
    /// Nothing.
    None,
    /// A status and, if wanted, a reason: `synth(404, "gone")`.
    StatusAndReason,
    /// The same, or nothing: `error` is `error(503)`.
    OptionalStatusAndReason,
    /// If wanted, a reason: `fail("no")`.
    OptionalReason,
    /// In `backend_response`, if wanted, a time: `pass(10m)`.
    OptionalTime,
    /// If wanted, the word [`SOFT`](super::SOFT): `purge(soft)`.
    OptionalSoft,
}

macro_rules! actions {
    ($($variant:ident $name:literal $arguments:ident [$($step:ident)*] runs [$($runs:ident)*] $doc:literal;)*) => {
        /// What a step may end with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $(#[doc = $doc] $variant,)* }

        impl Action {
            /// All actions.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it takes in parentheses.
            #[must_use]
            pub const fn arguments(self) -> ActionArguments {
                match self { $(Self::$variant => ActionArguments::$arguments,)* }
            }

            /// The steps in which VCL 4.1 allows it.
            #[must_use]
            pub const fn steps(self) -> StepSet {
                match self { $(Self::$variant => StepSet::of(&[$(Step::$step,)*]),)* }
            }

            /// The steps in which this version of warp carries it out; elsewhere it is an error.
            #[must_use]
            pub const fn runs(self) -> StepSet {
                match self { $(Self::$variant => StepSet::of(&[$(Step::$runs,)*]),)* }
            }

            /// One line about it.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

actions! {
    Abandon "abandon" None [BackendFetch BackendRefresh BackendResponse BackendError] runs [BackendFetch BackendRefresh BackendResponse BackendError]
        "Give the fetch up, without asking `backend_error`: `synth` makes the answer, 503, if nothing stale can be served.";
    Beresp "beresp" None [BackendRefresh] runs [BackendRefresh]
        "Give the stored response the fields of the 304 alone, as `beresp` is now. Those that describe its body, its `ETag` and its `Last-Modified` stay.";
    Deliver "deliver" None [Hit Deliver Synth BackendResponse BackendError] runs [Hit Deliver Synth BackendResponse BackendError]
        "Go on with this response.";
    Error "error" OptionalStatusAndReason [BackendFetch BackendRefresh BackendResponse] runs [BackendFetch BackendRefresh BackendResponse]
        "Go on in `backend_error` with this status, 503 if none is given.";
    Fail "fail" OptionalReason [Recv Hash Hit Miss Pass Pipe Purge Deliver Synth BackendFetch BackendRefresh BackendResponse BackendError Init]
        runs [Recv Hash Hit Miss Pass Pipe Purge Deliver Synth BackendFetch BackendRefresh BackendResponse BackendError]
        "Stop: something is wrong in a way that the policy cannot mend; the client gets 503.";
    Fetch "fetch" None [Miss Pass BackendFetch] runs [Miss Pass BackendFetch]
        "Ask the backend.";
    Hash "hash" None [Recv] runs [Recv]
        "Look in the cache.";
    Lookup "lookup" None [Hash] runs [Hash]
        "The key is complete.";
    Merge "merge" None [BackendRefresh] runs [BackendRefresh]
        "Give the stored response the fields of the 304 beside those that it has (RFC 9111 section 3.2).";
    ObjStale "obj_stale" None [BackendRefresh] runs [BackendRefresh]
        "Leave the fields of the stored response as they are, but for `Date` and `Age`, by which it is young again.";
    Pass "pass" OptionalTime [Recv Hit Miss BackendResponse] runs [Recv Hit Miss BackendResponse]
        "Leave the cache out. In `backend_response`: do not store it, and let requests like this one pass for that time (hit-for-pass, 2m if none is given).";
    Pipe "pipe" None [Recv Pipe] runs [Recv Pipe]
        "Send the request to the backend, and then copy bytes both ways without looking at them, until both sides have ended.";
    Purge "purge" OptionalSoft [Recv] runs [Recv]
        "Remove the stored response of this request, all variants. With `soft` they stay and are stale from now on: served within their grace, or when the backend fails.";
    Restart "restart" None [Recv Hit Miss Pass Purge Deliver Synth] runs [Recv Hit Miss Pass Purge Deliver Synth]
        "Begin again in `recv` with the request as it is now. At most four times, then `synth` comes with 503. What the client sent as content is there again unless it was read, or if `std.cache_req_body` kept it.";
    Retry "retry" None [BackendRefresh BackendResponse BackendError] runs [BackendRefresh BackendResponse BackendError]
        "Ask the backend again, with `bereq` as it is now: `backend_fetch` comes next. At most four times, then `backend_error` comes with 503, or `synth` if it was `backend_error` that said so. What was sent with content is sent again only if it is idempotent or `std.cache_req_body` kept it.";
    Synth "synth" StatusAndReason [Recv Hit Miss Pass Pipe Purge Deliver] runs [Recv Hit Miss Pass Pipe Purge Deliver]
        "Answer with a response made by warp itself.";
}

impl Action {
    /// The action of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}
