//! Which texts can stand where.

/// The texts that a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::analysis) enum Domain {
    /// A request target: it begins with `/`, or is `*`.
    Url,
    /// A method (RFC 9110 section 5.6.2).
    Method,
    /// The value of a field, or no field (RFC 9110 section 5.5).
    Field,
    /// That of `Host`, or none: other hosts are refused (`schema::target`).
    Host,
    /// That of `X-Forwarded-For` as `recv` finds it: with the client's address at least.
    Forwarded,
    /// Anything, or nothing.
    Any,
}

/// The text of [`crate::simulate::SOMEWHERE`], where clients are of whose address nothing is said.
const SOMEWHERE: &[u8] = b"192.0.2.1";

/// Methods that clients use.
const METHODS: &[&[u8]] = &[b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"QUERY", b"PROPFIND", b"MKCOL"];

impl Domain {
    pub(super) fn may_be_unset(self) -> bool {
        !matches!(self, Self::Url | Self::Method | Self::Forwarded)
    }

    /// A text that nobody wonders about.
    pub(in crate::analysis) fn likely(self) -> &'static [u8] {
        match self {
            Self::Url => b"/",
            Self::Method => b"GET",
            Self::Host => b"www.example.com",
            Self::Forwarded => SOMEWHERE,
            Self::Field | Self::Any => b"1",
        }
    }

    /// Other texts that are met there, before any is made up.
    pub(super) fn others(self) -> &'static [&'static [u8]] {
        match self {
            Self::Method => METHODS,
            _ => &[],
        }
    }

    /// Whether a byte may stand at that place.
    pub(super) fn allows(self, byte: u8, is_first: bool) -> bool {
        match self {
            Self::Url if is_first => byte == b'/' || byte == b'*',
            Self::Url => byte > b' ' && byte != 0x7f,
            Self::Method => byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte),
            Self::Host => byte.is_ascii_alphanumeric() || b"-._~[]:%!$&'()*+,;=".contains(&byte),
            Self::Field | Self::Forwarded => {
                (byte >= b' ' || byte == b'\t') && byte != 0x7f && !(is_first && b" \t".contains(&byte))
            }
            Self::Any => true,
        }
    }

    /// Whether a text may end with that byte; `None` for the empty text.
    pub(super) fn may_end(self, last: Option<u8>, length: usize) -> bool {
        match (self, last) {
            (Self::Url, Some(b'*')) if length == 1 => true,
            (Self::Url | Self::Method | Self::Forwarded, None)
            | (Self::Field | Self::Forwarded, Some(b' ' | b'\t')) => false,
            _ => true,
        }
    }

    /// Whether the text is one of them.
    pub(super) fn holds(self, text: &[u8]) -> bool {
        let allowed = text.iter().enumerate().all(|(at, byte)| self.allows(*byte, at == 0));
        let is_star = self == Self::Url && text.first() == Some(&b'*') && text.len() > 1;
        allowed && !is_star && self.may_end(text.last().copied(), text.len())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_client_of_which_nothing_is_said_is_forwarded_for() {
        assert_eq!(super::SOMEWHERE, crate::simulate::SOMEWHERE.to_string().as_bytes());
    }
}
