//! Why a test of one value holds of no request, where the value itself says it: a host in capitals, a path with a query, a text
//! in capitals that is compared with one that has none.

use super::list::Value;
use super::walk;
use crate::cache::asked::FORWARDED_FOR;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Message, Variable};
use crate::lang::source::SourceMap;

/// Values that no request has, beside others that one may have.
pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for test in walk::expressions(hir) {
        let (ExpressionKind::InTexts(subject, texts) | ExpressionKind::Under(subject, texts)) = &test.kind else {
            continue;
        };
        let ExpressionKind::Variable(variable) = subject.kind else { continue };
        let why = |text: &[u8]| reason(variable, std::str::from_utf8(text).ok().filter(|text| *text != "*")?);
        let told: Vec<(&[u8], String)> = texts.iter().filter_map(|text| Some((&**text, why(text)?))).collect();
        if told.len() == texts.len() {
            // That the whole holds of nothing is told of the whole.
            continue;
        }
        found.extend(told.into_iter().map(|(text, help)| {
            let place = Value::Text(text).place(test.span, sources);
            let message = format!("no request has `{}` as its `{}`", String::from_utf8_lossy(text), variable.name());
            Diagnostic::new(Code::W0511, place, message).label("never holds").help(help)
        }));
    }
    found
}

/// What to write instead, of the first such test in a condition that never holds.
pub(super) fn why(condition: &Expression) -> Option<String> {
    let texts: Vec<&[u8]> = match &condition.kind {
        ExpressionKind::Compare(Comparison::Equal, _, right) => match &right.kind {
            ExpressionKind::Text(text) => vec![text],
            _ => Vec::new(),
        },
        ExpressionKind::InTexts(_, texts) | ExpressionKind::Under(_, texts) => {
            texts.iter().map(|text| &**text).collect()
        }
        ExpressionKind::Matches(subject, pattern) if is_host(subject) => return of_pattern(pattern.text()),
        ExpressionKind::Not(_) => return None,
        _ => return condition.parts().find_map(why),
    };
    let told =
        |text: &&[u8]| std::str::from_utf8(text).ok().and_then(|text| of_letters(condition.parts().next()?, text));
    if let Some(told) = texts.iter().find_map(told) {
        return Some(told);
    }
    let variable = condition.parts().find_map(|part| match &part.kind {
        ExpressionKind::Variable(variable) => Some(*variable),
        _ => None,
    })?;
    texts.into_iter().find_map(|text| reason(variable, std::str::from_utf8(text).ok()?))
}

/// What there is for every request, if a condition asks whether it is there.
pub(super) fn added(condition: &Expression) -> Option<String> {
    let is_asked = matches!(&condition.kind, ExpressionKind::Truth(inner) if is_forwarded_for(inner));
    let told = || {
        "warp adds the client's address to `X-Forwarded-For` before `recv`, so that every request has one: it needs no rule"
            .to_owned()
    };
    is_asked.then(told).or_else(|| condition.parts().find_map(added))
}

fn is_forwarded_for(subject: &Expression) -> bool {
    match &subject.kind {
        ExpressionKind::ToText(inner) => is_forwarded_for(inner),
        kind => matches!(kind, ExpressionKind::Header(Message::Req, name) if *name == FORWARDED_FOR),
    }
}

fn is_host(subject: &Expression) -> bool {
    matches!(subject.kind, ExpressionKind::Variable(Variable::ReqHost | Variable::BereqHost))
}

/// Why no host is like a pattern.
fn of_pattern(pattern: &str) -> Option<String> {
    if pattern.contains('/') {
        return Some("a host has no scheme and no path: leave them out, and ask for the path beside it".to_owned());
    }
    // Behind a backslash a letter is a class.
    let is_capital = |(at, letter): (usize, char)| {
        letter.is_ascii_uppercase() && !pattern.get(..at).is_some_and(|it| it.ends_with('\\'))
    };
    let has_capitals = pattern.char_indices().any(is_capital);
    has_capitals.then(|| "a host is in small letters: write it so".to_owned())
}

fn reason(variable: Variable, text: &str) -> Option<String> {
    let name = variable.name();
    match variable {
        Variable::ReqHost | Variable::BereqHost => host(name, text),
        Variable::ReqPath | Variable::BereqPath | Variable::ReqUrl | Variable::BereqUrl => path(name, text),
        _ => None,
    }
}

fn host(name: &str, text: &str) -> Option<String> {
    let message = name.split('.').next().unwrap_or_default();
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
        return Some(format!("a host has no scheme: write `\"{host}\"`"));
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        let host = host.to_ascii_lowercase();
        return Some(format!(
            "`{name}` has no port: write `\"{host}\"`, or ask for `{message}.http.Host`, which may have one"
        ));
    }
    if let Some((host, path)) = text.split_once('/') {
        let host = host.to_ascii_lowercase();
        return Some(format!("a host has no path: write `\"{host}\"`, and ask for the path beside it, `\"/{path}\"`"));
    }
    let lower = text.to_ascii_lowercase();
    (lower != text).then(|| format!("`{name}` is in small letters: write `\"{lower}\"`"))
}

fn path(name: &str, text: &str) -> Option<String> {
    let is_path = matches!(name.split_once('.'), Some((_, "path")));
    let url = name.replace(".path", ".url");
    if let Some((_, rest)) = text.split_once("://") {
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        return Some(format!("`{name}` has no scheme and no host: write `\"{path}\"`, and ask for the host beside it"));
    }
    if !text.starts_with('/') {
        return Some(format!("a path starts with `/`: write `\"/{text}\"`"));
    }
    let (path, _) = text.split_once('?').filter(|_| is_path)?;
    Some(format!(
        "a path ends before the `?`: write `\"{path}\"` and ask for `req.query` beside it, or compare `{url}`"
    ))
}

/// What `std.tolower` and `std.toupper` yield has no letters of the other kind.
fn of_letters(subject: &Expression, text: &str) -> Option<String> {
    let ExpressionKind::Call(function, _) = &subject.kind else { return None };
    let (kind, written) = match function {
        Function::Text(Text::ToLower) => ("small", text.to_ascii_lowercase()),
        Function::Text(Text::ToUpper) => ("capital", text.to_ascii_uppercase()),
        _ => return None,
    };
    (written != text).then(|| format!("`{}` yields {kind} letters: write `\"{written}\"`", function.name()))
}
