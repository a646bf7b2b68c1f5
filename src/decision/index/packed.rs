//! Texts side by side, each behind its length: one look at memory finds both.

/// Adds a text: where it begins.
pub(super) fn push(texts: &mut Vec<u8>, text: &[u8]) -> u32 {
    let at = number(texts.len());
    texts.extend_from_slice(&number(text.len()).to_le_bytes());
    texts.extend_from_slice(text);
    at
}

/// The first text, and those that follow.
pub(super) fn split(texts: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = texts.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

/// A place or a length as it is kept: four bytes are enough for what a policy may hold, and half of it.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_were_put() {
        let mut texts = Vec::new();
        let places = [&b"one"[..], b"", b"three"].map(|text| (push(&mut texts, text), text));
        let found = |place: u32| Some(split(texts.get(place as usize..)?)?.0);
        assert!(places.into_iter().all(|(place, text)| found(place) == Some(text)));
        assert_eq!(found(99), None);
    }
}
