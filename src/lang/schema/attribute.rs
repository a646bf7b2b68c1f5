//! Attributes of backends and probes (VCL 4.1 reference, "vcl-backend" and "vcl-probe").

use super::Type;

/// A dotted attribute of a declaration: `.first_byte_timeout = 5s;`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute {
    /// The name without the dot.
    pub name: &'static str,
    /// The type of its value. `.port` takes an INT beside the STRING; `.probe` takes a name or a block.
    pub ty: Type,
    /// What holds when it is left out, as it would be written; `None` if it must be given or nothing holds.
    pub default: Option<&'static str>,
    /// One line about it.
    pub doc: &'static str,
}

/// What a `backend` takes.
pub const BACKEND_ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "host", ty: Type::String, default: None, doc: "Name or address of the origin." },
    Attribute { name: "port", ty: Type::String, default: Some("\"80\""), doc: "TCP port." },
    Attribute {
        name: "host_header",
        ty: Type::String,
        default: None,
        doc: "`Host` to send when the request carries none.",
    },
    Attribute {
        name: "connect_timeout",
        ty: Type::Duration,
        default: Some("3500ms"),
        doc: "How long connecting may take.",
    },
    Attribute {
        name: "first_byte_timeout",
        ty: Type::Duration,
        default: Some("60s"),
        doc: "How long the first byte of the response may take.",
    },
    Attribute {
        name: "between_bytes_timeout",
        ty: Type::Duration,
        default: Some("60s"),
        doc: "How long the backend may be silent within a response.",
    },
    Attribute {
        name: "probe",
        ty: Type::String,
        default: None,
        doc: "The probe that tells whether the backend is healthy: a name or a block.",
    },
];

/// What a `probe` takes.
pub const PROBE_ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "url", ty: Type::String, default: Some("\"/\""), doc: "The path to ask for." },
    Attribute {
        name: "expected_response",
        ty: Type::Int,
        default: Some("200"),
        doc: "The status that counts as healthy.",
    },
    Attribute { name: "timeout", ty: Type::Duration, default: Some("2s"), doc: "How long one probe may take." },
    Attribute { name: "interval", ty: Type::Duration, default: Some("5s"), doc: "Time from one probe to the next." },
    Attribute {
        name: "window",
        ty: Type::Int,
        default: Some("8"),
        doc: "How many of the last probes are looked at (1 to 64).",
    },
    Attribute { name: "threshold", ty: Type::Int, default: Some("3"), doc: "How many of them must have succeeded." },
    Attribute {
        name: "initial",
        ty: Type::Int,
        default: None,
        doc: "How many of them count as succeeded at start; one less than the threshold if left out.",
    },
];
