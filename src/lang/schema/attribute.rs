//! Attributes of backends, probes and the members of directors (VCL 4.1 reference, "vcl-backend" and "vcl-probe").

use super::Type;

/// A dotted attribute of a declaration: `.first_byte_timeout = 5s;`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute {
    /// The name without the dot.
    pub name: &'static str,
    /// The type of its value. `.port` takes an INT beside the STRING; `.probe` takes a name or a block.
    pub ty: Type,
    /// The words of which one is its value, if it takes a word.
    pub words: &'static [&'static str],
    /// Whether its value may depend on the request.
    pub varies: bool,
    /// What holds when it is left out, as it would be written; `None` if it must be given or nothing holds.
    pub default: Option<&'static str>,
    /// One line about it.
    pub doc: &'static str,
}

impl Attribute {
    /// One that must be given, or of which nothing holds when it is left out.
    pub(super) const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self { name, ty, words: &[], varies: false, default: None, doc }
    }

    /// With what holds when it is left out.
    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// One of these words.
    pub(super) const fn one_of(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    /// With a value that is found out for each request.
    pub(super) const fn of_request(self) -> Self {
        Self { varies: true, ..self }
    }
}

/// What a `backend` takes.
pub const BACKEND_ATTRIBUTES: &[Attribute] = &[
    Attribute::new("host", Type::String, "Name or address of the origin."),
    Attribute::new("port", Type::String, "TCP port; 443 if left out with `.tls`.").or("\"80\""),
    Attribute::new("path", Type::String, "Path of a Unix socket, in place of `.host` and `.port`."),
    Attribute::new(
        "srv",
        Type::String,
        "Name of a service, in place of `.host` and `.port`: its SRV records name hosts and ports. `_http._tcp.example.com`.",
    ),
    Attribute::new("host_header", Type::String, "`Host` to send when the request carries none."),
    Attribute::new("connect_timeout", Type::Duration, "How long connecting may take, TLS included.").or("3500ms"),
    Attribute::new("first_byte_timeout", Type::Duration, "How long the head of the response may take.").or("60s"),
    Attribute::new("between_bytes_timeout", Type::Duration, "How long the backend may be silent within the body.")
        .or("60s"),
    Attribute::new("max_connections", Type::Int, "How many requests it gets at the same time; any number if left out."),
    Attribute::new("wait_limit", Type::Int, "How many requests may wait for one of those to end.").or("0"),
    Attribute::new("wait_timeout", Type::Duration, "How long they wait before they fail.").or("0s"),
    Attribute::new(
        "proxy_header",
        Type::Int,
        "The version, 1 or 2, of the PROXY protocol by which the backend learns the client's address. A connection then \
         serves one client's connection alone.",
    ),
    Attribute::new("preamble", Type::String, "Bytes in base64 that open each connection."),
    Attribute::new(
        "via",
        Type::Backend,
        "The backend through which connections go; it is told by the PROXY protocol where to.",
    ),
    Attribute::new("authority", Type::String, "The name that `.via` is to use towards this backend."),
    Attribute::new("tls", Type::Bool, "Whether it is spoken to by TLS.").or("false"),
    Attribute::new(
        "sni",
        Type::String,
        "The name that it is asked for and has to prove; `.host_header` or `.host` if left out.",
    ),
    Attribute::new("verify", Type::Bool, "Whether it has to prove its name.").or("true"),
    Attribute::new(
        "ca_file",
        Type::String,
        "PEM file of those who may vouch for it; those whom the system trusts if left out.",
    ),
    Attribute::new("cert_file", Type::String, "PEM file of the certificates by which warp proves itself to it."),
    Attribute::new("key_file", Type::String, "PEM file of the key to the first of them."),
    Attribute::new("probe", Type::String, "The probe that tells whether the backend is healthy: a name or a block."),
];

/// What a `probe` takes.
pub const PROBE_ATTRIBUTES: &[Attribute] = &[
    Attribute::new(
        "kind",
        Type::String,
        "What is tried: to be answered as expected (`http`, by TLS if the backend is spoken to so), to connect (`tcp`), to \
         agree on keys (`tls`).",
    )
    .one_of(&["http", "tcp", "tls"])
    .or("http"),
    Attribute::new("url", Type::String, "The path to ask for.").or("\"/\""),
    Attribute::new(
        "request",
        Type::String,
        "The lines of the request's head in place of `.url`, as a list: `[\"GET / HTTP/1.1\", \"Connection: close\"]`.",
    ),
    Attribute::new(
        "expected_response",
        Type::Int,
        "The status that counts as healthy, or a list of statuses and ranges: `[200..299, 404]`.",
    )
    .or("200"),
    Attribute::new("expect_close", Type::Bool, "Whether the backend has to close the connection after its answer.")
        .or("true"),
    Attribute::new("timeout", Type::Duration, "How long one probe may take.").or("2s"),
    Attribute::new("interval", Type::Duration, "Time from one probe to the next.").or("5s"),
    Attribute::new("window", Type::Int, "How many of the last probes are looked at (1 to 64).").or("8"),
    Attribute::new("threshold", Type::Int, "How many of them must have succeeded.").or("3"),
    Attribute::new(
        "initial",
        Type::Int,
        "How many of them count as succeeded at start; one less than the threshold if left out.",
    ),
];

/// What a member of a director takes, where the director looks at weights.
pub const MEMBER_ATTRIBUTES: &[Attribute] = &[Attribute::new(
    "weight",
    Type::Real,
    "Its share beside the others (0.0 to 100.0): one of weight 2 is asked twice as often as one of weight 1, one of weight 0 \
     never, not even if no other can be asked.",
)
.or("1.0")];
