//! What people write who know VCL, nginx or JavaScript.

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
    /// What is a habit from elsewhere, with what to write instead.
    pub(super) fn habit(&self) -> Option<Diagnostic> {
        let habits: [fn(&Self) -> Option<Diagnostic>; 36] = [
            Self::word_of_another_language,
            Self::test_of_another_language,
            Self::semicolon_behind_block,
            Self::else_alone,
            Self::action_without_comma,
            Self::parameter_without_type,
            Self::function_without_type,
            Self::part_of_a_collection,
            Self::colon_for_equals,
            Self::text_in_braces,
            Self::member_in_braces,
            Self::return_of_a_value,
            Self::action_with_names,
            Self::call_with_arguments,
            Self::sub_with_parameters,
            Self::director_without_sign,
            Self::include_in_a_sub,
            Self::fat_arrow,
            Self::thin_arrow,
            Self::never,
            Self::statement_in_parentheses,
            Self::arguments_without_parentheses,
            Self::colon_before_equals,
            Self::three_equals,
            Self::regex_without_case,
            Self::block_without_braces,
            Self::case_in_match,
            Self::row_without_when,
            Self::return_in_row,
            Self::two_pluses,
            Self::path_without_quotes,
            Self::comma_between_expectations,
            Self::facts_behind_claim,
            Self::comma_between_tests,
            Self::part_of_a_field,
            Self::value_of_another_language,
        ];
        habits.iter().find_map(|habit| habit(self))
    }

    fn refuse(&self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::E0101, self.place(), message).help(help)
    }

    fn kind_before(&self) -> Option<TokenKind> {
        self.before().map(|tok| tok.kind)
    }

    /// `remove req.http.Cookie;`
    fn word_of_another_language(&self) -> Option<Diagnostic> {
        let only_call = self.expected.only(&[Rule::arguments, Rule::paren_open, Rule::dot]);
        let computes = self.expected.has(Rule::value_return) || self.expected.has(Rule::kw_return);
        let ends = self.expected.has(Rule::semicolon) && self.stream.kind(self.first + 1) == Some(TokenKind::ParenOpen);
        if !(only_call || ends || (computes && self.index == self.first)) {
            return None;
        }
        let word = self.stream.word(self.first);
        let help = foreign::statement(word)?;
        let place = span(self.file, self.stream.tok(self.first)?);
        Some(Diagnostic::new(Code::E0101, place, format!("there is no statement `{word}`")).help(help))
    }

    /// `else { … }` behind anything but an `if`.
    fn else_alone(&self) -> Option<Diagnostic> {
        let starts = self.expected.has(Rule::kw_if) && !self.expected.has(Rule::kw_else) && self.found_word() == "else";
        let before = |at: usize| self.index.checked_sub(at).and_then(|before| self.stream.kind(before));
        let is_cut_off = before(1) == Some(TokenKind::Semicolon) && before(2) == Some(TokenKind::BraceClose);
        let help = if is_cut_off {
            "remove the `;` before it, which ends the `if`"
        } else {
            "write `if (CONDITION) { … } else { … }`"
        };
        starts.then(|| self.refuse("this `else` belongs to no `if`", help))
    }

    /// `if (…) { … };`
    fn semicolon_behind_block(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Semicolon && self.expected.has(Rule::kw_if))?;
        let place = span(self.file, found);
        let behind_block = self.kind_before() == Some(TokenKind::BraceClose);
        let finding = Diagnostic::new(Code::E0101, place, "no `;` stands behind the `}` of a block").help("remove it");
        behind_block.then(|| finding.fix(Fix::replace("remove the `;`", place, "")))
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
    fn name_before(&self) -> Option<String> {
        let last = self.index.checked_sub(1)?;
        let is_glued = |at: &usize| self.stream.tok(at + 1).is_some_and(|tok| tok.glued);
        let first = (self.first..last).rev().take_while(is_glued).last().unwrap_or(last);
        // `header "X"` of a table.
        let is_field = |before: &usize| self.stream.word(*before) == "header";
        let first = first.checked_sub(1).filter(is_field).unwrap_or(first);
        let place = span(self.file, self.stream.tok(first)?).to(span(self.file, self.stream.tok(last)?));
        Some(self.stream.text.get(place.range())?.trim_start_matches(['(', '!']).to_owned())
    }

    /// `-> pass set req.http.X = "1";`
    fn action_without_comma(&self) -> Option<Diagnostic> {
        let is_row = matches!(self.stream.word(self.first), "when" | "else") && self.expected.has(Rule::comma);
        let is_action = matches!(self.found_word(), "set" | "unset" | "call") && self.expected.has(Rule::semicolon);
        let message = "`,` stands between the actions of a row";
        let place = self.behind_previous();
        (is_row && is_action && !self.at_end)
            .then(|| self.refuse(message, "write `,` before it").fix(Fix::replace("add the `,`", place, ",")))
    }

    /// `fn g(x) -> …`
    fn parameter_without_type(&self) -> Option<Diagnostic> {
        let ends = matches!(self.found()?.kind, TokenKind::ParenClose | TokenKind::Comma | TokenKind::Word);
        let name = self.before().map(|tok| self.stream.text_of(tok)).filter(|_| ends && self.is_function())?;
        let wants_type = self.expected.only(&[Rule::colon]);
        wants_type.then(|| self.refuse("a parameter has a type", format!("write `{name}: STRING`, or another type")))
    }

    /// `fn g(x: STRING) { … }`
    fn function_without_type(&self) -> Option<Diagnostic> {
        let wanted = self.expected.only(&[Rule::arrow]) && self.is_function();
        let is_block = self.found()?.kind == TokenKind::BraceOpen;
        let help = "write `-> STRING` before the brace, or another type";
        (wanted && is_block).then(|| self.refuse("a function says what type its value has", help))
    }

    fn is_function(&self) -> bool {
        self.stream.word(self.first) == "fn"
    }

    /// `set req.http.X: "a";`
    fn colon_for_equals(&self) -> Option<Diagnostic> {
        let is_set = matches!(self.stream.word(self.first), "set" | "let") && self.expected.has(Rule::assign);
        let found =
            self.found().filter(|tok| is_set && tok.kind == TokenKind::Colon && !self.expected.has(Rule::colon))?;
        let place = span(self.file, found);
        let finding = Diagnostic::new(Code::E0101, place, "a variable is set with `=`").help("write `=`");
        Some(finding.fix(Fix::replace("write `=`", place, " =")))
    }

    /// `synthetic {"…"};`
    fn text_in_braces(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::BraceOpen && self.index == self.first + 1)?;
        let is_call = self.stream.word(self.first).starts_with("synthetic") && found.kind == TokenKind::BraceOpen;
        is_call.then(|| {
            self.refuse(
                "what a function takes stands in parentheses",
                "write `synthetic(\"…\");`, or `\"\"\"` for many lines",
            )
        })
    }

    /// `{ .backend = web; }` in a director.
    fn member_in_braces(&self) -> Option<Diagnostic> {
        let is_member = [Rule::member, Rule::attribute, Rule::name].iter().any(|rule| self.expected.has(*rule));
        let found = self.found().filter(|tok| tok.kind == TokenKind::BraceOpen && self.index == self.first)?;
        let dot = self.stream.kind(self.index + 1) == Some(TokenKind::Dot);
        let is_backend = dot && self.stream.word(self.index + 2) == "backend" && found.kind == TokenKind::BraceOpen;
        let name = self.stream.word(self.index + 4);
        let help = format!("write `{name};`, or `{name} {{ .weight = 2; }}`");
        (is_member && is_backend).then(|| self.refuse("a member is named as it is", help))
    }

    /// `set req.cookies["a"] = "b";`
    fn part_of_a_collection(&self) -> Option<Diagnostic> {
        let word = self.stream.word(self.first);
        let found = self.found().filter(|tok| tok.kind == TokenKind::BracketOpen)?;
        let name = self.name_before().filter(|_| found.glued && matches!(word, "set" | "unset"))?;
        let help = match (word, name.rsplit_once('.').map_or(name.as_str(), |(_, last)| last)) {
            ("set", "cookies" | "cookie") => "write `cookie.set(\"NAME\", \"VALUE\");`",
            (_, "cookies" | "cookie") => "write `cookie.delete(\"NAME\");`",
            ("set", "query") => "write the URL anew: `set req.url = regsub(req.url, \"REGEX\", \"TEXT\");`",
            (_, "query") => "write `normalize req { query drop [\"NAME\"]; }`, outside of subs",
            (_, "http" | "headers") => "header fields are named with a dot: `req.http.NAME`",
            ("set", _) => "only variables and header fields are set; a table stays as it is declared",
            _ => return None,
        };
        Some(self.refuse("one value of many cannot be changed by itself", help))
    }

    /// `return 403;`
    fn return_of_a_value(&self) -> Option<Diagnostic> {
        let behind_return = self.before().is_some_and(|tok| self.stream.text_of(tok) == "return");
        if !behind_return || !self.expected.has(Rule::paren_open) {
            return None;
        }
        let found = self.found()?;
        let number = self.stream.text_of(found);
        let help = match found.kind {
            TokenKind::Number if matches!(number, "301" | "302" | "303" | "307" | "308") => {
                format!(
                    "a redirect is a row: `rules request first {{ when path == \"/old\" -> redirect {number} \"/new\"; }}`"
                )
            }
            TokenKind::Number => format!("write `return (synth({number}));`"),
            kind if kind.is_string() => "write `return (ACTION);`, without quotation marks".to_owned(),
            _ => return None,
        };
        Some(self.refuse("a step ends with an action in parentheses", help))
    }

    /// `return (synth(status: 404));`
    fn action_with_names(&self) -> Option<Diagnostic> {
        let is_colon = self.found()?.kind == TokenKind::Colon;
        if !is_colon || self.stream.word(self.first) != "return" {
            return None;
        }
        Some(self.refuse("what an action takes has no names", "write it in order: `return (synth(404, \"Why\"));`"))
    }

    /// `call clean();`
    fn call_with_arguments(&self) -> Option<Diagnostic> {
        if self.stream.word(self.first) != "call" || self.found()?.kind != TokenKind::ParenOpen {
            return None;
        }
        let help = "write `call NAME;`; what is computed from arguments stands in a `fn`";
        Some(self.refuse("a sub takes no arguments", help))
    }

    /// `sub deliver() { … }`
    fn sub_with_parameters(&self) -> Option<Diagnostic> {
        if self.stream.word(self.first) != "sub" || self.found()?.kind != TokenKind::ParenOpen {
            return None;
        }
        let help = "leave the parentheses out; what is computed from arguments stands in a `fn`";
        Some(self.refuse("a sub has no parameters", help))
    }

    /// `director d random { … }`
    fn director_without_sign(&self) -> Option<Diagnostic> {
        let wanted = self.expected.has(Rule::assign) && self.stream.word(self.first) == "director";
        let kind = self.stream.word(self.index);
        let place = self.behind_previous();
        (wanted && !kind.is_empty()).then(|| {
            self.refuse("the kind of a director stands behind a `=`", format!("write `director NAME = {kind} {{ … }}`"))
                .fix(Fix::replace("add the `=`", place, " ="))
        })
    }

    /// `include "parts.warp";` in a sub.
    fn include_in_a_sub(&self) -> Option<Diagnostic> {
        let is_include = self.stream.word(self.first) == "include" && self.stream.leading_word(self.first) == "include";
        let declares = self.stream.kind(self.first + 1).is_some_and(TokenKind::is_string);
        (is_include && declares && self.index <= self.first + 1).then(|| {
            let help = "write it outside of subs: a file holds declarations, such as `sub NAME { … }`, to `call`";
            self.refuse("a file is not included within a sub", help)
        })
    }

    /// `"/a" => …`
    fn fat_arrow(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Implies && self.expected.has(Rule::arrow))?;
        let place = span(self.file, found);
        let diagnostic = Diagnostic::new(Code::E0101, place, "the arrow is written `->`").help("write `->`");
        Some(diagnostic.fix(Fix::replace("write `->`", place, "->")))
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

    /// `unset(req.http.X);`
    fn statement_in_parentheses(&self) -> Option<Diagnostic> {
        let is_next = self.index == self.first + 1 && self.found()?.kind == TokenKind::ParenOpen;
        let help = match self.stream.word(self.first) {
            "unset" => "write `unset NAME;`",
            "set" => "write `set NAME = VALUE;`",
            "let" => "write `let NAME = VALUE;`",
            _ => return None,
        };
        let message = format!("`{}` has no parentheses", self.stream.word(self.first));
        is_next.then(|| self.refuse(message, help))
    }

    /// `std.log "x";`
    fn arguments_without_parentheses(&self) -> Option<Diagnostic> {
        let is_called = self.expected.only(&[Rule::arguments, Rule::paren_open, Rule::dot]);
        let found = self.found().filter(|tok| is_called && tok.kind.is_string() && !tok.first_on_line)?;
        let first = span(self.file, self.stream.tok(self.first)?);
        let name = self.stream.text.get(first.to(span(self.file, self.before()?)).range())?;
        let help = format!("write `{name}({})`", self.stream.text_of(found));
        Some(self.refuse("what a function takes stands in parentheses", help))
    }

    /// `let x := "a";`
    fn colon_before_equals(&self) -> Option<Diagnostic> {
        let colon = self.before().filter(|tok| tok.kind == TokenKind::Colon)?;
        let found = self.found().filter(|tok| tok.kind == TokenKind::Assign && tok.glued)?;
        let place = span(self.file, colon).to(span(self.file, found));
        let diagnostic = Diagnostic::new(Code::E0101, place, "a name is given its value by `=`").help("write `=`");
        Some(diagnostic.fix(Fix::replace("write `=`", place, "=")))
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

    /// `"/a" -> return (pass);` in a `match`, and `if (a) return (pass);`
    fn block_without_braces(&self) -> Option<Diagnostic> {
        if !self.expected.has(Rule::brace_open) && !self.expected.has(Rule::block) {
            return None;
        }
        match (self.kind_before()?, self.stream.word(self.first)) {
            (TokenKind::Arrow, _) => {
                Some(self.refuse("what an arm does stands in braces", "write `VALUE -> { return (pass); }`"))
            }
            (TokenKind::ParenClose, "if" | "elseif" | "elsif" | "elif") => {
                let help = "write `if (CONDITION) { return (pass); }`, with the condition first";
                Some(self.refuse("what an `if` does stands in braces behind its condition", help))
            }
            _ => None,
        }
    }

    /// `case "/a": …` and `default: …` in a `match`.
    fn case_in_match(&self) -> Option<Diagnostic> {
        let before = self.before().filter(|_| self.expected.has(Rule::arrow))?;
        match self.stream.text_of(before) {
            "case" => {
                Some(self.refuse("an arm begins with what it tests for", "write `VALUE -> { … }`, without `case`"))
            }
            "default" => Some(self.refuse("the last arm of a `match` is called `else`", "write `else -> { … }`")),
            _ => None,
        }
    }

    /// `location /a -> pass;` in a rule table.
    fn row_without_when(&self) -> Option<Diagnostic> {
        let rows = [Rule::row, Rule::kw_when, Rule::else_row, Rule::kw_else, Rule::brace_close, Rule::EOI];
        let is_row = self.expected.has(Rule::row) || self.expected.has(Rule::kw_when);
        if !is_row || !self.expected.only(&rows) || self.found_word().is_empty() {
            return None;
        }
        Some(self.refuse("a row begins with `when`", "write `when CONDITION -> ACTION;`"))
    }

    /// `when … -> return (pass);`
    fn return_in_row(&self) -> Option<Diagnostic> {
        let is_row = matches!(self.stream.word(self.first), "when" | "else");
        if !is_row || self.found_word() != "return" || self.kind_before() != Some(TokenKind::Arrow) {
            return None;
        }
        let help = "write the action alone, such as `pass`, `deny 403` or `redirect 301 \"/new\"`";
        Some(self.refuse("a row has no `return`: its action ends it", help))
    }

    /// `set a++;`
    fn two_pluses(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| self.expected.has(Rule::assign) && !tok.first_on_line)?;
        let again = self.stream.tok(self.index + 1).filter(|tok| tok.kind == found.kind && tok.glued)?;
        let sign = match again.kind {
            TokenKind::Plus => '+',
            TokenKind::Minus => '-',
            _ => return None,
        };
        Some(self.refuse(format!("there is no `{sign}{sign}`"), format!("write `set NAME {sign}= 1;`")))
    }

    /// `path == /a`
    fn path_without_quotes(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Slash && self.expected.value())?;
        let next = self.stream.tok(self.index + 1).filter(|tok| tok.kind == TokenKind::Word && tok.glued);
        let name = next.map_or("", |tok| self.stream.text_of(tok));
        let place = next.map_or(span(self.file, found), |next| span(self.file, found).to(span(self.file, next)));
        let message = "a path stands in quotes";
        Some(Diagnostic::new(Code::E0101, place, message).help(format!("write \"/{name}\"")))
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

    /// `invariant "it" { not stored if path under "/a" }`, and `{ when path under "/a" => … }`
    fn facts_behind_claim(&self) -> Option<Diagnostic> {
        let is_word = matches!(self.found_word(), "if" | "when" | "unless" | "where");
        let is_invariant = self.stream.word(self.first) == "invariant";
        let help = "write `FACTS => CLAIM`: `path under \"/admin\" => not stored`";
        (is_word && is_invariant).then(|| self.refuse("what an invariant is about stands before a `=>`", help))
    }

    /// `"/a", "/b" -> …`
    fn comma_between_tests(&self) -> Option<Diagnostic> {
        if self.found()?.kind != TokenKind::Comma || !self.expected.has(Rule::arrow) {
            return None;
        }
        let is_list = (self.first..self.index)
            .rev()
            .take(2)
            .any(|at| matches!(self.stream.word(at), "in" | "under" | "ext" | "has" | "any"));
        if is_list {
            return Some(self.refuse("several values stand in brackets", "write `[\"/a\", \"/b\"]`"));
        }
        Some(self.refuse("`,` does not stand between tests", "write `or` where one of them is enough"))
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
}
