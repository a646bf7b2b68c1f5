//! `.*` at an end of a pattern, where a pattern without it is like the same texts.

use super::{Part, Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let mut needless = Vec::new();
    let parts = regex.parts.as_slice();
    // `.` is no line break: with an anchor beyond it, it says that there is none.
    let has_one_line = regex.subject != Subject::Other;
    match parts {
        [Part::Start(start), Part::Any(star), ..] if has_one_line => needless.push(start.start..star.end),
        [Part::Any(star), ..] => needless.push(star.clone()),
        _ => {}
    }
    match parts {
        [.., Part::Any(star), Part::End(end)] if has_one_line => needless.push(star.start..end.end),
        [.., Part::Any(star)] => needless.push(star.clone()),
        _ => {}
    }
    let left = parts.iter().filter(|part| !matches!(part, Part::Start(_) | Part::Any(_) | Part::End(_))).count();
    let first = needless.first().filter(|_| left > 0)?;
    let message = format!("`{}` is like the same texts without `.*` at its end", regex.text);
    let message = if first.start == 0 { message.replace("its end", "its start") } else { message };
    let edits = needless.iter().map(|bytes| Edit { span: regex.place(bytes), text: String::new() }).collect();
    let fix = Fix { title: "remove it".to_owned(), edits, safety: Safety::Safe };
    let finding =
        Diagnostic::new(Code::W0911, regex.place(first), message).help("remove it: a pattern is found anywhere");
    Some(with(finding, regex.written.map(|_| fix)))
}
