//! The text of a ban, as Varnish reads it (vcl(7) "ban", std.ban): tests with `&&` between them, each a field, an
//! operator and a value; a value with spaces stands in quotation marks.

use http::HeaderName;

use super::{Ban, size};
use crate::lang::hir::{Comparison, Expression, ExpressionKind};
use crate::lang::schema::{DURATION_UNITS, Message, Type, Variable};
use crate::lang::source::{FileId, Span};

/// The longest text, in bytes.
const MOST_BYTES: usize = 8 << 10;
/// The most memory that the patterns of one ban may take when they are compiled, in bytes.
const MOST_PATTERN_BYTES: usize = 1 << 20;

/// A field and what can be asked of it.
enum Field {
    Text(Expression),
    Duration(Expression),
}

pub(super) fn parse(text: &[u8]) -> Result<Ban, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("a ban has {MOST_BYTES} bytes at most"));
    }
    let text = std::str::from_utf8(text).map_err(|_| "a ban is UTF-8 text".to_owned())?;
    let mut words = words(text)?.into_iter();
    let (mut tests, mut pattern_bytes) = (Vec::new(), 0);
    loop {
        let mut next = |what: &str| words.next().ok_or_else(|| format!("expected {what}, found the end"));
        let (field, operator, value) = (next("a field")?, next("an operator")?, next("a value")?);
        tests.push(test(field_of(&field)?, &operator, &value, &mut pattern_bytes)?);
        match words.next().as_deref() {
            None => break,
            Some("&&") => {}
            Some(other) => return Err(format!("expected && between tests, found {other}")),
        }
    }
    Ok(Ban::new(truth(ExpressionKind::And(tests)), pattern_bytes))
}

/// Between white space; in quotation marks `\` stands before a quotation mark or itself.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            words.push(word.to_owned());
            rest = behind.trim_start();
            continue;
        };
        let (mut word, mut characters) = (String::new(), quoted.chars());
        loop {
            match characters.next() {
                None => return Err("a quotation mark is not closed".to_owned()),
                Some('"') => break,
                Some('\\') => word.extend(characters.next()),
                Some(character) => word.push(character),
            }
        }
        words.push(word);
        rest = characters.as_str().trim_start();
    }
    Ok(words)
}

fn field_of(name: &str) -> Result<Field, String> {
    let header = |message, field: &str| {
        let field = HeaderName::from_bytes(field.as_bytes()).map_err(|_| format!("{field} is no field name"))?;
        Ok(Field::Text(expression(ExpressionKind::Header(message, field), Type::String)))
    };
    if let Some(field) = name.strip_prefix("obj.http.") {
        return header(Message::Obj, field);
    }
    if let Some(field) = name.strip_prefix("req.http.") {
        return header(Message::Req, field);
    }
    let variable = |variable: Variable| expression(ExpressionKind::Variable(variable), variable.ty());
    Ok(match name {
        "req.url" => Field::Text(variable(Variable::ReqUrl)),
        "obj.url" => Field::Text(variable(Variable::ObjUrl)),
        "obj.host" => Field::Text(variable(Variable::ObjHost)),
        "obj.status" => {
            let status = ExpressionKind::ToText(Box::new(variable(Variable::ObjStatus)));
            Field::Text(expression(status, Type::String))
        }
        "obj.age" => Field::Duration(variable(Variable::ObjAge)),
        "obj.ttl" => Field::Duration(variable(Variable::ObjTtl)),
        "obj.grace" => Field::Duration(variable(Variable::ObjGrace)),
        "obj.keep" => Field::Duration(variable(Variable::ObjKeep)),
        _ => {
            return Err(format!(
                "unknown field {name}: there are req.url, req.http.X, obj.url, obj.host, obj.http.X, obj.status, obj.age, obj.ttl, obj.grace and obj.keep"
            ));
        }
    })
}

fn test(field: Field, operator: &str, value: &str, pattern_bytes: &mut usize) -> Result<Expression, String> {
    let comparison = match operator {
        "==" => Some(Comparison::Equal),
        "!=" => Some(Comparison::NotEqual),
        "<" => Some(Comparison::Less),
        "<=" => Some(Comparison::LessOrEqual),
        ">" => Some(Comparison::Greater),
        ">=" => Some(Comparison::GreaterOrEqual),
        _ => None,
    };
    match (field, comparison) {
        (Field::Text(text), Some(comparison @ (Comparison::Equal | Comparison::NotEqual))) => {
            let value = expression(ExpressionKind::Text(value.as_bytes().into()), Type::String);
            Ok(truth(ExpressionKind::Compare(comparison, Box::new(text), Box::new(value))))
        }
        (Field::Text(text), None) if matches!(operator, "~" | "!~") => {
            matches(text, value, operator == "!~", pattern_bytes)
        }
        (Field::Text(_), _) => Err(format!("expected ~, !~, == or !=, found {operator}")),
        (Field::Duration(field), Some(comparison)) => {
            let value = expression(ExpressionKind::Duration(duration(value)?), Type::Duration);
            Ok(truth(ExpressionKind::Compare(comparison, Box::new(field), Box::new(value))))
        }
        (Field::Duration(_), None) => Err(format!("expected ==, !=, <, <=, > or >=, found {operator}")),
    }
}

/// What is unset neither matches nor does not: as varnishd 7.1 has it.
fn matches(text: Expression, pattern: &str, negated: bool, pattern_bytes: &mut usize) -> Result<Expression, String> {
    let compiled = size::compile(pattern)
        .map_err(|error| format!("bad regular expression: {}", error.to_string().replace('\n', " ")))?;
    *pattern_bytes += compiled.bytes;
    if *pattern_bytes > MOST_PATTERN_BYTES {
        return Err("the regular expressions of this ban are too large in all".to_owned());
    }
    let is_set = truth(ExpressionKind::Truth(Box::new(text.clone())));
    let found = truth(ExpressionKind::Matches(Box::new(text), compiled.pattern));
    let found = if negated { truth(ExpressionKind::Not(Box::new(found))) } else { found };
    Ok(truth(ExpressionKind::And(vec![is_set, found])))
}

/// `90s`, `1.5h`, in milliseconds.
fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("expected a duration such as 90s, 5m or 1.5h, found {text}");
    let end = text.find(|character: char| character.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(end);
    let unit = DURATION_UNITS.iter().find(|known| known.name == unit).ok_or_else(wrong)?;
    let number: f64 = number.parse().map_err(|_| wrong())?;
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "beyond is for ever")]
    let millis = (number * unit.factor as f64) as i64;
    Ok(millis)
}

fn truth(kind: ExpressionKind) -> Expression {
    expression(kind, Type::Bool)
}

fn expression(kind: ExpressionKind, ty: Type) -> Expression {
    Expression { kind, ty, span: Span::new(FileId(0), 0..0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn tests_are_read_with_their_values() {
        for text in [
            "req.url ~ ^/a",
            "obj.http.X-Tag == news && obj.status != 200 && req.http.Host == \"a b\"",
            "obj.url ~ ^/a && obj.host == a.test",
            "obj.age > 1.5h && obj.ttl <= 10s && obj.grace == 0s && obj.keep >= 1d",
            " obj.http.x  !~  \"a \\\"b\\\"\" ",
        ] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
        assert!(parse(b"req.url ~ a").unwrap().asks_request() && !parse(b"obj.status == 200").unwrap().asks_request());
        assert!(parse(b"obj.url ~ a").unwrap().asks_url() && !parse(b"req.url ~ a").unwrap().asks_url());
        assert_eq!(parse(b"obj.age > 90s"), parse(b"obj.age   >  1.5m"));
        assert_eq!(words("a \"b \\\\ \\\" c\" d").unwrap(), ["a", "b \\ \" c", "d"]);
    }

    #[test]
    fn the_memory_of_a_ban_is_known() {
        let bytes = |text: &str| parse(text.as_bytes()).unwrap().bytes();
        assert!((16 << 10..20 << 10).contains(&bytes("obj.url ~ ^/news/[0-9]+$")));
        assert!((512 << 10..520 << 10).contains(&bytes("obj.url ~ .{900}")));
        assert!((1_000..2_000).contains(&bytes(&format!("obj.url == {}", "a".repeat(1_000)))));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, told) in [
            ("", "expected a field, found the end"),
            ("req.url", "expected an operator, found the end"),
            ("req.url ~", "expected a value, found the end"),
            ("req.url = /", "expected ~, !~, == or !=, found ="),
            ("req.url > /", "expected ~, !~, == or !=, found >"),
            ("obj.age ~ 1s", "expected ==, !=, <, <=, > or >=, found ~"),
            ("obj.age > 1", "expected a duration"),
            ("obj.age > 1x", "expected a duration"),
            ("req.url ~ (", "bad regular expression"),
            ("req.url ~ a || req.url ~ b", "expected && between tests, found ||"),
            ("obj.size > 1", "unknown field obj.size"),
            ("obj.http. == a", " is no field name"),
            ("req.url ~ \"a", "a quotation mark is not closed"),
            ("req.url ~ .{9000}", "bad regular expression"),
            ("obj.url ~ .{900} && obj.url ~ .{901} && obj.url ~ .{902}", "too large in all"),
        ] {
            assert!(mistake(text).contains(told), "{text}: {}", mistake(text));
        }
        assert!(mistake(&"a".repeat(MOST_BYTES + 1)).contains("8192 bytes"));
    }
}
