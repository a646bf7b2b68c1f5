//! The words that requests, origin requests and reloads are counted under.
//!
//! Each is a small fixed set: a label that follows what clients send would grow without bound.

/// Makes an enum whose variants have a kebab-case name, a place and a list.
macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $label:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in metrics and in the access log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// The place in [`Self::ALL`].
            pub(crate) const fn place(self) -> usize {
                self as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

labels! {
    /// How a request was answered.
    Outcome {
        /// From a fresh stored response.
        Hit = "hit",
        /// From a stored response past its freshness lifetime.
        Stale = "stale",
        /// From the origin, after a lookup.
        Miss = "miss",
        /// From the origin, without a lookup.
        Pass = "pass",
        /// By the origin, over a pipe.
        Pipe = "pipe",
        /// By a page that warp made because the policy asked for it.
        Synth = "synth",
        /// By a purge.
        Purge = "purge",
        /// Not as asked: the origin, the client or warp itself failed.
        Error = "error",
    }
}

labels! {
    /// Why a request had its [`Outcome`]. The words of RFC 9211 section 2.2 where it has one.
    Reason {
        /// Hit: within its freshness lifetime.
        Fresh = "fresh",
        /// Hit: the origin confirmed the stored response (304).
        Revalidated = "revalidated",
        /// Stale: within its grace, a refresh runs behind it.
        Grace = "grace",
        /// Stale: the origin is sick or failed.
        StaleIfError = "stale-if-error",
        /// Miss: nothing is stored under the key.
        UriMiss = "uri-miss",
        /// Miss: something is stored, but not for these request headers.
        VaryMiss = "vary-miss",
        /// Miss: a part is stored, but not all that is asked for.
        PartialMiss = "partial-miss",
        /// Miss: what is stored is past its use.
        Expired = "expired",
        /// Miss: the request does not want what is stored (`Cache-Control: no-cache`).
        Request = "request",
        /// Miss: the key is known as one whose responses are not stored.
        HitForMiss = "hit-for-miss",
        /// Pass: the policy said of an earlier response that requests like this one are to pass.
        HitForPass = "hit-for-pass",
        /// Miss: what is stored was banned or purged.
        Invalidated = "invalidated",
        /// Miss: the store failed or refused.
        Store = "store",
        /// Pass, synth or purge: a rule of the policy.
        Policy = "policy",
        /// Pass or synth: the method.
        Method = "method",
        /// Pass: the request carries credentials.
        Authorization = "authorization",
        /// Pass: the request carries a cookie.
        Cookie = "cookie",
        /// Pass: the request has a body, which is not in the key.
        RequestBody = "request-body",
        /// Pass: the request asks for a part.
        Range = "range",
        /// Synth: the request is not valid HTTP.
        BadRequest = "bad-request",
        /// Error: no address is known for the backend's name.
        Resolve = "resolve",
        /// Error: every backend that could answer is sick.
        BackendSick = "backend-sick",
        /// Error: the backend has as many requests as it may have at the same time.
        BackendBusy = "backend-busy",
        /// Error: no connection to the origin.
        Connect = "connect",
        /// Error: the origin was silent for too long.
        Timeout = "timeout",
        /// Error: what the origin sent is not a whole, valid response.
        BadResponse = "bad-response",
        /// Error: too many requests wait for the same response already.
        TooManyWaiting = "too-many-waiting",
        /// Error: it queued too long to ask for a response that could not be shared.
        QueuedTooLong = "queued-too-long",
        /// Error: the client went away.
        Client = "client",
        /// Error: the policy failed at run time.
        PolicyFailure = "policy-failure",
        /// Error: warp itself failed.
        Internal = "internal",
        /// None of these.
        Other = "other",
    }
}

labels! {
    /// How a request to an origin ended.
    OriginResult {
        /// A whole response, whatever its status below 500.
        Ok = "ok",
        /// A whole response with a status of 500 or more.
        ServerError = "server-error",
        /// No address is known for its name.
        Resolve = "resolve",
        /// Not asked: it had as many requests as it may have at the same time.
        Busy = "busy",
        /// No connection.
        Connect = "connect",
        /// Silent for too long.
        Timeout = "timeout",
        /// Not a whole, valid response.
        BadResponse = "bad-response",
        /// Given up by warp or by the client before it ended.
        Aborted = "aborted",
    }
}

impl OriginResult {
    /// Whether the backend is to blame.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Busy | Self::Aborted)
    }
}

labels! {
    /// How a reload of the policy ended.
    ReloadResult {
        /// The new policy serves.
        Ok = "ok",
        /// The text is what is running already.
        Unchanged = "unchanged",
        /// The text has errors or cannot be read; the policy before it serves on.
        Rejected = "rejected",
    }
}
