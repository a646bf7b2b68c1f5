//! Promises and tests in another form than they have here.

use super::Mistake;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::source::Span;
use crate::lang::syntax::bracket::span;
use crate::lang::syntax::grammar::Rule;

impl Mistake<'_, '_> {
    /// What is promised, asked or expected otherwise.
    pub(super) fn promise_of_another_form(&self) -> Option<Diagnostic> {
        let habits: [fn(&Self) -> Option<Diagnostic>; 6] = [
            Self::thin_arrow,
            Self::never,
            Self::facts_behind_claim,
            Self::comma_between_expectations,
            Self::request_without_its_word,
            Self::field_with_equals,
        ];
        habits.iter().find_map(|habit| habit(self))
    }

    /// `path under "/admin/" -> not stored`
    fn thin_arrow(&self) -> Option<Diagnostic> {
        let is_other = matches!(self.found_word(), "implies" | "then") || self.found()?.kind == TokenKind::Arrow;
        if !is_other || !self.expected.has(Rule::implies) {
            return None;
        }
        let message = "what an invariant is about and what it claims have `=>` between them";
        Some(self.refuse(message, "write `=>`").fix(Fix::replace("write `=>`", self.place(), "=>")))
    }

    /// `=> never stored`
    fn never(&self) -> Option<Diagnostic> {
        let before = self.before().filter(|tok| self.stream.text_of(*tok) == "never" && self.expected.operator())?;
        let found = self.found_word();
        let place = span(self.file, before);
        let diagnostic = Diagnostic::new(Code::E0101, place, "what does not hold is said by `not`");
        let fix = Fix::replace("write `not`", place, "not");
        (!found.is_empty()).then(|| diagnostic.help(format!("write `not {found}`")).fix(fix))
    }

    /// `invariant "it" { not stored if path under "/a" }`, and `{ when path under "/a" => … }`
    fn facts_behind_claim(&self) -> Option<Diagnostic> {
        let is_word = matches!(self.found_word(), "if" | "when" | "unless" | "where");
        let is_invariant = self.stream.word(self.first) == "invariant";
        let help = "write `FACTS => CLAIM`: `path under \"/admin\" => not stored`";
        (is_word && is_invariant).then(|| self.refuse("what an invariant is about stands before a `=>`", help))
    }

    /// `expect stored, status == 200;`
    fn comma_between_expectations(&self) -> Option<Diagnostic> {
        let found =
            self.found().filter(|tok| tok.kind == TokenKind::Comma && self.stream.word(self.first) == "expect")?;
        let wanted = self.expected.operator() && self.expected.has(Rule::semicolon);
        let finding = Diagnostic::new(Code::E0101, span(self.file, found), "what is expected is joined by `and`");
        let fix = Fix::replace("write `and`", span(self.file, found), " and");
        wanted.then(|| finding.help("write `and`, or a second `expect`").fix(fix))
    }

    /// `GET "https://example.com/";` in a test.
    fn request_without_its_word(&self) -> Option<Diagnostic> {
        let starts_part = self.expected.has(Rule::sent) && self.expected.has(Rule::kw_expect);
        let word = self.found_word();
        let is_method = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let start = Span { end: self.place().start, ..self.place() };
        let message = "a request of a test begins with `request`";
        let help = format!("write `request {word} \"URL\";`");
        (starts_part && is_method)
            .then(|| self.refuse(message, help).fix(Fix::replace("add `request`", start, "request ")))
    }

    /// `{ Cookie = "a" }` in a test.
    fn field_with_equals(&self) -> Option<Diagnostic> {
        let is_test = matches!(self.stream.word(self.first), "request" | "before" | "origin");
        let is_equals = self.found()?.kind == TokenKind::Assign && self.expected.has(Rule::colon);
        let help = format!("write `{}: \"TEXT\"`", self.stream.text_of(self.before()?));
        let fix = || Fix::replace("write `:`", self.place(), ":");
        (is_test && is_equals).then(|| self.refuse("between a field and what it says stands a colon", help).fix(fix()))
    }
}
