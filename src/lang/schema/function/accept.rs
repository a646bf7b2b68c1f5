//! What a client likes best of what there is.

use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE};

use super::row::functions;

functions! {
    /// The best of a list by the weights of a field of the client (RFC 9110 section 12.5).
    ///
    /// What it yields is one of the list as it is written there; of what the client likes the same, the first.
    Accept:

    Language "req.accept.language" (offered: List) -> String or Unset, Reads in CLIENTS,
        "The language that the client likes best, by `Accept-Language`; the first one if it says nothing, unset if it takes none. A client that asks for `de` takes `de-AT`, and `de` serves one that asks for `de-CH` (RFC 4647)."
        examples [r#"req.accept.language(["en", "de"])"# => r#""en""#, r#"req.accept.language(["de"]) ?? "en""# => r#""de""#]
        mistakes [r#"req.accept.language("en, de")"# => "E0386", r#"req.accept.language(["*"])"# => "E0386", "req.accept.language()" => "E0305"];

    Encoding "req.accept.encoding" (offered: List) -> String or Unset, Reads in CLIENTS,
        "The coding that the client likes best, by `Accept-Encoding`; `identity` is the last unless the client says otherwise, and the only one for a client that says nothing. Unset if it takes none."
        examples [r#"req.accept.encoding(["br", "identity"])"# => r#""identity""#]
        mistakes [r#"req.accept.encoding(["g zip"])"# => "E0386"];

    Media "req.accept.media" (offered: List) -> String or Unset, Reads in CLIENTS,
        "The media type that the client likes best, by `Accept`; the first one if it says nothing, unset if it takes none."
        examples [r#"req.accept.media(["text/html", "application/json"])"# => r#""text/html""#]
        mistakes [r#"req.accept.media(["html"])"# => "E0386", r#"req.accept.media(["text/*"])"# => "E0386"];
}

impl Accept {
    /// The field in which clients say it.
    #[must_use]
    pub const fn field(self) -> HeaderName {
        match self {
            Self::Language => ACCEPT_LANGUAGE,
            Self::Encoding => ACCEPT_ENCODING,
            Self::Media => ACCEPT,
        }
    }
}
