//! What a policy may write into a message: a value that cannot be sent is refused before it stands there.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::facts::Refused;

/// The longest field value that a policy may set.
const MOST_FIELD_BYTES: usize = 64 << 10;

/// The most fields of a message to which a policy may add one: four times as many as a client may send.
const MOST_FIELDS: usize = 1_000;

/// Why a value with control characters cannot stand in a field.
pub const BAD_VALUE: Refused = Refused("a field value cannot hold a line feed, a NUL or another control character");

/// What a policy may write into a field of that name.
///
/// # Errors
/// When no field of that name can have the value.
pub fn field_value(name: &HeaderName, value: &[u8]) -> Result<HeaderValue, Refused> {
    if matches!(*name, header::CONTENT_LENGTH | header::TRANSFER_ENCODING) {
        return Err(Refused("warp itself frames messages"));
    }
    if value.len() > MOST_FIELD_BYTES {
        return Err(Refused("a field value has at most 64 KB"));
    }
    HeaderValue::from_bytes(value).map_err(|_| BAD_VALUE)
}

/// Whether a message of these fields may get one more.
///
/// # Errors
/// When it has too many.
pub fn room_for_one_more(fields: &HeaderMap) -> Result<(), Refused> {
    if fields.len() < MOST_FIELDS { Ok(()) } else { Err(Refused("a message has at most 1,000 fields")) }
}

/// The method that a policy gives a request.
///
/// # Errors
/// When it is none, or none that warp asks with.
pub fn method(value: &[u8]) -> Result<Method, Refused> {
    let method = Method::from_bytes(value).map_err(|_| Refused("it is not a method name"))?;
    // RFC 9110 section 9.3.6: what follows on the connection would not be HTTP.
    if method == Method::CONNECT {
        return Err(Refused("CONNECT asks for a tunnel, which warp does not make"));
    }
    Ok(method)
}

/// The target that a policy gives a request.
///
/// # Errors
/// When it is none: with a space or a line feed it would be read as another request by the backend, and what follows a `#`
/// is not sent to any (RFC 9110 section 7.1).
pub fn target(value: &[u8]) -> Result<&[u8], Refused> {
    let is_target =
        value.first() == Some(&b'/') && value.iter().all(|byte| (0x21..=0x7e).contains(byte) && *byte != b'#');
    if !is_target {
        return Err(Refused("a URL starts with / and holds no space, #, control or non-ASCII character"));
    }
    Ok(value)
}

/// A reason phrase: text without control characters (RFC 9112 section 4).
///
/// # Errors
/// When it has some, or is no UTF-8.
pub fn reason(value: &[u8]) -> Result<&str, Refused> {
    let text = std::str::from_utf8(value).ok().filter(|text| !text.chars().any(char::is_control));
    text.ok_or(Refused("a reason phrase is one line of text"))
}
