//! One spelling of a path (RFC 3986 section 6.2.2), so that a rule and the backend mean the same by it.
//!
//! Each change is `None` where nothing changes, and nothing changes what another one has made: in whatever order
//! they come, one more round finds nothing to do. Only slashes that are merged make another resource by RFC 3986.

/// Escapes of characters that need none are undone, digits of the others are in upper case (sections 6.2.2.1, 6.2.2.2).
///
/// A `%` that is no escape becomes the escape of itself: what follows it must not become an escape by what is undone
/// behind it, as in `%%34%31`.
pub(super) fn decode_unreserved(path: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', path)?;
    let mut written = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(mark) = memchr::memchr(b'%', rest) {
        let (before, behind) = (rest.get(..mark)?, rest.get(mark + 1..)?);
        written.extend_from_slice(before);
        let byte = escaped(behind);
        write_escaped(&mut written, byte.unwrap_or(b'%'));
        rest = behind.get(if byte.is_some() { 2 } else { 0 }..)?;
    }
    written.extend_from_slice(rest);
    (written != path).then_some(written)
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn write_escaped(written: &mut Vec<u8>, byte: u8) {
    // Section 2.3.
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        return written.push(byte);
    }
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + (value - 10) };
    written.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 0xf)]);
}

/// Segments that are dots are gone, with those that they go back over (section 5.2.4). An escaped dot is a dot.
pub(super) fn resolve_dots(path: &[u8]) -> Option<Vec<u8>> {
    let segments = || path.get(1..).unwrap_or_default().split(|byte| *byte == b'/');
    if !segments().any(|segment| dots(segment).is_some()) {
        return None;
    }
    let (mut written, mut ends_in_dots) = (Vec::with_capacity(path.len()), false);
    for segment in segments() {
        let dots = dots(segment);
        ends_in_dots = dots.is_some();
        match dots {
            Some(1) => {}
            // There is nothing above the root.
            Some(_) => written.truncate(memchr::memrchr(b'/', &written).unwrap_or(0)),
            None => {
                written.push(b'/');
                written.extend_from_slice(segment);
            }
        }
    }
    if ends_in_dots {
        written.push(b'/');
    }
    Some(written)
}

/// How many dots a segment is made of, one or two; `None` if of anything else.
fn dots(segment: &[u8]) -> Option<usize> {
    let one = |text: &'_ [u8]| match text {
        [b'.', ..] => Some(1),
        [b'%', b'2', b'e' | b'E', ..] => Some(3),
        _ => None,
    };
    let behind = segment.get(one(segment)?..)?;
    if behind.is_empty() {
        return Some(1);
    }
    (one(behind)? == behind.len()).then_some(2)
}

/// Slashes that follow each other are one.
pub(super) fn merge_slashes(path: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find(path, b"//")?;
    let mut merged = path.to_vec();
    merged.dedup_by(|byte, before| *byte == b'/' && *before == b'/');
    Some(merged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Change = fn(&[u8]) -> Option<Vec<u8>>;

    const CHANGES: [Change; 3] = [decode_unreserved, merge_slashes, resolve_dots];

    fn changed(change: Change, path: &str) -> String {
        String::from_utf8(change(path.as_bytes()).unwrap_or_else(|| path.into())).unwrap()
    }

    fn all(path: &str) -> String {
        CHANGES.iter().fold(path.to_owned(), |path, change| changed(*change, &path))
    }

    #[test]
    fn rfc3986_6_2_2_2_only_what_needs_no_escape_is_decoded_and_once() {
        for (path, expected) in [
            ("/%61dmin/%7e%2d%5F%2E", "/admin/~-_."),
            ("/a%2fb%2Fc", "/a%2Fb%2Fc"),
            ("/%2561", "/%2561"),
            ("/%25%36%31", "/%2561"),
            ("/%3b%00%5c%c3%a9", "/%3B%00%5C%C3%A9"),
            ("/a+b;c=d", "/a+b;c=d"),
        ] {
            assert_eq!(changed(decode_unreserved, path), expected, "{path}");
        }
    }

    #[test]
    fn a_percent_sign_that_escapes_nothing_is_escaped_itself() {
        for (path, expected) in
            [("/%", "/%25"), ("/%6", "/%256"), ("/%zz", "/%25zz"), ("/%%34%31", "/%2541"), ("/%6%31", "/%2561")]
        {
            assert_eq!(changed(decode_unreserved, path), expected, "{path}");
        }
    }

    #[test]
    fn rfc3986_5_2_4_dot_segments_are_resolved_and_end_at_the_root() {
        for (path, expected) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/../../a", "/a"),
            ("/..", "/"),
            ("/a//../b", "/a/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e/b/%2e", "/b/"),
            ("/a/.../..b/b../%2e.c", "/a/.../..b/b../%2e.c"),
            ("/a/..;/b", "/a/..;/b"),
        ] {
            assert_eq!(changed(resolve_dots, path), expected, "{path}");
        }
    }

    #[test]
    fn slashes_are_merged_and_escaped_ones_are_none() {
        assert_eq!(changed(merge_slashes, "//a///b//"), "/a/b/");
        assert_eq!(changed(merge_slashes, "/a/%2F/b"), "/a/%2F/b");
    }

    /// RFC 3986 section 5.2.4, word for word.
    fn remove_dot_segments(path: &str) -> String {
        let (mut input, mut output) = (path.to_owned(), String::new());
        while !input.is_empty() {
            let back = |output: &mut String| output.truncate(output.rfind('/').unwrap_or(0));
            if input.starts_with("/./") {
                input.drain(..2);
            } else if input == "/." {
                "/".clone_into(&mut input);
            } else if input.starts_with("/../") {
                input.drain(..3);
                back(&mut output);
            } else if input == "/.." {
                "/".clone_into(&mut input);
                back(&mut output);
            } else {
                let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
                output.extend(input.drain(..end));
            }
        }
        output
    }

    /// What RFC 3986 takes for the same resource has the same text: sections 6.2.2.1 to 6.2.2.3, another way.
    fn resource(path: &str) -> String {
        let mut parts = path.split('%');
        let mut decoded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let byte = u8::from_str_radix(&part[..2], 16).unwrap();
            let plain = char::from(byte);
            if plain.is_ascii_alphanumeric() || "-._~".contains(plain) {
                decoded.push(plain);
            } else {
                decoded += "%";
                decoded += &part[..2].to_ascii_uppercase();
            }
            decoded += &part[2..];
        }
        remove_dot_segments(&decoded)
    }

    /// Paths of pieces that are likely to make something together.
    fn path(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(pieces);
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    const VALID: &[&str] =
        &["/", "/", ".", "..", "%2e", "%2E", "%2F", "%25", "%41", "%34", "%5c", "%00", "a", "4", "1", "2e", ";", "\\"];
    const ANY: &[&str] = &["/", "/", ".", "%", "%", "%2", "%2e", "%25", "%32", "%34", "%65", "%41", "1", "2", "e", "f"];

    proptest! {
        #[test]
        fn whatever_the_order_another_round_finds_nothing_to_do(
            path in path(ANY),
            order in Just(CHANGES.to_vec()).prop_shuffle(),
        ) {
            let once = order.iter().fold(path.clone(), |path, change| changed(*change, &path));
            for change in CHANGES {
                prop_assert_eq!(change(once.as_bytes()), None, "{} from {}", once, path);
            }
        }

        #[test]
        fn rfc3986_6_2_2_the_resource_stays_the_same(path in path(VALID)) {
            for change in [decode_unreserved as Change, resolve_dots] {
                prop_assert_eq!(resource(&changed(change, &path)), resource(&path));
            }
            let both = changed(resolve_dots, &changed(decode_unreserved, &path));
            prop_assert_eq!(both, resource(&path));
        }

        #[test]
        fn all_that_follows_each_other_is_one_path(path in path(ANY)) {
            let whole = all(&path);
            prop_assert!(whole.starts_with('/') && !whole.contains("//"), "{}", whole);
            let dots = |segment: &str| segment == "." || segment == "..";
            prop_assert!(!whole.split('/').any(dots), "{}", whole);
        }
    }
}
