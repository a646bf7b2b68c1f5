//! Views of `Cache-Control`: `beresp.cache_control.max_age`.
//!
//! A view may be read where the fields of its message may, and cannot be set: the field can.

use std::sync::LazyLock;

use super::{Message, Type};

macro_rules! directives {
    ($($variant:ident $name:literal $ty:ident $response:expr, $request:expr;)*) => {
        /// A directive of `Cache-Control`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Directive { $(#[doc = concat!("`", $name, "`")] $variant,)* }

        impl Directive {
            /// All of them, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in a view: `max_age`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// BOOL, or a DURATION that may be missing.
            #[must_use]
            pub const fn ty(self) -> Type {
                match self { $(Self::$variant => Type::$ty,)* }
            }

            /// One line about it in a message; `None` if such messages have none.
            #[must_use]
            pub const fn doc(self, message: Message) -> Option<&'static str> {
                match self { $(Self::$variant => if message.is_request() { $request } else { $response },)* }
            }
        }
    };
}

directives! {
    // name, type, what it says in a response (RFC 9111 section 5.2.2), and in a request (section 5.2.1)
    MaxAge "max_age" Duration
        Some("How long the response is fresh; 0 if what stands there is no number."),
        Some("The greatest age that the client takes.");
    SMaxage "s_maxage" Duration
        Some("The same for caches that many share, before `max_age`; 0 if what stands there is no number."),
        None;
    StaleWhileRevalidate "stale_while_revalidate" Duration
        Some("How long it may be served stale while it is fetched anew (RFC 5861 section 3)."),
        None;
    StaleIfError "stale_if_error" Duration
        Some("How long it may be served stale when the backend fails (RFC 5861 section 4)."),
        Some("How long after it was fresh the client takes it when the backend fails (RFC 5861 section 4).");
    NoCache "no_cache" Bool
        Some("It is not reused without asking the backend. False where single fields are named, `no-cache=\"X-User\"`."),
        Some("The client wants nothing that was stored without asking the backend.");
    NoStore "no_store" Bool
        Some("It is not stored."),
        Some("Neither the request nor its response is to be stored.");
    NoTransform "no_transform" Bool
        Some("Its content is not changed."),
        Some("The content is not to be changed.");
    Private "private" Bool
        Some("It is for one user. False where single fields are named, `private=\"X-User\"`."),
        None;
    Public "public" Bool
        Some("It may be stored even where it could not be otherwise."),
        None;
    MustRevalidate "must_revalidate" Bool
        Some("It is not served stale without asking the backend."),
        None;
    ProxyRevalidate "proxy_revalidate" Bool
        Some("The same for caches that many share."),
        None;
    MustUnderstand "must_understand" Bool
        Some("It is stored only by a cache that knows its status."),
        None;
    Immutable "immutable" Bool
        Some("It does not change while it is fresh (RFC 8246)."),
        None;
    MaxStale "max_stale" Duration
        None,
        Some("For how long after it was fresh the client takes it; some 68 years where no number is given.");
    MinFresh "min_fresh" Duration
        None,
        Some("How long it is still to be fresh.");
    OnlyIfCached "only_if_cached" Bool
        None,
        Some("The client wants nothing but what is stored.");
}

/// A directive of a message.
#[derive(Clone, Debug)]
pub struct DirectiveView {
    /// As written: `beresp.cache_control.max_age`.
    pub name: String,
    /// The message.
    pub message: Message,
    /// The directive.
    pub directive: Directive,
}

static VIEWS: LazyLock<Vec<DirectiveView>> = LazyLock::new(|| {
    let of = |message: Message| {
        let known = Directive::ALL.iter().filter(move |directive| directive.doc(message).is_some());
        known.map(move |&directive| {
            let name = format!("{}.cache_control.{}", message.name(), directive.name());
            DirectiveView { name, message, directive }
        })
    };
    Message::ALL.iter().copied().flat_map(of).collect()
});

impl DirectiveView {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &VIEWS
    }

    /// The view of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        name.contains(".cache_control.").then(|| VIEWS.iter().find(|view| view.name == name)).flatten()
    }
}
