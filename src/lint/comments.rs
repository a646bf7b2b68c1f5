//! What fixes do to comments: none is lost that is about what stays.

use crate::lang::diagnostic::{Diagnostic, Edit, Fix};
use crate::lang::lexer::{TokenKind, tokens};
use crate::lang::source::{SourceMap, Span};

/// Takes the comment behind something that is removed along, and leaves out a fix that would lose another one.
pub(super) fn keep(finding: &mut Diagnostic, sources: &SourceMap) {
    let Some(fix) = &mut finding.fix else { return };
    for edit in fix.edits.iter_mut().filter(|edit| is_removal(edit)) {
        edit.span = with_comment(edit.span, sources);
    }
    finding.fix.take_if(|fix| loses_comment(fix, sources));
}

fn is_removal(edit: &Edit) -> bool {
    edit.text.is_empty() && !edit.span.is_empty()
}

/// The place with the comment at the end of its line, if all that stands on its lines is removed: that comment is about
/// it. What is removed with the end of its line has no more behind it, and a comment has none of its own.
fn with_comment(span: Span, sources: &SourceMap) -> Span {
    let Some(file) = sources.get(span.file) else { return span };
    let removed = sources.text(span);
    if removed.ends_with('\n') || is_comment(removed.trim()) {
        return span;
    }
    let behind = file.text().get(span.end as usize..).unwrap_or_default();
    let line = behind.split('\n').next().unwrap_or_default().trim_end();
    let is_comment = ["#", "//"].iter().any(|mark| line.trim_start().starts_with(mark));
    if !is_comment || !is_first(span, file.text()) {
        return span;
    }
    Span::new(span.file, span.start as usize..span.end as usize + line.len())
}

/// Whether nothing stands before it in its line.
fn is_first(span: Span, text: &str) -> bool {
    let before = text.get(..span.start as usize).unwrap_or_default();
    before.rsplit('\n').next().unwrap_or_default().trim().is_empty()
}

/// Whether a comment is neither written again nor within something that is removed as a whole.
fn loses_comment(fix: &Fix, sources: &SourceMap) -> bool {
    let is_whole = |edit: &&Edit| {
        is_removal(edit) && sources.get(edit.span.file).is_some_and(|file| is_first(edit.span, file.text()))
    };
    let lost = fix.edits.iter().filter(|edit| !is_whole(edit) && !is_comment(sources.text(edit.span).trim()));
    let replaced = lost.map(|edit| sources.text(edit.span));
    let mut comments = replaced.flat_map(comments);
    comments.any(|comment| !fix.edits.iter().any(|edit| edit.text.contains(comment.trim_end())))
}

/// Whether a text is one comment: who removes that means to.
fn is_comment(text: &str) -> bool {
    comments(text).next().is_some_and(|comment| comment.len() == text.len())
}

fn comments(text: &str) -> impl Iterator<Item = &str> {
    let is_comment = |kind: TokenKind| matches!(kind, TokenKind::LineComment | TokenKind::BlockComment);
    tokens(text).filter(move |token| is_comment(token.kind)).filter_map(move |token| text.get(token.range()))
}
