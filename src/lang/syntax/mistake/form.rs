//! Declarations, rows and tests in another form than they have here.

use super::Mistake;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::syntax::expected::A_TEXT;
use crate::lang::syntax::grammar::Rule;

impl Mistake<'_, '_> {
    /// What is begun as it is here, and goes on otherwise.
    pub(super) fn other_form(&self) -> Option<Diagnostic> {
        let forms: [fn(&Self) -> Option<Diagnostic>; 4] =
            [Self::declaration, Self::sign_of_another_language, Self::test_without_sign, Self::bare_name];
        forms.iter().find_map(|form| form(self))
    }

    fn in_place_of(&self, message: &str, help: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::E0101, self.place(), message).help(help)
    }

    /// `rules request {`, `table t = {`, `key = req.url;`
    fn declaration(&self) -> Option<Diagnostic> {
        use TokenKind::{Assign, BraceOpen, Colon};
        let (found, at) = (self.found()?, self.index.checked_sub(self.first)?);
        let name = self.stream.word(self.first + 1);
        let only_arrow = self.expected.only(&[Rule::arrow]);
        let (message, help) = match (self.stream.word(self.first), at, found.kind) {
            ("rules", 1, _) if matches!(self.found_word(), "first" | "unique") => {
                let of = self.found_word();
                let help = format!("write `rules request {of} {{`, or `rules response {of} {{`");
                ("a table of rules is about requests or responses", help)
            }
            ("rules", 2, BraceOpen) => {
                let help = format!(
                    "write `rules {name} first {{`, where the first row that holds counts, or `unique`, where no two may hold"
                );
                ("a table says which of its rows counts", help)
            }
            ("table", 2, Assign) => ("the rows of a table have no `=` before them", format!("write `table {name} {{`")),
            ("table", _, BraceOpen) if only_arrow => {
                ("a table has types of keys and of values", format!("write `table {name}: STRING -> STRING {{`"))
            }
            ("backend", 2, kind) if kind.is_string() => {
                let help = format!("write `backend {name} {{ .host = \"HOST\"; .port = \"PORT\"; }}`");
                ("what a backend is stands in braces", help)
            }
            ("site", 2, BraceOpen) => {
                let host = self.stream.text_of(self.before()?);
                ("a site has a file of its own", format!("write `site {host} from \"FILE.warp\";`"))
            }
            ("key", 1, Assign) => ("a key is made of parts", "write `key { req.host; req.url; }`".to_owned()),
            ("normalize", 1, BraceOpen) => {
                ("it is requests that are put in order", "write `normalize req {`".to_owned())
            }
            ("fn", _, Colon) if only_arrow => {
                ("the type of a value stands behind an arrow", "write `-> TYPE`".to_owned())
            }
            ("invariant", 2, Colon) => {
                ("a promise stands in braces", "write `invariant \"NAME\" { FACTS => CLAIM }`".to_owned())
            }
            _ => return None,
        };
        Some(self.in_place_of(message, help))
    }

    /// `"a" . "b"` and `{ "a" => "b" }`
    fn sign_of_another_language(&self) -> Option<Diagnostic> {
        let behind_text = self.before().is_some_and(|tok| tok.kind.is_string());
        let found = self.found().filter(|tok| !tok.first_on_line)?;
        let (message, sign) = match found.kind {
            TokenKind::Dot if behind_text && self.expected.operator() => ("texts are joined with `+`", "+"),
            TokenKind::Implies if self.expected.only(&[Rule::colon]) => {
                ("between a key and its value stands a colon", ":")
            }
            _ => return None,
        };
        let fix = Fix::replace(format!("write `{sign}`"), self.place(), sign);
        Some(self.in_place_of(message, format!("write `{sign}`")).fix(fix))
    }

    /// `when status 404 -> …` and `expect status 200;`
    fn test_without_sign(&self) -> Option<Diagnostic> {
        let found = self.found().filter(|tok| tok.kind == TokenKind::Number && self.expected.operator())?;
        let is_test = matches!(self.stream.word(self.first), "when" | "expect");
        let name = self.before().map(|tok| self.stream.text_of(tok)).filter(|_| is_test)?;
        let help = format!("write `{name} == {}`", self.stream.text_of(found));
        Some(self.in_place_of("what is compared has a sign between", help))
    }

    /// `header X-A == "1"` and `drop [utm_*]`
    fn bare_name(&self) -> Option<Diagnostic> {
        let before = self.before().filter(|_| !self.found_word().is_empty())?;
        let wants_text = self.stream.word(self.first) != "site" && self.expected.in_words().contains(A_TEXT);
        let is_named = self.stream.text_of(before) == "header";
        let is_listed = matches!(before.kind, TokenKind::BracketOpen | TokenKind::Comma) && !self.expected.value();
        (wants_text && (is_named || is_listed)).then(|| {
            let message =
                if is_named { "the name of a field stands in quotes" } else { "what is listed stands in quotes" };
            self.in_place_of(message, format!("write `\"{}\"`", self.bare_text()))
        })
    }

    /// What stands here without a blank in it.
    fn bare_text(&self) -> String {
        let glued = (self.index + 1..).map_while(|at| self.stream.tok(at).filter(|tok| tok.glued));
        let ends = |kind| matches!(kind, TokenKind::BracketClose | TokenKind::Comma | TokenKind::Semicolon);
        let rest: String = glued.take_while(|tok| !ends(tok.kind)).map(|tok| self.stream.text_of(tok)).collect();
        format!("{}{rest}", self.found_word())
    }
}
