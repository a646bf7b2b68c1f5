//! What is told about the comments themselves.

use std::ops::Range;

use super::comment::{Comment, Flaw, Named};
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Level, Safety};
use crate::lang::source::{FileId, Span};

/// What keeps a comment from doing what it is meant to do.
pub(super) fn flaws(file: FileId, comment: &Comment) -> Vec<Diagnostic> {
    let at = |range: &Range<usize>| Span::new(file, range.clone());
    if let Some(flaw) = comment.flaw {
        return vec![malformed(at(&comment.range), flaw)];
    }
    let mut found: Vec<Diagnostic> =
        comment.named.iter().filter_map(|named| wrong_name(at(&named.range), named)).collect();
    if !comment.has_reason {
        let finding = Diagnostic::new(Code::W1011, at(&comment.range), "the comment does not say why");
        found.push(
            finding.help("write the reason behind the `)`: who reads it later has to know whether it still holds"),
        );
    }
    found
}

fn malformed(span: Span, flaw: Flaw) -> Diagnostic {
    match flaw {
        Flaw::Misspelt(word) => Diagnostic::new(Code::W1012, span, "the comment leaves nothing out")
            .help(format!("did you mean `{word}(…)`?")),
        Flaw::NoList => Diagnostic::new(Code::W1012, span, "the comment names no codes")
            .help("write them in parentheses: `# warp: allow(W0701) reason`"),
        Flaw::NotAtTheTop => Diagnostic::new(Code::W1014, span, "`allow-file` stands below the top of the file")
            .help("put it before the first declaration, or write `allow(…)` above the statement that it is about"),
    }
}

fn wrong_name(span: Span, named: &Named) -> Option<Diagnostic> {
    let text = &named.text;
    let Some(code) = named.code else {
        let known = Code::ALL.iter().filter(|code| code.level() == Level::Warning);
        let meant = closest(text, known.flat_map(|code| [code.id(), code.name()]));
        let finding = Diagnostic::new(Code::W1012, span, format!("there is no diagnostic `{text}`"));
        return Some(match meant {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help("`warp rule` lists all"),
        });
    };
    let finding = || Diagnostic::new(Code::W1013, span, format!("{} is an error, which is never left out", code.id()));
    (code.level() == Level::Error).then(|| finding().help("mend what it says"))
}

/// What of a comment leaves nothing out.
pub(super) fn unused(file: FileId, comment: &Comment) -> Option<Diagnostic> {
    let is_idle = |named: &&Named| !named.used && named.code.is_some_and(|code| code.level() == Level::Warning);
    let idle: Vec<&Named> = comment.named.iter().filter(is_idle).filter(|_| comment.flaw.is_none()).collect();
    let first = idle.first()?;
    let rest: Vec<&Named> = comment.named.iter().filter(|named| !is_idle(named)).collect();
    let ids: Vec<&str> = idle.iter().filter_map(|named| named.code.map(Code::id)).collect();
    let span = Span::new(file, first.range.clone());
    let finding = Diagnostic::new(Code::W1010, span, format!("there is no {} to leave out here", ids.join(" or ")));
    let (title, edit) = if rest.is_empty() {
        ("remove the comment", Edit { span: Span::new(file, comment.whole.clone()), text: String::new() })
    } else {
        let kept: Vec<&str> = rest.iter().map(|named| named.text.as_str()).collect();
        ("remove what is not needed", Edit { span: Span::new(file, comment.list.clone()), text: kept.join(", ") })
    };
    Some(finding.help(title).fix(Fix { title: title.to_owned(), edits: vec![edit], safety: Safety::Safe }))
}
