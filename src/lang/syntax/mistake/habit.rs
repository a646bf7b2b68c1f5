//! What people write who know VCL, nginx or JavaScript.

use super::Mistake;
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::syntax::bracket::span;
use crate::lang::syntax::foreign;
use crate::lang::syntax::grammar::Rule;

impl Mistake<'_, '_> {
    /// What is a habit from elsewhere, with what to write instead.
    pub(super) fn habit(&self) -> Option<Diagnostic> {
        let habits: [fn(&Self) -> Option<Diagnostic>; 23] = [
            Self::word_of_another_language,
            Self::semicolon_behind_block,
            Self::else_alone,
            Self::parameter_without_type,
            Self::function_without_type,
            Self::part_of_a_collection,
            Self::colon_for_equals,
            Self::text_in_braces,
            Self::member_in_braces,
            Self::weight_of_a_member,
            Self::part_of_a_key,
            Self::return_of_a_value,
            Self::action_with_names,
            Self::call_with_arguments,
            Self::sub_with_parameters,
            Self::director_without_sign,
            Self::include_in_a_sub,
            Self::statement_in_parentheses,
            Self::arguments_without_parentheses,
            Self::colon_before_equals,
            Self::block_without_braces,
            Self::case_in_match,
            Self::two_pluses,
        ];
        habits.iter().find_map(|habit| habit(self))
    }

    pub(super) fn refuse(&self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::E0101, self.place(), message).help(help)
    }

    pub(super) fn kind_before(&self) -> Option<TokenKind> {
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

    /// `web 2;` and `web weight=2;` in a director.
    fn weight_of_a_member(&self) -> Option<Diagnostic> {
        let is_member = self.expected.only(&[Rule::attributes, Rule::brace_open, Rule::semicolon]);
        let is_member = is_member && self.index == self.first + 1;
        let found = self.found().filter(|tok| matches!(tok.kind, TokenKind::Number | TokenKind::Word))?;
        let number = if found.kind == TokenKind::Number { self.stream.text_of(found) } else { "2" };
        let is_weight = found.kind == TokenKind::Number || self.found_word() == "weight";
        let help = format!("write `{} {{ .weight = {number}; }}`", self.stream.text_of(self.before()?));
        (is_member && is_weight).then(|| self.refuse("what is said of a member stands in braces behind it", help))
    }

    /// `key { req.host req.path }` and `key { req.host, req.path }`
    fn part_of_a_key(&self) -> Option<Diagnostic> {
        let is_part = self.expected.has(Rule::kw_sorted) && self.expected.has(Rule::semicolon);
        let found = self.found().filter(|_| is_part && !self.at_end)?;
        if closest(self.found_word(), ["sorted"]).is_some() {
            let fix = Fix::replace("write `sorted`", self.place(), "sorted");
            return Some(self.unexpected().help("did you mean `sorted`?").fix(fix));
        }
        let (place, instead) = match found.kind {
            TokenKind::Comma => (self.place(), ";"),
            TokenKind::Word if !found.first_on_line => (self.behind_previous(), ";"),
            _ => return None,
        };
        let finding = Diagnostic::new(Code::E0101, self.place(), "each part of a key ends with `;`");
        Some(finding.help("write `key { req.host; req.url; }`").fix(Fix::replace("write `;`", place, instead)))
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
}
