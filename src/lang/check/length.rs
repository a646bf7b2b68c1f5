//! How long a text is at least: what no request makes shorter is told when the policy is checked, also in an arm that only
//! some requests take.

use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::Function;
use crate::lang::schema::function::{Core, Digest, Text};

/// The most bytes of a text that a policy keeps, in a constant, a `let`, a field or a variable. A run fails where it is more.
const KEPT_BYTES: usize = 64 << 10;

impl Scope<'_, '_> {
    /// Whether a text can be kept, as far as it is known; reports one that is too long.
    pub(super) fn check_length(&self, value: &Expression) -> bool {
        let Some(long) = too_long(value) else { return true };
        let message = format!("the text has more than {} KiB", KEPT_BYTES >> 10);
        let finding = Diagnostic::new(Code::E0318, long.span, message).help("shorten it; a body alone may be longer");
        let is_within = long.span.file == value.span.file && value.span.range().contains(&(long.span.start as usize));
        self.report(if is_within { finding } else { finding.context(value.span, "it would be kept here") });
        false
    }
}

/// The part of a value that is too long where it is taken: an arm is chosen by some requests, and they fail.
fn too_long(value: &Expression) -> Option<&Expression> {
    let part = match &value.kind {
        ExpressionKind::Fallback(parts) | ExpressionKind::Choose(_, parts) | ExpressionKind::Concat(parts) => {
            parts.iter().find_map(too_long)
        }
        ExpressionKind::Bind(_, _, result) => too_long(result),
        ExpressionKind::ToText(part) => too_long(part),
        _ => None,
    };
    part.or_else(|| (least_bytes(value) > KEPT_BYTES).then_some(value))
}

/// How many bytes the text of a value has at least; what is not known counts as none.
fn least_bytes(value: &Expression) -> usize {
    let least = |parts: &[Expression]| parts.iter().map(least_bytes).min().unwrap_or(0);
    match &value.kind {
        ExpressionKind::Text(text) => text.len(),
        ExpressionKind::Concat(parts) => parts.iter().map(least_bytes).fold(0, usize::saturating_add),
        ExpressionKind::ToText(part) => least_bytes(part),
        ExpressionKind::Bind(_, _, result) => least_bytes(result),
        ExpressionKind::Fallback(parts) | ExpressionKind::Choose(_, parts) => least(parts),
        ExpressionKind::Call(function, arguments) => of_call(*function, arguments),
        _ => 0,
    }
}

fn of_call(function: Function, arguments: &[Expression]) -> usize {
    let bytes = |at: usize| arguments.get(at).map_or(0, least_bytes);
    let number = |at: usize| match arguments.get(at).map(|argument| &argument.kind) {
        Some(ExpressionKind::Int(number)) => *number,
        _ => 0,
    };
    match function {
        Function::Text(Text::Repeat) => {
            bytes(0).saturating_mul(usize::try_from(number(1).max(0)).unwrap_or(usize::MAX))
        }
        // A text that is unset is not filled up, nor is one by nothing.
        Function::Text(Text::Pad) if bytes(0) > 0 && bytes(2) > 0 => {
            bytes(0).max(usize::try_from(number(1).unsigned_abs()).unwrap_or(usize::MAX))
        }
        Function::Text(Text::ToLower | Text::ToUpper | Text::Reverse | Text::StrReverse | Text::Pad) => bytes(0),
        Function::Digest(Digest::UrlEncode) => match arguments.first().map(|argument| &argument.kind) {
            Some(ExpressionKind::Text(text)) => text.iter().map(|byte| if is_unreserved(*byte) { 1 } else { 3 }).sum(),
            _ => bytes(0),
        },
        Function::Text(Text::Replace) => replaced(arguments),
        Function::Core(Core::Regsub) => matched(arguments, 1),
        Function::Core(Core::Regsuball) => matched(arguments, usize::MAX),
        Function::Digest(Digest::HexEncode) => bytes(0).saturating_mul(2),
        Function::Digest(Digest::Base64 | Digest::Base64Url | Digest::Base64UrlNopad) => {
            bytes(0).saturating_add(bytes(0) / 3)
        }
        _ => 0,
    }
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What `std.replace` makes of constants.
fn replaced(arguments: &[Expression]) -> usize {
    let [text, from, to] = arguments else { return 0 };
    let (ExpressionKind::Text(text), ExpressionKind::Text(from)) = (&text.kind, &from.kind) else { return 0 };
    let times = if from.is_empty() { 0 } else { memchr::memmem::find_iter(text, from).count() };
    (text.len() - times * from.len()).saturating_add(times.saturating_mul(least_bytes(to)))
}

/// What a pattern is replaced with in a constant, up to so many times; what stands for a part of the text counts as nothing.
fn matched(arguments: &[Expression], times: usize) -> usize {
    let [text, pattern, with] = arguments else { return 0 };
    let (ExpressionKind::Text(text), ExpressionKind::Regex(pattern)) = (&text.kind, &pattern.kind) else { return 0 };
    let ExpressionKind::Text(with) = &with.kind else { return 0 };
    let escapes = memchr::memchr_iter(b'\\', with).count();
    let added = with.len().saturating_sub(2 * escapes);
    // Nothing as short comes near what a text may have.
    if text.len().saturating_add(1).saturating_mul(added) <= KEPT_BYTES {
        return 0;
    }
    let Some(regex) = pattern.regex() else { return 0 };
    let found = regex.find_iter(text).filter(|found| !found.is_empty()).take(times);
    found.fold(text.len(), |length, found| length.saturating_sub(found.len()).saturating_add(added))
}
