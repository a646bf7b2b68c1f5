//! Users as `htpasswd` writes them down: a name, a colon and the hash of a password in each line.
//!
//! The lines are not shown in what is reported: they are secrets.

use std::sync::Arc;

use super::amount::Kind;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, PasswordHash, Users};
use crate::lang::source::Span;
use crate::lang::syntax::ast;

impl Scope<'_, '_> {
    /// The users of a file, or of a list of lines.
    pub(super) fn users_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let lines = if let ast::ExpressionKind::List(items) = &argument.kind {
            self.texts(items, false)?.join(&b'\n')
        } else {
            let path = self.path_argument(argument, what)?;
            self.cx.read(&path, argument.span, Kind::Text)?.bytes
        };
        self.users(&lines, argument.span).map(|users| ExpressionKind::Users(Arc::new(users)))
    }

    fn users(&self, lines: &[u8], span: Span) -> Option<Users> {
        match parse(lines) {
            Ok(users) => Some(users),
            Err((line, why)) => {
                let message = format!("line {line} of the users: {why}");
                let finding = Diagnostic::new(Code::E0387, span, message);
                self.report(finding.help("make the line with `htpasswd -nB NAME`"));
                None
            }
        }
    }
}

fn parse(text: &[u8]) -> Result<Users, (usize, &'static str)> {
    let mut users = Users::default();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let (name, hash) = user(line).map_err(|why| (number, why))?;
        if !users.add(name, hash) {
            return Err((number, "this user is there already"));
        }
    }
    Ok(users)
}

fn user(line: &[u8]) -> Result<(&[u8], PasswordHash), &'static str> {
    let colon = line.iter().position(|byte| *byte == b':').filter(|colon| *colon > 0);
    let (name, rest) = colon.and_then(|colon| line.split_at_checked(colon)).ok_or("there is no name and no colon")?;
    let rest = rest.get(1..).unwrap_or_default();
    let hash = rest.split(|byte| *byte == b':').next().unwrap_or_default();
    let hash = std::str::from_utf8(hash).map_err(|_| "what stands behind the name is no text")?;
    Ok((name, PasswordHash::parse(hash)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "alice:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=";

    #[test]
    fn lines_are_users_but_for_comments_and_empty_ones() {
        let users = parse(format!("# who\r\n\n{ALICE}\r\nbob:{{SHA}}X8fji//gDKRq3YkUVGSi6vdZ1cI=:Bob\n").as_bytes());
        let users = users.unwrap();
        assert!(users.password(b"alice").is_some() && users.password(b"bob").is_some());
        assert!(users.password(b"# who").is_none() && users.password(b"").is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [("\nalice", 2), (":{SHA}x", 1), ("alice:open", 1), (&format!("{ALICE}\n{ALICE}"), 2)] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().0, line, "{text}");
        }
    }
}
