//! The steps that a request goes through (VCL's states), as `sub` names.

macro_rules! steps {
    ($($variant:ident $name:literal $runs:literal $doc:literal;)*) => {
        /// A step of a request's way. The names are VCL's without `vcl_`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Step { $(#[doc = $doc] $variant,)* }

        impl Step {
            /// All steps, those on the client's side first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of its sub: `recv`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One line about it.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// Whether this version of warp runs it; a sub for a step that does not run is an error.
            #[must_use]
            pub const fn runs(self) -> bool {
                match self { $(Self::$variant => $runs,)* }
            }
        }
    };
}

steps! {
    Recv "recv" true "A request has come in: rewrite it, choose the backend, say whether to look in the cache.";
    Hash "hash" true "Make the cache key, one `hash_data(...)` for each part, or by `key { … }`.";
    Hit "hit" true "A stored response was found.";
    Miss "miss" true "No usable stored response was found.";
    Pass "pass" true "The cache is left out for this request.";
    Pipe "pipe" true "The request is about to be piped: its head goes to the backend, then bytes are copied both ways without being looked at.";
    Purge "purge" true "The stored response was removed.";
    Deliver "deliver" true "A response is about to go to the client.";
    Synth "synth" true "A response made by warp itself is about to go to the client.";
    BackendFetch "backend_fetch" true "A request is about to go to the backend.";
    BackendRefresh "backend_refresh" true "The backend answered 304 to a validation: say which fields the stored response has from now on. Then comes `backend_response`.";
    BackendResponse "backend_response" true "The backend's response head has come in: say whether and how long to store it.";
    BackendError "backend_error" true "The backend gave no usable response: make one instead.";
    Init "init" false "The policy is being loaded.";
    Fini "fini" false "The policy is being dropped.";
}

impl Step {
    /// The steps in the order in which requests come to them, without `backend_refresh`, which is a detour of few.
    pub const ON_THE_WAY: &[Self] = &[
        Self::Recv,
        Self::Hash,
        Self::Hit,
        Self::Miss,
        Self::Pass,
        Self::Pipe,
        Self::Purge,
        Self::BackendFetch,
        Self::BackendResponse,
        Self::BackendError,
        Self::Deliver,
        Self::Synth,
    ];

    /// The step of that sub name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|step| step.name() == name)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSet(u16);

impl StepSet {
    /// No step.
    pub const NONE: Self = Self(0);
    /// Every step.
    pub const ALL: Self = Self(u16::MAX);
    /// The steps on the client's side (VCL: client context).
    pub const CLIENT: Self = Self::of(&[
        Step::Recv,
        Step::Hash,
        Step::Hit,
        Step::Miss,
        Step::Pass,
        Step::Pipe,
        Step::Purge,
        Step::Deliver,
        Step::Synth,
    ]);
    /// The steps on the backend's side (VCL: backend context).
    pub const BACKEND: Self =
        Self::of(&[Step::BackendFetch, Step::BackendRefresh, Step::BackendResponse, Step::BackendError]);

    /// The set of these steps.
    #[must_use]
    pub const fn of(steps: &[Step]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < steps.len() {
            bits |= steps[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `step` is in it.
    #[must_use]
    pub const fn contains(self, step: Step) -> bool {
        self.0 & step.bit() != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The steps in it, in the order of [`Step::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Step> {
        Step::ALL.iter().copied().filter(move |step| self.contains(*step))
    }
}
