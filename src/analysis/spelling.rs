//! Ways to write a URL by which it is one path as it comes, and another one behind clauses of `normalize`.

use crate::cache::asked::path_of;

/// URLs that begin like `came`, or like nothing that is asked for, and of which clauses about paths may leave `left`.
pub(super) fn spellings(came: &[u8], left: &[u8]) -> Vec<Vec<u8>> {
    let (begin, end) = (path_of(came), path_of(left));
    let begin = begin.strip_suffix(b"/").unwrap_or(begin);
    let back = b"/..".repeat(memchr::memchr_iter(b'/', begin).count());
    let letter = |one: &u8| one.is_ascii_alphanumeric();
    let [first, last] = [end.iter().position(letter), end.iter().rposition(letter)].map(|at| escaped(end, at));
    let other = [[b"/x/..", end].concat(), [b"/", end].concat(), first, last];
    let longer = other.iter().map(Vec::as_slice).chain([end]).map(|path| [path, begin].concat());
    let paths = [[begin, &back, end].concat()].into_iter().chain(other.iter().cloned()).chain(longer);
    let queries = [came, left].map(|url| url.get(path_of(url).len()..).unwrap_or_default());
    paths.flat_map(|path| queries.map(|query| [&path, query].concat())).collect()
}

/// The path with a letter of it as an escape, which means the same (RFC 3986 section 6.2.2.2).
fn escaped(path: &[u8], at: Option<usize>) -> Vec<u8> {
    let Some((at, letter)) = at.and_then(|at| Some((at, path.get(at)?))) else { return path.to_vec() };
    let (before, behind) = path.split_at(at);
    [before, format!("%{letter:02X}").as_bytes(), behind.get(1..).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_gone_back_over_or_written_otherwise() {
        let texts = |came: &str, left: &str| -> Vec<String> {
            let found = spellings(came.as_bytes(), left.as_bytes());
            found.into_iter().map(|url| String::from_utf8(url).unwrap()).collect()
        };
        let found = texts("/a/b/?x", "/c");
        for url in ["/a/b/../../c?x", "/a/b/../../c", "/x/../c?x", "//c", "/%63"] {
            assert!(found.iter().any(|one| one == url), "{url}: {found:?}");
        }
        assert!(texts("/", "/").contains(&"//".to_owned()));
    }
}
