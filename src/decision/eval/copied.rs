//! Values that outlive what they were read from: a short text is copied to the stack, so that nothing is taken from the
//! heap to hand it on.

use std::borrow::Cow;

use super::own;
use crate::decision::facts::Value;

/// How long a short text is, in bytes: most URLs and fields are shorter.
const SHORT_BYTES: usize = 256;

/// A value that borrows nothing.
#[expect(clippy::large_enum_variant, reason = "it is there to be on the stack")]
pub(super) enum Copied {
    /// Text.
    Short([u8; SHORT_BYTES], usize),
    /// Any other value.
    Other(Value<'static>),
}

impl Copied {
    /// A copy; a text that was computed is taken as it is.
    pub fn of(value: Value<'_>) -> Self {
        let Value::Text(Some(Cow::Borrowed(text))) = value else { return Self::Other(own(value)) };
        let mut short = [0; SHORT_BYTES];
        match short.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                Self::Short(short, text.len())
            }
            None => Self::Other(own(value)),
        }
    }

    /// The value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Short(text, length) => Value::text(text.get(..*length).unwrap_or_default()),
            Self::Other(value) => super::borrow(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_same_value() {
        for length in [0, 1, SHORT_BYTES, SHORT_BYTES + 1, 5_000] {
            let text = vec![b'a'; length];
            assert_eq!(Copied::of(Value::text(&text)).value(), Value::text(&text));
            assert_eq!(Copied::of(Value::from(text.clone())).value(), Value::text(&text));
        }
        assert_eq!(Copied::of(Value::UNSET).value(), Value::UNSET);
        assert_eq!(Copied::of(Value::Int(7)).value(), Value::Int(7));
    }
}
