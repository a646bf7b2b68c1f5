//! Whether a function can do something with its arguments, as far as they are known.

use super::fold::Literal;
use super::scope::Scope;
use super::words;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::function::{Accept, Cookie, Jwt, Limit, Time};
use crate::lang::schema::{Function, Type};

/// The shortest secret of a token (RFC 7518 section 3.2).
const LEAST_SECRET_BYTES: usize = 32;

impl Scope<'_, '_> {
    /// Whether `function` can do something with these arguments; reports those that make no sense.
    pub(super) fn is_possible(&self, function: Function, arguments: &[Expression]) -> bool {
        match (function, arguments) {
            (Function::Limit(Limit::Ratelimit), [_, limit, per, burst, block]) => {
                self.is_at_least(1, limit, "nobody could ever come: use `return (synth(429));` for that")
                    & self.is_at_least(1, per, "write the time in which so many may come: `per: 1m`")
                    & self.is_at_least(1, burst, "nobody could ever come with less than 1")
                    & self.is_at_least(0, block, "leave it out if nobody is to be blocked")
            }
            (Function::Cookie(Cookie::Set), [name, value]) => self.is_cookie_name(name) & self.is_cookie_value(value),
            (Function::Jwt(Jwt::Valid), [token, keys, secret, ..])
            | (Function::Jwt(Jwt::Claim), [token, _, keys, secret, ..]) => self.can_be_signed(token, keys, secret),
            (Function::Convert(_) | Function::Time(Time::Parse), [text, fallback, others @ ..]) => {
                self.can_be_converted(function, text, fallback, others)
            }
            (Function::Accept(function), [offered]) => self.can_be_offered(function, offered),
            _ => true,
        }
    }

    /// Whether all of a list are what a client can ask for: tags, codings or media types, and not ranges of them.
    fn can_be_offered(&self, function: Accept, offered: &Expression) -> bool {
        let ExpressionKind::List(texts) = &offered.kind else { return true };
        let (is_fine, help): (fn(&[u8]) -> bool, _) = match function {
            Accept::Language => (is_language, "write languages: `[\"en\", \"de-AT\"]`"),
            Accept::Encoding => (is_token, "write codings: `[\"br\", \"gzip\", \"identity\"]`"),
            Accept::Media => (is_media_type, "write media types: `[\"text/html\", \"application/json\"]`"),
        };
        let fine = !texts.is_empty() && texts.iter().all(|text| is_fine(text));
        self.is_fine(fine, offered, "a client cannot ask for one of these", help)
    }

    /// Whether there is one thing to convert, and, if it is a text, what stands for one that cannot be.
    fn can_be_converted(
        &self,
        function: Function,
        text: &Expression,
        fallback: &Expression,
        others: &[Expression],
    ) -> bool {
        let given: Vec<&Expression> = [text].into_iter().chain(others).filter(|value| is_given(value)).collect();
        let finding = match given.as_slice() {
            [] => Diagnostic::new(Code::E0305, text.span, format!("`{}` is called without a value", function.name())),
            [value] if is_given(text) && !is_given(fallback) => {
                let message = format!("`{}` is called without `fallback`", function.name());
                Diagnostic::new(Code::E0305, value.span, message)
            }
            [_] => return true,
            [first, second, ..] => Diagnostic::new(Code::E0305, second.span, "there is a value to convert already")
                .context(first.span, "this one"),
        };
        let named = function.parameters().iter().skip(2).map(|parameter| format!("`{}: VALUE`", parameter.name));
        let help = format!("write `{}(TEXT, fallback: VALUE)`", function.name());
        let others = words::join(&named.collect::<Vec<_>>(), "or");
        self.report(finding.help(if others.is_empty() { help } else { format!("{help}, or one value: {others}") }));
        false
    }

    /// A token without anything to check it with is not valid, whatever it says.
    fn can_be_signed(&self, token: &Expression, keys: &Expression, secret: &Expression) -> bool {
        let nothing = keys.kind == ExpressionKind::Unset && secret.kind == ExpressionKind::Unset;
        let help = "name the keys, `keys: \"jwks.json\"`, or the secret: `secret: std.getenv(\"JWT_SECRET\")`";
        let short = matches!(&secret.kind, ExpressionKind::Text(text) if text.len() < LEAST_SECRET_BYTES);
        let length = "for HS256 it has at least 32 bytes (RFC 7518 section 3.2); keep it out of the policy, in a file";
        self.is_fine(!nothing, token, "this token cannot be checked with anything", help)
            & self.is_fine(!short, secret, "this secret is too short for any signature", length)
    }

    /// Whether a number is as large as it has to be.
    fn is_at_least(&self, least: i64, value: &Expression, help: &str) -> bool {
        let Some(Literal::Int(number) | Literal::Duration(number)) = Literal::of(&value.kind) else { return true };
        let message = if least == 0 { "this cannot be below zero" } else { "this has to be above zero" };
        self.is_fine(number >= least, value, message, help)
    }

    /// RFC 6265 section 4.1.1, a little wider.
    fn is_cookie_name(&self, name: &Expression) -> bool {
        let ExpressionKind::Text(text) = &name.kind else { return true };
        let plain = text.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b';' | b','));
        let help = "a name is made of visible characters, without `=`, `;` and `,`";
        self.is_fine(plain && !text.is_empty(), name, "a cookie cannot have that name", help)
    }

    fn is_cookie_value(&self, value: &Expression) -> bool {
        let ExpressionKind::Text(text) = &value.kind else { return true };
        let plain = text.iter().all(|byte| *byte != b';' && !byte.is_ascii_control());
        let help = "for a cookie of the client with attributes, write `header.append(resp.http.Set-Cookie, …)`";
        self.is_fine(plain, value, "a cookie cannot have that value", help)
    }

    fn is_fine(&self, fine: bool, value: &Expression, message: &str, help: &str) -> bool {
        if !fine {
            self.report(Diagnostic::new(Code::E0386, value.span, message).help(help));
        }
        fine
    }
}

/// Whether an argument is not left out.
fn is_given(argument: &Expression) -> bool {
    argument.kind != ExpressionKind::Unset || argument.ty != Type::Void
}

/// RFC 4647 section 2.1.
fn is_language(text: &[u8]) -> bool {
    let is_subtag = |part: &[u8]| (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric);
    text.split(|byte| *byte == b'-').all(is_subtag)
}

/// RFC 9110 section 8.3.1, its parameters left alone.
fn is_media_type(text: &[u8]) -> bool {
    let bare = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let parts: Vec<&[u8]> = bare.split(|byte| *byte == b'/').collect();
    parts.len() == 2 && parts.into_iter().all(is_token)
}

/// RFC 9110 section 5.6.2, but for the `*` that stands for any.
fn is_token(text: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}
