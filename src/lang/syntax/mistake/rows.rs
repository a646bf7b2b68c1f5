//! Rows of rule tables as other languages write theirs.

use super::Mistake;
use crate::lang::diagnostic::{Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::syntax::grammar::Rule;

impl Mistake<'_, '_> {
    /// What stands in a row elsewhere.
    pub(super) fn row_of_another_language(&self) -> Option<Diagnostic> {
        let habits: [fn(&Self) -> Option<Diagnostic>; 7] = [
            Self::action_without_comma,
            Self::row_without_when,
            Self::return_in_row,
            Self::comma_between_tests,
            Self::without_condition_or_arrow,
            Self::actions_in_braces,
            Self::field_by_its_name,
        ];
        habits.iter().find_map(|habit| habit(self))
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

    /// `when * -> …` and `when … then …`
    fn without_condition_or_arrow(&self) -> Option<Diagnostic> {
        if self.stream.word(self.first) != "when" {
            return None;
        }
        if self.found()?.kind == TokenKind::Star && self.index == self.first + 1 {
            let help = "write it last: `else -> ACTION;`";
            return Some(self.refuse("a row for all that is left has no condition", help));
        }
        let is_word = matches!(self.found_word(), "then" | "do") && self.expected.has(Rule::arrow);
        let fix = || Fix::replace("write `->`", self.place(), "->");
        is_word.then(|| self.refuse("an arrow stands before what a row does", "write `->`").fix(fix()))
    }

    /// `-> { pass; }`
    fn actions_in_braces(&self) -> Option<Diagnostic> {
        let is_row = matches!(self.stream.word(self.first), "when" | "else");
        let is_block = self.found()?.kind == TokenKind::BraceOpen && self.kind_before() == Some(TokenKind::Arrow);
        let help = "write them alone, with `,` between: `-> strip cookie, pass;`";
        (is_row && is_block).then(|| self.refuse("the actions of a row stand in no braces", help))
    }

    /// `-> set header X-A "b";` and `-> header X-A = "b";`
    fn field_by_its_name(&self) -> Option<Diagnostic> {
        let is_row = matches!(self.stream.word(self.first), "when" | "else");
        let is_header = |back: usize| self.index.checked_sub(back).is_some_and(|at| self.stream.word(at) == "header");
        let is_set = self.index.checked_sub(2).is_some_and(|at| self.stream.word(at) == "set");
        let is_given = self.found()?.kind == TokenKind::Assign;
        let name =
            if is_header(1) && is_set { self.found()? } else { self.before().filter(|_| is_header(2) && is_given)? };
        let name = self.stream.text_of(name).trim_matches('"');
        let help =
            format!("write `set req.http.{name} = \"TEXT\"`, or of a response `set beresp.http.{name} = \"TEXT\"`");
        is_row.then(|| self.refuse("a field is named with the message that it is in", help))
    }
}
