//! Tests in an order that costs, or counts, more than is meant: a signature that is checked before the path is looked at, a
//! rate limit before what says which requests it is for.

use super::list::List;
use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::Function;
use crate::lang::schema::function::{Access, Digest, Limit};
use crate::lang::source::SourceMap;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for expression in walk::statements(hir).into_iter().flat_map(walk::direct) {
        look(expression, true, sources, &mut found);
    }
    found
}

/// `holds` where the expression is asked to, not its opposite.
fn look(expression: &Expression, holds: bool, sources: &SourceMap, found: &mut Vec<Diagnostic>) {
    match &expression.kind {
        ExpressionKind::Not(inner) => look(inner, !holds, sources, found),
        ExpressionKind::And(parts) | ExpressionKind::Or(parts) => {
            let all_have_to_hold = matches!(expression.kind, ExpressionKind::And(_)) == holds;
            found.extend(late(parts, all_have_to_hold, sources));
            for part in parts {
                look(part, holds, sources, found);
            }
        }
        _ => expression.parts().for_each(|part| look(part, true, sources, found)),
    }
}

/// A plain test behind one that would better stand behind it.
fn late(parts: &[Expression], all_have_to_hold: bool, sources: &SourceMap) -> Option<Diagnostic> {
    parts.iter().enumerate().find_map(|(at, part)| {
        let (to, plain) = parts.iter().enumerate().skip(at + 1).rev().find(|(_, later)| is_plain(later))?;
        if all_have_to_hold && calls(part, &|function| matches!(function, Function::Limit(Limit::Ratelimit))) {
            return Some(limit(part, plain, sources));
        }
        calls(part, &is_costly).then(|| costly(parts.get(at..to).unwrap_or_default(), part, plain, sources))
    })
}

fn limit(part: &Expression, plain: &Expression, sources: &SourceMap) -> Diagnostic {
    let message = "the limit counts all requests, also those that the tests behind it leave out";
    let finding = Diagnostic::new(Code::W0918, part.span, message)
        .context(plain.span, "asked afterwards")
        .help("write it behind what says which requests it is for; tests are made from left to right");
    with(finding, swapped(part, plain, Safety::NeedsReview, sources))
}

/// `before` has all that stands before the plain test, from the costly one on.
fn costly(before: &[Expression], part: &Expression, plain: &Expression, sources: &SourceMap) -> Diagnostic {
    let safety = if calls(part, &|function| matches!(function, Function::Access(Access::Basic))) {
        Safety::NeedsReview
    } else {
        Safety::Safe
    };
    let finding = Diagnostic::new(Code::W0919, part.span, "this is computed before a test that costs next to nothing")
        .context(plain.span, "the cheap test")
        .help("write the cheap test first: what it decides alone costs no more then");
    // What counts, or is left to chance, is asked as often as before.
    let is_of_world = |function| matches!(function, Function::Limit(_) | Function::World(_));
    let is_movable = !before.iter().any(|part| calls(part, &is_of_world));
    with(finding, swapped(part, plain, safety, sources).filter(|_| is_movable))
}

fn with(finding: Diagnostic, fix: Option<Fix>) -> Diagnostic {
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// Lets two parts change their places.
fn swapped(part: &Expression, plain: &Expression, safety: Safety, sources: &SourceMap) -> Option<Fix> {
    let is_joined = |part: &Expression| matches!(part.kind, ExpressionKind::And(_) | ExpressionKind::Or(_));
    if is_joined(part) || is_joined(plain) || part.span.file != plain.span.file || part.span.end > plain.span.start {
        return None;
    }
    let edit = |from: &Expression, to: &Expression| Edit { span: from.span, text: sources.text(to.span).to_owned() };
    let edits = vec![edit(part, plain), edit(plain, part)];
    Some(Fix { title: "let the two change places".to_owned(), edits, safety })
}

/// Whether a test only looks at what the request or the response says.
fn is_plain(test: &Expression) -> bool {
    match &test.kind {
        ExpressionKind::Not(inner) => is_plain(inner),
        ExpressionKind::InAcl(subject, _) | ExpressionKind::Matches(subject, _) | ExpressionKind::Truth(subject) => {
            is_place(subject)
        }
        ExpressionKind::Compare(_, subject, value) => is_place(subject) && value.parts().next().is_none(),
        ExpressionKind::HasQuery(..)
        | ExpressionKind::HasCookie(..)
        | ExpressionKind::AnyQuery(..)
        | ExpressionKind::AnyCookie(..) => true,
        _ => List::of(test, true).is_some(),
    }
}

fn is_place(subject: &Expression) -> bool {
    match &subject.kind {
        ExpressionKind::ToText(inner) => is_place(inner),
        kind => matches!(kind, ExpressionKind::Variable(_) | ExpressionKind::Header(..)),
    }
}

/// Whether a test calls such a function, at any depth.
fn calls(test: &Expression, wanted: &dyn Fn(Function) -> bool) -> bool {
    let itself = if let ExpressionKind::Call(function, _) = &test.kind { wanted(*function) } else { false };
    itself || test.parts().any(|part| calls(part, wanted))
}

/// Digests, signatures and passwords.
fn is_costly(function: Function) -> bool {
    match function {
        Function::Jwt(_) | Function::Access(Access::Basic | Access::SignedUrl | Access::SignUrl) => true,
        Function::Digest(digest) => matches!(
            digest,
            Digest::Md5
                | Digest::Sha1
                | Digest::Sha256
                | Digest::Sha512
                | Digest::HmacMd5
                | Digest::HmacSha1
                | Digest::HmacSha256
                | Digest::HmacSha512
                | Digest::HmacSha256Base64
        ),
        _ => false,
    }
}
