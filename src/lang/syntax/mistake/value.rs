//! Values, tests and signs of other languages.

use super::Mistake;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::source::Span;
use crate::lang::syntax::bracket::span;
use crate::lang::syntax::foreign;
use crate::lang::syntax::grammar::Rule;

/// What may be claimed of a key.
const IN_KEY: &str = "write `key contains VALUE`, or `key excludes cookie \"NAME\"`";

impl Mistake<'_, '_> {
    /// What is a value, a test or a sign elsewhere.
    pub(super) fn value_from_elsewhere(&self) -> Option<Diagnostic> {
        let habits: [fn(&Self) -> Option<Diagnostic>; 7] = [
            Self::test_of_another_language,
            Self::part_of_a_field,
            Self::value_of_another_language,
            Self::path_without_quotes,
            Self::three_equals,
            Self::regex_without_case,
            Self::fat_arrow,
        ];
        habits.iter().find_map(|habit| habit(self))
    }

    /// `req.url contains "/a"`
    fn test_of_another_language(&self) -> Option<Diagnostic> {
        let word = self.found_word();
        let operand = self.stream.tok(self.index + 1).map_or("", |tok| self.stream.text_of(tok));
        if self.expected.has(Rule::kw_contains) {
            return foreign::test(word, "", "").map(|_| self.refuse(format!("there is no claim `{word}`"), IN_KEY));
        }
        let instead = foreign::test(word, &self.name_before()?, operand).filter(|_| self.expected.operator())?;
        Some(self.refuse(format!("there is no test `{word}`"), format!("write `{instead}`")))
    }

    /// The dotted name that ends before the bad token.
    pub(super) fn name_before(&self) -> Option<String> {
        let last = self.index.checked_sub(1)?;
        let is_glued = |at: &usize| self.stream.tok(at + 1).is_some_and(|tok| tok.glued);
        let first = (self.first..last).rev().take_while(is_glued).last().unwrap_or(last);
        // `header "X"` of a table.
        let is_field = |before: &usize| self.stream.word(*before) == "header";
        let first = first.checked_sub(1).filter(is_field).unwrap_or(first);
        let place = span(self.file, self.stream.tok(first)?).to(span(self.file, self.stream.tok(last)?));
        Some(self.stream.text.get(place.range())?.trim_start_matches(['(', '!']).to_owned())
    }

    /// `req.http.Cookie:session`
    fn part_of_a_field(&self) -> Option<Diagnostic> {
        let glued = |tok: &super::Tok| tok.glued;
        let named = self.stream.tok(self.index + 1).filter(|tok| tok.kind == TokenKind::Word && tok.glued);
        let found = self.found().filter(glued)?;
        let is_part = found.kind == TokenKind::Colon && self.kind_before() == Some(TokenKind::Word);
        if named.is_none() || !is_part || !self.expected.operator() {
            return None;
        }
        let help = "write `req.cookies[\"NAME\"]`; of another field take a part with `regsub` or `str.split`";
        Some(self.refuse("parts of a header field have no names", help))
    }

    /// What stands for a value elsewhere.
    fn value_of_another_language(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| !tok.first_on_line && self.expected.value())?;
        let (next, behind) = (self.stream.kind(self.index + 1), self.stream.kind(self.index + 2));
        let is_text = next.is_some_and(|kind| kind.is_string() || kind == TokenKind::UnterminatedString);
        let (message, help) = match (found.kind, self.found_word()) {
            (TokenKind::BraceOpen, _) if is_text && behind == Some(TokenKind::Colon) => {
                ("values by keys stand in a table", "write `table NAME { \"KEY\": VALUE }`, outside of subs")
            }
            (TokenKind::BraceOpen, _) if is_text => {
                ("a text does not stand in braces", "a text over several lines stands in `\"\"\"`")
            }
            (TokenKind::Colon, _) => ("bytes are written as a text", "write the base64 in quotes: \"aGVsbG8=\""),
            (_, "if" | "unless") if self.stream.word(self.first) == "when" => (
                "a row has its condition in front",
                "write it behind `when`: `when CONDITION and CONDITION -> ACTION;`",
            ),
            (TokenKind::Less | TokenKind::LessOrEqual | TokenKind::Greater | TokenKind::GreaterOrEqual, _)
                if self.before().is_some_and(|tok| ["and", "&&", "or", "||"].contains(&self.stream.text_of(tok))) =>
            {
                ("what is compared is written on each side", "name it again, or write `VALUE in 500..599`")
            }
            (_, "if") => ("`if` stands for no value", "write `match CONDITION { true -> A; else -> B; }`"),
            (_, "unset") => ("nothing can be set to `unset`", "write `unset NAME;`"),
            (TokenKind::ParenClose, _) if next == Some(TokenKind::Implies) => {
                ("no value is a function", "write `fn NAME(PARAMETER: TYPE) -> TYPE { return VALUE; }`")
            }
            _ => return None,
        };
        Some(self.refuse(message, help))
    }

    /// `path == /a`
    fn path_without_quotes(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Slash && self.expected.value())?;
        let next = self.stream.tok(self.index + 1).filter(|tok| tok.kind == TokenKind::Word && tok.glued);
        let name = next.map_or("", |tok| self.stream.text_of(tok));
        let place = next.map_or(span(self.file, found), |next| span(self.file, found).to(span(self.file, next)));
        let is_pattern = matches!(self.kind_before(), Some(TokenKind::Match | TokenKind::NotMatch));
        let message = if is_pattern { "a pattern stands in quotes" } else { "a path stands in quotes" };
        let written =
            if is_pattern { format!("write it as a text: `~ \"{name}\"`") } else { format!("write \"/{name}\"") };
        Some(Diagnostic::new(Code::E0101, place, message).help(written))
    }

    /// `a === b`
    fn three_equals(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Assign && tok.glued)?;
        let sign = match self.kind_before()? {
            TokenKind::Equal => "==",
            TokenKind::NotEqual => "!=",
            _ => return None,
        };
        let place = span(self.file, found);
        let message = format!("`{sign}=` is written `{sign}`");
        let diagnostic = Diagnostic::new(Code::E0101, place, message).help("remove the second `=`");
        Some(diagnostic.fix(Fix::replace("remove it", place, "")))
    }

    /// `a ~* "b"`
    fn regex_without_case(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Star && tok.glued)?;
        if !matches!(self.kind_before()?, TokenKind::Match | TokenKind::NotMatch) {
            return None;
        }
        let help = "remove it; `(?i)` at the beginning of the pattern overlooks case";
        let place: Span = span(self.file, found);
        Some(Diagnostic::new(Code::E0101, place, "`~` is followed by a regular expression").help(help))
    }

    /// `"/a" => …`
    fn fat_arrow(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Implies && self.expected.has(Rule::arrow))?;
        let place = span(self.file, found);
        let diagnostic = Diagnostic::new(Code::E0101, place, "the arrow is written `->`").help("write `->`");
        Some(diagnostic.fix(Fix::replace("write `->`", place, "->")))
    }
}
