//! Why there is no TLS with a backend, in the words of whoever has to mend it.

/// What rustls says where something else than TLS answers.
const NO_TLS: &str = "InvalidContentType";

/// What pingora says of a response that begins as the alert of a TLS server does (RFC 8446 section 5.1).
const ALERT: &str = "buf: \\x15\\x03";

/// What an error of rustls says in front of the rule that a certificate breaks.
const REFUSED: &str = "invalid peer certificate: ";

/// Rules by their names in rustls and its library, with what is wrong and what to do.
const RULES: &[(&str, &str)] = &[
    (
        "certificate not valid for name",
        "the backend's certificate is for another name: write a name that it is for as `.sni`, or have one made for this one",
    ),
    ("certificate expired", "the backend's certificate has expired: have it renewed, or set the clock here"),
    ("certificate not valid yet", "the backend's certificate begins later: wait until then, or set the clock here"),
    (
        "UnknownIssuer",
        "nobody vouches for the backend's certificate: name the file of the authority that has signed it by `.ca_file`",
    ),
    (
        "BadSignature",
        "the backend's certificate was signed by another key than that of the authority of this name: name the file of the \
         authority that has signed it by `.ca_file`",
    ),
    (
        "Other(OtherError(CaUsedAsEndEntity))",
        "the backend's certificate is an authority's (CA:TRUE), and none of a server: make one with `basicConstraints=CA:FALSE`, \
         or have the authority sign one for the server",
    ),
    (
        "Other(OtherError(UnsupportedCertVersion))",
        "the backend's certificate is of version 1, which has no names of servers: make one of version 3 with `subjectAltName`",
    ),
];

/// What is wrong with a backend's TLS or its certificate and what to do, where the text of an error names no more than the rule that was
/// broken. pingora hands on no more than the text.
#[must_use]
pub fn why_refused(error: &str) -> Option<&'static str> {
    if error.contains(NO_TLS) {
        return Some("what answers at this port speaks no TLS: name the port of HTTPS by `.port`, or leave `.tls` out");
    }
    if error.contains(ALERT) {
        return Some(
            "what answers at this port speaks TLS: write `.tls = true`, or name the port of plain HTTP by `.port`",
        );
    }
    let (_, rule) = error.split_once(REFUSED)?;
    RULES.iter().find(|(name, _)| rule.starts_with(name)).map(|(_, words)| *words)
}
