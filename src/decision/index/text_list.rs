//! The texts that a test compares with.

use std::hash::{Hash, Hasher};

use super::packed;

/// Some texts: those of the policy, or kept side by side, where one look at memory finds the first of them.
#[derive(Clone, Debug)]
pub(super) enum TextList<'h> {
    Borrowed(&'h [Box<[u8]>]),
    /// Each behind its length.
    Packed(Box<[u8]>),
}

impl TextList<'_> {
    /// A copy of texts, side by side.
    pub fn packed<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Self {
        let mut packed = Vec::new();
        for text in texts {
            packed::push(&mut packed, text);
        }
        Self::Packed(packed.into())
    }

    /// The same, borrowing nothing.
    pub fn own(&self) -> TextList<'static> {
        match self {
            Self::Borrowed(texts) => TextList::packed(texts.iter().map(|text| &**text)),
            Self::Packed(packed) => TextList::Packed(packed.clone()),
        }
    }

    /// The only one, if it is.
    pub fn only(&self) -> Option<&[u8]> {
        let mut texts = self.iter();
        texts.next().filter(|_| texts.next().is_none())
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let (mut borrowed, mut packed): (_, &[u8]) = match self {
            Self::Borrowed(texts) => (texts.iter(), &[]),
            Self::Packed(packed) => ([].iter(), packed),
        };
        std::iter::from_fn(move || borrowed.next().map(|text| &**text).or_else(|| next_of(&mut packed)))
    }
}

/// Takes the next text off packed ones.
fn next_of<'t>(packed: &mut &'t [u8]) -> Option<&'t [u8]> {
    let (text, rest) = packed::split(packed)?;
    *packed = rest;
    Some(text)
}

impl<'h> From<&'h Vec<Box<[u8]>>> for TextList<'h> {
    fn from(texts: &'h Vec<Box<[u8]>>) -> Self {
        Self::Borrowed(texts)
    }
}

/// Lists are the same if their texts are.
impl PartialEq for TextList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for TextList<'_> {}

impl Hash for TextList<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.iter().for_each(|text| text.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_copy_is_the_same(texts in prop::collection::vec("[ab]{0,3}", 0..5), other in prop::collection::vec("[ab]{0,3}", 0..5)) {
            let boxed = |texts: &[String]| texts.iter().map(|text| text.as_bytes().into()).collect::<Vec<Box<[u8]>>>();
            let (texts, other) = (boxed(&texts), boxed(&other));
            let borrowed = TextList::from(&texts);
            prop_assert!(borrowed.own().iter().eq(texts.iter().map(|text| &**text)));
            prop_assert_eq!(&borrowed.own(), &borrowed);
            prop_assert_eq!(borrowed.own() == TextList::from(&other), texts == other);
        }
    }
}
