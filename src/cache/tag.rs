//! Tags: words that a response has in common with others, so that all of them can be purged at once.
//!
//! Origins list them in a field of the response: `Surrogate-Key`, `xkey` and `Cache-Tag` hold words between white
//! space or commas. There is no standard for it; what is right for one of them is right for all.

/// The longest tag, in bytes; as at Fastly.
pub const MOST_TAG_BYTES: usize = 1024;

/// The most tags of one response.
pub const MOST_TAGS: usize = 1024;

/// The tags that a text lists, between white space and commas.
pub fn tags(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::tags;

    #[test]
    fn tags_stand_between_white_space_and_commas() {
        let listed = |text: &'static str| tags(text.as_bytes()).map(<[u8]>::to_vec).collect::<Vec<_>>();
        for text in ["post-12 user/7", "post-12,user/7", " post-12 ,, \tuser/7 ,"] {
            assert_eq!(listed(text), [b"post-12".to_vec(), b"user/7".to_vec()], "{text}");
        }
        assert!(listed(" , ").is_empty());
    }
}
