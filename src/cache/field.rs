//! Single fields, read and written.

use http::header::{self, HeaderMap, HeaderName};

/// The length of the body, if the fields say it.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The name as people write it: `X-Cache-Hits`. Names are compared without regard to case, but
/// HTTP/1.1 shows their spelling.
pub fn spelling(name: &HeaderName) -> String {
    let mut starts_word = true;
    let letters = name.as_str().chars().map(|letter| {
        let written = if starts_word { letter.to_ascii_uppercase() } else { letter };
        starts_word = letter == '-';
        written
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_people_write_them() {
        assert_eq!(spelling(&HeaderName::from_static("x-cache-hits")), "X-Cache-Hits");
    }
}
