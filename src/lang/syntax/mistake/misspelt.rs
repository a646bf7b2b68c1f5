//! Words that are nearly the right ones, and texts without their quotes.

use std::net::IpAddr;

use super::Mistake;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::schema::CONTEXTUAL_WORDS;
use crate::lang::source::Span;
use crate::lang::syntax::bracket::span;
use crate::lang::syntax::expected::A_TEXT;
use crate::lang::syntax::foreign::misspelt_statement;
use crate::lang::syntax::grammar::Rule;

impl Mistake<'_, '_> {
    /// `seet req.http.X = "a";`
    pub(super) fn misspelt_statement(&self) -> Option<Diagnostic> {
        let is_name_alone = self.index == self.first + 1
            && self.expected.only(&[Rule::arguments, Rule::paren_open, Rule::dot])
            && self.stream.kind(self.index) != Some(TokenKind::Assign);
        let computes =
            self.index == self.first && (self.expected.has(Rule::value_return) || self.expected.has(Rule::kw_return));
        let has_block = self.expected.has(Rule::semicolon)
            && self.found().is_some_and(|tok| tok.kind == TokenKind::BraceOpen)
            && self.stream.kind(self.first + 1) == Some(TokenKind::ParenOpen);
        if !(is_name_alone || computes || has_block) {
            return None;
        }
        let first = self.stream.tok(self.first)?;
        let word = self.stream.leading_word(self.first);
        let meant = misspelt_statement(word)?;
        let place = span(self.file, first);
        let diagnostic = Diagnostic::new(Code::E0101, place, format!("there is no statement `{word}`"))
            .help(format!("did you mean `{meant}`?"));
        Some(diagnostic.fix(Fix::replace(format!("write `{meant}`"), place, meant)))
    }

    /// `client.ip == 10.0.0.1`, and `2001:db8::/32;` in an acl.
    pub(super) fn address_without_quotes(&self) -> Option<Diagnostic> {
        let (text, place, next) =
            self.glued(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:".contains(&byte)))?;
        text.parse::<IpAddr>().ok()?;
        let is_value = self.expected.operator() || self.expected.value();
        let slash =
            Some(next).filter(|at| self.stream.tok(*at).is_some_and(|tok| tok.kind == TokenKind::Slash && tok.glued));
        let mask = slash.and_then(|slash| self.stream.tok(slash + 1)).map(|mask| self.stream.text_of(mask));
        let diagnostic = Diagnostic::new(Code::E0101, place, "an address stands in quotes");
        let quoted = format!("\"{text}\"");
        let network = mask.map(|mask| format!("{quoted}/{mask}"));
        if let (true, Some(network)) = (is_value, &network) {
            let help = format!("declare the network, `acl NAME {{ {network}; }}`, and test with `client.ip ~ NAME`");
            return Some(diagnostic.help(help));
        }
        let fix = Fix::replace(format!("write `{quoted}`"), place, quoted.clone());
        let written = if is_value { quoted } else { network.unwrap_or(quoted) + ";" };
        Some(diagnostic.help(format!("write `{written}`")).fix(fix))
    }

    /// `invariant stored { … }`, `include parts.warp;`
    pub(super) fn text_without_quotes(&self) -> Option<Diagnostic> {
        let is_text = !self.at_end && self.expected.in_words() == A_TEXT;
        let word = self.found_word();
        if !is_text || word.is_empty() || CONTEXTUAL_WORDS.contains(&word) {
            return None;
        }
        let is_part = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/*=".contains(&byte));
        let (text, place, _) = self.glued(is_part)?;
        let quoted = format!("\"{text}\"");
        let fix = Fix::replace(format!("write `{quoted}`"), place, quoted.clone());
        Some(self.unexpected().help(format!("write `{quoted}`")).fix(fix))
    }

    /// The tokens around the bad one that stand together with nothing between and are of such text, their place, and the
    /// index of the token behind them.
    fn glued(&self, is_part: impl Fn(&str) -> bool) -> Option<(&str, Span, usize)> {
        let fits = |index: usize| self.stream.tok(index).filter(|tok| is_part(self.stream.text_of(*tok)));
        fits(self.index)?;
        let is_glued = |index: &usize| self.stream.tok(*index).is_some_and(|tok| tok.glued);
        let first = (self.first..self.index).rev().take_while(|at| is_glued(&(at + 1)) && fits(*at).is_some()).last();
        let first = first.unwrap_or(self.index);
        let last = (self.index + 1..self.stream.toks.len())
            .take_while(|at| is_glued(at) && fits(*at).is_some())
            .last()
            .unwrap_or(self.index);
        let (start, end) = (span(self.file, fits(first)?), span(self.file, fits(last)?));
        let place = start.to(end);
        Some((self.stream.text.get(place.range())?, place, last + 1))
    }
}
