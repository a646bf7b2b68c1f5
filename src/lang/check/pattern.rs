//! Regular expressions: what the engine takes, what it takes back from PCRE, and how large they get.
//!
//! Patterns are parsed here and compiled when a request first needs them
//! ([`Pattern`]), so what passes here must not fail there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use hashbrown::HashMap;
use regex_syntax::ast::{self as tree, Ast, RepetitionKind};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::fold::Literal;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Pattern, literal_start, translate};
use crate::lang::source::Span;
use crate::lang::syntax::ast;

/// How large a pattern may get when its repetitions are written out, in characters and classes.
/// Well below what makes compiling it fail: see [`PATTERN_SIZE_LIMIT_BYTES`](crate::lang::hir).
const SIZE_LIMIT: u64 = 100_000;

/// What is wrong with a pattern.
struct Problem {
    code: Code,
    /// Where in the pattern, in bytes.
    place: Range<usize>,
    message: String,
    help: String,
}

impl Scope<'_, '_> {
    /// The regular expression that a literal or a constant holds.
    pub(super) fn pattern(&mut self, written: &ast::Expression) -> Option<Pattern> {
        let (text, start) = self.pattern_text(written)?;
        match self.cx.patterns.examine(&text) {
            Ok(pattern) => Some(pattern),
            Err(problem) => {
                let span = match start {
                    Some(start) => inside(start, &text, &problem.place),
                    None => written.span,
                };
                self.report(Diagnostic::new(problem.code, span, problem.message).help(problem.help));
                None
            }
        }
    }

    /// The text of a pattern and, if it is written in one piece, where it starts behind its quotes.
    fn pattern_text<'e>(&mut self, written: &'e ast::Expression) -> Option<(Cow<'e, str>, Option<Span>)> {
        if let ast::ExpressionKind::String(text) = &written.kind {
            // As many quotes stand before it as behind it.
            let quotes = u32::try_from(written.span.len().saturating_sub(text.len()) / 2).ok();
            let start = quotes.map(|quotes| Span { start: written.span.start.saturating_add(quotes), ..written.span });
            return Some((Cow::Borrowed(text), start));
        }
        let value = self.expression(written)?;
        match self.known(&value, format_args!("a regular expression"))? {
            Literal::Text(text) => Some((Cow::Owned(String::from_utf8_lossy(&text).into_owned()), None)),
            other => {
                let message = format!("a regular expression is a text, this is {}", other.ty().in_words());
                self.report(Diagnostic::new(Code::E0301, value.span, message).help("put it in quotes"));
                None
            }
        }
    }
}

/// The part `place` of the text, which starts at `start`; at least one character wide.
fn inside(start: Span, text: &str, place: &Range<usize>) -> Span {
    let at = |offset: usize| start.start.saturating_add(u32::try_from(offset).unwrap_or(0)).min(start.end);
    let first = text.get(place.start..).and_then(|rest| rest.chars().next());
    let end = at(place.end).max(at(place.start.saturating_add(first.map_or(1, char::len_utf8))));
    Span { start: at(place.start), end, ..start }
}

/// The ends of patterns that have been examined: many rules differ in the literal in front alone.
#[derive(Default)]
pub(super) struct Patterns {
    /// How large each end is.
    ends: RefCell<HashMap<Box<str>, u64>>,
}

impl Patterns {
    /// The pattern, if the engine will take it.
    fn examine(&self, written: &str) -> Result<Pattern, Problem> {
        let translated = translate(written);
        if let Some(place) = translated.unclear {
            return Err(Problem {
                code: Code::E0309,
                place,
                message:
                    "this means one thing in a comment and another outside, and `x` is not set for the whole pattern"
                        .to_owned(),
                help:
                    "begin the pattern with `(?x)`, leave the mark out of the comment, or write `[#]` for the character"
                        .to_owned(),
            });
        }
        match self.examine_translated(&translated.text) {
            Ok(()) => Ok(Pattern::of(&translated)),
            Err(problem) => Err(Problem { place: translated.written(&problem.place), ..problem }),
        }
    }

    fn examine_translated(&self, text: &str) -> Result<(), Problem> {
        if let Some((literal, end)) = literal_start(text)
            && let Some(size) = self.size_of(end)
            && size + literal.len() as u64 <= SIZE_LIMIT / 2
        {
            return Ok(());
        }
        examine(text).map(|_| ())
    }

    /// How large an end is; `None` if it is no pattern of its own.
    fn size_of(&self, end: &str) -> Option<u64> {
        if let Some(known) = self.ends.borrow().get(end) {
            return Some(*known);
        }
        let size = examine(end).ok()?;
        self.ends.borrow_mut().insert(end.into(), size);
        Some(size)
    }
}

/// How large the pattern is; what is wrong if the engine will not take it.
fn examine(text: &str) -> Result<u64, Problem> {
    let parsed = tree::parse::Parser::new().parse(text).map_err(|error| not_parsed(text, &error))?;
    if let Some(problem) = tree::visit(&parsed, Misread::default()).unwrap_or_default() {
        return Err(problem);
    }
    let whole = 0..text.len();
    let translated = TranslatorBuilder::new().unicode(false).utf8(false).build().translate(text, &parsed);
    let hir = translated.map_err(|error| Problem {
        code: Code::E0308,
        place: error.span().start.offset..error.span().end.offset,
        message: format!("this regular expression is wrong: {}", error.kind()),
        help: "patterns work on bytes; write other characters outside of `[…]`".to_owned(),
    })?;
    let size = size(&hir);
    if size <= SIZE_LIMIT {
        return Ok(size);
    }
    Err(Problem {
        code: Code::E0310,
        place: whole,
        message: format!("written out, this regular expression has more than {SIZE_LIMIT} parts"),
        help: "repeat less often: `{1,1000}` within `{1,1000}` stands for a million copies".to_owned(),
    })
}

fn not_parsed(text: &str, error: &tree::Error) -> Problem {
    let place = error.span().start.offset..error.span().end.offset;
    let unsupported = match error.kind() {
        tree::ErrorKind::UnsupportedLookAround => {
            Some(("look-around is not supported", "test it apart: `x ~ \"…\" && x !~ \"…\"`"))
        }
        tree::ErrorKind::UnsupportedBackreference => Some((
            "back-references within a pattern are not supported",
            "match the parts apart and compare them; `\\1` does work in the replacement of `regsub`",
        )),
        tree::ErrorKind::EscapeUnrecognized => perl_escape(text.get(place.clone()).unwrap_or_default()),
        tree::ErrorKind::FlagUnrecognized => perl_group(text, place.start),
        _ => None,
    };
    let help = match error.kind() {
        tree::ErrorKind::RepetitionMissing if text.starts_with('*') => {
            "this is a regular expression and no glob: leave the `*` out, since a pattern is found anywhere, and write \
             `\\.` for a dot and `$` for the end"
        }
        _ => "a character with a meaning of its own is written with `\\` before it",
    };
    match unsupported {
        Some((message, help)) => {
            Problem { code: Code::E0309, place, message: message.to_owned(), help: help.to_owned() }
        }
        None => Problem {
            code: Code::E0308,
            place,
            message: format!("this regular expression is wrong: {}", error.kind()),
            help: help.to_owned(),
        },
    }
}

/// Escapes of PCRE that the engine does not have.
fn perl_escape(escape: &str) -> Option<(&'static str, &'static str)> {
    Some(match escape.chars().nth(1)? {
        'Z' => ("`\\Z` is not supported", "write `\\z` or `$` for the end of the text"),
        'h' => ("`\\h` is not supported", "write `[ \\t]`"),
        'R' => ("`\\R` is not supported", "write `\\r?\\n`"),
        'K' => ("`\\K` is not supported", "put what comes before in a group and use `\\1` in the replacement"),
        'Q' | 'E' => ("`\\Q…\\E` is not supported", "write `\\` before each character with a meaning of its own"),
        'G' | 'X' | 'N' | 'C' | 'g' | 'k' | 'H' | 'V' => {
            ("this escape of PCRE is not supported", "write what it stands for")
        }
        _ => return None,
    })
}

/// Groups of PCRE that the engine does not have; `at` is the first character behind `(?`.
fn perl_group(text: &str, at: usize) -> Option<(&'static str, &'static str)> {
    Some(match text.get(at..)?.chars().next()? {
        '>' => ("atomic groups are not supported", "write `(?:…)`: matching takes linear time anyway"),
        '|' => ("branch reset groups are not supported", "give the groups numbers of their own"),
        '#' => ("comments within a pattern are not supported", "write the comment behind the statement"),
        '(' | 'R' | '&' | '0'..='9' | '+' | 'C' => {
            ("conditions and recursion within a pattern are not supported", "match the parts one by one")
        }
        _ => return None,
    })
}

/// Looks for what the engine takes and PCRE2 reads otherwise: `a++` (possessive there, a repetition
/// of a repetition here), `(?R)` (recursion there, a flag about line ends here); and for what PCRE2 refuses: `[[.a.]]` and
/// `[+-[:digit:]]` (a bracket that is a character was given another spelling), `[:alpha:]` by itself, `a**`, `^*`,
/// `\u0041`, `\x{100}`, `(?u)`.
#[derive(Default)]
struct Misread(Option<Problem>);

impl Misread {
    /// What only PCRE2 has.
    fn note(&mut self, span: &tree::Span, message: &str, help: &str) {
        self.tell(Code::E0309, span, message.to_owned(), help);
    }

    /// What PCRE2 does not take either.
    fn refuse(&mut self, span: &tree::Span, message: &str, help: &str) {
        self.tell(Code::E0308, span, format!("this regular expression is wrong: {message}"), help);
    }

    fn tell(&mut self, code: Code, span: &tree::Span, message: String, help: &str) {
        let place = span.start.offset..span.end.offset;
        self.0.get_or_insert(Problem { code, place, message, help: help.to_owned() });
    }

    fn literal(&mut self, literal: &tree::Literal) {
        use tree::{HexLiteralKind as Hex, LiteralKind as Kind};
        match literal.kind {
            Kind::HexFixed(Hex::UnicodeShort | Hex::UnicodeLong)
            | Kind::HexBrace(Hex::UnicodeShort | Hex::UnicodeLong) => {
                let help = "write the character itself, or its bytes: `\\xC3\\xA9`";
                self.refuse(&literal.span, "there is no such escape", help);
            }
            Kind::HexBrace(Hex::X) if u32::from(literal.c) > 0xFF => {
                let help = "patterns work on bytes: write the character itself, or its bytes: `\\xC4\\x80`";
                self.refuse(&literal.span, "no byte has that number", help);
            }
            _ => {}
        }
    }

    fn flags(&mut self, flags: &tree::Flags) {
        if flags.flag_state(tree::Flag::Unicode).is_some() {
            self.refuse(&flags.span, "there is no flag `u`", "leave it out: patterns work on bytes");
        }
    }

    fn repetition(&mut self, repetition: &tree::Repetition) {
        let span = &repetition.op.span;
        match &*repetition.ast {
            Ast::Repetition(_) if repetition.op.kind == RepetitionKind::OneOrMore => {
                let help = "drop the second `+`: matching takes linear time anyway";
                self.note(span, "possessive repetition is not supported", help);
            }
            Ast::Repetition(_) => {
                let help = "leave one of them out, or put what is to be repeated in `(?:…)`";
                self.refuse(span, "a repetition is repeated", help);
            }
            Ast::Assertion(_) | Ast::Flags(_) => {
                self.refuse(span, "there is nothing to repeat", "a `*` or `+` that is meant is written `\\*` or `\\+`");
            }
            _ => {}
        }
    }

    /// `[:alpha:]` is a class of characters by name only within brackets.
    fn class(&mut self, class: &tree::ClassBracketed) {
        let tree::ClassSet::Item(tree::ClassSetItem::Union(union)) = &class.kind else { return };
        let is_colon = |item: Option<&tree::ClassSetItem>| matches!(item, Some(tree::ClassSetItem::Literal(one)) if one.c == ':' && one.kind == tree::LiteralKind::Verbatim);
        if !class.negated && union.items.len() > 1 && is_colon(union.items.first()) && is_colon(union.items.last()) {
            let help = "write `[[:alpha:]]`, with brackets around it";
            self.refuse(&class.span, "a class of characters by name stands within `[…]`", help);
        }
    }
}

impl tree::Visitor for Misread {
    type Output = Option<Problem>;
    type Err = ();

    fn finish(self) -> Result<Self::Output, ()> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), ()> {
        match part {
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Flags(flags) if flags.flags.flag_state(tree::Flag::CRLF).is_some() => {
                self.note(&flags.span, "recursion within a pattern is not supported", "match the parts one by one");
            }
            Ast::Flags(flags) => self.flags(&flags.flags),
            Ast::Group(group) => {
                if let Some(flags) = group.flags() {
                    self.flags(flags);
                }
            }
            Ast::Literal(literal) => self.literal(literal),
            Ast::ClassBracketed(class) => self.class(class),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &tree::ClassSetItem) -> Result<(), ()> {
        match item {
            tree::ClassSetItem::Literal(literal) => self.literal(literal),
            tree::ClassSetItem::Bracketed(inner) => {
                self.note(&inner.span, "collating elements are not supported", "write the characters themselves");
            }
            tree::ClassSetItem::Range(range) if range.end.c == '[' && range.end.kind == tree::LiteralKind::Verbatim => {
                let help = "a range ends with a character: write `-` at the end of the `[…]` if it is one of them";
                self.note(&range.span, "a range that ends with a class is not supported", help);
            }
            _ => {}
        }
        Ok(())
    }
}

/// How many characters and classes the pattern has with its repetitions written out.
fn size(pattern: &Hir) -> u64 {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len() as u64 / 16,
        // A range of characters may take a handful of byte sequences.
        HirKind::Class(Class::Unicode(class)) => 1 + 4 * class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            u64::from(times).saturating_mul(size(&repetition.sub).saturating_add(1))
        }
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |total: u64, part| total.saturating_add(size(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(pattern: &str) -> Option<Code> {
        examine(pattern).err().map(|problem| problem.code)
    }

    #[test]
    fn patterns_at_the_size_limit_still_compile() {
        for part in ["a", "[a-z]", "[acegikmoqsuwy02468]", "(?:a|b)", "(a)", "é", "[^a]", "[[:word:]]"] {
            let one = size(&translated(part));
            let pattern = format!("(?:{part}){{{}}}", SIZE_LIMIT / (one + 1) - 1);
            assert_eq!(code(&pattern), None, "{pattern}");
            assert!(Pattern::new(pattern.as_str()).regex().is_some(), "{pattern} does not compile");
        }
    }

    #[test]
    fn a_mark_that_may_stand_in_a_comment_is_refused() {
        let place =
            |pattern: &str| Patterns::default().examine(pattern).err().map(|problem| (problem.code, problem.place));
        for pattern in ["a(?x: b # [\n c)", "(?x)a(?-x)# [b]", "(?i:(?x-i)a # \\v\n)"] {
            let at = pattern.find('#').unwrap() + 2;
            assert_eq!(place(pattern), Some((Code::E0309, at..at + 1)), "{pattern}");
        }
        for pattern in ["(?x)a # [ \\v\n b", "(?i)# [b]", "a(?x: b # c\n c)", "(?x: b [#] \\# [a-c])"] {
            assert_eq!(place(pattern), None, "{pattern}");
        }
    }

    fn translated(pattern: &str) -> Hir {
        let parsed = tree::parse::Parser::new().parse(pattern).unwrap();
        TranslatorBuilder::new().unicode(false).utf8(false).build().translate(pattern, &parsed).unwrap()
    }

    #[test]
    fn what_only_pcre_has_is_told_apart_from_mistakes() {
        for pattern in [
            "(?=a)",
            "(?<!a)b",
            r"(a)\1",
            "a++",
            "(?>a)",
            r"a\Z",
            r"\Qa.b\E",
            "(?|a|b)",
            "(?R)",
            "[[.a.]]",
            "[+-[:digit:]]",
        ] {
            assert_eq!(code(pattern), Some(Code::E0309), "{pattern}");
        }
        for pattern in [
            "(",
            "[a",
            "a{2,1}",
            r"\p{Greek}",
            "*a",
            "[é]",
            "[:alpha:]",
            "x[:digit:]+",
            "[:,:]",
            "a**",
            "a?*",
            "a{2}{3}",
            "^*a",
            r"\b+a",
            "(?i)*a",
            r"\u0041",
            r"\U00000041",
            r"[\u0041]",
            r"\x{100}",
            "(?u)a",
            "(?u:a)",
        ] {
            assert_eq!(code(pattern), Some(Code::E0308), "{pattern}");
        }
        for pattern in [
            "(?i)a",
            r"\.(css|js)$",
            "a+?",
            "(a+)+",
            r"\/x\-y",
            "(?<name>a)",
            "[[:alpha:]]",
            "[:a]",
            "[a:]",
            "[:]",
            "(?:a*)*",
            "(?:^)*a",
            r"\x{ff}",
            "a??",
        ] {
            assert_eq!(code(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_was_written() {
        for (pattern, place) in
            [(r"\<[&&]\>(?=a)", 8..11), (r"[a&&b](", 6..7), (r"[-\v--]a\Z", 8..10), (r"\<a++", 4..5)]
        {
            let problem = Patterns::default().examine(pattern).err().unwrap();
            assert_eq!(problem.place, place, "{pattern}: {}", problem.message);
        }
    }

    #[test]
    fn nested_repetitions_are_bounded() {
        assert_eq!(code("((a{1000}){1000}){1000}"), Some(Code::E0310));
        assert_eq!(code("[a-z]{1,64}"), None);
    }
}
