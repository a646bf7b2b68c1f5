//! Conditions: expressions that yield BOOL.

use std::ops::RangeInclusive;

use super::compare::whole;
use super::{Scope, cookies, query};
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::{Expression, ExpressionKind, Glob};
use crate::lang::schema::Message;

impl<'a, F: Facts> Scope<'a, F> {
    /// Whether the condition holds. A value that is not BOOL counts as VCL's truth has it.
    pub fn holds(&self, condition: &'a Expression) -> bool {
        use ExpressionKind as Kind;
        match &condition.kind {
            Kind::Bool(flag) => *flag,
            Kind::Not(inner) => !self.holds(inner),
            Kind::And(parts) => parts.iter().all(|part| self.holds(part)),
            Kind::Or(parts) => parts.iter().any(|part| self.holds(part)),
            Kind::Truth(inner) => truth(&self.value(inner)),
            Kind::Compare(comparison, left, right) => self.compare(left, right).is(*comparison),
            Kind::Matches(text, pattern) => pattern.is_match(self.text(text).as_deref().unwrap_or_default()),
            Kind::InAcl(address, acl) => match self.value(address) {
                Value::Ip(address) => self.context.acls.contain(*acl, address),
                _ => false,
            },
            Kind::InTable(table, key) => self.found(*table, key).is_some(),
            Kind::InTexts(text, texts) => self.text(text).is_some_and(|text| is_one_of(&text, texts)),
            Kind::InRanges(number, ranges) => {
                whole(&self.value(number)).is_some_and(|number| is_within(number, ranges))
            }
            Kind::Under(path, prefixes) => self.any(path, prefixes, is_under),
            Kind::Extension(path, extensions) => self.any(path, extensions, has_extension),
            Kind::HasQuery(message, names) => self.query_has(*message, |name| is_one_of(name, names)),
            Kind::AnyQuery(message, globs) => self.query_has(*message, |name| is_like(name, globs)),
            Kind::HasCookie(message, names) => self.cookies_have(*message, |name| is_one_of(name, names)),
            Kind::AnyCookie(message, globs) => self.cookies_have(*message, |name| is_like(name, globs)),
            _ => truth(&self.value(condition)),
        }
    }

    fn any(&self, path: &'a Expression, parts: &[Box<[u8]>], has: fn(&[u8], &[u8]) -> bool) -> bool {
        self.text(path).is_some_and(|path| parts.iter().any(|part| has(&path, part)))
    }

    fn query_has(&self, message: Message, wanted: impl Fn(&[u8]) -> bool) -> bool {
        self.query(message).is_some_and(|query| query::names(&query).any(|name| wanted(&name)))
    }

    fn cookies_have(&self, message: Message, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let header = self.facts.header(message, &http::header::COOKIE);
        header.is_some_and(|header| cookies::names(&header).any(wanted))
    }
}

/// VCL's truth: set text, a backend, a number other than 0, a duration above 0.
fn truth(value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => text.is_some(),
        Value::Int(number) | Value::Bytes(number) => *number != 0,
        Value::Real(number) => *number != 0.0,
        Value::Bool(flag) => *flag,
        Value::Duration(millis) => *millis > 0,
        Value::Ip(_) | Value::Time(_) => true,
        Value::Backend(backend) => backend.is_some(),
    }
}

fn is_one_of(text: &[u8], texts: &[Box<[u8]>]) -> bool {
    texts.iter().any(|one| **one == *text)
}

fn is_like(name: &[u8], globs: &[Glob]) -> bool {
    globs.iter().any(|glob| glob.matches(name))
}

fn is_within(number: i64, ranges: &[RangeInclusive<i64>]) -> bool {
    ranges.iter().any(|range| range.contains(&number))
}

/// Whether `path` is `prefix`, which ends in no `/`, or below it.
pub(in crate::decision) fn is_under(path: &[u8], prefix: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(prefix) else { return false };
    rest.is_empty() || rest.starts_with(b"/")
}

/// Whether the last segment of `path` ends in `.` and `extension` (lower case), ASCII case ignored.
pub(in crate::decision) fn has_extension(path: &[u8], extension: &[u8]) -> bool {
    let Some(dot) = path.len().checked_sub(extension.len() + 1) else { return false };
    let end = path.get(dot..).and_then(|end| end.strip_prefix(b"."));
    end.is_some_and(|end| end.eq_ignore_ascii_case(extension) && !end.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_counts_in_segments() {
        for (path, prefix, is) in [
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/ab", "/a", false),
            ("/a/", "/a", true),
            ("/x", "", true),
            ("x", "", false),
        ] {
            assert_eq!(is_under(path.as_bytes(), prefix.as_bytes()), is, "{path} under {prefix}");
        }
    }

    #[test]
    fn an_extension_is_the_end_of_the_last_segment() {
        for (path, extension, is) in [
            ("/a.css", "css", true),
            ("/a.CSS", "css", true),
            ("/.css", "css", true),
            ("/css", "css", false),
            ("/a.css/b", "css", false),
            ("/a.tar.gz", "tar.gz", true),
            ("css", "css", false),
        ] {
            assert_eq!(has_extension(path.as_bytes(), extension.as_bytes()), is, "{path} ext {extension}");
        }
    }

    #[test]
    fn truth_is_that_of_vcl() {
        assert!(truth(&Value::text("")));
        assert!(!truth(&Value::UNSET));
        assert!(!truth(&Value::Duration(-1)) && truth(&Value::Int(-1)));
        assert!(!truth(&Value::Backend(None)));
    }
}
