//! Patterns that no text is like: `req.url ~ "^admin"`, where every URL begins with `/`.

use regex_syntax::ast::Ast;

use super::parts::bytes;
use super::{Part, Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    misplaced(regex)
        .or_else(|| scheme(regex))
        .or_else(|| no_slash(regex))
        .or_else(|| query_in_path(regex))
        .or_else(|| port_of_host(regex))
}

/// Something that has to stand before the start, or behind the end.
fn misplaced(regex: &Regex) -> Option<Diagnostic> {
    let is_solid = |part: &Part| matches!(part, Part::Letter(_) | Part::Dot(_));
    let parts = &regex.parts;
    let start = (0..).zip(parts).find_map(|(at, part)| match part {
        Part::Start(bytes) if parts.iter().take(at).any(is_solid) => Some((bytes, "start")),
        Part::End(bytes) if parts.iter().skip(at).any(is_solid) => Some((bytes, "end")),
        _ => None,
    });
    let (bytes, side) = start?;
    let message = format!("nothing is like `{}`: something stands on the wrong side of its {side}", regex.text);
    let finding = Diagnostic::new(Code::W0821, regex.place(bytes), message);
    Some(finding.help("write `\\^` or `\\$` for the sign itself, else move it"))
}

/// What a client sends with a scheme and a host, `GET http://host/`, comes without them.
fn scheme(regex: &Regex) -> Option<Diagnostic> {
    let rest = regex.text.strip_prefix('^').filter(|_| regex.is_path())?;
    if !rest.starts_with("http") || !rest.contains("://") && !rest.contains(":\\/\\/") {
        return None;
    }
    let message = format!("nothing is like `{}`: a URL comes without its scheme and host", regex.text);
    let finding = Diagnostic::new(Code::W0821, regex.place(&(0..regex.text.len())), message);
    Some(finding.help("leave it out, or look at `req.host`"))
}

/// A path begins with `/`; only `OPTIONS *` has none.
fn no_slash(regex: &Regex) -> Option<Diagnostic> {
    let Some(Part::Start(start)) = regex.parts.first().filter(|_| regex.is_path()) else { return None };
    let Ast::Concat(row) = &regex.tree else { return None };
    let begins = row.asts.get(1)?;
    if !begins_with_word(begins) {
        return None;
    }
    let place = regex.place(&(start.start..bytes(begins.span()).end));
    let message = format!("nothing is like `{}`: what it is matched with begins with `/`", regex.text);
    let fix = regex.replace("write `^/`", start, "^/", Safety::NeedsReview);
    Some(with(Diagnostic::new(Code::W0821, place, message).help("write `^/` in the place of `^`"), fix))
}

/// Whether all that it can begin with is a letter or a digit.
fn begins_with_word(tree: &Ast) -> bool {
    match tree {
        Ast::Literal(letter) => letter.c.is_ascii_alphanumeric(),
        Ast::Group(group) => begins_with_word(&group.ast),
        Ast::Concat(row) => row.asts.first().is_some_and(begins_with_word),
        Ast::Alternation(either) => either.asts.iter().all(begins_with_word),
        _ => false,
    }
}

/// The query is no part of the path.
fn query_in_path(regex: &Regex) -> Option<Diagnostic> {
    if regex.subject != Subject::Path || !regex.parts.contains(&Part::Letter('?')) {
        return None;
    }
    let at = regex.text.find("\\?").or_else(|| regex.text.find("[?]"))?;
    let message = format!("nothing is like `{}`: a path has no `?`", regex.text);
    let finding = Diagnostic::new(Code::W0821, regex.place(&(at..at + 2)), message);
    Some(finding.help("match `req.url`, or ask for a parameter: `req.query[\"name\"]`"))
}

/// `req.host` is without its port; only an address in brackets has a `:`, and ends with one of them.
fn port_of_host(regex: &Regex) -> Option<Diagnostic> {
    let digits = regex.text.strip_suffix('$').filter(|_| regex.is_without_port)?;
    let start = digits.rfind(':')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.get(start + 1..)?;
    if !is_number(number) && !["[0-9]+", "\\d+"].contains(&number) {
        return None;
    }
    let message = format!("nothing is like `{}`: a host has no port here", regex.text);
    let finding = Diagnostic::new(Code::W0821, regex.place(&(start..regex.text.len())), message);
    Some(finding.help("leave the port out, or match `req.http.Host`, which is as the client sends it"))
}
