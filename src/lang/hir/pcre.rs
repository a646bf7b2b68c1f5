//! What PCRE2 and the engine read in two ways, written so that the engine reads it as PCRE2 does.
//!
//! `\<` and `\>` are characters to PCRE2 and the ends of words to the engine; within `[…]` the engine knows `&&`, `--`,
//! `~~` and classes of classes, which are characters to PCRE2. `\v` is any vertical space, `\x{e9}` one byte.

use std::borrow::Cow;
use std::ops::Range;

/// A pattern as the engine reads it, and where each part of it comes from.
#[derive(Debug)]
pub struct Translated<'p> {
    /// What the engine is given; borrowed where both read the pattern in one way.
    pub text: Cow<'p, str>,
    /// What was replaced: its place here, and its place as written.
    replaced: Vec<(Range<usize>, Range<usize>)>,
    /// A mark in the pattern as written that means another thing in a comment, where there may be one.
    pub unclear: Option<Range<usize>>,
}

impl Translated<'_> {
    /// Where a part of the text stands in the pattern as written, in bytes.
    #[must_use]
    pub fn written(&self, place: &Range<usize>) -> Range<usize> {
        let start = self.replaced.iter().rev().find(|(here, _)| here.start <= place.start);
        let end = self.replaced.iter().rev().find(|(here, _)| here.start < place.end);
        let start = start.map_or(place.start, |(here, written)| {
            if place.start < here.end { written.start } else { written.end + (place.start - here.end) }
        });
        // An end within what was replaced is the end of all of it.
        let end = end.map_or(place.end, |(here, written)| written.end + place.end.saturating_sub(here.end));
        start..end.max(start)
    }
}

/// The pattern as the engine reads it.
#[must_use]
pub fn translate(pattern: &str) -> Translated<'_> {
    let comments = Comments::of(pattern);
    let (text, replaced) = (String::new(), Vec::new());
    let mut reading = Reading { pattern, comments, at: 0, text, copied: 0, replaced, unclear: None };
    while let Some(plain) = memchr::memchr3(b'\\', b'[', b'#', reading.rest().as_bytes()) {
        reading.at += plain;
        match reading.peek(0) {
            Some(b'[') => reading.class(),
            Some(b'#') => reading.number_sign(),
            _ => reading.escape(),
        }
    }
    reading.finish()
}

/// What stands for the characters of `\v` within a class: PCRE2 has no more of them in bytes.
const VERTICAL_SPACE: &str = r"\n\x0B\f\r\x85";

/// Whether `#` begins a comment, which `x` among the flags has it do.
#[derive(Clone, Copy, PartialEq)]
enum Comments {
    Nowhere,
    Everywhere,
    Somewhere,
}

impl Comments {
    fn of(pattern: &str) -> Self {
        let mut groups = memchr::memmem::find_iter(pattern.as_bytes(), b"(?").filter_map(|at| {
            let flags = pattern.get(at + 2..)?;
            let length = flags.bytes().position(|byte| !byte.is_ascii_alphabetic() && byte != b'-')?;
            let (flags, rest) = flags.split_at(length);
            let is_for_all = at == 0 && rest.starts_with(')') && flags.split('-').next()?.contains('x');
            (rest.starts_with([')', ':']) && flags.contains('x')).then_some(is_for_all)
        });
        match (groups.next(), groups.next()) {
            (None, _) => Self::Nowhere,
            (Some(true), None) => Self::Everywhere,
            _ => Self::Somewhere,
        }
    }
}

struct Reading<'p> {
    pattern: &'p str,
    comments: Comments,
    at: usize,
    text: String,
    /// Up to where the pattern stands in `text`, if anything was replaced.
    copied: usize,
    replaced: Vec<(Range<usize>, Range<usize>)>,
    unclear: Option<Range<usize>>,
}

impl<'p> Reading<'p> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'p str {
        self.rest_behind(0)
    }

    fn rest_behind(&self, bytes: usize) -> &'p str {
        self.pattern.get(self.at + bytes..).unwrap_or_default()
    }

    /// Takes so many bytes, in whose place this stands.
    fn replace(&mut self, bytes: usize, with: &str) {
        self.text.push_str(self.pattern.get(self.copied..self.at).unwrap_or_default());
        let start = self.text.len();
        self.text.push_str(with);
        self.replaced.push((start..self.text.len(), self.at..self.at + bytes));
        self.at += bytes;
        self.copied = self.at;
    }

    fn finish(mut self) -> Translated<'p> {
        if self.replaced.is_empty() {
            let text = Cow::Borrowed(self.pattern);
            return Translated { text, replaced: self.replaced, unclear: self.unclear };
        }
        self.text.push_str(self.pattern.get(self.copied..).unwrap_or_default());
        Translated { text: Cow::Owned(self.text), replaced: self.replaced, unclear: self.unclear }
    }

    /// Takes a `#`, and what is a comment behind it.
    fn number_sign(&mut self) {
        if self.comments == Comments::Nowhere || self.unclear.is_some() {
            self.at += 1;
            return;
        }
        let line = self.rest().as_bytes();
        let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or_default();
        match memchr::memchr2(b'\\', b'[', line).filter(|_| self.comments == Comments::Somewhere) {
            Some(mark) => {
                self.unclear = Some(self.at + mark..self.at + mark + 1);
                self.at += 1;
            }
            None => self.at += line.len(),
        }
    }

    /// Takes an escape outside of classes.
    fn escape(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'v'), _) => self.replace(2, &format!("[{VERTICAL_SPACE}]")),
            // `\b{start}` is a kind of boundary to the engine.
            (Some(b'b' | b'B'), Some(b'{')) if !self.peek(3).is_some_and(|byte| byte.is_ascii_digit()) => {
                self.at += 2;
                self.replace(1, r"\{");
            }
            _ => self.plain_escape(),
        }
    }

    /// Takes an escape that means the same in a class and outside.
    fn plain_escape(&mut self) {
        match self.peek(1) {
            Some(b'<') => self.replace(2, "<"),
            Some(b'>') => self.replace(2, ">"),
            Some(b'x') => match code(self.rest()) {
                Some((bytes, code)) => self.replace(bytes, &format!(r"\x{code:02X}")),
                None => self.at += 2,
            },
            _ => self.at += 1 + self.rest().chars().nth(1).map_or(0, char::len_utf8),
        }
    }

    /// Takes a class with its brackets. A bracket is no end behind the first, and none of a class of characters by name.
    fn class(&mut self) {
        self.at += 1;
        self.at += usize::from(self.peek(0) == Some(b'^'));
        match (self.peek(0), self.peek(1)) {
            (Some(b']'), Some(b'-')) => {
                self.replace(1, r"\]");
                self.range();
            }
            (Some(b']'), _) => self.at += 1,
            _ => {}
        }
        while let Some(byte) = self.peek(0) {
            if byte == b']' {
                self.at += 1;
                return;
            }
            if let Some(bytes) = named(self.rest()) {
                self.at += bytes;
                continue;
            }
            if self.member() {
                self.range();
            }
        }
    }

    /// Takes the rest of a range, if one begins behind the member that was read.
    fn range(&mut self) {
        if self.peek(0) == Some(b'-')
            && !matches!(self.peek(1), None | Some(b']'))
            && named(self.rest_behind(1)).is_none()
        {
            self.at += 1;
            self.member();
        }
    }

    /// Whether the engine takes this byte of a class, which is the next one, for more than itself. Spaces and `#` it may
    /// leave out behind `(?x)`.
    fn is_mark(&self, byte: u8) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.pattern.as_bytes().get(at));
        match byte {
            b'[' => true,
            b'&' | b'~' | b'-' => before == Some(&byte) || self.peek(1) == Some(byte),
            b'#' | b' ' | b'\t'..=b'\r' => self.comments != Comments::Nowhere,
            _ => false,
        }
    }

    /// Takes one member of a class; whether a range can begin with it.
    fn member(&mut self) -> bool {
        match self.peek(0) {
            Some(b'\\') => match self.peek(1) {
                Some(b'v') => {
                    self.replace(2, VERTICAL_SPACE);
                    false
                }
                Some(b'b') => {
                    self.replace(2, r"\x08");
                    true
                }
                Some(byte) => {
                    self.plain_escape();
                    !matches!(byte, b'd' | b'D' | b'h' | b'H' | b's' | b'S' | b'V' | b'w' | b'W' | b'p' | b'P')
                }
                None => {
                    self.at += 1;
                    false
                }
            },
            Some(byte) if self.is_mark(byte) => {
                self.replace(1, &format!(r"\x{byte:02X}"));
                true
            }
            _ => {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
                true
            }
        }
    }
}

/// The length of a class of characters by name, `[:alpha:]`, at the start of the text. `[.a.]` and `[=a=]`, which PCRE2
/// refuses, stay as they are, for the engine would read a class in them.
fn named(text: &str) -> Option<usize> {
    let mark = text.strip_prefix('[')?.chars().next().filter(|mark| matches!(mark, ':' | '.' | '='))?;
    let body = text.get(2..)?;
    let end = body.find([mark, ']', '\\'])?;
    let closes = body.get(end..)?.starts_with(&[mark, ']'].iter().collect::<String>());
    closes.then_some(end + 4)
}

/// The length of `\x{e9}` at the start of the text, and the byte that it stands for.
fn code(text: &str) -> Option<(usize, u8)> {
    let body = text.strip_prefix(r"\x{")?;
    let digits = body.get(..body.bytes().position(|byte| !byte.is_ascii_hexdigit())?)?;
    body.get(digits.len()..).filter(|rest| rest.starts_with('}'))?;
    Some((digits.len() + 4, u8::from_str_radix(digits, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use regex::bytes::RegexBuilder;

    use super::*;

    fn replaced(text: &str, pattern: &str) -> String {
        let regex = RegexBuilder::new(&translate(pattern).text).unicode(false).build().unwrap();
        String::from_utf8_lossy(&regex.replace_all(text.as_bytes(), &b"#"[..])).into_owned()
    }

    /// As varnishd 7.1.1 answers `regsuball(TEXT, PATTERN, "#")`.
    #[test]
    fn patterns_mean_what_they_mean_to_pcre2() {
        for (text, pattern, expected) in [
            ("a<script>", r"\<", "a#script>"),
            ("a>b", r"a\>", "#b"),
            ("a-b<", r"[\<a-]", "##b#"),
            ("a&b&&c-d", "[a-c&&b-d]", "######-#"),
            ("a-b.c/d,e+f", "[--/]", "a#b#c#d,e+f"),
            ("a-b+c,d.e", "[+--]", "a#b#c#d.e"),
            ("abc-dez{", "[a-c--z]", "#######{"),
            ("abc-dez", "[a-c-e]", "####d#z"),
            ("x[b]d]", "[a[bc]d]", "x[b]d]"),
            ("[d]", "[a[bc]d]", "#"),
            ("a b~c~~d", "[b~~c]", "a #####d"),
            ("a]b^c", "[]^]", "a#b#c"),
            ("a b#c", "(?x)[ #]", "a#b#c"),
            ("ab a", "(?x) a # it [stops\n \\v? b", "# a"),
            ("ab#\\[", "(?i)A|#|[[]", "#b#\\#"),
            ("a1-", r"[\d-]", "a##"),
            ("a.b-c", r"[\w.-]", "#####"),
            ("a&b", r"[a\-&&]", "##b"),
            ("a[b", "[[]", "a#b"),
            ("a_b", r"\_", "a#b"),
            ("axb", r"[a-\x62]", "#x#"),
            ("axb", r"[a-\x{62}]", "#x#"),
            ("a]^_b", "[]-a]", "####b"),
            ("a-b", "[---]", "a#b"),
            ("ab{s}", r"b\b{s}", "a#"),
            ("a:]x", "[[:]", "a#]x"),
            ("a:]x", "[a[:x]", "##]#"),
            ("a1[:", "[[:alpha:][:]", "#1##"),
            ("a\n\x0Bb", r"\v", "a##b"),
            ("a\n\x0Bb", r"[^\v]", "#\n\x0B#"),
            ("a\x08b", r"[\b]", "a#b"),
        ] {
            assert_eq!(replaced(text, pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_both_read_in_one_way_is_left_alone() {
        for pattern in [
            r"^/a/(b|c)[0-9a-f]+\.html?$",
            r"\\<",
            r"[^a-z_]\[&&--",
            "[]a]",
            r"[\]a]",
            "[[:^alpha:]]",
            "[a-]",
            "é[^é",
            "\\",
        ] {
            assert!(matches!(translate(pattern).text, Cow::Borrowed(_)), "{pattern}: {:?}", translate(pattern));
        }
    }

    #[test]
    fn places_are_those_of_the_pattern_as_written() {
        let translated = translate(r"\<[&&]\>(");
        assert_eq!(translated.text, r"<[\x26\x26]>(");
        for (here, written) in
            [(0..1, 0..2), (1..2, 2..3), (2..6, 3..4), (3..4, 3..4), (6..10, 4..5), (11..12, 6..8), (12..13, 8..9)]
        {
            assert_eq!(translated.written(&here), written, "{here:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_read_beyond_its_end(pattern in r"([\[\]\\<>&~a^:.=v-]|x\{|é){0,12}") {
            let translated = translate(&pattern);
            let written = translated.written(&(0..translated.text.len()));
            proptest::prop_assert_eq!(written, 0..pattern.len());
        }
    }
}
