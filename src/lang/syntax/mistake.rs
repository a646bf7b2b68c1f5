//! Where pest stopped, in the user's words: the special cases people run into, and the general one.

mod form;
mod habit;
mod misspelt;
mod promise;
mod rows;
mod value;

use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::lexer::TokenKind;
use crate::lang::schema::TEST_PARTS;
use crate::lang::source::{FileId, Span};

use super::bracket::span;
use super::expected::Expected;
use super::grammar::Rule;
use super::stream::{Stream, Tok};

/// A place at which a part stopped making sense.
pub(super) struct Mistake<'a, 's> {
    pub(super) stream: &'a Stream<'s>,
    pub(super) file: FileId,
    /// The index of the bad token; the number of tokens at the end of the file.
    pub(super) index: usize,
    /// The index of the first token of the part.
    pub(super) first: usize,
    /// Whether the part ends before the bad token.
    pub(super) at_end: bool,
    /// What would have been right.
    pub(super) expected: Expected,
}

impl Mistake<'_, '_> {
    /// The diagnostic. [`Code::E0102`] means that a `;` behind the previous token mends the part.
    pub(super) fn diagnose(&self) -> Diagnostic {
        let specials: [fn(&Self) -> Option<Diagnostic>; 24] = [
            Self::digit_first,
            Self::address_without_quotes,
            Self::habit,
            Self::value_from_elsewhere,
            Self::row_of_another_language,
            Self::promise_of_another_form,
            Self::other_form,
            Self::misspelt_statement,
            Self::effect_in_function,
            Self::missing_dot,
            Self::comparison_for_assignment,
            Self::assignment_in_condition,
            Self::lines_beside_each_other,
            Self::text_beside_text,
            Self::return_without_parentheses,
            Self::missing_semicolon,
            Self::missing_set,
            Self::bare_condition,
            Self::bare_address,
            Self::keyword_as_name,
            Self::not_before_test,
            Self::row_behind_else,
            Self::misspelt_part,
            Self::text_without_quotes,
        ];
        specials.iter().find_map(|special| special(self)).unwrap_or_else(|| self.unexpected())
    }

    fn found(&self) -> Option<Tok> {
        self.stream.tok(self.index)
    }

    fn found_word(&self) -> &str {
        self.stream.word(self.index)
    }

    fn before(&self) -> Option<Tok> {
        self.index.checked_sub(1).and_then(|before| self.stream.tok(before))
    }

    /// The bad token, or the place behind the last one.
    fn place(&self) -> Span {
        let behind = || self.before().map(|tok| span(self.file, tok).after());
        self.found().map(|tok| span(self.file, tok)).or_else(behind).unwrap_or(Span::new(self.file, 0..0))
    }

    fn behind_previous(&self) -> Span {
        self.before().map_or_else(|| self.place(), |tok| span(self.file, tok).after())
    }

    fn unexpected(&self) -> Diagnostic {
        let (expected, found) = (self.expected.in_words(), self.found_in_words());
        Diagnostic::new(Code::E0101, self.place(), format!("expected {expected}, found {found}"))
            .label(format!("expected {expected}"))
    }

    fn found_in_words(&self) -> String {
        let Some(tok) = self.found() else { return "the end of the file".to_owned() };
        let text = self.stream.text_of(tok);
        if tok.kind == TokenKind::LongString {
            return "a text".to_owned();
        }
        match text.char_indices().nth(24).and_then(|(at, _)| text.get(..at)) {
            Some(start) => format!("`{start}…`"),
            None => format!("`{text}`"),
        }
    }

    /// `set req.url = "/";` in a function.
    fn effect_in_function(&self) -> Option<Diagnostic> {
        let word = self.found_word();
        let starts = [Rule::EOI, Rule::brace_close, Rule::kw_let, Rule::kw_if, Rule::kw_match, Rule::kw_return];
        let computes = self.expected.only(&starts);
        if self.at_end || !computes || !self.expected.has(Rule::kw_return) || word.is_empty() {
            return None;
        }
        let message = format!("`{word}` has no place in a function, which computes and does nothing");
        let help = "a function has `let`, `if`, `match` and `return VALUE;`; what is done belongs into a `sub`";
        Some(Diagnostic::new(Code::E0101, self.place(), message).help(help))
    }

    /// `if (a = b)`
    fn assignment_in_condition(&self) -> Option<Diagnostic> {
        let compared = self.expected.has(Rule::equal) && !self.expected.has(Rule::assign);
        self.found().filter(|tok| compared && tok.kind == TokenKind::Assign)?;
        let place = self.place();
        if let Some(tilde) = self.stream.tok(self.index + 1).filter(|tok| tok.kind == TokenKind::Match && tok.glued) {
            let whole = place.to(span(self.file, tilde));
            let diagnostic = Diagnostic::new(Code::E0113, whole, "`=~` is written `~`").help("write `~`");
            return Some(diagnostic.fix(Fix::replace("write `~`", whole, "~")));
        }
        let diagnostic = Diagnostic::new(Code::E0113, place, "`=` does not compare")
            .label("sets a variable, which only `set` can")
            .help("write `==` to compare")
            .fix(Fix::replace("write `==`", place, "=="));
        Some(diagnostic)
    }

    /// `host = "…";` in a backend.
    fn missing_dot(&self) -> Option<Diagnostic> {
        let allowed = [Rule::attribute, Rule::attribute_name, Rule::dot, Rule::brace_close, Rule::EOI];
        let word = self.found_word();
        let is_attribute = self.expected.has(Rule::attribute) || self.expected.has(Rule::dot);
        if word.is_empty() || !is_attribute || !self.expected.only(&allowed) {
            return None;
        }
        let place = self.place();
        let start = Span { end: place.start, ..place };
        let diagnostic = Diagnostic::new(Code::E0101, place, "an attribute starts with a dot")
            .help(format!("write `.{word} = VALUE;`"));
        let assigned = matches!(self.stream.kind(self.index + 1), Some(TokenKind::Assign | TokenKind::Colon));
        Some(if assigned { diagnostic.fix(Fix::replace("add the dot", start, ".")) } else { diagnostic })
    }

    /// `set a == b;`
    fn comparison_for_assignment(&self) -> Option<Diagnostic> {
        self.found().filter(|tok| tok.kind == TokenKind::Equal && self.expected.has(Rule::assign))?;
        let place = self.place();
        let diagnostic = Diagnostic::new(Code::E0101, place, "`==` compares, it does not set")
            .help("write `=`")
            .fix(Fix::replace("write `=`", place, "="));
        Some(diagnostic)
    }

    /// `.request = "GET / HTTP/1.1" "Host: a";`: the lines of a probe's request.
    fn lines_beside_each_other(&self) -> Option<Diagnostic> {
        let is_text = |at: usize| self.stream.kind(at).is_some_and(TokenKind::is_string);
        let before = (0..self.index).rev().take_while(|at| is_text(*at)).last()?;
        let assign = before.checked_sub(1).filter(|at| self.stream.kind(*at) == Some(TokenKind::Assign))?;
        let is_request = assign.checked_sub(1).is_some_and(|at| self.stream.word(at) == "request");
        let last = (self.index..self.stream.toks.len()).take_while(|at| is_text(*at)).last().filter(|_| is_request)?;
        let insertion = |span: Span, text: &str| Edit { span, text: text.to_owned() };
        let behind = |at: usize| Some(span(self.file, self.stream.tok(at)?).after());
        let first = span(self.file, self.stream.tok(before)?);
        let mut edits = vec![insertion(Span { end: first.start, ..first }, "[")];
        edits.extend((before..last).filter_map(behind).map(|place| insertion(place, ",")));
        edits.extend(behind(last).map(|place| insertion(place, "]")));
        let fix = Fix { title: "write a list".to_owned(), edits, safety: Safety::Safe };
        let diagnostic = Diagnostic::new(Code::E0101, self.place(), "the lines of a request are a list");
        Some(diagnostic.help("write `[\"GET / HTTP/1.1\", \"Host: example.com\"]`").fix(fix))
    }

    /// `"a" req.url`: VCL joins texts that stand beside each other.
    fn text_beside_text(&self) -> Option<Diagnostic> {
        let (before, found) = (self.before()?, self.found()?);
        let is_text = before.kind.is_string() || found.kind.is_string();
        let is_name = found.kind == TokenKind::Word && !found.first_on_line && !self.expected.has(Rule::arrow);
        let is_value = found.kind.is_string() || is_name;
        let is_key = self.stream.kind(self.index + 1) == Some(TokenKind::Colon);
        if self.at_end
            || is_key
            || !is_text
            || !is_value
            || !self.expected.has(Rule::plus)
            || self.expected.has(Rule::fallback)
        {
            return None;
        }
        if self.expected.has(Rule::bracket_close) && self.expected.has(Rule::comma) && found.kind.is_string() {
            let place = self.behind_previous();
            let diagnostic = Diagnostic::new(Code::E0101, self.place(), "`,` stands between the texts of a list");
            return Some(diagnostic.help("write `,` before it").fix(Fix::replace("add the `,`", place, ",")));
        }
        if self.stream.text_of(before).ends_with("\\\"") {
            let diagnostic =
                Diagnostic::new(Code::E0101, self.place(), "the text ends before this: `\\` escapes nothing");
            return Some(diagnostic.help("a text with a `\"` in it stands in `\"\"\"`: `\"\"\"{\"a\": 1}\"\"\"`"));
        }
        if let Some(asked) = self.one_of_many() {
            return Some(asked);
        }
        let place = self.behind_previous();
        let diagnostic = Diagnostic::new(Code::E0101, self.place(), "two texts beside each other")
            .label("expected `+` before this")
            .help("join texts with `+`")
            .fix(Fix::replace("add the `+`", place, " +"));
        Some(diagnostic)
    }

    /// `cookie "session"`, written like `header "X"`.
    fn one_of_many(&self) -> Option<Diagnostic> {
        let (before, found) = (self.before()?, self.found()?);
        let collection = match self.stream.text_of(before) {
            "cookie" | "cookies" => "cookies",
            "query" | "param" | "parameter" => "query",
            _ => return None,
        };
        let name = self.stream.text_of(found);
        let help = format!("write `{collection} has {name}`, or `{collection}[{name}] == \"VALUE\"`");
        Some(
            Diagnostic::new(Code::E0101, self.place(), "`has` or `[…]` stands before the name of one of many")
                .help(help),
        )
    }

    /// `return pass;`
    fn return_without_parentheses(&self) -> Option<Diagnostic> {
        let action = self.found_word();
        let behind_return = self.before().is_some_and(|tok| self.stream.text_of(tok) == "return");
        if self.at_end || action.is_empty() || !behind_return || !self.expected.has(Rule::paren_open) {
            return None;
        }
        let place = self.place();
        let diagnostic = Diagnostic::new(Code::E0101, place, "the action of `return` stands in parentheses").help(
            match self.stream.kind(self.index + 1) {
                Some(TokenKind::ParenOpen) => format!("write `return ({action}(…));`"),
                _ => format!("write `return ({action})`"),
            },
        );
        let simple = self.stream.kind(self.index + 1) == Some(TokenKind::Semicolon);
        Some(if simple {
            diagnostic.fix(Fix::replace("add the parentheses", place, format!("({action})")))
        } else {
            diagnostic
        })
    }

    fn missing_semicolon(&self) -> Option<Diagnostic> {
        let starts_next = |tok: Tok| {
            tok.kind == TokenKind::BraceClose
                || (tok.first_on_line && matches!(tok.kind, TokenKind::Word | TokenKind::Dot | TokenKind::Not))
                || (tok.first_on_line && tok.kind.is_string())
        };
        if !self.expected.has(Rule::semicolon) || !(self.at_end || self.found().is_none_or(starts_next)) {
            return None;
        }
        let place = self.behind_previous();
        let diagnostic = Diagnostic::new(Code::E0102, place, "a `;` is missing")
            .label("expected `;` here")
            .help("end it with `;`")
            .fix(Fix::replace("add the missing `;`", place, ";"));
        Some(diagnostic)
    }

    /// `req.url = "/";`
    fn missing_set(&self) -> Option<Diagnostic> {
        let only_call = self.expected.only(&[Rule::arguments, Rule::paren_open, Rule::dot]);
        let is_assignment = self.found().is_some_and(|tok| tok.kind == TokenKind::Assign);
        let first = self.stream.tok(self.first).filter(|_| only_call && is_assignment)?;
        let place = span(self.file, first);
        let start = Span { end: place.start, ..place };
        let diagnostic = Diagnostic::new(Code::E0101, self.place(), "a variable is changed with `set`")
            .context(place, "`set` belongs before this")
            .help("write `set NAME = VALUE;`")
            .fix(Fix::replace("add `set`", start, "set "));
        Some(diagnostic)
    }

    /// `if a == b {`
    fn bare_condition(&self) -> Option<Diagnostic> {
        let word = self.before().map_or("", |tok| self.stream.text_of(tok));
        let wanted = self.expected.has(Rule::condition) || self.expected.has(Rule::paren_open);
        if !wanted || !matches!(word, "if" | "elseif" | "elsif" | "elif") {
            return None;
        }
        let message = format!("the condition of `{word}` stands in parentheses");
        let help = format!("write `{word} (CONDITION) {{ … }}`");
        Some(Diagnostic::new(Code::E0101, self.place(), message).help(help))
    }

    /// `10.0.0.0/8;` in an acl.
    fn bare_address(&self) -> Option<Diagnostic> {
        let wanted = self.expected.has(Rule::acl_entry) || self.expected.has(Rule::string);
        let bare = self.found().is_some_and(|tok| tok.kind == TokenKind::Number);
        if !wanted || !bare || self.expected.has(Rule::number) {
            return None;
        }
        let diagnostic =
            Diagnostic::new(Code::E0101, self.place(), "an address stands in quotes").help("write `\"10.0.0.0\"/8;`");
        Some(diagnostic)
    }

    /// `sub set { … }`
    fn keyword_as_name(&self) -> Option<Diagnostic> {
        let word = self.found_word();
        let wants_name = self.expected.only(&[Rule::name, Rule::path, Rule::dotted_name, Rule::binding, Rule::action]);
        if self.at_end || word.is_empty() || !wants_name {
            return None;
        }
        let message = format!("`{word}` is a word of the language and cannot be a name");
        Some(Diagnostic::new(Code::E0101, self.place(), message).help("choose another name"))
    }

    /// `a not in [ … ]`, `a !in [ … ]`
    fn not_before_test(&self) -> Option<Diagnostic> {
        let not = self.found().map(|tok| self.stream.text_of(tok)).filter(|text| matches!(*text, "not" | "!"))?;
        let test = self.stream.word(self.index + 1);
        let tests = matches!(test, "in" | "under" | "ext" | "has" | "any");
        if !self.expected.operator() || not == "!" && !tests {
            return None;
        }
        let (test, value) = match test {
            "under" | "ext" | "has" | "any" => (test, "\"…\""),
            _ => ("in", "[…]"),
        };
        let message = format!("`{not}` stands before what it denies");
        let help = format!("write `not (VALUE {test} {value})`, or `!(VALUE {test} {value})`");
        Some(Diagnostic::new(Code::E0101, self.place(), message).help(help))
    }

    /// A row behind the `else` row.
    fn row_behind_else(&self) -> Option<Diagnostic> {
        let row = matches!(self.found_word(), "when" | "else");
        if !row || !self.expected.only(&[Rule::brace_close, Rule::EOI]) {
            return None;
        }
        let message = "`else` is the last row of a table";
        Some(
            Diagnostic::new(Code::E0101, self.place(), message).label("never reached").help("move the `else` row down"),
        )
    }

    /// `requests GET "…";` in a test.
    fn misspelt_part(&self) -> Option<Diagnostic> {
        let starts_part = self.expected.has(Rule::sent) && self.expected.has(Rule::kw_expect);
        let nearest = closest(self.found_word(), TEST_PARTS.iter().copied()).filter(|_| starts_part)?;
        let help = format!("did you mean `{nearest}`?");
        let fix = Fix::replace(format!("write `{nearest}`"), self.place(), nearest);
        Some(self.unexpected().help(help).fix(fix))
    }

    /// `req.http.7-hello`
    fn digit_first(&self) -> Option<Diagnostic> {
        let behind_dot = self.before().is_some_and(|tok| tok.kind == TokenKind::Dot);
        let number = self.found().filter(|tok| tok.kind == TokenKind::Number && behind_dot)?;
        let text = self.stream.text_of(number);
        if self.index.checked_sub(2).is_some_and(|at| self.stream.word(at) == "group") {
            let help = "take a part of a text with `regsub(TEXT, \"^…(PART)…$\", \"\\1\")`";
            return Some(Diagnostic::new(Code::E0101, self.place(), "tests with `~` keep no groups").help(help));
        }
        let message = format!("`{text}` cannot be a part of a name as it is");
        let help = "put a part that does not start with a letter in quotes: `req.http.\"7-hello\"`";
        Some(Diagnostic::new(Code::E0101, self.place(), message).help(help))
    }
}
